/* Names, namespaces, labels and annotations of all objects of a level. */
#include "base/json.h"
#include "base/mem.h"
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

static void move_holes(struct level *l, struct str namespace)
{
    struct items *t = &l->build->items;
    size_t n = t->n_holes;

    for (size_t i = l->first_hole; i < n; i++) {
        split_hole(t, i);
        if (!t->holes[i].others)
            t->holes[i].namespace = output_keep(t->output, namespace);
        else if (str_is(t->holes[i].kind, "Namespace"))
            t->holes[i].prefix = output_keep(t->output, namespace);
        else if (t->holes[i].kind.n)
            t->holes[i].namespace = STR("");
    }
}

void level_set_namespace(struct level *l, struct str namespace, bool unset_only)
{
    struct items *t = &l->build->items;

    if (!namespace.n || level_has_failed(l) || is_too_long(l, namespace))
        return;
    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        struct item *item = &t->list[i];

        items_store_previous(item);
        switch (items_is_cluster_scoped(&item->id, item->version)) {
        case TRI_NO:
            if (!unset_only || !item->id.namespace.n)
                items_set_namespace(t, item, namespace);
            break;
        case TRI_YES:
            /* field specs of builtinpluginconsts/namespace.go: a Namespace takes that name */
            if (identity_is_kind(&item->id, "", "Namespace") && !unset_only)
                items_set_name(t, item, namespace);
            break;
        case TRI_NOT_KNOWN:
            items_open(t, item, KEEPS_KIND);
            break;
        }
    }
    items_sweep(t, l->first);
    if (!unset_only)
        move_holes(l, namespace);
    level_check_repeated(l);
}

static void rename_all(struct level *l, struct str prefix, struct str suffix)
{
    struct items *t = &l->build->items;

    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        struct item *item = &t->list[i];
        AUTO(freep) char *name = NULL;

        if (keeps_name(item))
            continue;
        name = xasprintf("%.*s%.*s%.*s", STR_ARG(prefix), STR_ARG(item->id.name), STR_ARG(suffix));
        if (is_too_long(l, str_from(name)))
            return;
        items_store_previous(item);
        items_set_name(t, item, str_from(name));
    }
    rename_holes(l, prefix, suffix);
}

void level_add_prefix(struct level *l, struct str prefix)
{
    if (prefix.n && !level_has_failed(l) && !is_too_long(l, prefix))
        rename_all(l, prefix, STR(""));
}

void level_add_suffix(struct level *l, struct str suffix)
{
    if (suffix.n && !level_has_failed(l) && !is_too_long(l, suffix))
        rename_all(l, STR(""), suffix);
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

void level_set_map(struct level *l, const char *member, const json_t *pairs)
{
    struct items *t = &l->build->items;
    const char *key;
    json_t *value;

    if (level_has_failed(l) || !json_object_size(pairs))
        return;
    json_object_foreach(json_unconst(pairs), key, value)
    {
        if (!is_plain_text(key))
            level_may_fail(l, "gives %s the key %s", member, quote(str_from(key)).text);
    }
    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        json_t *map = items_own_map(&t->list[i], member);

        json_object_foreach(json_unconst(pairs), key, value)(void) json_object_set(map, key, value);
    }
}

/* Further fields that a label is to be written to: only metadata can matter, or be missing. */
static void check_fields(struct level *l, const json_t *fields)
{
    size_t index;
    json_t *field;

    json_array_foreach(fields, index, field)
    {
        if (!str_starts(json_str_at(field, "path"), STR("spec/")))
            level_anything(l, "has labels with fields of their own");
        else
            level_may_fail(l, "has labels with fields of their own");
    }
}

void level_labels(struct level *l)
{
    size_t index;
    json_t *label;

    json_array_foreach(json_object_get(l->document, "labels"), index, label)
    {
        level_set_map(l, "labels", json_object_get(label, "pairs"));
        check_fields(l, json_object_get(label, "fields"));
    }
    level_set_map(l, "labels", json_object_get(l->document, "commonLabels"));
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
    if (!found)
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

/* Argo CD adds those of the Application to the top kustomization's. */
static bool has_images(const struct level *l)
{
    const json_t *options = l->build->render->request->source->kustomize;

    return json_array_size(json_object_get(l->document, "images")) ||
           (l->build->depth == 1 && json_array_size(json_object_get(options, "images")));
}

void level_images(struct level *l)
{
    struct items *t = &l->build->items;

    if (level_has_failed(l) || !has_images(l))
        return;
    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        const struct item *item = &t->list[i];
        AUTO(json_unrefp)
        json_t *whole =
            item->object ? json_incref(item->object) : kustomize_shape_whole(item->manifest);

        doubt_shape(l, item, kustomize_shape_odd_for_images(whole));
    }
}
