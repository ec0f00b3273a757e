/* Trees as somebody hostile would make them. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "fixture.h"
#include "repository/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct link_case {
    const char *path;
    const char *target;
    bool out_of_bounds;
};

/* Argo CD looks at the letters of the text, component by component. */
static void an_out_of_bounds_symlink_anywhere_fails_everything(void **state)
{
    static const struct link_case cases[] = {
        {"other/l", "/etc/passwd", true},
        {"other/l", "../../x", true},
        {"l", "..", true},
        {"other/l", "..", false},
        {"other/l", "../x/../../y", true},
        {"other/l", "gone/../x", false},
        {"a/b/c/l", "../../../../etc", true},
        {"a/b/c/l", "../../..", false},
        {"other/l", "./.././apps", false},
        {"other/l", "..//apps//", false},
        {".hidden/l", "../../x", true},
        {"other/l", "../../syncguard/x", true},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep)
        char *expected =
            cases[i].out_of_bounds
                ? xasprintf("FAILS %s is a symlink that leads out of the repository, which Argo "
                            "CD refuses",
                            cases[i].path)
                : xstrdup("COMPLETE | Application argocd/a");

        fixture_renew(f);
        mkfile(f, "apps/a.yaml", APP("a"));
        mklink(f, cases[i].path, cases[i].target);
        fixture_load(f);
        if (strcmp(rendered_path(f, "apps"), expected) != 0)
            fail_msg("%s -> %s: %s", cases[i].path, cases[i].target, rendered_path(f, "apps"));
    }
}

static void a_link_into_git_is_not_read(void **state)
{
    struct fixture *f = *state;

    mkfiles(f, ".git/x.yaml", APP("git"), "sub/.git/y.yaml", APP("git"), "a.yaml", APP("a"), NULL);
    mklink(f, "b.yaml", ".git/x.yaml");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "."), "COMPLETE | Application argocd/a");
    assert_string_equal(listed(f), "a.yaml:4 Application argocd/a");
}

static void a_path_through_links_that_leave_fails(void **state)
{
    struct fixture *f = *state;

    mkfile(f, "a/b/x.yaml", APP("x"));
    mklink(f, "short", "a/b");
    mklink(f, "a/loop", "loop");
    /* stays inside by its letters (short/..), but short leads one level down: so a, not the root */
    mklink(f, "a/up", "../short/../b");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "a/up"), "COMPLETE");
    assert_string_equal(rendered_path(f, "a/loop"), "FAILS the path a/loop does not exist");
    assert_string_equal(rendered_path(f, "a/loop/x"), "FAILS the path a/loop/x does not exist");
}

/* The letters stay inside while the links lead out: a/l is the root's own directory once more. */
static void a_link_that_leaves_only_when_followed(void **state)
{
    struct fixture *f = *state;

    mkfile(f, "a/b/c/x.yaml", APP("x"));
    mklink(f, "a/b/c/root", "../../..");
    mklink(f, "a/b/out", "c/root/../etc"); /* by letters a/b/c/etc */
    mklink(f, "apps/y.yaml", "../a/b/out/passwd.yaml");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "a/b/out"),
                        "FAILS the path a/b/out leaves the repository through a symlink");
    assert_string_equal(rendered_path(f, "apps"),
                        "FAILS apps/y.yaml is a symlink that cannot be followed");
}

static void a_forest_of_links_to_links_ends(void **state)
{
    struct fixture *f = *state;
    char path[64];
    char target[64];

    /* each link goes through the one before it twice: 2^60 steps if nobody counts */
    mkfile(f, "d/x.yaml", APP("x"));
    mklink(f, "l0", "d");
    for (int i = 1; i < 60; i++) {
        (void)snprintf(path, sizeof path, "l%d", i);
        (void)snprintf(target, sizeof target, "l%d/../l%d", i - 1, i - 1);
        mklink(f, path, target);
    }
    fixture_load(f);
    assert_string_equal(rendered_path(f, "l3/../d"), "COMPLETE | Application argocd/x");
    assert_string_equal(rendered_path(f, "l59"), "FAILS the path l59 does not exist");
}

