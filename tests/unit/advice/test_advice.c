/* Advice: what is told, how it is worded, and where there is silence. */
#include "advice/advice.h"
#include "base/buf.h"
#include "base/mem.h"
#include "fixture.h"
#include <stdlib.h>
#include <string.h>

#define CHART(name) "apiVersion: v2\nname: " name "\nversion: 1.0.0\n"
#define CONFIG_MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"
/* `source` and `destination` are members in flow style. */
#define APPLICATION(name, source, destination)                                                     \
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {namespace: argocd, "          \
    "name: " name "}\nspec: {source: {repoURL: 'https://h/r', " source                             \
    "}, destination: {" destination "}}\n"
#define HERE "name: in-cluster, namespace: x"

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);

    world_init(w, CONFIG_REPOSITORY);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world_clear(*state);
    free(*state);
    return 0;
}

/* "file:line [id] text" of each, with " | " between them; valid until the next call. */
static const char *advised(const struct world *w)
{
    static char shown[16 * 1024];
    struct facts *f = world_check(w);
    AUTO(buf_clearp) struct buf text = {.max = sizeof shown};
    struct advice_list list;

    advise(f, &list);
    for (size_t i = 0; i < list.n; i++)
        buf_printf(&text, "%s%s:%u [%s] %s", i ? " | " : "", list.items[i].file, list.items[i].line,
                   advice_name(list.items[i].id), list.items[i].text);
    advice_clear(&list);
    facts_unref(f);
    assert_true(buf_ok(&text));
    memcpy(shown, text.p ? text.p : "", text.n + (text.p != NULL));
    if (!text.p)
        shown[0] = '\0';
    return shown;
}

static void a_chart_that_no_application_uses(void **state)
{
    const struct world *w = *state;

    world_write(w, "repo/charts/used/Chart.yaml", CHART("used"));
    world_write(w, "repo/charts/idle/Chart.yaml", CHART("idle"));
    assert_string_equal(advised(w), ""); /* no Application points here: another's repository */
    world_write(w, "repo/apps/used.yaml", APPLICATION("used", "path: ./charts/used/", HERE));
    assert_string_equal(
        advised(w),
        "charts/idle/Chart.yaml:0 [unused-chart] no Application uses the chart charts/idle");
}

static void a_chart_that_something_in_the_repository_uses(void **state)
{
    const struct world *w = *state;

    world_write(w, "repo/apps/used.yaml", APPLICATION("used", "path: used", HERE));
    world_write(w, "repo/used/Chart.yaml", CHART("used"));
    world_write(w, "repo/used/charts/sub/Chart.yaml", CHART("sub"));
    world_write(w, "repo/beside/Chart.yaml", CHART("beside"));
    world_write(w, "repo/common/Chart.yaml", CHART("common") "type: library\n");
    world_write(w, "repo/k/kustomization.yaml",
                "helmGlobals: {chartHome: ../inflated}\nhelmCharts: [{name: one}]\n");
    world_write(w, "repo/inflated/one/Chart.yaml",
                CHART("one") "dependencies: [{name: beside, version: 1.0.0, repository: "
                             "'file://../../beside'}]\n");
    assert_string_equal(advised(w), "");
    world_write(w, "repo/inflated/two/Chart.yaml", CHART("two"));
    assert_string_equal(
        advised(w),
        "inflated/two/Chart.yaml:0 [unused-chart] no Application uses the chart inflated/two");
}

static void a_path_that_does_not_exist(void **state)
{
    const struct world *w = *state;

    world_write(w, "repo/apps/gone.yaml", APPLICATION("gone", "path: aps", HERE));
    world_write(w, "repo/apps/here.yaml", APPLICATION("here", "path: plain", HERE));
    world_write(w, "repo/plain/cm.yaml", CONFIG_MAP("a"));
    assert_string_equal(advised(w),
                        "apps/gone.yaml:3 [path-missing] Application argocd/gone cannot "
                        "be synced: the path aps does not exist in r");
}

