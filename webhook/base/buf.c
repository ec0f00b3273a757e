#include "base/buf.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max = max_bytes};
}

void buf_clear(struct buf *b)
{
    free(b->p);
    buf_init(b, b->max);
}

void buf_clearp(struct buf *b)
{
    buf_clear(b);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->p)
        b->p[0] = '\0';
}

/* Makes room for n more bytes and the NUL behind them. */
static bool reserve(struct buf *b, size_t n)
{
    size_t wanted;

    if (b->failed || n > b->max - b->n) {
        b->failed = true;
        return false;
    }
    wanted = b->n + n + 1;
    if (wanted > b->capacity) {
        size_t capacity = b->capacity ? b->capacity : 128;

        while (capacity < wanted)
            capacity *= 2;
        b->p = xrealloc(b->p, capacity);
        b->capacity = capacity;
    }
    return true;
}

void buf_add(struct buf *b, struct str text)
{
    if (!reserve(b, text.n))
        return;
    if (text.n)
        memcpy(b->p + b->n, text.p, text.n);
    b->n += text.n;
    b->p[b->n] = '\0';
}

void buf_adds(struct buf *b, const char *text)
{
    buf_add(b, str_from(text));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, (struct str){&c, 1});
}

void buf_vprintf(struct buf *b, const char *format, va_list values)
{
    va_list again;
    int n;

    va_copy(again, values);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (!reserve(b, (size_t)n))
        return;
    (void)vsnprintf(b->p + b->n, (size_t)n + 1, format, values);
    b->n += (size_t)n;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    buf_vprintf(b, format, values);
    va_end(values);
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}

bool buf_ok(const struct buf *b)
{
    return !b->failed;
}

char *buf_take(struct buf *b)
{
    char *text = b->p ? b->p : xstrdup("");

    buf_init(b, b->max);
    return text;
}
