#include "cluster/select.h"
#include "base/json.h"
#include "objects/application.h"
#include "objects/application_set.h"
#include "objects/external_secret.h"
#include "objects/fields.h"
#include <jansson.h>
#include <stdio.h>

static const struct {
    const char *group;
    const char *name;
    bool cluster_scoped;
} kinds[N_CLUSTER_KINDS] = {
    [CLUSTER_APPLICATION] = {GROUP_ARGOPROJ, "Application", false},
    [CLUSTER_APPLICATION_SET] = {GROUP_ARGOPROJ, "ApplicationSet", false},
    [CLUSTER_APP_PROJECT] = {GROUP_ARGOPROJ, "AppProject", false},
    [CLUSTER_EXTERNAL_SECRET] = {GROUP_EXTERNAL_SECRETS, "ExternalSecret", false},
    [CLUSTER_CLUSTER_EXTERNAL_SECRET] = {GROUP_EXTERNAL_SECRETS, "ClusterExternalSecret", true},
    [CLUSTER_CONFIG_MAP] = {"", "ConfigMap", false},
    [CLUSTER_SECRET] = {"", "Secret", false},
};

const char *cluster_kind_name(enum cluster_kind kind)
{
    return (unsigned)kind < N_CLUSTER_KINDS ? kinds[kind].name : "unknown kind";
}

bool select_kind(struct str version, struct str kind, enum cluster_kind *out)
{
    size_t slash = str_find_char(version, '/');
    struct str group = slash < version.n ? str_sub(version, 0, slash) : STR("");

    for (unsigned i = 0; i < N_CLUSTER_KINDS; i++)
        if (str_is(kind, kinds[i].name) && str_is(group, kinds[i].group)) {
            *out = (enum cluster_kind)i;
            return true;
        }
    return false;
}

bool select_wants(enum cluster_kind kind, struct str name)
{
    return kind != CLUSTER_CONFIG_MAP || str_is(name, "argocd-cm");
}

bool select_is_namespaced(enum cluster_kind kind)
{
    return !kinds[kind].cluster_scoped;
}

/* The members for which `keeps` holds, as an object of its own. What is no object stays. */
static json_t *members(json_t *value, bool (*keeps)(struct str key))
{
    json_t *out;
    const char *key;
    json_t *member;

    if (!json_is_object(value))
        return json_incref(value);
    out = json_object();
    json_object_foreach(value, key, member)
    {
        if (keeps(str_from(key)))
            (void)json_object_set_nocheck(out, key, member);
    }
    return out;
}

static bool is_any_of(struct str key, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(key, list[i]))
            return true;
    return false;
}

/* Design 3.6; sync-wave decides what waits for what (3.1). Any other may hold a secret: kubectl's
 * last-applied-configuration of a Secret does. */
static bool keeps_annotation(struct str key)
{
    static const char *const list[] = {
        ANNOTATION_TRACKING_ID,
        ANNOTATION_INSTALLATION_ID,
        ANNOTATION_SYNC_OPTIONS,
        ANNOTATION_HOOK,
        ANNOTATION_HELM_HOOK,
        ANNOTATION_EXEMPT,
        ANNOTATION_SYNC_WAVE,
        ANNOTATION_HELM_RESOURCE_POLICY,
        "kubernetes.io/service-account.name", /* the owner that a token's Secret gets */
    };

    return is_any_of(key, list, ARRAY_LEN(list));
}

static json_t *annotations(json_t *value)
{
    return members(value, keeps_annotation);
}

/* dex.config and oidc.config are where client secrets get written; no rule reads them. */
static bool keeps_setting(struct str key)
{
    return str_starts(key, STR("application.")) || str_starts(key, STR("resource.")) ||
           str_is(key, "installationID") || str_is(key, "globalProjects");
}

static json_t *settings(json_t *value)
{
    return members(value, keeps_setting);
}

/* The keys of the data that a manager wrote are left out with the data. */
static bool keeps_owned_field(struct str key)
{
    return str_is(key, "f:metadata") || str_is(key, "f:type");
}

static bool keeps_of_manager(struct str key)
{
    static const char *const list[] = {"manager", "operation",  "apiVersion",
                                       "time",    "fieldsType", "subresource"};

    return is_any_of(key, list, ARRAY_LEN(list));
}

static json_t *manager(json_t *value)
{
    json_t *entry = members(value, keeps_of_manager);
    json_t *owned = json_value_at(value, "fieldsV1");

    if (owned)
        (void)json_object_set_new_nocheck(entry, "fieldsV1", members(owned, keeps_owned_field));
    return entry;
}

/* Each item of a list as `trim` makes it. What is no list stays. */
static json_t *items(json_t *value, json_t *(*trim)(json_t *item))
{
    json_t *out;

    if (!json_is_array(value))
        return json_incref(value);
    out = json_array();
    for (size_t i = 0; i < json_array_size(value); i++)
        (void)json_array_append_new(out, trim(json_array_get(value, i)));
    return out;
}

static json_t *managed_fields(json_t *value)
{
    return items(value, manager);
}

