/* Indices that share with former ones, and files that are parsed when somebody asks: cheaper, and
 * otherwise the same. */
#include "base/mem.h"
#include "fixture.h"
#include "repository/index.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct rendering *render(const struct repository *r, const struct source *source,
                                bool may_skip)
{
    struct render_request q = {.source = source,
                               .app_name = STR("root"),
                               .destination_namespace = STR("default"),
                               .skips_marked_files = TRI_NOT_KNOWN,
                               .may_skip = may_skip};

    return repository_render(r, &q);
}

static char *text_of(const struct repository *r, const struct source *source)
{
    AUTO(rendering_freep) struct rendering *rendering = render(r, source, false);

    return xstrdup(rendering_text(rendering));
}

#define DEPLOYMENT(name) "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " name "\n"
#define BROKEN "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: [\n"

static void only_what_changed_is_read(void **state)
{
    struct fixture *f = *state;
    struct repository *first;
    struct repository *second;
    struct repository_cost cost;
    struct source source = {.path = STR("a")};
    AUTO(freep) char *text = NULL;

    mkfiles(f, "a/one.yaml", APP("one"), "a/two.yaml", APP("two"), "b/c/three.yaml", APP("three"),
            "b/c/picture.png", "\x89PNG", "k/kustomization.yaml", "resources: [list]\n", "k/list",
            APP("four"), NULL);
    let_the_clock_move();
    first = fixture_index(f, false, NULL);
    cost = repository_cost(first);
    assert_int_equal(cost.n_files, 6);
    assert_int_equal(cost.n_read, 5); /* nobody asks for the picture */
    assert_int_equal(cost.n_shared, 0);
    assert_int_equal(repository_n_manifests(first), 4);
    mkfile(f, "a/two.yaml", APP("second"));
    second = fixture_index(f, false, first);
    repository_free(first);
    cost = repository_cost(second);
    assert_int_equal(cost.n_read, 1);
    assert_int_equal(cost.n_parsed, 1);
    assert_int_equal(cost.n_shared, 4);
    assert_int_equal(repository_n_manifests(second), 4);
    text = text_of(second, &source);
    assert_string_equal(text, "COMPLETE | Application argocd/one | Application argocd/second");
    repository_free(second);
}

static void the_same_text_keeps_its_names(void **state)
{
    struct fixture *f = *state;
    struct repository *r;
    struct source a = {.path = STR("a")};
    struct source b = {.path = STR("b")};
    AUTO(freep) char *of_a = NULL;
    AUTO(freep) char *of_b = NULL;

    mkfiles(f, "a/x.yaml", APP("x") BROKEN, "b/y.yaml", APP("x") BROKEN, NULL);
    r = fixture_index(f, false, NULL);
    of_a = text_of(r, &a);
    of_b = text_of(r, &b);
    assert_non_null(strstr(of_a, "a/x.yaml"));
    assert_non_null(strstr(of_b, "b/y.yaml"));
    repository_free(r);
}

static void what_was_left_unparsed_may_fail(void **state)
{
    struct fixture *f = *state;
    struct repository *all;
    struct repository *some;
    struct source source = {.path = STR("a")};
    struct rendering *quick;
    AUTO(freep) char *whole = NULL;

    mkfiles(f, "a/app.yaml", APP("x"), "a/broken.yaml", BROKEN, "a/good.yaml", DEPLOYMENT("d"),
            NULL);
    all = fixture_index(f, true, NULL);
    some = fixture_index(f, false, NULL);
    assert_int_equal(repository_cost(all).n_skipped, 0);
    assert_int_equal(repository_cost(some).n_skipped, 2);
    assert_int_equal(repository_cost(some).n_parsed, 1);
    quick = render(some, &source, true);
    assert_string_equal(rendering_text(quick), "COMPLETE | Application argocd/x");
    whole = text_of(all, &source);
    assert_string_equal(rendering_text(rendering_whole(quick)), whole);
    assert_ptr_equal(rendering_whole(quick), rendering_whole(quick));
    assert_non_null(strstr(whole, "FAILS a/broken.yaml is malformed YAML"));
    rendering_free(quick);
    repository_free(all);
    repository_free(some);
}

