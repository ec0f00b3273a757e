/* tracking_method.c: how this Argo CD marks its objects, as far as it can be known. */
#include "base/json.h"
#include "facts/internal.h"

static bool says_the_same(const struct argocd_cm *a, const struct argocd_cm *b)
{
    return str_eq(a->method, b->method) && str_eq(a->label_key, b->label_key) &&
           str_eq(a->installation_id, b->installation_id);
}

/* What some Application renders into Argo CD's namespace. differ: set where several do not agree;
 * then NULL. */
static struct argocd_cm *find_rendered(const struct facts *f, const struct identity *id,
                                       bool *differ)
{
    struct argocd_cm *first = NULL;
    const struct renderer *by;

    for (size_t i = 0; (by = facts_renderer(f, id, i)); i++) {
        struct argocd_cm *cm;

        if (facts_is_this_cluster(f, &by->application->app->destination) != TRI_YES)
            continue;
        cm = argocd_cm_parse(by->rendered->manifest->object);
        *differ = *differ || (first && !says_the_same(first, cm));
        if (first)
            argocd_cm_free(cm);
        else
            first = cm;
    }
    if (*differ) {
        argocd_cm_free(first);
        first = NULL;
    }
    return first;
}

/* The live one counts before what is rendered: that may not have been synced. */
static struct argocd_cm *find_argocd_cm(const struct facts *f, bool *differ)
{
    struct identity id = {
        .group = STR(""),
        .kind = STR("ConfigMap"),
        .namespace = str_from(f->settings->argocd.namespace),
        .name = STR("argocd-cm"),
    };
    const struct cluster *c = facts_cluster(f);
    const struct cluster_object *live =
        c ? cluster_find(c, CLUSTER_CONFIG_MAP, id.namespace, id.name) : NULL;

    return live ? argocd_cm_parse(live->object) : find_rendered(f, &id, differ);
}

/* Anybody may write an annotation onto an object of their own: it tells only where the Application
 * that it names certainly renders the object, or on an Application in Argo CD's own namespace,
 * where others write nothing. */
static bool is_honest(const struct facts *f, const struct cluster_object *o, struct str instance)
{
    const struct renderer *by;

    if (identity_is_kind(&o->id, GROUP_ARGOPROJ, "Application") &&
        str_is(o->id.namespace, f->settings->argocd.namespace))
        return facts_instance(f, instance, 0) != NULL;
    for (size_t i = 0; (by = facts_renderer(f, &o->id, i)); i++)
        if (tracking_instance_is(instance, str_from(f->settings->argocd.namespace),
                                 &by->application->app->id))
            return true;
    return false;
}

/* Whether a live object bears a tracking-id that names the object itself and an Application that is
 * there: copies and leftovers of others do not tell. */
static bool bears_id(const struct facts *f, const struct cluster_object *o)
{
    const struct tracking t = {.method = TRACKING_ANNOTATION};
    const struct marks marks = marks_read(json_object_get(o->object, "metadata"));
    bool self;
    struct str instance = tracking_instance(&t, &marks, &o->id, &self);

    return instance.n && self && is_honest(f, o, instance);
}

static bool live_objects_bear_ids(const struct facts *f)
{
    static const enum cluster_kind kinds[] = {CLUSTER_APPLICATION, CLUSTER_EXTERNAL_SECRET,
                                              CLUSTER_SECRET};
    const struct cluster *c = facts_cluster(f);

    for (size_t k = 0; c && k < ARRAY_LEN(kinds); k++)
        for (size_t i = 0; i < cluster_n_objects(c, kinds[k]); i++)
            if (bears_id(f, cluster_object_at(c, kinds[k], i)))
                return true;
    return false;
}

static bool method_of(struct str text, enum tracking_method *out)
{
    if (str_is(text, "label"))
        *out = TRACKING_LABEL;
    else if (str_is(text, "annotation"))
        *out = TRACKING_ANNOTATION;
    else if (str_is(text, "annotation+label"))
        *out = TRACKING_ANNOTATION_AND_LABEL;
    else
        return false;
    return true;
}

/* An unknown string acts as the default, which changed in 3.0 (reference/argocd.md 4.1). */
static bool method_by_version(const struct facts *f, enum tracking_method *out)
{
    enum tri since_3 = facts_version_at_least(f, 3, 0);

    if (since_3 == TRI_NOT_KNOWN)
        return false;
    *out = since_3 == TRI_YES ? TRACKING_ANNOTATION : TRACKING_LABEL;
    return true;
}

/* cm: NULL where none is known. */
static bool known_method(const struct facts *f, const struct argocd_cm *cm, bool differ,
                         enum tracking_method *out, const char **why)
{
    switch (f->settings->argocd.tracking) {
    case TRACKING_SETTING_LABEL:
        *out = TRACKING_LABEL;
        return true;
    case TRACKING_SETTING_ANNOTATION:
        *out = TRACKING_ANNOTATION;
        return true;
    case TRACKING_SETTING_ANNOTATION_AND_LABEL:
        *out = TRACKING_ANNOTATION_AND_LABEL;
        return true;
    case TRACKING_SETTING_AUTO:
        break;
    }
    if (cm) {
        if (method_of(cm->method, out) || method_by_version(f, out))
            return true;
        *out = TRACKING_ANNOTATION;
        if (live_objects_bear_ids(f))
            return true;
        *why = "argocd-cm does not set application.resourceTrackingMethod and argocd.version is "
               "not configured";
        return false;
    }
    *why = differ ? "several Applications render an argocd-cm and they differ"
                  : "argocd-cm was not found and argocd.tracking is not configured";
    return false;
}

static void add(struct tracking_facts *t, enum tracking_method method, struct str key,
                struct str installation_id)
{
    t->hypotheses[t->n++] = (struct tracking){method, key, installation_id};
}

void facts_find_tracking(struct facts *f, bool assume_label)
{
    struct tracking_facts *t = &f->tracking;
    bool differ = false;
    struct argocd_cm *cm = find_argocd_cm(f, &differ);
    struct str configured_key = str_from(f->settings->argocd.instance_label_key);
    struct str installation_id = str_from(f->settings->argocd.installation_id);
    struct str keys[2] = {STR(LABEL_INSTANCE_ARGOCD), STR(LABEL_INSTANCE_KUBERNETES)};
    size_t n_keys = 2;
    enum tracking_method method = TRACKING_LABEL;
    bool known = known_method(f, cm, differ, &method, &t->why);

    f->argocd_cm = cm;
    if (configured_key.n) {
        keys[0] = configured_key;
        n_keys = 1;
    } else if (cm) {
        keys[0] = cm->label_key.n ? cm->label_key : STR(LABEL_INSTANCE_KUBERNETES);
        n_keys = 1;
    }
    if (!installation_id.n && cm)
        installation_id = cm->installation_id;
    if (!known && assume_label) {
        known = true;
        method = TRACKING_LABEL;
        t->assumed = true;
    }
    if (!known || method == TRACKING_LABEL)
        for (size_t i = 0; i < n_keys; i++)
            add(t, TRACKING_LABEL, keys[i], installation_id);
    if (!known)
        add(t, TRACKING_ANNOTATION, keys[0], installation_id);
    else if (method != TRACKING_LABEL)
        add(t, method, keys[0], installation_id);
    if (t->n > 1 && !t->why)
        t->why = "the label key of Argo CD's tracking is not known";
}

const struct argocd_cm *facts_argocd_cm(const struct facts *f)
{
    return f->argocd_cm;
}
