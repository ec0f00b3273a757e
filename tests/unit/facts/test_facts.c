/* test_facts.c: the snapshot, its swap under load, and the questions that need no rule. */
#include "base/mem.h"
#include "config/config.h"
#include "facts/facts.h"
#include "facts/store.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static struct settings *settings_of(const char *text)
{
    struct settings *s = NULL;
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    if (!config_parse(str_from(text), "config", "/", &s, &err))
        fail_msg("%s", err_text(&err, reason));
    return s;
}

static struct facts *facts_of(const struct settings *s, bool check)
{
    struct facts_options options = {.settings = s, .assume_label_tracking = check};

    return facts_load(&options, 1);
}

static void a_repository_that_is_missing_is_a_note(void **state)
{
    AUTO(settings_freep)
    struct settings *s =
        settings_of("repositories: [{url: 'https://me:tok3n@h/r.git', path: /does/not/exist}]");
    AUTO(facts_unrefp) struct facts *f = facts_of(s, false);

    (void)state;
    assert_int_equal(facts_n_notes(f), 1);
    assert_string_equal(facts_note_at(f, 0)->where, "https://h/r.git");
    assert_null(facts_repository(f, 0));
    assert_int_equal(facts_repository_seen_at(f, 0), 0);
    assert_false(facts_changed(f, 2)); /* not before the path looks different */
}

