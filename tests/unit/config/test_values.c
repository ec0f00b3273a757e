/* The texts a configuration may write durations, sizes, addresses and names in. */
#include "base/attr.h"
#include "config/values.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above. */
#include <cmocka.h>

struct number_case {
    const char *text;
    bool good;
    uint64_t value;
};

static void run_numbers(const struct number_case *cases, size_t n,
                        bool (*parse)(struct str text, uint64_t *value))
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value = 0;
        bool good = parse(str_from(cases[i].text), &value);

        if (good != cases[i].good || value != cases[i].value)
            print_error("\"%s\": expected %d %llu, got %d %llu\n", cases[i].text, cases[i].good,
                        (unsigned long long)cases[i].value, good, (unsigned long long)value);
        assert_int_equal(good, cases[i].good);
        assert_int_equal(value, cases[i].value);
    }
}

static void durations_name_their_unit(void **state)
{
    static const struct number_case cases[] = {
        {"10s", true, 10000},
        {"500ms", true, 500},
        {"1m30s", true, 90000},
        {"2m", true, 120000},
        {"1h", true, 3600000},
        {"1m500ms", true, 60500},
        {"0", true, 0},
        {"0s", true, 0},
        {"1193h", true, 4294800000},
        {"", false, 0},
        {"10", false, 0},
        {"s", false, 0},
        {"10 s", false, 0},
        {"-1s", false, 0},
        {"1.5s", false, 0},
        {"1d", false, 0},
        {"1s ", false, 0},
        {"1194h", false, 0},
        {"4294967s4294967s", false, 0},
        {"9223372036854775807h", false, 0},
        {"9223372036854775808ms", false, 0},
        {"99999999999999999999s", false, 0},
    };

    (void)state;
    run_numbers(cases, ARRAY_LEN(cases), value_duration_ms);
}

static void sizes_take_binary_units(void **state)
{
    static const struct number_case cases[] = {
        {"8MiB", true, 8388608},
        {"512KiB", true, 524288},
        {"1GiB", true, 1073741824},
        {"4096", true, 4096},
        {"0", true, 0},
        {"", false, 0},
        {"MiB", false, 0},
        {"8MB", false, 0},
        {"8mib", false, 0},
        {"8 MiB", false, 0},
        {"8MiBs", false, 0},
        {"1.5MiB", false, 0},
        {"8589934592GiB", false, 0},
        {"17179869184GiB", false, 0},
        {"9223372036854775807", true, 9223372036854775807},
    };

    (void)state;
    run_numbers(cases, ARRAY_LEN(cases), value_size_bytes);
}

struct expiry_case {
    const char *text;
    bool good;
    int64_t at;
};

