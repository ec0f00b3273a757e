/* A warning about an unchanged fault is given once per object and spec an hour. */
#include "server/repeats.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1700000000 };

static char message[] = "it prunes itself";

static const struct finding finding = {.rule = RULE_SELF_PRUNE, .message = message};

static struct review a_review(const char *name, const char *path)
{
    return (struct review){
        .kind_text = STR("Application"),
        .namespace = STR("argocd"),
        .name = str_from(name),
        .object = json_pack("{s:{s:s}}", "spec", "path", path),
    };
}

static void told_once_an_hour(void **state)
{
    struct repeats *r = repeats_new();
    struct review review = a_review("root", "apps");

    (void)state;
    assert_false(repeats_check(r, &review, &finding, NOW));
    assert_true(repeats_check(r, &review, &finding, NOW + 1));
    assert_true(repeats_check(r, &review, &finding, NOW + REPEATS_SECONDS - 1));
    assert_false(repeats_check(r, &review, &finding, NOW + REPEATS_SECONDS));
    assert_true(repeats_check(r, &review, &finding, NOW + REPEATS_SECONDS + 1));
    json_decref(review.object);
    repeats_free(r);
}

static void another_object_spec_or_rule_is_told(void **state)
{
    struct repeats *r = repeats_new();
    struct review review = a_review("root", "apps");
    struct review other_name = a_review("leaf", "apps");
    struct review other_spec = a_review("root", "apps2");
    struct finding other_rule = finding;

    (void)state;
    other_rule.rule = RULE_SELF_REFERENCE;
    assert_false(repeats_check(r, &review, &finding, NOW));
    assert_false(repeats_check(r, &other_name, &finding, NOW));
    assert_false(repeats_check(r, &other_spec, &finding, NOW));
    assert_false(repeats_check(r, &review, &other_rule, NOW));
    json_decref(review.object);
    json_decref(other_name.object);
    json_decref(other_spec.object);
    repeats_free(r);
}

static void a_dry_run_changes_nothing(void **state)
{
    struct repeats *r = repeats_new();
    struct review review = a_review("root", "apps");

    (void)state;
    review.dry_run = true;
    assert_false(repeats_check(r, &review, &finding, NOW));
    assert_false(repeats_check(r, &review, &finding, NOW));
    json_decref(review.object);
    repeats_free(r);
}

static void a_clock_set_back_does_not_silence(void **state)
{
    struct repeats *r = repeats_new();
    struct review review = a_review("root", "apps");

    (void)state;
    assert_false(repeats_check(r, &review, &finding, NOW));
    assert_false(repeats_check(r, &review, &finding, NOW - 10));
    json_decref(review.object);
    repeats_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_once_an_hour),
        cmocka_unit_test(another_object_spec_or_rule_is_told),
        cmocka_unit_test(a_dry_run_changes_nothing),
        cmocka_unit_test(a_clock_set_back_does_not_silence),
    };

    return cmocka_run_group_tests_name("server/repeats", tests, NULL, NULL);
}
