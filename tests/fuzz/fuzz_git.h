/* fuzz_git.h: a Git repository of two commits, in a directory that goes with the process. */
#pragma once
#include "base/str.h"
#include <git2.h>
#include <stdbool.h>

struct fuzz_git {
    char directory[64]; /* bare */
    git_oid commits[2]; /* the same each time */
};

/* Made by the first call. */
const struct fuzz_git *fuzz_git(void);
/* Packs its objects: objects/pack/pack-*.{pack,idx}, which stays the only place they are in. */
void fuzz_git_pack(void);
/* The file of that name below the directory, which is made where it is missing; an empty text: no
 * such file. */
void fuzz_git_write(const char *name, struct str text);
/* Asks for revisions, one a line, and ends the process unless all that comes out is as git.h says
 * and one of the commits. may_lie: indices of packs may call the commits anything, which only who
 * reads one notices. */
void fuzz_git_ask(struct str revisions, bool may_lie);
