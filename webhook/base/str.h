/* str.h: a borrowed view of bytes, and the questions asked of one. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Not NUL-terminated. {NULL, 0} means absent; {"", 0} means present and empty. */
struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* For printf("%.*s"). */
#define STR_ARG(s) (int)(s).n, ((s).p ? (s).p : "")

struct str str_from(const char *text); /* NULL gives STR_NONE */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *text);
bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Whether `needle` occurs anywhere; an empty needle always does. */
bool str_contains(struct str s, struct str needle);
int str_cmp(struct str a, struct str b); /* byte order, as Go compares strings */
struct str str_trim(struct str s);       /* ASCII blanks at both ends */
/* The offset of the first `c`, or s.n. */
size_t str_find_char(struct str s, char c);
struct str str_sub(struct str s, size_t from, size_t to); /* clamped to s */
/*
 * Cuts the part before the first `separator` off *rest. Returns false when *rest is used up;
 * the last part has no separator behind it. "a,b" gives "a", "b"; "" gives "" once.
 * Start with *rest as the whole text; *rest becomes STR_NONE after the last part.
 */
bool str_split(struct str *rest, char separator, struct str *part);
