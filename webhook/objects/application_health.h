/* application_health.h: the health check of Applications that argocd-cm holds. */
#pragma once
#include <jansson.h>

/* What health check of Applications is in force (reference/argocd.md 6.1, 6.2). */
enum application_health_check {
    APPLICATION_HEALTH_NONE,         /* an applied Application counts as done at once */
    APPLICATION_HEALTH_PRESENT,      /* waits for status.health: itself left out of it */
    APPLICATION_HEALTH_WANTS_SYNCED, /* also demands that status.sync.status be Synced */
    /* resource.customizations is no YAML that Argo CD takes, or more than one wildcard key of it
     * takes in Applications: any of them counts. */
    APPLICATION_HEALTH_NOT_KNOWN,
};

/*
 * data  of the ConfigMap; NULL: none.
 * Reads resource.customizations.health.argoproj.io_Application, the older resource.customizations
 * (a map in YAML), and their wildcards, which count as of 2.6.
 * WANTS_SYNCED is told from the text: code, not a comment, that reads status.sync and names
 * "Synced".
 * Source: argo-cd util/settings/settings.go (GetResourceOverrides), util/lua/lua.go
 * (GetHealthScript).
 */
enum application_health_check application_health_read(const json_t *data);
