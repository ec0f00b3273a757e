#include "objects/webhook_configuration.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/fields.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATH_TEXT_MAX = 96, /* "/webhooks/99/rules/999", "/webhooks/99/clientConfig/service" */
    PORT_DEFAULT = 443,
    PORT_MOST = 65535,
};

/* What the API server fills in where a field is absent. */
static const struct {
    const char *name;
    const char *api_version;
    bool fails;
    int timeout_seconds;
    bool matches_exactly;
} versions[] = {
    [REGISTRATION_V1] = {"v1", GROUP_ADMISSION_REGISTRATION "/v1", true, 10, false},
    [REGISTRATION_V1BETA1] = {"v1beta1", GROUP_ADMISSION_REGISTRATION "/v1beta1", false, 30, true},
};

const char *registration_version_name(enum registration_version v)
{
    return versions[v].name;
}

static bool read_version(const json_t *object, enum registration_version *out, struct err *err)
{
    struct str text;

    if (!field_str(object, "", "apiVersion", &text, err))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        if (str_is(text, versions[i].api_version)) {
            *out = (enum registration_version)i;
            return true;
        }
    err_what(err, ERR_INPUT, "its apiVersion is \"%.*s\"", (int)(text.n < 100 ? text.n : 100),
             text.p ? text.p : "");
    err_remedy(err, "%s and %s are read", versions[REGISTRATION_V1].api_version,
               versions[REGISTRATION_V1BETA1].api_version);
    return false;
}

/* A field of one of two words. *is_first keeps its default, and *defaulted is set, when absent. */
static bool read_choice(const json_t *entry, const char *path, const char *key, const char *first,
                        const char *second, bool *is_first, bool *defaulted, struct err *err)
{
    struct str text;

    if (!field_str(entry, path, key, &text, err))
        return false;
    *defaulted = text.p == NULL;
    if (*defaulted)
        return true;
    *is_first = str_is(text, first);
    if (*is_first || str_is(text, second))
        return true;
    err_what(err, ERR_INPUT, "%s/%s is neither %s nor %s", path, key, first, second);
    return false;
}

static bool read_words(const json_t *entry, const char *path, const char *key, const json_t **out,
                       struct err *err)
{
    json_t *list;
    size_t index;
    json_t *word;

    if (!field_array(entry, path, key, &list, err))
        return false;
    if (json_array_size(list) > WEBHOOK_WORDS_MAX) {
        err_what(err, ERR_LIMIT, "%s/%s has more than %d entries", path, key, WEBHOOK_WORDS_MAX);
        return false;
    }
    json_array_foreach(list, index, word)
    {
        if (json_is_string(word))
            continue;
        err_what(err, ERR_INPUT, "%s/%s/%zu is not a string", path, key, index);
        return false;
    }
    *out = list;
    return true;
}

static bool read_scope(const json_t *entry, const char *path, enum webhook_scope *out,
                       struct err *err)
{
    struct str text;

    if (!field_str(entry, path, "scope", &text, err))
        return false;
    if (!text.p || str_is(text, "*"))
        *out = SCOPE_ALL;
    else if (str_is(text, "Namespaced"))
        *out = SCOPE_NAMESPACED;
    else if (str_is(text, "Cluster"))
        *out = SCOPE_CLUSTER;
    else {
        err_what(err, ERR_INPUT, "%s/scope is none of Namespaced, Cluster and *", path);
        return false;
    }
    return true;
}

static bool read_rule(const json_t *entry, const char *path, struct webhook_rule *out,
                      struct err *err)
{
    if (!json_is_object(entry)) {
        err_what(err, ERR_INPUT, "%s is not an object", path);
        return false;
    }
    return read_words(entry, path, "operations", &out->operations, err) &&
           read_words(entry, path, "apiGroups", &out->groups, err) &&
           read_words(entry, path, "apiVersions", &out->versions, err) &&
           read_words(entry, path, "resources", &out->resources, err) &&
           read_scope(entry, path, &out->scope, err);
}

