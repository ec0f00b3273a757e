/* overrides.h: what .argocd-source.yaml and .argocd-source-<name>.yaml change of a source
 * (reference/argocd.md 2.1). */
#pragma once
#include "repository/index.h"

/* The source as the override files in its path leave it. */
struct overridden;

/*
 * Merges both files, in that order, into r->request, which then points into r->overridden. Needs
 * source_find_path(). False when the output says why the source is not known, or fails.
 */
bool overrides_apply(struct render *r);
/* Whether a file sets that option, be it to {}; `o` may be NULL. */
bool overridden_sets(const struct overridden *o, const char *option);
void overridden_free(struct overridden *o); /* NULL is fine */
