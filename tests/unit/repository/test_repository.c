/* What a repository holds: manifests, notes, names, changes. */
#include "base/mem.h"
#include "fixture.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void every_manifest_says_where_its_name_stands(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "b.yaml", "# two\n" APP("one") "---\n# next\n\n" APP("two"), "a/list.yaml",
            "kind: List\nitems:\n- kind: A\n  metadata:\n    labels: {}\n    name: x\n- kind: B\n"
            "  metadata: {name: w}\n",
            "c.json",
            "{\n \"apiVersion\": \"argoproj.io/v1alpha1\",\n \"kind\": \"Application\",\n"
            " \"metadata\": {\n  \"name\": \"c\"}}\n",
            "d.json", "\n{\"kind\": \"A\", \n\"metadata\": {\"name\": \"d\"}}", "e.yml",
            "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\",\n\"metadata\":\n{"
            "\"name\":\"e\"}}\n{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\","
            "\n\"metadata\":{\"name\":\"g\"}}\n",
            "notes.txt", APP("not"), NULL);
    fixture_load(f);
    assert_string_equal(listed(f), "a/list.yaml:6 A /x|a/list.yaml:8 B /w|"
                                   "b.yaml:5 Application argocd/one|"
                                   "b.yaml:13 Application argocd/two|"
                                   "c.json:5 Application /c|d.json:2 A /d|"
                                   "e.yml:3 Application /e|e.yml:5 Application /g");
    assert_string_equal(noted(f), "");
}

static void nothing_of_a_Secrets_values_is_kept(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *text = NULL;

    mkfile(f, "s.yaml",
           "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  labels: {a: label}\n"
           "  annotations:\n    argocd.argoproj.io/sync-options: Prune=false\n"
           "    kubectl.kubernetes.io/last-applied-configuration: '{\"data\":\"hunter2\"}'\n"
           "data: {a: hunter2}\nstringData: {b: hunter2}\n");
    fixture_load(f);
    text = json_dumps(repository_manifest(f->repository, 0)->object, JSON_SORT_KEYS);
    assert_string_equal(text, "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": "
                              "{\"annotations\": {\"argocd.argoproj.io/sync-options\": "
                              "\"Prune=false\"}, \"labels\": {\"a\": \"label\"}, \"name\": "
                              "\"s\"}}");
}

static void what_rules_judge_is_kept_whole(void **state)
{
    struct fixture *f = *state;

    mkfile(f, "a.yaml",
           APP("a") "spec: {x: 1}\n---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
                    "metadata: {name: e}\nspec: {x: 1}\n---\napiVersion: v1\nkind: ConfigMap\n"
                    "metadata: {name: argocd-cm}\ndata: {x: a}\n---\napiVersion: v1\n"
                    "kind: ConfigMap\nmetadata: {name: other}\ndata: {x: a}\n");
    fixture_load(f);
    assert_int_equal(repository_n_manifests(f->repository), 4);
    assert_non_null(json_object_get(repository_manifest(f->repository, 0)->object, "spec"));
    assert_non_null(json_object_get(repository_manifest(f->repository, 1)->object, "spec"));
    assert_non_null(json_object_get(repository_manifest(f->repository, 2)->object, "data"));
    assert_null(json_object_get(repository_manifest(f->repository, 3)->object, "data"));
}

static void what_cannot_be_read_is_a_note(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, "bad.yaml", APP("{{ x }}"), "half.yaml", APP("a") "---\nx: z\n", "bad.json",
            "{\"apiVersion\": \"v1\", \"kind\": ", "package.json", "{\"name\": \"x\"}",
            "chart/Chart.yaml", "name: x\n", "chart/templates/a/x.yaml", APP("{{ x }}"),
            "values.yaml", "a: {{ x }}\n", NULL);
    fixture_load(f);
    assert_string_equal(noted(f), "bad.json:0 bad.json is malformed JSON|"
                                  "bad.yaml:0 bad.yaml is malformed YAML (line 4, column 10)|"
                                  "half.yaml:7 half.yaml:7 starts a document without kind");
}