static void a_FIFO_a_socket_and_a_device_are_passed_over(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *fifo = fixture_path(f, "apps/fifo.yaml");
    AUTO(freep) char *kustomization = fixture_path(f, "k/kustomization.yaml");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    mkfile(f, "apps/a.yaml", APP("a"));
    mkfile(f, "k/a.yaml", APP("a"));
    assert_int_equal(mkfifo(fifo, 0644), 0);
    assert_int_equal(mkfifo(kustomization, 0644), 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/apps/s.yaml", f->directory);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    (void)close(fd);
    mklink(f, "apps/to-fifo.yaml", "fifo.yaml");
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"), "COMPLETE | Application argocd/a");
    assert_string_equal(rendered_path(f, "k"), "PARTIAL k/kustomization.yaml is no regular file");
}

static void two_hundred_directories_below_each_other(void **state)
{
    struct fixture *f = *state;
    char path[512] = "apps";

    mkfile(f, "apps/a.yaml", APP("a"));
    for (int i = 1; i < 64; i++)
        memcpy(path + strlen(path), "/d", sizeof "/d");
    mkdirs(f, path);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"), "COMPLETE | Application argocd/a");
    for (int i = 64; i < 200; i++)
        memcpy(path + strlen(path), "/d", sizeof "/d");
    mkdirs(f, path);
    fixture_load(f);
    path[4 + 2 * 64] = '\0';
    {
        AUTO(freep)
        char *expected =
            xasprintf("PARTIAL the repository was not read whole: %s lies deeper than 64 "
                      "directories",
                      path);

        assert_string_equal(rendered_path(f, "apps"), expected);
    }
}

static void twenty_thousand_files(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("."),
                       .directory = {.present = true, .recurse = true, .include = STR("*/7*")}};
    char path[64];

    for (int i = 0; i < 20000; i++) {
        (void)snprintf(path, sizeof path, "d%d/%d.yaml", i % 100, i);
        mkfile(f, path, "# nothing\n");
    }
    mkfile(f, "d5/7x.yaml", APP("a"));
    fixture_load(f);
    assert_string_equal(rendered(f, &s), "COMPLETE | Application argocd/a");
}

static void a_file_larger_than_what_is_read(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *path = fixture_path(f, "huge/a.json");
    AUTO(freep) char *tgz = fixture_path(f, "chart/x.bin");

    mkfiles(f, "huge/b.yaml", APP("b"), "chart/Chart.yaml",
            "apiVersion: v2\nname: x\nversion: 1.0.0\n", NULL);
    mkfile(f, "huge/a.json", "");
    mkfile(f, "chart/x.bin", "");
    assert_int_equal(truncate(path, (off_t)1 << 40), 0); /* a terabyte of holes */
    assert_int_equal(truncate(tgz, REPOSITORY_MAX_FILE_BYTES + 1), 0);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "huge"),
                        "FAILS the manifests in huge are larger than 10M together, Argo CD's "
                        "default limit");
    /* no template could take anything from it */
    assert_string_equal(
        rendered_path(f, "chart"),
        "PARTIAL Helm output is not rendered | no more argoproj | no more external-secrets");
    assert_string_equal(
        noted(f), "huge/a.json:0 huge/a.json is larger than what is read of one file (10 MiB)");
}

/* Root reads everything; as anybody else, a file without permission is not known. */
static void what_may_not_be_read_is_not_known(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *file = fixture_path(f, "apps/b.yaml");
    AUTO(freep) char *directory = fixture_path(f, "closed");

    mkfiles(f, "apps/a.yaml", APP("a"), "apps/b.yaml", APP("b"), "closed/c.yaml", APP("c"), NULL);
    assert_int_equal(chmod(f->directory, 0755), 0);
    assert_int_equal(chmod(file, 0), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"),
                        "PARTIAL apps/b.yaml cannot be read (Permission denied)");
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(directory, 0), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "apps"),
                        "PARTIAL the repository was not read whole: closed is a directory that "
                        "cannot be read");
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(directory, 0755), 0);
}

/* As a failing test would leave it: closed directories, and this process somebody else. */
static void nothing_is_left_behind(void **state)
{
    struct fixture *f = *state;
    AUTO(freep) char *closed = fixture_path(f, "a/closed");
    AUTO(freep) char *before = xstrdup(f->directory);

    mkfile(f, "a/closed/b/c.yaml", APP("c"));
    mklink(f, "a/closed/link", "/etc");
    assert_int_equal(chmod(closed, 0), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    fixture_renew(f);
    assert_int_equal(geteuid(), getuid());
    assert_int_equal(access(before, F_OK), -1);
    assert_int_equal(errno, ENOENT);
}

static void names_of_any_bytes(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("a\nb"), .directory = {.present = true, .recurse = true}};

    mkfiles(f, "a\nb/\xFF\xFE.yaml", APP("x"), "a\nb/\x1b[31m/y.yaml", APP("why"), "a!/z.yaml",
            APP("z"), "a/w.yaml", APP("w"), NULL);
    fixture_load(f);
    assert_string_equal(rendered(f, &s),
                        "COMPLETE | Application argocd/why | Application argocd/x");
    assert_string_equal(rendered_path(f, "a!"), "COMPLETE | Application argocd/z");
    assert_string_equal(rendered_path(f, "a"), "COMPLETE | Application argocd/w");
}

