/* helm.h: what can be said of a chart's output without rendering it (reference/argocd.md 2.5). */
#pragma once
#include "repository/index.h"

/* Always PARTIAL or FAILS. */
void helm_render(struct render *r);
