/* argocd_chart.h: whether the Helm chart argo-cd makes the Secret argocd-secret. */
#pragma once
#include "base/str.h"
#include "base/tri.h"
#include "objects/application.h"

/*
 * Whether a source with `chart: argo-cd` renders Secret argocd-secret into the release's namespace
 * (reference/argocd.md 5.4 row 12; argo-helm: configs.secret.createSecret, by default true). What
 * stands in the Application itself decides: parameters before valuesObject before values. NOT_KNOWN
 * where something that is not read could decide: value files, extraObjects that may hold a Secret
 * of that name, parameters that set more than their name says, charts of that name from elsewhere.
 */
enum tri argocd_chart_makes_secret(const struct source *source);
/* Whether Helm takes the value of an entry of helm.parameters for false. */
bool argocd_chart_parameter_is_false(const json_t *parameter);
/* Whether a parameter of that name may set createSecret, or extraObjects, in a way that is not
 * looked into. */
bool argocd_chart_parameter_hides(struct str name);
/* Whether its values may give that Secret annotations: configs.secret.annotations, or anything that
 * is not read as a whole. */
bool argocd_chart_annotates_secret(const struct source *source);
/* The namespace it is released into; STR_NONE where a value may change it. */
struct str argocd_chart_namespace(const struct source *source, const struct destination *d);