static void what_changed_since_is_not_known(void **state)
{
    struct fixture *f = *state;
    struct repository *r;
    struct source source = {.path = STR("a")};
    struct rendering *quick;

    mkfiles(f, "a/app.yaml", APP("x"), "a/d.yaml", DEPLOYMENT("d"), NULL);
    let_the_clock_move();
    r = fixture_index(f, false, NULL);
    let_the_clock_move();
    mkfile(f, "a/d.yaml", DEPLOYMENT("e"));
    quick = render(r, &source, true);
    assert_string_equal(rendering_text(quick), "COMPLETE | Application argocd/x");
    assert_string_equal(rendering_text(rendering_whole(quick)),
                        strcmp(repository_revision(r), "work tree") == 0
                            ? "PARTIAL a/d.yaml cannot be read (it changed while it was read)"
                            : "COMPLETE | Application argocd/x | Deployment default/d");
    rendering_free(quick);
    repository_free(r);
}

/* A mount that is away for a moment, or no descriptor left. */
static void what_is_lost_for_a_moment_is_read_by_the_next_load(void **state)
{
    struct fixture *f = *state;
    struct repository *r;
    struct repository *next;
    struct source source = {.path = STR("a")};
    struct rendering *quick;
    int kept;

    mkfiles(f, "a/app.yaml", APP("x"), "a/d.yaml", DEPLOYMENT("d"), NULL);
    let_the_clock_move();
    r = fixture_index(f, false, NULL);
    if (r->root_fd < 0) { /* a commit's files are held open */
        repository_free(r);
        return;
    }
    assert_true(repository_is_whole(r));
    assert_false(repository_changed(r));
    kept = r->root_fd;
    r->root_fd = -1;
    quick = render(r, &source, true);
    assert_string_equal(rendering_text(rendering_whole(quick)),
                        "PARTIAL a/d.yaml cannot be read (Bad file descriptor)");
    r->root_fd = kept;
    assert_false(repository_is_whole(r));
    assert_true(repository_changed(r));
    next = fixture_index(f, false, r);
    rendering_free(quick);
    repository_free(r);
    assert_true(repository_is_whole(next));
    assert_false(repository_changed(next));
    quick = render(next, &source, true);
    assert_string_equal(rendering_text(rendering_whole(quick)),
                        "COMPLETE | Application argocd/x | Deployment default/d");
    rendering_free(quick);
    repository_free(next);
}

/* ------------------------------------------------------------------- any repository */

static unsigned seed;

static unsigned below(unsigned n)
{
    seed = seed * 1103515245U + 12345U;
    return (seed >> 16) % n;
}

static const char *const texts[] = {
    APP("one"),
    APP("two"),
    APP_NS("other", "one"),
    CONFIG_MAP("argocd-cm"),
    CONFIG_MAP("plain"),
    DEPLOYMENT("web"),
    DEPLOYMENT("web") "---\n" APP("three"),
    BROKEN,
    APP("one") "---\n" BROKEN,
    "kind: Secret\napiVersion: v1\nmetadata: {name: argocd-secret, namespace: argocd}\n",
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\n",
    "apiVersion: \"argopro\\x6a.io/v1alpha1\"\nkind: Application\nmetadata: {name: hidden}\n",
    "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: apps/v1, kind: Deployment, metadata: "
    "{name: item}}\n",
    "# +argocd:skip-file-rendering\n" DEPLOYMENT("marked"),
    "# +argocd:skip-file-rendering\n" BROKEN,
    "replicas: 3\n",
    "",
    "resources: [a.yaml, b.yaml]\n",
    "resources: [a.yaml, list, sub]\nnamePrefix: p-\n",
    "resources: [c.json]\npatches: [{path: b.yaml}]\n",
    "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"json\"}}",
    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"json\"}",
    "name: {{ .Values.name }}\n",
    "kind: Deployment\nmetadata:\n  name: {{ .Values.name }}\n",
    "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
};

static const char *const names[] = {"a.yaml", "b.yaml",     "c.json",      "d.yml",    "list",
                                    "e.txt",  "Chart.yaml", "values.yaml", "x.jsonnet"};
