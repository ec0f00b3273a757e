/* renderers.c: which known Application certainly renders what, and what Argo CD calls each. */
#include "base/mem.h"
#include "facts/internal.h"
#include <stdlib.h>

bool facts_is_asked_for(const struct identity *id)
{
    return identity_is_kind(id, GROUP_ARGOPROJ, "Application") ||
           identity_is_kind(id, GROUP_ARGOPROJ, "ApplicationSet") ||
           identity_is_kind(id, GROUP_EXTERNAL_SECRETS, "ExternalSecret") ||
           identity_is_kind(id, "", "Secret") ||
           identity_is_kind(id, "bitnami.com", "SealedSecret") ||
           (identity_is_kind(id, "", "ConfigMap") && str_is(id->name, "argocd-cm"));
}

/* Nothing is certain where one source fails: the whole Application does not sync then. Files that
 * were left unparsed are not asked here, but when somebody asks for what stands here. */
static bool fails_already(const struct output *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sources[i].rendering && o->sources[i].rendering->state == RENDER_FAILS)
            return true;
    return false;
}

bool facts_renderer_holds(const struct renderer *by)
{
    return !output_would_fail(by->application->output) &&
           source_rendering(by->source)->n_objects > 0;
}

static void add_renderers(struct facts *f, const struct known_application *known)
{
    const struct output *o = known->output;

    for (size_t i = 0; i < o->n && !fails_already(o); i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : o->sources[i].rendering;

        f->skips = f->skips || (r && r->rest);
        for (size_t k = 0; r && k < r->n_objects; k++) {
            const struct rendered *object = &r->objects[k];

            if (object->hook_skip || !facts_is_asked_for(&object->id))
                continue;
            f->renderers =
                xgrow(f->renderers, f->n_renderers, &f->capacity_renderers, sizeof *f->renderers);
            f->renderers[f->n_renderers++] = (struct renderer){known, object, &o->sources[i]};
        }
    }
}

static int by_identity(const void *a, const void *b)
{
    const struct renderer *x = a;
    const struct renderer *y = b;
    int order = identity_cmp(&x->rendered->id, &y->rendered->id);

    if (order)
        return order;
    if (x->application != y->application)
        return x->application < y->application ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return x->rendered < y->rendered ? -1 : x->rendered > y->rendered;
}

void facts_clear_index(struct facts *f)
{
    free(f->renderers);
    f->renderers = NULL;
    f->n_renderers = 0;
    f->capacity_renderers = 0;
    free(f->instances);
    f->instances = NULL;
    f->n_instances = 0;
}

void facts_index_applications(struct facts *f)
{
    facts_clear_index(f);
    f->skips = false;
    f->instances = xcalloc(f->n_applications, sizeof *f->instances);
    for (size_t i = 0; i < f->n_applications; i++) {
        const struct application_fact *fact = &f->applications[i];

        add_renderers(f, &fact->known);
        f->instances[f->n_instances++] = (struct named){str_from(fact->instance), &fact->known, i};
    }
    if (f->n_renderers)
        qsort(f->renderers, f->n_renderers, sizeof *f->renderers, by_identity);
    facts_sort_named(f->instances, f->n_instances);
}

const struct renderer *facts_renderer(const struct facts *f, const struct identity *id, size_t i)
{
    size_t from = 0;
    size_t to = f->n_renderers;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (identity_cmp(&f->renderers[middle].rendered->id, id) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    if (!f->skips)
        return i < f->n_renderers - from && identity_eq(&f->renderers[from + i].rendered->id, id)
                   ? &f->renderers[from + i]
                   : NULL;
    for (; from < f->n_renderers && identity_eq(&f->renderers[from].rendered->id, id); from++)
        if (facts_renderer_holds(&f->renderers[from]) && i-- == 0)
            return &f->renderers[from];
    return NULL;
}

const struct known_application *facts_instance(const struct facts *f, struct str instance, size_t i)
{
    return facts_find_named(f->instances, f->n_instances, instance, i);
}
