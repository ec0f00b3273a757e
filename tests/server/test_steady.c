/* test_steady.c: what is seen is acted on once it has stayed the same for a while, and then once.
 */
#include "base/attr.h"
#include "server/steady.h"
/* clang-format off */
#include <setjmp.h> /* cmocka.h wants these before itself */
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static void it_is_acted_on_once_it_stays(void **state)
{
    struct steady s = {0};

    (void)state;
    assert_int_equal(steady_look(&s, "a", 0, false), SIGHT_NEW);
    assert_int_equal(steady_look(&s, "a", STEADY_MS - 1, false), SIGHT_NEW);
    assert_int_equal(steady_look(&s, "b", STEADY_MS, false), SIGHT_NEW);
    assert_int_equal(steady_look(&s, "b", 2 * STEADY_MS - 1, false), SIGHT_NEW);
    assert_int_equal(steady_look(&s, "b", 2 * STEADY_MS, false), SIGHT_STEADY);
    assert_int_equal(steady_look(&s, "b", 9 * STEADY_MS, false), SIGHT_KNOWN);
    assert_int_equal(steady_look(&s, "a", 9 * STEADY_MS, false), SIGHT_NEW);
    assert_int_equal(steady_look(&s, "b", 9 * STEADY_MS, false), SIGHT_NEW);
}

static void who_asks_need_not_wait(void **state)
{
    struct steady s = {0};

    (void)state;
    assert_int_equal(steady_look(&s, "a", 5, true), SIGHT_STEADY);
    assert_int_equal(steady_look(&s, "a", 6, false), SIGHT_KNOWN);
    assert_int_equal(steady_look(&s, "a", 7, true), SIGHT_STEADY);
}

static void what_is_in_use_is_forgotten(void **state)
{
    struct steady s = {0};

    (void)state;
    assert_int_equal(steady_look(&s, "a", 0, true), SIGHT_STEADY);
    steady_clear(&s);
    assert_int_equal(steady_look(&s, "a", 5, false), SIGHT_NEW);
    assert_int_equal(steady_look(&s, "a", 5 + STEADY_MS, false), SIGHT_STEADY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_acted_on_once_it_stays),
        cmocka_unit_test(who_asks_need_not_wait),
        cmocka_unit_test(what_is_in_use_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
