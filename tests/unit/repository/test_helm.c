/* Helm sources, never rendered (reference/argocd.md 2.5). */
#include "base/json.h"
#include "base/mem.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CHART "name: x\nversion: 1.0.0\n"
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

/* What a template says that writes all it is given. */
#define OPEN "{{ range .Values.extra }}\n---\n{{ toYaml . }}\n{{ end }}\n"
#define APPLICATION "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
#define LEVELS_30 "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"
#define NAMED(name) APPLICATION "metadata:\n  name: " name "\nspec:\n  a: {{ .Values.a }}\n"
#define WRITES PARTIAL ": chart/templates/x.yaml:2 writes an Application by template"
#define NAMES PARTIAL ": chart/templates/x.yaml:4 writes an Application by template"
#define NO_SECRETS " | no more external-secrets"

static const struct helm_case cases[] = {
    {"no file names our groups", "chart/templates/x.yaml", "kind: {{ .x }}\n", NULL,
     PARTIAL NOTHING_MORE},
    {"a template writes the group alone", "chart/templates/x.yaml", "{{ x }}: argoproj.io\n", NULL,
     PARTIAL NOTHING_MORE},
    {"a template writes both, in odd places", "chart/templates/x.yaml",
     "{{ x }}: argoproj.io\nx: Application\n", NULL,
     PARTIAL ": chart/templates/x.yaml:1 may write an Application, mentioned in "
             "chart/templates/x.yaml:2" NO_SECRETS},
    {"an action of its own line, though indented", "chart/templates/x.yaml",
     "  {{ if .x }}{{ .Values.text }}{{ end }}\n",
     "{\"values\":\"a: argoproj.io\\nb: Application\"}",
     PARTIAL ": chart/templates/x.yaml:1 may write an Application, mentioned in the Application's "
             "own values" NO_SECRETS},
    {"a template writes an Application", "chart/templates/x.yaml",
     APPLICATION "metadata: {{ .x }}\n", NULL, WRITES NO_SECRETS},
    {"of the name that asks", "chart/templates/x.yaml", NAMED("root"), NULL,
     PARTIAL " | Application default/root" NOTHING_MORE},
    {"of a name that is not known", "chart/templates/x.yaml", NAMED("{{ title .Values.a }}"), NULL,
     NAMES NO_SECRETS},
    {"of another group", "chart/templates/x.yaml",
     "apiVersion: app.k8s.io/v1\nkind: Application\nmetadata: {{ .x }}\n", NULL,
     PARTIAL NOTHING_MORE},
    {"of another kind", "chart/templates/x.yaml",
     "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{ .x }}\n", NULL,
     PARTIAL NOTHING_MORE},
    {"of another kind, but more may follow", "chart/templates/x.yaml",
     "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n{{ include \"Application\" . }}\n", NULL,
     PARTIAL ": chart/templates/x.yaml:1 may write an Application, mentioned in "
             "chart/templates/x.yaml:3" NO_SECRETS},
    {"an annotation of Argo CD's names no group", "chart/templates/x.yaml",
     "kind: ConfigMap\nmetadata:\n  annotations: {argocd.argoproj.io/sync-wave: \"{{ 1 }}\"}\n"
     "# Application\n",
     NULL, PARTIAL NOTHING_MORE},
    {"a helper has both, and nothing writes them", "chart/templates/_helpers.tpl",
     "{{ \"argoproj.io\" }} {{ \"Application\" }}\n", NULL, PARTIAL NOTHING_MORE},
    {"values have both, and a template writes what it is given", "chart/templates/x.yaml", OPEN,
     "{\"valuesObject\":{\"extra\":[{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":"
     "\"Application\",\"metadata\":{\"name\":\"a\"}}]}}",
     PARTIAL " | Application default/a" NOTHING_MORE},
    {"values have none", "chart/templates/x.yaml", OPEN, "{\"values\":\"extra: []\"}",
     PARTIAL NOTHING_MORE},
    {"values have the group alone", "chart/templates/x.yaml", OPEN,
     "{\"values\":\"a: argoproj.io\"}", PARTIAL NOTHING_MORE},
    {"values have both, and nothing writes them", "chart/x", "",
     "{\"values\":\"a: argoproj.io\\nb: Application\"}", PARTIAL NOTHING_MORE},
    {"a parameter", "chart/templates/x.yaml", OPEN,
     "{\"parameters\":[{\"name\":\"extra\",\"value\":\"argoproj.io\"},{\"name\":\"extra\","
     "\"value\":"
     "\"Application\"}]}",
     PARTIAL ": chart/templates/x.yaml:3 may write an Application, mentioned in the Application's "
             "own values" NO_SECRETS},
    {"a parameter of more levels than Helm takes", "chart/templates/x.yaml", OPEN,
     "{\"parameters\":[{\"name\":\"extra." LEVELS_30 "\",\"value\":\"argoproj.io\"},"
     "{\"name\":\"extra\",\"value\":\"Application\"}]}",
     PARTIAL ": chart/templates/x.yaml:3 may write an Application, mentioned in the Application's "
             "own values" NO_SECRETS},
    {"a vendored chart writes an ExternalSecret", "chart/charts/y/templates/x.yaml",
     "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{ .x }}\n", NULL,
     "FAILS chart/charts/y/Chart.yaml is missing or not readable"},
    {"a vendored archive is not opened", "chart/charts/y-1.0.tgz", "\x1f\x8b", NULL,
     PARTIAL ": chart/charts/y-1.0.tgz is not looked into"},
    {"a file in charts/ is no chart", "chart/charts/README.md", "", NULL,
     "FAILS chart/charts/README.md lies in charts/ and is no chart"},
    {"but hidden ones are left alone", "chart/charts/.gitkeep", "", NULL, PARTIAL NOTHING_MORE},
    {"an unvendored dependency", "chart/Chart.yaml",
     CHART "dependencies:\n- name: sub\n  repository: https://example.com\n", NULL,
     PARTIAL ": the dependency sub is not in Git | no more argoproj"},
    {"one that is made for Applications", "chart/Chart.yaml",
     CHART "dependencies:\n- name: team-apps\n  repository: https://example.com\n", NULL,
     PARTIAL ": team-apps is not looked into"},
    {"argocd-apps without any", "chart/Chart.yaml",
     CHART "dependencies:\n- name: argocd-apps\n  repository: https://example.com\n", NULL,
     PARTIAL ": the dependency argocd-apps is not in Git | no more argoproj"},
    {"argocd-apps with some", "chart/Chart.yaml",
     CHART "dependencies:\n- name: argocd-apps\n  repository: https://example.com\n",
     "{\"values\":\"argocd-apps: {applications: {a: {project: x}}}\"}",
     PARTIAL ": the dependency argocd-apps is not in Git; the dependency argocd-apps is not in "
             "Git"},
    {"argocd-apps that a condition leaves out", "chart/Chart.yaml",
     CHART "dependencies:\n- name: argocd-apps\n  condition: apps.enabled\n  repository: "
           "https://example.com\n",
     "{\"values\":\"apps: {enabled: false}\"}", PARTIAL NOTHING_MORE},
    {"an unvendored dependency of the older kind", "chart/requirements.yaml",
     "dependencies:\n- name: sub\n", NULL,
     PARTIAL ": the dependency sub is not in Git | no more argoproj"},
    {"an unvendored dependency that is given an Application", "chart/Chart.yaml",
     CHART "dependencies:\n- name: sub\n  repository: https://example.com\n",
     "{\"values\":\"sub: {a: {apiVersion: argoproj.io/v1alpha1, kind: Application}}\"}",
     PARTIAL ": the dependency sub is not in Git and may write an Application, mentioned in the "
             "Application's own values; the dependency sub is not in Git"},
    {"a literal template is certain", "chart/templates/x.yaml", APP("a"), NULL,
     PARTIAL A NOTHING_MORE},
    {"a literal template below templates/", "chart/templates/sub/x.yml", APP("a"), NULL,
     PARTIAL A NOTHING_MORE},
    {"a template with any action is not", "chart/templates/x.yaml", APP("a") "# {{ x }}\n", NULL,
     NAMES NO_SECRETS},
    {"a file starting with _ is not", "chart/templates/_x.yaml", APP("a"), NULL,
     PARTIAL NOTHING_MORE},
    {"a file outside templates/ is not", "chart/x.yaml", APP("a"), NULL, PARTIAL NOTHING_MORE},
    {"a literal template that does not parse", "chart/templates/x.yaml", APP("[a"), NULL,
     "FAILS chart/templates/x.yaml is malformed YAML (line 5, column 12)"},
    {"a literal template that is no manifest", "chart/templates/x.yaml", "a: b\n", NULL,
     "FAILS chart/templates/x.yaml holds no object of a kind"},
    {"text that is no UTF-8", "chart/templates/x.yaml",
     "a: {{ dict \"\xe9\" \"\xe9\" | toYaml }}\nb: {{ list (\"\xc3\xa9\" | trunc 1) | toYaml }}\n",
     NULL, PARTIAL NOTHING_MORE},
    {"a literal template that is nothing", "chart/templates/x.yaml", "null\n---\n# x\n~ # x\n",
     NULL, PARTIAL NOTHING_MORE},
    {"a template that writes nothing", "chart/templates/x.yaml", "null\n---\n{{ .Values.none }}\n",
     "{\"values\":\"none: ''\"}", PARTIAL NOTHING_MORE},
    {"a literal template of a null with a tag", "chart/templates/x.yaml", "!!null x\n", NULL,
     PARTIAL NOTHING_MORE},
    {"a hook Helm knows", "chart/templates/x.yaml",
     APPLICATION "metadata: {name: a, namespace: argocd, annotations: {helm.sh/hook: \"Test, "
                 "pre-install\"}}\n",
     NULL, PARTIAL A " hook" NOTHING_MORE},
    {"a test that is skipped", "chart/templates/x.yaml",
     APPLICATION "metadata: {name: a, annotations: {helm.sh/hook: test}}\n", "{\"skipTests\":true}",
     PARTIAL NOTHING_MORE},
    {"a hook Helm does not know", "chart/templates/x.yaml",
     APPLICATION "metadata: {name: a, annotations: {helm.sh/hook: crd-install}}\n", NULL,
     PARTIAL NOTHING_MORE},
    {"crds/ is copied", "chart/crds/x.yaml", APP("a") "# {{ x }}\n", NULL, PARTIAL A NOTHING_MORE},
    {"crds/ may be left out", "chart/crds/x.yaml", APP("a"), "{\"skipCrds\":true}",
     PARTIAL NOTHING_MORE},
    {"a library chart fails", "chart/Chart.yaml", CHART "type: library\n", NULL,
     "FAILS chart is a library chart"},
    {"a value file beside the chart", "prod.yaml", "a: argoproj.io\n",
     "{\"valueFiles\":[\"../prod.yaml\"]}", PARTIAL NOTHING_MORE},
    {"a value file from the root", "prod.yaml", "a: b\n", "{\"valueFiles\":[\"/prod.yaml\"]}",
     PARTIAL NOTHING_MORE},
    {"a value file of another source", "chart/templates/x.yaml", OPEN,
     "{\"valueFiles\":[\"$values/x.yaml\"]}",
     PARTIAL ": chart/templates/x.yaml:3 may write an Application, mentioned in $values/x.yaml; "
             "chart/templates/x.yaml:3 may write an ExternalSecret, mentioned in $values/x.yaml"},
    {"which nothing writes", "chart/x", "", "{\"valueFiles\":[\"$values/x.yaml\"]}",
     PARTIAL NOTHING_MORE},
    {"a missing value file fails", "chart/x", "", "{\"valueFiles\":[\"gone.yaml\"]}",
     "FAILS the value file gone.yaml does not exist"},
    {"a missing value file may be ignored", "chart/x", "",
     "{\"ignoreMissingValueFiles\":true,\"valueFiles\":[\"gone.yaml\"]}", PARTIAL NOTHING_MORE},
    {"a broken Chart.yaml", "chart/Chart.yaml", "a: [\n", NULL,
     "FAILS chart/Chart.yaml is missing or not readable"},
    {"a Chart.yaml without a version", "chart/Chart.yaml", "name: x\n", NULL,
     "FAILS chart/Chart.yaml sets no version"},
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
        mkfiles(f, "chart/Chart.yaml", CHART, "chart/values.yaml", "a: b\n", NULL);
        mkfile(f, c->path, c->text);
        fixture_load(f);
        actual = rendered(f, &s);
        if (strcmp(actual, c->expected) != 0)
            fail_msg("%s\n  expected %s\n  actual   %s", c->says, c->expected, actual);
    }
}

