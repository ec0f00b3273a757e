/* buf.h: text that is built piece by piece up to a ceiling. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include <stdarg.h>

/*
 * Append freely and ask once at the end: a buffer that would pass its ceiling stops growing and
 * remembers that it failed. The bytes are always NUL-terminated.
 */
struct buf {
    char *p;
    size_t n;
    size_t capacity;
    size_t max;
    bool failed;
};

/* max_bytes is the ceiling, chosen with the reason beside it at the call. */
void buf_init(struct buf *b, size_t max_bytes);
void buf_clear(struct buf *b);  /* frees; the buffer may be used again with the same ceiling */
void buf_reset(struct buf *b);  /* empties, keeps the memory */
void buf_clearp(struct buf *b); /* for AUTO() */
void buf_add(struct buf *b, struct str text);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list values) PRINTF_LIKE(2, 0);
struct str buf_str(const struct buf *b); /* borrowed, until the next append */
bool buf_ok(const struct buf *b);
/* Hands the bytes over (free()); never NULL. The buffer is empty afterwards. */
char *buf_take(struct buf *b);
