/* What of a kustomization changes the meaning of the rest: configurations, openapi, crds,
 * validators, vars. */
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_schema.h"
#include "repository/kustomize_text.h"
#include "repository/source_type.h"
#include <string.h>

/* What kustomize's own configuration has that others are merged with
 * (api/internal/konfig/builtinpluginconsts): one path with another `create` is refused. */
static const struct {
    const char *key;
    const char *path;
    bool creates;
} defaults[] = {
    {"images", "spec/containers[]/image", true},
    {"images", "spec/initContainers[]/image", true},
    {"images", "spec/volumes[]/image/reference", true},
    {"images", "spec/template/spec/containers[]/image", true},
    {"images", "spec/template/spec/initContainers[]/image", true},
    {"images", "spec/template/spec/volumes[]/image/reference", true},
    {"replicas", "spec/replicas", true},
    {"namePrefix", "metadata/name", false},
    {"nameSuffix", "metadata/name", false},
    {"namespace", "metadata/name", true},
    {"namespace", "spec/service/namespace", true},
    {"commonLabels", "metadata/labels", true},
    {"commonLabels", "spec/selector", true},
    {"commonLabels", "spec/selector/matchLabels", true},
    {"commonLabels", "spec/template/metadata/labels", true},
    {"commonAnnotations", "metadata/annotations", true},
    {"commonAnnotations", "spec/template/metadata/annotations", true},
};

/* Whether one of the two kinds of the field specs includes the other. */
static bool overlap(const json_t *a, const json_t *b)
{
    static const char *const members[] = {"group", "version", "kind"};

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct str x = json_str_at(a, members[i]);
        struct str y = json_str_at(b, members[i]);

        if (x.n && y.n && !str_eq(x, y))
            return false;
    }
    return true;
}

static bool creates(const json_t *spec)
{
    return json_bool_at(spec, "create", false);
}

/* Of a kind of its own it conflicts with nothing of kustomize's. */
static bool is_of_own_kind(const json_t *spec)
{
    struct identity id = {json_str_at(spec, "group"), json_str_at(spec, "kind"), STR(""), STR("")};

    return id.kind.n &&
           (id.group.n
                ? !items_has_schema(&id)
                : !str_is(id.kind, "Deployment") && !str_is(id.kind, "ReplicaSet") &&
                      !str_is(id.kind, "StatefulSet") && !str_is(id.kind, "ReplicationController"));
}

static bool conflicts(const struct build *b, const char *key, const json_t *spec)
{
    struct str path = json_str_at(spec, "path");
    size_t index;
    json_t *known;

    for (size_t i = 0; !is_of_own_kind(spec) && i < ARRAY_LEN(defaults); i++)
        if (strcmp(key, defaults[i].key) == 0 && str_is(path, defaults[i].path) &&
            creates(spec) != defaults[i].creates)
            return true;
    json_array_foreach(b->fields, index, known)
    {
        const json_t *other = json_object_get(known, "spec");

        if (str_is(json_str_at(known, "key"), key) && str_eq(json_str_at(other, "path"), path) &&
            overlap(spec, other) && creates(spec) != creates(other))
            return true;
    }
    return false;
}

/* Whether kustomize has it already, or what it names changes nothing that is asked for. */
static bool says_nothing(const char *key, const json_t *spec)
{
    enum field field = kustomize_field(spec);

    if (strcmp(key, "namePrefix") == 0 || strcmp(key, "nameSuffix") == 0)
        return field == FIELD_NAME && kustomize_field_is_for_all(spec) && !creates(spec);
    if (strcmp(key, "namespace") == 0)
        return field == FIELD_NAMESPACE && creates(spec);
    if (strcmp(key, "commonLabels") == 0)
        return field == FIELD_LABELS && kustomize_field_is_for_all(spec) && creates(spec);
    return strcmp(key, "commonAnnotations") == 0 && field == FIELD_ANNOTATIONS &&
           kustomize_field_is_for_all(spec) && creates(spec);
}

