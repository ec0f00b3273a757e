#include "rules/lockout.h"
#include "base/json.h"
#include "base/mem.h"
#include "rules/rule.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    TIMEOUT_MOST = 10,     /* seconds: v1's default; an answer takes milliseconds */
    LISTED_MOST = 8,       /* what a message names before it says "and more" */
    WORDS_TEXT_MAX = 2000, /* LISTED_MOST words of 200 bytes each */
};

/* What syncguard judges, and every version of it that was ever served: Argo CD has had one; for the
 * other see reference/external-secrets.md 1.2. */
static const struct judged {
    const char *group;
    const char *resource;
    const char *versions[4];
} judged[] = {
    {GROUP_ARGOPROJ, "applications", {"v1alpha1"}},
    {GROUP_EXTERNAL_SECRETS, "externalsecrets", {"v1alpha1", "v1beta1", "v1"}},
};

struct out {
    const struct registration *r;
    struct verdict *verdict;
};

/* The message is what would happen, on which field, and the repair. */
static struct finding *add(const struct out *out, enum finding_verdict verdict, const char *format,
                           ...) PRINTF_LIKE(3, 4);

static struct finding *add(const struct out *out, enum finding_verdict verdict, const char *format,
                           ...)
{
    struct verdict *v = out->verdict;
    struct buf m;
    struct finding *f;
    va_list values;

    buf_init(&m, MESSAGE_MAX);
    va_start(values, format);
    buf_vprintf(&m, format, values);
    va_end(values);
    if (!buf_ok(&m)) {
        buf_reset(&m);
        buf_adds(&m, "What was found is too long to be shown; see the evidence.");
    }
    v->findings = xrealloc(v->findings, (v->n_findings + 1) * sizeof *v->findings);
    f = &v->findings[v->n_findings++];
    *f = (struct finding){
        .rule = N_RULES,
        .verdict = verdict,
        .denies = verdict == FINDING_DENY,
        .subject = xasprintf("Webhook %s", show(out->r->webhook->name).text),
        .target = xstrdup(""),
        .message = buf_take(&m),
    };
    v->allowed = v->allowed && !f->denies;
    return f;
}

/* A field of the webhook with its value, as it stands or as the API server fills it in. */
static void saw(const struct out *out, struct finding *f, bool defaulted, const char *format, ...)
    PRINTF_LIKE(4, 5);

static void saw(const struct out *out, struct finding *f, bool defaulted, const char *format, ...)
{
    AUTO(freep)
    char *source =
        xasprintf("/webhooks/%zu%s%s", out->r->webhook->index, defaulted ? ", by default of " : "",
                  defaulted ? registration_version_name(out->r->configuration->version) : "");
    struct buf text;
    va_list values;

    buf_init(&text, MESSAGE_MAX);
    va_start(values, format);
    buf_vprintf(&text, format, values);
    va_end(values);
    finding_add_evidence(f, text.p ? text.p : "", source);
    buf_clear(&text);
}

static struct shown name_of(const struct out *out)
{
    return show(out->r->webhook->name);
}

/* What befalls a request while nothing answers. */
static struct shown fate_of(const struct webhook *w)
{
    struct shown text;

    if (w->fails)
        (void)snprintf(text.text, sizeof text.text, "is refused");
    else
        (void)snprintf(text.text, sizeof text.text, "waits up to %d s for it", w->timeout_seconds);
    return text;
}

/* "a, b and c", or "a, b and more". */
struct list {
    struct buf text;
    size_t n;
};

static struct list list_new(void)
{
    struct list l = {.n = 0};

    buf_init(&l.text, WORDS_TEXT_MAX);
    return l;
}

static void list_clear(struct list *l)
{
    buf_clear(&l->text);
}

static bool list_is_full(const struct list *l)
{
    return l->n > LISTED_MOST;
}

static void list_add(struct list *l, const char *text)
{
    if (l->n < LISTED_MOST)
        buf_printf(&l->text, "%s%s", l->n ? ", " : "", text);
    else if (l->n == LISTED_MOST)
        buf_adds(&l->text, " and more");
    l->n++;
}

static const char *list_text(const struct list *l)
{
    return l->text.p ? l->text.p : "";
}

/* ---- 1: the webhook in the way of its own recovery ---- */

