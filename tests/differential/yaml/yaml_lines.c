/*
 * yaml_lines: what we make of files, for the comparison with the Go libraries of Argo CD.
 *
 * Standard input: lines of MODE TEXT, the latter in hexadecimal behind an x. Standard output, a
 * line for each: v  one YAML document: "value JSON", "refused" or "?" (not known) and why y  a
 * .yaml file, j a .json file, in a directory: "fails", "ignored", "?" or "objects" and the group,
 * kind, namespace and name of each, in hexadecimal behind an x An empty line is answered with one,
 * and flushed.
 */
#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "repository/manifests.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* Memory of its own, so that the sanitizers see where it ends. */
static char *from_hexadecimal(const char *field, size_t *n)
{
    char *bytes;

    *n = (strlen(field) - 1) / 2;
    bytes = xmalloc(*n ? *n : 1);
    for (size_t i = 0; i < *n; i++)
        bytes[i] = (char)(digit(field[1 + 2 * i]) << 4 | digit(field[2 + 2 * i]));
    return bytes;
}

static void put_hexadecimal(struct str s)
{
    (void)fputs(" x", stdout);
    for (size_t i = 0; i < s.n; i++)
        (void)printf("%02x", (unsigned char)s.p[i]);
}

static void answer_value(struct str text)
{
    AUTO(json_unrefp) json_t *value = NULL;
    struct err err = {0};

    if (!yaml_read(text, 1, &value, NULL, &err)) {
        (void)printf("%s%s", err.kind == ERR_LIMIT ? "? " : "refused",
                     err.kind == ERR_LIMIT ? err.why : "");
        return;
    }
    (void)fputs("value ", stdout);
    if (!value)
        (void)fputs("null", stdout);
    else
        (void)json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void answer_file(struct str text, enum parse_syntax syntax)
{
    static const char *const states[] = {
        [PARSE_OBJECTS] = "objects",
        [PARSE_IGNORED] = "ignored",
        [PARSE_FAILS] = "fails",
        [PARSE_NOT_KNOWN] = "?",
    };
    size_t nodes_left = 1000000;
    struct parsed *p = manifests_parse("file.yaml", text, syntax, &nodes_left);

    (void)fputs(states[p->state], stdout);
    if (p->state == PARSE_NOT_KNOWN)
        (void)printf(" %s", p->why);
    for (size_t i = 0; i < p->n; i++) {
        put_hexadecimal(p->manifests[i].id.group);
        put_hexadecimal(p->manifests[i].id.kind);
        put_hexadecimal(p->manifests[i].id.namespace);
        put_hexadecimal(p->manifests[i].id.name);
    }
    parsed_free(p);
}

static void answer(char *line)
{
    AUTO(freep) char *bytes = NULL;
    size_t n;

    line[strcspn(line, "\n")] = '\0';
    bytes = from_hexadecimal(line + 2, &n);
    if (line[0] == 'v')
        answer_value((struct str){bytes, n});
    else
        answer_file((struct str){bytes, n}, line[0] == 'j' ? SYNTAX_JSON : SYNTAX_YAML);
}

int main(void)
{
    AUTO(freep) char *line = NULL;
    size_t capacity = 0;

    while (getline(&line, &capacity, stdin) > 0) {
        bool is_end = line[0] == '\n';

        if (!is_end)
            answer(line);
        if (putchar('\n') == EOF || (is_end && fflush(stdout) != 0))
            return 1;
    }
    return 0;
}
