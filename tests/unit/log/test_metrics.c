/* The metrics page, compared with the text kept in expected-metrics.txt. */
#include "log/metrics.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1700000000 };

static const char *const rules[] = {"self-reference", "self-prune"};

static void fill(struct metrics *m)
{
    metrics_review(m, "Application", "UPDATE", "deny", 1234, 4800);
    metrics_review(m, "Application", "UPDATE", "deny", 90, 1024);
    metrics_review(m, "ConfigMap", "CONNECT", "allow", 20000000, 9000000);
    metrics_finding(m, "self-reference", "deny");
    metrics_finding(m, "not-a-rule", "warn");
    metrics_inflight(m, 1);
    metrics_inflight(m, 1);
    metrics_inflight(m, -1);
    metrics_rejected(m, "too-large");
    metrics_reload(m, "facts", "success");
    metrics_log_dropped(m);
    metrics_program_log_dropped(m);
    metrics_program_log_dropped(m);
    metrics_facts(m, "https://git.example.com/k8s-deploy.git", true, NOW - 60);
    metrics_facts(m, "https://git.example.com/k8s-deploy.git", true, NOW - 30);
    metrics_facts(m, "https://git.example.com/never.git", false, 0);
    /* Held for a while, then given up: its age goes on. */
    metrics_facts(m, "a\"b\\c\nd", true, NOW - 1);
    metrics_facts(m, "a\"b\\c\nd", false, 0);
    metrics_certificate(m, "serving", NOW + 3600);
}

static void the_page_is_the_expected_one(void **state)
{
    struct metrics *m = metrics_new("1.2.3", "abc");
    AUTO(buf_clearp) struct buf page = {0};
    static char expected[64 * 1024];
    FILE *file = fopen("unit/log/expected-metrics.txt", "rb");
    size_t n;

    (void)state;
    assert_non_null(file);
    n = fread(expected, 1, sizeof expected - 1, file);
    (void)fclose(file);
    expected[n] = '\0';
    metrics_rules(m, rules, ARRAY_LEN(rules));
    fill(m);
    buf_init(&page, METRICS_PAGE_MAX);
    metrics_write(m, NOW, &page);
    assert_true(buf_ok(&page));
    metrics_free(m);
    if (strcmp(page.p, expected) != 0)
        (void)fputs(page.p, stderr);
    assert_string_equal(page.p, expected);
}

static void sources_are_bounded(void **state)
{
    struct metrics *m = metrics_new("1", "x");
    AUTO(buf_clearp) struct buf page = {0};
    char name[32];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < METRICS_MAX_SOURCES + 10; i++) {
        (void)snprintf(name, sizeof name, "source-%d", i);
        metrics_facts(m, name, true, NOW);
    }
    buf_init(&page, METRICS_PAGE_MAX);
    metrics_write(m, NOW, &page);
    assert_true(buf_ok(&page));
    for (const char *p = page.p; (p = strstr(p, "facts_age_seconds{")); p++)
        n++;
    assert_int_equal(n, METRICS_MAX_SOURCES);
    metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_the_expected_one),
        cmocka_unit_test(sources_are_bounded),
    };

    return cmocka_run_group_tests_name("log/metrics", tests, NULL, NULL);
}
