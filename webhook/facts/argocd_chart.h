/* argocd_chart.h: whether the Helm chart argo-cd makes the Secret argocd-secret. */
#pragma once
#include "base/str.h"
#include "base/tri.h"
#include "objects/application.h"

/*
 * Whether a source with `chart: argo-cd` renders Secret argocd-secret into the release's namespace
 * (reference/argocd.md 5.4 row 12; argo-helm: configs.secret.createSecret, by default true). What
 * stands in the Application itself decides: parameters before valuesObject before values. Value
 * files are not read: where they could decide, and for charts of that name from elsewhere,
 * NOT_KNOWN.
 */
enum tri argocd_chart_makes_secret(const struct source *source);
/* Whether its values may give that Secret annotations: configs.secret.annotations, or anything that
 * is not read as a whole. */
bool argocd_chart_annotates_secret(const struct source *source);
/* The namespace it is released into; STR_NONE where a value may change it. */
struct str argocd_chart_namespace(const struct source *source, const struct destination *d);
