/* Names, namespaces, labels and annotations of all objects of a level. */
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_fields.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_shape.h"
#include "repository/source_type.h"
#include <string.h>

/* A name is at most 253 bytes (Kubernetes, object names); it must not grow without end here. */
enum { NAMING_MAX_BYTES = 253 };

static bool is_too_long(struct level *l, struct str text)
{
    if (text.n <= NAMING_MAX_BYTES && (!text.n || !memchr(text.p, '\0', text.n)))
        return false;
    level_anything(l, "makes names longer than 253 bytes");
    return true;
}

/* Kinds whose names kustomize leaves alone (PrefixTransformer.go, prefixFieldSpecsToSkip): by the
 * kind that the object had at first. */
static bool keeps_name(const struct item *item)
{
    struct str kind = item->n_previous ? item->previous[0].kind : item->id.kind;

    return str_is(kind, "CustomResourceDefinition") || str_is(kind, "Namespace") ||
           (str_is(kind, "APIService") && str_is(item->id.group, "apiregistration.k8s.io"));
}

/* A hash is appended in the end, behind every suffix. */
static bool may_gain_hash(const struct open_end *hole)
{
    return hole->others && items_may_gain_hash(&(struct identity){.kind = hole->kind});
}

static void rename_hole(struct level *l, struct open_end *hole, struct str prefix,
                        struct str suffix)
{
    struct items *t = &l->build->items;
    struct str end = hole->is_whole_name ? STR("") : hole->suffix;
    AUTO(freep)
    char *start = xasprintf("%.*s%.*s%.*s", STR_ARG(prefix), STR_ARG(hole->prefix),
                            STR_ARG(hole->is_whole_name ? suffix : STR("")));
    AUTO(freep) char *last = xasprintf("%.*s%.*s", STR_ARG(end), STR_ARG(suffix));

    if (strlen(start) > NAMING_MAX_BYTES || strlen(last) > NAMING_MAX_BYTES)
        return;
    hole->prefix = output_keep(t->output, str_from(start));
    if (!hole->is_whole_name && !may_gain_hash(hole))
        hole->suffix = output_keep(t->output, str_from(last));
}

static bool is_kind_of_fixed_name(struct str kind)
{
    return str_is(kind, "CustomResourceDefinition") || str_is(kind, "Namespace") ||
           str_is(kind, "APIService");
}

/* Of other groups there are kinds that keep their names, or have no namespace: apart from our two,
 * of which all are renamed and moved. */
static void split_hole(struct items *t, size_t index)
{
    struct open_end rest = t->holes[index];

    if (!rest.others || (!rest.argoproj && !rest.external_secrets))
        return;
    rest.argoproj = rest.external_secrets = false;
    t->holes[index].others = false;
    t->holes = xgrow(t->holes, t->n_holes, &t->holes_capacity, sizeof *t->holes);
    t->holes[t->n_holes++] = rest;
}

static void rename_holes(struct level *l, struct str prefix, struct str suffix)
{
    struct items *t = &l->build->items;
    size_t n = t->n_holes;

    for (size_t i = l->first_hole; i < n; i++) {
        split_hole(t, i);
        if (!t->holes[i].others || (t->holes[i].kind.n && !is_kind_of_fixed_name(t->holes[i].kind)))
            rename_hole(l, &t->holes[i], prefix, suffix);
    }
}

/* Which of them are meant is not known. */
static void forget_names_of_holes(struct level *l)
{
    for (size_t i = l->first_hole; i < l->build->items.n_holes; i++) {
        struct open_end *hole = &l->build->items.holes[i];

        hole->prefix = hole->suffix = STR("");
        hole->is_whole_name = false;
    }
}

static void move_hole(struct items *t, struct open_end *hole, struct str namespace)
{
    hole->namespace = output_keep(t->output, namespace);
    hole->any_namespace = false;
}

/* A Namespace of v1 takes the name, others keep theirs. */
static void move_holes(struct level *l, struct str namespace)
{
    struct items *t = &l->build->items;
    size_t n = t->n_holes;

    for (size_t i = l->first_hole; i < n; i++) {
        split_hole(t, i);
        if (!t->holes[i].others)
            move_hole(t, &t->holes[i], namespace);
        else if (str_is(t->holes[i].kind, "Namespace"))
            items_widen_hole(&t->holes[i], KEEPS_KIND);
        else if (t->holes[i].kind.n)
            t->holes[i].namespace = STR("");
    }
}

