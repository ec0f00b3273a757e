/* kustomize.h: what a kustomize source yields, where that is certain (reference/argocd.md 2.4). */
#pragma once
#include "repository/index.h"

void kustomize_render(struct render *r);
