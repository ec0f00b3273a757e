#include "repository/kustomize_schema.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/quote.h"
#include <stddef.h>

enum type {
    TYPE_STRING,
    TYPE_BOOL,
    TYPE_INTEGER,
    TYPE_STRINGS,
    TYPE_STRING_MAP,
    TYPE_BOOL_MAP,
    TYPE_ANY_MAP,
    TYPE_COMPILED, /* kustomize_text.h put something else there, or it is a text */
    TYPE_OBJECT,
    TYPE_OBJECTS,
};

/* A table ends with a row without name. */
struct member {
    const char *name;
    enum type type;
    const struct member *members; /* TYPE_OBJECT, TYPE_OBJECTS */
};

#define SELECTOR_MEMBERS                                                                           \
    {"group", TYPE_STRING, NULL}, {"version", TYPE_STRING, NULL}, {"kind", TYPE_STRING, NULL},     \
        {"name", TYPE_STRING, NULL},                                                               \
    {                                                                                              \
        "namespace", TYPE_STRING, NULL                                                             \
    }

static const struct member metadata[] = {
    {"name", TYPE_STRING, NULL},
    {"namespace", TYPE_STRING, NULL},
    {"labels", TYPE_STRING_MAP, NULL},
    {"annotations", TYPE_STRING_MAP, NULL},
    {NULL, 0, NULL},
};
static const struct member field_spec[] = {
    {"group", TYPE_STRING, NULL}, {"version", TYPE_STRING, NULL}, {"kind", TYPE_STRING, NULL},
    {"path", TYPE_STRING, NULL},  {"create", TYPE_BOOL, NULL},    {NULL, 0, NULL},
};
static const struct member label[] = {
    {"pairs", TYPE_STRING_MAP, NULL},
    {"includeSelectors", TYPE_BOOL, NULL},
    {"includeTemplates", TYPE_BOOL, NULL},
    {"fields", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member selector[] = {
    SELECTOR_MEMBERS,
    {"annotationSelector", TYPE_STRING, NULL},
    {"labelSelector", TYPE_STRING, NULL},
    {NULL, 0, NULL},
};
static const struct member patch[] = {
    {"path", TYPE_STRING, NULL},
    {"patch", TYPE_STRING, NULL},
    {"target", TYPE_OBJECT, selector},
    {"options", TYPE_BOOL_MAP, NULL},
    {NULL, 0, NULL},
};
static const struct member image[] = {
    {"name", TYPE_STRING, NULL},   {"newName", TYPE_STRING, NULL}, {"tagSuffix", TYPE_STRING, NULL},
    {"newTag", TYPE_STRING, NULL}, {"digest", TYPE_STRING, NULL},  {NULL, 0, NULL},
};
static const struct member field_options[] = {
    {"delimiter", TYPE_STRING, NULL},
    {"index", TYPE_INTEGER, NULL},
    {"encoding", TYPE_STRING, NULL},
    {"create", TYPE_BOOL, NULL},
    {NULL, 0, NULL},
};
static const struct member replacement_source[] = {
    SELECTOR_MEMBERS,
    {"fieldPath", TYPE_STRING, NULL},
    {"options", TYPE_OBJECT, field_options},
    {NULL, 0, NULL},
};
static const struct member replacement_target[] = {
    {"select", TYPE_OBJECT, selector},
    {"reject", TYPE_OBJECTS, selector},
    {"fieldPaths", TYPE_STRINGS, NULL},
    {"options", TYPE_OBJECT, field_options},
    {NULL, 0, NULL},
};
static const struct member replacement[] = {
    {"path", TYPE_STRING, NULL},
    {"source", TYPE_OBJECT, replacement_source},
    {"sourceValue", TYPE_STRING, NULL},
    {"targets", TYPE_OBJECTS, replacement_target},
    {NULL, 0, NULL},
};
static const struct member replica[] = {
    {"name", TYPE_STRING, NULL},
    {"count", TYPE_INTEGER, NULL},
    {NULL, 0, NULL},
};
static const struct member object_reference[] = {
    {"apiVersion", TYPE_STRING, NULL},
    SELECTOR_MEMBERS,
    {NULL, 0, NULL},
};
static const struct member field_reference[] = {
    {"fieldPath", TYPE_STRING, NULL},
    {NULL, 0, NULL},
};
static const struct member var[] = {
    {"name", TYPE_STRING, NULL},
    {"objref", TYPE_OBJECT, object_reference},
    {"fieldref", TYPE_OBJECT, field_reference},
    {NULL, 0, NULL},
};
static const struct member legacy_sort[] = {
    {"orderFirst", TYPE_STRINGS, NULL},
    {"orderLast", TYPE_STRINGS, NULL},
    {NULL, 0, NULL},
};
static const struct member sort_options[] = {
    {"order", TYPE_STRING, NULL},
    {"legacySortOptions", TYPE_OBJECT, legacy_sort},
    {NULL, 0, NULL},
};
static const struct member generator_options[] = {
    {"labels", TYPE_STRING_MAP, NULL},
    {"annotations", TYPE_STRING_MAP, NULL},
    {"disableNameSuffixHash", TYPE_BOOL, NULL},
    {"immutable", TYPE_BOOL, NULL},
    {NULL, 0, NULL},
};
#define GENERATOR_MEMBERS                                                                          \
    {"namespace", TYPE_STRING, NULL}, {"name", TYPE_STRING, NULL},                                 \
        {"behavior", TYPE_STRING, NULL}, {"literals", TYPE_STRINGS, NULL},                         \
        {"files", TYPE_STRINGS, NULL}, {"envs", TYPE_STRINGS, NULL}, {"env", TYPE_STRING, NULL},   \
    {                                                                                              \
        "options", TYPE_OBJECT, generator_options                                                  \
    }
static const struct member config_map[] = {GENERATOR_MEMBERS, {NULL, 0, NULL}};
static const struct member secret[] = {
    GENERATOR_MEMBERS,
    {"type", TYPE_STRING, NULL},
    {NULL, 0, NULL},
};
static const struct member helm_globals[] = {
    {"chartHome", TYPE_STRING, NULL},
    {"configHome", TYPE_STRING, NULL},
    {NULL, 0, NULL},
};
#define HELM_CHART_MEMBERS                                                                         \
    {"name", TYPE_STRING, NULL}, {"version", TYPE_STRING, NULL}, {"repo", TYPE_STRING, NULL},      \
        {"releaseName", TYPE_STRING, NULL}, {"namespace", TYPE_STRING, NULL},                      \
        {"additionalValuesFiles", TYPE_STRINGS, NULL}, {"valuesFile", TYPE_STRING, NULL},          \
        {"valuesInline", TYPE_ANY_MAP, NULL}, {"valuesMerge", TYPE_STRING, NULL},                  \
        {"includeCRDs", TYPE_BOOL, NULL}, {"skipHooks", TYPE_BOOL, NULL},                          \
        {"apiVersions", TYPE_STRINGS, NULL}, {"kubeVersion", TYPE_STRING, NULL},                   \
        {"nameTemplate", TYPE_STRING, NULL}, {"skipTests", TYPE_BOOL, NULL},                       \
        {"debug", TYPE_BOOL, NULL},                                                                \
    {                                                                                              \
        "devel", TYPE_BOOL, NULL                                                                   \
    }
static const struct member helm_chart[] = {HELM_CHART_MEMBERS, {NULL, 0, NULL}};
static const struct member inflation[] = {
    {"chartName", TYPE_STRING, NULL},     {"chartVersion", TYPE_STRING, NULL},
    {"chartRepoUrl", TYPE_STRING, NULL},  {"chartHome", TYPE_STRING, NULL},
    {"chartRepoName", TYPE_STRING, NULL}, {"helmBin", TYPE_STRING, NULL},
    {"helmHome", TYPE_STRING, NULL},      {"values", TYPE_STRING, NULL},
    {"valuesLocal", TYPE_ANY_MAP, NULL},  {"valuesMerge", TYPE_STRING, NULL},
    {"releaseName", TYPE_STRING, NULL},   {"releaseNamespace", TYPE_STRING, NULL},
    {"extraArgs", TYPE_STRINGS, NULL},    {NULL, 0, NULL},
};
static const struct member kustomization[] = {
    {"kind", TYPE_STRING, NULL},
    {"apiVersion", TYPE_STRING, NULL},
    {"metadata", TYPE_OBJECT, metadata},
    {"openapi", TYPE_STRING_MAP, NULL},
    {"namePrefix", TYPE_STRING, NULL},
    {"nameSuffix", TYPE_STRING, NULL},
    {"namespace", TYPE_STRING, NULL},
    {"commonLabels", TYPE_STRING_MAP, NULL},
    {"labels", TYPE_OBJECTS, label},
    {"commonAnnotations", TYPE_STRING_MAP, NULL},
    {"patchesStrategicMerge", TYPE_STRINGS, NULL},
    {"patchesJson6902", TYPE_OBJECTS, patch},
    {"patches", TYPE_OBJECTS, patch},
    {"images", TYPE_OBJECTS, image},
    {"imageTags", TYPE_OBJECTS, image},
    {"replacements", TYPE_OBJECTS, replacement},
    {"replicas", TYPE_OBJECTS, replica},
    {"vars", TYPE_OBJECTS, var},
    {"sortOptions", TYPE_OBJECT, sort_options},
    {"resources", TYPE_STRINGS, NULL},
    {"components", TYPE_STRINGS, NULL},
    {"crds", TYPE_STRINGS, NULL},
    {"bases", TYPE_STRINGS, NULL},
    {"configMapGenerator", TYPE_OBJECTS, config_map},
    {"secretGenerator", TYPE_OBJECTS, secret},
    {"helmGlobals", TYPE_OBJECT, helm_globals},
    {"helmCharts", TYPE_OBJECTS, helm_chart},
    {"helmChartInflationGenerator", TYPE_OBJECTS, inflation},
    {"generatorOptions", TYPE_OBJECT, generator_options},
    {"configurations", TYPE_STRINGS, NULL},
    {"generators", TYPE_STRINGS, NULL},
    {"transformers", TYPE_STRINGS, NULL},
    {"validators", TYPE_STRINGS, NULL},
    {"buildMetadata", TYPE_STRINGS, NULL},
    {NULL, 0, NULL},
};

static const struct member back_reference[] = {
    {"group", TYPE_STRING, NULL},
    {"version", TYPE_STRING, NULL},
    {"kind", TYPE_STRING, NULL},
    {"fieldSpecs", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member configuration[] = {
    {"namePrefix", TYPE_OBJECTS, field_spec},
    {"nameSuffix", TYPE_OBJECTS, field_spec},
    {"namespace", TYPE_OBJECTS, field_spec},
    {"commonLabels", TYPE_OBJECTS, field_spec},
    {"labels", TYPE_OBJECTS, field_spec},
    {"templateLabels", TYPE_OBJECTS, field_spec},
    {"commonAnnotations", TYPE_OBJECTS, field_spec},
    {"nameReference", TYPE_OBJECTS, back_reference},
    {"varReference", TYPE_OBJECTS, field_spec},
    {"images", TYPE_OBJECTS, field_spec},
    {"replicas", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member chart_plugin[] = {
    HELM_CHART_MEMBERS,
    {"chartHome", TYPE_STRING, NULL},
    {"configHome", TYPE_STRING, NULL},
    {NULL, 0, NULL},
};
static const struct member namespace_plugin[] = {
    {"unsetOnly", TYPE_BOOL, NULL},
    {"setRoleBindingSubjects", TYPE_STRING, NULL},
    {"fieldSpecs", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member affix_plugin[] = {
    {"prefix", TYPE_STRING, NULL},
    {"suffix", TYPE_STRING, NULL},
    {"fieldSpecs", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member labels_plugin[] = {
    {"labels", TYPE_STRING_MAP, NULL},
    {"fieldSpecs", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member annotations_plugin[] = {
    {"annotations", TYPE_STRING_MAP, NULL},
    {"fieldSpecs", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member patch_plugin[] = {
    {"path", TYPE_STRING, NULL},
    {"patch", TYPE_COMPILED, NULL},
    {"target", TYPE_OBJECT, selector},
    {"options", TYPE_BOOL_MAP, NULL},
    {NULL, 0, NULL},
};
static const struct member patch_json_plugin[] = {
    {"path", TYPE_STRING, NULL},
    {"jsonOp", TYPE_COMPILED, NULL},
    {"target", TYPE_OBJECT, selector},
    {NULL, 0, NULL},
};
static const struct member patch_strategic_plugin[] = {
    {"paths", TYPE_COMPILED, NULL},
    {"patches", TYPE_COMPILED, NULL},
    {NULL, 0, NULL},
};
static const struct member replacements_plugin[] = {
    {"replacements", TYPE_OBJECTS, replacement},
    {NULL, 0, NULL},
};
static const struct member image_plugin[] = {
    {"imageTag", TYPE_OBJECT, image},
    {"fieldSpecs", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member replica_plugin[] = {
    {"replica", TYPE_OBJECT, replica},
    {"fieldSpecs", TYPE_OBJECTS, field_spec},
    {NULL, 0, NULL},
};
static const struct member *const schemas[N_SCHEMAS] = {
    [SCHEMA_REPLACEMENT] = replacement,
    [SCHEMA_CONFIGURATION] = configuration,
    [SCHEMA_CONFIG_MAP] = config_map,
    [SCHEMA_SECRET] = secret,
    [SCHEMA_CHART] = chart_plugin,
    [SCHEMA_NAMESPACE] = namespace_plugin,
    [SCHEMA_AFFIX] = affix_plugin,
    [SCHEMA_LABELS] = labels_plugin,
    [SCHEMA_ANNOTATIONS] = annotations_plugin,
    [SCHEMA_PATCH] = patch_plugin,
    [SCHEMA_PATCH_JSON] = patch_json_plugin,
    [SCHEMA_PATCH_STRATEGIC] = patch_strategic_plugin,
    [SCHEMA_REPLACEMENTS] = replacements_plugin,
    [SCHEMA_IMAGE] = image_plugin,
    [SCHEMA_REPLICA] = replica_plugin,
};

static enum tri say(char **why, enum tri answer, const char *what, const char *name)
{
    *why = xasprintf("%s %s", what, shorten(name).text);
    return answer;
}

static const struct member *find_member(const struct member *members, const char *name)
{
    for (; members->name; members++)
        if (str_eq_nocase(str_from(members->name), str_from(name)))
            return members;
    return NULL;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static bool is_scalar_of(const json_t *value, enum type type)
{
    switch (type) {
    case TYPE_STRING:
        return json_is_string(value);
    case TYPE_BOOL:
        return json_is_boolean(value);
    default:
        return json_is_integer(value) ||
               (json_is_real(value) && json_real_value(value) > -1e15 &&
                json_real_value(value) < 1e15 &&
                json_real_value(value) == (double)(long long)json_real_value(value));
    }
}

/* The elements' type of a list or map of scalars; null stands for "" or false there. */
static bool holds_only(json_t *value, enum type type)
{
    size_t index;
    const char *key;
    void *at;
    json_t *child;

    json_array_foreach(value, index, child)
    {
        if (!json_is_null(child) && !is_scalar_of(child, type))
            return false;
    }
    json_object_foreach_safe(value, at, key, child)
    {
        if (!json_is_null(child) && !is_scalar_of(child, type))
            return false;
    }
    return true;
}

static enum tri check_object(json_t *object, const struct member *members, char **why);

static enum tri check_objects(json_t *list, const struct member *m, char **why)
{
    size_t index;
    json_t *entry;

    if (!json_is_array(list))
        return say(why, TRI_NO, "has no list in", m->name);
    json_array_foreach(list, index, entry)
    {
        enum tri answer;

        if (json_is_null(entry)) {
            (void)json_array_set_new(list, index, json_object());
            continue;
        }
        if (!json_is_object(entry))
            return say(why, TRI_NO, "has an item that is no mapping in", m->name);
        answer = check_object(entry, m->members, why);
        if (answer != TRI_YES)
            return answer;
    }
    return TRI_YES;
}

static enum tri check_value(json_t *value, const struct member *m, char **why)
{
    switch (m->type) {
    case TYPE_STRING:
    case TYPE_BOOL:
    case TYPE_INTEGER:
        if (!is_scalar_of(value, m->type))
            return say(why, TRI_NO, "has a value of another type in", m->name);
        return TRI_YES;
    case TYPE_STRINGS:
        if (!json_is_array(value) || !holds_only(value, TYPE_STRING))
            return say(why, TRI_NO, "has no list of names in", m->name);
        return TRI_YES;
    case TYPE_STRING_MAP:
    case TYPE_BOOL_MAP:
        if (!json_is_object(value) ||
            !holds_only(value, m->type == TYPE_BOOL_MAP ? TYPE_BOOL : TYPE_STRING))
            return say(why, TRI_NO, "has a value of another type in", m->name);
        return TRI_YES;
    case TYPE_ANY_MAP:
        if (!json_is_object(value))
            return say(why, TRI_NO, "has no mapping in", m->name);
        return TRI_YES;
    case TYPE_COMPILED:
        return TRI_YES;
    case TYPE_OBJECT:
        if (!json_is_object(value))
            return say(why, TRI_NO, "has no mapping in", m->name);
        return check_object(value, m->members, why);
    case TYPE_OBJECTS:
        return check_objects(value, m, why);
    }
    return TRI_NOT_KNOWN;
}

/* Each field under the name of the table. Two spellings of one are merged by rules of Go's own. */
static enum tri spell(json_t *object, const struct member *members, char **why)
{
    void *at;
    const char *key;
    json_t *value;

    json_object_foreach_safe(object, at, key, value)
    {
        const struct member *m = find_member(members, key);

        if (!m)
            return say(why, is_ascii(key) ? TRI_NO : TRI_NOT_KNOWN, "has the unknown field", key);
        if (str_is(str_from(key), m->name)) {
            if (json_is_null(value))
                (void)json_object_del(object, m->name);
            continue;
        }
        if (json_object_get(object, m->name))
            return say(why, TRI_NOT_KNOWN, "has in two spellings", m->name);
        if (!json_is_null(value))
            (void)json_object_set(object, m->name, value);
        (void)json_object_del(object, key);
    }
    return TRI_YES;
}

static enum tri check_object(json_t *object, const struct member *members, char **why)
{
    enum tri answer = spell(object, members, why);

    for (const struct member *m = members; answer == TRI_YES && m->name; m++) {
        json_t *value = json_object_get(object, m->name);

        if (value)
            answer = check_value(value, m, why);
    }
    return answer;
}

/* CheckEmpty(): every field but these two has Go's zero value. An empty list is none. */
static bool is_empty(const json_t *document)
{
    for (const struct member *m = kustomization; m->name; m++) {
        const json_t *value = json_object_get(document, m->name);

        if (!value || str_is(str_from(m->name), "kind") || str_is(str_from(m->name), "apiVersion"))
            continue;
        /* lists that are moved to another field before: nothing is left of an empty one */
        if ((str_is(str_from(m->name), "bases") || str_is(str_from(m->name), "imageTags") ||
             str_is(str_from(m->name), "helmChartInflationGenerator")) &&
            json_array_size(value) == 0)
            continue;
        if (!json_is_string(value) || json_string_length(value))
            return false;
    }
    return true;
}

static enum tri check_kind(const json_t *document, char **why)
{
    struct str kind = json_str_at(document, "kind");
    struct str version = json_str_at(document, "apiVersion");
    bool is_component = str_is(kind, "Component");

    if (kind.n && !is_component && !str_is(kind, "Kustomization")) {
        *why = xasprintf("is a %s",
                         shorten(json_string_value(json_object_get(document, "kind"))).text);
        return TRI_NO;
    }
    if (version.n && !str_is(version, is_component ? "kustomize.config.k8s.io/v1alpha1"
                                                   : "kustomize.config.k8s.io/v1beta1")) {
        *why = xasprintf("is of version %s",
                         shorten(json_string_value(json_object_get(document, "apiVersion"))).text);
        return TRI_NO;
    }
    return TRI_YES;
}

enum tri kustomize_schema_check(json_t *document, char **why)
{
    enum tri answer = check_object(document, kustomization, why);

    if (answer != TRI_YES)
        return answer;
    if (is_empty(document)) {
        *why = xstrdup("is empty");
        return TRI_NO;
    }
    return check_kind(document, why);
}

enum tri kustomize_schema_check_as(enum kustomize_schema which, json_t *document, char **why)
{
    return check_object(document, schemas[which], why);
}