void level_set_namespace(struct level *l, struct str namespace, enum namespace_how how)
{
    struct items *t = &l->build->items;

    if (!namespace.n || level_has_failed(l) || is_too_long(l, namespace))
        return;
    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        struct item *item = &t->list[i];

        items_store_previous(item);
        switch (items_is_cluster_scoped(&item->id, item->version)) {
        case TRI_NO:
            if (how != NAMESPACE_UNSET_ONLY || !item->id.namespace.n)
                items_set_namespace(t, item, namespace);
            break;
        case TRI_YES:
            /* field specs of builtinpluginconsts/namespace.go: a Namespace takes that name */
            if (identity_is_kind(&item->id, "", "Namespace") && how == NAMESPACE_AND_ITS_OBJECT)
                items_set_name(t, item, namespace);
            break;
        case TRI_NOT_KNOWN:
            items_open(t, item, KEEPS_KIND);
            break;
        }
    }
    items_sweep(t, l->first);
    if (how != NAMESPACE_UNSET_ONLY)
        move_holes(l, namespace);
    level_check_repeated(l);
}

/* A kind is asked for by what the object was at first. */
static bool is_for(const json_t *spec, const struct item *item)
{
    struct identity id = item->id;

    if (item->n_previous)
        id.kind = item->previous[0].kind;
    return kustomize_field_selects(spec, &id, item->version);
}

void level_rename(struct level *l, const json_t *spec, struct str prefix, struct str suffix)
{
    struct items *t = &l->build->items;

    if (level_has_failed(l) || (!prefix.n && !suffix.n) || is_too_long(l, prefix) ||
        is_too_long(l, suffix))
        return;
    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        struct item *item = &t->list[i];
        AUTO(freep) char *name = NULL;

        if (keeps_name(item) || !is_for(spec, item))
            continue;
        name = xasprintf("%.*s%.*s%.*s", STR_ARG(prefix), STR_ARG(item->id.name), STR_ARG(suffix));
        if (is_too_long(l, str_from(name)))
            return;
        items_store_previous(item);
        /* the filter that writes the name asks for what the object is now */
        if (kustomize_field_selects(spec, &item->id, item->version))
            items_set_name(t, item, str_from(name));
    }
    if (kustomize_field_is_for_all(spec))
        rename_holes(l, prefix, suffix);
    else
        forget_names_of_holes(l);
}

/* kustomize writes a key plainly, and refuses in the end what YAML takes for no text then. */
static bool is_plain_text(const char *key)
{
    static const char *const others[] = {"y",    "n",     "yes",  "no", "on", "off",
                                         "true", "false", "null", "~",  ""};

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (str_eq_nocase(str_from(key), str_from(others[i])))
            return false;
    return !strchr("0123456789+-.", *key);
}

/* null among texts is "" to Go. */
static void set_pairs(json_t *map, const json_t *pairs)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_unconst(pairs), key, value)
    {
        if (json_is_null(value))
            (void)json_object_set_new(map, key, json_string(""));
        else
            (void)json_object_set(map, key, value);
    }
}

static void check_keys(struct level *l, const char *member, const json_t *pairs)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_unconst(pairs), key, value)
    {
        if (!is_plain_text(key))
            level_may_fail(l, "gives %s the key %s", member, quote(str_from(key)).text);
    }
}

static void set_map_of(struct level *l, const char *member, const json_t *spec, const json_t *pairs)
{
    struct items *t = &l->build->items;
    bool creates = json_bool_at(spec, "create", false);
    bool is_labels = strcmp(member, "labels") == 0;

    check_keys(l, member, pairs);
    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        struct item *item = &t->list[i];

        /* where kustomize keeps notes of its own, there are annotations */
        bool is_there = is_labels
                            ? items_labels(item) != NULL
                            : items_annotations(item) || item->n_previous || l->build->annotates;

        if (kustomize_field_selects(spec, &item->id, item->version) && (creates || is_there))
            set_pairs(items_own_map(item, member), pairs);
    }
}

void level_change_fields(struct level *l, const json_t *spec, enum field_type type)
{
    struct items *t = &l->build->items;

    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        struct item *item = &t->list[i];
        AUTO(json_unrefp) json_t *whole = NULL;

        if (!kustomize_field_selects(spec, &item->id, item->version))
            continue;
        whole = items_whole(item);
        switch (kustomize_field_changes(whole, spec, type)) {
        case TRI_YES:
            items_change(item);
            break;
        case TRI_NO:
            break;
        case TRI_NOT_KNOWN:
            level_may_fail(l, "writes to %s of %s %s, which may not take it",
                           quote(json_str_at(spec, "path")).text, quote(item->id.kind).text,
                           quote(item->id.name).text);
            items_change(item);
            break;
        }
    }
}

