/* Directory sources: each sentence of reference/argocd.md 2.2 as a case. */
#include "base/buf.h"
#include "base/mem.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NO_KIND "apiVersion: v1\nmetadata:\n  name: x\n"

/* One file apps/<name> with `text`, rendered as path apps. */
struct file_case {
    const char *says;
    const char *name;
    const char *text;
    const char *expected;
};

static const struct file_case file_cases[] = {
    {"a .yaml file is a candidate", "a.yaml", APP("a"), "COMPLETE | Application argocd/a"},
    {"a .yml file is a candidate", "a.yml", APP("a"), "COMPLETE | Application argocd/a"},
    {"a .json file is a candidate", "a.json",
     "{\"kind\":\"Application\",\"apiVersion\":"
     "\"argoproj.io/v1alpha1\",\"metadata\":{\"name\":\"a\"}}",
     "COMPLETE | Application default/a"},
    {"the base name is case-sensitive", "a.YAML", APP("a"), "COMPLETE"},
    {"a name that only contains .yaml is none", "a.yaml.bak", APP("a"), "COMPLETE"},
    {"a file called .yaml is a candidate", ".yaml", APP("a"), "COMPLETE | Application argocd/a"},
    {"hidden files are included", ".hidden.yaml", APP("a"), "COMPLETE | Application argocd/a"},
    {"a jsonnet file is evaluated, so unknown", "a.jsonnet", "{}",
     "PARTIAL apps/a.jsonnet is jsonnet, which is not evaluated"},
    {"a JSON file that is not a Kubernetes object breaks generation", "package.json",
     "{\"name\":\"x\"}",
     "FAILS apps/package.json is no Kubernetes object, which stops Argo CD from generating "
     "anything"},
    {"malformed JSON breaks generation", "a.json", "{",
     "FAILS apps/a.json is malformed JSON, which stops Argo CD from generating anything"},
    {"a JSON file holds one object", "a.json", "{\"kind\":\"A\"}{\"kind\":\"B\"}",
     "FAILS apps/a.json holds more than one JSON value, which stops Argo CD from generating "
     "anything"},
    {"a closing bracket behind the JSON object is not noticed", "a.json",
     "{\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}} ]", "COMPLETE | A default/x"},
    {"a JSON file may have a byte-order mark", "a.json",
     "\xEF\xBB\xBF{\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}", "COMPLETE | A default/x"},
    {"a leading { is tried as a JSON stream", "a.yaml",
     "\n {\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}\n{\"kind\":\"A\",\"metadata\":{\"name\":"
     "\"y\"}}\n{\"kind\":\"A\",\"metadata\":{\"name\":\"z\"}}",
     "COMPLETE | A default/x | A default/y | A default/z"},
    {"a flow mapping that is no JSON is read as YAML", "a.yaml",
     "{kind: A, metadata: {name: x}}\n---\n{kind: A, metadata: {name: w}}\n",
     "COMPLETE | A default/x | A default/w"},
    {"YAML may follow the first JSON object", "a.yaml",
     "{\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}\n---\nkind: A\nmetadata:\n  name: w\n",
     "COMPLETE | A default/x | A default/w"},
    {"after two JSON objects YAML is an error", "a.yaml",
     "{\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}\n{\"kind\":\"A\",\"metadata\":{\"name\":"
     "\"y\"}}\n---\nkind: A\nmetadata: {name: z}\n",
     "FAILS apps/a.yaml:3 starts a JSON value that is no object of a kind, which stops Argo CD "
     "from generating anything"},
    {"documents are split at lines that start with ---", "a.yaml",
     "---\n" APP("a") "---   \n" APP("b") "--- # next\n" APP("c") "---\n",
     "COMPLETE | Application argocd/a | Application argocd/b | Application argocd/c"},
    {"--- further right does not split", "a.yaml",
     "kind: A\nmetadata:\n  name: x\n  annotations:\n    t: |\n      ---\n      kind: B\n",
     "COMPLETE | A default/x"},
    {"after --- other text is an error", "a.yaml", APP("a") "---\n" APP("b") "--- x\n" APP("c"),
     "FAILS apps/a.yaml:12 has text after the document separator, which stops Argo CD from "
     "generating anything"},
    {"--- with text at once is an error too", "a.yaml", "----\n" APP("a"),
     "FAILS apps/a.yaml:1 has text after the document separator, which stops Argo CD from "
     "generating anything"},
    {"only the first YAML document of a chunk counts", "a.yaml", APP("a") "...\n" APP("b"),
     "COMPLETE | Application argocd/a"},
    {"empty documents are skipped", "a.yaml", "---\n---\n\n---\n" APP("a") "---\n---\n",
     "COMPLETE | Application argocd/a"},
    {"comment-only documents are skipped", "a.yaml", "# nothing\n---\n# kind\n---\n" APP("a"),
     "COMPLETE | Application argocd/a"},
    {"a null document is skipped", "a.yaml", "null\n---\n" APP("a"),
     "COMPLETE | Application argocd/a"},
    {"an empty file yields nothing", "a.yaml", "", "COMPLETE"},
    {"a document without kind after an object: the app fails", "a.yaml", APP("a") "---\nfoo: bar\n",
     "FAILS apps/a.yaml:7 starts a document without kind, which stops Argo CD from generating "
     "anything"},
    {"no object read, three strings there: the app fails", "a.yaml", "kind:\n" NO_KIND,
     "FAILS apps/a.yaml:1 starts a document without kind, which stops Argo CD from generating "
     "anything"},
    {"no object read, a string missing: the file is ignored", "a.yaml",
     "kind:\nmetadata:\n  name: x\n", "COMPLETE"},
    {"values without any kind are ignored", "values.yaml", "replicas: 3\n", "COMPLETE"},
    {"a document that is no object is ignored alike", "a.yaml", "- kind\n", "COMPLETE"},
    {"invalid YAML with the three strings: the app fails", "a.yaml", APP("{{ .Values.name }}"),
     "FAILS apps/a.yaml is malformed YAML (line 4, column 10), which stops Argo CD from "
     "generating anything"},
    {"invalid YAML without them is ignored", "a.yaml", "kind: {{ x }}\n", "COMPLETE"},
    {"tab indentation is an error", "a.yaml", "apiVersion: v1\nkind: A\nmetadata:\n\tname: x\n",
     "FAILS apps/a.yaml is malformed YAML (line 4, column 1), which stops Argo CD from generating "
     "anything"},
    {"items that are a list make a list of any kind", "a.yaml",
     "kind: Anything\nitems:\n- kind: A\n  metadata: {name: x}\n- kind: B\n  metadata: {name: w}\n",
     "COMPLETE | A default/x | B default/w"},
    {"items are used one level deep", "a.yaml",
     "kind: List\nitems:\n- kind: List\n  metadata: {name: inner}\n  items:\n  - kind: A\n    "
     "metadata: {name: x}\n",
     "COMPLETE | List default/inner"},
    {"a list item that is no object fails", "a.yaml", "kind: List\nitems:\n- x\n",
     "FAILS apps/a.yaml:3 has a list item that is no object, which stops Argo CD from generating "
     "anything"},
    {"items: null without spec and status is no object", "a.yaml",
     "kind: AList\nmetadata: {name: x}\nitems: null\n", "COMPLETE"},
    {"items: null with spec is one", "a.yaml",
     "kind: A\nmetadata: {name: x}\nspec: {}\nitems: null\n", "COMPLETE | A default/x"},
    {"same key twice: the last wins", "a.yaml", APP("a") "---\n" APP("b") "---\n" APP("a"),
     "COMPLETE | Application argocd/b | Application argocd/a"},
    {"a key with and without its namespace is the same key", "a.yaml",
     "kind: A\nmetadata: {name: x}\n---\nkind: A\nmetadata: {name: x, namespace: default}\n",
     "COMPLETE | A default/x"},
    {"the kind's version is no part of the key", "a.yaml",
     "apiVersion: g/v1\nkind: A\nmetadata: {name: x}\n---\napiVersion: g/v2\nkind: A\nmetadata: "
     "{name: x}\n",
     "COMPLETE | A default/x"},
    {"duplicate keys are allowed, the last wins", "a.yaml",
     "kind: A\nmetadata:\n  name: x\n  name: w\n", "COMPLETE | A default/w"},
    {"merge keys", "a.yaml",
     "kind: A\nx: &m {name: x, namespace: ns}\nmetadata:\n  <<: *m\n  name: w\n",
     "COMPLETE | A ns/w"},
    {"name: no is not a string, so no usable name", "a.yaml", "kind: A\nmetadata:\n  name: no\n",
     "COMPLETE"},
    {"dates stay strings", "a.yaml", "kind: A\nmetadata:\n  name: 2001-01-01\n",
     "COMPLETE | A default/2001-01-01"},
    {"unknown tags are dropped", "a.yaml", "kind: !x A\nmetadata:\n  name: !w x\n",
     "COMPLETE | A default/x"},
    {"CRLF", "a.yaml",
     "kind: A\r\nmetadata:\r\n  name: x\r\n---\r\nkind: A\r\nmetadata:\r\n  "
     "name: w\r\n",
     "COMPLETE | A default/x | A default/w"},
    {"a UTF-8 byte-order mark", "a.yaml", "\xEF\xBB\xBF" APP("a"),
     "COMPLETE | Application argocd/a"},
    {"a byte that is no UTF-8 becomes U+FFFD", "a.yaml", "# caf\xE9\n" APP("a"),
     "COMPLETE | Application argocd/a"},
    {"an escaped key is still a kind", "a.yaml", "\"k\\x69nd\": A\nmetadata: {name: x}\n",
     "COMPLETE | A default/x"},
    {"hook: Skip is reported", "a.yaml",
     APP("a") "  annotations: {argocd.argoproj.io/hook: Skip}\n",
     "COMPLETE | Application argocd/a skip"},
    {"other hooks are reported", "a.yaml", APP("a") "  annotations: {helm.sh/hook: pre-install}\n",
     "COMPLETE | Application argocd/a hook"},
};

