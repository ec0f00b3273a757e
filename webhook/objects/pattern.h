/* pattern.h: the wildcard patterns of Argo CD's settings, matched where the answer is certain. */
#pragma once
#include "base/str.h"
#include "base/tri.h"

/* Of a pattern and of a text; what is longer is TRI_NOT_KNOWN. Names and URLs are shorter. */
enum { PATTERN_MAX = 1024 };

/*
 * As Argo CD's util/glob matches without separators (gobwas/glob v0.2.3): * and ? match any
 * character. TRI_NOT_KNOWN for brackets, braces and backslashes, outside ASCII, and for the
 * library's oddities (repository/glob.h has all of them, and lies above this room).
 */
enum tri pattern_matches_glob(struct str pattern, struct str text);
/* As Go's path/filepath.Match does a text without a slash: * and ? likewise; TRI_NOT_KNOWN for
 * brackets and backslashes, outside ASCII, and for a text with a slash. */
enum tri pattern_matches_path(struct str pattern, struct str text);
/* Whether it is nothing but stars, and so matches whatever the text is. */
bool pattern_is_any(struct str pattern);
