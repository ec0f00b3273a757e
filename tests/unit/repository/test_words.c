/* What a file without our words may be left unparsed for, and what hides a word. */
#include "base/attr.h"
#include "repository/words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct words of(const char *text)
{
    return words_find((struct str){text, strlen(text)});
}

static void plain_files(void **state)
{
    static const char *const all[] = {
        "",
        "kind: Deployment\nmetadata: {name: a}\n",
        "pattern: '\\d+\\.\\s'\n",     /* escapes that make no letters */
        "a: \"tab\\tquote\\\"end\"\n", /* nor do these */
        "when: a != b\n",
        "secret: argoproj\n", /* neither is spelt so */
        "kind: [unclosed",
        "100%\n",
        "\xFF",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (!of(all[i]).is_plain)
            fail_msg("not plain: %s", all[i]);
}

static void files_to_be_parsed(void **state)
{
    static const char *const all[] = {
        "apiVersion: argoproj.io/v1alpha1",
        "x: argocd.argoproj.io/sync-wave",
        "external-secrets.io",
        "kind: Secret",
        "kind: SealedSecret",
        "name: argocd-cm",
        "kind: \"\\x53ecret\"",
        "kind: \"\\u0053ecret\"",
        "kind: \"\\U00000053ecret\"",
        "{\"kind\": \"\\u0053ecret\"}",
        "kind: \"Sec\\\nret\"",
        "kind: \"Sec\\\r\nret\"",
        "kind: \"Sec\\\xC2\x85ret\"",     /* NEL */
        "kind: \"Sec\\\xE2\x80\xA8ret\"", /* line separator */
        "a: '\\' \nkind: \"\\\\\\x53ecret\"",
        "kind: !!binary U2VjcmV0",
        "kind: !<tag:yaml.org,2002:binary> U2VjcmV0",
        "%TAG !y! tag:yaml.org,2002:\n---\nkind: !y!binary U2VjcmV0",
        "kind: !!bin%61ry U2VjcmV0",
        "ends in a \\",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (of(all[i]).is_plain)
            fail_msg("plain: %s", all[i]);
    assert_false(words_find((struct str){"\xFF\xFEk\0", 4}).is_plain);
    assert_false(words_find((struct str){"\xFE\xFF\0k", 4}).is_plain);
}

/* At every place of a buffer, also astride what is looked at at once. */
static void words_anywhere(void **state)
{
    static const char *const words[] = {
        "argoproj.io", "external-secrets.io", "Secret", "argocd-cm", "!!", "!<", "%TAG", "\\x"};
    char text[300];

    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        size_t n = strlen(words[w]);

        for (size_t at = 0; at + n <= sizeof text; at++) {
            memset(text, 'a', sizeof text);
            memcpy(text + at, words[w], n);
            if (words_find((struct str){text, sizeof text}).is_plain)
                fail_msg("%s at %zu", words[w], at);
            /* cut off before its last byte it is none, but for a backslash */
            if (words[w][0] != '\\' && !words_find((struct str){text, at + n - 1}).is_plain)
                fail_msg("part of %s at %zu", words[w], at);
        }
    }
}

static void what_is_named(void **state)
{
    struct words all = of("{{ +argocd:skip-file-rendering argoproj.io external-secrets.io }}");
    struct words none = of("{ { +argocd:skip-file argoproj external-secrets }}");

    (void)state;
    assert_true(all.is_marked && all.is_templated && all.names_argoproj &&
                all.names_external_secrets);
    assert_false(none.is_marked || none.is_templated || none.names_argoproj ||
                 none.names_external_secrets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files),
        cmocka_unit_test(files_to_be_parsed),
        cmocka_unit_test(words_anywhere),
        cmocka_unit_test(what_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
