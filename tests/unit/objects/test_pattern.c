/* test_pattern.c: the settings' patterns answer as the whole glob does, or not at all. */
#include "base/attr.h"
#include "objects/pattern.h"
#include "repository/glob.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

static const char *const said[] = {"no", "yes", "not known"};

static void patterns_match_names(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        enum tri glob;
        enum tri path;
    } rows[] = {
        {"argocd", "argocd", TRI_YES, TRI_YES},
        {"argocd", "argocd2", TRI_NO, TRI_NO},
        {"", "", TRI_YES, TRI_YES},
        {"", "a", TRI_NO, TRI_NO},
        {"*", "", TRI_YES, TRI_YES},
        {"**", "anything", TRI_YES, TRI_YES},
        {"team-*", "team-", TRI_YES, TRI_YES},
        {"team-*", "team", TRI_NO, TRI_NO},
        {"*-prod", "pay-prod", TRI_YES, TRI_YES},
        {"*-prod", "pay-prod-2", TRI_NO, TRI_NO},
        {"*.k8s.io", "events.k8s.io", TRI_YES, TRI_YES},
        {"team-*-prod-*", "team-a-prod-prod-b", TRI_YES, TRI_YES},
        {"ns?", "ns1", TRI_YES, TRI_YES},
        {"ns?", "ns12", TRI_NO, TRI_NO},
        {"?", "", TRI_NOT_KNOWN, TRI_NO},
        {"ab*ba", "aba", TRI_YES, TRI_NO}, /* the library's overlap */
        {"ab**ba", "aba", TRI_YES, TRI_NO},
        {"ab*ba", "ab", TRI_NO, TRI_NO},
        {"a*b*a", "aba", TRI_YES, TRI_YES},
        {"a*b*ba", "aba", TRI_NO, TRI_NO},
        {"https://*", "https://a/b", TRI_YES, TRI_NOT_KNOWN},
        {"Secret", "secret", TRI_NO, TRI_NO},
        {"a,b", "a,b", TRI_YES, TRI_YES},
        {"{a,b}", "a", TRI_NOT_KNOWN, TRI_NO},
        {"[ab]", "a", TRI_NOT_KNOWN, TRI_NOT_KNOWN},
        {"a\\*", "a*", TRI_NOT_KNOWN, TRI_NOT_KNOWN},
        {"\xC3\xA9*", "\xC3\xA9", TRI_NOT_KNOWN, TRI_NOT_KNOWN},
        {"?", "\xC3\xA9", TRI_NOT_KNOWN, TRI_NOT_KNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str pattern = str_from(rows[i].pattern);
        struct str text = str_from(rows[i].text);
        enum tri glob = pattern_matches_glob(pattern, text);
        enum tri path = pattern_matches_path(pattern, text);

        if (glob != rows[i].glob || path != rows[i].path)
            fail_msg("'%s' on '%s': expected %s and %s, got %s and %s", rows[i].pattern,
                     rows[i].text, said[rows[i].glob], said[rows[i].path], said[glob], said[path]);
    }
}

static void long_ones_are_not_known(void **state)
{
    static char text[100 * 1024];
    struct str whole = {text, sizeof text};

    (void)state;
    memset(text, '*', sizeof text);
    assert_true(pattern_is_any(whole));
    assert_int_equal(pattern_matches_glob(whole, STR("a")), TRI_YES);
    memset(text, 'a', sizeof text);
    assert_int_equal(pattern_matches_glob(whole, whole), TRI_NOT_KNOWN);
    assert_int_equal(pattern_matches_path(STR("a*"), whole), TRI_NOT_KNOWN);
    assert_int_equal(
        pattern_matches_glob((struct str){text, PATTERN_MAX}, (struct str){text, PATTERN_MAX}),
        TRI_YES);
    assert_int_equal(pattern_matches_glob((struct str){"a\0b", 3}, STR("a")), TRI_NOT_KNOWN);
    assert_int_equal(pattern_matches_glob(STR_NONE, STR_NONE), TRI_YES);
}

enum { LETTERS_MAX = 5 };

/* The index-th text over `letters`, the shorter ones first. False past LETTERS_MAX letters. */
static bool spell(size_t index, const char *letters, char out[LETTERS_MAX + 1])
{
    size_t n_letters = strlen(letters);
    size_t of_length = 1;
    size_t n = 0;

    for (; index >= of_length; n++) {
        index -= of_length;
        of_length *= n_letters;
    }
    if (n > LETTERS_MAX)
        return false;
    out[n] = '\0';
    for (; n > 0; n--, index /= n_letters)
        out[n - 1] = letters[index % n_letters];
    return true;
}

static void no_answer_differs_from_the_whole_glob(void **state)
{
    char pattern[LETTERS_MAX + 1];
    char text[LETTERS_MAX + 1];
    size_t n_compared = 0;

    (void)state;
    for (size_t i = 0; spell(i, "ab*?", pattern); i++) {
        struct glob *g = NULL;

        assert_int_equal(glob_compile(str_from(pattern), &g), GLOB_OK);
        for (size_t j = 0; spell(j, "ab", text); j++) {
            enum tri whole = glob_match(g, str_from(text));
            enum tri ours = pattern_matches_glob(str_from(pattern), str_from(text));

            if (ours != whole && ours != TRI_NOT_KNOWN)
                fail_msg("'%s' on '%s': expected %s, got %s", pattern, text, said[whole],
                         said[ours]);
            n_compared += ours == whole;
        }
        glob_free(g);
    }
    /* 1,365 patterns, 63 texts; those with ? say nothing of an empty text. */
    assert_int_equal(n_compared, 84994);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_names),
        cmocka_unit_test(long_ones_are_not_known),
        cmocka_unit_test(no_answer_differs_from_the_whole_glob),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
