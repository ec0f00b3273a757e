/* test_sets.c: the Applications that ApplicationSets make, and why others are not known. */
#include "base/buf.h"
#include "base/mem.h"
#include "fixture.h"
#include <stdlib.h>
#include <string.h>

#define GIT "repoURL: 'https://h/r', revision: HEAD"

/* "a p; b q": name and source path of each, in order of name. */
static char *made_text(const struct facts *f)
{
    struct buf b;

    buf_init(&b, (size_t)1 << 20);
    for (size_t i = 0; i < facts_n_made(f); i++) {
        const struct application *app = facts_made(f, i)->app;

        assert_true(str_is(app->id.namespace, "argocd"));
        buf_printf(&b, "%s%.*s %.*s", i ? "; " : "", STR_ARG(app->id.name),
                   STR_ARG(app->sources[0].path));
    }
    return buf_take(&b);
}

static char *set_text(const char *go, const char *generators, const char *name, const char *path)
{
    return xasprintf(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n"
        "metadata: {namespace: argocd, name: s}\n"
        "spec: {%s generators: [%s], template: {metadata: {name: '%s'}, spec: {source: "
        "{repoURL: 'https://h/r', path: '%s'}, destination: {server: "
        "'https://kubernetes.default.svc', namespace: argocd}}}}\n",
        go, generators, name, path);
}

#define GO "goTemplate: true,"
#define STRICT "goTemplate: true, goTemplateOptions: ['missingkey=error'],"

