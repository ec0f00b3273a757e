#include "objects/set_path.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

/* The first character of a text as Go decodes it: a malformed byte is U+FFFD and one byte long. */
struct rune {
    uint32_t value;
    size_t n;
};

enum { RUNE_ERROR = 0xFFFD };

static struct rune decode(struct str s)
{
    struct rune r = {.n = 0};

    r.n = utf8_decode(s, &r.value);
    return r.n ? r : (struct rune){RUNE_ERROR, 1};
}

static struct str after(struct str s, size_t n)
{
    return str_sub(s, n, s.n);
}

/* A pattern's stars with what follows each up to the next. */
struct chunk {
    bool star; /* in front */
    struct str text;
};

static struct chunk next_chunk(struct str *pattern)
{
    struct chunk out = {0};
    bool in_class = false;
    size_t end = 0;

    for (; pattern->n && pattern->p[0] == '*'; *pattern = after(*pattern, 1))
        out.star = true;
    for (; end < pattern->n && (in_class || pattern->p[end] != '*'); end++) {
        if (pattern->p[end] == '\\' && end + 1 < pattern->n)
            end++;
        else if (pattern->p[end] == '[')
            in_class = true;
        else if (pattern->p[end] == ']')
            in_class = false;
    }
    out.text = str_sub(*pattern, 0, end);
    *pattern = after(*pattern, end);
    return out;
}

enum match { MATCH_NO, MATCH_YES, MATCH_BAD };

/* One end of a range within brackets, which must go on behind it. */
static bool read_bound(struct str *chunk, uint32_t *out)
{
    struct rune r;

    if (chunk->n == 0 || chunk->p[0] == '-' || chunk->p[0] == ']')
        return false;
    if (chunk->p[0] == '\\')
        *chunk = after(*chunk, 1);
    if (chunk->n == 0)
        return false;
    r = decode(*chunk);
    *chunk = after(*chunk, r.n);
    *out = r.value;
    return chunk->n != 0 && !(r.value == RUNE_ERROR && r.n == 1);
}

/* Brackets, the opening one included. */
static enum match match_class(struct str *chunk, uint32_t value)
{
    bool negated;
    bool found = false;
    size_t n_ranges = 0;

    *chunk = after(*chunk, 1);
    negated = chunk->n && chunk->p[0] == '^';
    if (negated)
        *chunk = after(*chunk, 1);
    for (;; n_ranges++) {
        uint32_t low;
        uint32_t high;

        if (chunk->n && chunk->p[0] == ']' && n_ranges)
            break;
        if (!read_bound(chunk, &low))
            return MATCH_BAD;
        high = low;
        if (chunk->p[0] == '-') {
            *chunk = after(*chunk, 1);
            if (!read_bound(chunk, &high))
                return MATCH_BAD;
        }
        found = found || (low <= value && value <= high);
    }
    *chunk = after(*chunk, 1);
    return found != negated ? MATCH_YES : MATCH_NO;
}

/* Goes on to the pattern's end after a mismatch: a syntax error there counts. */
static enum match match_chunk(struct str chunk, struct str *text)
{
    bool failed = false;

    while (chunk.n) {
        char c = chunk.p[0];
        struct rune r = {.n = 0};

        failed = failed || text->n == 0;
        if (!failed)
            r = decode(*text);
        if (c == '[') {
            enum match in = match_class(&chunk, r.value);

            if (in == MATCH_BAD)
                return MATCH_BAD;
            failed = failed || in == MATCH_NO;
        } else if (c == '?') {
            failed = failed || text->p[0] == '/';
            chunk = after(chunk, 1);
        } else {
            if (c == '\\')
                chunk = after(chunk, 1);
            if (chunk.n == 0)
                return MATCH_BAD;
            failed = failed || chunk.p[0] != text->p[0];
            chunk = after(chunk, 1);
            r.n = 1;
        }
        if (!failed)
            *text = after(*text, r.n);
    }
    return failed ? MATCH_NO : MATCH_YES;
}

/* The first place at which the chunk behind a star matches; the star never passes a '/'. */
static bool match_behind_star(struct str chunk, bool is_last, struct str *text)
{
    for (size_t i = 0; i < text->n && text->p[i] != '/'; i++) {
        struct str rest = after(*text, i + 1);

        if (match_chunk(chunk, &rest) == MATCH_YES && (!is_last || rest.n == 0)) {
            *text = rest;
            return true;
        }
    }
    return false;
}

static bool is_well_formed(struct str pattern)
{
    while (pattern.n) {
        struct chunk chunk = next_chunk(&pattern);
        struct str nothing = STR("");

        if (match_chunk(chunk.text, &nothing) == MATCH_BAD)
            return false;
    }
    return true;
}