void level_set_map(struct level *l, const json_t *specs, const json_t *pairs)
{
    size_t index;
    json_t *spec;

    if (!json_object_size(pairs))
        return;
    json_array_foreach(specs, index, spec)
    {
        if (level_has_failed(l))
            return;
        switch (kustomize_field(spec)) {
        case FIELD_LABELS:
            set_map_of(l, "labels", spec, pairs);
            break;
        case FIELD_ANNOTATIONS:
            set_map_of(l, "annotations", spec, pairs);
            break;
        case FIELD_OTHER:
            level_change_fields(l, spec, FIELD_IS_MAPPING);
            break;
        default:
            level_anything(l, "writes labels or annotations to %s",
                           quote(json_str_at(spec, "path")).text);
            break;
        }
    }
}

static void set_whole(struct level *l, const char *path, const json_t *pairs)
{
    AUTO(json_unrefp) json_t *specs = json_pack("[{s:s, s:b}]", "path", path, "create", 1);

    level_set_map(l, specs, pairs);
}

void level_labels(struct level *l)
{
    size_t index;
    json_t *label;

    json_array_foreach(json_object_get(l->document, "labels"), index, label)
    {
        set_whole(l, "metadata/labels", json_object_get(label, "pairs"));
        level_set_map(l, json_object_get(label, "fields"), json_object_get(label, "pairs"));
    }
    set_whole(l, "metadata/labels", json_object_get(l->document, "commonLabels"));
}

void level_annotations(struct level *l)
{
    set_whole(l, "metadata/annotations", json_object_get(l->document, "commonAnnotations"));
}

/* builtinpluginconsts/replicas.go. */
static bool has_replicas(struct str kind)
{
    return str_is(kind, "Deployment") || str_is(kind, "ReplicationController") ||
           str_is(kind, "ReplicaSet") || str_is(kind, "StatefulSet");
}

static bool is_or_was(const struct item *item, struct str name)
{
    if (str_eq(item->id.name, name) && has_replicas(item->id.kind))
        return true;
    for (size_t i = 0; i < item->n_previous; i++)
        if (str_eq(item->previous[i].name, name) && has_replicas(item->previous[i].kind))
            return true;
    return false;
}

/* Configurations may name further kinds. */
static bool has_replicas_elsewhere(const struct build *b)
{
    size_t index;
    json_t *field;

    json_array_foreach(b->fields, index, field)
    {
        if (str_is(json_str_at(field, "key"), "replicas"))
            return true;
    }
    return false;
}

/* ReplicaCountTransformer.go refuses a name that nothing bears. */
static void count_replicas(struct level *l, struct str name)
{
    struct items *t = &l->build->items;
    bool found = false;

    for (size_t i = l->first; i < t->n && items_work(t); i++)
        if (is_or_was(&t->list[i], name)) {
            t->list[i].changed = true;
            found = true;
        }
    if (!found && has_replicas_elsewhere(l->build))
        level_may_fail(l, "has replicas for %s by configurations", quote(name).text);
    else if (!found)
        level_misses(l, "replicas", name);
}

void level_replicas(struct level *l)
{
    size_t index;
    json_t *entry;

    json_array_foreach(json_object_get(l->document, "replicas"), index, entry)
    {
        if (level_has_failed(l))
            return;
        count_replicas(l, json_str_at(entry, "name"));
    }
}

static void doubt_shape(struct level *l, const struct item *item, const char *why)
{
    if (why)
        level_may_fail(l, "yields %s %s, which %s", quote(item->id.kind).text,
                       quote(item->id.name).text, why);
}

void level_check_shape(struct level *l, const struct item *item)
{
    doubt_shape(l, item, kustomize_shape_odd(item->object, items_has_schema(&item->id)));
}

void level_check_images(struct level *l)
{
    struct items *t = &l->build->items;

    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        const struct item *item = &t->list[i];
        AUTO(json_unrefp) json_t *whole = items_whole(item);

        doubt_shape(l, item, kustomize_shape_odd_for_images(whole));
    }
}

/* Argo CD adds those of the Application to the top kustomization's. */
void level_images(struct level *l)
{
    const json_t *options = l->build->render->request->source->kustomize;

    if (!level_has_failed(l) &&
        (json_array_size(json_object_get(l->document, "images")) ||
         (l->build->depth == 1 && json_array_size(json_object_get(options, "images")))))
        level_check_images(l);
}