static enum tri excludes(const struct webhook *w, const struct namespace_labels *n,
                         struct str *unknown)
{
    switch (label_selector_matches(&w->namespace_selector, n, unknown)) {
    case TRI_YES:
        return TRI_NO;
    case TRI_NO:
        return TRI_YES;
    case TRI_NOT_KNOWN:
        break;
    }
    return TRI_NOT_KNOWN;
}

static void own_namespace_unknown(const struct out *out, const char *why, const char *repair)
{
    const struct webhook *w = out->r->webhook;

    saw(out,
        add(out, FINDING_UNDECIDED,
            "Whether webhook %s would stand in the way of its own recovery while nothing answers "
            "is not known: failurePolicy is Fail, and %s. %s",
            name_of(out).text, why, repair),
        w->failure_policy_defaulted, "failurePolicy: Fail");
}

static void own_namespace(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    const struct namespace_labels *own = &out->r->own;
    struct str unknown = STR_NONE;
    AUTO(freep) char *why = NULL;
    struct finding *f;

    if (!w->fails)
        return;
    if (!own->name.p) {
        own_namespace_unknown(out,
                              "clientConfig.url does not say in which namespace it runs, if in any",
                              "Name it by clientConfig.service, or make sure that nothing it needs "
                              "to start lies in a namespace that namespaceSelector selects.");
        return;
    }
    switch (excludes(w, own, &unknown)) {
    case TRI_YES:
        return;
    case TRI_NOT_KNOWN:
        why = xasprintf("whether namespaceSelector excludes Namespace %s, its own, hangs on the "
                        "label %s",
                        show(own->name).text, show(unknown).text);
        own_namespace_unknown(out, why,
                              "Put the Namespace object into the file, or exclude the namespace "
                              "by the label " LABEL_NAMESPACE_NAME ".");
        return;
    case TRI_NO:
        break;
    }
    f = add(out, FINDING_DENY,
            "While nothing answers for webhook %s, no Application or ExternalSecret in its own "
            "Namespace %s can be written, so that what deploys it or fetches its certificate "
            "cannot bring it back. failurePolicy is Fail, and namespaceSelector does not exclude "
            "that namespace. %s{key: " LABEL_NAMESPACE_NAME ", operator: NotIn, values: [%s]}.",
            name_of(out).text, show(own->name).text,
            str_eq(own->name, out->r->argocd.name)
                ? "Argo CD lives there, too: give syncguard a namespace of its own and exclude "
                  "that, with matchExpressions "
                : "Exclude it, with matchExpressions ",
            str_eq(own->name, out->r->argocd.name) ? "syncguard" : show(own->name).text);
    saw(out, f, w->failure_policy_defaulted, "failurePolicy: Fail");
    saw(out, f, false, "clientConfig.service.namespace: %s", show(own->name).text);
    saw(out, f, false, "namespaceSelector%s", w->namespace_selector.n ? " selects it" : ": empty");
}

/* ---- 2: time ---- */

static void timeout(const struct out *out)
{
    const struct webhook *w = out->r->webhook;

    if (w->timeout_seconds <= TIMEOUT_MOST)
        return;
    saw(out,
        add(out, FINDING_DENY,
            "While webhook %s does not answer, each write it is asked about waits %d s, those of "
            "Argo CD's controller among them. timeoutSeconds is %d%s. Set it to 5: an answer takes "
            "milliseconds.",
            name_of(out).text, w->timeout_seconds, w->timeout_seconds,
            w->timeout_defaulted ? " by default" : ""),
        w->timeout_defaulted, "timeoutSeconds: %d", w->timeout_seconds);
}

/* ---- 3: operations ---- */

static bool any_rule_has(const struct webhook *w, const char *operation)
{
    for (size_t i = 0; i < w->n_rules; i++)
        if (webhook_list_has(w->rules[i].operations, operation))
            return true;
    return false;
}

static void needless_operations(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    bool all = any_rule_has(w, "*");
    bool deletes = all || any_rule_has(w, "DELETE");
    bool connects = all || any_rule_has(w, "CONNECT");
    const char *needless = !connects ? "DELETE" : !deletes ? "CONNECT" : "DELETE and CONNECT";

    if (!deletes && !connects)
        return;
    saw(out,
        add(out, FINDING_DENY,
            "While nothing answers for webhook %s, each %s of what its rules name %s, although "
            "syncguard never refuses one%s. operations hold %s. Ask for CREATE and UPDATE alone.",
            name_of(out).text, needless, fate_of(w).text,
            w->fails && deletes ? ": nobody could delete an Application then" : "",
            all ? "\"*\"" : needless),
        false, "operations with %s", all ? "\"*\"" : needless);
}