/* Deeper than we follow. */
#define BRACES_13 "{{{{{{{{{{{{{"
#define BRACES_65 BRACES_13 BRACES_13 BRACES_13 BRACES_13 BRACES_13

/* What a reason shows of a file's name is escaped; what a note shows, whoever prints it escapes. */
static void names_forge_no_line(void **state)
{
    struct fixture *f = *state;
    struct source s = {.path = STR("c"), .helm = NULL};
    AUTO(json_unrefp) json_t *helm = json_pack("{s:[s]}", "valueFiles", "x\ny");
    struct source chart = {.path = STR("chart"), .helm = helm};

    mkfiles(f, "a\nb/\x1b[31m/y.yaml", APP("{{ why }}"), "c/\xe2\x80\xae.yaml", APP("c"),
            "d/\x7f.jsonnet", "", "k/kustomization.yaml", "resources: [\"a\\nb.yaml\"]\n",
            "k/a\nb.yaml", "a: b\n", "chart/Chart.yaml",
            "apiVersion: v2\nname: x\nversion: 1.0.0\n", NULL);
    fixture_load(f);
    assert_string_equal(rendered_path(f, "a\nb/\x1b[31m"),
                        "FAILS a\\u{a}b/\\u{1b}[31m/y.yaml is malformed YAML (line 4, column 10), "
                        "which stops Argo CD from generating anything");
    assert_string_equal(rendered_path(f, "d"),
                        "PARTIAL d/\\u{7f}.jsonnet is jsonnet, which is not evaluated");
    assert_string_equal(rendered_path(f, "k"),
                        "FAILS k/a\\u{a}b.yaml holds no object of a kind, and k/kustomization.yaml "
                        "lists it");
    s.directory.present = true;
    s.directory.include = STR(BRACES_65 "\n");
    assert_string_equal(rendered(f, &s), "PARTIAL whether the pattern " BRACES_65 "\\u{a} matches "
                                         "c/\\u{202e}.yaml | no more external-secrets");
    assert_string_equal(rendered(f, &chart), "FAILS the value file x\\u{a}y does not exist");
    assert_string_equal(noted(f), "a\nb/\x1b[31m/y.yaml:0 a\nb/\x1b[31m/y.yaml is malformed YAML "
                                  "(line 4, column 10)");
}

/* 18 directories of 200 bytes each: a reason stays one a person can read. */
static void a_long_path_makes_no_long_reason(void **state)
{
    struct fixture *f = *state;
    char part[201];
    char path[4096] = "";
    const char *why;
    size_t n = 0;

    memset(part, 'x', 200);
    part[200] = '\0';
    for (int i = 0; i < 18; i++)
        n += (size_t)snprintf(path + n, sizeof path - n, "%s/", part);
    (void)snprintf(path + n, sizeof path - n, "kustomization.yaml");
    mkfile(f, path, "resources: [values.yaml]\n");
    (void)snprintf(path + n, sizeof path - n, "values.yaml");
    mkfile(f, path, "a: b\n");
    (void)snprintf(path + n, sizeof path - n, "one/broken.yaml");
    mkfile(f, path, APP("{{ x }}"));
    fixture_load(f);
    path[n] = '\0';
    why = rendered_path(f, path);
    assert_true(strlen(why) < 640);
    assert_non_null(strstr(why, "… holds no object of a kind, and xxx"));
    assert_non_null(strstr(why, "… lists it"));
    (void)snprintf(path + n, sizeof path - n, "one");
    why = rendered_path(f, path);
    assert_true(strlen(why) < 640);
    assert_non_null(strstr(why, "… is malformed YAML (line 4, column 10), which stops Argo CD"));
    (void)snprintf(path + n, sizeof path - n, "two");
    why = rendered_path(f, path);
    assert_true(strlen(why) < 640);
    assert_non_null(strstr(why, "… does not exist"));
}

/* One small file that asks for gigabytes, and one that asks for all of the stack. */
static void bombs_are_not_known(void **state)
{
    struct fixture *f = *state;
    size_t n = 200000;
    AUTO(freep) char *deep = xmalloc(n + 1);

    mkfile(f, "alias/a.yaml",
           "kind: A\nmetadata: {name: x}\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,"
           "*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,"
           "*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f]\n"
           "h: &h [*g,*g,*g,*g,*g,*g,*g,*g]\ni: [*h,*h,*h,*h,*h,*h,*h,*h]\n");
    memset(deep, '[', n);
    deep[n] = '\0';
    memcpy(deep, "kind: ", 6);
    mkfile(f, "deep/a.yaml", deep);
    memset(deep, '[', n);
    mkfile(f, "json/a.json", deep);
    fixture_load(f);
    assert_memory_equal(rendered_path(f, "alias"), "PARTIAL alias/a.yaml:1 is not read: ",
                        sizeof "PARTIAL alias/a.yaml:1 is not read: " - 1);
    assert_memory_equal(rendered_path(f, "deep"), "PARTIAL deep/a.yaml:1 is not read: ",
                        sizeof "PARTIAL deep/a.yaml:1 is not read: " - 1);
    assert_string_equal(rendered_path(f, "json"), "PARTIAL json/a.json:1 is not read: JSON whose "
                                                  "meaning to Argo CD is not known");
}

