/* fuzz_tree.h: an input as the files of a repository. */
#pragma once
#include "repository/index.h"
#include <stdint.h>

enum { FUZZ_TREE_MAX_FILES = 16 };

/* Views into the input. */
struct fuzz_tree {
    struct repository repository;
    struct str rest; /* the part behind those of the files */
    struct str parts[FUZZ_TREE_MAX_FILES];
    size_t node_of[FUZZ_TREE_MAX_FILES];
    size_t n;
};

/*
 * Parts end with a line of an equals sign; the first is the first file's content, and so on.
 * paths  at most FUZZ_TREE_MAX_FILES, in the order in which filepath.Walk has them.
 * out    must not move until fuzz_tree_clear().
 */
void fuzz_tree_read(const uint8_t *data, size_t size, const char *const *paths, size_t n,
                    struct fuzz_tree *out);
void fuzz_tree_clear(struct fuzz_tree *t);
/* Renders it twice and ends the process unless the outcomes are alike, and each holds what its
 * readers rely on. */
void fuzz_tree_render(const struct fuzz_tree *t, const struct render_request *q);