static bool takes(const struct webhook *w, const struct judged *j)
{
    for (size_t i = 0; i < w->n_rules; i++)
        if (webhook_rule_takes(&w->rules[i], j->group, j->resource))
            return true;
    return false;
}

static bool takes_operation(const struct webhook *w, const struct judged *j, const char *operation)
{
    for (size_t i = 0; i < w->n_rules; i++)
        if (webhook_rule_takes(&w->rules[i], j->group, j->resource) &&
            (webhook_list_has(w->rules[i].operations, "*") ||
             webhook_list_has(w->rules[i].operations, operation)))
            return true;
    return false;
}

static void missing_operations(const struct out *out)
{
    static const char *const operations[] = {"CREATE", "UPDATE"};
    const struct webhook *w = out->r->webhook;
    AUTO(list_clear) struct list holes = list_new();

    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        for (size_t k = 0; k < ARRAY_LEN(operations); k++)
            if (takes(w, &judged[i]) && !takes_operation(w, &judged[i], operations[k])) {
                char text[96];

                (void)snprintf(text, sizeof text, "%s of %s.%s", operations[k], judged[i].resource,
                               judged[i].group);
                list_add(&holes, text);
            }
    if (!holes.n)
        return;
    saw(out,
        add(out, FINDING_WARN,
            "Webhook %s never sees %s: a hole in the guard, unless another webhook asks for it. "
            "The operations of its rules for that resource leave it out. Ask for CREATE and "
            "UPDATE.",
            name_of(out).text, list_text(&holes)),
        false, "rules without %s", list_text(&holes));
}

/* ---- 4: what the rules take in ---- */

static bool is_judged_word(struct str word, bool group)
{
    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        if (str_is(word, group ? judged[i].group : judged[i].resource))
            return true;
    return false;
}

static bool has_foreign_word(const json_t *list, bool group)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!is_judged_word(json_view(json_array_get(list, i)), group))
            return true;
    return false;
}

static struct shown resource_text(struct str group, struct str resource)
{
    struct shown text;

    (void)snprintf(text.text, sizeof text.text, "%.120s of %.120s",
                   str_is(resource, "*")     ? "every resource"
                   : str_is(resource, "*/*") ? "every resource and sub-resource"
                                             : show(resource).text,
                   str_is(group, "*") ? "every group"
                   : !group.n         ? "the core group"
                                      : show(group).text);
    return text;
}

/* A group and a resource that syncguard judges are no reason, even where they do not belong
 * together: no cluster has applications.external-secrets.io. */
static void list_foreign(const struct webhook_rule *rule, struct list *foreign)
{
    if (!has_foreign_word(rule->groups, true) && !has_foreign_word(rule->resources, false))
        return;
    for (size_t i = 0; i < json_array_size(rule->groups); i++) {
        struct str group = json_view(json_array_get(rule->groups, i));

        for (size_t k = 0; k < json_array_size(rule->resources) && !list_is_full(foreign); k++) {
            struct str resource = json_view(json_array_get(rule->resources, k));

            if (!is_judged_word(group, true) || !is_judged_word(resource, false))
                list_add(foreign, resource_text(group, resource).text);
        }
    }
}

static bool takes_everything(const struct webhook *w)
{
    for (size_t i = 0; i < w->n_rules; i++)
        if (webhook_list_has(w->rules[i].groups, "*") && w->rules[i].scope != SCOPE_CLUSTER &&
            (webhook_list_has(w->rules[i].resources, "*") ||
             webhook_list_has(w->rules[i].resources, "*/*")))
            return true;
    return false;
}

/* What stops when everything is asked about; objects without a namespace are always selected. */
static const char *everything(const struct out *out)
{
    struct str unknown;
    enum tri excluded =
        out->r->own.name.p ? excludes(out->r->webhook, &out->r->own, &unknown) : TRI_NOT_KNOWN;

    switch (excluded) {
    case TRI_YES:
        return "in the cluster, but for the namespaces that namespaceSelector excludes,";
    case TRI_NO:
        return "in the cluster, the Pods of syncguard included,";
    case TRI_NOT_KNOWN:
        break;
    }
    return "in the cluster, perhaps the Pods of syncguard included,";
}