/* The Unix times are those of `date -u -d … +%s`. */
static void a_day_ends_with_its_last_second_and_a_time_where_it_stands(void **state)
{
    static const struct expiry_case cases[] = {
        {"2026-01-01", true, 1767312000},
        {"2027-06-30", true, 1814400000},
        {"2028-02-29", true, 1835481600},
        {"1970-01-01", true, 86400},
        {"1969-12-31", true, 0},
        {"9999-12-31", true, 253402300800},
        {"2027-06-30T18:00:00Z", true, 1814378400},
        {"2027-06-30T18:00:00+09:00", true, 1814346000},
        {"2027-06-30T18:00:00-01:30", true, 1814383800},
        {"2027-06-30T18:00:00.000Z", true, 1814378400},
        {"2027-06-30T18:00:00.25Z", true, 1814378401},
        {"2027-06-30T23:59:59Z", true, 1814399999},
        {"", false, 0},
        {"2027-6-30", false, 0},
        {"2027-06-31", false, 0},
        {"2027-02-29", false, 0},
        {"2027-00-10", false, 0},
        {"2027-13-10", false, 0},
        {"2027-06-00", false, 0},
        {"2027-06-30 ", false, 0},
        {"2027-06-30T", false, 0},
        {"2027-06-30 18:00:00Z", false, 0},
        {"2027-06-30T18:00:00", false, 0},
        {"2027-06-30T18:00Z", false, 0},
        {"2027-06-30T24:00:00Z", false, 0},
        {"2027-06-30T18:60:00Z", false, 0},
        {"2027-06-30T23:59:60Z", false, 0},
        {"2027-06-30T18:00:00.Z", false, 0},
        {"2027-06-30T18:00:00+24:00", false, 0},
        {"2027-06-30T18:00:00+09:60", false, 0},
        {"2027-06-30T18:00:00+0900", false, 0},
        {"2027-06-30T18:00:00Zulu", false, 0},
        {"tomorrow", false, 0},
        {"30.06.2027", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t at = 0;
        bool good = value_expiry(str_from(cases[i].text), &at);

        if (good != cases[i].good || at != cases[i].at)
            print_error("\"%s\": expected %d %lld, got %d %lld\n", cases[i].text, cases[i].good,
                        (long long)cases[i].at, good, (long long)at);
        assert_int_equal(good, cases[i].good);
        assert_int_equal(at, cases[i].at);
    }
}

struct text_case {
    const char *text;
    bool good;
};

static void run_texts(const struct text_case *cases, size_t n, bool (*check)(struct str text))
{
    for (size_t i = 0; i < n; i++) {
        if (check(str_from(cases[i].text)) != cases[i].good)
            print_error("\"%s\": expected %d\n", cases[i].text, cases[i].good);
        assert_int_equal(check(str_from(cases[i].text)), cases[i].good);
    }
}

static void addresses_are_host_and_port(void **state)
{
    static const struct text_case cases[] = {
        {"0.0.0.0:8443", true},
        {"127.0.0.1:0", true},
        {"[::1]:0", true},
        {"[::]:8443", true},
        {"localhost:65535", true},
        {"", false},
        {"8443", false},
        {":8443", false},
        {"localhost", false},
        {"localhost:", false},
        {"localhost:65536", false},
        {"localhost:-1", false},
        {"localhost:80a", false},
        {"::1:8443", false},
        {"[::1]", false},
        {"[]:1", false},
        {"[localhost]:1", false},
        {"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1", false},
        {"a b:1", false},
        {"https://a:1", false},
    };

    (void)state;
    run_texts(cases, ARRAY_LEN(cases), value_is_address);
    assert_false(value_is_address(STR("[::1\0]:1")));
}

static void label_keys_follow_kubernetes(void **state)
{
    static const struct text_case cases[] = {
        {"app.kubernetes.io/instance", true},
        {"argocd.argoproj.io/instance", true},
        {"instance", true},
        {"My_Label.x-1", true},
        {"", false},
        {"/instance", false},
        {"a/", false},
        {"a/b/c", false},
        {"-instance", false},
        {"instance-", false},
        {"Upper.example.com/x", false},
        {"a..b/x", false},
        {"a b", false},
        {"x23456789012345678901234567890123456789012345678901234567890123", true},
        {"x234567890123456789012345678901234567890123456789012345678901234", false},
    };

    (void)state;
    run_texts(cases, ARRAY_LEN(cases), value_is_label_key);
    assert_false(value_is_label_key(STR("a\0b")));
}

static void versions_have_two_or_three_numbers(void **state)
{
    static const struct text_case cases[] = {
        {"2.10", true},     {"v3.1.4", true},  {"3.0.0", true},    {"", false},
        {"3", false},       {"v", false},      {"3.1.4.1", false}, {"3.x", false},
        {"3..1", false},    {"latest", false}, {"vv3.1", false},   {"3.1-rc1", false},
        {"10000.1", false},
    };

    (void)state;
    run_texts(cases, ARRAY_LEN(cases), value_is_version);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_name_their_unit),
        cmocka_unit_test(sizes_take_binary_units),
        cmocka_unit_test(a_day_ends_with_its_last_second_and_a_time_where_it_stands),
        cmocka_unit_test(addresses_are_host_and_port),
        cmocka_unit_test(label_keys_follow_kubernetes),
        cmocka_unit_test(versions_have_two_or_three_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
