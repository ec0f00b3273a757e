#include "config/nearest.h"
#include <string.h>

/* Longer words are compared by nobody: no key or option has as many letters. */
enum { WORD_MAX = 48 };

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance: Levenshtein's with swaps of neighbours, three rows. */
static size_t distance(struct str a, struct str b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];

    memset(rows, 0, sizeof rows);
    for (size_t j = 0; j <= b.n; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *swap = before;

        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            int x = lower(a.p[i - 1]);
            int y = lower(b.p[j - 1]);

            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && y == lower(a.p[i - 2]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = swap;
    }
    return last[b.n];
}

const char *nearest_word(struct str typed, const char *const *words, size_t n_words)
{
    /* A third of the letters may be wrong: "minVerson" finds minVersion, "foo" finds nothing. */
    size_t limit = (typed.n + 2) / 3;
    const char *best = NULL;

    if (typed.n > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n_words; i++) {
        struct str word = str_from(words[i]);
        size_t d = word.n <= WORD_MAX ? distance(typed, word) : WORD_MAX;

        if (d <= limit && (!best || d < limit)) {
            best = words[i];
            limit = d;
        }
    }
    return best;
}
