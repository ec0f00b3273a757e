#include "base/str.h"
#include <string.h>
#include <strings.h>

struct str str_from(const char *text)
{
    return text ? (struct str){text, strlen(text)} : STR_NONE;
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *text)
{
    return str_eq(a, str_from(text));
}

bool str_eq_nocase(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

bool str_contains(struct str s, struct str needle)
{
    return needle.n == 0 || (s.n != 0 && memmem(s.p, s.n, needle.p, needle.n) != NULL);
}

int str_cmp(struct str a, struct str b)
{
    size_t common = a.n < b.n ? a.n : b.n;
    int order = common ? memcmp(a.p, b.p, common) : 0;

    if (order)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

size_t str_find_char(struct str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

    return hit ? (size_t)(hit - s.p) : s.n;
}

struct str str_sub(struct str s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from >= to)
        return STR("");
    return (struct str){s.p + from, to - from};
}

bool str_split(struct str *rest, char separator, struct str *part)
{
    size_t cut;

    if (!rest->p)
        return false;
    cut = str_find_char(*rest, separator);
    *part = (struct str){rest->p, cut};
    if (cut < rest->n)
        *rest = (struct str){rest->p + cut + 1, rest->n - cut - 1};
    else
        *rest = STR_NONE;
    return true;
}
