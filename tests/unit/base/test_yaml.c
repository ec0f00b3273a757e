/* YAML as Argo CD reads it. Every row was run against go-yaml 2.4.0 and sigs.k8s.io/yaml 1.4.0. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/yaml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* `json` is the compact dump; for a failure it is NULL and `error` the whole text. */
struct row {
    struct str yaml;
    const char *json;
    const char *error;
};

#define NOT_KNOWN "YAML whose meaning to Argo CD is not known: "

static size_t check_row(const struct row *row, size_t index)
{
    struct err err = {0};
    char text[ERR_TEXT_MAX] = "";
    json_t *value = NULL;
    AUTO(freep) char *json = NULL;
    bool read = yaml_read(row->yaml, 1, &value, NULL, &err);

    if (read)
        json = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17))
                     : xstrdup("empty");
    else
        (void)err_text(&err, text);
    json_decref(value);
    if (read == (row->json != NULL) &&
        strcmp(read ? json : text, read ? row->json : row->error) == 0)
        return 0;
    print_error("row %zu: %.60s: expected %s, got %s\n", index, row->yaml.p,
                row->json ? row->json : row->error, read ? json : text);
    return 1;
}

static void check(const struct row *rows, size_t n)
{
    size_t n_wrong = 0;

    for (size_t i = 0; i < n; i++)
        n_wrong += check_row(&rows[i], i);
    assert_int_equal(n_wrong, 0);
}

