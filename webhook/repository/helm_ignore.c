#include "repository/helm_ignore.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

struct line {
    struct str pattern;
    bool negated;
    bool directories_only;
    bool by_name;  /* held against the last component */
    bool bytewise; /* fits the same whether a character is one byte or several */
    bool unclear;
};

struct helm_ignore {
    struct line *lines;
    size_t n;
    size_t capacity;
    size_t tries_left;
};

/* A row of stars, then characters up to the next star outside brackets. */
struct piece {
    bool star;
    struct str text;
};

static struct piece next_piece(struct str *pattern)
{
    struct piece piece = {0};
    bool in_class = false;
    size_t i = 0;

    while (pattern->n && pattern->p[0] == '*') {
        *pattern = str_sub(*pattern, 1, pattern->n);
        piece.star = true;
    }
    for (; i < pattern->n && (in_class || pattern->p[i] != '*'); i++) {
        if (pattern->p[i] == '[')
            in_class = true;
        else if (pattern->p[i] == ']')
            in_class = false;
        else if (pattern->p[i] == '\\' && i + 1 < pattern->n)
            i++;
    }
    piece.text = str_sub(*pattern, 0, i);
    *pattern = str_sub(*pattern, i, pattern->n);
    return piece;
}

static void drop(struct str *s)
{
    *s = str_sub(*s, 1, s->n);
}

/* One end of a range. Something must follow it: the bracket has to be closed. */
static bool read_member(struct str *piece, unsigned char *out)
{
    if (piece->n == 0 || piece->p[0] == '-' || piece->p[0] == ']')
        return false;
    if (piece->p[0] == '\\')
        drop(piece);
    if (piece->n < 2)
        return false;
    *out = (unsigned char)piece->p[0];
    drop(piece);
    return true;
}

/* `piece` stands behind the opening bracket. False where it is no class. */
static bool read_class(struct str *piece, unsigned char c, bool *fits)
{
    bool negated = piece->n && piece->p[0] == '^';
    bool found = false;

    if (negated)
        drop(piece);
    for (size_t n = 0; !(n && piece->n && piece->p[0] == ']'); n++) {
        unsigned char from;
        unsigned char to;

        if (!read_member(piece, &from))
            return false;
        to = from;
        if (piece->p[0] == '-') {
            drop(piece);
            if (!read_member(piece, &to))
                return false;
        }
        found = found || (from <= c && c <= to);
    }
    drop(piece);
    *fits = found != negated;
    return true;
}

/* Held against the start of *text, which is cut off where it fits. A class may fit a slash. False
 * where the piece is malformed; that is found out whether it fits or not. */
static bool match_piece(struct str piece, struct str *text, bool *fits)
{
    struct str rest = *text;

    *fits = true;
    while (piece.n) {
        char wanted = piece.p[0];
        unsigned char c = rest.n ? (unsigned char)rest.p[0] : 0;
        bool one = true;

        *fits = *fits && rest.n;
        drop(&piece);
        if (wanted == '[') {
            if (!read_class(&piece, c, &one))
                return false;
        } else if (wanted == '?') {
            one = c != '/';
        } else {
            if (wanted == '\\') {
                if (!piece.n)
                    return false;
                wanted = piece.p[0];
                drop(&piece);
            }
            one = c == (unsigned char)wanted;
        }
        *fits = *fits && one;
        if (*fits)
            drop(&rest);
    }
    if (*fits)
        *text = rest;
    return true;
}

static bool is_pattern(struct str pattern)
{
    while (pattern.n) {
        struct str none = STR("");
        bool fits;

        if (!match_piece(next_piece(&pattern).text, &none, &fits))
            return false;
    }
    return true;
}

/* The leftmost place at or, behind stars, after the start of *text; stars do not pass a slash. The
 * last piece has to reach the end. */
