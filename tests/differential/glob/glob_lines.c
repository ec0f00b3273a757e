/*
 * glob_lines: what glob_compile() and glob_match() say, for the comparison with gobwas/glob.
 *
 * Standard input: lines of PATTERN PATH, both in hexadecimal behind an x. Standard output: for each
 * line, one of "no", "yes", "?" (not known), "invalid". An empty line is answered with one, and
 * flushed.
 */
#include "base/attr.h"
#include "base/mem.h"
#include "repository/glob.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const char *answer(char *line)
{
    static const char *const answers[] = {"no", "yes", "?"};
    char *rest = NULL;
    struct str pattern = from_hexadecimal(strtok_r(line, " \n", &rest));
    struct str path = from_hexadecimal(strtok_r(NULL, " \n", &rest));
    struct glob *g = NULL;
    enum glob_compiled compiled = glob_compile(pattern, &g);
    const char *said = "invalid";

    if (compiled == GLOB_OK)
        said = answers[glob_match(g, path)];
    else if (compiled == GLOB_NOT_KNOWN)
        said = "?";
    glob_free(g);
    return said;
}

int main(void)
{
    AUTO(freep) char *line = NULL;
    size_t capacity = 0;

    while (getline(&line, &capacity, stdin) > 0)
        if (puts(line[0] == '\n' ? "" : answer(line)) == EOF ||
            (line[0] == '\n' && fflush(stdout) != 0))
            return 1;
    return 0;
}
