/* The names an API server takes for the kinds that are read. */
#include "base/attr.h"
#include "objects/names.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

static void names_are_dns_names(void **state)
{
    static const struct {
        struct str text;
        bool subdomain, label;
    } cases[] = {
        {{"a", 1}, true, true},      {{"0", 1}, true, true},      {{"a-b", 3}, true, true},
        {{"a.b", 3}, true, false},   {{"a-.b", 4}, false, false}, {{"a..b", 4}, false, false},
        {{".a", 2}, false, false},   {{"a.", 2}, false, false},   {{"-a", 2}, false, false},
        {{"a-", 2}, false, false},   {{"A", 1}, false, false},    {{"a_b", 3}, false, false},
        {{"a\0b", 3}, false, false}, {{"a/b", 3}, false, false},  {{"\xc3\xa4", 2}, false, false},
        {{"", 0}, false, false},     {{NULL, 0}, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (names_is_subdomain(cases[i].text) != cases[i].subdomain ||
            names_is_label(cases[i].text) != cases[i].label)
            print_error("case %zu: %.*s\n", i, STR_ARG(cases[i].text));
        assert_int_equal(names_is_subdomain(cases[i].text), cases[i].subdomain);
        assert_int_equal(names_is_label(cases[i].text), cases[i].label);
    }
}

static void names_end_where_the_api_server_ends_them(void **state)
{
    char text[254];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_true(names_is_subdomain((struct str){text, 253}));
    assert_false(names_is_subdomain((struct str){text, 254}));
    assert_true(names_is_label((struct str){text, 63}));
    assert_false(names_is_label((struct str){text, 64}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_dns_names),
        cmocka_unit_test(names_end_where_the_api_server_ends_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
