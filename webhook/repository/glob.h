/* glob.h: directory.include and directory.exclude, matched as gobwas/glob v0.2.3 matches them. */
#pragma once
#include "base/str.h"
#include "base/tri.h"

/* A pattern that needs more steps than this to match a path is TRI_NOT_KNOWN. */
enum { GLOB_MAX_PATTERN = 4096, GLOB_MAX_STEPS = 1000000 };

struct glob; /* compiled */

enum glob_compiled { GLOB_OK, GLOB_INVALID, GLOB_NOT_KNOWN };

/*
 * Compiled without separators, so * ? [..] match '/' too (reference/argocd.md 2.3), including the
 * library's oddities.
 * out  owned by the caller (glob_free()), set for GLOB_OK only. GLOB_INVALID: the library refuses
 *      the pattern, so exclude is a no-op and include excludes everything. GLOB_NOT_KNOWN: past
 *      our limits, or the library panics.
 */
enum glob_compiled glob_compile(struct str pattern, struct glob **out);
/*
 * TRI_NOT_KNOWN where the library panics, or past GLOB_MAX_STEPS: it may take exponential time.
 */
enum tri glob_match(const struct glob *g, struct str path);
/* The same for many paths: *steps_left is what all of them together may take, and is reduced. */
enum tri glob_match_within(const struct glob *g, struct str path, size_t *steps_left);
void glob_free(struct glob *g); /* NULL is fine */
