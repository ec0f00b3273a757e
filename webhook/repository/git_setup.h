/* git_setup.h: what a Git repository's own configuration says, as far as reading it needs that. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include <stdbool.h>

struct git_setup {
    char *remote; /* "origin", or the only one that has a URL; NULL: there are none, or several */
    char *url;    /* its first URL, from which Git fetches; NULL as above */
    bool is_work_tree; /* core.bare is set to false */
};

/*
 * Reads `common`/config. Without libgit2: version 1.5.1 loses some 180 KB each time when it looks
 * for lines by a pattern (git_regexp_search), as it does in each repository of format 1, and waits
 * for what an include names. What Git would include is not read.
 * Fails with ERR_INPUT where nobody but a later Git can read the repository (its format, its
 * extensions: SHA-256, reftable), or the file cannot be read.
 * path  of the repository, for messages.
 * Source: git-config(1), "Configuration file"; repository-version in Git's technical docs.
 */
bool git_setup_read(const char *common, const char *path, struct git_setup *out,
                    struct err *err) MUST_CHECK;
void git_setup_clear(struct git_setup *s); /* all zero is fine */