static void add_field(struct level *l, const char *key, json_t *spec)
{
    struct build *b = l->build;

    if (conflicts(b, key, spec))
        level_may_fail(l, "has configurations of which two speak of %s",
                       quote(json_str_at(spec, "path")).text);
    if (says_nothing(key, spec))
        return;
    if (kustomize_field(spec) == FIELD_OTHER) {
        if (!b->fields)
            b->fields = json_array();
        (void)json_array_append_new(b->fields, json_pack("{s:s, s:O}", "key", key, "spec", spec));
        return;
    }
    level_anything(l, "has configurations that speak of %s", quote(json_str_at(spec, "path")).text);
    b->has_odd_fields = true;
}

static void add_list(struct level *l, const char *key, const json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (!items_work(&l->build->items))
            return;
        if (strcmp(key, "nameReference") == 0 && json_object_get(entry, "fieldSpecs"))
            add_list(l, "nameReference of", json_object_get(entry, "fieldSpecs"));
        else if (strcmp(key, "nameReference") != 0)
            add_field(l, key, entry);
    }
}

static void read_configuration(struct level *l, const json_t *document)
{
    AUTO(json_unrefp) json_t *copy = json_deep_copy(document);
    AUTO(freep) char *why = NULL;
    const char *key;
    json_t *list;
    enum tri known = TRI_NOT_KNOWN;

    if (json_is_object(copy))
        known = kustomize_schema_check_as(SCHEMA_CONFIGURATION, copy, &why);
    if (known == TRI_NO && str_starts(str_from(why), STR("has the unknown field"))) {
        level_fails(l, "names a configuration that %s", why);
        return;
    }
    if (known != TRI_YES) { /* a number where a text belongs is taken for one */
        level_anything(l, "names a configuration that is not followed");
        l->build->has_odd_fields = true;
        return;
    }
    json_object_foreach(copy, key, list) add_list(l, key, list);
}

static void read_configurations(struct level *l)
{
    size_t index;
    json_t *path;

    json_array_foreach(json_object_get(l->document, "configurations"), index, path)
    {
        const json_t *documents = level_has_failed(l) ? NULL : level_documents(l, path);

        if (!documents)
            continue;
        if (kustomize_text_says_nothing(documents)) {
            level_may_fail(l, "names a configuration that says nothing");
        } else if (json_array_size(documents) > 1) {
            level_anything(l, "names a configuration that is not followed");
            l->build->has_odd_fields = true;
        } else {
            read_configuration(l, json_array_get(documents, 0));
        }
    }
}

/* A schema of one's own takes the place of Kubernetes' own: it says how lists are merged. Of kinds
 * in it that have no namespace, none is of ours. */
static void read_openapi(struct level *l)
{
    const json_t *openapi = json_object_get(l->document, "openapi");
    const json_t *path = json_object_get(openapi, "path");

    if (!json_object_size(openapi))
        return;
    l->build->has_schema = true;
    if (!json_string_length(path) || json_object_size(openapi) > 1)
        level_may_fail(l, "uses openapi");
    else if (str_contains(json_view(path), STR("://")))
        level_partial(l, "uses the schema %s", quote_reference(json_view(path)).text);
    else
        (void)level_has_file(l, json_view(path));
}

void level_settings(struct level *l)
{
    static const char *const may_fail[] = {"crds", "validators"};

    read_openapi(l);
    read_configurations(l);
    for (size_t i = 0; i < ARRAY_LEN(may_fail); i++)
        if (!source_is_empty_value(json_object_get(l->document, may_fail[i])))
            level_may_fail(l, "uses %s", may_fail[i]);
}

/* What a var refers to, by group, version and kind. */
struct reference {
    struct identity id;
    struct str version;
};

static struct reference read_reference(const json_t *objref)
{
    struct str version = json_str_at(objref, "apiVersion");
    size_t slash = str_find_char(version, '/');
    struct reference r = {
        .id = {json_str_at(objref, "group"), json_str_at(objref, "kind"),
               json_str_at(objref, "namespace"), json_str_at(objref, "name")},
        .version = json_str_at(objref, "version"),
    };

    if (version.n) {
        r.id.group = slash < version.n ? str_sub(version, 0, slash) : STR("");
        r.version = slash < version.n ? str_sub(version, slash + 1, version.n) : version;
    }
    return r;
}

/* Without a namespace it stands for those of all namespaces. With one it is for no object of a kind
 * that has none: kustomize takes every var's kind for one that has. */
