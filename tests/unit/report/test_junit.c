/* What `check --format junit` prints. */
#include "report/junit.h"
#include "sample.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

enum { OUT_MAX = 64 * 1024 };

/* A parser that this program does not share. */
static void assert_well_formed(const struct buf *out)
{
    FILE *xmllint = popen("xmllint --noout -", "w");

    assert_non_null(xmllint);
    assert_int_equal(fwrite(out->p, 1, out->n, xmllint), out->n);
    assert_int_equal(pclose(xmllint), 0);
}

static void each_object_is_a_case_and_names_are_unique(void **state)
{
    AUTO(check_report_freep) struct check_report *r = sample_report();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    char wanted[OUT_MAX];
    FILE *file = fopen("unit/report/expected-junit.xml", "r");

    (void)state;
    assert_non_null(file);
    wanted[fread(wanted, 1, sizeof wanted - 1, file)] = '\0';
    (void)fclose(file);
    junit_write(r, &out);
    assert_true(buf_ok(&out));
    assert_string_equal(buf_str(&out).p, wanted);
    assert_well_formed(&out);
}

static void nothing_judged_is_a_report_too(void **state)
{
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    (void)state;
    junit_write(r, &out);
    assert_string_equal(
        buf_str(&out).p,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"syncguard\" tests=\"0\" failures=\"0\" errors=\"0\" skipped=\"0\" "
        "time=\"0\">\n"
        "  <testsuite name=\"syncguard check\" tests=\"0\" failures=\"0\" errors=\"0\" "
        "skipped=\"0\" time=\"0\">\n"
        "  </testsuite>\n"
        "</testsuites>\n");
    assert_well_formed(&out);
}

/* Every byte, and every pair that starts with one of UTF-8's lead bytes. */
static void any_name_leaves_the_report_well_formed(void **state)
{
    const struct verdict clean = {.allowed = true};

    (void)state;
    for (unsigned first = 1; first < 256; first += 5) {
        AUTO(check_report_freep) struct check_report *r = check_report_new();
        AUTO(buf_clearp) struct buf out = {.max = 16 * OUT_MAX};

        for (unsigned second = 1; second < 256; second++) {
            const char name[] = {(char)first, (char)second, (char)0xBF, (char)0xBF, '\0'};

            check_report_add(r,
                             &(struct review){.kind = REVIEW_APPLICATION,
                                              .kind_text = STR("Application"),
                                              .name = str_from(name),
                                              .file = name},
                             &clean);
            check_report_note(r, name, 1, name);
        }
        junit_write(r, &out);
        assert_true(buf_ok(&out));
        assert_well_formed(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_object_is_a_case_and_names_are_unique),
        cmocka_unit_test(nothing_judged_is_a_report_too),
        cmocka_unit_test(any_name_leaves_the_report_well_formed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
