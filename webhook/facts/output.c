/* output.c: what the effective sources of an Application render together. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/argocd_chart.h"
#include "facts/internal.h"
#include <stdlib.h>

/* Its index in the settings, or their number. */
static size_t find_repository(const struct facts *f, struct str url)
{
    size_t n = f->settings->n_repositories;

    for (size_t i = 0; i < n; i++) {
        const struct repository_settings *r = &f->settings->repositories[i];

        if (r->url[0] && repo_url_eq(str_from(r->url), url))
            return i;
        for (size_t k = 0; k < r->n_aliases; k++)
            if (repo_url_eq(str_from(r->aliases[k]), url))
                return i;
    }
    return n;
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

/* Says, too, where only protocol, user or port tells it from one that is configured. */
static char *about_unknown(const struct facts *f, struct str url)
{
    AUTO(buf_clearp) struct buf after = {.max = 4096};
    AUTO(freep) char *text = NULL;

    buf_adds(&after, " is not among the configured repositories");
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        struct str known = str_from(f->settings->repositories[i].url);

        if (!repo_url_resembles(known, url))
            continue;
        buf_adds(&after, "; ");
        text_url(&after, known);
        buf_adds(&after, " is: if the two are one repository, list the former under its aliases "
                         "(check and explain: --repository for each)");
        break;
    }
    text = buf_take(&after);
    return about_url("repository ", url, text);
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

const struct repository *facts_find_content(const struct facts *f, const struct source *source,
                                            bool hydrated, char **why)
{
    size_t index = find_repository(f, source->repo_url);
    const struct repository *found = NULL;

    if (index == f->settings->n_repositories) {
        *why = about_unknown(f, source->repo_url);
    } else if (f->repositories[index].is_exact) {
        found = facts_at_revision(f, index, source, why);
    } else if (hydrated) {
        /* A directory of dry manifests does not stand for the branch they are hydrated to. */
        *why = xstrdup("the hydrated branch is not read");
    } else {
        found = facts_repository(f, index);
        if (!found)
            *why = about_url("repository ", source->repo_url,
                             f->starting ? " has not been read yet" : " could not be read");
    }
    return found;
}

struct render_request facts_request(const struct facts *f, const struct application *app,
                                    const struct source *source, const char *instance)
{
    return (struct render_request){
        .source = source,
        .app_name = app->id.name,
        .instance_name = str_from(instance),
        .destination_namespace = app->destination.namespace,
        .skips_marked_files = skips_marked_files(f),
    };
}

/* What value files may be taken from; a source with `chart` cannot be named. */
static void find_references(const struct facts *f, const struct application *app,
                            const struct source *sources, struct output *o)
{
    o->references = xcalloc(o->n, sizeof *o->references);
    for (size_t i = 0; i < o->n; i++) {
        AUTO(freep) char *why = NULL;

        if (!sources[i].ref.n || sources[i].chart.n)
            continue;
        o->references[o->n_references++] = (struct render_reference){
            sources[i].ref, facts_find_content(f, &sources[i], app->hydrated, &why)};
    }
}

static void render_source(const struct facts *f, const struct application *app,
                          const struct source *source, bool may_skip, const struct output *all,
                          size_t *steps, struct source_output *out)
{
    AUTO(freep) char *instance = facts_instance_name(f, &app->id);
    struct render_request q = facts_request(f, app, source, instance);

    q.may_skip = may_skip;
    q.steps = steps;
    q.references = all->references;
    q.n_references = all->n_references;
    *out = (struct source_output){.source = source, .makes_argocd_secret = TRI_NOT_KNOWN};
    if (source->chart.n) {
        if (str_is(source->chart, "argo-cd")) {
            out->makes_argocd_secret = argocd_chart_makes_secret(source);
            out->argocd_secret_namespace = argocd_chart_namespace(source, &app->destination);
            out->annotates_argocd_secret = argocd_chart_annotates_secret(source);
        }
        out->why = about_url("the chart of ", source->repo_url, " is not in Git");
        out->by_values = repository_render_chart(&q);
        return;
    }
    if (!source->path.n) {
        /* ref-only sources render nothing; without a ref the spec is invalid (reference 1.1). */
        out->rendering = source->ref.n ? nothing() : fails("the source has neither path nor chart");
        if (out->rendering->why)
            out->why = xstrdup(out->rendering->why);
        return;
    }
    if (str_starts(source->repo_url, STR("oci://"))) {
        out->why = about_url("the content of ", source->repo_url, " is not in Git");
        return;
    }
    if (!source->repo_url.n) {
        out->why = xstrdup("the source names no repository");
        return;
    }
    out->repository = facts_find_content(f, source, app->hydrated, &out->why);
    if (!out->repository)
        return;
    out->rendering = repository_render(out->repository, &q);
    if (out->rendering->why)
        out->why = xstrdup(out->rendering->why);
    if (out->rendering->makes_argocd_secret) {
        out->makes_argocd_secret = TRI_YES;
        out->argocd_secret_namespace = out->rendering->argocd_secret.namespace;
        out->annotates_argocd_secret = out->rendering->argocd_secret.is_annotated;
    }
}

/* Each distinct source is a walk of its own; an Application of more is one nobody runs. */
enum { RENDERINGS_MAX = 64, RENDERED_OBJECTS_MAX = 100000 };

static const struct source_output *find_equal(const struct output *o, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!o->sources[i].shared && source_same(o->sources[i].source, o->sources[n].source))
            return &o->sources[i];
    return NULL;
}

