/* application_sets.c: the ApplicationSets that are known, and the Applications they make. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "facts/internal.h"
#include "objects/application_set.h"
#include <stdlib.h>

static bool same_spec(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "spec"), json_object_get(b, "spec"));
}

static void note_set(struct facts *f, const struct known_set *known, const char *before,
                     const char *why)
{
    struct buf where;
    struct buf text;

    if (!known->manifest)
        return;
    buf_init(&where, 4096);
    text_field(&where, str_from(known->manifest->file));
    buf_printf(&where, ":%u", known->manifest->line);
    buf_init(&text, 4096);
    buf_adds(&text, "ApplicationSet ");
    text_field(&text, known->id.name);
    buf_printf(&text, " %s: %s", before, why);
    facts_add_note(f, buf_take(&where), buf_take(&text));
}

static void add_made(struct facts *f, const struct known_set *known, json_t *object)
{
    struct made_fact *made;
    struct application *app;
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    if (!application_parse(object, STR_NONE, STR_NONE, &app, &err)) {
        note_set(f, known, "makes an Application that no rule can read", err_text(&err, text));
        return;
    }
    made = xcalloc(1, sizeof *made);
    made->app = app;
    made->made = (struct made_application){app, known};
    f->made = xgrow(f->made, f->n_made, &f->capacity_made, sizeof(void *));
    f->made[f->n_made++] = made;
}

static void expand(struct facts *f, struct set_fact *fact)
{
    struct expansion e;

    expansion_make(f, fact->set, &f->budget, &e);
    fact->why = steal(&e.why);
    fact->known.why = fact->why;
    for (size_t i = 0; i < json_array_size(e.applications); i++)
        add_made(f, &fact->known, json_array_get(e.applications, i));
    if (fact->why)
        note_set(f, &fact->known,
                 e.fails ? "makes no Application, because Argo CD fails on it"
                         : "may make more Applications than are judged",
                 fact->why);
    expansion_clear(&e);
}

/* namespace, name: as it is rendered, and outlive the facts; STR_NONE: its own. Takes nothing over.
 */
static bool add(struct facts *f, json_t *object, struct str namespace, struct str name,
                const struct known_set *where)
{
    struct set_fact *fact;
    struct application_set *set;
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    if (!application_set_parse(object, namespace, name, &set, &err)) {
        note_set(f, where, "is one that cannot be read", err_text(&err, text));
        return false;
    }
    fact = xcalloc(1, sizeof *fact);
    fact->set = set;
    fact->known = *where;
    fact->known.id = set->id;
    f->sets = xgrow(f->sets, f->n_sets, &f->capacity_sets, sizeof(void *));
    f->sets[f->n_sets++] = fact;
    expand(f, fact);
    return true;
}

static bool is_known(const struct facts *f, const struct identity *id)
{
    for (size_t i = 0; i < f->n_sets; i++)
        if (identity_eq(&f->sets[i]->known.id, id))
            return true;
    return false;
}

static bool is_of_manifest(const struct facts *f, const struct manifest *m)
{
    for (size_t i = 0; i < f->n_sets; i++)
        if (f->sets[i]->known.manifest == m)
            return true;
    return false;
}

/* A set that is known already counts; where another definition of it differs, none does. */
static bool is_new(struct facts *f, const struct identity *id, const struct manifest *m,
                   bool *is_certain)
{
    for (size_t i = 0; i < f->n_sets; i++) {
        struct set_fact *other = f->sets[i];

        if (!identity_eq(&other->known.id, id))
            continue;
        if (other->known.manifest == m)
            return false;
        if (!other->known.manifest || same_spec(other->set->object, m->object))
            *is_certain = false;
        else
            *is_certain = other->known.is_certain = false;
    }
    return true;
}

bool facts_find_rendered_sets(struct facts *f)
{
    size_t before = f->n_sets;

    for (size_t i = 0; i < f->n_renderers; i++) {
        const struct renderer *by = &f->renderers[i];
        const struct identity *id = &by->rendered->id;
        struct known_set where = {
            .id = *id,
            .repository = by->source->repository,
            .manifest = by->rendered->manifest,
            .is_certain = true,
        };

        if (identity_is_kind(id, GROUP_ARGOPROJ, "ApplicationSet") && !by->rendered->changed &&
            id->namespace.n && facts_is_application_namespace(f, id->namespace) &&
            facts_renders_here(f, by->application) && facts_renderer_holds(by) &&
            is_new(f, id, where.manifest, &where.is_certain))
            (void)add(f, where.manifest->object, id->namespace, id->name, &where);
    }
    return f->n_sets != before;
}

static void add_defined(struct facts *f, const struct repository *r, const struct manifest *m)
{
    struct str argocd = str_from(f->settings->argocd.namespace);
    struct known_set where = {
        .id = m->id,
        .repository = r,
        .manifest = m,
        .is_certain = !repository_is_kustomized(r, m),
    };

    where.id.namespace = m->id.namespace.n ? m->id.namespace : argocd;
    /* A chart's templates are no ApplicationSets before Helm has rendered them. */
    if (facts_is_application_namespace(f, where.id.namespace) && !is_of_manifest(f, m) &&
        !repository_is_template(r, m) && is_new(f, &where.id, m, &where.is_certain))
        (void)add(f, m->object, where.id.namespace, STR_NONE, &where);
}

bool facts_find_defined_sets(struct facts *f)
{
    size_t before = f->n_sets;

    for (size_t i = 0; i < f->settings->n_repositories; i++) {
        const struct repository *r = facts_repository(f, i);

        for (size_t k = 0; r && k < repository_n_manifests(r); k++) {
            const struct manifest *m = repository_manifest(r, k);

            if (identity_is_kind(&m->id, GROUP_ARGOPROJ, "ApplicationSet"))
                add_defined(f, r, m);
        }
    }
    return f->n_sets != before;
}

bool facts_find_live_sets(struct facts *f)
{
    const struct cluster *c = facts_cluster(f);
    size_t before = f->n_sets;

    for (size_t i = 0; c && i < cluster_n_objects(c, CLUSTER_APPLICATION_SET); i++) {
        const struct cluster_object *o = cluster_object_at(c, CLUSTER_APPLICATION_SET, i);
        const struct known_set live = {.id = o->id, .is_certain = !is_known(f, &o->id)};

        if (facts_is_application_namespace(f, o->id.namespace))
            (void)add(f, o->object, STR_NONE, STR_NONE, &live);
    }
    return f->n_sets != before;
}

void facts_clear_sets(struct facts *f)
{
    for (size_t i = 0; i < f->n_made; i++) {
        application_free(f->made[i]->app);
        free(f->made[i]);
    }
    free(f->made);
    for (size_t i = 0; i < f->n_sets; i++) {
        application_set_free(f->sets[i]->set);
        free(f->sets[i]->why);
        free(f->sets[i]);
    }
    free(f->sets);
}
