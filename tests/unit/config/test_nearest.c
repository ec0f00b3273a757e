/* What a person probably meant. */
#include "base/attr.h"
#include "config/nearest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above. */
#include <cmocka.h>

static void typing_errors_find_their_word(void **state)
{
    static const char *const words[] = {"listen",    "admin",      "tls",          "minVersion",
                                        "protected", "log",        "repositories", "--repository",
                                        "--config",  "certificate"};
    static const struct {
        const char *typed;
        const char *meant;
    } cases[] = {
        {"minVerson", "minVersion"},
        {"minversion", "minVersion"},
        {"MINVERSION", "minVersion"},
        {"lisetn", "listen"},
        {"repositorys", "repositories"},
        {"--confg", "--config"},
        {"--repositry", "--repository"},
        {"ttls", "tls"},
        {"xyz", NULL},
        {"", NULL},
        {"completely-different", NULL},
        {"listen", "listen"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *found = nearest_word(str_from(cases[i].typed), words, ARRAY_LEN(words));

        if (!cases[i].meant) {
            if (found)
                print_error("%s: expected nothing, got %s\n", cases[i].typed, found);
            assert_null(found);
            continue;
        }
        assert_non_null(found);
        assert_string_equal(found, cases[i].meant);
    }
}

static void very_long_words_are_nobodys(void **state)
{
    static const char *const words[] = {
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    (void)state;
    assert_null(nearest_word(str_from(words[0]), words, 1));
    assert_null(nearest_word(STR("aaaaaaaaaaaaaaaaaaaaaaaa"), words, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing_errors_find_their_word),
        cmocka_unit_test(very_long_words_are_nobodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
