/* Snapshots as files: several, none, and what is no file. */
#include "base/mem.h"
#include "fixture.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

/* A list of settings is one of texts that could be changed. */
#define PATH(literal) ((char[]){literal})

/* Every test stands in a directory of its own, so that notes name the files as they are written
 * here. */
static int enter(void **state)
{
    char *directory = xstrdup("/tmp/syncguard-snapshots-XXXXXX");

    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    *state = directory;
    return 0;
}

static int leave(void **state)
{
    AUTO(freep) char *directory = *state;
    AUTO(freep) char *command = xasprintf("rm -r %s", directory);

    assert_int_equal(chdir("/"), 0);
    return system(command); /* NOLINT(cert-env33-c): a name of our own */
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

#define APPLICATION(name) "{" API_APPLICATION "," META("n", name) "}"
#define SECRET(name) "{" API_SECRET "," META("n", name) "}"

static void several_files_are_one_cluster(void **state)
{
    char *paths[] = {PATH("apps.json"), PATH("one.json"), PATH("secrets.json")};
    struct cluster *c;

    (void)state;
    write_file(paths[0], LIST(APPLICATION("a")));
    write_file(paths[1], APPLICATION("b"));
    write_file(paths[2], LIST(SECRET("s")));
    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 7);
    assert_notes(c, "");
    assert_true(cluster_is_whole(c));
    assert_objects(c, CLUSTER_APPLICATION, "n/a n/b");
    assert_objects(c, CLUSTER_SECRET, "n/s");
    assert_complete(c, "Application Secret");
    assert_int_equal(cluster_loaded_at(c), 7);
    cluster_free(c);
}

static void no_files_are_a_cluster_of_which_nothing_is_known(void **state)
{
    struct cluster *c = cluster_read_snapshots(NULL, 0, 0);

    (void)state;
    assert_notes(c, "");
    assert_true(cluster_is_whole(c));
    assert_complete(c, "");
    assert_false(cluster_changed(c));
    assert_string_equal(cluster_resource_version(c), "");
    cluster_free(c);
    cluster_free(NULL);
}

static void what_cannot_be_read_is_a_note(void **state)
{
    char *paths[] = {PATH("apps.json"), PATH("missing.json"), PATH("directory"),
                     PATH("fifo"),      PATH("empty"),        PATH("missing/\x1b[31m\n"),
                     PATH("device"),    PATH("apps.json/x")};
    struct cluster *c;

    (void)state;
    write_file("apps.json", LIST(APPLICATION("a")));
    write_file("empty", "");
    assert_int_equal(mkdir("directory", 0700), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(symlink("/dev/zero", "device"), 0);
    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_notes(c, "missing.json: could not be opened: No such file or directory\n"
                    "directory: is no regular file\n"
                    "fifo: is no regular file\n"
                    "empty:1: the file is empty (byte 0)\n"
                    "missing/\\u{1b}[31m\\u{a}: could not be opened: No such file or directory\n"
                    "device: is no regular file\n"
                    "apps.json/x: could not be opened: Not a directory\n");
    assert_objects(c, CLUSTER_APPLICATION, "n/a");
    /* What the others hold might be more Applications. */
    assert_complete(c, "");
    assert_false(cluster_is_whole(c));
    assert_false(cluster_changed(c));
    cluster_free(c);
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
    char *paths[] = {PATH("large.json")};
    int fd = open(paths[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct cluster *c;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)CLUSTER_MAX_FILE_BYTES + 1), 0);
    assert_int_equal(close(fd), 0);
    c = cluster_read_snapshots(paths, 1, 0);
    assert_notes(c, "large.json: is larger than 1 GiB\n");
    assert_false(cluster_is_whole(c));
    cluster_free(c);
}

static void one_torn_file_makes_no_kind_complete(void **state)
{
    char *paths[] = {PATH("apps.json"), PATH("secrets.json")};
    struct cluster *c;

    (void)state;
    write_file(paths[0], LIST(APPLICATION("a")));
    write_file(paths[1], "{\"kind\":\"List\",\"items\":[\n" SECRET("s") ",\n");
    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_notes(c, "secrets.json:3: the file is cut off (byte 102); what stands before it is "
                    "kept\n");
    assert_objects(c, CLUSTER_SECRET, "n/s");
    assert_complete(c, "");
    cluster_free(c);
}

