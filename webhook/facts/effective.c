#include "base/mem.h"
#include "facts/internal.h"
#include <stdlib.h>
#include <string.h>

/* Each round finds what the one before renders; nobody nests Applications deeper (rules/cycle.h).
 */
enum { ROUNDS_MAX = 16, EFFECTIVE_MAX = 10000 };

bool facts_knows_application(const struct facts *f, const struct identity *id)
{
    AUTO(freep) char *instance = facts_instance_name(f, id);
    const struct known_application *known;

    for (size_t i = 0; (known = facts_instance(f, str_from(instance), i)); i++)
        if (identity_eq(&known->app->id, id))
            return true;
    return false;
}

/* Its sources are as they were read, and what it renders lands in this cluster. */
bool facts_renders_here(const struct facts *f, const struct known_application *known)
{
    return !known->other && !known->is_kustomized &&
           facts_is_this_cluster(f, &known->app->destination) == TRI_YES;
}

/* An Application that somebody renders and nobody knows: what the facts may hold on to while the
 * lists of known ones move. */
struct candidate {
    const struct rendered *rendered;
    const struct repository *repository;
};

struct candidates {
    struct candidate *items;
    size_t n;
    size_t capacity;
};

static bool is_candidate(const struct facts *f, const struct renderer *by)
{
    const struct identity *id = &by->rendered->id;

    return identity_is_kind(id, GROUP_ARGOPROJ, "Application") &&
           facts_rendered_object(by->rendered) && id->namespace.n &&
           facts_is_application_namespace(f, id->namespace) &&
           facts_renders_here(f, by->application) && !facts_knows_application(f, id) &&
           facts_renderer_holds(by);
}

static bool same_spec(const struct rendered *a, const struct rendered *b)
{
    return json_equal(json_object_get(facts_rendered_object(a), "spec"),
                      json_object_get(facts_rendered_object(b), "spec"));
}

/* Renderers stand in order of identity, so what is the same stands together. */
static struct candidates find_candidates(const struct facts *f)
{
    struct candidates out = {0};

    for (size_t i = 0; i < f->n_renderers; i++) {
        const struct renderer *by = &f->renderers[i];
        const struct rendered *last = out.n ? out.items[out.n - 1].rendered : NULL;

        if (!is_candidate(f, by) ||
            (last && last->manifest == by->rendered->manifest &&
             identity_eq(&last->id, &by->rendered->id) && same_spec(last, by->rendered)))
            continue;
        out.items = xgrow(out.items, out.n, &out.capacity, sizeof *out.items);
        out.items[out.n++] = (struct candidate){by->rendered, by->source->repository};
    }
    return out;
}

/* Another manifest that becomes the same Application, and says something else. */
static const struct manifest *find_other(const struct candidates *all, size_t index)
{
    const struct rendered *own = all->items[index].rendered;
    size_t first = index;

    while (first && identity_eq(&all->items[first - 1].rendered->id, &own->id))
        first--;
    for (size_t i = first; i < all->n && identity_eq(&all->items[i].rendered->id, &own->id); i++)
        if (!same_spec(all->items[i].rendered, own))
            return all->items[i].rendered->manifest;
    return NULL;
}

static void add_candidate(struct facts *f, const struct candidates *all, size_t index)
{
    const struct candidate *c = &all->items[index];
    struct known_application *known;
    struct application *app;
    struct err err = {0};

    /* The names live as long as the rendering they are of. One no rule can read was noted. */
    if (!application_parse(facts_rendered_object(c->rendered), c->rendered->id.namespace,
                           c->rendered->id.name, &app, &err))
        return;
    known = facts_add_application(f, app);
    known->repository = c->repository;
    known->manifest = c->rendered->manifest;
    known->other = find_other(all, index);
}

/* What becomes of a definition that kustomizations patch, under its own identity. */
struct patched {
    size_t index; /* in f->applications */
    json_t *object;
    bool differs; /* two of them make different things of it */
};

/* A definition is replaced once: by what was made of the manifest it stands in. */
static bool find_patched(const struct facts *f, size_t index, struct patched *out)
{
    const struct application_fact *fact = &f->applications[index];
    const struct renderer *by;

    *out = (struct patched){.index = index};
    if (!fact->known.is_kustomized || fact->known.other || !fact->known.manifest ||
        fact->app->object != fact->known.manifest->object)
        return false;
    for (size_t k = 0; (by = facts_renderer(f, &fact->app->id, k)); k++) {
        json_t *object = by->rendered->object;

        if (by->rendered->manifest != fact->known.manifest || !object ||
            !facts_renders_here(f, by->application) || !facts_renderer_holds(by))
            continue;
        out->differs = out->differs || (out->object && !json_equal(out->object, object));
        out->object = object;
    }
    return out->object;
}