static bool is_kind_that_rules_ask_for(const json_t *entry)
{
    static const char *const list[] = {"Application", "Secret", "ExternalSecret"};

    return is_any_of(json_str_at(entry, "kind"), list, ARRAY_LEN(list));
}

static json_t *resources(json_t *value)
{
    json_t *out;

    if (!json_is_array(value))
        return json_incref(value);
    out = json_array();
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_object(json_array_get(value, i)) ||
            is_kind_that_rules_ask_for(json_array_get(value, i)))
            (void)json_array_append(out, json_array_get(value, i));
    return out;
}

static bool keeps_spec(struct str key)
{
    return !str_is(key, "data") && !str_is(key, "dataFrom");
}

static bool keeps_template(struct str key)
{
    return !str_is(key, "data");
}

static bool keeps_template_from(struct str key)
{
    return !str_is(key, "literal");
}

static json_t *template_from(json_t *value)
{
    return members(value, keeps_template_from);
}

/* template.data and templateFrom[].literal may spell a secret out. */
static json_t *secret_template(json_t *value)
{
    json_t *template = members(value, keeps_template);
    json_t *from = json_value_at(template, "templateFrom");

    if (from)
        (void)json_object_set_new_nocheck(template, "templateFrom", items(from, template_from));
    return template;
}

/* An ExternalSecret's spec. */
static json_t *secret_spec(json_t *value)
{
    json_t *spec = members(value, keeps_spec);
    json_t *target = json_object_at(spec, "target");
    json_t *template = json_object_at(target, "template");

    if (!template)
        return spec;
    target = json_copy(target);
    (void)json_object_set_new_nocheck(target, "template", secret_template(template));
    (void)json_object_set_new_nocheck(spec, "target", target);
    return spec;
}

static json_t *cluster_secret_spec(json_t *value)
{
    json_t *spec = json_is_object(value) ? json_copy(value) : json_incref(value);
    json_t *inner = json_object_get(spec, "externalSecretSpec");

    if (inner)
        (void)json_object_set_new_nocheck(spec, "externalSecretSpec", secret_spec(inner));
    return spec;
}

#define ONLY(kind) (1U << (kind))
#define ALL (ONLY(N_CLUSTER_KINDS) - 1)
#define APPLICATIONS ONLY(CLUSTER_APPLICATION)
#define EXTERNAL_SECRETS ONLY(CLUSTER_EXTERNAL_SECRET)
#define CLUSTER_EXTERNAL_SECRETS ONLY(CLUSTER_CLUSTER_EXTERNAL_SECRET)

static const struct kept {
    unsigned kinds;     /* bits */
    const char *parent; /* NULL: a member of the object itself */
    const char *key;
    json_t *(*trim)(json_t *value); /* what is kept of it, a new reference; NULL: everything */
} kept[] = {
    {ALL, NULL, "apiVersion", NULL},
    {ALL, NULL, "kind", NULL},
    {ALL, "metadata", "name", NULL},
    {ALL, "metadata", "namespace", NULL},
    {ALL, "metadata", "labels", NULL},
    {ALL, "metadata", "annotations", annotations},
    {ALL, "metadata", "ownerReferences", NULL},
    {ALL, "metadata", "finalizers", NULL},
    {ALL, "metadata", "deletionTimestamp", NULL},
    {ONLY(CLUSTER_SECRET), "metadata", "managedFields", managed_fields},
    {APPLICATIONS | ONLY(CLUSTER_APPLICATION_SET) | ONLY(CLUSTER_APP_PROJECT), NULL, "spec", NULL},
    {APPLICATIONS, NULL, "operation", NULL},
    {APPLICATIONS, "status", "resources", resources},
    {EXTERNAL_SECRETS, NULL, "spec", secret_spec},
    {CLUSTER_EXTERNAL_SECRETS, NULL, "spec", cluster_secret_spec},
    {CLUSTER_EXTERNAL_SECRETS, "status", "provisionedNamespaces", NULL},
    {ONLY(CLUSTER_CONFIG_MAP), NULL, "data", settings},
    {ONLY(CLUSTER_SECRET), NULL, "type", NULL},
};

/* The object below `out` that stands for `parent` of the source; NULL where the source has none to
 * look into. What is there and no object is copied. */
static json_t *parent_of(json_t *out, const json_t *object, const char *parent,
                         const json_t **source)
{
    json_t *value = json_value_at(object, parent);

    *source = value;
    if (!value)
        return NULL;
    if (!json_is_object(value)) {
        (void)json_object_set_nocheck(out, parent, value);
        return NULL;
    }
    if (!json_object_get(out, parent))
        (void)json_object_set_new_nocheck(out, parent, json_object());
    return json_object_get(out, parent);
}

json_t *select_fields(enum cluster_kind kind, const json_t *object)
{
    json_t *out = json_object();

    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const json_t *source = object;
        json_t *to = out;
        json_t *value;

        if (!(kept[i].kinds & ONLY(kind)))
            continue;
        if (kept[i].parent)
            to = parent_of(out, object, kept[i].parent, &source);
        value = to ? json_value_at(source, kept[i].key) : NULL;
        if (value)
            (void)json_object_set_new_nocheck(
                to, kept[i].key, kept[i].trim ? kept[i].trim(value) : json_incref(value));
    }
    return out;
}

