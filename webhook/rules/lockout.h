/* lockout.h: whether a registration of syncguard could lock the cluster out or leave the guard
 * blind (design 3.8). */
#pragma once
#include "objects/webhook_configuration.h"
#include "rules/verdict.h"

/* The rule's name in reports. It judges no admission request, so it is no enum rule_id and has no
 * settings; the `rule` of its findings is N_RULES. */
#define RULE_LOCKOUT "lockout"

/* What clientConfig.caBundle is good for; whoever can read certificates says. */
enum registration_ca {
    REGISTRATION_CA_ABSENT, /* the API server's own roots are used */
    REGISTRATION_CA_GOOD,
    REGISTRATION_CA_NOT_BASE64,
    REGISTRATION_CA_NO_CERTIFICATE,
    REGISTRATION_CA_NOT_VALID_NOW,
    REGISTRATION_CA_PRIVATE_KEY,
};

/* What the API server would say of the serving certificate. */
enum registration_serving {
    REGISTRATION_SERVING_NOT_KNOWN,
    REGISTRATION_SERVING_GOOD,
    REGISTRATION_SERVING_OTHER_CA, /* none of caBundle issued it */
    REGISTRATION_SERVING_OTHER_NAME,
    REGISTRATION_SERVING_NOT_FOR_SERVERS,
    REGISTRATION_SERVING_NOT_VALID_NOW,
};

/* One webhook as it would be registered, and what is known of the namespaces it hangs on. */
struct registration {
    const struct webhook_configuration *configuration;
    const struct webhook *webhook;
    enum registration_ca ca;
    enum registration_serving serving; /* asked of a good caBundle alone */
    struct namespace_labels own; /* of clientConfig.service.namespace; name STR_NONE with a url */
    struct namespace_labels argocd;
    /* Of those that argocd.applicationNamespaces names; none for "*". */
    const struct namespace_labels *application_namespaces;
    size_t n_application_namespaces;
    /* The Services that are known of clientConfig.service.namespace, by name: where there is one,
     * it counts as all of them. NULL: none is known. */
    json_t *services;
};

/*
 * Pure, bounded by the size of the configuration. Denied is what could lock the cluster out, or
 * would stop what syncguard never stops; a hole in the guard is a warning.
 * Returns a verdict the caller frees with verdict_free(). Never fails.
 */
struct verdict *lockout_judge(const struct registration *r);