static void foreign_resources(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    AUTO(list_clear) struct list foreign = list_new();
    bool all = takes_everything(w);

    for (size_t i = 0; i < w->n_rules && !list_is_full(&foreign); i++)
        list_foreign(&w->rules[i], &foreign);
    if (!foreign.n)
        return;
    saw(out,
        add(out, FINDING_DENY,
            "While nothing answers for webhook %s, each write %s%s %s. Its rules take in more than "
            "what syncguard judges. Name applications of argoproj.io and externalsecrets of "
            "external-secrets.io, and nothing else%s",
            name_of(out).text, all ? "" : "of ", all ? everything(out) : list_text(&foreign),
            fate_of(w).text,
            all ? "; once it has happened, deleting the ValidatingWebhookConfiguration still "
                  "works, which no webhook is asked about."
                : "."),
        false, "rules for %s", list_text(&foreign));
}

static void missing_resources(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    AUTO(list_clear) struct list missing = list_new();

    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        if (!takes(w, &judged[i])) {
            char text[96];

            (void)snprintf(text, sizeof text, "%s.%s", judged[i].resource, judged[i].group);
            list_add(&missing, text);
        }
    if (!missing.n)
        return;
    saw(out,
        add(out, FINDING_WARN,
            "Webhook %s never sees %s: a hole in the guard, unless another webhook asks for it. "
            "No rule of scope Namespaced or \"*\" takes it in. Add it to the rules.",
            name_of(out).text, list_text(&missing)),
        false, "rules without %s", list_text(&missing));
}

static bool takes_version(const struct webhook *w, const struct judged *j, const char *version)
{
    for (size_t i = 0; i < w->n_rules; i++)
        if (webhook_rule_takes(&w->rules[i], j->group, j->resource) &&
            (webhook_list_has(w->rules[i].versions, "*") ||
             webhook_list_has(w->rules[i].versions, version)))
            return true;
    return false;
}

/* matchPolicy Equivalent does not help where the cluster serves none of the versions named. */
static void missing_versions(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    AUTO(list_clear) struct list missing = list_new();

    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        for (size_t k = 0; takes(w, &judged[i]) && judged[i].versions[k]; k++)
            if (!takes_version(w, &judged[i], judged[i].versions[k])) {
                char text[96];

                (void)snprintf(text, sizeof text, "%s.%s/%s", judged[i].resource, judged[i].group,
                               judged[i].versions[k]);
                list_add(&missing, text);
            }
    if (!missing.n)
        return;
    saw(out,
        add(out, FINDING_WARN,
            "Webhook %s can miss what is written as %s, %s. apiVersions leave that out. Use "
            "apiVersions: [\"*\"].",
            name_of(out).text, list_text(&missing),
            w->matches_exactly ? "wherever a cluster serves it"
                               : "where a cluster serves none of the versions named"),
        false, "apiVersions without %s", list_text(&missing));
}

static void scopes(const struct out *out)
{
    const struct webhook *w = out->r->webhook;

    for (size_t i = 0; i < w->n_rules; i++)
        if (w->rules[i].scope == SCOPE_CLUSTER) {
            saw(out,
                add(out, FINDING_WARN,
                    "A rule of webhook %s never matches an Application or ExternalSecret, which "
                    "live in namespaces. Its scope is Cluster. Set it to Namespaced.",
                    name_of(out).text),
                false, "rules[%zu].scope: Cluster", i);
            return;
        }
}

/* ---- 5: it could not be reached ---- */

static struct finding *unreachable(const struct out *out, const char *why, const char *repair)
{
    const struct webhook *w = out->r->webhook;

    return add(out, w->fails ? FINDING_DENY : FINDING_WARN, "%s webhook %s %s: %s. %s",
               w->fails ? "Each write that" : "Each write passes unseen, because",
               name_of(out).text,
               w->fails ? "is asked about is refused (failurePolicy Fail), because it cannot answer"
                        : "cannot answer (failurePolicy Ignore)",
               why, repair);
}

/* The path of an absolute URL; "" without one. */
static struct str url_path(struct str url)
{
    size_t n_scheme = sizeof "https://" - 1;
    struct str rest = str_sub(url, n_scheme < url.n ? n_scheme : url.n, url.n);
    struct str path = str_sub(rest, str_find_char(rest, '/'), rest.n);

    path = str_sub(path, 0, str_find_char(path, '?'));
    return str_sub(path, 0, str_find_char(path, '#'));
}

