/* git_layout.h: where a Git repository keeps its files, found and read without ever waiting. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

/* Source: gitrepository-layout(5). */
struct git_layout {
    char *own;         /* .git, or .git/worktrees/NAME */
    char *common;      /* the same, or the .git that linked work trees share */
    bool is_work_tree; /* which has a .git; else the path is that directory itself */
};

/*
 * Nothing above `path` is searched. True where there is a repository: a HEAD, refs/ and objects/;
 * else `out` says where one would be. Cleared with git_layout_clear() either way.
 */
bool git_layout_find(const char *path, struct git_layout *out);
void git_layout_clear(struct git_layout *l); /* all zero is fine */

enum git_file {
    GIT_FILE_READ,
    GIT_FILE_MISSING, /* or a directory, as a reference's name may be one */
    GIT_FILE_DAMAGED, /* no regular file, larger than the limit, or it cannot be read */
};

/*
 * Reads a whole file without waiting for anything: who opens a FIFO waits for its other end, and a
 * device may never end.
 * out  its bytes with a NUL behind them, owned by the caller; set for GIT_FILE_READ alone.
 */
enum git_file git_file_read(const char *path, size_t limit_bytes, char **out,
                            size_t *n_bytes) MUST_CHECK;
/* Whether some commits were fetched without those before them (gitrepository-layout(5)). */
bool git_layout_is_shallow(const struct git_layout *l);