#define KEPT PARTIAL A NOTHING_MORE
#define LEFT_OUT PARTIAL NOTHING_MORE
#define REFUSED "FAILS chart/.helmignore holds a line that Helm refuses"
#define NO_CHART "FAILS chart/Chart.yaml is missing or not readable"
#define UNCLEAR PARTIAL ": chart/templates/x.yaml:4 writes an Application by template" NO_SECRETS

struct ignore_case {
    const char *line;
    const char *expected;
};

static void helmignore_is_read_as_helm_does(void **state)
{
    static const struct ignore_case rows[] = {
        {"# templates/x.yaml\n", KEPT},
        {"x.yaml\n", LEFT_OUT},
        {"\xEF\xBB\xBF  x.yaml \r\n", LEFT_OUT},
        {"X.yaml\n", KEPT},
        {"templates/x.yaml\n", LEFT_OUT},
        {"/templates/x.yaml\n", LEFT_OUT},
        {"/x.yaml\n", KEPT},
        {"templates/\n", LEFT_OUT},
        {"templates\n", LEFT_OUT},
        {"x.yaml/\n", KEPT},
        {"*.yaml\n", NO_CHART},
        {"*/*.yaml\n", LEFT_OUT},
        {"templates/*\n", LEFT_OUT},
        {"*plates/*.y*l\n", LEFT_OUT},
        {"*plates*\n", LEFT_OUT},
        {"other.yaml\n", KEPT},
        {"!other.yaml\n", NO_CHART},
        {"!*\n", KEPT},
        {"!*\nx.yaml\n", LEFT_OUT},
        {"!\n", NO_CHART},
        {"**/x.yaml\n", REFUSED},
        {"[\n", REFUSED},
        {"x[]a].yaml\n", REFUSED},
        {"x\\\n", REFUSED},
        {"x.yam[a-\n", REFUSED},
        {"  \n*.md\n", KEPT},
        {"te?plates\n", LEFT_OUT},
        {"templates?x.yaml\n", KEPT},
        {"templates[^a]x.yaml\n", KEPT},
        {"templates/[a-z].yaml\n", LEFT_OUT},
        {"templates/[^x].yaml\n", KEPT},
        {"templates/[!x].yaml\n", LEFT_OUT},
        {"[w-y].yaml\n", LEFT_OUT},
        {"[\\x].yaml\n", LEFT_OUT},
        {"\\x.yaml\n", LEFT_OUT},
        {"x.yaml\\\\\n", KEPT},
        {"templates/y*\n", KEPT},
        {"yaml\n", KEPT},
        {"/\n", KEPT},
        {"//templates\n", UNCLEAR},
        {"x\xC3\xA9*\n", "PARTIAL"},
        {"x\xC3\xA9*\ntemplates\n", LEFT_OUT}, /* whatever the first comes to */
    };
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART, "chart/templates/x.yaml", APP("a"), NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *actual;

        mkfile(f, "chart/.helmignore", rows[i].line);
        fixture_load(f);
        actual = rendered_path(f, "chart");
        if (strcmp(actual, rows[i].expected) != 0 && strcmp(rows[i].expected, "PARTIAL") != 0)
            fail_msg("%s  expected %s\n  actual   %s", rows[i].line, rows[i].expected, actual);
    }
}

