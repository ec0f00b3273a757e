/* live.c: the ExternalSecrets and Secrets that are known, from the cluster and what is rendered. */
#include "base/json.h"
#include "base/mem.h"
#include "facts/internal.h"
#include <stdlib.h>

/* Takes over `es`. */
static struct external_secret_fact *add(struct facts *f, struct external_secret *es,
                                        const struct renderer *renderer)
{
    struct external_secret_fact *fact = xcalloc(1, sizeof *fact);

    f->external_secrets = xgrow(f->external_secrets, f->n_external_secrets,
                                &f->capacity_external_secrets, sizeof(void *));
    fact->order = f->n_external_secrets;
    f->external_secrets[f->n_external_secrets++] = fact;
    fact->es = es;
    fact->known = (struct known_external_secret){es, renderer};
    fact->target = (struct identity){
        .group = STR(""),
        .kind = STR("Secret"),
        .namespace = es->id.namespace,
        .name = es->targets_secret ? es->target_name : STR(""),
    };
    return fact;
}

static void add_live(struct facts *f, const struct cluster *c)
{
    for (size_t i = 0; i < cluster_n_objects(c, CLUSTER_EXTERNAL_SECRET); i++) {
        const struct cluster_object *o = cluster_object_at(c, CLUSTER_EXTERNAL_SECRET, i);
        struct external_secret *es;
        struct err err = {0};

        /* The cluster keeps none that cannot be parsed. */
        if (external_secret_parse(o->object, STR_NONE, STR_NONE, &es, &err))
            (void)add(f, es, NULL);
    }
}

/*
 * The ExternalSecret that a ClusterExternalSecret stamps into a namespace: labels and annotations
 * of spec.externalSecretMetadata alone, and an owner (external-secrets.md 2.5). False where the
 * live one is known, which says more.
 */
static void add_stamped(struct facts *f, const struct cluster *c, const struct cluster_object *ces,
                        struct str namespace)
{
    const json_t *spec = json_object_at(ces->object, "spec");
    const json_t *metadata = json_object_at(spec, "externalSecretMetadata");
    struct str own_name = json_str_at(spec, "externalSecretName");
    struct str name = own_name.n ? own_name : ces->id.name;
    AUTO(json_unrefp) json_t *object = NULL;
    struct external_secret *es;
    struct err err = {0};

    if (cluster_find(c, CLUSTER_EXTERNAL_SECRET, namespace, name))
        return;
    object = json_pack("{s:s, s:s, s:{s:s%, s:s%, s:O*, s:O*, s:[{s:s, s:s%}]}, s:O*}",
                       "apiVersion", "external-secrets.io/v1", "kind", "ExternalSecret", "metadata",
                       "name", name.p, name.n, "namespace", namespace.p, namespace.n, "labels",
                       json_object_at(metadata, "labels"), "annotations",
                       json_object_at(metadata, "annotations"), "ownerReferences", "kind",
                       "ClusterExternalSecret", "name", ces->id.name.p, ces->id.name.n, "spec",
                       json_object_at(spec, "externalSecretSpec"));
    if (object && external_secret_parse(object, STR_NONE, STR_NONE, &es, &err))
        (void)add(f, es, NULL);
}

/* Which namespaces a selector would choose is not known; those it was stamped into are. */
static void add_cluster_external_secrets(struct facts *f, const struct cluster *c)
{
    for (size_t i = 0; i < cluster_n_objects(c, CLUSTER_CLUSTER_EXTERNAL_SECRET); i++) {
        const struct cluster_object *ces = cluster_object_at(c, CLUSTER_CLUSTER_EXTERNAL_SECRET, i);
        const json_t *status = json_object_at(ces->object, "status");
        const json_t *namespaces = json_array_at(status, "provisionedNamespaces");

        for (size_t k = 0; k < json_array_size(namespaces); k++) {
            struct str namespace = json_view(json_array_get(namespaces, k));

            if (namespace.n)
                add_stamped(f, c, ces, namespace);
        }
    }
}

/* What known Applications render and is not live yet, or not known to be. */
static void add_rendered(struct facts *f, const struct cluster *c)
{
    for (size_t i = 0; i < f->n_renderers; i++) {
        const struct renderer *by = &f->renderers[i];
        const struct identity *id = &by->rendered->id;
        struct external_secret *es;
        struct err err = {0};

        if (!identity_is_kind(id, GROUP_EXTERNAL_SECRETS, "ExternalSecret") || by->rendered->hook ||
            (c && cluster_find(c, CLUSTER_EXTERNAL_SECRET, id->namespace, id->name)))
            continue;
        if (external_secret_parse(by->rendered->manifest->object, id->namespace, id->name, &es,
                                  &err))
            (void)add(f, es, by);
    }
}