static struct output *render_all(const struct facts *f, const struct application *app,
                                 const struct source *sources, size_t n, bool may_skip)
{
    struct output *o = xcalloc(1, sizeof *o);
    size_t n_objects = 0;
    size_t n_renderings = 0;
    size_t steps = 0;

    o->n = n;
    o->sources = xcalloc(n, sizeof *o->sources);
    find_references(f, app, sources, o);
    for (size_t i = 0; i < n; i++) {
        struct source_output *out = &o->sources[i];
        const struct source_output *equal;

        out->source = &sources[i];
        equal = find_equal(o, i);
        if (equal) {
            *out = *equal;
            out->shared = true;
        } else if (n_renderings == RENDERINGS_MAX || n_objects > RENDERED_OBJECTS_MAX) {
            out->why = xstrdup("its sources are too many, or hold too many objects, to be judged "
                               "in one request");
        } else {
            render_source(f, app, &sources[i], may_skip, o, &steps, out);
            n_renderings++;
            if (out->rendering)
                n_objects += out->rendering->n_objects;
        }
    }
    return o;
}

struct output *facts_render(const struct facts *f, const struct application *app)
{
    return render_all(f, app, app->sources, app->n_sources, false);
}

struct output *facts_render_known(const struct facts *f, const struct application *app)
{
    return render_all(f, app, app->sources, app->n_sources, true);
}

/* operation.sync.manifests stand in for whatever the sources hold (SyncAppState, CompareAppState).
 */
static struct output *manifests_of_operation(void)
{
    static const struct source none;
    struct output *o = xcalloc(1, sizeof *o);

    o->n = 1;
    o->sources = xcalloc(1, sizeof *o->sources);
    o->sources[0] = (struct source_output){
        .source = &none,
        .makes_argocd_secret = TRI_NOT_KNOWN,
        .why = xstrdup("the operation brings manifests of its own, which are not looked into"),
    };
    return o;
}

struct output *facts_render_operation(const struct facts *f, const struct application *app)
{
    bool same = app->n_operation_sources == app->n_sources;

    if (app->operation_manifests)
        return manifests_of_operation();
    if (app->n_operation_sources == 0)
        return NULL;
    for (size_t i = 0; same && i < app->n_sources; i++)
        same = source_same(&app->sources[i], &app->operation_sources[i]);
    return same ? NULL
                : render_all(f, app, app->operation_sources, app->n_operation_sources, false);
}

void output_free(struct output *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->n; i++) {
        if (o->sources[i].shared)
            continue;
        rendering_free(o->sources[i].rendering);
        rendering_free(o->sources[i].by_values);
        free(o->sources[i].why);
    }
    free(o->sources);
    free(o->references);
    free(o);
}

void output_freep(struct output **o)
{
    output_free(*o);
}

const struct rendering *source_rendering(const struct source_output *s)
{
    return s->rendering ? rendering_whole(s->rendering) : NULL;
}

/* Why not all of it is known, or it would fail; NULL where nobody said. */
static const char *why_of(const struct source_output *s)
{
    const struct rendering *r = source_rendering(s);

    return r && r->why ? r->why : s->why;
}

/* The whole Application fails to generate when one of its sources does: nothing syncs then. */
static const struct source_output *failing_source(const struct output *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sources[i].rendering && source_rendering(&o->sources[i])->state == RENDER_FAILS)
            return &o->sources[i];
    return NULL;
}

