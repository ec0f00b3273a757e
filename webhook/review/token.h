/* token.h: one JSON number or literal, checked byte by byte. */
#pragma once
#include <stdbool.h>

/* Where a token stands between two chunks. */
struct token {
    unsigned char state;
    const char *rest; /* of true, false or null */
};

/* False when no number or literal starts with `c`. */
bool token_begin(struct token *t, char c);
/* Whether `c` continues the token. False: the token ends before `c`, or is cut short by it. */
bool token_take(struct token *t, char c);
/* Whether the bytes so far are a whole token. */
bool token_is_whole(const struct token *t);