static int by_target(const void *a, const void *b)
{
    const struct external_secret_fact *x = *(const struct external_secret_fact *const *)a;
    const struct external_secret_fact *y = *(const struct external_secret_fact *const *)b;
    int order = identity_cmp(&x->target, &y->target);

    if (!order)
        order =
            (y->es->creation_policy == CREATION_OWNER) - (x->es->creation_policy == CREATION_OWNER);
    if (!order)
        order = identity_cmp(&x->es->id, &y->es->id);
    if (order)
        return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void index_targets(struct facts *f)
{
    f->by_target = xcalloc(f->n_external_secrets, sizeof(void *));
    for (size_t i = 0; i < f->n_external_secrets; i++)
        if (f->external_secrets[i]->target.name.n)
            f->by_target[f->n_by_target++] = f->external_secrets[i];
    if (f->n_by_target)
        qsort(f->by_target, f->n_by_target, sizeof(void *), by_target);
}

static void add_mark(struct facts *f, struct str instance, const struct external_secret_fact *fact)
{
    for (size_t i = f->n_marked; i > 0 && f->marked[i - 1].item == &fact->known; i--)
        if (str_eq(f->marked[i - 1].name, instance))
            return;
    f->marked = xgrow(f->marked, f->n_marked, &f->capacity_marked, sizeof *f->marked);
    f->marked[f->n_marked++] = (struct named){instance, &fact->known, fact->order};
}

/* Both its own marks and its template's, under every hypothesis: rules look closer. */
static void index_marks(struct facts *f)
{
    for (size_t i = 0; i < f->n_external_secrets; i++) {
        const struct external_secret_fact *fact = f->external_secrets[i];
        const struct marks *sides[] = {&fact->es->marks, &fact->es->template_marks};

        if (fact->known.renderer)
            continue; /* marks in a file are the author's to write */
        for (size_t t = 0; t < f->tracking.n; t++)
            for (size_t k = 0; k < ARRAY_LEN(sides); k++) {
                bool self;
                struct str instance =
                    tracking_instance(&f->tracking.hypotheses[t], sides[k], &fact->es->id, &self);

                if (instance.n)
                    add_mark(f, instance, fact);
            }
    }
    facts_sort_named(f->marked, f->n_marked);
}

/* Whoever exports Secrets means the protected ones first: one that is missing was renamed, deleted,
 * or left out by a list of another namespace. */
static void note_missing_protected(struct facts *f)
{
    for (size_t i = 0; f->n_secrets && i < f->settings->n_protected; i++) {
        const struct protected_secret *p = &f->settings->protected_secrets[i];
        const struct identity id = {
            .group = STR(""),
            .kind = STR("Secret"),
            .namespace = str_from(p->namespace),
            .name = str_from(p->name),
        };

        if (!facts_secret(f, &id))
            facts_add_note(f, xstrdup("cluster"),
                           xasprintf("Secret %s/%s is protected, and is not among the live Secrets "
                                     "that were seen",
                                     p->namespace, p->name));
    }
}

void facts_find_live(struct facts *f)
{
    const struct cluster *c = facts_cluster(f);

    if (c) {
        add_live(f, c);
        add_cluster_external_secrets(f, c);
        f->n_secrets = cluster_n_objects(c, CLUSTER_SECRET);
        f->secrets = xcalloc(f->n_secrets, sizeof(void *));
        for (size_t i = 0; i < f->n_secrets; i++)
            f->secrets[i] = secret_parse(cluster_object_at(c, CLUSTER_SECRET, i)->object);
    }
    note_missing_protected(f);
    add_rendered(f, c);
    index_targets(f);
    index_marks(f);
}

void facts_clear_live(struct facts *f)
{
    for (size_t i = 0; i < f->n_external_secrets; i++) {
        external_secret_free(f->external_secrets[i]->es);
        free(f->external_secrets[i]);
    }
    free(f->external_secrets);
    for (size_t i = 0; i < f->n_secrets; i++)
        secret_free(f->secrets[i]);
    free(f->secrets);
    free(f->by_target);
    free(f->marked);
}

const struct known_external_secret *
facts_external_secret_on(const struct facts *f, const struct identity *secret, size_t i)
{
    size_t from = 0;
    size_t to = f->n_by_target;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (identity_cmp(&f->by_target[middle]->target, secret) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < f->n_by_target && identity_eq(&f->by_target[from]->target, secret); from++) {
        const struct known_external_secret *known = &f->by_target[from]->known;

        if ((!known->renderer || facts_renderer_holds(known->renderer)) && i-- == 0)
            return known;
    }
    return NULL;
}

const struct known_external_secret *facts_external_secret_of(const struct facts *f,
                                                             struct str instance, size_t i)
{
    return facts_find_named(f->marked, f->n_marked, instance, i);
}

bool facts_secret_is_absent(const struct facts *f, const struct identity *id)
{
    const struct cluster *c = facts_cluster(f);

    if (!c || !cluster_is_complete(c, CLUSTER_SECRET) || facts_secret(f, id))
        return false;
    /* A list may have been taken of one namespace alone. */
    for (size_t i = 0; i < f->n_secrets; i++)
        if (str_eq(f->secrets[i]->id.namespace, id->namespace))
            return true;
    return false;
}

const struct secret *facts_secret(const struct facts *f, const struct identity *id)
{
    size_t from = 0;
    size_t to = f->n_secrets;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = identity_cmp(&f->secrets[middle]->id, id);

        if (order == 0)
            return f->secrets[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}
