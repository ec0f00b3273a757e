/* argocd_cm.h: Argo CD's ConfigMap argocd-cm, as far as verdicts hang on it. */
#pragma once
#include "base/str.h"
#include "base/tri.h"
#include "objects/application.h"
#include "objects/identity.h"
#include <jansson.h>

/* What health check of Applications is in force (reference/argocd.md 6.1, 6.2). */
enum application_health_check {
    APPLICATION_HEALTH_NONE,         /* an applied Application counts as done at once */
    APPLICATION_HEALTH_PRESENT,      /* waits for status.health: itself left out of it */
    APPLICATION_HEALTH_WANTS_SYNCED, /* also demands that status.sync.status be Synced */
};

struct argocd_cm {
    json_t *object;             /* a reference of its own; everything else is a view into it */
    struct str method;          /* application.resourceTrackingMethod; STR_NONE when absent */
    struct str label_key;       /* application.instanceLabelKey */
    struct str installation_id; /* installationID */
    enum application_health_check application_health;
    json_t *exclusions; /* resource.exclusions as a tree; NULL when absent */
    json_t *inclusions;
    bool filters_unreadable; /* either could not be parsed, or has an unexpected shape */
};

/* object: a ConfigMap; a reference is taken. The caller frees it with argocd_cm_free(). Never
 * fails. */
struct argocd_cm *argocd_cm_parse(json_t *object);
void argocd_cm_free(struct argocd_cm *cm); /* NULL is fine */

/*
 * Whether Argo CD watches objects of that group and kind on the cluster of that URL
 * (resource.exclusions, resource.inclusions: apiGroups, kinds, clusters, globs each). What it does
 * not watch it neither prunes nor deletes (reference/argocd.md 5.1). NOT_KNOWN where the filters
 * could not be read.
 */
enum tri argocd_cm_watches(const struct argocd_cm *cm, struct str group, struct str kind,
                           struct str cluster);
