/* git_library.h: libgit2 as the git*.c files use it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include <git2.h>

/*
 * Starts libgit2 with our settings; each success is ended by git_stop(). Counted by the library.
 * Its settings are the process's own; each start sets the same ones.
 */
bool git_start(void) MUST_CHECK;
void git_stop(void);
/* What libgit2 says of its last failure; never NULL. */
const char *git_text(void);

struct git_objects;
/* See git_open(). `path` is for messages. */
bool git_find_commit(struct git_objects *objects, const char *path, const char *revision,
                     git_oid *out, struct err *err) MUST_CHECK;
