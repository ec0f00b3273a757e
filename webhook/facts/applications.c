/* applications.c: the Applications that are known, from what is live and what repositories define.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/internal.h"
#include <stdlib.h>

char *facts_instance_name(const struct facts *f, const struct identity *id)
{
    if (str_is(id->namespace, f->settings->argocd.namespace))
        return xstrndup(id->name);
    return xasprintf("%.*s_%.*s", STR_ARG(id->namespace), STR_ARG(id->name));
}

/* Of what known Applications render, this many objects are kept: 128 MB. A directory of
 * Applications that all render the directory would be its square. */
enum { KEPT_OBJECTS_MAX = 1000000 };

/* What is asked of known Applications is who renders which ExternalSecret, Secret or Application.
 */
static void keep_asked_for(struct facts *f, struct source_output *out)
{
    struct rendering *r = out->rendering;

    rendering_keep(r, facts_is_asked_for);
    if (f->n_kept_objects + r->n_objects > KEPT_OBJECTS_MAX) {
        rendering_free(r);
        free(out->why);
        out->rendering = NULL;
        out->why = xstrdup("all Applications together render more objects than are kept");
        return;
    }
    f->n_kept_objects += r->n_objects;
}

static struct output *render_kept(struct facts *f, const struct application *app)
{
    struct output *o = facts_render_known(f, app);

    for (size_t i = 0; i < o->n; i++)
        if (o->sources[i].rendering && !o->sources[i].shared)
            keep_asked_for(f, &o->sources[i]);
    /* What is shared lies with the source before it. */
    for (size_t i = 0; i < o->n; i++)
        for (size_t k = 0; o->sources[i].shared && k < i; k++)
            if (!o->sources[k].shared && source_same(o->sources[k].source, o->sources[i].source)) {
                o->sources[i].rendering = o->sources[k].rendering;
                o->sources[i].why = o->sources[k].why;
            }
    return o;
}

struct known_application *facts_add_application(struct facts *f, struct application *app)
{
    struct application_fact *fact;

    f->applications = xgrow(f->applications, f->n_applications, &f->capacity_applications,
                            sizeof *f->applications);
    fact = &f->applications[f->n_applications++];
    *fact = (struct application_fact){
        .app = app,
        .output = render_kept(f, app),
        .instance = facts_instance_name(f, &app->id),
    };
    fact->known = (struct known_application){.app = app, .output = fact->output};
    return &fact->known;
}

void facts_replace_application(struct facts *f, struct application_fact *fact,
                               struct application *app)
{
    output_free(fact->output);
    application_free(fact->app);
    fact->app = app;
    fact->output = render_kept(f, app);
    fact->known.app = app;
    fact->known.output = fact->output;
}

json_t *facts_rendered_object(const struct rendered *rendered)
{
    return rendered->changed ? rendered->object : rendered->manifest->object;
}

bool facts_says(const struct rendered *rendered, const struct application *app)
{
    const json_t *object = facts_rendered_object(rendered);

    return object && (object == app->object || json_equal(json_object_get(object, "spec"),
                                                          json_object_get(app->object, "spec")));
}

static void note_definition(struct facts *f, const struct manifest *m, const struct err *err)
{
    char text[ERR_TEXT_MAX];
    AUTO(buf_clearp) struct buf where = {0};

    buf_init(&where, 4096);
    text_field(&where, str_from(m->file));
    buf_printf(&where, ":%u", m->line);
    facts_add_note(f, buf_take(&where), xstrdup(err_text(err, text)));
}

static void add_definition(struct facts *f, const struct repository *r, const struct manifest *m)
{
    struct str argocd = str_from(f->settings->argocd.namespace);
    struct str namespace = m->id.namespace.n ? m->id.namespace : argocd;
    struct known_application *known;
    struct application *app;
    struct err err = {0};

    if (!facts_is_application_namespace(f, namespace))
        return;
    /* A definition no rule can read makes no fact. */
    if (!application_parse(m->object, namespace, STR_NONE, &app, &err)) {
        note_definition(f, m, &err);
        return;
    }
    known = facts_add_application(f, app);
    known->repository = r;
    known->manifest = m;
}

static void add_definitions(struct facts *f)
{
    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const struct repository *r = facts_repository(f, i);

        for (size_t k = 0; r && k < repository_n_manifests(r); k++) {
            const struct manifest *m = repository_manifest(r, k);

            if (identity_is_kind(&m->id, GROUP_ARGOPROJ, "Application") &&
                !repository_is_patch(r, m))
                add_definition(f, r, m);
        }
    }
}

static void add_live(struct facts *f)
{
    const struct cluster *c = facts_cluster(f);

    for (size_t i = 0; c && i < cluster_n_objects(c, CLUSTER_APPLICATION); i++) {
        const struct cluster_object *o = cluster_object_at(c, CLUSTER_APPLICATION, i);
        struct application *app;
        struct err err = {0};

        /* The cluster keeps none that cannot be parsed. */
        if (facts_is_application_namespace(f, o->id.namespace) &&
            application_parse(o->object, STR_NONE, STR_NONE, &app, &err))
            (void)facts_add_application(f, app);
    }
}

