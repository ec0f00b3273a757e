#include "base/err.h"
#include "base/buf.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static PRINTF_LIKE(3, 0) void fill(char *text, size_t size, const char *format, va_list values)
{
    if (text[0] == '\0')
        (void)vsnprintf(text, size, format, values);
}

void err_what(struct err *err, enum err_kind kind, const char *format, ...)
{
    va_list values;

    if (err->kind == ERR_NONE)
        err->kind = kind;
    va_start(values, format);
    fill(err->what, sizeof err->what, format, values);
    va_end(values);
}

void err_where(struct err *err, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    fill(err->where, sizeof err->where, format, values);
    va_end(values);
}

void err_why(struct err *err, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    fill(err->why, sizeof err->why, format, values);
    va_end(values);
}

void err_remedy(struct err *err, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    fill(err->remedy, sizeof err->remedy, format, values);
    va_end(values);
}

void err_why_errno(struct err *err, int number)
{
    char text[128];

    /* The GNU strerror_r: thread-safe, returns the text. */
    err_why(err, "%s", strerror_r(number, text, sizeof text));
}

void err_clear(struct err *err)
{
    memset(err, 0, sizeof *err);
}

const char *err_text(const struct err *err, char out[static ERR_TEXT_MAX])
{
    AUTO(buf_clearp) struct buf b = {0};

    buf_init(&b, 16384); /* four texts, each byte at most 8 characters once escaped */
    if (err->where[0]) {
        text_escape(&b, str_from(err->where), 0);
        buf_adds(&b, ": ");
    }
    text_escape(&b, str_from(err->what), 0);
    if (err->why[0]) {
        buf_adds(&b, ": ");
        text_escape(&b, str_from(err->why), 0);
    }
    if (err->remedy[0]) {
        buf_adds(&b, "; ");
        text_escape(&b, str_from(err->remedy), 0);
    }
    (void)snprintf(out, ERR_TEXT_MAX, "%.*s", STR_ARG(buf_str(&b)));
    return out;
}
