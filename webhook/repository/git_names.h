/* git_names.h: the references of a Git repository, each read when it is asked for. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include "repository/git_layout.h"
#include <git2.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Not libgit2's: that waits where a reference is a FIFO, and reads every packed reference once more
 * for each question. Here packed-refs is read once, and again only where a name is in neither place
 * and it has changed, as `git pack-refs` moves names from the one place to the other.
 * Source: gitrepository-layout(5); git-pack-refs(1); refs/files-backend.c.
 */
struct git_names;

/* layout: borrowed for as long. Reads nothing yet. Never fails. */
struct git_names *git_names_new(const struct git_layout *layout);
void git_names_free(struct git_names *n); /* NULL is fine */

enum git_found {
    GIT_FOUND,
    GIT_NOT_FOUND,
    GIT_BROKEN, /* what is there cannot be read: a crash leaves such files, or a copy under way */
};

/* What a full name leads to, through symbolic references: "HEAD", "refs/…". *why is a phrase that
 * nobody frees, for GIT_BROKEN. */
enum git_found git_names_find(struct git_names *n, const char *name, git_oid *out,
                              const char **why) MUST_CHECK;
/* What a symbolic reference names, owned by the caller; NULL where it is none. */
char *git_names_target(struct git_names *n, const char *name);

/* Whether any reference starts so: "refs/", "refs/remotes/origin/". What cannot be read counts. */
bool git_names_has(struct git_names *n, const char *prefix);

/* The names of all tags, without "refs/tags/", in byte order; borrowed from `n`, listed once. False
 * with *why as above. */
bool git_names_tags(struct git_names *n, const struct str **out, size_t *n_tags,
                    const char **why) MUST_CHECK;

/*
 * What the last fetch brought, by FETCH_HEAD, of linked work trees also that of the main one.
 * name  a full one, or the short one of a branch, a tag, or whatever else was fetched; NULL: what
 *       was fetched without a name, which is the remote's HEAD.
 * url   where from; "": whatever was.
 */
enum git_found git_names_fetched(struct git_names *n, const char *name, const char *url,
                                 git_oid *out, const char **why) MUST_CHECK;