static void an_url_or_an_alias_names_the_repository(void **state)
{
    struct fixture *f = *state;
    const struct str aliases[] = {STR("git@git.example.com:platform/deploy.git")};
    struct repository_spec spec = {.url = STR("https://git.example.com/platform/deploy.git/"),
                                   .aliases = aliases,
                                   .n_aliases = 1,
                                   .path = f->directory};
    AUTO(repository_freep) struct repository *r = NULL;
    struct err err = {0};

    assert_true(repository_load(&spec, 77, &r, &err));
    assert_true(repository_matches(r, STR("git@git.example.com:platform/deploy")));
    assert_false(repository_matches(r, STR("https://git.example.com/platform/other")));
    assert_false(repository_matches(r, STR("")));
    assert_string_equal(repository_label(r), "deploy");
    assert_string_equal(repository_revision(r), "work tree");
    assert_string_equal(repository_path(r), f->directory);
    assert_int_equal(repository_loaded_at(r), 77);
    repository_free(steal(&r));
    spec.url = STR("");
    assert_true(repository_load(&spec, 77, &r, &err));
    assert_string_equal(repository_label(r), f->directory + strlen("/tmp/"));
    repository_free(steal(&r));
    spec.url = STR("https://bot:ghp_SECRET@git.example.com");
    assert_true(repository_load(&spec, 77, &r, &err));
    assert_string_equal(repository_label(r), "git.example.com");
    repository_free(steal(&r));
    spec.url = STR("https://bot:SEC?RET@git.example.com/org/x.git?private_token=SECRET");
    assert_true(repository_load(&spec, 77, &r, &err));
    assert_string_equal(repository_label(r), "x");
    repository_free(steal(&r));
    spec.url = STR("git@example.com:deploy.git");
    assert_true(repository_load(&spec, 77, &r, &err));
    assert_string_equal(repository_label(r), "deploy");
}

static void changes_are_seen(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *path = fixture_path(f, "a/x.yaml");
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1, .tv_nsec = 5}};

    mkfiles(f, "a/x.yaml", APP("x"), ".git/HEAD", "ref: x\n", NULL);
    fixture_load(f);
    assert_false(repository_changed(f->repository));
    mkfile(f, ".git/index", "x");
    assert_false(repository_changed(f->repository)); /* Git's own business */
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_true(repository_changed(f->repository));
    fixture_load(f);
    mkfile(f, "a/y.yaml", "");
    assert_true(repository_changed(f->repository));
    fixture_load(f);
    mklink(f, "a/z", "x.yaml");
    assert_true(repository_changed(f->repository));
}

static void a_directory_that_is_gone_has_changed(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *moved = xasprintf("%s-moved", f->directory);
    bool changed;

    fixture_load(f);
    assert_int_equal(rename(f->directory, moved), 0);
    changed = repository_changed(f->repository);
    assert_int_equal(rename(moved, f->directory), 0);
    assert_true(changed);
    assert_false(repository_changed(f->repository));
}

static void a_missing_directory_is_an_error(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *path = fixture_path(f, "gone");
    AUTO(freep) char *file = fixture_path(f, "file");
    struct repository_spec spec = {.path = path};
    struct repository *r = NULL;
    struct err err = {0};

    assert_false(repository_load(&spec, 0, &r, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_string_equal(err.why, "No such file or directory");
    mkfile(f, "file", "");
    spec.path = file;
    err_clear(&err);
    assert_false(repository_load(&spec, 0, &r, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.why, "Not a directory");
}

/* What `git init` writes at least. */
static void make_git(const struct fixture *f, const char *at, const char *config)
{
    AUTO(freep) char *head = xasprintf("%s/HEAD", at);
    AUTO(freep) char *file = xasprintf("%s/config", at);
    AUTO(freep) char *objects = xasprintf("%s/objects", at);
    AUTO(freep) char *refs = xasprintf("%s/refs", at);

    mkfile(f, head, "ref: refs/heads/main\n");
    mkfile(f, file, config);
    mkdirs(f, objects);
    mkdirs(f, refs);
}

static void a_work_tree_names_its_origin(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *work = fixture_path(f, "work");
    AUTO(freep) char *alone = fixture_path(f, "alone");
    AUTO(freep) char *below = fixture_path(f, "work/below");
    AUTO(freep) char *origin = NULL;
    AUTO(freep) char *none = NULL;

    make_git(f, "work/.git",
             "[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"origin\"]\n"
             "\turl = https://git.example.com/x.git\n");
    make_git(f, "alone/.git", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
    mkdirs(f, "work/below");
    assert_true(repository_git_origin(work, &origin));
    assert_string_equal(origin, "https://git.example.com/x.git");
    assert_true(repository_git_origin(alone, &none));
    assert_string_equal(none, "");
    assert_false(repository_git_origin(below, &none));
    assert_false(repository_git_origin(f->directory, &none));
}

static void a_bare_repository_is_read_at_its_HEAD(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *path = fixture_path(f, "bare.git");
    AUTO(freep) char *what = xasprintf("revision HEAD of %s was not found", path);
    struct repository_spec spec = {.path = path};
    struct repository *r = NULL;
    struct err err = {0};

    make_git(f, "bare.git", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
    assert_false(repository_load(&spec, 0, &r, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.what, what);
    assert_string_equal(err.why, "nothing has been committed there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(every_manifest_says_where_its_name_stands),
        CASE(nothing_of_a_Secrets_values_is_kept),
        CASE(what_rules_judge_is_kept_whole),
        CASE(what_cannot_be_read_is_a_note),
        CASE(an_url_or_an_alias_names_the_repository),
        CASE(changes_are_seen),
        CASE(a_directory_that_is_gone_has_changed),
        CASE(a_missing_directory_is_an_error),
        CASE(a_work_tree_names_its_origin),
        CASE(a_bare_repository_is_read_at_its_HEAD),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