static void directory_file_cases(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(file_cases); i++) {
        const struct file_case *c = &file_cases[i];
        char path[64];
        const char *actual;

        fixture_renew(f);
        (void)snprintf(path, sizeof path, "apps/%s", c->name);
        mkfile(f, path, c->text);
        fixture_load(f);
        actual = rendered_path(f, "apps");
        if (strcmp(actual, c->expected) != 0)
            fail_msg("%s\n  expected %s\n  actual   %s", c->says, c->expected, actual);
    }
}

static void utf16_byte_order_marks_are_handled(void **state)
{
    static const char wide[] = "kind: A\nmetadata: {name: \"\xE9\"}\n"; /* é */
    struct fixture *f = *state;
    char bytes[2 * sizeof wide];

    for (int big = 0; big < 2; big++) {
        memcpy(bytes, big ? "\xFE\xFF" : "\xFF\xFE", 2);
        for (size_t i = 0; i + 1 < sizeof wide; i++) {
            bytes[2 + 2 * i + (big ? 0 : 1)] = 0;
            bytes[2 + 2 * i + (big ? 1 : 0)] = wide[i];
        }
        mkbytes(f, "apps/a.yaml", bytes, sizeof bytes);
        fixture_load(f);
        assert_string_equal(rendered_path(f, "apps"), "COMPLETE | A default/\xC3\xA9");
    }
}

