#include "rules/unowned_target.h"

struct identity unowned_target(const struct external_secret *es)
{
    return (struct identity){
        .group = STR(""),
        .kind = STR("Secret"),
        .namespace = es->id.namespace,
        .name = es->target_name,
    };
}

bool unowned_target_is_immutable(const struct facts *f, const struct external_secret *es)
{
    const struct identity target = unowned_target(es);

    return es->immutable &&
           (es->creation_policy == CREATION_MERGE || !facts_secret_is_absent(f, &target));
}

static bool is_argocd_secret(const struct facts *f, const struct external_secret *es)
{
    return str_is(es->target_name, "argocd-secret") &&
           str_is(es->id.namespace, facts_settings(f)->argocd.namespace);
}

/* Remedy a, which stops prune and cascade under every method. */
static void add_template(struct buf *m, const struct external_secret *es, bool argocd_secret)
{
    if (es->template)
        buf_adds(m, "take the tracking mark out of spec.target.template.metadata");
    else
        buf_printf(m,
                   "add spec.target.template {mergePolicy: Merge, metadata: %s}: where a template "
                   "stands nothing is copied, and External Secrets takes off again what it copied",
                   argocd_secret ? "{labels: {app.kubernetes.io/part-of: argocd}}" : "{}");
}

/* Remedy b. */
static void add_own_secret(struct buf *m, bool argocd_secret)
{
    if (argocd_secret)
        buf_adds(m, "put the keys into a Secret of their own (creationPolicy: Owner, label "
                    "app.kubernetes.io/part-of: argocd) and refer to them as $<secret>:<key>");
    else
        buf_adds(m, "let the ExternalSecret write to a Secret of its own (another target.name, "
                    "creationPolicy: Owner)");
}

/* Remedies c and d, and what looks like one (reference/external-secrets.md 4). */
static void add_rest(struct buf *m, const struct external_secret *es, bool argocd_secret)
{
    buf_printf(m,
               "; (c) annotate %s argocd.argoproj.io/sync-options: Prune=false,Delete=false; (d) "
               "let Argo CD track by annotation, which is for all Applications and does not stop "
               "cascade deletion",
               es->template ? "the Secret through spec.target.template.metadata"
                            : "the ExternalSecret, which is copied too,");
    if (argocd_secret)
        buf_adds(m,
                 "; (e) creationPolicy: Owner with every key that argocd-secret holds "
                 "(server.secretkey, admin.password, admin.passwordMtime and others), beside the "
                 "chart's configs.secret.createSecret: false. Do not switch it to a bare Owner: "
                 "that erases every key the ExternalSecret does not list. ");
    else if (es->creation_policy == CREATION_ORPHAN)
        buf_adds(m, "; (e) creationPolicy: Owner, which writes the same keys as Orphan does. ");
    else
        buf_adds(m, ". Do not switch this target to creationPolicy: Owner: that erases every key "
                    "the ExternalSecret does not list. ");
    buf_printf(m,
               "%s pruned the same way, IgnoreExtraneous only hides it, and deleting the "
               "ExternalSecret leaves the mark on the Secret.",
               es->creation_policy == CREATION_MERGE ? "Orphan and CreateOrMerge are"
                                                     : "Merge, Orphan and CreateOrMerge are all");
}

void unowned_target_add_repair(struct buf *m, const struct facts *f,
                               const struct external_secret *es, bool in_full)
{
    bool argocd_secret = is_argocd_secret(f, es);

    buf_adds(m, in_full ? "Safest repair first: (a) " : "Safest: ");
    add_template(m, es, argocd_secret);
    buf_adds(m, in_full ? "; (b) " : "; or ");
    add_own_secret(m, argocd_secret);
    if (in_full)
        add_rest(m, es, argocd_secret);
    else if (argocd_secret)
        buf_adds(m, ". Do not switch argocd-secret to a bare creationPolicy: Owner: that erases "
                    "every key the ExternalSecret does not list.");
    else
        buf_addc(m, '.');
}

void unowned_target_add_unmarking(struct buf *m, const struct tracking *t,
                                  const struct identity *secret)
{
    bool label = t->method == TRACKING_LABEL;

    buf_printf(m, "kubectl %s secret %s -n %s %s-", label ? "label" : "annotate",
               show(secret->name).text, show(secret->namespace).text,
               label ? show(t->label_key).text : ANNOTATION_TRACKING_ID);
}

void unowned_target_add_assumption(struct buf *m, const struct facts *f)
{
    const struct tracking_facts *tracking = facts_tracking(f);

    if (tracking->assumed)
        buf_printf(m, " Tracking by label is assumed: %s.", tracking->why);
}
