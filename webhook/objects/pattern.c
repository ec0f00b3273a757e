#include "objects/pattern.h"

static bool is_plain(struct str s)
{
    if (s.n > PATTERN_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80 || s.p[i] == '\0')
            return false;
    return true;
}

static bool has_any(struct str s, const char *characters)
{
    for (; *characters; characters++)
        if (str_find_char(s, *characters) < s.n)
            return true;
    return false;
}

bool pattern_is_any(struct str pattern)
{
    for (size_t i = 0; i < pattern.n; i++)
        if (pattern.p[i] != '*')
            return false;
    return pattern.n != 0;
}

/* Each star first takes nothing; when what follows it fails, the last star takes one more. */
static bool matches(struct str pattern, struct str text)
{
    size_t p = 0;
    size_t t = 0;
    size_t behind_star = 0; /* 0: none seen */
    size_t taken = 0;

    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            behind_star = ++p;
            taken = t;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
            p++;
            t++;
        } else if (behind_star) {
            p = behind_star;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

/* literal*literal: the library tests prefix and suffix without looking whether they overlap
 * (reference/argocd.md 2.3). */
static bool overlaps(struct str pattern, struct str text)
{
    struct str prefix = str_sub(pattern, 0, str_find_char(pattern, '*'));
    struct str suffix = str_sub(pattern, prefix.n, pattern.n);

    while (suffix.n && suffix.p[0] == '*')
        suffix = str_sub(suffix, 1, suffix.n);
    return prefix.n && suffix.n && suffix.n + prefix.n < pattern.n && !has_any(suffix, "*") &&
           !has_any(pattern, "?") && str_starts(text, prefix) && str_ends(text, suffix);
}

enum tri pattern_matches_glob(struct str pattern, struct str text)
{
    if (pattern_is_any(pattern))
        return TRI_YES;
    if (!is_plain(pattern) || !is_plain(text) || has_any(pattern, "[]{}\\"))
        return TRI_NOT_KNOWN;
    /* Go decodes nothing at all as one bad character, which ? takes. */
    if (text.n == 0 && has_any(pattern, "?"))
        return TRI_NOT_KNOWN;
    return matches(pattern, text) || overlaps(pattern, text) ? TRI_YES : TRI_NO;
}

enum tri pattern_matches_path(struct str pattern, struct str text)
{
    if (!is_plain(pattern) || !is_plain(text) || has_any(pattern, "[]\\") || has_any(text, "/"))
        return TRI_NOT_KNOWN;
    return matches(pattern, text) ? TRI_YES : TRI_NO;
}
