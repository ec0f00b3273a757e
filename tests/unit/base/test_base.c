/* The small things everything else stands on: str, buf, arena, err, json, utf8, mem. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void views_compare_by_bytes(void **state)
{
    (void)state;
    assert_true(str_eq(STR("ab"), STR("ab")));
    assert_false(str_eq(STR("ab"), STR("abc")));
    assert_true(str_eq(STR_NONE, STR("")));
    assert_true(str_eq_nocase(STR("ArGo"), STR("aRgO")));
    assert_false(str_eq_nocase(STR("argo"), STR("argp")));
    assert_true(str_is(STR("x"), "x"));
    assert_false(str_is(STR("x\0y"), "x"));
    assert_null(str_from(NULL).p);
    assert_int_equal(str_from("abc").n, 3);
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("ab"), STR("a")) > 0);
    assert_true(str_cmp(STR("a"), STR("a")) == 0);
    assert_true(str_cmp(STR("\xFF"), STR("a")) > 0);
    assert_true(str_cmp(STR_NONE, STR("a")) < 0);
}

static void parts_are_found(void **state)
{
    (void)state;
    assert_true(str_starts(STR("apps/x"), STR("apps")));
    assert_false(str_starts(STR("ap"), STR("apps")));
    assert_true(str_starts(STR_NONE, STR("")));
    assert_true(str_ends(STR("a.yaml"), STR(".yaml")));
    assert_false(str_ends(STR("yaml"), STR(".yaml")));
    assert_true(str_contains(STR("abc"), STR("bc")));
    assert_false(str_contains(STR("abc"), STR("cb")));
    assert_true(str_contains(STR_NONE, STR("")));
    assert_false(str_contains(STR_NONE, STR("a")));
    assert_int_equal(str_find_char(STR("a@b@"), '@'), 1);
    assert_int_equal(str_find_char(STR("ab"), '@'), 2);
    assert_true(str_is(str_trim(STR(" \t\r\nx y\v\f ")), "x y"));
    assert_int_equal(str_trim(STR("  ")).n, 0);
    assert_true(str_is(str_sub(STR("abcd"), 1, 3), "bc"));
    assert_true(str_is(str_sub(STR("abcd"), 2, 99), "cd"));
    assert_true(str_is(str_sub(STR("abcd"), 3, 1), ""));
}

static void lists_are_split(void **state)
{
    struct str rest = STR("a,,b,");
    struct str part;

    (void)state;
    assert_true(str_split(&rest, ',', &part) && str_is(part, "a"));
    assert_true(str_split(&rest, ',', &part) && str_is(part, ""));
    assert_true(str_split(&rest, ',', &part) && str_is(part, "b"));
    assert_true(str_split(&rest, ',', &part) && str_is(part, ""));
    assert_false(str_split(&rest, ',', &part));
    rest = STR("");
    assert_true(str_split(&rest, ',', &part) && str_is(part, ""));
    assert_false(str_split(&rest, ',', &part));
}

static void a_buffer_stops_at_its_ceiling(void **state)
{
    struct buf b;
    char *text;

    (void)state;
    buf_init(&b, 6);
    assert_true(str_is(buf_str(&b), ""));
    buf_adds(&b, "abc");
    buf_addc(&b, 'd');
    buf_printf(&b, "%d", 12);
    assert_true(buf_ok(&b));
    assert_string_equal(b.p, "abcd12");
    buf_addc(&b, 'x');
    assert_false(buf_ok(&b));
    buf_add(&b, STR(""));
    assert_string_equal(b.p, "abcd12");
    buf_reset(&b);
    assert_true(buf_ok(&b));
    buf_printf(&b, "%s", "too long for it");
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 0);
    buf_clear(&b);
    buf_add(&b, STR("a\0b"));
    assert_int_equal(b.n, 3);
    text = buf_take(&b);
    assert_memory_equal(text, "a\0b", 4);
    free(text);
    text = buf_take(&b);
    assert_string_equal(text, "");
    free(text);
}

static void a_buffer_grows_over_many_appends(void **state)
{
    AUTO(buf_clearp) struct buf b = {.max = 100000};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buf_adds(&b, "0123456789");
    assert_true(buf_ok(&b));
    assert_int_equal(strlen(b.p), 100000);
}

static void an_arena_stays_within_its_limit(void **state)
{
    AUTO(arena_freep) struct arena *a = arena_new(10000);
    struct str copy = STR("untouched");
    unsigned char *p = arena_alloc(a, 100);

    (void)state;
    assert_non_null(p);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_non_null(arena_alloc(a, 6000));
    assert_null(arena_alloc(a, 5000));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_false(arena_copy(a, (struct str){"", 9000}, &copy));
    assert_true(str_is(copy, "untouched"));
    assert_true(arena_copy(a, STR("a\0b"), &copy));
    assert_memory_equal(copy.p, "a\0b", 4);
    assert_true(arena_copy(a, STR_NONE, &copy));
    assert_int_equal(copy.p[0], '\0');
    assert_in_range(arena_used(a), 6100, 10000);
    arena_free(NULL);
}

static void an_unlimited_arena_refuses_a_size_that_wraps(void **state)
{
    AUTO(arena_freep) struct arena *a = arena_new(SIZE_MAX);

    (void)state;
    assert_null(arena_alloc(a, SIZE_MAX));
}

static void the_first_cause_is_kept(void **state)
{
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    (void)state;
    err_what(&err, ERR_LIMIT, "too many %s", "files");
    err_what(&err, ERR_INPUT, "something else");
    err_where(&err, "a\n.yaml:%d", 3);
    err_why_errno(&err, ENOENT);
    err_why(&err, "later");
    err_remedy(&err, "split it");
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err_text(&err, text),
                        "a\\u{a}.yaml:3: too many files: No such file or directory; split it");
    err_clear(&err);
    err_what(&err, ERR_SYSTEM, "only this");
    assert_string_equal(err_text(&err, text), "only this");
}

static void long_errors_are_cut(void **state)
{
    struct err err = {0};
    char long_text[3000];
    char text[ERR_TEXT_MAX];

    (void)state;
    memset(long_text, '\n', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    err_what(&err, ERR_INPUT, "%s", long_text);
    err_where(&err, "%s", long_text);
    err_why(&err, "%s", long_text);
    err_remedy(&err, "%s", long_text);
    assert_int_equal(strlen(err.what), sizeof err.what - 1);
    assert_int_equal(strlen(err_text(&err, text)), ERR_TEXT_MAX - 1);
}

static void json_is_read_as_the_api_server_may_send_it(void **state)
{
    AUTO(json_unrefp) json_t *value = NULL;
    AUTO(json_unrefp) json_t *scalar = NULL;
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    (void)state;
    assert_true(json_read(STR("{\"n\":123456789012345678901234567890,\"s\":\"a\\u0000b\","
                              "\"o\":{},\"a\":[1],\"t\":true,\"z\":null}"),
                          &value, &err));
    assert_int_equal(json_str_at(value, "s").n, 3);
    assert_null(json_str_at(value, "n").p);
    assert_null(json_str_at(NULL, "s").p);
    assert_non_null(json_object_at(value, "o"));
    assert_null(json_object_at(value, "a"));
    assert_null(json_object_at(NULL, "o"));
    assert_non_null(json_array_at(value, "a"));
    assert_null(json_array_at(value, "o"));
    assert_non_null(json_value_at(value, "t"));
    assert_null(json_value_at(value, "z"));
    assert_null(json_value_at(value, "none"));
    assert_true(json_bool_at(value, "t", false));
    assert_true(json_bool_at(value, "s", true));
    assert_false(json_bool_at(value, "none", false));
    assert_true(json_read_value(STR("7"), &scalar, &err));
    assert_false(json_read(STR("7"), &scalar, &err));
    err_clear(&err);
    assert_false(json_read(STR("{\"a\":1,\n\"a\":2}"), &value, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err_text(&err, text), "malformed JSON: jansson: duplicate object key near "
                                              "'\"a\"', line 2, column 3");
    err_clear(&err);
    assert_false(json_read(STR_NONE, &value, &err));
    assert_int_equal(err.kind, ERR_INPUT);
}

static void only_well_formed_utf8_is_decoded(void **state)
{
    const struct {
        struct str text;
        size_t n;
        uint32_t code;
    } rows[] = {
        {STR("a"), 1, 'a'},
        {STR("\xC2\x80"), 2, 0x80},
        {STR("\xDF\xBF"), 2, 0x7FF},
        {STR("\xE0\xA0\x80"), 3, 0x800},
        {STR("\xED\x9F\xBF"), 3, 0xD7FF},
        {STR("\xEF\xBF\xBF"), 3, 0xFFFF},
        {STR("\xF0\x90\x80\x80"), 4, 0x10000},
        {STR("\xF4\x8F\xBF\xBF"), 4, 0x10FFFF},
        {STR(""), 0, 0},
        {STR("\x80"), 0, 0},
        {STR("\xC0\x80"), 0, 0},
        {STR("\xC1\xBF"), 0, 0},
        {STR("\xC3"), 0, 0},
        {STR("\xC3("), 0, 0},
        {STR("\xE0\x9F\xBF"), 0, 0},
        {STR("\xE2\x82"), 0, 0},
        {STR("\xED\xA0\x80"), 0, 0},
        {STR("\xF0\x8F\xBF\xBF"), 0, 0},
        {STR("\xF4\x90\x80\x80"), 0, 0},
        {STR("\xF0\x90\x80"), 0, 0},
        {STR("\xF8\x88\x80\x80\x80"), 0, 0},
        {STR("\xFF"), 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t code = 0;

        assert_int_equal(utf8_decode(rows[i].text, &code), rows[i].n);
        if (rows[i].n)
            assert_int_equal(code, rows[i].code);
        assert_int_equal(utf8_is_valid(rows[i].text), rows[i].n > 0 || rows[i].text.n == 0);
    }
}

static void arrays_double(void **state)
{
    size_t capacity = 0;
    int *numbers = NULL;

    (void)state;
    for (int i = 0; i < 100; i++) {
        numbers = xgrow(numbers, (size_t)i, &capacity, sizeof *numbers);
        numbers[i] = i;
    }
    assert_int_equal(capacity, 128);
    for (int i = 0; i < 100; i++)
        assert_int_equal(numbers[i], i);
    free(numbers);
}

static void small_allocations_work(void **state)
{
    AUTO(freep) char *a = xstrdup(NULL);
    AUTO(freep) char *b = xstrndup(STR("ab"));
    AUTO(freep) char *c = xasprintf("%d-%s", 7, "x");
    AUTO(freep) char *d = xmalloc(0);
    AUTO(freep) char *e = xcalloc(0, 0);

    (void)state;
    d = xrealloc(d, 10);
    d[9] = 'x';
    assert_int_equal(d[9], 'x');
    assert_string_equal(a, "");
    assert_string_equal(b, "ab");
    assert_string_equal(c, "7-x");
    assert_ptr_equal(xneed(e), e);
}

static void grow_past_all_memory(void)
{
    size_t capacity = SIZE_MAX / 2 + 1;

    free(xgrow(NULL, capacity, &capacity, 1));
}

static void grow_past_size(void)
{
    size_t capacity = SIZE_MAX / 8;

    free(xgrow(NULL, capacity, &capacity, 64));
}

static void need_nothing(void)
{
    free(xneed(NULL));
}

/* Running out of memory ends the process by SIGABRT; it never returns NULL. */
static void running_out_aborts(void **state)
{
    static void (*const deeds[])(void) = {grow_past_all_memory, grow_past_size, need_nothing};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
        pid_t child = fork();
        int status = 0;

        assert_true(child >= 0);
        if (child == 0) {
            struct rlimit none = {0, 0};

            (void)setrlimit(RLIMIT_CORE, &none);
            (void)signal(SIGABRT, SIG_DFL);
            (void)close(STDERR_FILENO);
            deeds[i]();
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_by_bytes),
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(lists_are_split),
        cmocka_unit_test(a_buffer_stops_at_its_ceiling),
        cmocka_unit_test(a_buffer_grows_over_many_appends),
        cmocka_unit_test(an_arena_stays_within_its_limit),
        cmocka_unit_test(an_unlimited_arena_refuses_a_size_that_wraps),
        cmocka_unit_test(the_first_cause_is_kept),
        cmocka_unit_test(long_errors_are_cut),
        cmocka_unit_test(json_is_read_as_the_api_server_may_send_it),
        cmocka_unit_test(only_well_formed_utf8_is_decoded),
        cmocka_unit_test(arrays_double),
        cmocka_unit_test(small_allocations_work),
        cmocka_unit_test(running_out_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
