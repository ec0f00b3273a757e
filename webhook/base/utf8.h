/* utf8.h: one code point at a time, refusing what Unicode refuses. */
#pragma once
#include "base/str.h"
#include <stdint.h>

/*
 * Decodes the code point at the start of `text`. Returns how many bytes it takes (1 to 4), or 0
 * when they are no UTF-8 (overlong, surrogate, past U+10FFFF, cut) or `text` is empty.
 * Source: The Unicode Standard, table 3-7 (well-formed UTF-8 byte sequences).
 */
size_t utf8_decode(struct str text, uint32_t *code);
bool utf8_is_valid(struct str text);