static void walks_in_lexical_order(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps"), .directory = {.present = true, .recurse = true}};

    mkfiles(f, "apps/b.yaml", CONFIG_MAP("b"), "apps/a/z.yaml", CONFIG_MAP("a-z"), "apps/a-b.yaml",
            CONFIG_MAP("a-b"), "apps/a.yaml", CONFIG_MAP("a"), NULL);
    fixture_load(f);
    /* "a" comes before "a-b.yaml" as a name, though "a/z.yaml" sorts behind it as text */
    assert_string_equal(rendered(f, &s), "COMPLETE | ConfigMap default/a-z | ConfigMap default/a-b"
                                         " | ConfigMap default/a | ConfigMap default/b");
}

static void subdirectories_only_with_recurse(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps"), .directory = {.present = true, .recurse = true}};

    mkfiles(f, "apps/a.yaml", APP("a"), "apps/sub/.deep/b.yaml", APP("b"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/a | Application argocd/b");
}

/* A pattern as costly as one can be, on four hundred files: each is within the limit of one match,
 * together they are not. */
static void a_costly_pattern_ends(void **state)
{
    struct fixture *f = *state;
    static char pattern[4000];
    char path[300] = "apps/";
    struct source s = {.path = STR("apps"),
                       .directory = {.present = true, .include = {pattern, sizeof pattern}}};

    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    memset(path + 5, 'a', 240);
    for (int i = 0; i < 400; i++) {
        (void)snprintf(path + 245, sizeof path - 245, "%d.yaml", i);
        mkfile(f, path, APP("a"));
    }
    fixture_load(f);
    assert_non_null(strstr(rendered(f, &s), "PARTIAL whether the pattern *a*a*a"));
    assert_null(strstr(rendered(f, &s), "no more argoproj"));
}

/* One file of two thousand objects under a hundred names. */
static void more_objects_than_anybody_has_are_not_known(void **state)
{
    struct fixture *f = *state;
    enum { OBJECTS = 2001 };
    struct buf text;
    char path[64];

    buf_init(&text, (size_t)1 << 20);
    buf_adds(&text, "{\"kind\": \"List\", \"items\": [");
    for (int i = 0; i < OBJECTS; i++)
        buf_printf(&text, "%s{\"kind\": \"A\", \"metadata\": {\"name\": \"a%d\"}}", i ? "," : "",
                   i);
    buf_adds(&text, "]}");
    mkfile(f, "data/a.yaml", text.p);
    buf_clear(&text);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(path, sizeof path, "apps/%d.yaml", i);
        mklink(f, path, "../data/a.yaml");
    }
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"), "PARTIAL more than 200000 objects");
}

static void symlinked_directories_are_never_entered(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps"), .directory = {.present = true, .recurse = true}};

    mkfiles(f, "elsewhere/a.yaml", APP("a"), "apps/b.yaml", APP("b"), NULL);
    mklink(f, "apps/link", "../elsewhere");
    mklink(f, "apps/dir.yaml", "../elsewhere");
    mklink(f, "app-link", "apps");
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/b");
    assert_string_equal(rendered_path(f, "app-link"), "COMPLETE"); /* the app path included */
    mkfile(f, "top/sub/c.yaml", APP("c"));
    mklink(f, "top-link", "top");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "top-link/sub"), "COMPLETE | Application argocd/c");
}

