/* Helm sources, never rendered (reference/argocd.md 2.5). */
#include "base/json.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PARTIAL "PARTIAL Helm output is not rendered"
#define NOTHING_MORE " | no more argoproj | no more external-secrets"
#define A " | Application argocd/a"

/* chart/Chart.yaml, chart/values.yaml and one more file; helm is the source's option as JSON. */
struct helm_case {
    const char *says;
    const char *path;
    const char *text;
    const char *helm;
    const char *expected;
};

static const struct helm_case cases[] = {
    {"no file names our groups", "chart/templates/x.yaml", "kind: {{ .x }}\n", NULL,
     PARTIAL NOTHING_MORE},
    {"a template names argoproj.io", "chart/templates/x.yaml", "{{ x }}: argoproj.io\n", NULL,
     PARTIAL " | no more external-secrets"},
    {"a helper names it", "chart/templates/_helpers.tpl", "{{ \"argoproj.io\" }}\n", NULL,
     PARTIAL " | no more external-secrets"},
    {"a vendored chart names external-secrets.io", "chart/charts/y/templates/x.yaml",
     "{{ x }}: external-secrets.io\n", NULL, PARTIAL " | no more argoproj"},
    {"a vendored archive is not opened", "chart/charts/y-1.0.tgz", "\x1f\x8b", NULL, PARTIAL},
    {"values name it", "chart/values-prod.yaml", "group: argoproj.io\n", NULL,
     PARTIAL " | no more external-secrets"},
    {"an unvendored dependency", "chart/Chart.yaml",
     "name: x\ndependencies:\n- name: y\n  repository: https://example.com\n", NULL, PARTIAL},
    {"an unvendored dependency of the older kind", "chart/requirements.yaml",
     "dependencies:\n- name: y\n", NULL, PARTIAL},
    {"a literal template is certain", "chart/templates/x.yaml", APP("a"), NULL,
     PARTIAL A " | no more external-secrets"},
    {"a literal template below templates/", "chart/templates/sub/x.yml", APP("a"), NULL,
     PARTIAL A " | no more external-secrets"},
    {"a template with any action is not", "chart/templates/x.yaml", APP("a") "# {{ x }}\n", NULL,
     PARTIAL " | no more external-secrets"},
    {"a file starting with _ is not", "chart/templates/_x.yaml", APP("a"), NULL,
     PARTIAL " | no more external-secrets"},
    {"a file outside templates/ is not", "chart/x.yaml", APP("a"), NULL,
     PARTIAL " | no more external-secrets"},
    {"a literal template that does not parse", "chart/templates/x.yaml", APP("[a"), NULL,
     PARTIAL " | no more external-secrets"},
    {"a library chart yields nothing", "chart/Chart.yaml", "name: x\ntype: library\n", NULL,
     PARTIAL NOTHING_MORE},
    {"inline values", "chart/x", "", "{\"values\":\"a: argoproj.io\"}",
     PARTIAL " | no more external-secrets"},
    {"an inline values object", "chart/x", "",
     "{\"valuesObject\":{\"a\":[\"external-secrets.io/v1\"]}}", PARTIAL " | no more argoproj"},
    {"a parameter", "chart/x", "", "{\"parameters\":[{\"name\":\"a\",\"value\":\"argoproj.io\"}]}",
     PARTIAL " | no more external-secrets"},
    {"a value file beside the chart", "prod.yaml", "a: argoproj.io\n",
     "{\"valueFiles\":[\"../prod.yaml\"]}", PARTIAL " | no more external-secrets"},
    {"a value file from the root", "prod.yaml", "a: b\n", "{\"valueFiles\":[\"/prod.yaml\"]}",
     PARTIAL NOTHING_MORE},
    {"a value file of another source", "chart/x", "", "{\"valueFiles\":[\"$values/x.yaml\"]}",
     PARTIAL},
    {"a remote value file", "chart/x", "", "{\"valueFiles\":[\"https://example.com/x.yaml\"]}",
     PARTIAL},
    {"value files by a pattern", "chart/x", "", "{\"valueFiles\":[\"envs/*.yaml\"]}", PARTIAL},
    {"a missing value file fails", "chart/x", "", "{\"valueFiles\":[\"gone.yaml\"]}",
     "FAILS the value file gone.yaml does not exist"},
    {"a missing value file may be ignored", "chart/x", "",
     "{\"ignoreMissingValueFiles\":true,\"valueFiles\":[\"gone.yaml\"]}", PARTIAL NOTHING_MORE},
    {"a file parameter", "token.txt", "external-secrets.io",
     "{\"fileParameters\":[{\"name\":\"a\",\"path\":\"../token.txt\"}]}",
     PARTIAL " | no more argoproj"},
    {"a broken Chart.yaml", "chart/Chart.yaml", "a: [\n", NULL,
     "FAILS chart has no readable Chart.yaml"},
};