static void write_file(const char *directory, const char *name, const char *text)
{
    AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

static struct facts *reload(const struct settings *s, const struct facts *former, int64_t now)
{
    struct facts_options options = {.settings = s, .former = former};

    return facts_load(&options, now);
}

static void a_reload_shares_what_is_unchanged_and_keeps_what_is_gone(void **state)
{
    char root[] = "/tmp/syncguard-facts-XXXXXX";
    AUTO(freep) char *stays = NULL;
    AUTO(freep) char *goes = NULL;
    AUTO(freep) char *aside = NULL;
    AUTO(freep) char *gone_file = NULL;
    AUTO(freep) char *stays_file = NULL;
    AUTO(settings_freep) struct settings *s = settings_new();
    struct facts *first;
    struct facts *second;
    struct facts *third;

    (void)state;
    assert_non_null(mkdtemp(root));
    stays = xasprintf("%s/stays", root);
    goes = xasprintf("%s/goes", root);
    aside = xasprintf("%s/aside", root);
    stays_file = xasprintf("%s/a.yaml", stays);
    gone_file = xasprintf("%s/a.yaml", aside);
    assert_int_equal(mkdir(stays, 0755), 0);
    assert_int_equal(mkdir(goes, 0755), 0);
    write_file(stays, "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    write_file(goes, "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    settings_add_repository(s, STR("https://h/stays"), str_from(stays));
    settings_add_repository(s, STR("https://h/goes"), str_from(goes));
    first = reload(s, NULL, 100);
    assert_int_equal(facts_n_notes(first), 0);
    assert_false(facts_changed(first, 101));
    assert_int_equal(rename(goes, aside), 0);
    assert_true(facts_changed(first, 102));

    second = reload(s, first, 200);
    assert_ptr_equal(facts_repository(second, 0), facts_repository(first, 0));
    assert_ptr_equal(facts_repository(second, 1), facts_repository(first, 1));
    assert_int_equal(facts_repository_seen_at(second, 0), 200);
    assert_int_equal(facts_repository_seen_at(second, 1), 100);
    assert_int_equal(facts_n_notes(second), 1);
    facts_unref(first);
    assert_false(facts_changed(second, 201));
    assert_true(facts_changed(second, 100 + FACTS_KEEP_SECONDS));

    third = reload(s, second, 100 + FACTS_KEEP_SECONDS);
    assert_null(facts_repository(third, 1));
    facts_unref(second);
    assert_int_equal(rename(aside, goes), 0);
    assert_true(facts_changed(third, 2000));
    facts_unref(third);
    assert_int_equal(rename(goes, aside), 0);
    assert_int_equal(unlink(stays_file), 0);
    assert_int_equal(unlink(gone_file), 0);
    assert_int_equal(rmdir(stays), 0);
    assert_int_equal(rmdir(aside), 0);
    assert_int_equal(rmdir(root), 0);
}

static void a_tree_swapped_for_one_of_equal_sizes_and_times_is_noticed(void **state)
{
    char root[] = "/tmp/syncguard-facts-XXXXXX";
    AUTO(freep) char *file = NULL;
    AUTO(freep) char *other = NULL;
    AUTO(settings_freep) struct settings *s = settings_new();
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct facts *f;

    (void)state;
    assert_non_null(mkdtemp(root));
    file = xasprintf("%s/a.yaml", root);
    other = xasprintf("%s/b", root);
    write_file(root, "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
    settings_add_repository(s, STR("https://h/r"), str_from(root));
    f = reload(s, NULL, 100);
    assert_false(facts_changed(f, 101));
    write_file(root, "b", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
    assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
    assert_int_equal(rename(other, file), 0);
    assert_true(facts_changed(f, 102));
    facts_unref(f);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(root), 0);
}

static void before_the_first_load_every_repository_is_open(void **state)
{
    AUTO(settings_freep)
    struct settings *s =
        settings_of("repositories: [{url: 'https://h/r.git', path: /does/not/exist}]");
    struct facts_options options = {.settings = s, .settings_alone = true};
    AUTO(facts_unrefp) struct facts *f = facts_load(&options, 1);

    (void)state;
    assert_int_equal(facts_n_notes(f), 0);
    assert_null(facts_repository(f, 0));
    assert_true(facts_changed(f, 2));
}

static void this_cluster_is_what_the_settings_say(void **state)
{
    static const struct {
        const char *server;
        const char *name;
        enum tri here;
    } rows[] = {
        {"https://kubernetes.default.svc", NULL, TRI_YES},
        {"https://kubernetes.default.svc/", NULL, TRI_YES},
        {NULL, "in-cluster", TRI_YES},
        {NULL, "prod", TRI_YES},
        {"https://10.0.0.1:6443", NULL, TRI_YES},
        {"https://10.0.0.2:6443", NULL, TRI_NOT_KNOWN},
        {NULL, "edge", TRI_NOT_KNOWN},
        {NULL, NULL, TRI_NOT_KNOWN},
        {"https://kubernetes.default.svc", "in-cluster", TRI_NOT_KNOWN},
    };
    AUTO(settings_freep)
    struct settings *s = settings_of("argocd: {thisCluster: [prod, 'https://10.0.0.1:6443/']}");
    AUTO(facts_unrefp) struct facts *f = facts_of(s, false);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct destination d = {.server = str_from(rows[i].server), .name = str_from(rows[i].name)};

        assert_int_equal(facts_is_this_cluster(f, &d), rows[i].here);
    }
}

static void an_unknown_method_is_judged_under_each(void **state)
{
    static const struct {
        const char *config;
        bool check;
        size_t n;
        bool assumed;
        enum tracking_method first;
        const char *key;
    } rows[] = {
        {"{}", false, 3, false, TRACKING_LABEL, "argocd.argoproj.io/instance"},
        {"{}", true, 2, true, TRACKING_LABEL, "argocd.argoproj.io/instance"},
        {"argocd: {tracking: label}", false, 2, false, TRACKING_LABEL,
         "argocd.argoproj.io/instance"},
        {"argocd: {tracking: label, instanceLabelKey: k}", false, 1, false, TRACKING_LABEL, "k"},
        {"argocd: {tracking: annotation}", true, 1, false, TRACKING_ANNOTATION,
         "argocd.argoproj.io/instance"},
        {"argocd: {tracking: annotation+label}", false, 1, false, TRACKING_ANNOTATION_AND_LABEL,
         "argocd.argoproj.io/instance"},
        {"argocd: {version: '3.0'}", false, 3, false, TRACKING_LABEL,
         "argocd.argoproj.io/instance"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(settings_freep) struct settings *s = settings_of(rows[i].config);
        AUTO(facts_unrefp) struct facts *f = facts_of(s, rows[i].check);
        const struct tracking_facts *t = facts_tracking(f);

        assert_int_equal(t->n, rows[i].n);
        assert_int_equal(t->assumed, rows[i].assumed);
        assert_int_equal(t->hypotheses[0].method, rows[i].first);
        assert_true(str_is(t->hypotheses[0].label_key, rows[i].key));
    }
}

enum { READERS = 4, SWAPS = 2000 };

struct shared {
    struct facts_store *store;
    const struct settings *settings;
    atomic_bool stop;
};

static void *read_facts(void *data)
{
    struct shared *shared = data;
    uintptr_t seen = 0;

    while (!atomic_load(&shared->stop)) {
        AUTO(facts_unrefp) struct facts *f = facts_store_ref(shared->store);

        if (f && facts_settings(f) == shared->settings)
            seen++;
    }
    return (void *)seen;
}

static void facts_are_swapped_under_readers(void **state)
{
    AUTO(settings_freep) struct settings *s = settings_new();
    struct shared shared = {.store = facts_store_new(), .settings = s};
    pthread_t readers[READERS];

    (void)state;
    atomic_init(&shared.stop, false);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_facts, &shared), 0);
    for (size_t i = 0; i < SWAPS; i++)
        facts_store_put(shared.store, facts_of(s, false));
    atomic_store(&shared.stop, true);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    facts_store_free(shared.store);
}

static void an_empty_store_has_no_facts(void **state)
{
    struct facts_store *store = facts_store_new();

    (void)state;
    assert_null(facts_store_ref(store));
    facts_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repository_that_is_missing_is_a_note),
        cmocka_unit_test(a_reload_shares_what_is_unchanged_and_keeps_what_is_gone),
        cmocka_unit_test(a_tree_swapped_for_one_of_equal_sizes_and_times_is_noticed),
        cmocka_unit_test(before_the_first_load_every_repository_is_open),
        cmocka_unit_test(this_cluster_is_what_the_settings_say),
        cmocka_unit_test(an_unknown_method_is_judged_under_each),
        cmocka_unit_test(facts_are_swapped_under_readers),
        cmocka_unit_test(an_empty_store_has_no_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