/* Two thousand templates and twenty thousand lines: what is not tried might be ignored. The
 * Application's template comes last. */
static void a_huge_helmignore_ends(void **state)
{
    struct fixture *f = *state;
    char text[40001];
    char path[64];

    for (size_t i = 0; i < 40000; i++)
        text[i] = i % 2 ? '\n' : 'x';
    text[40000] = '\0';
    mkfiles(f, "chart/Chart.yaml", CHART, "chart/.helmignore", text, "chart/templates/a.yaml",
            APP("a"), NULL);
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(path, sizeof path, "chart/templates/%d.yaml", i);
        mkfile(f, path, i ? CONFIG_MAP("x") : CONFIG_MAP("first"));
    }
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"),
                        PARTIAL ": chart/templates/a.yaml:4 writes an Application by template | "
                                "ConfigMap default/first | ConfigMap default/x" NO_SECRETS);
}

static void a_vendored_dependency_is_looked_at(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART "dependencies:\n- name: sub\n",
            "chart/charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0\n", NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL NOTHING_MORE);
}

/* .Files of a template, through links; a file that no template can read counts for nothing. */
static void links_are_followed(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART, "chart/files/a", "", "other/b.yaml", APP("a"), "c",
            "argoproj.io\nApplication\n", "chart/templates/x.yaml", "{{ .Values.x }}", NULL);
    mklink(f, "chart/inside", "files");
    mklink(f, "chart/c", "../c");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL NOTHING_MORE);
    mkfile(f, "chart/templates/x.yaml", "{{ .Files.Lines \"c\" }}");
    fixture_load(f);
    assert_string_equal(
        rendered_path(f, "chart"),
        PARTIAL ": chart/templates/x.yaml:1 may write an Application, mentioned in c:2" NO_SECRETS);
    mklink(f, "chart/templates/more", "../../other");
    fixture_load(f);
    assert_string_equal(
        rendered_path(f, "chart"), PARTIAL
        ": chart/templates/x.yaml:1 may write an Application, mentioned in c:2" A NO_SECRETS);
    mklink(f, "chart/templates/round", "..");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), "PARTIAL chart leads to too many files");
    mklink(f, "chart/dangling", "nowhere");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"),
                        "FAILS chart/dangling is a symlink that leads nowhere");
}

