/* test_refusals.c: a flood of clients that are not let in does not fill the log. */
#include "base/attr.h"
#include "server/refusals.h"
/* clang-format off */
#include <setjmp.h> /* cmocka.h wants these before itself */
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static void ten_a_minute_are_told(void **state)
{
    struct refusals *r = refusals_new();
    uint64_t n_untold = 7;

    (void)state;
    for (unsigned i = 0; i < REFUSALS_A_MINUTE; i++) {
        assert_true(refusals_may_tell(r, 1000 + i, &n_untold));
        assert_int_equal(n_untold, 0);
    }
    for (unsigned i = 0; i < 1000; i++)
        assert_false(refusals_may_tell(r, 2000 + i, &n_untold));
    assert_false(refusals_may_tell(r, 60 * 1000 + 999, &n_untold));
    assert_true(refusals_may_tell(r, 60 * 1000 + 1000, &n_untold));
    assert_int_equal(n_untold, 1001);
    assert_true(refusals_may_tell(r, 60 * 1000 + 1001, &n_untold));
    assert_int_equal(n_untold, 0);
    refusals_free(r);
    refusals_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_a_minute_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
