/* helm.h: what can be said of a chart's output without Helm (reference/argocd.md 2.5). */
#pragma once
#include "repository/index.h"

/*
 * Always PARTIAL or FAILS. Values are put together (helm_values.h), subcharts left out
 * (helm_chart.h) and templates run as far as that is certain (helm_render.h); what is left is
 * looked at by its words (helm_words.h).
 *
 * A dependency that is declared and not in charts/ makes Argo CD run `helm dependency build`: what
 * it renders is in no repository of ours. Such charts are not known by what others packed into them
 * under that name, except that of argocd-apps the names are (helm_known.h). So:
 * - it makes no Application, as a source with `chart` makes none (design 3.5), but those that
 * values bring along whole, whose names are compared;
 * - one that is called as if it were made for Applications ("apps", "application") is not known;
 * - ExternalSecrets and Secrets of it are not known, whatever the values say;
 * - one that its condition or tags leave out makes nothing;
 * - one of file:// is a directory of the repository, and looked at like any other.
 */
void helm_render(struct render *r);
/* Of a source with `chart`: `r` has no tree. PARTIAL, without objects. */
void helm_render_fetched(struct render *r);

/* Whether a chart of that name, argocd-apps apart, may make Applications of values that say nothing
 * but names. */
bool helm_is_of_applications(struct str name);
