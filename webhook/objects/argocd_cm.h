/* argocd_cm.h: Argo CD's ConfigMap argocd-cm, as far as verdicts hang on it. */
#pragma once
#include "base/str.h"
#include "base/tri.h"
#include "objects/application_health.h"
#include <jansson.h>

struct argocd_cm {
    json_t *object;             /* a reference of its own; everything else is a view into it */
    struct str method;          /* application.resourceTrackingMethod; STR_NONE when absent */
    struct str label_key;       /* application.instanceLabelKey */
    struct str installation_id; /* installationID */
    enum application_health_check application_health;
    /* Projects may have more from others: app_project_permits() is not certain of its NO. */
    bool has_global_projects;
    json_t *exclusions; /* resource.exclusions as a tree; NULL when absent */
    json_t *inclusions;
    bool filters_unreadable; /* either could not be parsed, or has an unexpected shape */
};

/* object: a ConfigMap; a reference is taken. The caller frees it with argocd_cm_free(). Never
 * fails. */
struct argocd_cm *argocd_cm_parse(json_t *object);
void argocd_cm_free(struct argocd_cm *cm); /* NULL is fine */
void argocd_cm_freep(struct argocd_cm **cm);

/*
 * Whether Argo CD watches objects of that group and kind on the cluster of that URL
 * (resource.exclusions, resource.inclusions: apiGroups, kinds, clusters; globs but for kinds). What
 * it does not watch it neither prunes nor deletes (reference/argocd.md 5.1). NOT_KNOWN where the
 * filters could not be read, where a pattern has brackets, braces or backslashes, and where the
 * answer hangs on a pattern for clusters and `cluster` is https://kubernetes.default.svc: Argo CD
 * compares the address it calls, which for its own cluster is another one.
 * Source: argo-cd util/settings/filtered_resource.go, resources_filter.go (2.0 to 3.5),
 * gitops-engine pkg/utils/kube/ctl.go.
 */
enum tri argocd_cm_watches(const struct argocd_cm *cm, struct str group, struct str kind,
                           struct str cluster);
