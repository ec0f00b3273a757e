/* charts.c: a chart that no Application uses, nor anything in the repository. */
#include "repository/charts.h"
#include "advice/internal.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

/* "./a/" and "a" are one path; "." is the root, whose path is "". */
static struct str plain(struct str path)
{
    while (str_starts(path, STR("./")))
        path = str_sub(path, 2, path.n);
    while (path.n && path.p[path.n - 1] == '/')
        path.n--;
    return str_is(path, ".") ? STR("") : path;
}

static bool lies_below(struct str path, struct str above)
{
    return above.n == 0 || (path.n > above.n && str_starts(path, above) && path.p[above.n] == '/');
}

/* A plugin or jsonnet may use what lies below its path. */
static bool uses(const struct source_output *s, const struct chart *chart)
{
    struct str path = str_from(chart->path);
    struct str own = plain(s->source->path);

    if (s->source->chart.n)
        return chart->name.n && str_ends(s->source->chart, chart->name);
    if (!s->source->path.n)
        return false;
    if (str_eq(own, path))
        return true;
    return s->rendering && s->rendering->type == SOURCE_PLUGIN && lies_below(path, own);
}

static bool is_used(const struct facts *f, const struct chart *chart)
{
    for (size_t i = 0; i < facts_n_applications(f); i++) {
        const struct known_application *known = facts_application(f, i);

        for (size_t k = 0; k < known->output->n; k++)
            if (uses(&known->output->sources[k], chart))
                return true;
        /* a hydrator's dry source */
        if (known->app->hydrated &&
            str_eq(plain(json_str_at(
                       json_object_at(json_object_at(json_object_at(known->app->object, "spec"),
                                                     "sourceHydrator"),
                                      "drySource"),
                       "path")),
                   str_from(chart->path)))
            return true;
    }
    return false;
}

/* Text that may become the chart's path: the path, or a pattern or template that begins like it. */
static bool may_name(struct str text, struct str path)
{
    size_t n = 0;

    text = plain(text);
    if (str_eq(text, path))
        return true;
    while (n < text.n && !strchr("*?[{$", text.p[n]))
        n++;
    return n > 0 && n < text.n && str_starts(path, str_sub(text, 0, n));
}

/* An object of the API server's is no deeper. */
enum { SPEC_MAX_DEPTH = 60 };

static bool any_names(json_t *value, struct str path, unsigned depth)
{
    const char *key;
    json_t *member;

    if (depth > SPEC_MAX_DEPTH)
        return true;
    if (json_is_string(value))
        return may_name(json_view(value), path);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (any_names(json_array_get(value, i), path, depth + 1))
            return true;
    json_object_foreach(value, key, member)
    {
        if (any_names(member, path, depth + 1))
            return true;
    }
    return false;
}

/* Generators whose parameters stand in no manifest: what they make of a path is anybody's guess. */
static bool is_open(const json_t *set)
{
    static const char *const words[] = {"\"files\"",
                                        "\"clusters\"",
                                        "\"scmProvider\"",
                                        "\"pullRequest\"",
                                        "\"plugin\"",
                                        "\"templatePatch\"",
                                        "\"clusterDecisionResource\""};
    AUTO(freep) char *text = json_dumps(set, JSON_COMPACT);

    for (size_t i = 0; text && i < ARRAY_LEN(words); i++)
        if (strstr(text, words[i]))
            return true;
    return !text;
}

/* Whether an ApplicationSet may make an Application of it. */
static bool is_named(const struct facts *f, const struct chart *chart)
{
    for (size_t i = 0; i < facts_n_repositories(f); i++) {
        const struct repository *r = facts_repository(f, i);

        for (size_t k = 0; r && k < repository_n_manifests(r); k++) {
            const struct manifest *m = repository_manifest(r, k);

            if (identity_is_kind(&m->id, GROUP_ARGOPROJ, "ApplicationSet") &&
                (is_open(m->object) ||
                 any_names(json_value_at(m->object, "spec"), str_from(chart->path), 0)))
                return true;
        }
    }
    return false;
}

/* Whether any Application is not known: then nobody can say that none uses the chart. */
static bool is_open_world(const struct facts *f, const struct repository *r)
{
    bool is_source = false;

    for (size_t i = 0; i < facts_n_repositories(f); i++)
        if (!facts_repository(f, i) || repository_templates_argoproj(facts_repository(f, i)))
            return true;
    for (size_t i = 0; i < facts_n_applications(f); i++) {
        const struct output *o = facts_application(f, i)->output;

        for (size_t k = 0; k < o->n; k++) {
            const struct source_output *s = &o->sources[k];
            const struct rendering *whole = source_rendering(s);

            is_source = is_source || s->repository == r;
            if (str_is(s->source->chart, "argocd-apps") ||
                (whole && whole->state == RENDER_PARTIAL && !whole->no_more_argoproj))
                return true;
        }
    }
    return !is_source;
}

static void advise_unused(const struct repository *r, const struct chart *chart,
                          struct advice_list *out)
{
    struct buf message;
    struct buf about;

    buf_init(&about, ADVICE_MAX);
    text_field(&about, str_from(chart->path));
    buf_init(&message, ADVICE_MAX);
    buf_adds(&message, "no Application uses the chart ");
    text_field(&message, chart->path[0] ? str_from(chart->path) : str_from(repository_label(r)));
    advice_add(out, ADVICE_UNUSED_CHART, chart->file, 0, &about, &message);
}

void advise_charts(const struct facts *f, struct advice_list *out)
{
    for (size_t i = 0; i < facts_n_repositories(f); i++) {
        const struct repository *r = facts_repository(f, i);
        AUTO(freep) struct chart *charts = NULL;
        size_t n;

        if (!r || is_open_world(f, r))
            continue;
        n = repository_charts(r, &charts);
        for (size_t k = 0; k < n; k++)
            if (!charts[k].is_library && !charts[k].is_needed && !is_used(f, &charts[k]) &&
                !is_named(f, &charts[k]))
                advise_unused(r, &charts[k], out);
    }
}