/* What .Files.Get reads is text like any other; Helm keeps some files from it. */
static void files_are_read(void **state)
{
    static const struct {
        const char *path;
        bool is_known;
        bool is_there;
    } rows[] = {
        {"app", true, true},
        {"sub/app", true, true},
        {"linked/app", true, true},
        {"bom", true, true},
        {"./app", true, false},
        {"gone", true, false},
        {"values.yaml", false, false},
        {"Chart.yaml", false, false},
        {"templates/x.yaml", false, false},
        {"charts/y/app", false, false},
    };
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART, "chart/app", APP("a"), "chart/sub/app", APP("a"),
            "other/app", APP("a"), "chart/bom", "\xef\xbb\xbf" APP("a"), "chart/charts/y/app",
            APP("a"), "chart/charts/y/Chart.yaml", CHART, NULL);
    mklink(f, "chart/linked", "../other");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep) char *text = xasprintf("{{ $.Files.Get \"%s\" }}\n", rows[i].path);
        const char *actual;

        mkfile(f, "chart/templates/x.yaml", text);
        fixture_load(f);
        actual = rendered_path(f, "chart");
        if (strcmp(actual, rows[i].is_there   ? PARTIAL A NOTHING_MORE
                           : rows[i].is_known ? PARTIAL NOTHING_MORE
                                              : PARTIAL
                               ": chart/templates/x.yaml:1 may write an "
                               "Application, mentioned in chart/app:2" NO_SECRETS) != 0)
            fail_msg("%s: %s", rows[i].path, actual);
    }
}

