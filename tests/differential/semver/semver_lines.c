/*
 * semver_lines: what semver_pick_as() says, for the comparison with Masterminds/semver.
 *
 * Standard input: lines of fields with blanks between them, LIBRARY STRICT REVISION PREFIX TAG…;
 * LIBRARY is a number of enum semver_library, STRICT 0 or 1, the others are in hexadecimal behind
 * an x. Standard output: for each line, whether the revision is a constraint (0, 1), the number of
 * enum semver_found and the positions of the tags. An empty line is answered with one, and flushed.
 */
#include "base/attr.h"
#include "base/mem.h"
#include "repository/semver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TAGS = 64 };

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* In place: the bytes are never more than their digits. */
static struct str from_hexadecimal(char *field)
{
    size_t n = strlen(field) / 2;

    for (size_t i = 0; i < n; i++)
        field[i] = (char)(digit(field[1 + 2 * i]) << 4 | digit(field[2 + 2 * i]));
    return (struct str){field, n};
}

static void answer(char *line)
{
    char *rest = NULL;
    struct semver_practice practice;
    struct str tags[MAX_TAGS];
    bool taken[MAX_TAGS];
    struct semver_question q = {.tags = tags};

    practice.library = (enum semver_library)atoi(strtok_r(line, " \n", &rest));
    practice.is_strict = atoi(strtok_r(NULL, " \n", &rest));
    q.revision = from_hexadecimal(strtok_r(NULL, " \n", &rest));
    q.tag_prefix = from_hexadecimal(strtok_r(NULL, " \n", &rest));
    for (char *tag; q.n_tags < MAX_TAGS && (tag = strtok_r(NULL, " \n", &rest));)
        tags[q.n_tags++] = from_hexadecimal(tag);
    (void)printf("%d %d", semver_is_constraint(q.revision),
                 (int)semver_pick_as(&practice, &q, taken));
    for (size_t i = 0; i < q.n_tags; i++)
        if (taken[i])
            (void)printf(" %zu", i);
    (void)putchar('\n');
}

int main(void)
{
    AUTO(freep) char *line = NULL;
    size_t capacity = 0;

    while (getline(&line, &capacity, stdin) > 0) {
        if (line[0] != '\n')
            answer(line);
        else if (putchar('\n') == EOF || fflush(stdout) != 0)
            return 1;
    }
    return 0;
}