static const char *const folders[] = {"", "p/", "p/sub/", "q/", "q/templates/", "q/charts/r/"};

static void write_one(const struct fixture *f)
{
    AUTO(freep)
    char *path = xasprintf("%s%s", folders[below(ARRAY_LEN(folders))],
                           below(8) == 0 ? "kustomization.yaml" : names[below(ARRAY_LEN(names))]);
    AUTO(freep) char *whole = fixture_path(f, path);

    (void)unlink(whole);
    if (below(8) == 0)
        mklink(f, path, below(2) ? "a.yaml" : "../p/e.txt");
    else
        mkfile(f, path, texts[below(ARRAY_LEN(texts))]);
}

static bool is_asked_for(const struct identity *id)
{
    return str_is(id->group, GROUP_ARGOPROJ) || str_is(id->group, GROUP_EXTERNAL_SECRETS) ||
           str_is(id->kind, "Secret") || str_is(id->name, "argocd-cm");
}

static void assert_same_rendering(const struct repository *all, const struct repository *some,
                                  const struct source *source)
{
    AUTO(freep) char *wanted = text_of(all, source);
    AUTO(rendering_freep) struct rendering *quick = render(some, source, true);
    AUTO(rendering_freep) struct rendering *kept = render(some, source, true);
    AUTO(rendering_freep) struct rendering *again = render(all, source, false);
    AUTO(freep) char *got = xstrdup(rendering_text(rendering_whole(quick)));
    AUTO(freep) char *at_once = text_of(some, source);

    if (strcmp(wanted, got) != 0)
        fail_msg("seed %u, %.*s: %s instead of %s", seed, STR_ARG(source->path), got, wanted);
    assert_string_equal(at_once, wanted);
    /* whatever is asked for is found in the quick one, too */
    rendering_keep(kept, is_asked_for);
    rendering_keep(again, is_asked_for);
    if (again->state == RENDER_COMPLETE) {
        AUTO(freep) char *known = xstrdup(rendering_text(again));

        assert_string_equal(rendering_text(kept), known);
        assert_string_equal(rendering_text(rendering_whole(kept)), known);
    }
}

static void assert_same(const struct repository *all, const struct repository *some)
{
    static const char *const paths[] = {".", "p", "p/sub", "q", "q/charts/r", "q/templates"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct source plain = {.path = str_from(paths[i])};
        struct source recursive = plain;
        struct source included = plain;

        recursive.directory.present = recursive.directory.recurse = true;
        included.directory.present = true;
        included.directory.include = STR("[bc].*");
        assert_same_rendering(all, some, &plain);
        assert_same_rendering(all, some, &recursive);
        assert_same_rendering(all, some, &included);
    }
}

/* As the repository changes under it, each index shares with the one before. */
static void however_it_was_read_it_renders_the_same(void **state)
{
    struct fixture *f = *state;

    for (unsigned round = 0; round < 6; round++) {
        struct repository *former = NULL;
        struct repository *all = NULL;

        fixture_renew(f);
        for (unsigned i = 0; i < 25; i++)
            write_one(f);
        for (unsigned step = 0; step < 4; step++) {
            struct repository *fresh = fixture_index(f, true, NULL);
            struct repository *shared = fixture_index(f, true, all);
            struct repository *some = fixture_index(f, false, former);

            assert_same(fresh, some);
            assert_same(fresh, shared);
            assert_int_equal(repository_n_manifests(fresh), repository_n_manifests(shared));
            assert_int_equal(repository_n_notes(fresh), repository_n_notes(shared));
            repository_free(former);
            repository_free(all);
            repository_free(fresh);
            former = some;
            all = shared;
            for (unsigned i = 0; i < 3; i++)
                write_one(f);
        }
        repository_free(former);
        repository_free(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        TEST(only_what_changed_is_read),
        TEST(the_same_text_keeps_its_names),
        TEST(what_was_left_unparsed_may_fail),
        TEST(what_changed_since_is_not_known),
        TEST(what_is_lost_for_a_moment_is_read_by_the_next_load),
        TEST(however_it_was_read_it_renders_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
