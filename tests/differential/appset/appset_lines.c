/*
 * appset_lines: what ApplicationSets' patterns and templates come to here.
 *
 * Standard input: lines of KIND A B, the latter two in hexadecimal behind an x. KIND is m
 * (path.Match of pattern A and path B), s (whether the files pattern A selects the file B), p
 * (plain template A, parameters B in JSON), g (Go's, the same), e (the same with missingkey=error),
 * n (A normalized). Standard output: for each line "no", "yes", "?" (not known), "fails", or a text
 * in hexadecimal. An empty line is answered with one, and flushed.
 */
#include "base/json.h"
#include "base/mem.h"
#include "objects/application_set.h"
#include "objects/set_path.h"
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

static bool print_text(const char *text)
{
    if (putchar('x') == EOF)
        return false;
    for (; *text; text++)
        if (printf("%02x", (unsigned)(unsigned char)*text) < 0)
            return false;
    return putchar('\n') != EOF;
}

static bool print_word(const char *word)
{
    return puts(word) != EOF;
}

static bool print_filled(char kind, struct str template, struct str params)
{
    struct application_set set = {.go_template = kind != 'p', .missing_key_fails = kind == 'e'};
    struct set_filler f = {.set = &set, .bytes_left = SET_FILL_MAX_BYTES};
    AUTO(json_unrefp) json_t *tree = NULL;
    AUTO(freep) char *text = NULL;
    struct err err = {0};
    bool good;

    if (!json_read(params, &tree, &err))
        return false;
    text = set_fill_text(&f, template, tree);
    good = text ? print_text(text) : print_word(f.fails ? "fails" : "?");
    set_filler_clear(&f);
    return good;
}

static bool print_selected(struct str pattern, struct str file)
{
    bool known = true;
    bool selected = set_path_selects(pattern, file, &known);

    return print_word(!known ? "?" : selected ? "yes" : "no");
}

static bool print_normalized(struct str name)
{
    AUTO(freep) char *text = set_path_normalize(name);

    return text ? print_text(text) : print_word("?");
}

static bool answer(char *line)
{
    char *rest = NULL;
    char kind = strtok_r(line, " \n", &rest)[0];
    struct str a = from_hexadecimal(strtok_r(NULL, " \n", &rest));
    struct str b = from_hexadecimal(strtok_r(NULL, " \n", &rest));

    switch (kind) {
    case 'm':
        return print_word(set_path_match(a, b) ? "yes" : "no");
    case 's':
        return print_selected(a, b);
    case 'n':
        return print_normalized(a);
    default:
        return print_filled(kind, a, b);
    }
}

int main(void)
{
    AUTO(freep) char *line = NULL;
    size_t capacity = 0;

    while (getline(&line, &capacity, stdin) > 0)
        if (line[0] == '\n' ? puts("") == EOF || fflush(stdout) != 0 : !answer(line))
            return 1;
    return 0;
}