static void a_list_that_goes_on_leaves_other_kinds_complete(void **state)
{
    char *paths[] = {PATH("apps.json"), PATH("secrets.json")};
    struct cluster *c;

    (void)state;
    write_file(paths[0], LIST(APPLICATION("a") "," SECRET("t")));
    write_file(paths[1], "{\"kind\":\"SecretList\",\"metadata\":{\"continue\":\"x\"},"
                         "\"items\":[" SECRET("s") "]}");
    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_notes(c, "secrets.json: the list goes on (metadata.continue): it was fetched with a "
                    "limit\n");
    assert_objects(c, CLUSTER_SECRET, "n/s n/t");
    assert_complete(c, "Application");
    assert_true(cluster_is_whole(c));
    cluster_free(c);
}

static void two_files_may_disagree(void **state)
{
    char *paths[] = {PATH("a.json"), PATH("b.json")};
    struct cluster *c;

    (void)state;
    write_file(paths[0], LIST(APPLICATION("a") "," APPLICATION("b")));
    write_file(paths[1], "{" API_APPLICATION "," META("n", "a") ",\"spec\":{}}");
    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_notes(c, "a.json: Application n/a: it stands there in another form in b.json, and "
                    "metadata.resourceVersion does not tell which one is newer: both are left "
                    "out\n");
    assert_objects(c, CLUSTER_APPLICATION, "n/b");
    assert_complete(c, "");
    assert_true(cluster_is_whole(c));
    cluster_free(c);
}

static void a_changed_file_is_noticed(void **state)
{
    char *paths[] = {PATH("a.json"), PATH("later.json")};
    struct cluster *c;

    (void)state;
    write_file(paths[0], LIST(APPLICATION("a")));
    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_false(cluster_changed(c));
    write_file("new", LIST(APPLICATION("a")));
    assert_int_equal(rename("new", paths[0]), 0);
    assert_true(cluster_changed(c)); /* the same bytes in another file */
    cluster_free(c);

    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_false(cluster_changed(c));
    write_file(paths[1], "");
    assert_true(cluster_changed(c));
    cluster_free(c);

    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_false(cluster_changed(c));
    assert_int_equal(truncate(paths[0], 3), 0);
    assert_true(cluster_changed(c));
    cluster_free(c);

    c = cluster_read_snapshots(paths, ARRAY_LEN(paths), 0);
    assert_int_equal(unlink(paths[0]), 0);
    assert_true(cluster_changed(c));
    cluster_free(c);
}

static void too_many_open_files_pass(void **state)
{
    char *paths[] = {PATH("a.json")};
    struct rlimit before;
    struct rlimit none;
    struct cluster *c;

    (void)state;
    write_file(paths[0], LIST(APPLICATION("a")));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    c = cluster_read_snapshots(paths, 1, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_notes(c, "a.json: could not be opened: Too many open files\n");
    assert_true(cluster_changed(c)); /* it is there, and was not read */
    cluster_free(c);
    c = cluster_read_snapshots(paths, 1, 0);
    assert_notes(c, "");
    assert_false(cluster_changed(c));
    cluster_free(c);
}

static void links_are_followed(void **state)
{
    char *paths[] = {PATH("current/apps.json")};
    struct cluster *c;

    (void)state;
    /* As Kubernetes mounts a volume: a link is swapped. */
    assert_int_equal(mkdir("one", 0700), 0);
    assert_int_equal(mkdir("two", 0700), 0);
    write_file("one/apps.json", LIST(APPLICATION("a")));
    write_file("two/apps.json", LIST(APPLICATION("b")));
    assert_int_equal(symlink("one", "current"), 0);
    c = cluster_read_snapshots(paths, 1, 0);
    assert_objects(c, CLUSTER_APPLICATION, "n/a");
    assert_int_equal(symlink("two", "next"), 0);
    assert_int_equal(rename("next", "current"), 0);
    assert_true(cluster_changed(c));
    cluster_free(c);
    c = cluster_read_snapshots(paths, 1, 0);
    assert_objects(c, CLUSTER_APPLICATION, "n/b");
    cluster_free(c);
}

#define IN_A_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_DIRECTORY(several_files_are_one_cluster),
        IN_A_DIRECTORY(no_files_are_a_cluster_of_which_nothing_is_known),
        IN_A_DIRECTORY(what_cannot_be_read_is_a_note),
        IN_A_DIRECTORY(a_file_that_is_too_large_is_not_read),
        IN_A_DIRECTORY(one_torn_file_makes_no_kind_complete),
        IN_A_DIRECTORY(a_list_that_goes_on_leaves_other_kinds_complete),
        IN_A_DIRECTORY(two_files_may_disagree),
        IN_A_DIRECTORY(a_changed_file_is_noticed),
        IN_A_DIRECTORY(too_many_open_files_pass),
        IN_A_DIRECTORY(links_are_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
