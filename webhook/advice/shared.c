/* shared.c: one resource that two Applications render into one cluster. */
#include "advice/internal.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Objects compared: 100 MB of them. Past it nothing more is told. */
enum { SHARED_OBJECTS_MAX = 1000000 };
enum { SHARED_SHOWN = 3 };

/* The namespace that Argo CD fills in says nothing where there is none. */
static bool is_cluster_scoped(const struct identity *id)
{
    static const char *const kinds[][2] = {
        {"", "Namespace"},
        {"", "PersistentVolume"},
        {"rbac.authorization.k8s.io", "ClusterRole"},
        {"rbac.authorization.k8s.io", "ClusterRoleBinding"},
        {"apiextensions.k8s.io", "CustomResourceDefinition"},
        {"apiregistration.k8s.io", "APIService"},
        {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
        {"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
        {"storage.k8s.io", "StorageClass"},
        {"scheduling.k8s.io", "PriorityClass"},
        {"networking.k8s.io", "IngressClass"},
        {"cert-manager.io", "ClusterIssuer"},
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (identity_is_kind(id, kinds[i][0], kinds[i][1]))
            return true;
    return false;
}

/* The cluster as it is written; one spelling for that of Argo CD itself. */
static struct str cluster_of(const struct facts *f, const struct application *app)
{
    const struct destination *d = &app->destination;
    struct str server = d->server;

    if (facts_is_this_cluster(f, d) == TRI_YES)
        return STR("in-cluster");
    while (server.n && server.p[server.n - 1] == '/')
        server.n--;
    return server.n ? server : d->name;
}

/* One object of one Application. */
struct shared {
    struct identity id;
    struct str cluster;
    const struct known_application *app;
    const struct manifest *manifest;
};

struct comparison {
    const struct facts *f;
    struct output **outputs; /* what `items` borrows from */
    struct shared *items;
    size_t n;
    size_t capacity;
};

static void add_output(struct comparison *c, const struct known_application *known,
                       const struct output *o)
{
    struct str cluster = cluster_of(c->f, known->app);

    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : o->sources[i].rendering;

        for (size_t k = 0; r && k < r->n_objects && c->n < SHARED_OBJECTS_MAX; k++) {
            const struct rendered *object = &r->objects[k];

            if (object->hook || object->hook_skip)
                continue;
            c->items = xgrow(c->items, c->n, &c->capacity, sizeof *c->items);
            c->items[c->n] = (struct shared){object->id, cluster, known, object->manifest};
            if (is_cluster_scoped(&object->id))
                c->items[c->n].id.namespace = STR("");
            c->n++;
        }
    }
}

static bool fails(const struct output *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sources[i].rendering && o->sources[i].rendering->state == RENDER_FAILS)
            return true;
    return false;
}

static void collect(struct comparison *c)
{
    size_t n = facts_n_applications(c->f);

    c->outputs = xcalloc(n, sizeof *c->outputs);
    for (size_t i = 0; i < n; i++) {
        const struct known_application *known = facts_application(c->f, i);

        if (!advice_is_certain(known) || known->app->hydrated || c->n == SHARED_OBJECTS_MAX ||
            !cluster_of(c->f, known->app).n)
            continue;
        c->outputs[i] = facts_render(c->f, known->app);
        if (!fails(c->outputs[i]))
            add_output(c, known, c->outputs[i]);
    }
}

static int by_object(const void *left, const void *right)
{
    const struct shared *a = left;
    const struct shared *b = right;
    int order = identity_cmp(&a->id, &b->id);

    if (!order)
        order = str_cmp(a->cluster, b->cluster);
    return order ? order : (a->app > b->app) - (a->app < b->app);
}

static bool same_folder(const struct known_application *a, const struct known_application *b)
{
    const char *x = strrchr(a->manifest->file, '/');
    const char *y = strrchr(b->manifest->file, '/');

    return a->repository == b->repository &&
           str_eq(str_sub(str_from(a->manifest->file), 0, x ? (size_t)(x - a->manifest->file) : 0),
                  str_sub(str_from(b->manifest->file), 0, y ? (size_t)(y - b->manifest->file) : 0));
}

/*
 * A repository for several environments defines Applications that look alike and never meet: each
 * environment has an Argo CD of its own, whose cluster all of them call by one name. Two that one
 * Application renders meet; so do two of one folder, where nothing known renders either.
 */
static bool do_meet(const struct facts *f, const struct known_application *a,
                    const struct known_application *b)
{
    const struct renderer *x;
    const struct renderer *y;
    bool is_rendered = facts_renderer(f, &a->app->id, 0) || facts_renderer(f, &b->app->id, 0);

    for (size_t i = 0; (x = facts_renderer(f, &a->app->id, i)); i++)
        for (size_t k = 0; (y = facts_renderer(f, &b->app->id, k)); k++)
            if (x->application == y->application)
                return true;
    return !is_rendered && same_folder(a, b);
}

/* One object that two Applications share. */
struct meeting {
    const struct shared *a;
    const struct shared *b;
};

struct meetings {
    struct meeting *items;
    size_t n;
    size_t capacity;
};

static bool same_object(const struct shared *a, const struct shared *b)
{
    return identity_eq(&a->id, &b->id) && str_eq(a->cluster, b->cluster);
}

/* Sorted, the objects of one identity stand together; each further Application is told of beside
 * the first that it meets. */
static struct meetings find_meetings(const struct comparison *c)
{
    struct meetings m = {0};
    const struct shared *first = c->items;

    for (size_t i = 1; i < c->n; i++) {
        const struct shared *next = &c->items[i];

        if (!same_object(first, next)) {
            first = next;
        } else if (next->app != next[-1].app &&
                   !identity_eq(&first->app->app->id, &next->app->app->id)) {
            m.items = xgrow(m.items, m.n, &m.capacity, sizeof *m.items);
            m.items[m.n++] = (struct meeting){first, next};
        }
    }
    return m;
}

static int by_number(uintptr_t a, uintptr_t b)
{
    return (a > b) - (a < b);
}

/* By the two Applications, then as the objects are sorted. */
static int by_pair(const void *left, const void *right)
{
    const struct meeting *x = left;
    const struct meeting *y = right;
    int order = by_number((uintptr_t)x->a->app, (uintptr_t)y->a->app);

    if (!order)
        order = by_number((uintptr_t)x->b->app, (uintptr_t)y->b->app);
    return order ? order : by_number((uintptr_t)x->b, (uintptr_t)y->b);
}

static void put_application(struct buf *out, const struct known_application *known)
{
    advice_put_id(out, &known->app->id);
    buf_adds(out, " (");
    text_field(out, str_from(known->manifest->file));
    buf_printf(out, ":%u)", known->manifest->line);
}

static void put_object(struct buf *out, const struct shared *s)
{
    text_field(out, s->id.kind);
    buf_addc(out, ' ');
    if (s->id.namespace.n)
        advice_put_id(out, &s->id);
    else
        text_field(out, s->id.name);
    buf_adds(out, " (");
    text_field(out, str_from(s->manifest->file));
    buf_printf(out, ":%u)", s->manifest->line);
}

/* All that two Applications share. */
static void tell(const struct meeting *all, size_t n, struct advice_list *out)
{
    const struct known_application *a = all->a->app;
    const struct known_application *b = all->b->app;
    struct buf message;
    struct buf about;

    buf_init(&about, ADVICE_MAX);
    advice_put_id(&about, &a->app->id);
    buf_addc(&about, ' ');
    advice_put_id(&about, &b->app->id);
    buf_init(&message, ADVICE_MAX);
    buf_adds(&message, "Applications ");
    put_application(&message, a);
    buf_adds(&message, " and ");
    put_application(&message, b);
    buf_adds(&message, " both render ");
    for (size_t i = 0; i < n && i < SHARED_SHOWN; i++) {
        buf_adds(&message, i == 0 ? "" : i + 1 == n ? " and " : ", ");
        put_object(&message, all[i].b);
    }
    if (n > SHARED_SHOWN)
        buf_printf(&message, " and %zu more", n - SHARED_SHOWN);
    buf_printf(&message,
               ": Argo CD calls that a SharedResourceWarning, and each sync takes %s from the "
               "other. Leave %s to one of the two",
               n == 1 ? "it" : "them", n == 1 ? "it" : "them");
    advice_add(out, ADVICE_SHARED_RESOURCE, b->manifest->file, b->manifest->line, &about, &message);
}

static void tell_all(const struct facts *f, struct meetings *m, struct advice_list *out)
{
    if (m->n)
        qsort(m->items, m->n, sizeof *m->items, by_pair);
    for (size_t first = 0, end; first < m->n; first = end) {
        const struct meeting *pair = &m->items[first];

        for (end = first + 1; end < m->n && m->items[end].a->app == pair->a->app &&
                              m->items[end].b->app == pair->b->app;)
            end++;
        if (do_meet(f, pair->a->app, pair->b->app))
            tell(pair, end - first, out);
    }
}

void advise_shared(const struct facts *f, struct advice_list *out)
{
    struct comparison c = {.f = f};
    struct meetings meetings;

    collect(&c);
    if (c.n)
        qsort(c.items, c.n, sizeof *c.items, by_object);
    meetings = find_meetings(&c);
    tell_all(f, &meetings, out);
    free(meetings.items);
    free(c.items);
    for (size_t i = 0; i < facts_n_applications(f); i++)
        output_free(c.outputs[i]);
    free(c.outputs);
}