static const struct {
    const char *what;
    const char *go;
    const char *generators;
    const char *name;
    const char *path;
    const char *made;
    const char *why; /* what the reason holds; NULL: all is known */
} rows[] = {
    {"a list", "", "{list: {elements: [{m: a, p: x}, {m: b, p: z}]}}", "{{m}}", "{{ p }}",
     "a x; b z", NULL},
    {"a list's values", "", "{list: {elements: [{values: {v: a}}]}}", "{{values.v}}", "x", "a x",
     NULL},
    {"a list with goTemplate", GO, "{list: {elements: [{a: {b: [q, w]}, c: 3, d: true}]}}",
     "{{index .a.b 1}}-{{.c}}", "{{.d}}", "w-3 true", NULL},
    {"an element that is no text fails all", "",
     "{list: {elements: [{p: x}]}}, {list: {elements: [{p: 1}]}}", "a", "{{p}}", "", "is no text"},
    {"what is no mapping fails all", "", "{list: {elements: [x]}}", "a", "p", "", "no mapping"},
    {"a name that no generator gives stays as it is", "", "{list: {elements: [{p: x}]}}", "a",
     "{{p}}/{{q}}", "a x/{{q}}", NULL},
    {"and makes no name", "", "{list: {elements: [{p: x}]}}", "a{{q}}", "{{p}}", "",
     "the name a{{q}}"},
    {"a missing key that must be there fails all", STRICT, "{list: {elements: [{p: x}]}}", "a",
     "{{.q}}", "", "missingkey=error"},
    {"and is not known where it need not", GO, "{list: {elements: [{p: x}]}}", "a", "{{.q}}", "",
     "{{.q}}"},
    {"a conditional is not known", GO, "{list: {elements: [{p: x}]}}", "a", "{{if .p}}x{{end}}", "",
     "{{if .p}}"},
    {"a template that does not end fails all", "", "{list: {elements: [{p: x}]}}", "a", "{{p}}{{",
     "", "without"},
    {"elementsYaml", "", "{list: {elements: [], elementsYaml: '[{p: x}, {p: z}]'}}", "n-{{p}}",
     "{{p}}", "n-x x; n-z z", NULL},
    {"elementsYaml that is no list", "", "{list: {elementsYaml: 'p: x'}}", "a", "p", "",
     "no list of mappings"},
    {"directories", "", "{git: {" GIT ", directories: [{path: apps/*}]}}", "{{path.basename}}",
     "{{path}}", "one apps/one; two apps/two", NULL},
    {"directories that an exclude takes out", "",
     "{git: {" GIT ", directories: [{path: apps/*}, {path: apps/two, exclude: true}]}}",
     "{{path.basename}}", "{{path}}", "one apps/one", NULL},
    {"a star stays within a name", "", "{git: {" GIT ", directories: [{path: '*'}]}}",
     "{{path.basename}}", "{{path}}", "apps apps; conf conf; up up", NULL},
    {"hidden directories are left out", "", "{git: {" GIT ", directories: [{path: '*/*'}]}}",
     "{{path[0]}}-{{path.basename}}", "{{path}}", "apps-one apps/one; apps-two apps/two",
     "the name up-X_y"},
    {"names are normalized", "", "{git: {" GIT ", directories: [{path: up/*}]}}",
     "{{path.basenameNormalized}}", "{{path}}", "x-y up/X_y", NULL},
    {"directories with goTemplate", GO, "{git: {" GIT ", directories: [{path: apps/*}]}}",
     "{{index .path.segments 1}}", "{{.path.path}}", "one apps/one; two apps/two", NULL},
    {"a prefix of the parameters", GO,
     "{git: {" GIT ", pathParamPrefix: my, directories: [{path: apps/*}]}}",
     "{{.my.path.basename}}", "{{.my.path.path}}", "one apps/one; two apps/two", NULL},
    {"values of directories", "",
     "{git: {" GIT ", values: {v: 'v-{{path.basename}}'}, directories: [{path: apps/*}]}}",
     "{{values.v}}", "{{path}}", "v-one apps/one; v-two apps/two", NULL},
    {"files", "", "{git: {" GIT ", files: [{path: conf/*.yaml}]}}", "{{name}}",
     "{{path}}/{{deep.er}}/{{list.0}}/{{m}}/{{path.filename}}", "f conf/g/h/7/one.yaml", NULL},
    {"files that hold a list, and JSON", GO, "{git: {" GIT ", files: [{path: 'conf/*.json'}]}}",
     "{{.name}}", "{{.path.path}}/{{.path.filename}}", "j conf/two.json; k conf/two.json", NULL},
    {"files that an exclude takes out", "",
     "{git: {" GIT ", files: [{path: 'conf/*'}, {path: conf/two.json, exclude: true}, "
     "{path: conf/broken.txt, exclude: true}]}}",
     "{{name}}", "x", "f x", NULL},
    {"a file that is no YAML fails all", "", "{git: {" GIT ", files: [{path: conf/broken.txt}]}}",
     "{{name}}", "x", "", "conf/broken.txt"},
    {"files below which the ways of globbing differ", "",
     "{git: {" GIT ", files: [{path: '*/*.yaml'}]}}", "{{name}}", "x", "", "*/*.yaml"},
    {"neither directories nor files", "", "{git: {" GIT "}}", "a", "x", "", "neither"},
    {"another repository", "",
     "{git: {repoURL: 'https://h/other', revision: HEAD, directories: [{path: '*'}]}}", "a", "x",
     "", "https://h/other is not among"},
    {"a matrix", "",
     "{matrix: {generators: [{git: {" GIT
     ", directories: [{path: apps/*}]}}, {list: {elements: [{e: "
     "dev}, {e: prod}]}}]}}",
     "{{path.basename}}-{{e}}", "{{path}}",
     "one-dev apps/one; one-prod apps/one; two-dev apps/two; two-prod apps/two", NULL},
    {"a matrix whose second generator uses the first", GO,
     "{matrix: {generators: [{list: {elements: [{d: apps}, {d: up}]}}, {git: {" GIT
     ", directories: [{path: '{{.d}}/*'}]}}]}}",
     "{{.d}}-{{.path.basenameNormalized}}", "{{.path.path}}",
     "apps-one apps/one; apps-two apps/two; up-x-y up/X_y", NULL},
    {"a matrix that contradicts itself", "",
     "{matrix: {generators: [{list: {elements: [{a: x}]}}, {list: {elements: [{a: z}]}}]}}", "a",
     "x", "", "the parameter a"},
    {"a matrix of three", "",
     "{matrix: {generators: [{list: {elements: []}}, {list: {elements: []}}, {list: {elements: "
     "[]}}]}}",
     "a", "x", "", "not two"},
    {"clusters in a matrix", "",
     "{matrix: {generators: [{git: {" GIT ", directories: [{path: apps/*}]}}, {clusters: {}}]}}",
     "a", "x", "", "clusters"},
    {"what is known beside what is not", "",
     "{clusters: {}}, {list: {elements: [{m: a}]}}, {scmProvider: {}}", "{{m}}", "x", "a x",
     "clusters"},
    {"a merge", "",
     "{merge: {mergeKeys: [k], generators: [{list: {elements: [{k: a, p: x}, {k: b, p: z}]}}, "
     "{list: "
     "{elements: [{k: b, p: other}]}}]}}",
     "{{k}}", "{{p}}", "a x; b other", NULL},
    {"a merge whose keys are not unique", "",
     "{merge: {mergeKeys: [k], generators: [{list: {elements: [{k: a}, {k: a}]}}, {list: "
     "{elements: "
     "[]}}]}}",
     "{{k}}", "x", "", "same key"},
    {"a selector", "", "{list: {elements: [{m: a}]}, selector: {matchLabels: {m: a}}}", "{{m}}",
     "x", "", "selector"},
    {"a generator's own template", "",
     "{list: {elements: [{m: a}], template: {metadata: {name: x}, spec: {}}}}", "{{m}}", "x", "",
     "template of its own"},
    {"an empty one", "", "{list: {elements: [{m: a}], template: {metadata: {}, spec: {}}}}",
     "{{m}}", "x", "a x", NULL},
    {"two of one name", "", "{list: {elements: [{m: a}, {m: b}, {m: a}]}}", "{{m}}", "x", "b x",
     "called a"},
    {"a patch", "templatePatch: 'x',", "{list: {elements: [{m: a}]}}", "{{m}}", "x", "",
     "templatePatch"},
    {"three levels", "",
     "{matrix: {generators: [{matrix: {generators: [{matrix: {generators: []}}, {list: {}}]}}, "
     "{list: "
     "{}}]}}",
     "a", "x", "", "matrix"},
    {"nothing", "", "", "a", "x", "", NULL},
    {"a generator that is nothing", "", "{}, null, 3", "a", "x", "", NULL},
};