/* Live before defined, definitions in the order they were found. */
static int by_identity(const void *a, const void *b)
{
    const struct application_fact *x = *(const struct application_fact *const *)a;
    const struct application_fact *y = *(const struct application_fact *const *)b;
    int order = identity_cmp(&x->app->id, &y->app->id);

    if (order)
        return order;
    if (known_is_live(&x->known) != known_is_live(&y->known))
        return known_is_live(&x->known) ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool same_spec(const struct application_fact *a, const struct application_fact *b)
{
    return json_equal(json_object_get(a->app->object, "spec"),
                      json_object_get(b->app->object, "spec"));
}

/* What becomes of those that go, by index in f->applications. */
struct selection {
    struct application_fact **sorted;
    bool *goes;
};

static void select_one(const struct facts *f, struct selection *s, size_t first, size_t end,
                       bool definitions_apply)
{
    bool live = known_is_live(&s->sorted[first]->known);
    size_t first_definition = first + live;
    bool differ = false;

    for (size_t i = first_definition + 1; i < end; i++)
        differ = differ || !same_spec(s->sorted[first_definition], s->sorted[i]);
    /* Environments often define the same Application differently in one repository: which of them
     * is live is not known then, unless the live one is. */
    if (differ && !live)
        for (size_t i = first; i < end; i++)
            s->sorted[i]->known.other = s->sorted[i == first ? first + 1 : first]->known.manifest;
    if (!live || first_definition == end)
        return;
    if (definitions_apply && !differ) {
        s->goes[s->sorted[first] - f->applications] = true;
        return;
    }
    for (size_t i = first_definition; i < end; i++)
        s->goes[s->sorted[i] - f->applications] = true;
}

/* Marks what a known Application renders, and what that renders in turn, as about to be there. */
static void keep_rendered(struct facts *f, bool *goes)
{
    bool changed = true;

    for (unsigned round = 0; changed && round < 100; round++) {
        changed = false;
        for (size_t i = 0; i < f->n_applications; i++) {
            const struct renderer *by;

            for (size_t k = 0; goes[i] && (by = facts_renderer(f, &f->applications[i].app->id, k));
                 k++) {
                size_t parent =
                    (size_t)((const struct application_fact *)by->application - f->applications);

                if (!goes[parent] && facts_rendered_object(by->rendered) &&
                    by->rendered->manifest == f->applications[i].known.manifest) {
                    goes[i] = false;
                    changed = true;
                }
            }
        }
    }
}

static void remove_gone(struct facts *f, const bool *goes)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n_applications; i++) {
        struct application_fact *fact = &f->applications[i];

        if (goes[i]) {
            output_free(fact->output);
            application_free(fact->app);
            free(fact->instance);
        } else {
            f->applications[n++] = *fact;
        }
    }
    f->n_applications = n;
}

/* One Application of each identity where the cluster tells which. */
static void settle_identities(struct facts *f, bool definitions_apply)
{
    AUTO(freep) struct application_fact **sorted = xcalloc(f->n_applications, sizeof(void *));
    AUTO(freep) bool *goes = xcalloc(f->n_applications, sizeof *goes);
    struct selection s = {sorted, goes};

    for (size_t i = 0; i < f->n_applications; i++)
        sorted[i] = &f->applications[i];
    if (f->n_applications)
        qsort(sorted, f->n_applications, sizeof(void *), by_identity);
    for (size_t first = 0, end; first < f->n_applications; first = end) {
        for (end = first + 1; end < f->n_applications &&
                              identity_eq(&sorted[first]->app->id, &sorted[end]->app->id);)
            end++;
        select_one(f, &s, first, end, definitions_apply);
    }
    remove_gone(f, goes);
}

/* Where every live Application was seen, a definition that is none of them and that none of them
 * renders is a file and nothing more. */
static void forget_what_is_not_live(struct facts *f)
{
    AUTO(freep) bool *goes = xcalloc(f->n_applications, sizeof *goes);

    for (size_t i = 0; i < f->n_applications; i++)
        goes[i] = !known_is_live(&f->applications[i].known);
    facts_index_applications(f);
    keep_rendered(f, goes);
    remove_gone(f, goes);
}

/* A definition beside a kustomization is certain when something known renders it as it is written.
 */
void facts_find_kustomized(struct facts *f)
{
    for (size_t i = 0; i < f->n_applications; i++) {
        struct known_application *known = &f->applications[i].known;
        const struct renderer *by;

        known->is_kustomized = known->manifest && !known->set &&
                               repository_is_kustomized(known->repository, known->manifest);
        for (size_t k = 0; known->is_kustomized && (by = facts_renderer(f, &known->app->id, k));
             k++)
            if (by->rendered->manifest == known->manifest && facts_says(by->rendered, known->app))
                known->is_kustomized = false;
    }
}

void facts_find_applications(struct facts *f, bool definitions_apply)
{
    const struct cluster *c = facts_cluster(f);

    add_live(f);
    add_definitions(f);
    settle_identities(f, definitions_apply);
    if (!definitions_apply && c && cluster_is_complete(c, CLUSTER_APPLICATION))
        forget_what_is_not_live(f);
    facts_index_applications(f);
    facts_find_kustomized(f);
    facts_add_effective(f, definitions_apply);
}
