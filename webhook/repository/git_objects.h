/* git_objects.h: a repository's objects, asked so that no damage keeps libgit2 busy for ever. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "repository/git_layout.h"
#include "repository/git_setup.h"
#include <git2.h>
#include <stdbool.h>
#include <stdint.h>

struct git_memo;

enum {
    /* libgit2 follows alternates five deep; a shared clone has one */
    GIT_OBJECTS_MAX_DIRECTORIES = 32,
    /* Nothing larger is read: a directory of as many files as we read, with names as long as Linux
     * takes. Files have a lower limit of their own. */
    GIT_OBJECTS_MAX_BYTES = 64 * 1024 * 1024,
};

struct git_objects {
    struct git_layout layout;
    struct git_setup setup;
    git_repository *repository; /* nothing but `odb` */
    git_odb *odb;
    char *directories[GIT_OBJECTS_MAX_DIRECTORIES]; /* of loose objects: ours and alternates */
    size_t n_directories;
    struct git_memo *memo; /* NULL: none */
    uint64_t packs;        /* what tells that packs have come or gone since libgit2 last looked */
};

/* libgit2 has been started. Fails with ERR_INPUT when there is no repository at `path` itself, or
 * an index of its packs is damaged, or libgit2 could wait for a file of it for ever. */
bool git_objects_init(struct git_objects *o, const char *path, struct git_memo *memo,
                      struct err *err) MUST_CHECK;
void git_objects_clear(struct git_objects *o); /* all zero is fine */

/*
 * The size and type of an object, without reading it. False with *why, a phrase that nobody frees,
 * when it is missing or damaged. To be asked before libgit2 reads an object: version 1.5.1 asks
 * zlib for more of a loose file that is cut off for ever (git_zstream_get_output takes Z_BUF_ERROR
 * for progress), and a crash leaves such files behind. That true says nothing of the content, which
 * libgit2 verifies. For one thread at a time; new packs are looked for where their directory has
 * changed, as `git gc` changes it below an index that is read on.
 */
bool git_objects_look(struct git_objects *o, const git_oid *id, size_t *n_bytes, git_object_t *type,
                      const char **why) MUST_CHECK;