static void a_symlink_to_a_file_is_matched_by_its_own_path(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps"),
                       .directory = {.present = true, .exclude = STR("real.yaml")}};

    mkfiles(f, "apps/real.yaml", APP("a"), "data/app.txt", APP("b"), "data/x.json",
            "{kind: A, metadata: {name: x}}", NULL);
    mklink(f, "apps/link.yaml", "real.yaml");
    mklink(f, "apps/text.yaml", "../data/app.txt");
    mklink(f, "apps/json.yaml", "../data/x.json"); /* read by its own name too: as YAML */
    mklink(f, "apps/name.txt", "real.yaml");
    mklink(f, "apps/missing.yaml", "nowhere.yaml");
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | A default/x | Application argocd/a | "
                                         "Application argocd/b");
    assert_string_equal(listed(f), "apps/real.yaml:4 Application argocd/a|"
                                   "data/app.txt:4 Application argocd/b");
}

static void a_symlink_loop_fails(void **state)
{
    struct fixture *f = *state;

    mklink(f, "apps/a.yaml", "b.yaml");
    mklink(f, "apps/b.yaml", "a.yaml");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"),
                        "FAILS apps/a.yaml is a symlink that cannot be followed");
}

static void exclude_comes_first_then_include(void **state)
{
    struct fixture *f = *state;
    struct source s = {
        .path = STR("apps"),
        .directory = {.present = true, .include = STR("*.yaml"), .exclude = STR("b*")}};

    mkfiles(f, "apps/a.yaml", APP("a"), "apps/b.yaml", APP("b"), "apps/c.yml", APP("c"), NULL);
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/a");
    s.directory.include = STR_NONE;
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/a | Application argocd/c");
    s.directory.exclude = STR("["); /* does not compile: a no-op */
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/a | Application argocd/b | "
                                         "Application argocd/c");
    s.directory.exclude = STR_NONE;
    s.directory.include = STR("["); /* excludes everything */
    assert_string_equal(rendered(f, &s), "COMPLETE");
}

