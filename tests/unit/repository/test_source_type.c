/* Paths and source types (reference/argocd.md 2.1). */
#include "base/json.h"
#include "base/mem.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void paths_are_cleaned_and_bounded(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "a/x.yaml", APP("x"), "a/ b/y.yaml", APP("why"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "a"), "COMPLETE | Application argocd/x");
    assert_string_equal(rendered_path(f, ".//a/./"), "COMPLETE | Application argocd/x");
    assert_string_equal(rendered_path(f, "b/../a"), "COMPLETE | Application argocd/x");
    assert_string_equal(rendered_path(f, "a/ b"), "COMPLETE | Application argocd/why");
    assert_string_equal(rendered_path(f, " a"), "FAILS the path  a does not exist");
    assert_string_equal(rendered_path(f, "a "), "FAILS the path a  does not exist");
    assert_string_equal(rendered_path(f, "A"), "FAILS the path A does not exist");
    assert_string_equal(rendered_path(f, "a/x.yaml"), "FAILS the path a/x.yaml is no directory");
    assert_string_equal(rendered_path(f, "a/x.yaml/b"), "FAILS the path a/x.yaml/b does not exist");
    assert_string_equal(rendered_path(f, "/a"), "FAILS the path /a is absolute");
    assert_string_equal(rendered_path(f, "a/../../a"),
                        "FAILS the path a/../../a leaves the repository");
    assert_string_equal(rendered_path(f, ".."), "FAILS the path .. leaves the repository");
    assert_string_equal(rendered_path(f, "a/.."), "COMPLETE");
    assert_string_equal(rendered_path(f, ""), "FAILS the source has no path");
}

static void a_path_with_a_NUL_is_none(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = {"a\0b", 3}};

    fixture_load(f);
    assert_string_equal(rendered(f, &s), "FAILS the path a\\u{0}b is no path");
}

static void a_path_forges_no_line_and_shows_no_password(void **state)
{
    struct fixture *f = *state;

    fixture_load(f);
    assert_string_equal(rendered_path(f, "a\n[x] b"), "FAILS the path a\\u{a}[x] b does not exist");
    assert_string_equal(rendered_path(f, "/\x1b"), "FAILS the path /\\u{1b} is absolute");
    assert_string_equal(rendered_path(f, "../\xe2\x80\xae"),
                        "FAILS the path ../\\u{202e} leaves the repository");
    assert_string_equal(rendered_path(f, "https://bot:ghp_SECRET@example.com/x"),
                        "FAILS the path example.com/x does not exist");
}

static void ref_only_and_chart_sources_hold_nothing_of_ours(void **state)
{
    struct fixture *f = *state;
    struct source ref = {.ref = STR("values")};
    struct source chart = {.chart = STR("argo-cd"), .path = STR("a")};

    fixture_load(f);
    assert_string_equal(rendered(f, &ref), "COMPLETE");
    assert_string_equal(rendered(f, &chart), "PARTIAL a chart of a Helm repository is not in Git");
}

static void the_lexically_last_name_decides(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "both/Chart.yaml", "name: x\n", "both/kustomization.yaml", "resources: [a.yaml]\n",
            "both/a.yaml", APP("a"), "late/kustomization.yaml", "resources: []\n",
            "late/zChart.yaml", "name: x\n", "chart/Chart.yaml", "name: x\n", "sub/x/Chart.yaml",
            "name: x\n", "sub/a.yaml", APP("a"), "case/chart.yaml", "name: x\n", "case/a.yaml",
            APP("a"), "upper/Kustomization", "resources: [a.yaml]\n", "upper/a.yaml", APP("a"),
            NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "both"), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_path(f, "late"), "FAILS late has no readable Chart.yaml");
    assert_string_equal(rendered_path(f, "chart"),
                        "PARTIAL Helm output is not rendered | no more argoproj"
                        " | no more external-secrets");
    assert_string_equal(rendered_path(f, "sub"), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_path(f, "case"), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_path(f, "upper"), "COMPLETE | Application argocd/a");
}