static void address(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    bool has_url = w->url.p != NULL;

    if (has_url && !str_eq_nocase(str_sub(w->url, 0, sizeof "https://" - 1), STR("https://"))) {
        saw(out,
            unreachable(out, "clientConfig.url is no https address",
                        "Give one: the API server calls nothing else."),
            false, "clientConfig.url: %s", show_url(w->url).text);
        return;
    }
    if (str_is(has_url ? url_path(w->url) : w->service_path, "/validate"))
        return;
    saw(out,
        unreachable(out,
                    has_url             ? "the path of clientConfig.url is another than /validate"
                    : w->service_path.p ? "clientConfig.service.path is another than /validate"
                                        : "clientConfig.service.path is absent, which calls /",
                    "Set it to /validate, the only path syncguard answers."),
        false, has_url ? "clientConfig.url: %s" : "clientConfig.service.path: %s",
        has_url             ? show_url(w->url).text
        : w->service_path.p ? show(w->service_path).text
                            : "absent");
}

/* The API server sends the first version of the list that it knows, and it knows two. */
static void review_versions(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    bool has_v1 = webhook_list_has(w->review_versions, "v1");
    struct finding *f;

    for (size_t i = 0; i < json_array_size(w->review_versions); i++) {
        struct str version = json_view(json_array_get(w->review_versions, i));

        if (str_is(version, "v1"))
            return;
        if (str_is(version, "v1beta1"))
            break;
    }
    f = unreachable(out,
                    has_v1 ? "admissionReviewVersions name v1beta1 before v1, so that v1beta1 is "
                             "what it is sent"
                           : "admissionReviewVersions do not name v1",
                    "Set admissionReviewVersions: [v1], the only version syncguard reads.");
    saw(out, f, !w->review_versions, "admissionReviewVersions %s",
        has_v1 ? "with v1beta1 before v1" : "without v1");
}

static void ca_bundle(const struct out *out)
{
    static const char repair[] = "Put the base64 of the CA's PEM file there; "
                                 "deploy/kubernetes/render does.";
    static const char *const faults[] = {
        [REGISTRATION_CA_NOT_BASE64] = "no base64 (a placeholder, or PEM as it is)",
        [REGISTRATION_CA_NO_CERTIFICATE] = "without a PEM certificate that can be read",
        [REGISTRATION_CA_NOT_VALID_NOW] = "without a certificate that is valid now",
    };
    const struct webhook *w = out->r->webhook;
    AUTO(freep) char *why = NULL;

    switch (out->r->ca) {
    case REGISTRATION_CA_GOOD:
        return;
    case REGISTRATION_CA_ABSENT:
        if (w->fails)
            saw(out,
                add(out, FINDING_WARN,
                    "Each write that webhook %s is asked about is refused (failurePolicy Fail) "
                    "unless a CA that the API server trusts by itself has issued its certificate. "
                    "clientConfig.caBundle is absent. %s",
                    name_of(out).text, repair),
                false, "clientConfig.caBundle: absent");
        return;
    case REGISTRATION_CA_NOT_BASE64:
    case REGISTRATION_CA_NO_CERTIFICATE:
    case REGISTRATION_CA_NOT_VALID_NOW:
        why = xasprintf("clientConfig.caBundle is %s", faults[out->r->ca]);
        saw(out, unreachable(out, why, repair), false, "clientConfig.caBundle: %s",
            faults[out->r->ca]);
        return;
    }
}

/* ---- 6: dry runs ---- */

/*
 * Under v1 the API server does not store the object, which is said once and harms nobody. Under
 * v1beta1 it does, and then answers each dry run with 400 before it calls the webhook; that is no
 * failure to call, so failurePolicy Ignore does not help, and both policies deny.
 * Source: Kubernetes apiserver, plugin/webhook/validating/dispatcher.go (callHook, and Dispatch for
 * errors other than ErrCallingWebhook); validation.go (requireNoSideEffects).
 */