static bool read_rules(const json_t *entry, const char *path, struct webhook *w, struct err *err)
{
    json_t *rules;

    if (!field_array(entry, path, "rules", &rules, err))
        return false;
    if (json_array_size(rules) > WEBHOOK_RULES_MAX) {
        err_what(err, ERR_LIMIT, "%s/rules has more than %d entries", path, WEBHOOK_RULES_MAX);
        return false;
    }
    w->rules = xcalloc(json_array_size(rules), sizeof *w->rules);
    for (size_t i = 0; i < json_array_size(rules); i++) {
        char place[PATH_TEXT_MAX];

        (void)snprintf(place, sizeof place, "%s/rules/%zu", path, i);
        if (!read_rule(json_array_get(rules, i), place, &w->rules[i], err))
            return false;
        w->n_rules++;
    }
    return true;
}

/* A whole number from 1 to `most`. *out keeps its default, and *defaulted is set, when absent.
 * JSON numbers may come as reals (base/json.h). */
static bool read_number(const json_t *entry, const char *path, const char *key, int most,
                        const char *wanted, int *out, bool *defaulted, struct err *err)
{
    const json_t *value = json_value_at(entry, key);
    double number = json_number_value(value); /* 0 of what is no number */

    *defaulted = !value;
    if (!value)
        return true;
    if (!(number >= 1 && number <= most) || number != (int)number) {
        err_what(err, ERR_INPUT, "%s/%s is no %s", path, key, wanted);
        return false;
    }
    *out = (int)number;
    return true;
}

static bool read_timeout(const json_t *entry, const char *path, struct webhook *w, struct err *err)
{
    return read_number(entry, path, "timeoutSeconds", INT_MAX, "number of seconds from 1 to 30",
                       &w->timeout_seconds, &w->timeout_defaulted, err);
}

static bool read_service(const json_t *service, const char *path, struct webhook *w,
                         struct err *err)
{
    return field_str(service, path, "namespace", &w->service_namespace, err) &&
           field_str(service, path, "name", &w->service_name, err) &&
           field_str(service, path, "path", &w->service_path, err) &&
           read_number(service, path, "port", PORT_MOST, "port from 1 to 65535", &w->service_port,
                       &w->service_port_defaulted, err);
}

static bool read_client(const json_t *entry, const char *path, struct webhook *w, struct err *err)
{
    char own[PATH_TEXT_MAX];
    char service_path[PATH_TEXT_MAX + 16];
    json_t *config;
    json_t *service;

    (void)snprintf(own, sizeof own, "%s/clientConfig", path);
    (void)snprintf(service_path, sizeof service_path, "%s/service", own);
    if (!field_object(entry, path, "clientConfig", &config, err) ||
        !field_str(config, own, "url", &w->url, err) ||
        !field_str(config, own, "caBundle", &w->ca_bundle, err) ||
        !field_object(config, own, "service", &service, err) ||
        !read_service(service, service_path, w, err))
        return false;
    if ((w->url.p != NULL) == (service != NULL)) {
        err_what(err, ERR_INPUT, "%s wants one of url and service, and has %s", own,
                 service ? "both" : "neither");
        return false;
    }
    if (service && (!w->service_namespace.n || !w->service_name.n)) {
        err_what(err, ERR_INPUT, "%s wants a namespace and a name", service_path);
        return false;
    }
    return true;
}

static bool read_policies(const json_t *entry, const char *path, struct webhook *w, struct err *err)
{
    if (!read_choice(entry, path, "failurePolicy", "Fail", "Ignore", &w->fails,
                     &w->failure_policy_defaulted, err) ||
        !read_choice(entry, path, "matchPolicy", "Exact", "Equivalent", &w->matches_exactly,
                     &w->match_policy_defaulted, err) ||
        !field_str(entry, path, "sideEffects", &w->side_effects, err))
        return false;
    w->side_effects_defaulted = !w->side_effects.p;
    if (w->side_effects_defaulted)
        w->side_effects = STR("Unknown");
    return true;
}