static bool refuse(struct err *err, const char *path, const char *key, const char *wanted)
{
    err_what(err, ERR_INPUT, "%s/%s holds something else than %s", path, key, wanted);
    return false;
}

/* A member that is absent or an object of strings. */
static bool check_texts(const json_t *object, const char *path, const char *key, struct err *err)
{
    json_t *map;
    const char *name;
    json_t *value;

    if (!field_object(object, path, key, &map, err))
        return false;
    json_object_foreach(map, name, value)
    {
        if (!json_is_string(value))
            return refuse(err, path, key, "strings");
    }
    return true;
}

/* A member that is absent or a list of values of one type. */
static bool check_list(const json_t *object, const char *path, const char *key, json_type type,
                       struct err *err)
{
    json_t *list;

    if (!field_array(object, path, key, &list, err))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_typeof(json_array_get(list, i)) != type)
            return refuse(err, path, key, type == JSON_STRING ? "strings" : "objects");
    return true;
}

static bool check_metadata(const json_t *fields, struct err *err)
{
    const json_t *metadata = json_object_at(fields, "metadata");
    struct str deletion;

    return check_texts(metadata, "/metadata", "labels", err) &&
           check_texts(metadata, "/metadata", "annotations", err) &&
           check_list(metadata, "/metadata", "ownerReferences", JSON_OBJECT, err) &&
           check_list(metadata, "/metadata", "finalizers", JSON_STRING, err) &&
           check_list(metadata, "/metadata", "managedFields", JSON_OBJECT, err) &&
           field_str(metadata, "/metadata", "deletionTimestamp", &deletion, err);
}

static bool check_application(json_t *fields, struct err *err)
{
    AUTO(application_freep) struct application *app = NULL;

    return application_parse(fields, STR_NONE, STR_NONE, &app, err) &&
           check_list(json_object_get(fields, "status"), "/status", "resources", JSON_OBJECT, err);
}

static bool check_application_set(json_t *fields, struct err *err)
{
    AUTO(application_set_freep) struct application_set *set = NULL;

    return application_set_parse(fields, STR_NONE, STR_NONE, &set, err);
}

static bool check_external_secret(json_t *fields, struct err *err)
{
    AUTO(external_secret_freep) struct external_secret *es = NULL;

    return external_secret_parse(fields, STR_NONE, STR_NONE, &es, err);
}

/* Its ExternalSecrets are made of externalSecretSpec, so this is what has to hold there. */
static bool check_cluster_external_secret(json_t *fields, struct err *err)
{
    AUTO(json_unrefp) json_t *made = json_object();
    json_t *status;
    json_t *spec;
    json_t *inner;
    struct err cause = {0};

    if (!field_object(fields, "", "status", &status, err) ||
        !check_list(status, "/status", "provisionedNamespaces", JSON_STRING, err) ||
        !field_object(fields, "", "spec", &spec, err) ||
        !field_object(spec, "/spec", "externalSecretSpec", &inner, err))
        return false;
    (void)json_object_set_nocheck(made, "metadata", json_object_get(fields, "metadata"));
    if (inner)
        (void)json_object_set_nocheck(made, "spec", inner);
    if (check_external_secret(made, &cause))
        return true;
    err_what(err, cause.kind, "as an ExternalSecret of externalSecretSpec: %.400s", cause.what);
    return false;
}

static bool check_project(json_t *fields, struct err *err)
{
    json_t *spec;

    return field_object(fields, "", "spec", &spec, err);
}

static bool check_config_map(json_t *fields, struct err *err)
{
    return check_texts(fields, "", "data", err);
}

static bool check_secret(json_t *fields, struct err *err)
{
    const json_t *managers = json_array_at(json_object_get(fields, "metadata"), "managedFields");
    struct str type;
    json_t *owned;

    for (size_t i = 0; i < json_array_size(managers); i++)
        if (!field_object(json_array_get(managers, i), "/metadata/managedFields", "fieldsV1",
                          &owned, err))
            return false;
    return field_str(fields, "", "type", &type, err);
}

bool select_check(enum cluster_kind kind, json_t *fields, struct err *err)
{
    static bool (*const checks[N_CLUSTER_KINDS])(json_t * fields, struct err * err) = {
        [CLUSTER_APPLICATION] = check_application,
        [CLUSTER_APPLICATION_SET] = check_application_set,
        [CLUSTER_APP_PROJECT] = check_project,
        [CLUSTER_EXTERNAL_SECRET] = check_external_secret,
        [CLUSTER_CLUSTER_EXTERNAL_SECRET] = check_cluster_external_secret,
        [CLUSTER_CONFIG_MAP] = check_config_map,
        [CLUSTER_SECRET] = check_secret,
    };

    return check_metadata(fields, err) && checks[kind](fields, err);
}
