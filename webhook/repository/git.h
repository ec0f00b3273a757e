/* git.h: what a Git repository says of itself and holds at a commit; the only door to libgit2. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "repository/tree.h"
#include <stdbool.h>

/* Whether `path` is a bare Git repository (or the .git directory of another). */
bool git_is_bare(const char *path);

/* The id of a commit, in 40 lower-case hexadecimal digits. */
struct git_id {
    char text[41];
};

/* A commit, opened for reading. For one thread. */
struct git_snapshot;

/*
 * Finds the commit that a person, or Argo CD, calls `revision`:
 * - 40 hexadecimal digits: that commit, or what that annotated tag leads to;
 * - "HEAD", or a full name "refs/…";
 * - a tag, or a branch: refs/heads/, else (a clone's) refs/remotes/origin/, else as Git has it;
 * - 4 to 39 hexadecimal digits: the commit whose id alone starts so (gitrevisions(7)).
 * path  a work tree, a linked one, a bare repository, or a .git directory. Nothing above it is
 *       searched.
 * out   freed with git_close().
 * Fails with ERR_INPUT when there is no such repository or commit, or more than one, and with
 * ERR_SYSTEM when libgit2 cannot be started.
 * Source: argo-cd util/git/client.go (lsRemote), for the order of these.
 */
bool git_open(const char *path, const char *revision, struct git_snapshot **out,
              struct err *err) MUST_CHECK;
void git_close(struct git_snapshot *s); /* NULL is fine */
void git_closep(struct git_snapshot **s);
struct git_id git_snapshot_id(const struct git_snapshot *s);

/*
 * Every name of the commit, as tree_read() gives them for a checkout of it: subtrees without any
 * file are left out, and submodules are empty directories. Called once. The caller frees the
 * result with tree_free(). Never fails: what could not be read is said in `incomplete`.
 */
struct tree *git_read_tree(struct git_snapshot *s);

/*
 * Reads a file of the tree that git_read_tree() gave, as contents_read() wants it: as it is stored,
 * without the filters that gitattributes(5) name. Argo CD's checkout applies those that Git has
 * built in: eol= and text change line ends, which YAML and JSON read alike and which only the size
 * of a file shows; ident and working-tree-encoding are not seen here.
 * snapshot  a struct git_snapshot.
 */
bool git_read_file(void *snapshot, const struct tree *t, size_t node, size_t limit_bytes,
                   char *buffer, size_t *n_bytes, const char **why);
