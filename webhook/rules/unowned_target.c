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

void unowned_target_add_repair(struct buf *m, const struct facts *f,
                               const struct external_secret *es)
{
    bool is_argocd_secret = str_is(es->target_name, "argocd-secret") &&
                            str_is(es->id.namespace, facts_settings(f)->argocd.namespace);

    if (es->template)
        buf_adds(m, "Take the tracking mark out of spec.target.template.metadata");
    else if (is_argocd_secret)
        buf_adds(m, "Add spec.target.template {mergePolicy: Merge, metadata: {labels: "
                    "{app.kubernetes.io/part-of: argocd}}}: where a template stands, nothing is "
                    "copied");
    else
        buf_adds(m, "Add spec.target.template {mergePolicy: Merge, metadata: {}}: where a "
                    "template stands, nothing is copied");
    if (is_argocd_secret)
        buf_adds(m, "; or put the keys into a Secret of their own (creationPolicy: Owner, label "
                    "app.kubernetes.io/part-of: argocd) and refer to them as $<secret>:<key>. Do "
                    "not switch argocd-secret to a bare creationPolicy: Owner: that erases every "
                    "key the ExternalSecret does not list.");
    else
        buf_adds(m, "; or let the ExternalSecret make a Secret of its own (creationPolicy: "
                    "Owner).");
}

void unowned_target_add_assumption(struct buf *m, const struct facts *f)
{
    const struct tracking_facts *tracking = facts_tracking(f);

    if (tracking->assumed)
        buf_printf(m, " Tracking by label is assumed: %s.", tracking->why);
}
