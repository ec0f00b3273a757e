/* wishes.h: the revisions that somebody asks repositories for, beyond what has been read. */
#pragma once
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Judging reads nothing: a source at a revision that is not there is not known, and the revision
 * goes on this list, which outlives each generation of facts. The next load reads what it names.
 * Bounded: requests may name what they like. Thread-safe.
 */
struct wishes;

/* Of each repository; a tree of names takes some MB in memory, the files are shared. */
enum { WISHES_MAX = 32 };

/* A revision of one repository. The texts are owned by who holds it. */
struct wish {
    char *revision;   /* targetRevision; "" is HEAD */
    char *tag_prefix; /* "" is none */
    bool by_known;    /* a known Application asked for it, at this load or the last */
};
/* "HEAD" is "", so that both are one wish. */
struct str wish_revision(struct str target_revision);
bool wish_is(const struct wish *w, struct str revision, struct str tag_prefix);
void wish_clear(struct wish *w);

/* Returns with one reference. */
struct wishes *wishes_new(size_t n_repositories);
/* Takes over what repository `from` of another list was asked for. `w` is nobody else's yet. */
void wishes_take(struct wishes *w, size_t repository, struct wishes *other, size_t from);
struct wishes *wishes_ref(struct wishes *w);
void wishes_unref(struct wishes *w); /* NULL is fine */

/*
 * Asks for a revision of a repository. by_known: for a known Application, while facts are loaded;
 * those are never pushed out by others. Names that Git could not hold are ignored. False where
 * there is no room, because known Applications ask for as many as are read.
 */
bool wishes_add(struct wishes *w, size_t repository, struct str revision, struct str tag_prefix,
                bool by_known);
/* A load begins: what is on the lists now is about to be read, and what known Applications ask for
 * is counted anew. */
void wishes_begin(struct wishes *w);
/* Copies the list of one repository, the most wanted first; returns how many, at most WISHES_MAX.
 * Each is cleared by the caller. */
size_t wishes_copy(struct wishes *w, size_t repository, struct wish *out);
/* What known Applications asked for since wishes_begin() and there was no room for; as
 * wishes_copy(), each once. */
size_t wishes_refused(struct wishes *w, size_t repository, struct wish *out);
/* Whether something was asked for since wishes_begin() that had not been asked for before. */
bool wishes_are_new(struct wishes *w);
