/* What a reason shows of a repository. */
#include "base/mem.h"
#include "objects/identity.h"
#include "repository/output.h"
#include "repository/quote.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void a_field_is_escaped_and_cut(void **state)
{
    (void)state;
    assert_string_equal(quote(STR("a b")).text, "a b");
    assert_string_equal(quote(STR("\n\x1b\x7f\xc2\x9b\xe2\x80\xae\xff")).text,
                        "\\u{a}\\u{1b}\\u{7f}\\u{9b}\\u{202e}\\u{ff}");
    assert_string_equal(quote(STR_NONE).text, "");
    assert_string_equal(quote(STR(HUNDRED HUNDRED)).text, HUNDRED HUNDRED);
    assert_string_equal(quote(STR(HUNDRED HUNDRED "x")).text, HUNDRED HUNDRED "…");
    assert_string_equal(quote_phrase(HUNDRED HUNDRED " is\nthere").text,
                        HUNDRED HUNDRED " is\\u{a}there");
    assert_string_equal(quote_phrase(HUNDRED HUNDRED HUNDRED TEN TEN TEN).text,
                        HUNDRED HUNDRED HUNDRED TEN TEN "…");
}

static void an_address_shows_no_secret(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"https://example.com/org/x.git?ref=v1", "https://example.com/org/x.git?ref=v1"},
        {"https://bot:SECRET@example.com/x", "https://example.com/x"},
        {"https://SECRET@example.com/x", "https://example.com/x"},
        {"https://bot:SEC@RET@example.com/x", "https://example.com/x"},
        {"https://bot:SEC/RET@example.com/x", "https://example.com/x"},
        {"https://bot:SEC?RET@example.com/x", "https://example.com/x"},
        {"ssh://git:SECRET@example.com:22/x", "ssh://example.com:22/x"},
        {"git::https://bot:SECRET@example.com/x", "example.com/x"},
        {"git::ssh://git@example.com/x?sshkey=SECRET", "example.com/x?…"},
        {"git@example.com:org/x", "example.com:org/x"},
        {"bot:SECRET@example.com", "example.com"},
        {"SECRET@example.com/x", "example.com/x"},
        {"https://example.com/x?token=SECRET", "https://example.com/x?…"},
        {"https://example.com/x?ref=v1&token=SECRET", "https://example.com/x?…"},
        {"base/team@prod.yaml", "base/team@prod.yaml"},
        {"base/a@b/c", "base/a@b/c"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(quote_reference(str_from(cases[i].text)).text, cases[i].expected);
}

static void a_kept_phrase_keeps_its_bytes(void **state)
{
    /* the euro sign has three bytes, of which two or one would fit */
    static const char euro[] = HUNDRED HUNDRED "\xe2\x82\xac";

    (void)state;
    assert_string_equal(shorten("a\nb").text, "a\nb");
    assert_string_equal(shorten(HUNDRED HUNDRED).text, HUNDRED HUNDRED);
    assert_string_equal(shorten(HUNDRED HUNDRED "x").text, HUNDRED HUNDRED "…");
    assert_string_equal(shorten(&euro[1]).text + 199, "…");
    assert_string_equal(shorten(&euro[2]).text + 198, "…");
}

static char *why_of(const char *text)
{
    struct output_builder *b = output_new(STR("default"));
    AUTO(rendering_freep) struct rendering *r = NULL;

    output_fails(b, "%s", text);
    r = output_finish(b);
    assert_int_equal(r->state, RENDER_FAILS);
    return steal(&r->why);
}

/* Whatever a caller forgot to quote: a reason is one line, and what was quoted stays as it is. */
static void a_reason_is_one_line_whoever_writes_it(void **state)
{
    AUTO(freep) char *forgotten = why_of("a\nb\x1b \xe2\x80\xae");
    AUTO(freep) char *quoted = why_of("a\\u{a}b \\\\u{a} \\");
    AUTO(freep) char *text = xmalloc(4001);
    AUTO(freep) char *too_long = NULL;

    (void)state;
    assert_string_equal(forgotten, "a\\u{a}b\\u{1b} \\u{202e}");
    assert_string_equal(quoted, "a\\u{a}b \\\\u{a} \\");
    memset(text, 'x', 4000);
    text[4000] = '\0';
    too_long = why_of(text);
    assert_string_equal(too_long, "something whose name is too long to be shown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_is_escaped_and_cut),
        cmocka_unit_test(an_address_shows_no_secret),
        cmocka_unit_test(a_kept_phrase_keeps_its_bytes),
        cmocka_unit_test(a_reason_is_one_line_whoever_writes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
