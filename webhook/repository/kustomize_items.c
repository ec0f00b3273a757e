#include "repository/kustomize_items.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/tracking.h"
#include "repository/kustomize_shape.h"
#include "repository/quote.h"
#include <stdlib.h>
#include <string.h>

static void item_clear(struct item *item)
{
    json_decref(item->object);
    json_decref(item->labels);
    json_decref(item->annotations);
    free(item->previous);
}

void items_clear(struct items *t)
{
    for (size_t i = 0; i < t->n; i++)
        item_clear(&t->list[i]);
    free(t->list);
    free(t->holes);
}

bool items_work(struct items *t)
{
    if (t->work_left) {
        t->work_left--;
        return true;
    }
    output_partial(t->output, "its kustomizations take too many steps");
    if (!t->may_fail)
        items_add_hole(t);
    t->may_fail = true;
    return false;
}

static struct str version_of(const json_t *object)
{
    struct str text = json_str_at(object, "apiVersion");
    size_t slash = str_find_char(text, '/');

    return slash < text.n ? str_sub(text, slash + 1, text.n) : text;
}

static struct item *append(struct items *t)
{
    t->list = xgrow(t->list, t->n, &t->capacity, sizeof *t->list);
    t->list[t->n] = (struct item){0};
    return &t->list[t->n++];
}

void items_add(struct items *t, const struct manifest *manifest)
{
    struct item *item = append(t);

    item->manifest = manifest;
    item->id = manifest->id;
    item->version = version_of(manifest->object);
}

void items_add_generated(struct items *t, json_t *object, bool gains_hash)
{
    struct item *item = append(t);

    item->object = object;
    item->gains_hash = gains_hash;
    (void)items_reread(t, item);
}

static struct open_end *append_hole(struct items *t)
{
    t->holes = xgrow(t->holes, t->n_holes, &t->holes_capacity, sizeof *t->holes);
    t->holes[t->n_holes] = (struct open_end){0};
    return &t->holes[t->n_holes++];
}

static void widen(struct open_end *hole)
{
    *hole = (struct open_end){.argoproj = true, .external_secrets = true, .others = true};
}

void items_add_hole(struct items *t)
{
    widen(append_hole(t));
}

void items_add_hole_but_argoproj(struct items *t)
{
    *append_hole(t) = (struct open_end){.external_secrets = true, .others = true};
}

bool items_may_gain_hash(const struct identity *id)
{
    return identity_is_kind(id, "", "ConfigMap") || identity_is_kind(id, "", "Secret");
}

static struct open_end hole_of(const struct item *item)
{
    return output_open_end(&item->id);
}

void items_widen_hole(struct open_end *hole, enum item_keeps keeps)
{
    if (keeps == KEEPS_NOTHING) {
        widen(hole);
    } else if (keeps == KEEPS_KIND) {
        hole->prefix = hole->suffix = hole->namespace = STR("");
        hole->is_whole_name = false;
    }
}

void items_open(struct items *t, struct item *item, enum item_keeps keeps)
{
    struct open_end *hole = append_hole(t);

    *hole = hole_of(item);
    items_widen_hole(hole,
                     item->gains_hash && !items_may_gain_hash(&item->id) ? KEEPS_NOTHING : keeps);
    if (item->gains_hash)
        hole->is_whole_name = false;
    item->gone = true;
}

void items_open_all(struct items *t, size_t first, size_t first_hole)
{
    for (size_t i = first; i < t->n; i++)
        t->list[i].gone = true;
    items_sweep(t, first);
    t->n_holes = first_hole;
    items_add_hole(t);
}

void items_sweep(struct items *t, size_t first)
{
    size_t kept = first;

    for (size_t i = first; i < t->n; i++) {
        if (t->list[i].gone)
            item_clear(&t->list[i]);
        else
            t->list[kept++] = t->list[i];
    }
    t->n = kept;
}

