#include "rules/lockout.h"
#include "base/mem.h"
#include "rules/lockout_rows.h"

enum { TIMEOUT_MOST = 10 }; /* seconds: v1's default; an answer takes milliseconds */

static void own_namespace_unknown(const struct lockout *l, const char *why, const char *repair)
{
    const struct webhook *w = l->r->webhook;
    struct finding *f;

    f = lockout_add(
        l, FINDING_UNDECIDED,
        "Whether webhook %s would stand in the way of its own recovery while nothing answers "
        "is not known: failurePolicy is Fail, and %s. %s",
        lockout_name(l).text, why, repair);
    lockout_saw(l, f, w->failure_policy_defaulted, "failurePolicy: Fail");
}

static void own_namespace(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    const struct namespace_labels *own = &l->r->own;
    struct str unknown = STR_NONE;
    AUTO(freep) char *why = NULL;
    struct finding *f;

    if (!w->fails)
        return;
    if (!own->name.p) {
        own_namespace_unknown(l,
                              "clientConfig.url does not say in which namespace it runs, if in any",
                              "Name it by clientConfig.service, or make sure that nothing it needs "
                              "to start lies in a namespace that namespaceSelector selects.");
        return;
    }
    switch (lockout_excludes(w, own, &unknown)) {
    case TRI_YES:
        return;
    case TRI_NOT_KNOWN:
        why = xasprintf("whether namespaceSelector excludes Namespace %s, its own, hangs on the "
                        "label %s",
                        show(own->name).text, show(unknown).text);
        own_namespace_unknown(l, why,
                              "Put the Namespace object into the file, or exclude the namespace "
                              "by the label " LABEL_NAMESPACE_NAME ".");
        return;
    case TRI_NO:
        break;
    }
    f = lockout_add(
        l, FINDING_DENY,
        "While nothing answers for webhook %s, no Application or ExternalSecret in its own "
        "Namespace %s can be written, so that what deploys it or fetches its certificate "
        "cannot bring it back. failurePolicy is Fail, and namespaceSelector does not exclude "
        "that namespace. %s{key: " LABEL_NAMESPACE_NAME ", operator: NotIn, values: [%s]}.",
        lockout_name(l).text, show(own->name).text,
        str_eq(own->name, l->r->argocd.name)
            ? "Argo CD lives there, too: give syncguard a namespace of its own and exclude "
              "that, with matchExpressions "
            : "Exclude it, with matchExpressions ",
        str_eq(own->name, l->r->argocd.name) ? "syncguard" : show(own->name).text);
    lockout_saw(l, f, w->failure_policy_defaulted, "failurePolicy: Fail");
    lockout_saw(l, f, false, "clientConfig.service.namespace: %s", show(own->name).text);
    lockout_saw(l, f, false, "namespaceSelector%s",
                w->namespace_selector.n ? " selects it" : ": empty");
}

static void timeout(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    struct finding *f;

    if (w->timeout_seconds <= TIMEOUT_MOST)
        return;
    f = lockout_add(
        l, FINDING_DENY,
        "While webhook %s does not answer, each write it is asked about waits %d s, those of "
        "Argo CD's controller among them. timeoutSeconds is %d%s. Set it to 5: an answer takes "
        "milliseconds.",
        lockout_name(l).text, w->timeout_seconds, w->timeout_seconds,
        w->timeout_defaulted ? " by default" : "");
    lockout_saw(l, f, w->timeout_defaulted, "timeoutSeconds: %d", w->timeout_seconds);
}

/*
 * Under v1 the API server does not store the object, which is said once and harms nobody. Under
 * v1beta1 it does, and then answers each dry run with 400 before it calls the webhook; that is no
 * failure to call, so failurePolicy Ignore does not help, and both policies deny.
 * Source: Kubernetes apiserver, plugin/webhook/validating/dispatcher.go (callHook, and Dispatch for
 * errors other than ErrCallingWebhook); validation.go (requireNoSideEffects).
 */
static void side_effects(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    bool beta = l->r->configuration->version == REGISTRATION_V1BETA1;
    struct finding *f;

    if (str_is(w->side_effects, "None") || str_is(w->side_effects, "NoneOnDryRun"))
        return;
    if (beta)
        f = lockout_add(
            l, FINDING_DENY,
            "Each dry run of what webhook %s is asked about is refused, whatever failurePolicy "
            "says: kubectl diff, kubectl apply --dry-run=server, Argo CD's server-side diff and "
            "apply. sideEffects is %s%s. Set sideEffects: None, which is true of syncguard.",
            lockout_name(l).text, show(w->side_effects).text,
            w->side_effects_defaulted ? " by default" : "");
    else
        f = lockout_add(
            l, FINDING_WARN,
            "The API server does not take the configuration of webhook %s, and nothing is "
            "guarded. sideEffects is %s, and v1 takes None and NoneOnDryRun alone. Set "
            "sideEffects: None, which is true of syncguard.",
            lockout_name(l).text,
            w->side_effects_defaulted ? "absent" : show(w->side_effects).text);
    lockout_saw(l, f, beta && w->side_effects_defaulted, "sideEffects: %s",
                !beta && w->side_effects_defaulted ? "absent" : show(w->side_effects).text);
}

