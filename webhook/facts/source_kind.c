#include "facts/source_kind.h"

static const struct {
    const char *id;
    const char *name;
} kinds[N_SOURCE_KINDS] = {
    [SOURCE_KIND_KUSTOMIZE] = {"kustomize", "kustomize"},
    [SOURCE_KIND_HELM] = {"helm", "Helm chart in Git"},
    [SOURCE_KIND_DIRECTORY] = {"directory", "directory"},
    [SOURCE_KIND_PLUGIN] = {"plugin", "plugin"},
    [SOURCE_KIND_CHART] = {"chart", "chart of a registry"},
    [SOURCE_KIND_HYDRATED] = {"hydrated", "hydrated branch"},
    [SOURCE_KIND_INVALID] = {"invalid", "no such source"},
    [SOURCE_KIND_ELSEWHERE] = {"elsewhere", "other repositories"},
};

const char *source_kind_id(enum source_kind kind)
{
    return kinds[kind].id;
}

const char *source_kind_name(enum source_kind kind)
{
    return kinds[kind].name;
}

static enum source_kind kind_of_rendering(const struct rendering *r)
{
    static const enum source_kind by_type[] = {
        [SOURCE_UNSETTLED] = SOURCE_KIND_INVALID,   [SOURCE_DIRECTORY] = SOURCE_KIND_DIRECTORY,
        [SOURCE_KUSTOMIZE] = SOURCE_KIND_KUSTOMIZE, [SOURCE_HELM] = SOURCE_KIND_HELM,
        [SOURCE_PLUGIN] = SOURCE_KIND_PLUGIN,
    };

    return by_type[r->type];
}

static enum source_kind kind_of_source(const struct source_output *s, bool hydrated)
{
    if (hydrated)
        return SOURCE_KIND_HYDRATED;
    if (s->source->chart.n || str_starts(s->source->repo_url, STR("oci://")))
        return SOURCE_KIND_CHART;
    if (s->rendering)
        return kind_of_rendering(s->rendering);
    return s->repository || !s->source->repo_url.n ? SOURCE_KIND_INVALID : SOURCE_KIND_ELSEWHERE;
}

/* A source that only lends its files to others renders nothing. */
static const struct source_output *first_rendering(const struct output *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sources[i].source->path.n || o->sources[i].source->chart.n)
            return &o->sources[i];
    return NULL;
}

enum source_kind source_kind_of(const struct known_application *known, const struct identity *id)
{
    const struct source_output *by = NULL;
    const struct rendered *found;
    const char *why;

    if (output_defines(known->output, id, &found, &by, &why) != TRI_NOT_KNOWN)
        by = first_rendering(known->output);
    return by ? kind_of_source(by, known->app->hydrated) : SOURCE_KIND_INVALID;
}