/* A map that a template makes for itself can be changed; one that others see takes all away. */
static void changes_are_followed(void **state)
{
    static const struct {
        const char *text;
        const char *name; /* NULL: nothing is known for certain */
    } rows[] = {
        {"{{ $d := dict \"n\" \"x\" }}{{ $_ := set $d \"n\" \"a\" }}", "a"},
        {"{{ $d := dict \"n\" \"a\" }}{{ $_ := set $d \"m\" .Values }}", "a"},
        {"{{ $d := dict \"n\" \"a\" }}{{ $e := $d }}{{ $_ := set $e \"n\" \"x\" }}", NULL},
        {"{{ $d := dict \"n\" \"a\" }}{{ $e := set $d \"m\" 1 }}{{ $_ := set $d \"n\" \"x\" }}",
         NULL},
        {"{{ $d := dict \"n\" \"a\" }}{{ with $d }}{{ $_ := set $d \"n\" \"x\" }}{{ end }}", NULL},
        {"{{ $d := dict \"n\" \"a\" }}{{ $_ := set .Values \"n\" \"x\" }}", NULL},
        {"{{ $d := dict \"n\" \"a\" }}{{ if title .Values.a }}{{ $_ := set $d \"n\" \"x\" }}{{ end "
         "}}",
         NULL},
        {"{{ $d := dict \"n\" \"a\" }}{{ $_ := mergeOverwrite $d (deepCopy (.Values.b | default "
         "dict)) }}",
         "a"},
        {"{{ $d := dict \"n\" \"a\" }}{{ $_ := mergeOverwrite $d .Values }}", NULL},
        {"{{ $d := dict \"n\" \"a\" }}{{ $e := merge (deepCopy .Values) $d }}", "a"},
        {"{{ $d := dict \"n\" \"a\" }}{{ $e := merge (dict \"v\" .Values) $d }}", NULL},
        {"{{ $d := dict \"n\" (lookup \"v1\" \"Secret\" \"x\" \"y\" | default \"a\") }}", "a"},
    };
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART, "chart/values.yaml", "a: b\n", NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep)
        char *text = xasprintf("%s\n" APPLICATION "metadata:\n  name: {{ $d.n }}\n", rows[i].text);
        const char *actual;

        mkfile(f, "chart/templates/x.yaml", text);
        fixture_load(f);
        actual = rendered_path(f, "chart");
        if ((strcmp(actual, PARTIAL " | Application default/a" NOTHING_MORE) == 0) !=
            (rows[i].name != NULL))
            fail_msg("%s: %s", rows[i].text, actual);
    }
}