static void a_pattern_we_cannot_match_makes_its_files_uncertain(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps"),
                       .directory = {.present = true, .exclude = STR("a.yaml{}")}};

    /* gobwas/glob panics on a.yaml */
    mkfiles(f, "apps/a.yaml", APP("a"), "apps/b.yaml", APP("b"), NULL);
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "PARTIAL whether the pattern a.yaml{} matches apps/a.yaml"
                                         " | Application argocd/b | no more external-secrets");
}

static void a_marked_file_is_skipped_from_3_1_on(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps")};

    mkfiles(f, "apps/a.yaml", APP("a"), "apps/b.yaml", "# +argocd:skip-file-rendering\n" APP("b"),
            "apps/c.yaml", "# +argocd:skip-file-rendering: nothing here\n", NULL);
    fixture_load(f);
    assert_string_equal(rendered_with(f, &s, TRI_YES), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_with(f, &s, TRI_NO),
                        "COMPLETE | Application argocd/a | Application argocd/b");
    assert_string_equal(rendered_with(f, &s, TRI_NOT_KNOWN),
                        "PARTIAL whether this Argo CD skips apps/b.yaml, which is marked "
                        "+argocd:skip-file-rendering (3.1 and later do)"
                        " | Application argocd/a | no more external-secrets");
}

static void a_marked_broken_file_makes_everything_uncertain(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps")};

    mkfiles(f, "apps/a.yaml", APP("a"), "apps/b.yaml",
            "# +argocd:skip-file-rendering\n" APP("{{ x }}"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_with(f, &s, TRI_YES), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_with(f, &s, TRI_NOT_KNOWN),
                        "PARTIAL whether this Argo CD skips apps/b.yaml, which is marked "
                        "+argocd:skip-file-rendering (3.1 and later do)");
}

static void the_sum_of_candidate_sizes_over_10M_fails(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("apps"),
                       .directory = {.present = true, .exclude = STR("big2.yaml")}};
    size_t n = 5000001;
    AUTO(freep) char *text = xmalloc(n);

    memset(text, ' ', n);
    text[0] = '#';
    mkbytes(f, "apps/big1.yaml", text, n);
    mkbytes(f, "apps/big2.yaml", text, n);
    mkfile(f, "apps/a.yaml", APP("a"));
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_path(f, "apps"),
                        "FAILS the manifests in apps are larger than 10M together, Argo CD's "
                        "default limit");
    s.directory.exclude = STR("big2.yaml{}"); /* gobwas/glob panics on it */
    assert_string_equal(rendered(f, &s),
                        "PARTIAL whether the pattern big2.yaml{} matches apps/big2.yaml");
}

static void jsonnet_leaves_the_other_objects_certain(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "apps/a.yaml", APP("a"), "apps/x.jsonnet", "[]", NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"),
                        "PARTIAL apps/x.jsonnet is jsonnet, which is not evaluated"
                        " | Application argocd/a");
}

static void one_broken_file_fails_the_whole_app(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "apps/a.yaml", APP("a"), "apps/b.yaml", APP("{{ x }}"), NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"),
                        "FAILS apps/b.yaml is malformed YAML (line 4, column 10), which stops "
                        "Argo CD from generating anything");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(directory_file_cases, fixture_setup, fixture_teardown),
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(utf16_byte_order_marks_are_handled),
        CASE(walks_in_lexical_order),
        CASE(subdirectories_only_with_recurse),
        CASE(a_costly_pattern_ends),
        CASE(more_objects_than_anybody_has_are_not_known),
        CASE(symlinked_directories_are_never_entered),
        CASE(a_symlink_to_a_file_is_matched_by_its_own_path),
        CASE(a_symlink_loop_fails),
        CASE(exclude_comes_first_then_include),
        CASE(a_pattern_we_cannot_match_makes_its_files_uncertain),
        CASE(a_marked_file_is_skipped_from_3_1_on),
        CASE(a_marked_broken_file_makes_everything_uncertain),
        CASE(the_sum_of_candidate_sizes_over_10M_fails),
        CASE(jsonnet_leaves_the_other_objects_certain),
        CASE(one_broken_file_fails_the_whole_app),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