static void write_files(struct world *w)
{
    world_write(w, "repo/apps/one/cm.yaml", "");
    world_write(w, "repo/apps/two/cm.yaml", "");
    world_write(w, "repo/up/X_y/cm.yaml", "");
    world_write(w, "repo/.hidden/x/cm.yaml", "");
    world_write(w, "repo/up/.hidden/cm.yaml", "");
    world_write(w, "repo/conf/one.yaml", "name: f\ndeep: {er: g}\nlist: [h]\nm: 7\n");
    world_write(w, "repo/conf/two.json", "[{\"name\": \"j\"}, {\"name\": \"k\"}]");
    world_write(w, "repo/conf/broken.txt", "a: b: c");
}

static void what_each_generator_makes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep)
        char *set = set_text(rows[i].go, rows[i].generators, rows[i].name, rows[i].path);
        AUTO(freep) char *made = NULL;
        struct world w;
        struct facts *f;
        const char *why;

        world_init(&w, CONFIG_REPOSITORY);
        write_files(&w);
        world_write(&w, "repo/set.yaml", set);
        f = world_check(&w);
        assert_int_equal(facts_n_sets(f), 1);
        made = made_text(f);
        why = facts_set(f, 0)->why;
        if (strcmp(made, rows[i].made) != 0)
            fail_msg("%s: wanted %s, got %s (%s)", rows[i].what, rows[i].made, made,
                     why ? why : "all");
        if (rows[i].why ? !why || !strstr(why, rows[i].why) : why != NULL)
            fail_msg("%s: wanted %s, got %s", rows[i].what, rows[i].why ? rows[i].why : "all",
                     why ? why : "all");
        facts_unref(f);
        world_clear(&w);
    }
}

