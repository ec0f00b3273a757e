/* lockout_scope.c: which requests a registered webhook is asked about, too many and too few (design
 * 3.8, rows 3 and 4). */
#include "base/json.h"
#include "base/text.h"
#include "rules/lockout_rows.h"
#include <stdio.h>

enum { WORD_MAX = 110 }; /* bytes of a group or resource: two and their "…" fit struct shown */

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

static bool any_rule_has(const struct webhook *w, const char *operation)
{
    for (size_t i = 0; i < w->n_rules; i++)
        if (webhook_list_has(w->rules[i].operations, operation))
            return true;
    return false;
}

void lockout_needless_operations(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    bool all = any_rule_has(w, "*");
    bool deletes = all || any_rule_has(w, "DELETE");
    bool connects = all || any_rule_has(w, "CONNECT");
    const char *needless = !connects ? "DELETE" : !deletes ? "CONNECT" : "DELETE and CONNECT";
    struct finding *f;

    if (!deletes && !connects)
        return;
    f = lockout_add(
        l, FINDING_DENY,
        "While nothing answers for webhook %s, each %s of what its rules name %s, although "
        "syncguard never refuses one%s. operations hold %s. Ask for CREATE and UPDATE alone.",
        lockout_name(l).text, needless, lockout_fate(w).text,
        w->fails && deletes ? ": nobody could delete an Application then" : "",
        all ? "\"*\"" : needless);
    lockout_saw(l, f, false, "operations with %s", all ? "\"*\"" : needless);
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

void lockout_missing_operations(const struct lockout *l)
{
    static const char *const operations[] = {"CREATE", "UPDATE"};
    const struct webhook *w = l->r->webhook;
    AUTO(lockout_list_clear) struct lockout_list holes = lockout_list_new();
    struct finding *f;

    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        for (size_t k = 0; k < ARRAY_LEN(operations); k++)
            if (takes(w, &judged[i]) && !takes_operation(w, &judged[i], operations[k])) {
                char text[96];

                (void)snprintf(text, sizeof text, "%s of %s.%s", operations[k], judged[i].resource,
                               judged[i].group);
                lockout_list_add(&holes, text);
            }
    if (!holes.n)
        return;
    f = lockout_add(
        l, FINDING_WARN,
        "Webhook %s never sees %s: a hole in the guard, unless another webhook asks for it. "
        "The operations of its rules for that resource leave it out. Ask for CREATE and "
        "UPDATE.",
        lockout_name(l).text, lockout_list_text(&holes));
    lockout_saw(l, f, false, "rules without %s", lockout_list_text(&holes));
}

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
    struct shown shown;
    struct buf b;

    buf_init(&b, sizeof shown.text);
    text_escape(&b,
                str_is(resource, "*")     ? STR("every resource")
                : str_is(resource, "*/*") ? STR("every resource and sub-resource")
                                          : resource,
                WORD_MAX);
    buf_adds(&b, " of ");
    text_escape(&b,
                str_is(group, "*") ? STR("every group")
                : !group.n         ? STR("the core group")
                                   : group,
                WORD_MAX);
    (void)snprintf(shown.text, sizeof shown.text, "%s", b.p);
    buf_clear(&b);
    return shown;
}

/* A group and a resource that syncguard judges are no reason, even where they do not belong
 * together: no cluster has applications.external-secrets.io. */
