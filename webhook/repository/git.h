/* git.h: what a Git repository says of itself and holds at a commit; the only door to libgit2. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "repository/tree.h"
#include <stdbool.h>

/* Whether `path` is a bare Git repository (or the .git directory of another). */
bool git_is_bare(const char *path);

/* Whether there is a Git repository at `path` itself: a work tree, a linked one, or a bare one. */
bool git_is_repository(const char *path);

/*
 * The indices of packs that were found whole, so that each is read for its checksum once and not at
 * each opening. Thread-safe, and shared by reference count.
 */
struct git_memo;
struct git_memo *git_memo_new(void);               /* returns with one reference */
struct git_memo *git_memo_ref(struct git_memo *m); /* NULL is fine, here and below */
void git_memo_unref(struct git_memo *m);

/* The id of a commit, in 40 lower-case hexadecimal digits. */
struct git_id {
    char text[41];
};

/* A commit, opened for reading: for one thread, but for git_read_file(). */
struct git_snapshot;

/*
 * Finds the commit that a person, or Argo CD, calls `revision`:
 * - 40 hexadecimal digits: that commit, or what that annotated tag leads to;
 * - "HEAD", or a full name "refs/…";
 * - a range of versions among the tags, as semver.h has it: the highest that fits;
 * - a tag, or a branch: refs/heads/, else (a clone's) refs/remotes/origin/, else as Git has it;
 * - 4 to 39 hexadecimal digits: the commit whose id alone starts so (gitrevisions(7)).
 * path  a work tree, a linked one, a bare repository, or a .git directory. Nothing above it is
 *       searched.
 * memo  NULL: everything is looked at. Kept for as long as the commit is open.
 * out   freed with git_close().
 * Fails with ERR_INPUT when there is no such repository or commit, or more than one, and with
 * ERR_SYSTEM when libgit2 cannot be started.
 * Source: argo-cd util/git/client.go (lsRemote), for the order of these.
 */
bool git_open(const char *path, const char *revision, struct git_memo *memo,
              struct git_snapshot **out, struct err *err) MUST_CHECK;
void git_close(struct git_snapshot *s); /* NULL is fine */
void git_closep(struct git_snapshot **s);
struct git_id git_snapshot_id(const struct git_snapshot *s);

/* argocd.version; 0.0: not known. */
struct git_argocd {
    unsigned major;
    unsigned minor;
};

/* What an Application's source asks a repository for, and where it led. */
struct git_name {
    const char *revision;   /* source.targetRevision; "" is HEAD */
    const char *tag_prefix; /* source.tagPrefix; "" is none */
    char *why;        /* owned; where it leads to no commit: a phrase about it, no full stop */
    struct git_id id; /* "" there */
    bool is_broken;   /* and that may pass: what names it is damaged, or a fetch is under way */
};

/*
 * Resolves names as Argo CD does against the remote that the repository at `path` is a clone of:
 * 40 hexadecimal digits; a range of versions among the tags (semver.h); then tag, branch, full name
 * or abbreviated id of 7 digits at least. A branch, "refs/heads/" before it or not, is what the
 * last fetch saw:
 * - refs/remotes/origin/ (a clone; its local branches are somebody's own work), or those of the
 *   only remote, however it is called,
 * - refs/heads/ where the repository has no such remote (a mirror),
 * - FETCH_HEAD, which is all that git-sync leaves behind; in a clone, what came from that remote.
 * HEAD is refs/remotes/origin/HEAD, what was fetched without a name, or the repository's own HEAD:
 * the branch it is on as the remote has it, where that has one of the name.
 * Fails only when there is no repository at `path`, as git_open(); sets `id` or `why` of each name.
 */
bool git_resolve(const char *path, struct git_memo *memo, const struct git_argocd *argocd,
                 struct git_name *names, size_t n, struct err *err) MUST_CHECK;

/*
 * Changes whenever a reference may lead elsewhere than it did, whoever fetched (names, inodes,
 * sizes and mtimes of HEAD, FETCH_HEAD, packed-refs, refs/ and objects/pack): stat(2) alone, no
 * library and no object. Linked work trees look at what they share.
 */
uint64_t git_refs_signature(const char *path);
/* The directories in which inotify(7) sees most of that. The argument lives for the call. */
void git_refs_directories(const char *path, void (*visit)(const char *directory, void *closure),
                          void *closure);
/* The directories that reading the repository may lead to besides `path`: where a work tree's own
 * and shared parts are, and the objects it borrows. The argument lives for the call. */
void git_places(const char *path, void (*visit)(const char *directory, void *closure),
                void *closure);
/* The last fetch failed, or is under way: when there was one before is not known. */
#define GIT_FETCH_FAILED ((int64_t)-1)
/* When something was last fetched into it: FETCH_HEAD's mtime, Unix seconds; 0 never. */
int64_t git_fetched_at(const char *path);

/*
 * Every name of the commit, as tree_read() gives them for a checkout of it: subtrees without any
 * file are left out, and submodules are empty directories. The caller frees the result with
 * tree_free(). Never fails: what could not be read is said in `incomplete`.
 * former  trees of other commits, for the call alone: a directory that is the same there is copied.
 */
struct tree *git_read_tree(struct git_snapshot *s, const struct tree *const *former,
                           size_t n_former);

/*
 * Reads a file of the tree that git_read_tree() gave, as contents_read() wants it: as it is stored,
 * without the filters that gitattributes(5) name. Argo CD's checkout applies those that Git has
 * built in: eol= and text change line ends, which YAML and JSON read alike and which only the size
 * of a file shows; ident and working-tree-encoding are not seen here.
 * snapshot  a struct git_snapshot.
 */
bool git_read_file(void *snapshot, const struct tree *t, size_t node, size_t limit_bytes,
                   struct file_bytes *out, const char **why);