static void object_selector(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    struct finding *f;

    if (!w->object_selector.n)
        return;
    f = lockout_add(
        l, FINDING_WARN,
        "Webhook %s does not see objects that objectSelector leaves out, and their labels are "
        "their author's to write: a way around the guard. objectSelector asks for the label "
        "%s. Remove it.",
        lockout_name(l).text, show(w->object_selector.requirements[0].key).text);
    lockout_saw(l, f, false, "objectSelector with %s",
                show(w->object_selector.requirements[0].key).text);
}

static void argocd_namespace(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    struct shown namespace = show(l->r->argocd.name);
    struct str unknown = STR_NONE;
    struct finding *f;

    switch (lockout_excludes(w, &l->r->argocd, &unknown)) {
    case TRI_NO:
        return;
    case TRI_YES:
        f = lockout_add(
            l, FINDING_WARN,
            "Webhook %s does not see the Applications and ExternalSecrets of Namespace %s, "
            "where Argo CD lives: the guard is blind there. namespaceSelector excludes it. "
            "Exclude syncguard's own namespace and kube-system alone.",
            lockout_name(l).text, namespace.text);
        lockout_saw(l, f, false, "namespaceSelector excludes %s", namespace.text);
        return;
    case TRI_NOT_KNOWN:
        f = lockout_add(
            l, FINDING_UNDECIDED,
            "Whether webhook %s sees the Applications and ExternalSecrets of Namespace %s, "
            "where Argo CD lives, is not known: namespaceSelector asks for the label %s. Put "
            "the Namespace object into the file, or select by " LABEL_NAMESPACE_NAME ".",
            lockout_name(l).text, namespace.text, show(unknown).text);
        lockout_saw(l, f, false, "namespaceSelector asks for %s", show(unknown).text);
        return;
    }
}

/* Only what is certain: under "*" nothing says that a namespace holds Applications. Argo CD's own
 * has its row, and row 1 wants syncguard's excluded. */
static void application_namespaces(const struct lockout *l)
{
    const struct registration *r = l->r;
    AUTO(lockout_list_clear) struct lockout_list excluded = lockout_list_new();
    struct str unknown = STR_NONE;
    struct finding *f;

    for (size_t i = 0; i < r->n_application_namespaces; i++) {
        const struct namespace_labels *n = &r->application_namespaces[i];

        if (!str_eq(n->name, r->argocd.name) && !str_eq(n->name, r->own.name) &&
            lockout_excludes(r->webhook, n, &unknown) == TRI_YES)
            lockout_list_add(&excluded, show(n->name).text);
    }
    if (!excluded.n)
        return;
    f = lockout_add(
        l, FINDING_WARN,
        "Webhook %s does not see Applications and ExternalSecrets in namespaces where "
        "argocd.applicationNamespaces allows Applications: the guard is blind there. "
        "namespaceSelector excludes %s. Exclude syncguard's own namespace and kube-system alone.",
        lockout_name(l).text, lockout_list_text(&excluded));
    lockout_saw(l, f, false, "namespaceSelector excludes %s", lockout_list_text(&excluded));
}

/* The table of design 3.8, in its order. */
typedef void (*row_fn)(const struct lockout *l);
static const row_fn rows[] = {
    own_namespace,               /* 1 */
    timeout,                     /* 2 */
    lockout_needless_operations, /* 3 */
    lockout_missing_operations,  /* 3 */
    lockout_foreign_resources,   /* 4 */
    lockout_missing_resources,   /* 4 */
    lockout_missing_versions,    /* 4 */
    lockout_scopes,              /* 4 */
    lockout_address,             /* 5 */
    lockout_service,             /* 5 */
    lockout_review_versions,     /* 5 */
    lockout_ca_bundle,           /* 5 */
    lockout_serving,             /* 5 */
    side_effects,                /* 6 */
    lockout_match_policy,        /* 7 */
    object_selector,             /* 7 */
    argocd_namespace,            /* 7 */
    application_namespaces,      /* 7 */
};

struct verdict *lockout_judge(const struct registration *r)
{
    struct lockout l = {r, xcalloc(1, sizeof *l.verdict)};

    l.verdict->allowed = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        rows[i](&l);
    return l.verdict;
}
