/* test_key.c: a key is accepted, and unescaped, exactly as jansson does it. */
#include "base/json.h"
#include "review/key.h"
#include "review/token.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Feeds text (quotes included) in chunks; returns whether it is exactly one key. */
static bool read_key(struct str text, size_t chunk, struct key *k)
{
    key_begin(k);
    for (size_t at = 1; at < text.n;) {
        size_t n_taken;
        enum key_step step = key_feed(k, str_sub(text, at, at + chunk), &n_taken);

        at += n_taken;
        if (step == KEY_BAD)
            return false;
        if (step == KEY_ENDED)
            return at == text.n;
    }
    return false;
}

static void same_as_jansson(struct str content)
{
    char text[256];
    int n = snprintf(text, sizeof text, "\"%.*s\"", STR_ARG(content));
    struct str quoted = {text, (size_t)n};
    AUTO(json_unrefp) json_t *wanted = NULL;
    struct err err = {0};
    bool good = json_read_value(quoted, &wanted, &err);

    for (size_t chunk = 1; chunk <= quoted.n; chunk++) {
        struct key k;

        if (read_key(quoted, chunk, &k) != good)
            fail_msg("%s is %s for jansson (chunks of %zu)", text, good ? "good" : "bad", chunk);
        if (good && !str_eq(key_text(&k), json_view(wanted)))
            fail_msg("%s became %.*s", text, STR_ARG(key_text(&k)));
    }
}

static void keys_written_by_hand(void **state)
{
    static const char *const keys[] = {
        "",
        "apiVersion",
        "\\\"\\\\\\/\\b\\f\\n\\r\\t",
        "\\x",
        "\\",
        "a\"b",
        "\\u0041\\u00e9\\u20AC\\uFFFF\\u0000",
        "\\u004",
        "\\u00g1",
        "\\ud83d\\ude00",
        "\\udbff\\udfff",
        "\\ud83d",
        "\\ud83dx",
        "\\ud83d\\n",
        "\\ud83d\\u0041",
        "\\ud83d\\ud83d",
        "\\ude00",
        "\x1f",
        "\x7f",
        "\u00e9\u20ac\U0001F600",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        same_as_jansson(str_from(keys[i]));
}

/* Every lead byte with the bounds of its first tail byte, and one tail byte too few. */
static void every_utf8_lead_byte(void **state)
{
    static const unsigned char tails[] = {0x20, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0};

    (void)state;
    for (unsigned lead = 0x80; lead < 0x100; lead++) {
        for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
            const char bytes[] = {(char)lead, (char)tails[i], (char)0x80, (char)0xBF};

            for (size_t n = 1; n <= sizeof bytes; n++)
                same_as_jansson((struct str){bytes, n});
        }
    }
}

static void a_long_key_is_checked_and_matches_nothing(void **state)
{
    char text[KEY_MAX + 4];
    struct key k;

    (void)state;
    memset(text, 'k', sizeof text);
    text[0] = text[sizeof text - 1] = '"';
    assert_true(read_key((struct str){text, sizeof text}, 5, &k));
    assert_null(key_text(&k).p);
    text[KEY_MAX + 2] = '\x01';
    assert_false(read_key((struct str){text, sizeof text}, 5, &k));
    assert_string_equal(k.fault, "a control character in a key");
    memset(text, 'k', sizeof text);
    text[0] = text[KEY_MAX + 1] = '"';
    assert_true(read_key((struct str){text, KEY_MAX + 2}, 5, &k));
    assert_int_equal(key_text(&k).n, KEY_MAX);
}

static void tokens(void **state)
{
    static const struct {
        const char *text;
        bool whole;
    } rows[] = {
        {"true", true},      {"false", true},  {"null", true}, {"0", true},      {"-0", true},
        {"10", true},        {"-1.50", true},  {"1e5", true},  {"1E+05", true},  {"0.0e-0", true},
        {"-", false},        {"1.", false},    {"1e", false},  {"1e+", false},   {"tru", false},
        {"truE", false},     {"truee", false}, {"01", false},  {"1.2.3", false}, {"1e5.0", false},
        {"-a", false},       {"1-", false},    {"+1", false},  {".5", false},    {"NaN", false},
        {"Infinity", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct token t;
        const char *p = rows[i].text;
        bool good = token_begin(&t, *p++);

        while (good && *p)
            good = token_take(&t, *p++);
        if ((good && token_is_whole(&t)) != rows[i].whole)
            fail_msg("%s", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_written_by_hand),
        cmocka_unit_test(every_utf8_lead_byte),
        cmocka_unit_test(a_long_key_is_checked_and_matches_nothing),
        cmocka_unit_test(tokens),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
