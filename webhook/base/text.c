#include "base/text.h"
#include "base/utf8.h"
#include <stdio.h>

/* Controls that change how a terminal or a reader shows the text around them. Source: Unicode,
 * C0 and C1, UAX 9 (bidirectional formatting characters), U+2028/2029 separators, U+FEFF. */
static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

void text_escape(struct buf *out, struct str text, size_t max_bytes)
{
    size_t start = out->n;

    while (text.n) {
        uint32_t code = 0;
        size_t n = utf8_decode(text, &code);
        char piece[16];
        int n_piece;

        if (n == 0) {
            code = (unsigned char)text.p[0];
            n = 1;
            n_piece = snprintf(piece, sizeof piece, "\\u{%x}", (unsigned)code);
        } else if (is_unsafe(code)) {
            n_piece = snprintf(piece, sizeof piece, "\\u{%x}", (unsigned)code);
        } else if (code == '\\' && text.n >= 3 && text.p[1] == 'u' && text.p[2] == '{') {
            n_piece = snprintf(piece, sizeof piece, "\\\\");
        } else {
            n_piece = snprintf(piece, sizeof piece, "%.*s", (int)n, text.p);
        }
        if (max_bytes && out->n - start + (size_t)n_piece > max_bytes) {
            buf_adds(out, "…");
            return;
        }
        buf_add(out, (struct str){piece, (size_t)n_piece});
        text = str_sub(text, n, text.n);
    }
}

void text_field(struct buf *out, struct str text)
{
    text_escape(out, text, TEXT_FIELD_MAX);
}

/* Where the authority starts: behind "scheme://", or at the start of an scp-like "user@host:path".
 * Source: RFC 3986, 3.1 (the characters of a scheme). */
static size_t authority_start(struct str url)
{
    size_t colon = str_find_char(url, ':');

    for (size_t i = 0; i < colon; i++) {
        char c = url.p[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && !(i > 0 && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return 0;
    }
    return str_starts(str_sub(url, colon, url.n), STR("://")) ? colon + 3 : 0;
}

/*
 * How much of what follows the scheme is userinfo, its @ included. A password may hold an @ or a
 * slash although it should not: behind a colon everything up to the last @ is taken for one. That
 * drops a host whose path holds an @, which is better than printing a secret.
 */
static size_t userinfo_length(struct str rest)
{
    size_t at = str_find_char(rest, '@');
    size_t end = str_find_char(rest, ':') < at ? rest.n : str_find_char(rest, '/');
    size_t length = 0;

    for (size_t i = 0; i < end; i++)
        if (rest.p[i] == '@')
            length = i + 1;
    return length;
}

/* Where a query starts that may hold a token. kustomize's ?ref=… names a revision and stays. */
static size_t query_start(struct str url)
{
    size_t start = str_find_char(url, '?');
    struct str query = str_sub(url, start, url.n);

    return str_starts(query, STR("?ref=")) && str_find_char(query, '&') == query.n ? url.n : start;
}

void text_url(struct buf *out, struct str url)
{
    size_t start = authority_start(url);
    struct str rest = str_sub(url, start, url.n);
    size_t mark = out->n;
    size_t query;

    rest = str_sub(rest, userinfo_length(rest), rest.n);
    query = query_start(rest);
    text_field(out, str_sub(url, 0, start));
    text_escape(out, str_sub(rest, 0, query),
                TEXT_FIELD_MAX > out->n - mark ? TEXT_FIELD_MAX - (out->n - mark) : 1);
    if (query < rest.n)
        buf_adds(out, "?…");
}

void text_json(struct buf *out, struct str text)
{
    buf_addc(out, '"');
    while (text.n) {
        uint32_t code = 0;
        size_t n = utf8_decode(text, &code);

        if (n == 0) {
            buf_printf(out, "\\\\u{%x}", (unsigned)(unsigned char)text.p[0]);
            n = 1;
        } else if (code == '"' || code == '\\') {
            buf_printf(out, "\\%c", (int)code);
        } else if (code < 0x20 || code == 0x7F) {
            buf_printf(out, "\\u%04x", (unsigned)code);
        } else {
            buf_add(out, str_sub(text, 0, n));
        }
        text = str_sub(text, n, text.n);
    }
    buf_addc(out, '"');
}