static bool read_webhook(const json_t *entry, const char *path, struct webhook *w, struct err *err)
{
    json_t *conditions;

    if (!json_is_object(entry)) {
        err_what(err, ERR_INPUT, "%s is not an object", path);
        return false;
    }
    if (!field_str(entry, path, "name", &w->name, err) || !read_policies(entry, path, w, err) ||
        !read_timeout(entry, path, w, err) || !read_rules(entry, path, w, err) ||
        !label_selector_read(entry, path, "namespaceSelector", &w->namespace_selector, err) ||
        !label_selector_read(entry, path, "objectSelector", &w->object_selector, err) ||
        !field_array(entry, path, "matchConditions", &conditions, err) ||
        !read_words(entry, path, "admissionReviewVersions", &w->review_versions, err))
        return false;
    if (!w->name.n) {
        err_what(err, ERR_INPUT, "%s/name is missing", path);
        return false;
    }
    if (!json_array_size(w->review_versions))
        w->review_versions = NULL;
    w->n_match_conditions = json_array_size(conditions);
    return read_client(entry, path, w, err);
}

static bool read_webhooks(struct webhook_configuration *c, struct err *err)
{
    json_t *webhooks;

    if (!field_array(c->object, "", "webhooks", &webhooks, err))
        return false;
    if (json_array_size(webhooks) > WEBHOOKS_MAX) {
        err_what(err, ERR_LIMIT, "/webhooks has more than %d entries", WEBHOOKS_MAX);
        return false;
    }
    c->webhooks = xcalloc(json_array_size(webhooks), sizeof *c->webhooks);
    for (size_t i = 0; i < json_array_size(webhooks); i++) {
        char path[PATH_TEXT_MAX / 2];

        c->webhooks[i] = (struct webhook){
            .index = i,
            .fails = versions[c->version].fails,
            .timeout_seconds = versions[c->version].timeout_seconds,
            .service_port = PORT_DEFAULT,
            .matches_exactly = versions[c->version].matches_exactly,
        };
        c->n_webhooks++;
        (void)snprintf(path, sizeof path, "/webhooks/%zu", i);
        if (!read_webhook(json_array_get(webhooks, i), path, &c->webhooks[i], err))
            return false;
    }
    return true;
}

bool webhook_configuration_parse(json_t *object, struct webhook_configuration **out,
                                 struct err *err)
{
    AUTO(webhook_configuration_freep) struct webhook_configuration *c = xcalloc(1, sizeof *c);
    json_t *metadata;

    c->object = json_incref(object);
    if (!read_version(object, &c->version, err) ||
        !field_object(object, "", "metadata", &metadata, err) ||
        !field_str(metadata, "/metadata", "name", &c->name, err))
        return false;
    if (!c->name.n) {
        err_what(err, ERR_INPUT, "/metadata/name is missing");
        return false;
    }
    if (!read_webhooks(c, err))
        return false;
    *out = steal(&c);
    return true;
}

void webhook_configuration_free(struct webhook_configuration *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_webhooks; i++) {
        free(c->webhooks[i].rules);
        label_selector_clear(&c->webhooks[i].namespace_selector);
        label_selector_clear(&c->webhooks[i].object_selector);
    }
    free(c->webhooks);
    json_decref(c->object);
    free(c);
}

void webhook_configuration_freep(struct webhook_configuration **c)
{
    webhook_configuration_free(*c);
}

bool webhook_list_has(const json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (str_is(json_view(json_array_get(list, i)), word))
            return true;
    return false;
}

/* Of a name with a slash only a wildcard behind it takes in the resource itself. */
static bool takes_resource(const json_t *resources, const char *resource)
{
    for (size_t i = 0; i < json_array_size(resources); i++) {
        struct str text = json_view(json_array_get(resources, i));
        struct str name = str_sub(text, 0, str_find_char(text, '/'));

        if ((str_is(name, "*") || str_is(name, resource)) &&
            (name.n == text.n || str_ends(text, STR("/*"))))
            return true;
    }
    return false;
}

bool webhook_rule_takes(const struct webhook_rule *rule, const char *group, const char *resource)
{
    return rule->scope != SCOPE_CLUSTER &&
           (webhook_list_has(rule->groups, "*") || webhook_list_has(rule->groups, group)) &&
           takes_resource(rule->resources, resource);
}
