/* kustomize.h: what a kustomize source yields, where that is certain (reference/argocd.md 2.4). */
#pragma once
#include "repository/index.h"

enum {
    KUSTOMIZE_MAX_DEPTH = 32,    /* kustomizations naming each other; people stay below 6 */
    KUSTOMIZE_MAX_WORK = 200000, /* entries read, objects renamed: diamonds double per level */
};

void kustomize_render(struct render *r);