/* kyaml/openapi, precomputedIsNamespaceScoped: what it says is outside namespaces. */
static const struct {
    const char *group;
    const char *versions; /* between blanks */
    const char *kind;
} cluster_scoped[] = {
    {"admissionregistration.k8s.io", " v1 v1beta1 ", "MutatingWebhookConfiguration"},
    {"admissionregistration.k8s.io", " v1 v1beta1 ", "ValidatingWebhookConfiguration"},
    {"apiextensions.k8s.io", " v1 v1beta1 ", "CustomResourceDefinition"},
    {"apiregistration.k8s.io", " v1 v1beta1 ", "APIService"},
    {"certificates.k8s.io", " v1 v1beta1 ", "CertificateSigningRequest"},
    {"flowcontrol.apiserver.k8s.io", " v1beta1 ", "FlowSchema"},
    {"flowcontrol.apiserver.k8s.io", " v1beta1 ", "PriorityLevelConfiguration"},
    {"networking.k8s.io", " v1 v1beta1 ", "IngressClass"},
    {"node.k8s.io", " v1 v1beta1 ", "RuntimeClass"},
    {"policy", " v1beta1 ", "PodSecurityPolicy"},
    {"rbac.authorization.k8s.io", " v1 v1beta1 ", "ClusterRole"},
    {"rbac.authorization.k8s.io", " v1 v1beta1 ", "ClusterRoleBinding"},
    {"scheduling.k8s.io", " v1 v1beta1 ", "PriorityClass"},
    {"storage.k8s.io", " v1 v1beta1 ", "CSIDriver"},
    {"storage.k8s.io", " v1 v1beta1 ", "CSINode"},
    {"storage.k8s.io", " v1 v1beta1 ", "StorageClass"},
    {"storage.k8s.io", " v1 v1beta1 ", "VolumeAttachment"},
    {"", " v1 ", "ComponentStatus"},
    {"", " v1 ", "Namespace"},
    {"", " v1 ", "Node"},
    {"", " v1 ", "NodeProxyOptions"},
    {"", " v1 ", "PersistentVolume"},
};

enum tri items_is_cluster_scoped(const struct identity *id, struct str version)
{
    enum tri answer = TRI_NO;

    /* without apiVersion it is none of Kubernetes' own */
    for (size_t i = 0; version.n && i < ARRAY_LEN(cluster_scoped); i++) {
        AUTO(freep) char *shown = NULL;

        if (!identity_is_kind(id, cluster_scoped[i].group, cluster_scoped[i].kind))
            continue;
        shown = xasprintf(" %.*s ", STR_ARG(version));
        if (strstr(cluster_scoped[i].versions, shown))
            return TRI_YES;
        answer = TRI_NOT_KNOWN; /* its schema of Kubernetes may have that version */
    }
    return answer;
}

bool items_has_schema(const struct identity *id)
{
    static const char *const groups[] = {
        "", "apps", "batch", "autoscaling", "extensions", "policy", "kustomize.config.k8s.io"};

    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (str_is(id->group, groups[i]))
            return true;
    return str_ends(id->group, STR(".k8s.io"));
}

struct str items_namespace(const struct identity *id, struct str version)
{
    if (items_is_cluster_scoped(id, version) == TRI_YES)
        return STR("_non_namespaceable_");
    return id->namespace.n ? id->namespace : STR("default");
}

static void set_text(json_t *object, const char *key, struct str text)
{
    if (text.n)
        (void)json_object_set_new(object, key, json_stringn(text.p, text.n));
    else
        (void)json_object_del(object, key);
}

static json_t *metadata_of(json_t *object)
{
    json_t *metadata = json_object_at(object, "metadata");

    if (!metadata) {
        (void)json_object_set_new(object, "metadata", json_object());
        metadata = json_object_at(object, "metadata");
    }
    return metadata;
}

json_t *items_own(struct item *item)
{
    json_t *metadata;

    if (item->object)
        return item->object;
    item->object = kustomize_shape_whole(item->manifest);
    metadata = metadata_of(item->object);
    set_text(metadata, "name", item->id.name);
    set_text(metadata, "namespace", item->id.namespace);
    if (item->labels)
        (void)json_object_set_new(metadata, "labels", steal(&item->labels));
    if (item->annotations)
        (void)json_object_set_new(metadata, "annotations", steal(&item->annotations));
    return item->object;
}

json_t *items_whole(const struct item *item)
{
    return item->object ? json_incref(item->object) : kustomize_shape_whole(item->manifest);
}

static bool is_usable(const json_t *value)
{
    struct str text = json_view(value);

    return text.n && !memchr(text.p, '\0', text.n) && str_find_char(text, ',') == text.n &&
           !kustomize_shape_is_open(value);
}