static void an_explicit_type_wins(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("both"),
                       .directory = {.present = true, .exclude = STR("k*.yaml")}};
    AUTO(json_unrefp) json_t *some = json_pack("{s:s}", "releaseName", "x");

    mkfiles(f, "both/kustomization.yaml", "kind: Kustomization\nresources: []\n", "both/a.yaml",
            APP("a"), NULL);
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/a");
    s.helm = some;
    assert_string_equal(rendered(f, &s), "FAILS the source sets more than one of kustomize, helm, "
                                         "directory and plugin");
    s.directory = (__typeof__(s.directory)){0};
    assert_string_equal(rendered(f, &s), "FAILS both has no readable Chart.yaml");
    s.helm = NULL;
    s.plugin = some;
    assert_string_equal(rendered(f, &s), "PARTIAL the output of a config management plugin");
}

/* The controller drops an empty option with a PATCH of its own: before and after it the source is
 * the same. */
static void an_empty_option_is_none(void **state)
{
    static const char *const empty[] = {
        "{}", "{\"valueFiles\": [], \"values\": \"\", \"skipCrds\": false}",
        "{\"commonLabels\": {}, \"images\": null, \"forceCommonLabels\": false}"};
    struct fixture *f = *state;
    AUTO(json_unrefp) json_t *some = json_pack("{s:s}", "releaseName", "x");

    mkfiles(f, "k/kustomization.yaml", "kind: Kustomization\nresources: []\n", "k/a.yaml", APP("a"),
            "chart/Chart.yaml", "name: x\n", "plain/a.yaml", APP("a"), NULL);
    fixture_load(f);
    for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
        AUTO(json_unrefp) json_t *option = json_loads(empty[i], 0, NULL);
        struct source as_helm = {.path = STR("k"), .helm = option};
        struct source as_kustomize = {.path = STR("plain"), .kustomize = option};
        struct source in_chart = {.path = STR("chart"), .kustomize = option};
        struct source both = {.path = STR("chart"), .helm = some, .kustomize = option};

        assert_string_equal(rendered(f, &as_helm), "COMPLETE");
        assert_string_equal(rendered(f, &as_kustomize), "COMPLETE | Application argocd/a");
        assert_string_equal(rendered(f, &in_chart), rendered(f, &both));
    }
    {
        struct source s = {.path = STR("k"), .directory = {.present = true}};

        assert_string_equal(rendered(f, &s), "COMPLETE");
        s.path = STR("chart");
        assert_string_equal(rendered(f, &s),
                            "PARTIAL Helm output is not rendered | no more argoproj"
                            " | no more external-secrets");
        s.directory.recurse = true;
        assert_string_equal(rendered(f, &s), "COMPLETE");
        s.directory.recurse = false;
        s.directory.include = STR("*.yaml");
        assert_string_equal(rendered(f, &s), "COMPLETE");
    }
}

static void an_override_file_is_not_known(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "a/.argocd-source.yaml", "{}", "b/.argocd-source-root.yaml", "{}",
            "c/.argocd-source-team_root.yaml", "{}", "d/.argocd-source-other.yaml", "a: b\n",
            "e/.argocd-source-myroot.yaml", "a: b\n", NULL);
    fixture_load(f);
    assert_string_equal(
        rendered_path(f, "a"),
        "PARTIAL a/.argocd-source.yaml overrides the source, and overrides are not read");
    assert_string_equal(
        rendered_path(f, "b"),
        "PARTIAL b/.argocd-source-root.yaml overrides the source, and overrides are not read");
    assert_string_equal(rendered_path(f, "c"), "PARTIAL c/.argocd-source-team_root.yaml overrides "
                                               "the source, and overrides are not read");
    assert_string_equal(rendered_path(f, "d"), "COMPLETE");
    assert_string_equal(rendered_path(f, "e"), "COMPLETE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(paths_are_cleaned_and_bounded),
        CASE(a_path_with_a_NUL_is_none),
        CASE(a_path_forges_no_line_and_shows_no_password),
        CASE(ref_only_and_chart_sources_hold_nothing_of_ours),
        CASE(the_lexically_last_name_decides),
        CASE(an_explicit_type_wins),
        CASE(an_empty_option_is_none),
        CASE(an_override_file_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