/* Argo CD packs a directory beside the chart, and Helm leaves out what values switch off. */
static void subcharts_are_rendered(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART, "chart/charts/dir/Chart.yaml", CHART,
            "chart/charts/dir/templates/x.yaml", APP("a"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL A NOTHING_MORE);
    mkfile(f, "chart/Chart.yaml", CHART "dependencies: [{name: x, condition: x.enabled}]\n");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL A NOTHING_MORE);
    mkfile(f, "chart/values.yaml", "x: {enabled: false}\n");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL NOTHING_MORE);
    mkfile(f, "chart/values.yaml", "x: {enabled: null}\n");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"),
                        PARTIAL ": chart/charts/dir/templates/x.yaml:4 writes an Application by "
                                "template" NO_SECRETS);
    mkfile(f, "chart/Chart.yaml", CHART "dependencies: [{name: x}]\n");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL A NOTHING_MORE);
    mkfiles(f, "chart/charts/two/Chart.yaml", CHART, NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"),
                        PARTIAL ": chart/charts/dir/templates/x.yaml:4 writes an Application by "
                                "template" NO_SECRETS);
    fixture_renew(f);
    mkfiles(f, "chart/Chart.yaml",
            CHART "dependencies: [{name: x, repository: \"file://../lib\"}]\n", "lib/Chart.yaml",
            CHART, "lib/templates/x.yaml", APP("a"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL A NOTHING_MORE);
    mkfile(f, "lib/Chart.yaml", CHART "type: library\n");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL NOTHING_MORE);
}