bool items_reread(struct items *t, struct item *item)
{
    const json_t *object = item->object;
    const json_t *metadata = json_object_get(object, "metadata");
    const json_t *namespace = json_value_at(metadata, "namespace");
    struct identity id;

    if (!identity_read(object, &id) || !is_usable(json_object_get(object, "kind")) ||
        !is_usable(json_object_get(metadata, "name")) ||
        (namespace && json_string_length(namespace) && !is_usable(namespace)) ||
        (namespace && !json_is_string(namespace)) ||
        (json_object_get(object, "apiVersion") &&
         !is_usable(json_object_get(object, "apiVersion"))))
        return false;
    if (str_eq(id.name, item->id.name) && identity_eq(&id, &item->id) &&
        str_eq(version_of(object), item->version))
        return true;
    item->id = (struct identity){
        .group = output_keep(t->output, id.group),
        .kind = output_keep(t->output, id.kind),
        .namespace = output_keep(t->output, id.namespace),
        .name = output_keep(t->output, id.name),
    };
    item->version = output_keep(t->output, version_of(object));
    return true;
}

static const json_t *map_of(const struct item *item, const char *member, const json_t *own)
{
    const json_t *object = item->object ? item->object : item->manifest->object;

    return !item->object && own ? own : json_object_at(json_object_at(object, "metadata"), member);
}

const json_t *items_labels(const struct item *item)
{
    return map_of(item, "labels", item->labels);
}

const json_t *items_annotations(const struct item *item)
{
    return map_of(item, "annotations", item->annotations);
}

json_t *items_own_map(struct item *item, const char *member)
{
    json_t **own = strcmp(member, "labels") == 0 ? &item->labels : &item->annotations;
    json_t *metadata;

    if (!item->object) {
        if (!*own)
            *own = json_deep_copy(map_of(item, member, NULL));
        if (!*own)
            *own = json_object();
        return *own;
    }
    metadata = metadata_of(item->object);
    if (!json_object_at(metadata, member))
        (void)json_object_set_new(metadata, member, json_object());
    return json_object_at(metadata, member);
}

void items_change(struct item *item)
{
    item->changed = item->vague = true;
}

void items_set_name(struct items *t, struct item *item, struct str name)
{
    item->id.name = output_keep(t->output, name);
    if (item->object)
        set_text(metadata_of(item->object), "name", name);
}

void items_set_namespace(struct items *t, struct item *item, struct str namespace)
{
    item->id.namespace = output_keep(t->output, namespace);
    if (item->object)
        set_text(metadata_of(item->object), "namespace", namespace);
}

void items_store_previous(struct item *item)
{
    item->previous =
        xgrow(item->previous, item->n_previous, &item->previous_capacity, sizeof *item->previous);
    item->previous[item->n_previous++] =
        (struct previous){items_namespace(&item->id, item->version), item->id.name, item->id.kind};
}

bool items_had_id(const struct item *item, const struct identity *id, struct str version)
{
    struct str namespace = items_namespace(id, version);

    if (!str_eq(item->id.group, id->group) || !str_eq(item->version, version))
        return false;
    if (str_eq(item->id.name, id->name) && str_eq(item->id.kind, id->kind) &&
        str_eq(items_namespace(&item->id, item->version), namespace))
        return true;
    for (size_t i = 0; i < item->n_previous; i++)
        if (str_eq(item->previous[i].name, id->name) && str_eq(item->previous[i].kind, id->kind) &&
            str_eq(item->previous[i].namespace, namespace))
            return true;
    return false;
}

static int by_identity(const void *a, const void *b)
{
    const struct item *x = *(const struct item *const *)a;
    const struct item *y = *(const struct item *const *)b;
    int order = str_cmp(x->id.name, y->id.name);

    if (!order)
        order = str_cmp(x->id.kind, y->id.kind);
    if (!order)
        order = str_cmp(x->id.group, y->id.group);
    if (!order)
        order = str_cmp(x->version, y->version);
    return order
               ? order
               : str_cmp(items_namespace(&x->id, x->version), items_namespace(&y->id, y->version));
}

/* kustomize itself leaves out what bears this annotation (resource factory, DropLocalNodes). */
static bool is_local_config(const struct item *item)
{
    const json_t *value =
        json_object_get(items_annotations(item), "config.kubernetes.io/local-config");

    return value && !str_is(json_view(value), "false");
}

static bool may_part_from(const struct item *item)
{
    return item->gains_hash || is_local_config(item);
}