/* One that is applied by nobody is a file to the webhook. */
static void a_set_that_nobody_renders_is_known_to_check_alone(void **state)
{
    AUTO(freep) char *set = set_text("", "{list: {elements: [{m: a}]}}", "{{m}}", "x");
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG_REPOSITORY);
    world_write(&w, "repo/sets/set.yaml", set);
    f = world_load(&w, NULL, 1);
    assert_int_equal(facts_n_sets(f), 0);
    facts_unref(f);
    f = world_check(&w);
    assert_int_equal(facts_n_sets(f), 1);
    assert_int_equal(facts_n_applications(f), 1);
    assert_non_null(facts_application(f, 0)->set);
    assert_false(known_is_live(facts_application(f, 0)));
    facts_unref(f);
    world_write(&w, "repo/root.yaml", DEFINITION("root", "sets"));
    f = world_load(&w, NULL, 1);
    assert_int_equal(facts_n_sets(f), 1);
    assert_int_equal(facts_n_applications(f), 2);
    facts_unref(f);
    world_clear(&w);
}

static char *elements(size_t n, const char *text)
{
    struct buf b;

    buf_init(&b, (size_t)8 << 20);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s{m: a%zu, t: %s}", i ? ", " : "", i, text);
    return buf_take(&b);
}

static const char *why_of(const struct world *w, const char *set, size_t *n_made)
{
    static char why[300];
    struct facts *f;

    world_write(w, "repo/set.yaml", set);
    f = world_check(w);
    *n_made = facts_n_made(f);
    (void)snprintf(why, sizeof why, "%s",
                   facts_n_sets(f) && facts_set(f, 0)->why ? facts_set(f, 0)->why : "all");
    facts_unref(f);
    return why;
}

/* A few bytes that would make millions of Applications, or one that fills the memory. */
static void what_grows_without_end_is_cut_off(void **state)
{
    AUTO(freep) char *many = elements(300, "x");
    AUTO(freep)
    char *square =
        xasprintf("{matrix: {generators: [{list: {elements: [%s]}}, {list: {elements: [%s, "
                  "{m: b, t: z}]}}]}}",
                  many, many);
    AUTO(freep) char *product = set_text(GO, square, "{{.m}}", "x");
    AUTO(freep) char *long_text = xmalloc(60001);
    AUTO(freep) char *large = NULL;
    AUTO(freep) char *bomb = NULL;
    AUTO(freep) char *tags = NULL;
    AUTO(freep) char *filled = NULL;
    struct buf t;
    struct world w;
    size_t n;

    (void)state;
    memset(long_text, 'x', 60000);
    long_text[60000] = '\0';
    large = elements(40, long_text);
    bomb = xasprintf("{list: {elements: [%s]}}", large);
    buf_init(&t, (size_t)1 << 20);
    for (unsigned i = 0; i < 200; i++)
        buf_adds(&t, "{{t}}");
    tags = buf_take(&t);
    filled = set_text("", bomb, "{{m}}", tags);
    world_init(&w, CONFIG_REPOSITORY);
    assert_non_null(strstr(why_of(&w, product, &n), "more than 10000 Applications"));
    assert_true(n <= 10000);
    assert_non_null(strstr(why_of(&w, filled, &n), "64 MiB"));
    assert_true(n < 40);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_each_generator_makes),
        cmocka_unit_test(a_set_that_nobody_renders_is_known_to_check_alone),
        cmocka_unit_test(what_grows_without_end_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
