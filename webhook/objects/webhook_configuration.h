/* webhook_configuration.h: a ValidatingWebhookConfiguration, read-only, with its defaults filled
 * in.
 */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/tri.h"
#include "objects/label_selector.h"
#include <jansson.h>

#define GROUP_ADMISSION_REGISTRATION "admissionregistration.k8s.io"
#define KIND_VALIDATING_WEBHOOKS "ValidatingWebhookConfiguration"

enum registration_version { REGISTRATION_V1, REGISTRATION_V1BETA1 };
enum webhook_scope { SCOPE_ALL, SCOPE_NAMESPACED, SCOPE_CLUSTER };

/* An entry of rules. Arrays of strings in the object; NULL where absent. */
struct webhook_rule {
    const json_t *operations;
    const json_t *groups;
    const json_t *versions;
    const json_t *resources;
    enum webhook_scope scope;
};

/* One entry of webhooks. Views into the object. */
struct webhook {
    size_t index; /* among the configuration's webhooks */
    struct str name;
    struct webhook_rule *rules;
    size_t n_rules;
    bool fails; /* failurePolicy Fail: what cannot be asked about is refused */
    bool failure_policy_defaulted;
    int timeout_seconds;
    bool timeout_defaulted;
    bool matches_exactly; /* matchPolicy Exact */
    bool match_policy_defaulted;
    struct str side_effects; /* "Unknown" where absent, as v1beta1 defaults it; v1 wants one */
    bool side_effects_defaulted;
    struct label_selector namespace_selector;
    struct label_selector object_selector;
    size_t n_match_conditions;
    const json_t *review_versions; /* array of strings; NULL where absent or empty */
    struct str url;                /* STR_NONE: a service is called */
    struct str service_namespace;
    struct str service_name;
    struct str service_path; /* STR_NONE when absent */
    int service_port;        /* 443 where absent */
    bool service_port_defaulted;
    struct str ca_bundle; /* base64; empty when absent: the API server's own roots */
};

struct webhook_configuration {
    json_t *object; /* a reference of its own; everything else is a view into it */
    enum registration_version version;
    struct str name;
    struct webhook *webhooks;
    size_t n_webhooks;
};

/* The API server takes any number; a file with more entries or rules is no registration of ours. */
enum { WEBHOOKS_MAX = 100, WEBHOOK_RULES_MAX = 1000, WEBHOOK_WORDS_MAX = 100 };

/*
 * object  of kind ValidatingWebhookConfiguration; a reference is taken.
 * out     owned by the caller (webhook_configuration_free()).
 * Fails with ERR_INPUT, `what` naming the field, on what the API server would refuse to store: a
 * wrong type, a word that is none of the field's, neither or both of url and service, a version
 * other than v1 and v1beta1. Fails with ERR_LIMIT past WEBHOOKS_MAX, WEBHOOK_RULES_MAX, or
 * WEBHOOK_WORDS_MAX in one list.
 * sideEffects and a timeout past 30 s are left to the rule, which says what they would do.
 * Source: Kubernetes pkg/apis/admissionregistration: v1 and v1beta1 defaults.go,
 * validation/validation.go; the API reference for v1's ten seconds.
 */
bool webhook_configuration_parse(json_t *object, struct webhook_configuration **out,
                                 struct err *err) MUST_CHECK;
void webhook_configuration_free(struct webhook_configuration *c); /* NULL is fine */
void webhook_configuration_freep(struct webhook_configuration **c);
const char *registration_version_name(enum registration_version v); /* "v1", "v1beta1" */

/* Whether an array of strings holds exactly that word. `list` may be NULL. */
bool webhook_list_has(const json_t *list, const char *word);
/* Whether the rule takes in the resource of the group: by name or by wildcard, sub-resources aside;
 * one of scope Cluster takes in no object of a namespace.
 * Source: Kubernetes apiserver, webhook/predicates/rules/rules.go. */
bool webhook_rule_takes(const struct webhook_rule *rule, const char *group, const char *resource);