/* Several Applications may render the one that has it. */
static void a_missing_path_is_told_of_once(void **state)
{
    const struct world *w = *state;

    world_write(w, "repo/apps/a.yaml", APPLICATION("a", "path: c", HERE));
    world_write(w, "repo/apps/b.yaml", APPLICATION("b", "path: c", HERE));
    world_write(w, "repo/c/Chart.yaml", CHART("c"));
    world_write(w, "repo/c/templates/app.yaml",
                "{{- if .Values.apps }}\n" APPLICATION("gone", "path: aps", HERE) "{{- end }}\n");
    world_write(w, "repo/c/values.yaml", "apps: true\n");
    assert_string_equal(
        advised(w),
        "apps/b.yaml:3 [shared-resource] Applications argocd/a (apps/a.yaml:3) and argocd/b "
        "(apps/b.yaml:3) both render Application argocd/gone (c/templates/app.yaml:4): Argo CD "
        "calls that a SharedResourceWarning, and each sync takes it from the other. Leave it to "
        "one of the two | c/templates/app.yaml:4 [path-missing] Application argocd/gone cannot be "
        "synced: the path aps does not exist in r");
}

static void a_chart_that_may_be_used_out_of_sight(void **state)
{
    const struct world *w = *state;
    static const char set[] = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n"
                              "metadata: {namespace: argocd, name: s}\n"
                              "spec: {generators: [{git: {repoURL: 'https://h/r', directories: "
                              "[{path: charts/*}]}}], template: {metadata: {name: '{{path}}'}, "
                              "spec: {source: {repoURL: 'https://h/r', path: '{{path}}'}}}}\n";

    world_write(w, "repo/apps/plain.yaml", APPLICATION("plain", "path: plain", HERE));
    world_write(w, "repo/plain/cm.yaml", CONFIG_MAP("a"));
    world_write(w, "repo/charts/idle/Chart.yaml", CHART("idle"));
    assert_true(strstr(advised(w), "[unused-chart]"));
    world_write(w, "repo/sets/s.yaml", set);
    assert_string_equal(advised(w), "");
    world_remove(w, "repo/sets/s.yaml");
    /* a chart that makes Applications */
    world_write(w, "repo/charts/idle/templates/app.yaml",
                "apiVersion: argoproj.io/v1alpha1\nkind: {{ .Values.kind }}\n");
    assert_string_equal(advised(w), "");
}

static void a_resource_of_two_applications(void **state)
{
    const struct world *w = *state;

    world_write(w, "repo/apps/a.yaml", APPLICATION("a", "path: a", HERE));
    world_write(w, "repo/apps/b.yaml", APPLICATION("b", "path: b", HERE));
    world_write(w, "repo/a/cm.yaml", CONFIG_MAP("one") "---\n" CONFIG_MAP("two"));
    world_write(w, "repo/b/cm.yaml", CONFIG_MAP("one") "---\n" CONFIG_MAP("three"));
    assert_string_equal(
        advised(w),
        "apps/b.yaml:3 [shared-resource] Applications argocd/a (apps/a.yaml:3) and argocd/b "
        "(apps/b.yaml:3) both render ConfigMap x/one (b/cm.yaml:3): Argo CD calls that a "
        "SharedResourceWarning, and each sync takes it from the other. Leave it to one of the two");
    world_write(w, "repo/b/more.yaml", CONFIG_MAP("two"));
    world_write(w, "repo/a/more.yaml",
                CONFIG_MAP("three") "---\n" CONFIG_MAP("four") "---\n" CONFIG_MAP("five"));
    world_write(w, "repo/b/most.yaml", CONFIG_MAP("four") "---\n" CONFIG_MAP("five"));
    assert_true(strstr(advised(w), "ConfigMap x/five (b/most.yaml:7), ConfigMap x/four "
                                   "(b/most.yaml:3), ConfigMap x/one (b/cm.yaml:3) and 2 more: "));
}

static void a_resource_that_is_not_the_same(void **state)
{
    const struct world *w = *state;

    world_write(w, "repo/a/cm.yaml", CONFIG_MAP("one"));
    world_write(w, "repo/apps/a.yaml", APPLICATION("a", "path: a", HERE));
    /* another namespace, another cluster, a hook, the very same Application once more */
    world_write(w, "repo/apps/b.yaml",
                APPLICATION("b", "path: a", "name: in-cluster, namespace: why"));
    world_write(w, "repo/apps/c.yaml", APPLICATION("c", "path: a", "name: edge, namespace: x"));
    world_write(w, "repo/copy/a.yaml", APPLICATION("a", "path: a", HERE));
    assert_string_equal(advised(w), "");
    /* two environments, whose Argo CDs both call their own cluster so */
    world_write(w, "repo/dev/d.yaml", APPLICATION("d", "path: a", HERE));
    assert_string_equal(advised(w), "");
    /* unless one Application brings both */
    world_write(w, "repo/root.yaml",
                APPLICATION("root",
                            "path: ., directory: {recurse: true, include: '{apps/a,dev/d}*'}",
                            "name: in-cluster, namespace: argocd"));
    assert_non_null(strstr(advised(w), "both render ConfigMap x/one"));
}

