/* app_project.h: what an AppProject lets its Applications delete. */
#pragma once
#include "base/str.h"
#include "base/tri.h"
#include "objects/application.h"
#include "objects/identity.h"
#include <jansson.h>

/*
 * Whether the AppProject permits its Application to touch a live namespaced object on the
 * Application's own destination cluster: kind (spec.namespaceResourceWhitelist, -Blacklist) and
 * namespace (spec.destinations with their ! negations), as AppProject.IsLiveResourcePermitted has
 * it (reference/argocd.md 5.1). Argo CD neither prunes nor cascade-deletes what is not permitted.
 * project  an AppProject's object; borrowed.
 * NOT_KNOWN where the answer hangs on what is not seen: the name or URL the destination goes by
 * besides the one it is written with (https://kubernetes.default.svc is in-cluster, unless a
 * cluster Secret says otherwise), a pattern with brackets, braces or backslashes,
 * permitOnlyProjectScopedClusters, an entry with ! that 2.6 and 3.0 read differently, a field of
 * another type.
 * The answer is the project's own: where argocd-cm has globalProjects (argocd_cm.h), what they
 * permit is added to it, and NO is not certain.
 * Source: argo-cd app_project_types.go (IsGroupKindNamePermitted, isDestinationMatched), 2.6 to
 * 3.5; types.go (isResourceInList).
 */
enum tri app_project_permits(const json_t *project, const struct identity *object,
                             const struct destination *destination);