bool set_path_match(struct str pattern, struct str path)
{
    if (pattern.n > SET_PATH_MAX_PATTERN || !is_well_formed(pattern))
        return false;
    while (pattern.n) {
        struct chunk chunk = next_chunk(&pattern);
        struct str rest = path;

        if (chunk.star && chunk.text.n == 0)
            return str_find_char(path, '/') == path.n;
        if (match_chunk(chunk.text, &rest) == MATCH_YES && (rest.n == 0 || pattern.n))
            path = rest;
        else if (!chunk.star || !match_behind_star(chunk.text, pattern.n == 0, &path))
            return false;
    }
    return path.n == 0;
}

/* * and ? match whatever there is. */
static bool match_anything(struct str pattern, struct str text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX;
    size_t from = 0;

    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

/* The other way of globbing (github.com/bmatcuk/doublestar): ** is any number of directories, none
 * included, and * and ? stay within one. Bounded by the number of `**`, which is limited. */
static bool match_by_component(struct str pattern, struct str file, unsigned n_stars_left)
{
    for (;;) {
        size_t end = str_find_char(pattern, '/');
        size_t file_end = str_find_char(file, '/');
        struct str component = str_sub(pattern, 0, end);

        if (str_is(component, "**")) {
            struct str rest = file;

            if (end == pattern.n)
                return true;
            for (; n_stars_left;) {
                size_t slash = str_find_char(rest, '/');

                if (match_by_component(after(pattern, end + 1), rest, n_stars_left - 1))
                    return true;
                if (slash == rest.n)
                    return false;
                rest = after(rest, slash + 1);
            }
            return false;
        }
        if (!match_anything(component, str_sub(file, 0, file_end)))
            return false;
        if (end == pattern.n || file_end == file.n)
            return end == pattern.n && file_end == file.n;
        pattern = after(pattern, end + 1);
        file = after(file, file_end + 1);
    }
}

enum { DOUBLE_STARS_MAX = 3 }; /* each multiplies the work by the depth of a path */

static bool is_imitated(struct str pattern)
{
    unsigned n_double_stars = 0;

    if (pattern.n == 0 || pattern.n > SET_PATH_MAX_PATTERN || pattern.p[0] == ':' ||
        pattern.p[0] == '/' || str_starts(pattern, STR("./")) ||
        str_contains(pattern, STR("../")) || str_contains(pattern, STR("//")))
        return false;
    for (size_t i = 0; i < pattern.n; i++) {
        if (strchr("[]{}\\", pattern.p[i]))
            return false;
        n_double_stars += pattern.p[i] == '*' && i + 1 < pattern.n && pattern.p[i + 1] == '*';
    }
    return n_double_stars <= DOUBLE_STARS_MAX;
}

bool set_path_selects(struct str pattern, struct str file, bool *known)
{
    bool has_wildcards = memchr(pattern.n ? pattern.p : "", '*', pattern.n) ||
                         memchr(pattern.n ? pattern.p : "", '?', pattern.n);
    bool selected;

    if (!is_imitated(pattern)) {
        *known = false;
        return false;
    }
    if (has_wildcards)
        selected = match_anything(pattern, file);
    else
        selected = str_eq(pattern, file) ||
                   (str_starts(file, pattern) &&
                    (pattern.p[pattern.n - 1] == '/' || file.p[pattern.n] == '/'));
    if (selected != match_by_component(pattern, file, DOUBLE_STARS_MAX))
        *known = false;
    return selected;
}

struct str set_path_base(struct str path)
{
    size_t from = 0;

    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '/')
            from = i + 1;
    return path.n ? after(path, from) : STR(".");
}

struct str set_path_dir(struct str path)
{
    size_t end = 0;

    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '/')
            end = i;
    return end ? str_sub(path, 0, end) : STR(".");
}

enum { NAME_MAX_BYTES = 253 };

char *set_path_normalize(struct str text)
{
    char *out = xmalloc(NAME_MAX_BYTES + 1);
    size_t n = 0;
    size_t from = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if ((unsigned char)c >= 0x80) {
            free(out);
            return NULL;
        }
        if (n == NAME_MAX_BYTES)
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            c = '-';
        out[n++] = c;
    }
    while (n && (out[n - 1] == '-' || out[n - 1] == '.'))
        n--;
    while (from < n && (out[from] == '-' || out[from] == '.'))
        from++;
    memmove(out, out + from, n - from);
    out[n - from] = '\0';
    return out;
}
