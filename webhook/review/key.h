/* key.h: one JSON object key, checked and unescaped byte by byte. */
#pragma once
#include "base/str.h"
#include <stdint.h>

/* Longer than any key of the path table; a key that does not fit is checked and matches none. */
enum { KEY_MAX = 64 };

/* Where a key stands between two chunks. */
struct key {
    char text[KEY_MAX]; /* unescaped */
    size_t n;
    bool too_long;
    unsigned char state;
    unsigned char left; /* hex digits or UTF-8 tail bytes still to come */
    unsigned char low;  /* the bounds of the next tail byte */
    unsigned char high;
    uint32_t code;      /* of the \u escape being read */
    uint32_t surrogate; /* the high half waiting for its low half, else 0 */
    const char *fault;  /* set with KEY_BAD: static text */
};

enum key_step { KEY_MORE, KEY_ENDED, KEY_BAD };

/* Call with the opening quote already consumed. */
void key_begin(struct key *k);
/*
 * Takes bytes up to the closing quote. Refuses what jansson refuses: control characters, escapes
 * RFC 8259 does not know, halves of surrogate pairs, and bytes that are no UTF-8.
 * *n_taken  how many bytes were taken, the closing quote or the bad byte included.
 */
enum key_step key_feed(struct key *k, struct str bytes, size_t *n_taken);
/* The key's text after KEY_ENDED; STR_NONE when it is longer than any we look for. */
struct str key_text(const struct key *k);
