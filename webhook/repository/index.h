/* index.h: the parts of a repository, for the files of this room that render from it. */
#pragma once
#include "repository/contents.h"
#include "repository/git.h"
#include "repository/output.h"
#include "repository/repository.h"
#include "repository/tree.h"

struct repository {
    char *url;
    char **aliases;
    size_t n_aliases;
    char *path;
    char *revision;       /* as it was asked for; NULL: the directory's own files */
    struct git_id commit; /* "" without a revision */
    char shown[13];       /* of `commit`, what messages show */
    char *label;
    int64_t loaded_at;
    struct git_memo *memo;         /* NULL: none */
    int root_fd;                   /* of a plain directory, for what is read later; else -1 */
    struct git_snapshot *snapshot; /* the same of a commit; else NULL */
    struct tree *tree;
    struct contents *contents;
    const struct manifest **manifests; /* of every file, in order; borrowed from `contents` */
    size_t n_manifests;
    bool *is_patch;                /* by node: patches_find() */
    struct repository_note *notes; /* texts borrowed from `tree` and `contents` */
    size_t n_notes;
};

/* One rendering under way; everything is borrowed. */
struct render {
    const struct repository *repository;
    const struct tree *tree;
    const struct contents *contents;
    const struct render_request *asked;   /* as the caller wants it */
    const struct render_request *request; /* the same, until files override the source */
    const char *path;                     /* the source's, cleaned; "." for the root */
    size_t directory;                     /* the node it leads to */
    bool ends_in_link;                    /* the path's last component is a symlink */
    struct output_builder *output;
    struct overridden *overridden; /* owned; NULL: nothing overrides the source */
};

/* The file as manifests, as contents_glance() or contents_parsed() gives it: it may be
 * PARSE_SKIPPED where the request says so. */
const struct parsed *render_manifests(const struct render *r, size_t node,
                                      enum parse_syntax syntax);