static bool is_meant(const struct item *item, const struct reference *r)
{
    if (r->id.namespace.n)
        return items_is_cluster_scoped(&item->id, item->version) != TRI_YES &&
               items_had_id(item, &r->id, r->version);
    if (!str_eq(item->id.group, r->id.group) || !str_eq(item->version, r->version))
        return false;
    if (str_eq(item->id.name, r->id.name) && str_eq(item->id.kind, r->id.kind))
        return true;
    for (size_t i = 0; i < item->n_previous; i++)
        if (str_eq(item->previous[i].name, r->id.name) &&
            str_eq(item->previous[i].kind, r->id.kind))
            return true;
    return false;
}

/* Its object is found by what was said of it at this level, and its field in the end. */
static void check_var(struct level *l, const json_t *var)
{
    struct items *t = &l->build->items;
    struct reference r = read_reference(json_object_get(var, "objref"));
    struct str path = json_str_at(json_object_get(var, "fieldref"), "fieldPath");
    struct str name = json_str_at(var, "name");
    struct item *found = NULL;
    AUTO(json_unrefp) json_t *whole = NULL;
    json_t *value = NULL;

    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        if (!is_meant(&t->list[i], &r))
            continue;
        if (found) {
            level_fails(l, "has the var %s, which fits several objects", quote(name).text);
            return;
        }
        found = &t->list[i];
    }
    if (!found) {
        level_misses(l, "the var", r.id.name);
        return;
    }
    found->has_var = true;
    whole = items_whole(found);
    if (level_look_up(whole, path.n ? path : STR("metadata.name"), &value) != TRI_YES ||
        json_is_object(value) || json_is_array(value))
        level_may_fail(l, "has the var %s, whose field is not kept", quote(name).text);
}

void level_vars(struct level *l)
{
    size_t index;
    json_t *var;

    json_array_foreach(json_object_get(l->document, "vars"), index, var)
    {
        AUTO(freep) char *name = xstrndup(json_str_at(var, "name"));

        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        if (!l->build->vars)
            l->build->vars = json_object();
        if (!*name || json_object_get(l->build->vars, name))
            level_may_fail(l, "has two vars of one name");
        (void)json_object_set_new(l->build->vars, name, json_true());
        check_var(l, var);
    }
}

static bool is_selected(const struct build *b, const struct item *item)
{
    size_t index;
    json_t *field;

    json_array_foreach(b->fields, index, field)
    {
        if (kustomize_field_selects(json_object_get(field, "spec"), &item->id, item->version))
            return true;
    }
    return false;
}

/* What the transformer of that key needs to find. */
static enum field_type type_of(struct str key)
{
    static const char *const scalars[] = {"namespace", "images", "replicas", "namePrefix",
                                          "nameSuffix"};

    for (size_t i = 0; i < ARRAY_LEN(scalars); i++)
        if (str_is(key, scalars[i]))
            return FIELD_IS_SCALAR;
    /* a reference that is a mapping needs a name */
    if (str_starts(key, STR("nameReference")))
        return FIELD_IS_SCALAR;
    return str_is(key, "varReference") ? FIELD_IS_ANYTHING : FIELD_IS_MAPPING;
}

static void check_fields(struct build *b, struct item *item)
{
    AUTO(json_unrefp) json_t *whole = items_whole(item);
    size_t index;
    json_t *field;

    items_change(item);
    json_array_foreach(b->fields, index, field)
    {
        const json_t *spec = json_object_get(field, "spec");

        if (!kustomize_field_selects(spec, &item->id, item->version) ||
            kustomize_field_changes(whole, spec, type_of(json_str_at(field, "key"))) !=
                TRI_NOT_KNOWN)
            continue;
        output_partial(b->items.output, "configurations speak of %s, which %s %s may not take",
                       quote(json_str_at(spec, "path")).text, quote(item->id.kind).text,
                       quote(item->id.name).text);
        b->items.may_fail = true;
    }
}

void build_settings_end(struct build *b)
{
    struct items *t = &b->items;

    if (output_has_failed(t->output))
        return;
    if (b->has_odd_fields)
        items_open_all(t, 0, 0);
    for (size_t i = 0; json_array_size(b->fields) && i < t->n && items_work(t); i++)
        if (is_selected(b, &t->list[i]))
            check_fields(b, &t->list[i]);
}