static void helm_cases(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct helm_case *c = &cases[i];
        AUTO(json_unrefp) json_t *helm = c->helm ? json_loads(c->helm, 0, NULL) : NULL;
        struct source s = {.path = STR("chart"), .helm = helm};
        const char *actual;

        fixture_renew(f);
        mkfiles(f, "chart/Chart.yaml", "name: x\n", "chart/values.yaml", "a: b\n", NULL);
        mkfile(f, c->path, c->text);
        fixture_load(f);
        actual = rendered(f, &s);
        if (strcmp(actual, c->expected) != 0)
            fail_msg("%s\n  expected %s\n  actual   %s", c->says, c->expected, actual);
    }
}

struct ignore_case {
    const char *line;
    bool ignored;
};

static void helmignore_takes_certainty_away(void **state)
{
    static const struct ignore_case rows[] = {
        {"# templates/x.yaml\n", false},
        {"x.yaml\n", true},
        {"templates/x.yaml\n", true},
        {"/templates/x.yaml\n", true},
        {"templates/\n", true},
        {"*.yaml\n", true},
        {"other.yaml\n", false},
        {"!other.yaml\n", true},
        {"**/x.yaml\n", true},
        {"  \n*.md\n", false},
        {"te?plates\n", true},
        {"templates/y*\n", false},
        {"yaml\n", false},
    };
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", "name: x\n", "chart/templates/x.yaml", APP("a"), NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        mkfile(f, "chart/.helmignore", rows[i].line);
        fixture_load(f);
        if (strcmp(rendered_path(f, "chart"), rows[i].ignored
                                                  ? PARTIAL " | no more external-secrets"
                                                  : PARTIAL A " | no more external-secrets") != 0)
            fail_msg("%s%s", rows[i].line, rendered_path(f, "chart"));
    }
}

/* Two thousand templates and twenty thousand lines: what is not tried might be ignored.
 * The Application's template comes last. */
static void a_huge_helmignore_ends(void **state)
{
    struct fixture *f = *state;
    char text[40001];
    char path[64];

    for (size_t i = 0; i < 40000; i++)
        text[i] = i % 2 ? '\n' : 'x';
    text[40000] = '\0';
    mkfiles(f, "chart/Chart.yaml", "name: x\n", "chart/.helmignore", text, "chart/templates/a.yaml",
            APP("a"), NULL);
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(path, sizeof path, "chart/templates/%d.yaml", i);
        mkfile(f, path, i ? CONFIG_MAP("x") : CONFIG_MAP("first"));
    }
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"),
                        PARTIAL " | ConfigMap default/first | ConfigMap default/x | no more "
                                "external-secrets");
}

static void a_vendored_dependency_is_looked_at(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", "name: x\ndependencies:\n- name: sub\n",
            "chart/charts/sub/Chart.yaml", "name: sub\n", NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL NOTHING_MORE);
}

static void a_link_out_of_the_chart_may_hold_anything(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", "name: x\n", "chart/files/a", "", "other/b", "", "c",
            "argoproj.io", NULL);
    mklink(f, "chart/inside", "files");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL NOTHING_MORE);
    mklink(f, "chart/c", "../c");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL " | no more external-secrets");
    mklink(f, "chart/outside", "../other");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(helm_cases, fixture_setup, fixture_teardown),
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(helmignore_takes_certainty_away),
        CASE(a_huge_helmignore_ends),
        CASE(a_vendored_dependency_is_looked_at),
        CASE(a_link_out_of_the_chart_may_hold_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
