/* directory.h: what a directory source yields (reference/argocd.md 2.2, 2.3). */
#pragma once
#include "repository/index.h"

/* reposerver.max.combined.directory.manifests.size: 10M, a Kubernetes quantity. */
enum { DIRECTORY_MAX_BYTES = 10000000 };
/* Steps of the patterns on all files of a source: some thirty thousand files with the patterns
 * people write, and half a second with the worst. */
enum { DIRECTORY_MAX_GLOB_STEPS = 20000000 };

void directory_render(struct render *r);
