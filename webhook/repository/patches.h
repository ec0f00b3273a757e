/* patches.h: the files that kustomizations name as patches and nothing else. */
#pragma once
#include "repository/contents.h"

/*
 * One bool for each node of the tree: a kustomization names the file in patches, patchesJson6902 or
 * patchesStrategicMerge, and none names it as a resource. What looks like an object there is a
 * piece of one. The caller frees it.
 */
bool *patches_find(const struct tree *t, const struct contents *c);