/* Of two subcharts of one name, each is given what the other adds to their values. */
static void twins_are_not_told_apart(void **state)
{
    static const char named[] = APPLICATION "metadata:\n  name: {{ .Values.name }}\n";
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART, "chart/charts/one/Chart.yaml",
            "name: sub\nversion: 1.0.0\n", "chart/charts/one/templates/x.yaml", named,
            "chart/charts/one/values.yaml", "name: a\n", NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL " | Application default/a" NOTHING_MORE);
    mkfiles(f, "chart/charts/two/Chart.yaml", "name: sub\nversion: 0.1.0\n",
            "chart/charts/two/values.yaml", "name: b\n", NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"),
                        PARTIAL ": chart/charts/one/templates/x.yaml:4 writes an Application by "
                                "template" NO_SECRETS);
}

/* What a template writes of a name. */
static void names_narrow_it_down(void **state)
{
    static const struct {
        const char *name;
        bool may_be_root; /* the Application that asks */
    } rows[] = {
        {"root", true},
        {"other", false},
        {"'root' # why", true},
        {"{{ .x }}", true},
        {"ro{{ .x }}", true},
        {"roo{{ .x }}ot", false},
        {"\"{{ .x }}-child\"", false},
        {"{{ .x }}t", true},
        {"{{ .x -}}-child", true},
        {"{{ .x }}{{ if .y }}-child{{ end }}", true},
        {"other\n  {{- .x }}", true},
        {"other\n  {{- include \"x\" . | nindent 2 }}", true},
        {"other\n  labels:\n    {{- include \"x\" . | nindent 4 }}", false},
        {"other\n  {{- if .x }}\n  labels: {a: b}\n  {{- end }}", false},
        {"other\n  name: root", true},
        {"&x other", true},
        {"{{ printf \"ro%s\" .x }}", true},
        {"{{ printf \"x%s\" .x }}", false},
        {"{{ printf \"x%s\" .x | quote }}", false},
        {"{{ printf \"%s-child\" .x | trunc 63 | quote }}", true},
        {"{{ printf \"x-%s\" .x | trunc 63 | trimSuffix \"-\" }}", false},
        {"{{ printf \"root-%s\" .x | trunc 63 | trimSuffix \"-\" }}", true},
        {"{{ printf \"root-%s\" .x | trunc 4 }}", true},
        {"{{ printf \"x%s\" .x | default \"root\" }}", true},
        {"{{ .Values.b | default (printf \"x%s\" .x) }}", false},
        {"other\n  labels:\n    {{- include \"x\"\n      (dict \"a\" \"b\")\n    | nindent 4 }}",
         false},
    };
    struct fixture *f = *state;
    const struct identity root = {STR("argoproj.io"), STR("Application"), STR("argocd"),
                                  STR("root")};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep)
        char *text = xasprintf(APPLICATION "metadata:\n  name: %s\nspec: {{ .z }}\n", rows[i].name);
        struct source source = {.path = STR("chart")};
        /* a name says nothing of the namespace: that may be written by an action */
        struct render_request q = {
            .source = &source, .app_name = STR("root"), .destination_namespace = STR("default")};
        AUTO(rendering_freep) struct rendering *r = NULL;

        mkfiles(f, "chart/Chart.yaml", CHART, "chart/templates/x.yaml", text, NULL);
        fixture_load(f);
        r = repository_render(f->repository, &q);
        if (rendering_may_hold(r, &root) != rows[i].may_be_root)
            fail_msg("%s", rows[i].name);
    }
}

#define PACK(format, folder)                                                                       \
    "mkdir -p chart/charts && tar --format=" format " -C src -czf "                                \
    "chart/charts/y-1.0.0.tgz " folder
#define NOT_OPENED PARTIAL ": chart/charts/y-1.0.0.tgz is not looked into"

