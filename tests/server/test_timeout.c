/* `?timeout=` is read as Go writes durations. */
#include "base/attr.h"
#include "server/timeout.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool good;
    unsigned ms;
} rows[] = {
    {"10s", true, 10000},    {"1m30s", true, 90000}, {"500ms", true, 500},
    {"1.5s", true, 1500},    {".5s", true, 500},     {"1h", true, 3600000},
    {"100ns", true, 1},      {"2000us", true, 2},    {"2000\xC2\xB5s", true, 2},
    {"24h", true, 86400000}, {"25h", false, 0},      {"0s", false, 0},
    {"", false, 0},          {"10", false, 0},       {"s", false, 0},
    {"-5s", false, 0},       {"5 s", false, 0},      {"5x", false, 0},
    {"1..5s", false, 0},     {NULL, false, 0},       {"99999999999999999999h", false, 0},
    {"1s1", false, 0},
};

static void durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned ms = 0;

        assert_int_equal(timeout_parse(rows[i].text, &ms), rows[i].good);
        assert_int_equal(ms, rows[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(durations)};

    return cmocka_run_group_tests_name("server/timeout", tests, NULL, NULL);
}
