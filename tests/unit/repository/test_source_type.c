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
    assert_string_equal(rendered_path(f, " a"),
                        "FAILS the path  a does not exist (its blank belongs to it)");
    assert_string_equal(rendered_path(f, "a "),
                        "FAILS the path a  does not exist (its blank belongs to it)");
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

    mkfiles(f, "both/Chart.yaml", "name: x\nversion: 1.0.0\n", "both/kustomization.yaml",
            "resources: [a.yaml]\n", "both/a.yaml", APP("a"), "late/kustomization.yaml",
            "resources: []\n", "late/zChart.yaml", "name: x\nversion: 1.0.0\n", "chart/Chart.yaml",
            "name: x\nversion: 1.0.0\n", "sub/x/Chart.yaml", "name: x\nversion: 1.0.0\n",
            "sub/a.yaml", APP("a"), "case/chart.yaml", "name: x\n", "case/a.yaml", APP("a"),
            "upper/Kustomization", "resources: [a.yaml]\n", "upper/a.yaml", APP("a"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "both"), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_path(f, "late"),
                        "FAILS late/Chart.yaml is missing or not readable");
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
    assert_string_equal(rendered(f, &s), "FAILS both/Chart.yaml is missing or not readable");
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
            "chart/Chart.yaml", "name: x\nversion: 1.0.0\n", "plain/a.yaml", APP("a"), NULL);
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

/* What the files in the path make of a source that excludes x.yaml. */
static const char *overridden(struct fixture *f, const char *file, const char *text)
{
    struct source s = {.path = STR("a"), .directory = {.present = true, .exclude = STR("x.yaml")}};
    static const char *shown;

    fixture_renew(f);
    mkfiles(f, "a/x.yaml", APP("x"), "a/y.yaml", APP("why"), "a/sub/z.yaml", APP("z"), file, text,
            NULL);
    fixture_load(f);
    shown = rendered(f, &s);
    return shown;
}

#define WITHOUT_X "COMPLETE | Application argocd/why"

static void an_override_file_is_merged_into_the_source(void **state)
{
    struct fixture *f = *state;
    static const char own[] = "a/.argocd-source-root.yaml";
    static const char all[] = "a/.argocd-source.yaml";

    assert_string_equal(overridden(f, all, "directory: {exclude: y.yaml}\n"),
                        "COMPLETE | Application argocd/x");
    assert_string_equal(overridden(f, own, "directory: {exclude: y.yaml}\n"),
                        "COMPLETE | Application argocd/x");
    assert_string_equal(overridden(f, own, "directory: {recurse: true}\n"),
                        "COMPLETE | Application argocd/z | Application argocd/why");
    assert_string_equal(overridden(f, own, "directory: {include: 'x*'}\n"), "COMPLETE");
    /* another Application's, or a name that only ends like ours */
    assert_string_equal(
        overridden(f, "a/.argocd-source-other.yaml", "directory: {exclude: y.yaml}\n"), WITHOUT_X);
    assert_string_equal(
        overridden(f, "a/.argocd-source-team_root.yaml", "directory: {exclude: y.yaml}\n"),
        WITHOUT_X);
    assert_string_equal(
        overridden(f, "a/.argocd-source-myroot.yaml", "directory: {exclude: y.yaml}\n"), WITHOUT_X);
    assert_string_equal(overridden(f, "a/sub/.argocd-source.yaml", "kustomize: {}\n"), WITHOUT_X);
    assert_string_equal(overridden(f, "a/.argocd-source.yml", "kustomize: {}\n"), WITHOUT_X);
}

/* The merged text is decoded over the source as it was, so that what is gone from it stays. */
static void a_null_takes_nothing_away(void **state)
{
    struct fixture *f = *state;
    static const char file[] = "a/.argocd-source.yaml";

    assert_string_equal(overridden(f, file, "directory: null\n"), WITHOUT_X);
    assert_string_equal(overridden(f, file, "directory: {exclude: null}\n"), WITHOUT_X);
    assert_string_equal(overridden(f, file, "{}\n"), WITHOUT_X);
}

static void an_override_file_leaves_the_place_alone(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(overridden(f, "a/.argocd-source.yaml",
                                   "path: b\nrepoURL: https://elsewhere.example/x\nchart: c\n"
                                   "targetRevision: v1\nunknown: [1]\n"),
                        WITHOUT_X);
}

static void an_override_file_may_set_a_second_type(void **state)
{
    struct fixture *f = *state;
    static const char more[] =
        "FAILS the source sets more than one of kustomize, helm, directory and plugin";

    assert_string_equal(overridden(f, "a/.argocd-source.yaml", "helm: {releaseName: x}\n"), more);
    /* the controller drops empty options of the Application, and not those of a file */
    assert_string_equal(overridden(f, "a/.argocd-source.yaml", "kustomize: {}\n"), more);
    assert_string_equal(overridden(f, "a/.argocd-source.yaml", "kustomize: null\n"), WITHOUT_X);
}

static void the_more_special_override_comes_last(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("a")};

    mkfiles(f, "a/x.yaml", APP("x"), "a/y.yaml", APP("why"), "a/.argocd-source.yaml",
            "directory: {exclude: x.yaml, recurse: true}\n", "a/.argocd-source-root.yaml",
            "directory: {exclude: y.yaml}\n", "a/sub/z.yaml", APP("z"), NULL);
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/z | Application argocd/x");
}

static void an_override_file_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    static const char file[] = "a/.argocd-source.yaml";

    assert_string_equal(overridden(f, file, "directory: {\n"),
                        "FAILS a/.argocd-source.yaml is malformed YAML (line 2, column 1)");
    assert_string_equal(overridden(f, file, "directory: all\n"),
                        "FAILS a/.argocd-source.yaml sets directory to what is no mapping");
    assert_string_equal(overridden(f, file, "path: [b]\n"),
                        "FAILS a/.argocd-source.yaml sets path to what is no text");
    assert_string_equal(overridden(f, file, "directory: {recurse: 'yes'}\n"),
                        "FAILS an override sets directory.recurse to neither true nor false");
    assert_string_equal(overridden(f, file, "directory: {exclude: [a]}\n"),
                        "FAILS an override sets directory.exclude to what is no text");
    assert_string_equal(overridden(f, file, "Directory: {recurse: true}\n"),
                        "PARTIAL a/.argocd-source.yaml spells Directory in another case");
    assert_string_equal(overridden(f, file, "# nothing\n"),
                        "PARTIAL a/.argocd-source.yaml is empty");
    assert_string_equal(overridden(f, file, "plugin: {name: x}\n"),
                        "FAILS the source sets more than one of kustomize, helm, directory and "
                        "plugin");
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
        CASE(an_override_file_is_merged_into_the_source),
        CASE(a_null_takes_nothing_away),
        CASE(an_override_file_leaves_the_place_alone),
        CASE(an_override_file_may_set_a_second_type),
        CASE(the_more_special_override_comes_last),
        CASE(an_override_file_that_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