static void list_foreign(const struct webhook_rule *rule, struct lockout_list *foreign)
{
    if (!has_foreign_word(rule->groups, true) && !has_foreign_word(rule->resources, false))
        return;
    for (size_t i = 0; i < json_array_size(rule->groups); i++) {
        struct str group = json_view(json_array_get(rule->groups, i));

        for (size_t k = 0; k < json_array_size(rule->resources) && !lockout_list_is_full(foreign);
             k++) {
            struct str resource = json_view(json_array_get(rule->resources, k));

            if (!is_judged_word(group, true) || !is_judged_word(resource, false))
                lockout_list_add(foreign, resource_text(group, resource).text);
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
static const char *everything(const struct lockout *l)
{
    struct str unknown;
    enum tri excluded =
        l->r->own.name.p ? lockout_excludes(l->r->webhook, &l->r->own, &unknown) : TRI_NOT_KNOWN;

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

void lockout_foreign_resources(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    AUTO(lockout_list_clear) struct lockout_list foreign = lockout_list_new();
    bool all = takes_everything(w);
    struct finding *f;

    for (size_t i = 0; i < w->n_rules && !lockout_list_is_full(&foreign); i++)
        list_foreign(&w->rules[i], &foreign);
    if (!foreign.n)
        return;
    f = lockout_add(
        l, FINDING_DENY,
        "While nothing answers for webhook %s, each write %s%s %s. Its rules take in more than "
        "what syncguard judges. Name applications of argoproj.io and externalsecrets of "
        "external-secrets.io, and nothing else%s",
        lockout_name(l).text, all ? "" : "of ", all ? everything(l) : lockout_list_text(&foreign),
        lockout_fate(w).text,
        all ? "; once it has happened, deleting the ValidatingWebhookConfiguration still "
              "works, which no webhook is asked about."
            : ".");
    lockout_saw(l, f, false, "rules for %s", lockout_list_text(&foreign));
}

void lockout_missing_resources(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    AUTO(lockout_list_clear) struct lockout_list missing = lockout_list_new();
    struct finding *f;

    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        if (!takes(w, &judged[i])) {
            char text[96];

            (void)snprintf(text, sizeof text, "%s.%s", judged[i].resource, judged[i].group);
            lockout_list_add(&missing, text);
        }
    if (!missing.n)
        return;
    f = lockout_add(
        l, FINDING_WARN,
        "Webhook %s never sees %s: a hole in the guard, unless another webhook asks for it. "
        "No rule of scope Namespaced or \"*\" takes it in. Add it to the rules.",
        lockout_name(l).text, lockout_list_text(&missing));
    lockout_saw(l, f, false, "rules without %s", lockout_list_text(&missing));
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
void lockout_missing_versions(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    AUTO(lockout_list_clear) struct lockout_list missing = lockout_list_new();
    struct finding *f;

    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        for (size_t k = 0; takes(w, &judged[i]) && judged[i].versions[k]; k++)
            if (!takes_version(w, &judged[i], judged[i].versions[k])) {
                char text[96];

                (void)snprintf(text, sizeof text, "%s.%s/%s", judged[i].resource, judged[i].group,
                               judged[i].versions[k]);
                lockout_list_add(&missing, text);
            }
    if (!missing.n)
        return;
    f = lockout_add(
        l, FINDING_WARN,
        "Webhook %s can miss what is written as %s, %s. apiVersions leave that out. Use "
        "apiVersions: [\"*\"].",
        lockout_name(l).text, lockout_list_text(&missing),
        w->matches_exactly ? "wherever a cluster serves it"
                           : "where a cluster serves none of the versions named");
    lockout_saw(l, f, false, "apiVersions without %s", lockout_list_text(&missing));
}

void lockout_scopes(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    struct finding *f;

    for (size_t i = 0; i < w->n_rules; i++)
        if (w->rules[i].scope == SCOPE_CLUSTER) {
            f = lockout_add(
                l, FINDING_WARN,
                "A rule of webhook %s never matches an Application or ExternalSecret, which "
                "live in namespaces. Its scope is Cluster. Set it to Namespaced.",
                lockout_name(l).text);
            lockout_saw(l, f, false, "rules[%zu].scope: Cluster", i);
            return;
        }
}

static bool names_versions(const struct webhook *w)
{
    for (size_t i = 0; i < w->n_rules; i++)
        for (size_t k = 0; k < ARRAY_LEN(judged); k++)
            if (webhook_rule_takes(&w->rules[i], judged[k].group, judged[k].resource) &&
                !webhook_list_has(w->rules[i].versions, "*"))
                return true;
    return false;
}

void lockout_match_policy(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    struct finding *f;

    if (!w->matches_exactly)
        return;
    f = lockout_add(
        l, FINDING_WARN,
        "Webhook %s does not see objects written through another served version than its rules "
        "name%s. matchPolicy is Exact%s. Set matchPolicy: Equivalent.",
        lockout_name(l).text,
        names_versions(w) ? ""
                          : "; today they name every version, and the first rule that names "
                            "one would open the hole",
        w->match_policy_defaulted ? " by default" : "");
    lockout_saw(l, f, w->match_policy_defaulted, "matchPolicy: Exact");
}
