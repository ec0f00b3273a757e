/* helm_known.h: what a chart that does not lie in Git makes of the values it is given. */
#pragma once
#include "repository/repository.h"
#include <jansson.h>

/*
 * Which objects of argoproj.io it may yield. Charts are not known by what their templates say, with
 * one exception; of any other, what values bring along is all that can be an Application:
 *
 * - `argocd-apps` of argo-helm makes one Application for each member of `applications`, called like
 *   the member (2.x) or as its `name` says (lists, 1.x), in its `namespace` or the release's; the
 *   same of `applicationsets`. What its `itemTemplates` make is not known.
 * - Whole manifests, wherever they stand: extraObjects, extraManifests, extraDeploy and
 *   raw.resources are the usual places, as mappings or as text. Which of them the chart writes is
 *   not known, so one is possible, and no other is.
 *
 * `add` is called for each, with `to`; an end with no name is anything.
 */
typedef void (*helm_known_fn)(void *to, const struct open_end *end);

/*
 * values     as the chart gets them (helm_values.h).
 * namespace  of the release.
 */
void helm_known_ends(struct str chart, const json_t *values, struct str namespace,
                     helm_known_fn add, void *to);

/* argo-helm's own addresses, and nothing around them. */
bool helm_is_argo_helm(struct str url);
/*
 * Whether a dependency on argo-cd makes Secret argocd-secret (argo-helm:
 * configs.secret.createSecret, by default true; reference/argocd.md 5.4 row 12), where, and
 * whether with annotations. NO only where nothing else it is given may hold the Secret.
 */
enum tri helm_known_argocd_secret(struct str repository, const json_t *values, struct str namespace,
                                  struct argocd_secret *out);