static void plain_scalars_mean_what_yaml_1_1_says(void **state)
{
    const struct row rows[] = {
        {STR("[y, Y, yes, Yes, YES, on, On, ON, true, True, TRUE]"),
         "[true,true,true,true,true,true,true,true,true,true,true]", NULL},
        {STR("[n, N, no, No, NO, off, Off, OFF, false, False, FALSE]"),
         "[false,false,false,false,false,false,false,false,false,false,false]", NULL},
        {STR("[yEs, tRUE, oN, nULL]"), "[\"yEs\",\"tRUE\",\"oN\",\"nULL\"]", NULL},
        {STR("[~, null, Null, NULL, '']"), "[null,null,null,null,\"\"]", NULL},
        {STR("a:"), "{\"a\":null}", NULL},
        {STR("name: no"), "{\"name\":false}", NULL},
        {STR("[0, -0, +7, 12, 0123, 0o17, 0O17, 0b101, -0b11, 0x1F, 0X1f, 1_000]"),
         "[0,0,7,12,83,15,15,5,-3,31,31,1000]", NULL},
        {STR("[0b-11, 0b2, 0x, 08, 09.5, _1, 1__0, 0_, 0x_1f]"),
         "[-3,\"0b2\",\"0x\",8,9.5,\"_1\",10,0,31]", NULL},
        {STR("[9223372036854775807, -9223372036854775808]"),
         "[9223372036854775807,-9223372036854775808]", NULL},
        {STR("[9223372036854775808, 18446744073709551615]"),
         "[9.2233720368547758e18,1.8446744073709552e19]", NULL},
        {STR("[1.5, .5, -.5e3, 1e3, 1.0, 1., .5_0]"), "[1.5,0.5,-500,1000,1,1,0.5]", NULL},
        {STR("[., ._5, .5_e1, 1e, 1e400, .1e400, 0x1p3, 1.2.3]"),
         "[\".\",\"._5\",\".5_e1\",\"1e\",\"1e400\",\".1e400\",\"0x1p3\",\"1.2.3\"]", NULL},
        {STR("123456789012345678.0"), "123456789012345680", NULL},
        {STR("[12:30:45, 1:30, 2001-01-01, 2001-12-14t21:59:43.10-05:00]"),
         "[\"12:30:45\",\"1:30\",\"2001-01-01\",\"2001-12-14t21:59:43.10-05:00\"]", NULL},
        {STR("['1', \"yes\", '~', \"0x1\"]"), "[\"1\",\"yes\",\"~\",\"0x1\"]", NULL},
        {STR("{a: <<, b: '<<'}"), "{\"a\":\"<<\",\"b\":\"<<\"}", NULL},
        {STR("a: .inf"), NULL,
         "line 1, column 4: YAML that has no JSON: encoding/json: infinity or not a number"},
        {STR("- -.Inf"), NULL,
         "line 1, column 3: YAML that has no JSON: encoding/json: infinity or not a number"},
        {STR("a: .nan\na: 1"), "{\"a\":1}", NULL},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void tags_decide_or_are_dropped(void **state)
{
    const struct row rows[] = {
        {STR("[!!str 12, !!str yes, !!str ]"), "[\"12\",\"yes\",\"\"]", NULL},
        {STR("[!!int '12', !!float 3, !!bool \"yes\", !!null '']"), "[12,3,true,null]", NULL},
        {STR("[!foo 1, !<x> yes, !!set 1]"), "[\"1\",\"yes\",\"1\"]", NULL},
        {STR("!foo {a: !bar [1]}"), "{\"a\":[1]}", NULL},
        {STR("[! 12, ! 'x', &a ! 5]"), "[\"12\",\"x\",\"5\"]", NULL},
        {STR("!!binary aGVsbG8="), "\"hello\"", NULL},
        {STR("!!binary |\n aGVs\n bG8=\n"), "\"hello\"", NULL},
        {STR("!!binary /w=="), "\"\xEF\xBF\xBD\"", NULL},
        {STR("!!binary a"), NULL,
         "line 1, column 1: malformed YAML: go-yaml: !!binary value contains invalid base64 data"},
        {STR("!!timestamp 2001-1-2"), "\"2001-1-2\"", NULL},
        {STR("!!timestamp yes"), NULL,
         "line 1, column 1: malformed YAML: go-yaml: the value does not fit its tag !!timestamp"},
        {STR("!!timestamp 2001-01-02T03:04:05Z"), NULL,
         "line 1, column 1: " NOT_KNOWN "a !!timestamp that is more than a date"},
        {STR("!!int x"), NULL,
         "line 1, column 1: malformed YAML: go-yaml: cannot decode !!str as a !!int"},
        {STR("!!bool 1"), NULL,
         "line 1, column 1: malformed YAML: go-yaml: cannot decode !!int as a !!bool"},
        {STR("%TAG !e! tag:yaml.org,2002:\n--- !e!str 5\n"), "\"5\"", NULL},
        {STR("!e!x 5"), NULL,
         "line 1, column 1: malformed YAML: libyaml: found undefined tag handle"},
        {STR("[!x,y z]"), NULL,
         "line 1, column 2: " NOT_KNOWN "a tag with a comma or a bracket in it"},
        {STR("&f : !x 7"), NULL,
         "line 1, column 1: YAML that has no JSON: sigs.k8s.io/yaml: unsupported map key"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void keys_become_text(void **state)
{
    const struct row rows[] = {
        {STR("yes: 1\nno: 2"), "{\"true\":1,\"false\":2}", NULL},
        {STR("0x10: a\n1_0: b"), "{\"16\":\"a\",\"10\":\"b\"}", NULL},
        {STR("0x10: a\n16: b"), "{\"16\":\"b\"}", NULL},
        {STR("1.5: a\n1234567.0: b\n123456.7: c\n0.00001: d"),
         "{\"1.5\":\"a\",\"1.234567e+06\":\"b\",\"123456.7\":\"c\",\"1e-05\":\"d\"}", NULL},
        {STR("1.2379400392853803e+27: p\n.inf: i"), "{\"1.2379401e+27\":\"p\",\".inf\":\"i\"}",
         NULL},
        {STR("2001-01-01: d"), "{\"2001-01-01\":\"d\"}", NULL},
        {STR("a: 1\nb: 2\na: 3"), "{\"a\":3,\"b\":2}", NULL},
        {STR("~: 1"), NULL,
         "line 1, column 1: YAML that has no JSON: sigs.k8s.io/yaml: unsupported map key"},
        {STR("18446744073709551615: 1"), NULL,
         "line 1, column 1: YAML that has no JSON: sigs.k8s.io/yaml: unsupported map key"},
        {STR("a: {~: 1}\na: 2"), "{\"a\":2}", NULL},
        {STR("? [a]\n: 1"), NULL, "line 1, column 3: malformed YAML: go-yaml: invalid map key"},
        {STR("1: a\n\"1\": b"), NULL,
         "line 2, column 1: " NOT_KNOWN "keys of different types that become the same text"},
        {STR("-0.0: a"), NULL, "line 1, column 1: " NOT_KNOWN "a key that is no ordinary text"},
        {STR("\"a\\0b\": 1"), NULL,
         "line 1, column 1: " NOT_KNOWN "a key that is no ordinary text"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void merges_and_aliases_follow_go_yaml(void **state)
{
    const struct row rows[] = {
        {STR("- &a {k: [1]}\n- *a\n"), "[{\"k\":[1]},{\"k\":[1]}]", NULL},
        {STR("[&a 1, *a, &a 2, *a]"), "[1,1,2,2]", NULL},
        {STR("- &k yes\n- {*k : 1}"), "[true,{\"true\":1}]", NULL},
        {STR("{<<: {a: 1}, a: 2}"), "{\"a\":2}", NULL},
        {STR("{a: 2, <<: {a: 1}}"), "{\"a\":1}", NULL}, /* v2: the later one wins */
        {STR("- &a {k: 1, x: 1}\n- &b {k: 2, z: 2}\n- {<<: [*a, *b]}"),
         "[{\"k\":1,\"x\":1},{\"k\":2,\"z\":2},{\"k\":1,\"z\":2,\"x\":1}]", NULL},
        {STR("{\"<<\": 1}"), "{\"<<\":1}", NULL},
        {STR("{<<: 5}"), NULL,
         "line 1, column 6: malformed YAML: go-yaml: map merge requires map or sequence of maps "
         "as the value"},
        {STR("- &a [1]\n- {<<: *a}"), NULL,
         "line 2, column 8: malformed YAML: go-yaml: map merge requires map or sequence of maps "
         "as the value"},
        {STR("{<<: [[a]]}"), NULL,
         "line 1, column 7: malformed YAML: go-yaml: map merge requires map or sequence of maps "
         "as the value"},
        {STR("*x"), NULL,
         "line 1, column 1: malformed YAML: go-yaml: unknown anchor 'x' referenced"},
        {STR("&a [*a]"), NULL,
         "line 1, column 5: malformed YAML: go-yaml: anchor 'a' value contains itself"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

static void documents_and_encodings(void **state)
{
    const struct row rows[] = {
        {STR(""), "empty", NULL},
        {STR_NONE, "empty", NULL},
        {STR("# nothing\n"), "empty", NULL},
        {STR("---\n"), "empty", NULL},
        {STR("null"), "empty", NULL},
        {STR("a: 1\n---\nb: 2\n"), "{\"a\":1}", NULL},
        {STR("a: 1\n...\n{"), "{\"a\":1}", NULL},
        {STR("%YAML 1.1\n--- a"), "\"a\"", NULL},
        {STR("%YAML 1.2\n--- a"), NULL,
         "line 1, column 1: malformed YAML: go-yaml: found incompatible YAML document"},
        {STR("a: |\n  x\n   y\nb: >-\n  p\n  q\n"), "{\"a\":\"x\\n y\\n\",\"b\":\"p q\"}", NULL},
        {STR("a: 1\r\nb:\r\n- c\r\n"), "{\"a\":1,\"b\":[\"c\"]}", NULL},
        {STR("\xEF\xBB\xBF"
             "a: 1"),
         "{\"a\":1}", NULL},
        {STR("\xFF\xFE"
             "a\0:\0 \0\x3D\xD8\x00\xDE\xE9\0\xAC\x20"),
         "{\"a\":\"\xF0\x9F\x98\x80\xC3\xA9\xE2\x82\xAC\"}", NULL},
        {STR("\xFE\xFF\0a\0:\0 \0b"), "{\"a\":\"b\"}", NULL},
        {STR("\xFF\xFE"
             "a"),
         NULL, "YAML whose meaning to Argo CD is not known: UTF-16 with half a character"},
        {STR("\xFF\xFE\0\xDC"), NULL,
         "YAML whose meaning to Argo CD is not known: UTF-16 with half a surrogate pair"},
        {STR("\xFF\xFE\0\xD8"), NULL,
         "YAML whose meaning to Argo CD is not known: UTF-16 with half a surrogate pair"},
        {STR("a: \xEF\xBB\xBF"), NULL, NOT_KNOWN "a byte-order mark within the text"},
        {STR("a: \0"), NULL,
         "line 1, column 1: malformed YAML: libyaml: control characters are not allowed"},
        {STR("\"\\0\\x41\\u00e9\""), "\"\\u0000A\xC3\xA9\"", NULL},
        {STR("\"a\\/b\""), NULL,
         "line 1, column 1: malformed YAML: go-yaml: found unknown escape character"},
        {STR("\"\\'\""), NULL, "line 1, column 2: " NOT_KNOWN "the escape \\'"},
        {STR("a:\n\tb: 1"), NULL,
         "line 2, column 1: malformed YAML: libyaml: found character that cannot start any token"},
        {STR("name: {{ .Values.x }}"), NULL,
         "line 1, column 8: malformed YAML: go-yaml: invalid map key"},
        {STR("[a?b]"), NULL,
         "line 1, column 2: malformed YAML: go-yaml: did not find expected ',' or a closing "
         "bracket"},
        {STR("[a:,b]"), NULL,
         "line 1, column 3: " NOT_KNOWN "a colon before an indicator within brackets"},
        {STR("{}: x"), NULL, NOT_KNOWN "text behind brackets that hold no simple key"},
        {STR("'a'\n'b'"), "\"a\"", NULL},
        {STR(" a: b\nc: d\n"), "{\"a\":\"b\"}", NULL},
        {STR("{a: b}\n{c: d}"), "{\"a\":\"b\"}", NULL},
        {STR("'a' 'b'"), NULL,
         "line 1, column 5: " NOT_KNOWN "text behind the end of the document"},
        {STR("'a'\n\"b\\/\""), NULL,
         "line 2, column 1: " NOT_KNOWN "text behind the end of the document"},
        {STR("{a: [1\n"), NULL,
         "line 2, column 1: malformed YAML: libyaml: did not find expected ',' or ']'"},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows));
}

/* `n` times `unit`, with `tail` behind. */
static char *repeated(const char *head, const char *unit, size_t n, const char *tail)
{
    struct buf b = {.max = (size_t)64 * 1024 * 1024};

    buf_adds(&b, head);
    for (size_t i = 0; i < n; i++)
        buf_adds(&b, unit);
    buf_adds(&b, tail);
    assert_true(buf_ok(&b));
    return buf_take(&b);
}

static void expect_limit(const char *yaml, size_t n, const char *why)
{
    struct err err = {0};
    json_t *value = NULL;

    assert_false(yaml_read((struct str){yaml, n}, 1, &value, NULL, &err));
    assert_null(value);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.what, "YAML document too large to read");
    assert_string_equal(err.why, why);
}

static void hostile_documents_run_into_a_budget(void **state)
{
    AUTO(freep) char *flow = repeated("", "[", 200000, "");
    AUTO(freep) char *block = repeated("", "- ", 50000, "x");
    AUTO(freep) char *aliases = repeated("- &a x\n- [", "*a,", YAML_MAX_ALIASES + 1, "]\n");
    AUTO(freep) char *values = repeated("[", "1,", YAML_MAX_NODES, "]");
    AUTO(freep) char *large = repeated("", " ", YAML_MAX_BYTES + 1, "");
    AUTO(freep) char *text = repeated("- &a '", "x", 20000, "'\n");
    AUTO(freep) char *bytes = repeated(text, "- *a\n", 1000, "");
    struct buf laughs = {.max = 100000};
    AUTO(freep) char *bomb = NULL;

    (void)state;
    expect_limit(flow, strlen(flow), "more than 100 levels");
    expect_limit(block, strlen(block), "more than 100 levels");
    expect_limit(aliases, strlen(aliases), "more than 10000 aliases");
    expect_limit(values, strlen(values), "more than 1000000 values");
    expect_limit(large, strlen(large), "more than 16777216 bytes");
    expect_limit(bytes, strlen(bytes), "more than 16777216 bytes");
    buf_adds(&laughs, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        buf_printf(&laughs, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            buf_printf(&laughs, "%s*a%d", k ? "," : "", i - 1);
        buf_adds(&laughs, "]\n");
    }
    bomb = buf_take(&laughs);
    expect_limit(bomb, strlen(bomb), "more than 1000000 values");
    buf_adds(&laughs, "- &a0 [x]\n");
    for (int i = 1; i < 110; i++)
        buf_printf(&laughs, "- &a%d [*a%d]\n", i, i - 1);
    free(bomb);
    bomb = buf_take(&laughs);
    expect_limit(bomb, strlen(bomb), "more than 100 levels");
}

static void excessive_aliasing_is_refused_as_by_go_yaml(void **state)
{
    AUTO(freep) char *anchor = repeated("- &a [", "x,", 500, "]\n");
    AUTO(freep) char *yaml = repeated(anchor, "- *a\n", 1000, "");
    AUTO(freep) char *bearable = repeated(anchor, "- *a\n- x\n", 40, "");
    struct err err = {0};
    json_t *value = NULL;

    (void)state;
    assert_true(yaml_read(str_from(bearable), 1, &value, NULL, &err));
    assert_int_equal(json_array_size(value), 81);
    json_decref(value);
    assert_false(yaml_read(str_from(yaml), 1, &value, NULL, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.why, "go-yaml: document contains excessive aliasing");
}

static void large_harmless_documents_are_read(void **state)
{
    AUTO(freep) char *line = repeated("a: ", "x", (size_t)1024 * 1024, "");
    AUTO(freep) char *list = repeated("a: [", "'b', ", 200000, "]");
    AUTO(freep) char *deep = repeated("", "[", YAML_MAX_DEPTH, "");
    AUTO(freep) char *deepest = repeated(deep, "]", YAML_MAX_DEPTH, "");
    struct err err = {0};
    json_t *value = NULL;

    (void)state;
    assert_true(yaml_read(str_from(line), 1, &value, NULL, &err));
    assert_int_equal(json_string_length(json_object_get(value, "a")), (size_t)1024 * 1024);
    json_decref(value);
    assert_true(yaml_read(str_from(list), 1, &value, NULL, &err));
    assert_int_equal(json_array_size(json_object_get(value, "a")), 200000);
    json_decref(value);
    assert_true(yaml_read(str_from(deepest), 1, &value, NULL, &err));
    json_decref(value);
}

static void lines_are_those_of_the_file(void **state)
{
    static const char yaml[] = "# comment\n"           /* 11 */
                               "kind: Application\n"   /* 12 */
                               "metadata:\n"           /* 13 */
                               "  name: old\n"         /* 14 */
                               "  name: root\n"        /* 15 */
                               "list:\n"               /* 16 */
                               "- &a\n"                /* 17 */
                               "  x: 1\n"              /* 18 */
                               "- *a\n"                /* 19 */
                               "- [p,\n"               /* 20 */
                               "   q]\n"               /* 21 */
                               "merged: {<<: {m: 1}}"; /* 22 */
    struct err err = {0};
    struct yaml_lines *lines = NULL;
    json_t *value = NULL;
    const json_t *list;

    (void)state;
    assert_true(yaml_read(str_from(yaml), 11, &value, &lines, &err));
    list = json_object_get(value, "list");
    assert_int_equal(yaml_line_of(lines, value, "kind"), 12);
    assert_int_equal(yaml_line_of(lines, value, "metadata"), 13);
    assert_int_equal(yaml_line_of(lines, json_object_get(value, "metadata"), "name"), 15);
    assert_int_equal(yaml_line_at(lines, list, 0), 17);
    assert_int_equal(yaml_line_at(lines, list, 1), 19);
    assert_int_equal(yaml_line_of(lines, json_array_get(list, 1), "x"), 18);
    assert_int_equal(yaml_line_at(lines, list, 2), 20);
    assert_int_equal(yaml_line_at(lines, json_array_get(list, 2), 1), 21);
    assert_int_equal(yaml_line_of(lines, json_object_get(value, "merged"), "m"), 22);
    assert_int_equal(yaml_line_at(lines, list, 3), 0);
    assert_int_equal(yaml_line_at(lines, value, 0), 0);
    assert_int_equal(yaml_line_of(lines, list, "x"), 0);
    assert_int_equal(yaml_line_of(lines, value, "none"), 0);
    assert_int_equal(yaml_line_of(NULL, value, "kind"), 0);
    json_decref(value);
    yaml_lines_free(lines);
    yaml_lines_free(NULL);
}

static void many_lines_are_found_again(void **state)
{
    struct buf b = {.max = 1000000};
    AUTO(freep) char *yaml = NULL;
    struct err err = {0};
    struct yaml_lines *lines = NULL;
    json_t *value = NULL;

    (void)state;
    for (int i = 1; i <= 5000; i++)
        buf_printf(&b, "key%d: [a]\n", i);
    yaml = buf_take(&b);
    assert_true(yaml_read(str_from(yaml), 1, &value, &lines, &err));
    for (unsigned i = 1; i <= 5000; i++) {
        char key[16];

        (void)snprintf(key, sizeof key, "key%u", i);
        assert_int_equal(yaml_line_of(lines, value, key), i);
        assert_int_equal(yaml_line_at(lines, json_object_get(value, key), 0), i);
    }
    json_decref(value);
    yaml_lines_free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_mean_what_yaml_1_1_says),
        cmocka_unit_test(tags_decide_or_are_dropped),
        cmocka_unit_test(keys_become_text),
        cmocka_unit_test(merges_and_aliases_follow_go_yaml),
        cmocka_unit_test(documents_and_encodings),
        cmocka_unit_test(hostile_documents_run_into_a_budget),
        cmocka_unit_test(excessive_aliasing_is_refused_as_by_go_yaml),
        cmocka_unit_test(large_harmless_documents_are_read),
        cmocka_unit_test(lines_are_those_of_the_file),
        cmocka_unit_test(many_lines_are_found_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
