/* tree.h: the names of a repository: files, directories and symlinks, in the order Argo CD walks.
 */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_kind { NODE_DIRECTORY, NODE_FILE, NODE_SYMLINK, NODE_OTHER };

/* Where following a path through symlinks ends. */
enum tree_found {
    TREE_FOUND,
    TREE_MISSING,
    TREE_OUTSIDE, /* leaves the repository */
    TREE_LOOP,    /* too many symlinks */
};

enum {
    TREE_MAX_LINKS = 40,            /* Linux's own MAXSYMLINKS, path_resolution(7) */
    TREE_MAX_LINK_STEPS = 20000000, /* path components followed for all symlinks together */
    TREE_MAX_LINK_BYTES = 4096,     /* PATH_MAX: what readlink(2) can return */
};

/*
 * Names what a node holds, the same in other trees: the id of the commit's object, or when a plain
 * file was written and where it lies (device, inode, mtime, ctime; with its size and its path). All
 * zero: not known.
 */
struct tree_key {
    uint64_t part[4];
};

struct node {
    char *path; /* relative to the repository, '/'-separated; "" for the root */
    size_t n_path;
    size_t name_at; /* where the last component starts in `path` */
    enum node_kind kind;
    uint64_t size_bytes; /* plain regular files; a commit tells it only once they are read */
    struct tree_key key; /* regular files and directories */
    bool is_submodule;   /* a directory that a commit leaves to another repository */
    size_t parent;
    size_t end; /* one past the last node below a directory; index + 1 for anything else */
    char *link; /* symlinks: the text */
    enum tree_found link_state;
    size_t target; /* symlinks with TREE_FOUND: a node that is no symlink */
};

/*
 * Nodes stand in filepath.Walk's order: a directory, then its children by name, each followed by
 * what lies below it. So a subtree is the range [index, nodes[index].end).
 */
struct tree {
    struct node *nodes; /* nodes[0] is the root */
    size_t n;
    size_t capacity;
    uint64_t signature;  /* of names, kinds, sizes, mtimes and link texts; 0 for a commit's */
    uint64_t settled_ns; /* a directory's: a ctime before this was not followed by another change */
    size_t n_dropped;    /* nodes that were counted and taken out again */
    char *incomplete;    /* NULL, or why not everything was read */
    char *out_of_bounds; /* NULL, or the first symlink that Argo CD refuses (2.1) */
};

/* A file's bytes, in memory that grows to the largest file read into it. All zero is empty. */
struct file_bytes {
    char *p;
    size_t n;
    size_t capacity;
    uint64_t size_bytes; /* of the file; 0 where it could not be found out */
    bool is_too_large;   /* larger than was asked for: not read */
};
void file_bytes_reserve(struct file_bytes *b, size_t n); /* what it held is lost */
void file_bytes_clear(struct file_bytes *b);

/*
 * Opens the directory for tree_read() and tree_open(). Returns -1 with ERR_SYSTEM or ERR_INPUT.
 */
int tree_root(const char *path, struct err *err) MUST_CHECK;
/*
 * Reads every name below root_fd except `.git`: Git refuses to track a path with such a component,
 * so no commit, and nothing Argo CD checks out of one, can hold a manifest there.
 * root_fd  borrowed. The caller frees the result with tree_free(). Never fails: what could not be
 *          read is said in `incomplete`.
 * former   trees of before, for the call alone: a directory with the ctime it had there is not
 *          listed again, on file systems of which we know that they tell so; every file is looked
 *          at. NULL among them is fine.
 */
struct tree *tree_read(int root_fd, const struct tree *const *former, size_t n_former);
/* The clock that file systems stamp files by (Linux, current_time()), in nanoseconds. */
uint64_t tree_clock_ns(void);
void tree_free(struct tree *t); /* NULL is fine */
void tree_freep(struct tree **t);

/*
 * Reads a regular file of the tree, as contents_read() wants it. Never blocks, never follows a
 * symlink: the name is looked up anew, so what replaced it since is refused, and so is what has
 * been written since. root_fd  points to the descriptor.
 */
bool tree_read_file(void *root_fd, const struct tree *t, size_t node, size_t limit_bytes,
                    struct file_bytes *out, const char **why);

/*
 * Building a tree from what is no directory. Children are added in order of name, each followed by
 * what lies below it; the builder sets `end` of a directory once it is through with it.
 */
struct tree *tree_new(void); /* holds the root */
size_t tree_add(struct tree *t, size_t parent, const char *name, enum node_kind kind);
void tree_drop_last(struct tree *t);
void tree_set_link(struct tree *t, size_t symlink, struct str text);
/* The first one is kept. path: where, "" for the root; why: "is a …", "holds …". */
void tree_note_incomplete(struct tree *t, const char *path, const char *why);
/* Adds what lies below a directory of another tree: it is what lies below this one. */
void tree_copy_below(struct tree *t, size_t directory, const struct tree *from, size_t other);
/* Follows the symlinks, once all nodes are there. */
void tree_finish(struct tree *t);

/*
 * Follows `path` from the directory `from`, through symlinks, the last one included.
 * out  set for TREE_FOUND only.
 */
enum tree_found tree_follow(const struct tree *t, size_t from, struct str path, size_t *out);
/* The node with exactly that path, no symlink followed. False when there is none. */
bool tree_find(const struct tree *t, struct str path, size_t *out);
/* The same for paths that are asked for in the order of the nodes. *at: 0 at first; where it is, or
 * would be. */
bool tree_find_from(const struct tree *t, size_t *at, struct str path);
bool tree_key_eq(const struct tree_key *a, const struct tree_key *b);
bool tree_key_is_known(const struct tree_key *key);
/* The child `name` of a directory. */
bool tree_child(const struct tree *t, size_t directory, struct str name, size_t *out);
/* The last component. */
struct str node_name(const struct node *node);
/* The part of `node`'s path below the directory `above`. */
struct str node_below(const struct node *node, const struct node *above);
