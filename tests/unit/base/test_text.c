/* Text from outside, made safe to print. */
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef void (*writer_fn)(struct buf *out, struct str text);

struct row {
    struct str in;
    const char *out;
};

static void check(writer_fn write, const struct row *rows, size_t n_rows)
{
    size_t n_wrong = 0;

    for (size_t i = 0; i < n_rows; i++) {
        AUTO(buf_clearp) struct buf b = {.max = 65536};

        write(&b, rows[i].in);
        if (str_is(buf_str(&b), rows[i].out))
            continue;
        print_error("row %zu: expected %s, got %.*s\n", i, rows[i].out, STR_ARG(buf_str(&b)));
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
}

static void controls_are_written_out(void **state)
{
    const struct row rows[] = {
        {STR("plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
         "plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {STR("a\nb\tc\x1B[31m"), "a\\u{a}b\\u{9}c\\u{1b}[31m"},
        {STR("a\0b"), "a\\u{0}b"},
        {STR("\x7F"), "\\u{7f}"},
        {STR("\xC2\x85\xC2\x9F\xC2\xA0"), "\\u{85}\\u{9f}\xC2\xA0"},
        {STR("\xE2\x80\xA8\xE2\x80\xA9"), "\\u{2028}\\u{2029}"},
        {STR("\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9\xE2\x80\x8E\xD8\x9C"),
         "\\u{202a}\\u{202e}\\u{2066}\\u{2069}\\u{200e}\\u{61c}"},
        {STR("\xEF\xBB\xBF"), "\\u{feff}"},
        {STR("\xFF\xC3"), "\\u{ff}\\u{c3}"},
        {STR("\xED\xA0\x80"), "\\u{ed}\\u{a0}\\u{80}"},
        {STR("C:\\users \\n"), "C:\\users \\n"},
        {STR("\\u{41}"), "\\\\u{41}"},
        {STR("\\u41 \\"), "\\u41 \\"},
        {{NULL, 0}, ""},
    };

    (void)state;
    check(text_field, rows, ARRAY_LEN(rows));
}

static void a_backslash_before_an_escape_cannot_undo_it(void **state)
{
    AUTO(buf_clearp) struct buf forged = {.max = 100};
    AUTO(buf_clearp) struct buf honest = {.max = 100};

    (void)state;
    text_field(&forged, STR("\\\\u{a}"));
    text_field(&honest, STR("\\\n"));
    assert_false(str_eq(buf_str(&forged), buf_str(&honest)));
}

static void long_fields_are_cut_between_characters(void **state)
{
    char text[300];
    AUTO(buf_clearp) struct buf b = {.max = 4096};

    (void)state;
    memset(text, 'x', sizeof text);
    text_field(&b, (struct str){text, TEXT_FIELD_MAX});
    assert_int_equal(b.n, TEXT_FIELD_MAX);
    buf_reset(&b);
    text_field(&b, (struct str){text, TEXT_FIELD_MAX + 1});
    assert_int_equal(b.n, TEXT_FIELD_MAX + 3);
    assert_string_equal(b.p + TEXT_FIELD_MAX, "\xE2\x80\xA6");
    buf_reset(&b);
    text[TEXT_FIELD_MAX - 1] = '\xC3';
    text[TEXT_FIELD_MAX] = '\xA9';
    text_field(&b, (struct str){text, TEXT_FIELD_MAX + 1});
    assert_string_equal(b.p + TEXT_FIELD_MAX - 1, "\xE2\x80\xA6");
    buf_reset(&b);
    text_escape(&b, STR("ab\n"), 5);
    assert_string_equal(b.p, "ab\xE2\x80\xA6");
    buf_reset(&b);
    text_escape(&b, (struct str){text, 190}, 0);
    assert_int_equal(b.n, 190);
}

static void urls_lose_their_secrets(void **state)
{
    const struct row rows[] = {
        {STR("https://git.example.com/a/b.git"), "https://git.example.com/a/b.git"},
        {STR("https://user:tok@git.example.com/a"), "https://git.example.com/a"},
        {STR("https://tok@h/a@b"), "https://h/a@b"},
        {STR("https://u:p@ss@h/a"), "https://h/a"},
        {STR("https://u:p/ss@h/a"), "https://h/a"},
        {STR("https://u:p/s@s/x@h/a"), "https://h/a"},
        {STR("https://u:p?s#s@h/a"), "https://h/a"},
        {STR("https://h/a.git?private_token=t0ken"), "https://h/a.git?…"},
        {STR("https://h/a.git?ref=v1"), "https://h/a.git?ref=v1"},
        {STR("https://h/a.git?ref=v1&sshkey=k3y"), "https://h/a.git?…"},
        {STR("user:tok@host:path"), "host:path"},
        {STR("git@github.com:org/repo.git"), "github.com:org/repo.git"},
        {STR("user:to/k@host:path"), "host:path"},
        {STR("ssh://git:pw@h:22/x"), "ssh://h:22/x"},
        {STR("user:p://x@host:path"), "host:path"},
        {STR("/plain/path@x"), "/plain/path@x"},
        {STR("https://h:80/a@b"), "https://b"}, /* might be a password "80/a" */
        {STR("a\nb://u:p@h"), "h"},
        {STR("https://u:p@h/\n"), "https://h/\\u{a}"},
        {STR(""), ""},
    };

    (void)state;
    check(text_url, rows, ARRAY_LEN(rows));
}

static void json_literals_are_valid(void **state)
{
    const struct row rows[] = {
        {STR(""), "\"\""},
        {STR("a\"b\\c"), "\"a\\\"b\\\\c\""},
        {STR("\n\0\x7F"), "\"\\u000a\\u0000\\u007f\""},
        {STR("\xFF"), "\"\\\\u{ff}\""},
        {STR("\xC3\xA9"), "\"\xC3\xA9\""},
    };

    (void)state;
    check(text_json, rows, ARRAY_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_are_written_out),
        cmocka_unit_test(a_backslash_before_an_escape_cannot_undo_it),
        cmocka_unit_test(long_fields_are_cut_between_characters),
        cmocka_unit_test(urls_lose_their_secrets),
        cmocka_unit_test(json_literals_are_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
