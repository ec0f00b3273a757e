#include "repository/quote.h"
#include <string.h>

static struct quoted take(struct buf *text)
{
    struct quoted q = {""};

    if (text->n < sizeof q.text && text->n)
        memcpy(q.text, text->p, text->n);
    buf_clear(text);
    return q;
}

static struct quoted escaped(struct str text, size_t max_bytes)
{
    struct buf b;

    buf_init(&b, sizeof(struct quoted) - 1);
    text_escape(&b, text, max_bytes);
    return take(&b);
}

struct quoted quote(struct str text)
{
    return escaped(text, TEXT_FIELD_MAX);
}

struct quoted quote_phrase(const char *phrase)
{
    return escaped(str_from(phrase), QUOTED_MAX);
}

/* "team@prod.yaml" is a file's name; with a colon, or a host's path behind the @, it may be more.
 */
static bool may_hold_userinfo(struct str text)
{
    size_t at = str_find_char(text, '@');

    return at < text.n && (str_find_char(text, ':') < text.n ||
                           str_find_char(str_sub(text, at, text.n), '/') < text.n - at);
}

struct quoted quote_reference(struct str text)
{
    struct buf b;
    struct str query;
    size_t mark;

    buf_init(&b, sizeof(struct quoted) - 1);
    if (may_hold_userinfo(text))
        text_url(&b, text);
    else
        text_field(&b, text);
    mark = str_find_char(buf_str(&b), '?');
    query = str_sub(buf_str(&b), mark, b.n);
    if (query.n && (!str_starts(query, STR("?ref=")) || str_find_char(query, '&') < query.n)) {
        b.n = mark;
        buf_adds(&b, "?…");
    }
    return take(&b);
}

struct quoted shorten(const char *path)
{
    struct str text = str_from(path);
    size_t n = text.n < TEXT_FIELD_MAX ? text.n : TEXT_FIELD_MAX;
    struct buf b;

    while (n && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--;
    buf_init(&b, sizeof(struct quoted) - 1);
    buf_add(&b, str_sub(text, 0, n));
    if (n < text.n)
        buf_adds(&b, "…");
    return take(&b);
}

void quote_rest(struct buf *out, struct str text)
{
    struct str part;

    /* text_escape() doubles a backslash before more: so it sees the text between them only. */
    while (str_split(&text, '\\', &part)) {
        text_escape(out, part, 0);
        if (text.p) /* there was one */
            buf_addc(out, '\\');
    }
}