static void a_cluster_scoped_resource_has_no_namespace(void **state)
{
    const struct world *w = *state;

    world_write(w, "repo/a/role.yaml",
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
                "metadata: {name: reader}\n");
    world_write(w, "repo/apps/a.yaml", APPLICATION("a", "path: a", HERE));
    world_write(w, "repo/apps/b.yaml",
                APPLICATION("b", "path: a", "name: in-cluster, namespace: why"));
    assert_non_null(strstr(advised(w), "both render ClusterRole reader (a/role.yaml:3): "));
}

/* Application `root` in apps/<file>, whose path is apps. */
static const char *advised_root(struct world *w, const char *file, const char *text,
                                const char *beside, const char *beside_text)
{
    static char shown[16 * 1024];
    AUTO(freep) char *path = xasprintf("repo/apps/%s", file);
    AUTO(freep) char *other = xasprintf("repo/apps/%s", beside);

    world_clear(w);
    world_init(w, CONFIG_REPOSITORY);
    world_write(w, path, text);
    world_write(w, other, beside_text);
    memcpy(shown, advised(w), sizeof shown);
    return shown;
}

#define ROOT(options) APPLICATION("root", "path: apps" options, HERE)
#define NOT_RENDERED                                                                               \
    "[definition-not-rendered] Application argocd/root lies below its own source path apps and "   \
    "is not rendered from there: "

static void a_definition_that_is_not_rendered_from_its_own_path(void **state)
{
    struct world *w = *state;

    assert_string_equal(advised_root(w, "sub/root.yaml", ROOT(""), "cm.yaml", CONFIG_MAP("a")),
                        "apps/sub/root.yaml:3 " NOT_RENDERED
                        "it lies in a subdirectory, and directory.recurse is not set");
    assert_string_equal(advised_root(w, "root.yaml", ROOT(", directory: {exclude: 'r*'}"),
                                     "cm.yaml", CONFIG_MAP("a")),
                        "apps/root.yaml:3 " NOT_RENDERED "directory.exclude r* leaves it out");
    assert_string_equal(advised_root(w, "root.yaml", ROOT(", directory: {include: 'c*'}"),
                                     "cm.yaml", CONFIG_MAP("a")),
                        "apps/root.yaml:3 " NOT_RENDERED
                        "directory.include c* does not take it in");
    assert_string_equal(advised_root(w, "root.yaml", "# +argocd:skip-file-rendering\n" ROOT(""),
                                     "cm.yaml", CONFIG_MAP("a")),
                        ""); /* whether it is skipped hangs on the version */
}

static void a_definition_beside_a_kustomization(void **state)
{
    struct world *w = *state;

    /* what a kustomization beside it makes of a definition is known where something renders it */
    assert_string_equal(
        advised_root(w, "defs/root.yaml", ROOT(""), "kustomization.yaml", "resources: []\n"),
        "apps/defs/root.yaml:3 " NOT_RENDERED "apps/kustomization.yaml does not list it");
    assert_string_equal(
        advised_root(w, "root.yaml", ROOT(""), "kustomization.yaml", "resources: []\n"), "");
}

static void a_definition_that_is_rendered_or_lies_elsewhere(void **state)
{
    struct world *w = *state;

    assert_string_equal(advised_root(w, "root.yaml", ROOT(""), "cm.yaml", CONFIG_MAP("a")), "");
    world_write(w, "repo/apps/root.yaml", CONFIG_MAP("b"));
    world_write(w, "repo/apps2/root.yaml", ROOT(""));
    assert_string_equal(advised(w), "");
}

/* A definition outside of the path, so that nothing else is to be told. */
static const char *advised_glob(struct world *w, const char *option, const char *pattern)
{
    static char shown[16 * 1024];
    AUTO(freep)
    char *text =
        xasprintf("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {namespace: "
                  "argocd, name: root}\nspec:\n  source:\n    repoURL: https://h/r\n    path: "
                  "apps\n    directory:\n      %s: %s\n  destination: {" HERE "}\n",
                  option, pattern);

    world_write(w, "repo/apps/a.yaml", CONFIG_MAP("a"));
    world_write(w, "repo/apps/b.yaml", CONFIG_MAP("b"));
    world_write(w, "repo/apps/sub/c.yaml", CONFIG_MAP("c"));
    world_write(w, "repo/root.yaml", text);
    memcpy(shown, advised(w), sizeof shown);
    return shown;
}

