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

/* Where the authority starts: behind "://", or at the start of an scp-like "user@host:path". */
static size_t authority_start(struct str url)
{
    for (size_t i = 0; i + 3 <= url.n; i++)
        if (url.p[i] == ':' && url.p[i + 1] == '/' && url.p[i + 2] == '/')
            return i + 3;
    return 0;
}

void text_url(struct buf *out, struct str url)
{
    size_t start = authority_start(url);
    struct str rest = str_sub(url, start, url.n);
    size_t end = str_find_char(rest, '/');
    size_t cut = 0;
    size_t mark = out->n;

    /* The last @ before the path ends the userinfo: a password may itself hold an @. */
    for (size_t i = 0; i < end; i++)
        if (rest.p[i] == '@')
            cut = i + 1;
    text_field(out, str_sub(url, 0, start));
    text_escape(out, str_sub(rest, cut, rest.n),
                TEXT_FIELD_MAX > out->n - mark ? TEXT_FIELD_MAX - (out->n - mark) : 1);
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