/* ------------------------------------------------------------- what was read before */

static struct tree *read_tree(const struct fixture *f, const struct tree *former)
{
    struct err err = {0};
    int fd = tree_root(f->directory, &err);
    struct tree *t = tree_read(fd, &former, 1);

    assert_true(fd >= 0);
    (void)close(fd);
    return t;
}

static char *tree_text(const struct tree *t)
{
    struct buf b;

    buf_init(&b, 1024 * 1024);
    for (size_t i = 0; i < t->n; i++)
        buf_printf(&b, "%s %d %zu %zu %llu %s\n", t->nodes[i].path, (int)t->nodes[i].kind,
                   t->nodes[i].parent, t->nodes[i].end, (unsigned long long)t->nodes[i].key.part[3],
                   t->nodes[i].link ? t->nodes[i].link : "");
    buf_printf(&b, "%s %llx", t->incomplete ? t->incomplete : "", (unsigned long long)t->signature);
    return buf_take(&b);
}

/* Directories that look as before are not listed again. */
static void a_tree_read_after_another_is_what_is_there(void **state)
{
    static const char *const changes[] = {
        "echo other >a/b/c/1.yaml",
        "echo new >a/b/c/3.yaml",
        "rm a/b/c/2.yaml",
        "mv a/b/c a/b/d",
        "mkdir -p a/b/c/e; echo x >a/b/c/e/f",
        "rm -r d; echo x >d",
        "rm d; mkdir d; echo 1 >d/1",
        "ln -s 1 d/l",
        "ln -sf 2 d/l",
        "rm -r a/b/d; ln -s ../../d a/b/d",
        "mv a x; mkdir a; echo >a/1",
        "mv a y; mv x a; mv y x",
        "cp -a x z; rm -r x; mv z x",
        "echo more >>z.yaml; touch -d @1 z.yaml",
        "touch -d @1 a a/b; echo y >a/b/9",
        "mv a/b/9 a/b/8",
        "ln d/1 d/2; rm d/1",
        "mkfifo a/pipe",
        "mkdir .git; echo >.git/x",
        "chmod 700 a; :",
        "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo >a/n$i; done",
        "rm -r a",
    };
    struct fixture *f = *state;
    struct tree *t;

    (void)run_in(f,
                 "mkdir -p a/b/c d; echo 1 >a/b/c/1.yaml; echo 2 >a/b/c/2.yaml; echo >d/1\n"
                 "echo >z.yaml",
                 "");
    let_the_clock_move();
    t = read_tree(f, NULL);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        AUTO(freep) char *before = tree_text(t);
        AUTO(freep) char *again = NULL;
        AUTO(freep) char *fresh = NULL;
        struct tree *next;
        struct tree *alone;

        if (i % 3) /* with what was written just before, and without */
            let_the_clock_move();
        next = read_tree(f, t);
        again = tree_text(next);
        assert_string_equal(again, before);
        tree_free(t);
        (void)run_in(f, changes[i], "");
        t = read_tree(f, next);
        tree_free(next);
        free(again);
        again = tree_text(t);
        alone = read_tree(f, NULL);
        fresh = tree_text(alone);
        tree_free(alone);
        if (strcmp(again, fresh) != 0)
            fail_msg("after %s:\n%s\nnot\n%s", changes[i], again, fresh);
    }
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_out_of_bounds_symlink_anywhere_fails_everything,
                                        fixture_setup, fixture_teardown),
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        CASE(a_link_into_git_is_not_read),
        CASE(a_path_through_links_that_leave_fails),
        CASE(a_link_that_leaves_only_when_followed),
        CASE(a_forest_of_links_to_links_ends),
        CASE(a_FIFO_a_socket_and_a_device_are_passed_over),
        CASE(two_hundred_directories_below_each_other),
        CASE(twenty_thousand_files),
        CASE(a_file_larger_than_what_is_read),
        CASE(what_may_not_be_read_is_not_known),
        CASE(nothing_is_left_behind),
        CASE(names_of_any_bytes),
        CASE(names_forge_no_line),
        CASE(a_long_path_makes_no_long_reason),
        CASE(bombs_are_not_known),
        CASE(a_tree_read_after_another_is_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