static void side_effects(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    bool beta = out->r->configuration->version == REGISTRATION_V1BETA1;
    struct finding *f;

    if (str_is(w->side_effects, "None") || str_is(w->side_effects, "NoneOnDryRun"))
        return;
    if (beta)
        f = add(
            out, FINDING_DENY,
            "Each dry run of what webhook %s is asked about is refused, whatever failurePolicy "
            "says: kubectl diff, kubectl apply --dry-run=server, Argo CD's server-side diff and "
            "apply. sideEffects is %s%s. Set sideEffects: None, which is true of syncguard.",
            name_of(out).text, show(w->side_effects).text,
            w->side_effects_defaulted ? " by default" : "");
    else
        f = add(out, FINDING_WARN,
                "The API server does not take the configuration of webhook %s, and nothing is "
                "guarded. sideEffects is %s, and v1 takes None and NoneOnDryRun alone. Set "
                "sideEffects: None, which is true of syncguard.",
                name_of(out).text,
                w->side_effects_defaulted ? "absent" : show(w->side_effects).text);
    saw(out, f, beta && w->side_effects_defaulted, "sideEffects: %s",
        !beta && w->side_effects_defaulted ? "absent" : show(w->side_effects).text);
}

/* ---- 7: holes ---- */

static bool names_versions(const struct webhook *w)
{
    for (size_t i = 0; i < w->n_rules; i++)
        for (size_t k = 0; k < ARRAY_LEN(judged); k++)
            if (webhook_rule_takes(&w->rules[i], judged[k].group, judged[k].resource) &&
                !webhook_list_has(w->rules[i].versions, "*"))
                return true;
    return false;
}

static void match_policy(const struct out *out)
{
    const struct webhook *w = out->r->webhook;

    if (!w->matches_exactly)
        return;
    saw(out,
        add(out, FINDING_WARN,
            "Webhook %s does not see objects written through another served version than its rules "
            "name%s. matchPolicy is Exact%s. Set matchPolicy: Equivalent.",
            name_of(out).text,
            names_versions(w) ? ""
                              : "; today they name every version, and the first rule that names "
                                "one would open the hole",
            w->match_policy_defaulted ? " by default" : ""),
        w->match_policy_defaulted, "matchPolicy: Exact");
}

static void object_selector(const struct out *out)
{
    const struct webhook *w = out->r->webhook;

    if (!w->object_selector.n)
        return;
    saw(out,
        add(out, FINDING_WARN,
            "Webhook %s does not see objects that objectSelector leaves out, and their labels are "
            "their author's to write: a way around the guard. objectSelector asks for the label "
            "%s. Remove it.",
            name_of(out).text, show(w->object_selector.requirements[0].key).text),
        false, "objectSelector with %s", show(w->object_selector.requirements[0].key).text);
}

static void argocd_namespace(const struct out *out)
{
    const struct webhook *w = out->r->webhook;
    struct shown namespace = show(out->r->argocd.name);
    struct str unknown = STR_NONE;

    switch (excludes(w, &out->r->argocd, &unknown)) {
    case TRI_NO:
        return;
    case TRI_YES:
        saw(out,
            add(out, FINDING_WARN,
                "Webhook %s does not see the Applications and ExternalSecrets of Namespace %s, "
                "where Argo CD lives: the guard is blind there. namespaceSelector excludes it. "
                "Exclude syncguard's own namespace and kube-system alone.",
                name_of(out).text, namespace.text),
            false, "namespaceSelector excludes %s", namespace.text);
        return;
    case TRI_NOT_KNOWN:
        saw(out,
            add(out, FINDING_UNDECIDED,
                "Whether webhook %s sees the Applications and ExternalSecrets of Namespace %s, "
                "where Argo CD lives, is not known: namespaceSelector asks for the label %s. Put "
                "the Namespace object into the file, or select by " LABEL_NAMESPACE_NAME ".",
                name_of(out).text, namespace.text, show(unknown).text),
            false, "namespaceSelector asks for %s", show(unknown).text);
        return;
    }
}

/* The table of design 3.8, in its order. */
typedef void (*row_fn)(const struct out *out);
static const row_fn rows[] = {
    own_namespace,       /* 1 */
    timeout,             /* 2 */
    needless_operations, /* 3 */
    missing_operations,  /* 3 */
    foreign_resources,   /* 4 */
    missing_resources,   /* 4 */
    missing_versions,    /* 4 */
    scopes,              /* 4 */
    address,             /* 5 */
    review_versions,     /* 5 */
    ca_bundle,           /* 5 */
    side_effects,        /* 6 */
    match_policy,        /* 7 */
    object_selector,     /* 7 */
    argocd_namespace,    /* 7 */
};

struct verdict *lockout_judge(const struct registration *r)
{
    struct out out = {r, xcalloc(1, sizeof *out.verdict)};

    out.verdict->allowed = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        rows[i](&out);
    return out.verdict;
}
