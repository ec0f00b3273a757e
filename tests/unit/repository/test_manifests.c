/* What one file of a directory source holds: rows that the Go libraries of Argo CD were asked. */
#include "base/buf.h"
#include "repository/manifests.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define A "kind: A\nmetadata: {name: a}\n"
#define B "kind: B\nmetadata: {name: b}\n"
#define JSON_A "{\"kind\":\"A\",\"metadata\":{\"name\":\"a\"}}"
#define JSON_B "{\"kind\":\"B\",\"metadata\":{\"name\":\"b\"}}"

struct row {
    const char *name;
    struct str text;
    const char *wanted; /* kinds and names; or ignored, fails, not known */
};

static const struct row yaml_rows[] = {
    {"two documents", TEXT(A "---\n" B), "A a, B b"},
    {"a group", TEXT("apiVersion: g/v1\n" A), "A.g a"},
    {"a version with two slashes", TEXT("apiVersion: g/v1/x\n" A), "fails"},
    {"the same behind an object", TEXT(B "---\napiVersion: g/v1/x\n" A), "fails"},
    {"a version that is a number", TEXT("apiVersion: 1\n" A), "A a"},
    {"a kind that is a boolean", TEXT("kind: yes\nmetadata: {name: a}\n"), "ignored"},
    {"a name that is a boolean", TEXT("kind: A\nmetadata: {name: no}\n"), ""},
    /* Marks and blanks. */
    {"a comment behind the mark", TEXT(A "--- # b\n" B), "A a, B b"},
    {"text behind the mark", TEXT(A "--- b\n" B), "ignored"},
    {"the same behind an object", TEXT(A "---\n" B "--- b\n"), "fails"},
    {"a no-break space behind the mark", TEXT(A "---\xC2\xA0\n" B), "A a, B b"},
    {"an indented mark is text", TEXT(A " ---\n" B), "ignored"},
    {"a tab alone is no blank", TEXT(A "---\n\t\n"), "fails"},
    {"a no-break space alone is text", TEXT(A "---\n\xC2\xA0\n"), "fails"},
    {"a comment in another language", TEXT(A "---\n# \xED\x95\x9C\n"), "A a"},
    {"a line separator ends a comment", TEXT(A "---\n# c\xE2\x80\xA8" B), "A a, B b"},
    {"a carriage return ends a comment", TEXT("# c\r" A), "A a"},
    {"carriage returns end lines, not documents", TEXT("kind: A\r---\rmetadata: {name: a}\r"), ""},
    {"CRLF", TEXT("kind: A\r\nmetadata:\r\n  name: a\r\n---\r\n" B), "A a, B b"},
    {"a block scalar at the end without a line's end", TEXT("metadata:\n  name: a\nkind: |\n  A"),
     "A\n a"},
    /* Marks of byte order. */
    {"UTF-8's mark", TEXT("\xEF\xBB\xBF" A), "A a"},
    {"UTF-16",
     TEXT("\xFF\xFEk\0i\0n\0d\0:\0 \0A\0\n\0m\0e\0t\0a\0d\0a\0t\0a\0:\0 "
          "\0{\0n\0a\0m\0e\0:\0 \0a\0}\0"),
     "A a"},
    {"bytes that are no UTF-8", TEXT("kind: A\nmetadata: {name: a}\nx: \xFF\n"), "A a"},
    {"a character that is cut off",
     TEXT("kind: A\nmetadata: {name: \"\xE2\x82\xF0\x9F\x98\x80\xED\xA0\"}\n"),
     "A \xEF\xBF\xBD\xF0\x9F\x98\x80\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"the same behind UTF-8's mark", TEXT("\xEF\xBB\xBF" A "---\nx: \xFF\n"), "fails"},
    /* JSON in YAML files. */
    {"JSON", TEXT(JSON_A "\n" JSON_B), "A a, B b"},
    {"JSON and null", TEXT(JSON_A "null" JSON_B "null"), "A a, B b"},
    {"JSON, then YAML", TEXT(JSON_A "\n---\n" B), "A a, B b"},
    {"a no-break space before JSON", TEXT("\xC2\xA0" JSON_A "\n"), "A a"},
    {"the same before a stream", TEXT("\xC2\xA0" JSON_A "\n---\n" B), "A a, B b"},
    {"a form feed behind JSON", TEXT(JSON_A "\f"), "fails"},
    {"a form feed between JSON and YAML", TEXT(JSON_A "\f" B), "A a, B b"},
    {"three bytes behind JSON", TEXT(JSON_A "\n#c"), "fails"},
    {"four bytes behind JSON", TEXT(JSON_A "\n#cd"), "A a"},
    {"U+FFFD behind JSON", TEXT(JSON_A "\xEF\xBF\xBD: {}\n"), "fails"},
    {"a version with two slashes", TEXT("{\"apiVersion\":\"g/v1/x\",\"kind\":\"A\"}\n"), "ignored"},
    {"half a surrogate pair", TEXT("{\"kind\":\"A\",\"x\":\"\\ud800\"}"), "not known"},
    {"a kind that only a tag spells", TEXT("!!binary a2luZA==: A\nmetadata: {name: a}\n"), "A a"},
};

static const struct row json_rows[] = {
    {"an object", TEXT(JSON_A), "A a"},
    {"a closing bracket behind it", TEXT(JSON_A "]"), "A a"},
    {"two objects", TEXT(JSON_A JSON_B), "fails"},
    {"null", TEXT("null"), "fails"},
    {"no kind", TEXT("{\"a\":1}"), "fails"},
    {"a version with two slashes", TEXT("{\"apiVersion\":\"g/v1/x\",\"kind\":\"A\"}"), "fails"},
    {"half a surrogate pair", TEXT("{\"kind\":\"A\",\"x\":\"\\uD800\"}"), "not known"},
    {"NUL in a key", TEXT("{\"kind\":\"A\",\"\\u0000\":1}"), "not known"},
    {"bytes that are no UTF-8, behind the mark",
     TEXT("\xEF\xBB\xBF{\"kind\":\"A\",\"x\":\"\xFF\"}"), "not known"},
};

static void show(const struct parsed *p, struct buf *out)
{
    static const char *const states[] = {
        [PARSE_OBJECTS] = "",
        [PARSE_IGNORED] = "ignored",
        [PARSE_FAILS] = "fails",
        [PARSE_NOT_KNOWN] = "not known",
    };

    buf_adds(out, states[p->state]);
    for (size_t i = 0; i < p->n; i++) {
        const struct identity *id = &p->manifests[i].id;

        buf_printf(out, "%s%.*s%s%.*s %.*s", i ? ", " : "", STR_ARG(id->kind),
                   id->group.n ? "." : "", STR_ARG(id->group), STR_ARG(id->name));
    }
}

static void check(const struct row *rows, size_t n, enum parse_syntax syntax)
{
    unsigned n_wrong = 0;

    for (size_t i = 0; i < n; i++) {
        size_t nodes_left = 1000;
        struct parsed *p = manifests_parse("f", rows[i].text, syntax, &nodes_left);
        struct buf shown;

        buf_init(&shown, 1000);
        show(p, &shown);
        if (!str_is(buf_str(&shown), rows[i].wanted)) {
            print_error("%s: expected \"%s\", got \"%.*s\" (%s)\n", rows[i].name, rows[i].wanted,
                        STR_ARG(buf_str(&shown)), p->why ? p->why : "");
            n_wrong++;
        }
        buf_clear(&shown);
        parsed_free(p);
    }
    assert_int_equal(n_wrong, 0);
}

static void test_yaml_files(void **state)
{
    (void)state;
    check(yaml_rows, sizeof yaml_rows / sizeof yaml_rows[0], SYNTAX_YAML);
}

static void test_json_files(void **state)
{
    (void)state;
    check(json_rows, sizeof json_rows / sizeof json_rows[0], SYNTAX_JSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml_files),
        cmocka_unit_test(test_json_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