static void a_pattern_that_matches_nothing(void **state)
{
    static const struct {
        const char *option;
        const char *pattern;
        const char *told; /* behind the head; NULL: nothing */
    } rows[] = {
        {"exclude", "a.yaml", NULL},
        {"exclude", "'{a.yaml,b.yaml}'", NULL},
        {"include", "'*.yaml'", NULL},
        {"exclude", "z.yaml", "exclude z.yaml # matches none #"},
        {"include", "z.yaml", "include z.yaml # matches none #"},
        {"exclude", "\"a.yaml\\nb.yaml\\n\"",
         "exclude a.yaml\\u{a}b.yaml\\u{a} # matches none #; a line break is a character like any "
         "other, and a list stands in braces: write {a.yaml,b.yaml}"},
        {"exclude", "'a.yaml,b.yaml'",
         "exclude a.yaml,b.yaml # matches none #; a list stands in braces: write {a.yaml,b.yaml}"},
        {"exclude", "'a.yaml, b.yaml'",
         "exclude a.yaml, b.yaml # matches none #; a list stands in braces; a blank beside a comma "
         "belongs to the name: write {a.yaml,b.yaml}"},
        {"exclude", "'{a.yaml, b.yaml}'",
         "exclude {a.yaml, b.yaml} # matches only 1 #; a blank beside a comma belongs to the name: "
         "write {a.yaml,b.yaml}"},
        {"exclude", "./a.yaml",
         "exclude ./a.yaml # matches none #; a file's path begins without ./ or / there: write "
         "a.yaml"},
        {"exclude", "/a.yaml",
         "exclude /a.yaml # matches none #; a file's path begins without ./ or / there: write "
         "a.yaml"},
        {"exclude", "apps/a.yaml",
         "exclude apps/a.yaml # matches none #; a file's path begins below the source path there: "
         "write a.yaml"},
        {"exclude", "'!a.yaml'", "exclude !a.yaml # matches none #; there is no negation with !"},
        {"exclude", "'.*.yaml'",
         "exclude .*.yaml # matches none #; it is a glob and no regular expression: write *.yaml"},
        {"include", "'['", "include [ # matches none #; it is no valid pattern"},
        {"exclude", "'sub/*'",
         "exclude sub/* # matches none #; it would match below, but directory.recurse is not set"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(buf_clearp) struct buf wanted = {.max = 4096};
        struct str rest = str_from(rows[i].told);
        struct str part;

        if (rows[i].told)
            buf_adds(&wanted, "root.yaml:3 [glob-matches-nothing] directory.");
        for (unsigned n = 0; rows[i].told && str_split(&rest, '#', &part); n++) {
            buf_adds(&wanted, n == 1   ? "of Application argocd/root"
                              : n == 2 ? "of the 2 files that its path apps holds"
                                       : "");
            buf_add(&wanted, part);
        }
        assert_string_equal(advised_glob(w, rows[i].option, rows[i].pattern),
                            wanted.p ? wanted.p : "");
    }
}

static void a_pattern_of_many_is_told_of_once(void **state)
{
    const struct world *w = *state;
    const char *found;

    world_write(w, "repo/a/cm.yaml", CONFIG_MAP("a"));
    world_write(w, "repo/b/cm.yaml", CONFIG_MAP("b"));
    world_write(w, "repo/1.yaml", APPLICATION("a1", "path: a, directory: {exclude: z}", HERE));
    world_write(w, "repo/2.yaml", APPLICATION("a2", "path: b, directory: {exclude: z}", HERE));
    found = strstr(advised(w), "[glob-matches-nothing]");
    assert_non_null(found);
    assert_null(strstr(found + 1, "[glob-matches-nothing]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(a_chart_that_no_application_uses),
        CASE(a_chart_that_something_in_the_repository_uses),
        CASE(a_path_that_does_not_exist),
        CASE(a_missing_path_is_told_of_once),
        CASE(a_chart_that_may_be_used_out_of_sight),
        CASE(a_resource_of_two_applications),
        CASE(a_resource_that_is_not_the_same),
        CASE(a_cluster_scoped_resource_has_no_namespace),
        CASE(a_definition_that_is_not_rendered_from_its_own_path),
        CASE(a_definition_beside_a_kustomization),
        CASE(a_definition_that_is_rendered_or_lies_elsewhere),
        CASE(a_pattern_that_matches_nothing),
        CASE(a_pattern_of_many_is_told_of_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
