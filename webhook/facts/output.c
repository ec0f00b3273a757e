/* output.c: what the effective sources of an Application render together. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/internal.h"
#include <stdlib.h>

static const struct repository *find_repository(const struct facts *f, struct str url)
{
    for (size_t i = 0; i < f->settings->n_repositories; i++)
        if (f->repositories[i] && repository_matches(f->repositories[i], url))
            return f->repositories[i];
    return NULL;
}

/* A repository of the settings that could not be loaded: the message then says so. */
static bool is_configured(const struct facts *f, struct str url)
{
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const struct repository_settings *r = &f->settings->repositories[i];

        if (repo_url_eq(str_from(r->url), url))
            return true;
        for (size_t k = 0; k < r->n_aliases; k++)
            if (repo_url_eq(str_from(r->aliases[k]), url))
                return true;
    }
    return false;
}

static char *about_url(const char *before, struct str url, const char *after)
{
    struct buf b;

    buf_init(&b, 4096);
    buf_adds(&b, before);
    text_url(&b, url);
    buf_adds(&b, after);
    return buf_take(&b);
}

static struct rendering *nothing(void)
{
    return xcalloc(1, sizeof(struct rendering)); /* COMPLETE, without objects */
}

static struct rendering *fails(const char *why)
{
    struct rendering *r = nothing();

    r->state = RENDER_FAILS;
    r->why = xstrdup(why);
    return r;
}

static enum tri skips_marked_files(const struct facts *f)
{
    return facts_version_at_least(f, 3, 1);
}

static void render_source(const struct facts *f, const struct application *app,
                          const struct source *source, struct source_output *out)
{
    struct render_request q = {
        .source = source,
        .app_name = app->id.name,
        .destination_namespace = app->destination.namespace,
        .skips_marked_files = skips_marked_files(f),
    };

    *out = (struct source_output){.source = source};
    if (source->chart.n) {
        out->why = about_url("the chart of ", source->repo_url, " is not in Git");
        return;
    }
    if (!source->path.n) {
        /* ref-only sources render nothing; without a ref the spec is invalid (reference 1.1). */
        out->rendering = source->ref.n ? nothing() : fails("the source has neither path nor chart");
        return;
    }
    if (str_starts(source->repo_url, STR("oci://"))) {
        out->why = about_url("the content of ", source->repo_url, " is not in Git");
        return;
    }
    out->repository = find_repository(f, source->repo_url);
    if (!out->repository) {
        out->why = about_url("repository ", source->repo_url,
                             is_configured(f, source->repo_url)
                                 ? " could not be read"
                                 : " is not among the configured repositories");
        return;
    }
    out->rendering = repository_render(out->repository, &q);
    if (out->rendering->why)
        out->why = xstrdup(out->rendering->why);
}

struct output *facts_render(const struct facts *f, const struct application *app)
{
    struct output *o = xcalloc(1, sizeof *o);

    o->n = app->n_sources;
    o->sources = xcalloc(o->n, sizeof *o->sources);
    for (size_t i = 0; i < o->n; i++)
        render_source(f, app, &app->sources[i], &o->sources[i]);
    return o;
}

void output_free(struct output *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->n; i++) {
        rendering_free(o->sources[i].rendering);
        free(o->sources[i].why);
    }
    free(o->sources);
    free(o);
}

void output_freep(struct output **o)
{
    output_free(*o);
}

/* The whole Application fails to generate when one of its sources does: nothing syncs then. */
static const struct source_output *failing_source(const struct output *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sources[i].rendering && o->sources[i].rendering->state == RENDER_FAILS)
            return &o->sources[i];
    return NULL;
}

static const struct rendered *find_rendered(const struct rendering *r, const struct identity *id)
{
    for (size_t i = 0; r && i < r->n_objects; i++)
        if (!r->objects[i].hook_skip && identity_eq(&r->objects[i].id, id))
            return &r->objects[i];
    return NULL;
}

/* Whether a source that does not certainly hold the object might still yield it. */
static bool may_hold_more(const struct source_output *s, const struct identity *id)
{
    bool is_argoproj = str_is(id->group, GROUP_ARGOPROJ);

    if (!s->rendering)
        return !(s->source->chart.n && is_argoproj); /* a chart holds no definition (design 3.5) */
    if (s->rendering->state == RENDER_COMPLETE)
        return false;
    if (is_argoproj)
        return !s->rendering->no_more_argoproj;
    if (str_is(id->group, GROUP_EXTERNAL_SECRETS))
        return !s->rendering->no_more_external_secrets;
    return true;
}

enum tri output_has(const struct output *o, const struct identity *id,
                    const struct rendered **found, const struct source_output **by,
                    const char **why)
{
    const struct source_output *failing = failing_source(o);
    const char *missing = NULL;

    if (failing) {
        *why = failing->why;
        return TRI_NOT_KNOWN;
    }
    for (size_t i = 0; i < o->n; i++) {
        const struct rendered *hit = find_rendered(o->sources[i].rendering, id);

        if (hit) {
            *found = hit;
            *by = &o->sources[i];
            return TRI_YES;
        }
        if (!missing && may_hold_more(&o->sources[i], id))
            missing = o->sources[i].why;
    }
    if (!missing)
        return TRI_NO;
    *why = missing;
    return TRI_NOT_KNOWN;
}