bool output_would_fail(const struct output *o)
{
    return failing_source(o) != NULL;
}

/* What an object with hook annotations counts as depends on the question. */
typedef bool (*counts_fn)(const struct rendered *object);

static bool is_applied(const struct rendered *object)
{
    return !object->hook_skip;
}

static bool is_target(const struct rendered *object)
{
    return !object->hook || object->hook_skip;
}

static const struct rendered *find_rendered(const struct rendering *r, const struct identity *id,
                                            counts_fn counts)
{
    for (size_t i = 0; r && i < r->n_objects; i++)
        if (identity_eq(&r->objects[i].id, id) && counts(&r->objects[i]))
            return &r->objects[i];
    return NULL;
}

static bool is_argocd_secret(const struct identity *id)
{
    return identity_is_kind(id, "", "Secret") && str_is(id->name, "argocd-secret");
}

/* Whether a source that does not certainly hold the object might still yield it. */
static bool may_hold_more(const struct source_output *s, const struct identity *id)
{
    const struct rendering *r = source_rendering(s);
    bool is_argoproj = str_is(id->group, GROUP_ARGOPROJ);

    if (!r && is_argocd_secret(id) && s->makes_argocd_secret == TRI_NO)
        return false;
    /* a chart holds no definition (design 3.5) but one that values bring along */
    if (!r)
        return !s->source->chart.n || !is_argoproj ||
               (s->by_values && rendering_may_hold(s->by_values, id));
    return rendering_may_hold(r, id);
}

/* Why the source that may hold the object leaves it open. */
static const char *why_open(const struct source_output *s, const struct identity *id)
{
    const char *why = why_of(s);

    if (s->by_values && str_is(id->group, GROUP_ARGOPROJ))
        return s->by_values->why;
    return why ? why : "what one of its sources yields is not known";
}

static enum tri find(const struct output *o, const struct identity *id, counts_fn counts,
                     const struct rendered **found, const struct source_output **by,
                     const char **why)
{
    const struct source_output *failing = failing_source(o);
    const struct source_output *open = NULL;

    if (failing) {
        *by = failing;
        *why = why_of(failing) ? why_of(failing) : "one of its sources would fail to generate";
        return TRI_NOT_KNOWN;
    }
    for (size_t i = 0; i < o->n; i++) {
        const struct rendered *hit = find_rendered(source_rendering(&o->sources[i]), id, counts);

        if (hit) {
            *found = hit;
            *by = &o->sources[i];
            return TRI_YES;
        }
        if (!open && may_hold_more(&o->sources[i], id))
            open = &o->sources[i];
    }
    if (!open)
        return TRI_NO;
    *by = open;
    *why = why_open(open, id);
    return TRI_NOT_KNOWN;
}

enum tri output_has(const struct output *o, const struct identity *id,
                    const struct rendered **found, const struct source_output **by,
                    const char **why)
{
    return find(o, id, is_applied, found, by, why);
}

static bool is_nowhere(const struct source_output *s)
{
    return s->rendering && s->rendering->is_nowhere;
}

enum tri output_defines(const struct output *o, const struct identity *id,
                        const struct rendered **found, const struct source_output **by,
                        const char **why)
{
    enum tri has = output_has(o, id, found, by, why);

    if (has != TRI_NOT_KNOWN)
        return has;
    for (size_t i = 0; i < o->n; i++) {
        const struct source_output *s = &o->sources[i];
        const struct rendering *r = s->rendering ? source_rendering(s) : NULL;

        if (!is_nowhere(s) && ((r && r->state == RENDER_FAILS) || may_hold_more(s, id) ||
                               find_rendered(r, id, is_applied)))
            return TRI_NOT_KNOWN;
    }
    return TRI_NO;
}

/* A chart that makes the Secret has no rendering that holds it. */
static bool chart_keeps(const struct output *o, const struct identity *id)
{
    for (size_t i = 0; is_argocd_secret(id) && i < o->n; i++)
        if (o->sources[i].makes_argocd_secret == TRI_YES &&
            o->sources[i].argocd_secret_namespace.n &&
            str_eq(o->sources[i].argocd_secret_namespace, id->namespace))
            return true;
    return false;
}

enum tri output_keeps(const struct output *o, const struct identity *id, const char **why)
{
    const struct rendered *found;
    const struct source_output *by;

    if (!failing_source(o) && chart_keeps(o, id))
        return TRI_YES;
    return find(o, id, is_target, &found, &by, why);
}