static bool place(const struct piece *piece, bool is_last, struct str *text)
{
    for (size_t skip = 0;; skip++) {
        struct str rest = str_sub(*text, skip, text->n);
        bool fits;

        if (!match_piece(piece->text, &rest, &fits))
            return false;
        if (fits && !(is_last && rest.n)) {
            *text = rest;
            return true;
        }
        if (!piece->star || skip >= text->n || text->p[skip] == '/')
            return false;
    }
}

/* filepath.Match without going back: a piece that found its place keeps it. */
static bool match(struct str pattern, struct str text)
{
    while (pattern.n) {
        struct piece piece = next_piece(&pattern);

        if (piece.star && !piece.text.n)
            return str_find_char(text, '/') == text.n;
        if (!place(&piece, pattern.n == 0, &text))
            return false;
    }
    return text.n == 0;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static bool add_line(struct helm_ignore *ignore, struct str text)
{
    struct line line = {.unclear = !is_ascii(text)}; /* and so may be the blanks around it */

    text = str_trim(text);
    if (text.n == 0 || text.p[0] == '#')
        return true;
    if (str_contains(text, STR("**")) || (!line.unclear && !is_pattern(text)))
        return false;
    if (text.p[0] == '!') {
        line.negated = true;
        drop(&text);
    }
    if (str_ends(text, STR("/"))) {
        line.directories_only = true;
        text.n--;
    }
    line.by_name = str_find_char(text, '/') == text.n;
    if (str_starts(text, STR("/")))
        drop(&text);
    /* Helm 3 takes one more slash off each time it asks */
    line.unclear = line.unclear || str_starts(text, STR("/"));
    line.bytewise = !memchr(text.p, '?', text.n) && !memchr(text.p, '[', text.n);
    line.pattern = text;
    ignore->lines = xgrow(ignore->lines, ignore->n, &ignore->capacity, sizeof *ignore->lines);
    ignore->lines[ignore->n++] = line;
    return true;
}

bool helm_ignore_new(const char *text, struct helm_ignore **out)
{
    struct helm_ignore *ignore = xcalloc(1, sizeof *ignore);
    struct str rest = str_from(text);
    struct str line;

    ignore->tries_left = HELM_IGNORE_MAX_TRIES;
    if (str_starts(rest, STR("\xEF\xBB\xBF")))
        rest = str_sub(rest, 3, rest.n);
    while (text && str_split(&rest, '\n', &line))
        if (!add_line(ignore, line)) {
            helm_ignore_free(ignore);
            return false;
        }
    (void)add_line(ignore, STR("templates/.?*"));
    ignore->lines[ignore->n - 1].bytewise = true; /* ?* is one character at least */
    *out = ignore;
    return true;
}

void helm_ignore_free(struct helm_ignore *ignore)
{
    if (!ignore)
        return;
    free(ignore->lines);
    free(ignore);
}

static enum tri ask(const struct line *line, struct str path, bool is_directory)
{
    const char *slash = line->by_name ? memrchr(path.p, '/', path.n) : NULL;
    struct str subject = slash ? str_sub(path, (size_t)(slash - path.p) + 1, path.n) : path;

    if (line->unclear)
        return TRI_NOT_KNOWN;
    if (line->directories_only && !is_directory)
        return line->negated ? TRI_YES : TRI_NO;
    /* a character of several bytes is one to `?` and to a class */
    if (!line->bytewise && !is_ascii(subject))
        return TRI_NOT_KNOWN;
    return match(line->pattern, subject) != line->negated ? TRI_YES : TRI_NO;
}

enum tri helm_ignore_has(struct helm_ignore *ignore, struct str path, bool is_directory)
{
    enum tri so_far = TRI_NO;

    for (size_t i = 0; i < ignore->n; i++) {
        enum tri answer;

        if (!ignore->tries_left)
            return TRI_NOT_KNOWN;
        ignore->tries_left--;
        answer = ask(&ignore->lines[i], path, is_directory);
        if (answer == TRI_YES)
            return TRI_YES;
        if (answer == TRI_NOT_KNOWN)
            so_far = TRI_NOT_KNOWN;
    }
    return so_far;
}