const struct item *items_find_repeated(struct items *t, size_t first, bool *may_part)
{
    size_t n = t->n - first;
    AUTO(freep) const struct item **sorted = xcalloc(n + 1, sizeof(const struct item *));

    for (size_t i = 0; i < n; i++) {
        if (!items_work(t))
            return NULL;
        sorted[i] = &t->list[first + i];
    }
    qsort(sorted, n, sizeof(const struct item *), by_identity);
    for (size_t i = 1; i < n; i++)
        if (by_identity(&sorted[i - 1], &sorted[i]) == 0) {
            *may_part = may_part_from(sorted[i - 1]) || may_part_from(sorted[i]);
            return sorted[i];
        }
    return NULL;
}

static bool is_mark(const char *key)
{
    struct str name = str_from(key);

    return str_starts(name, STR("argocd.argoproj.io/")) || str_starts(name, STR("helm.sh/")) ||
           str_is(name, LABEL_INSTANCE_KUBERNETES) || str_starts(name, STR("syncguard.dev/"));
}

/* Whether something that rules read of an object is another than its manifest says. */
static bool differs_in_marks(const json_t *is, const json_t *was)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_unconst(is), key, value)
    {
        if (is_mark(key) && kustomize_shape_is_open(value))
            return true;
        if (is_mark(key) &&
            !(json_object_get(was, key) && json_equal(json_object_get(was, key), value)))
            return true;
    }
    json_object_foreach(json_unconst(was), key, value)
    {
        if (is_mark(key) && !json_object_get(is, key))
            return true;
    }
    return false;
}

static bool is_hook_open(const struct item *item)
{
    const json_t *annotations = items_annotations(item);
    const json_t *hook = json_object_get(annotations, ANNOTATION_HOOK);
    const json_t *helm = json_object_get(annotations, ANNOTATION_HELM_HOOK);

    return (hook && (!json_is_string(hook) || kustomize_shape_is_open(hook))) ||
           (helm && (!json_is_string(helm) || kustomize_shape_is_open(helm)));
}

static bool has_other_marks(const struct item *item)
{
    const json_t *metadata = json_object_at(item->manifest->object, "metadata");

    return differs_in_marks(items_labels(item), json_object_at(metadata, "labels")) ||
           differs_in_marks(items_annotations(item), json_object_at(metadata, "annotations"));
}

/* The whole of an Application that was changed, where every value of it is known. */
static json_t *known_object(struct items *t, const struct item *item)
{
    if (!item->changed || item->vague || !item->object ||
        !identity_is_kind(&item->id, GROUP_ARGOPROJ, "Application") ||
        json_object_get(item->object, SHAPE_ANYTHING) ||
        kustomize_shape_is_open(json_object_get(item->object, "spec")))
        return NULL;
    return output_keep_object(t->output, item->object);
}

static void finish_item(struct items *t, const struct item *item)
{
    struct marks marks = {.labels = items_labels(item), .annotations = items_annotations(item)};
    struct open_end hole;

    if (is_local_config(item))
        return;
    /* An Application's marks are read here; of other objects the manifest's are */
    if (item->manifest && !t->may_fail && !is_hook_open(item) &&
        (str_is(item->id.group, GROUP_ARGOPROJ) || !has_other_marks(item))) {
        output_add_as(t->output, &(struct rendered){
                                     .id = item->id,
                                     .manifest = item->manifest,
                                     .hook = marks_is_hook(&marks),
                                     .hook_skip = marks_is_hook_skip(&marks),
                                     .changed = item->changed,
                                     .object = known_object(t, item),
                                 });
        return;
    }
    hole = hole_of(item);
    if (item->gains_hash) {
        AUTO(freep) char *name = xasprintf("%.*s-", STR_ARG(item->id.name));

        hole.prefix = output_keep(t->output, str_from(name));
        hole.is_whole_name = false;
    }
    output_partial(t->output, "labels or annotations that matter are given to %s %s",
                   quote(item->id.kind).text, quote(item->id.name).text);
    output_add_open_end(t->output, &hole);
}

void items_finish(struct items *t)
{
    if (t->n_holes)
        output_partial(t->output, "its kustomizations give names in ways that are not followed");
    for (size_t i = 0; i < t->n_holes; i++)
        output_add_open_end(t->output, &t->holes[i]);
    for (size_t i = 0; i < t->n; i++)
        finish_item(t, &t->list[i]);
}