/* A subchart that is packed is a subchart; what cannot be read of one may hold anything. */
static void archives_are_opened(void **state)
{
    static const struct {
        const char *script;
        const char *expected;
    } rows[] = {
        {PACK("ustar", "y"), PARTIAL A NOTHING_MORE},
        {PACK("pax", "y"), PARTIAL A NOTHING_MORE},
        {PACK("gnu", "y"), PARTIAL A NOTHING_MORE},
        {"echo 'x: {enabled: false}' >chart/values.yaml", PARTIAL NOTHING_MORE},
        {"echo 'x: {enabled: true}' >chart/values.yaml", PARTIAL A NOTHING_MORE},
        {"echo 'kind: {{ title .Values.a }}' >src/y/templates/x.yaml; " PACK("ustar", "y"),
         PARTIAL NOTHING_MORE},
        {"printf '" APPLICATION "metadata:\n  name: {{ .Values.a }}\n' >src/y/templates/x.yaml; "
         "echo 'a: a' >src/y/values.yaml; " PACK("ustar", "y"),
         PARTIAL " | Application default/a" NOTHING_MORE},
        {"printf '" APPLICATION "metadata:\n  name: {{ title .Values.a }}\n' "
         ">src/y/templates/x.yaml; " PACK("ustar", "y"),
         PARTIAL ": chart/charts/y-1.0.0.tgz/templates/x.yaml:4 writes an Application by "
                 "template" NO_SECRETS},
        {PACK("ustar", "--exclude Chart.yaml y"),
         "FAILS chart/charts/y-1.0.0.tgz/Chart.yaml is missing or not readable"},
        {PACK("ustar", "./y"), NOT_OPENED},
        {PACK("ustar", "y/Chart.yaml other/Chart.yaml"), NOT_OPENED},
        {"ln -s ../../../x src/y/templates/l.yaml; " PACK("ustar", "y"), NOT_OPENED},
        {"rm src/y/templates/l.yaml; head -c 6000000 /dev/zero >src/y/big; " PACK("ustar", "y"),
         NOT_OPENED},
        {"rm src/y/big; " PACK("ustar", "y") "; truncate -s -30 chart/charts/y-1.0.0.tgz",
         NOT_OPENED},
        {"echo x >chart/charts/y-1.0.0.tgz", NOT_OPENED},
        {PACK("ustar", "--exclude Chart.yaml y") "; printf '//charts\\n' >chart/.helmignore",
         NOT_OPENED},
    };
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART "dependencies: [{name: x, condition: x.enabled}]\n",
            "src/y/Chart.yaml", CHART, "src/y/templates/x.yaml", APP("a"), "src/other/Chart.yaml",
            CHART, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *actual;

        (void)run_in(f, rows[i].script, "");
        fixture_load(f);
        actual = rendered_path(f, "chart");
        if (strcmp(actual, rows[i].expected) != 0)
            fail_msg("%s\n  expected %s\n  actual   %s", rows[i].script, rows[i].expected, actual);
    }
}

/* Argo CD has dependencies built where one is missing, and that empties charts/ of archives. */
static void what_is_packed_makes_room(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "chart/Chart.yaml", CHART, "src/y/Chart.yaml", "name: sub\nversion: 1.0.0\n",
            "src/y/templates/x.yaml", APP("a"), "src/lib/Chart.yaml", "name: lib\nversion: 1.0.0\n",
            NULL);
    (void)run_in(f, PACK("ustar", "y"), "");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL A NOTHING_MORE);
    mkfile(f, "chart/Chart.yaml",
           CHART
           "dependencies: [{name: lib, version: 1.0.0, repository: \"file://../src/lib\"}]\n");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "chart"), PARTIAL
                        ": chart/charts/y-1.0.0.tgz/templates/x.yaml:4 writes an Application "
                        "by template" NO_SECRETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(helm_cases, fixture_setup, fixture_teardown),
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(helmignore_is_read_as_helm_does),
        CASE(a_huge_helmignore_ends),
        CASE(a_vendored_dependency_is_looked_at),
        CASE(links_are_followed),
        CASE(files_are_read),
        CASE(changes_are_followed),
        CASE(subcharts_are_rendered),
        CASE(twins_are_not_told_apart),
        CASE(what_is_packed_makes_room),
        CASE(names_narrow_it_down),
        CASE(archives_are_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
