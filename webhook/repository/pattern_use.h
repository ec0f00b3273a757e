/* pattern_use.h: how a pattern for directory.include or .exclude fares on the files of a source. */
#pragma once
#include "repository/repository.h"

struct pattern_use {
    size_t n_files; /* that the source chooses from: named as manifests are, `recurse` applied */
    size_t n_matched;
    bool compiles;
    bool in_doubt; /* for some file it is not known */
};

/*
 * False where the source is no directory, or there is no such path. The pattern is the caller's,
 * to try others than the source's own.
 */
bool repository_try_pattern(const struct repository *r, const struct render_request *q,
                            struct str pattern, struct pattern_use *out);