/* Renderings, and what was patched in them, go with the Applications they are of: the objects are
 * held until all are replaced. */
static bool replace_patched(struct facts *f)
{
    AUTO(freep) struct patched *all = xcalloc(f->n_applications + 1, sizeof *all);
    size_t n = 0;

    for (size_t i = 0; i < f->n_applications; i++)
        if (find_patched(f, i, &all[n]))
            (void)json_incref(all[n++].object);
    for (size_t i = 0; i < n; i++) {
        struct application_fact *fact = &f->applications[all[i].index];
        struct application *app;
        struct err err = {0};

        if (all[i].differs)
            fact->known.other = fact->known.manifest;
        else if (application_parse(all[i].object, fact->app->id.namespace, STR_NONE, &app, &err))
            facts_replace_application(f, fact, app);
        json_decref(all[i].object);
    }
    return n > 0;
}

static bool add_rendered(struct facts *f, size_t *n_left)
{
    struct candidates all = find_candidates(f);
    size_t before = f->n_applications;

    for (size_t i = 0; i < all.n && *n_left; i++, --*n_left)
        add_candidate(f, &all, i);
    free(all.items);
    return f->n_applications != before;
}

/* What certain sets make and nothing else defines. */
static bool add_made(struct facts *f, size_t *n_left)
{
    size_t before = f->n_applications;

    for (size_t i = 0; i < f->n_made && *n_left; i++) {
        const struct made_application *made = &f->made[i]->made;
        struct known_application *known;
        struct application *app;
        struct err err = {0};

        if (f->made[i]->is_looked_at || !made->set->is_certain)
            continue;
        f->made[i]->is_looked_at = true;
        if (facts_knows_application(f, &made->app->id) ||
            !application_parse(made->app->object, STR_NONE, STR_NONE, &app, &err))
            continue;
        known = facts_add_application(f, app);
        known->repository = made->set->repository;
        known->manifest = made->set->manifest;
        known->set = made->set;
        --*n_left;
    }
    return f->n_applications != before;
}

static void settle(struct facts *f)
{
    facts_index_applications(f);
    facts_find_kustomized(f);
}

static void add_rounds(struct facts *f, size_t *n_left)
{
    bool more = true;

    for (unsigned round = 0; more && round < ROUNDS_MAX; round++) {
        bool replaced = replace_patched(f);

        if (replaced)
            settle(f);
        more = add_rendered(f, n_left) || replaced;
        (void)facts_find_rendered_sets(f);
        /* What was just added is not in the index that add_made() asks. */
        if (more)
            settle(f);
        if (add_made(f, n_left)) {
            settle(f);
            more = true;
        }
    }
    if (more || !*n_left)
        facts_add_note(f, xstrdup("Applications"),
                       xstrdup("they render one another so deep, or so many, that not all of them "
                               "are known"));
}

static int by_identity(const void *a, const void *b)
{
    const struct made_application *x = &(*(struct made_fact *const *)a)->made;
    const struct made_application *y = &(*(struct made_fact *const *)b)->made;
    int order = identity_cmp(&x->app->id, &y->app->id);

    if (order || !x->set->manifest || !y->set->manifest)
        return order ? order : (x->set->manifest == NULL) - (y->set->manifest == NULL);
    order = strcmp(x->set->manifest->file, y->set->manifest->file);
    return order ? order
                 : (x->set->manifest->line > y->set->manifest->line) -
                       (x->set->manifest->line < y->set->manifest->line);
}

const struct known_set *facts_set_making(const struct facts *f, const struct identity *app,
                                         const char *file, unsigned line)
{
    size_t from = 0;
    size_t to = f->n_made;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (identity_cmp(&f->made[middle]->app->id, app) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < f->n_made && identity_eq(&f->made[from]->app->id, app); from++) {
        const struct manifest *m = f->made[from]->made.set->manifest;

        if (m && m->line == line && strcmp(m->file, file) == 0)
            return f->made[from]->made.set;
    }
    return NULL;
}

static void add_all(struct facts *f, bool definitions_apply)
{
    size_t n_left = EFFECTIVE_MAX;

    /* What counts first comes first. */
    if (!definitions_apply)
        (void)facts_find_live_sets(f);
    add_rounds(f, &n_left);
    if (!definitions_apply)
        return;
    if (facts_find_defined_sets(f))
        add_rounds(f, &n_left);
    if (facts_find_live_sets(f))
        add_rounds(f, &n_left);
}

void facts_add_effective(struct facts *f, bool definitions_apply)
{
    f->budget = (struct expansion_budget){
        .work = EXPANSION_MAX_WORK,
        .bytes = SET_FILL_MAX_BYTES,
        .applications = EXPANSION_MAX_APPLICATIONS,
    };
    add_all(f, definitions_apply);
    if (f->n_made)
        qsort(f->made, f->n_made, sizeof(void *), by_identity);
}
