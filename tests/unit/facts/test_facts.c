/* test_facts.c: the snapshot, its swap under load, and the questions that need no rule. */
#include "base/mem.h"
#include "config/config.h"
#include "facts/facts.h"
#include "facts/store.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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
    assert_true(facts_changed(f)); /* it is tried again */
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
    struct facts *held = NULL;
    unsigned generation = 0;
    uintptr_t seen = 0;

    while (!atomic_load(&shared->stop)) {
        struct facts *f = facts_store_get(shared->store, &held, &generation);

        if (f && facts_settings(f) == shared->settings)
            seen++;
    }
    facts_unref(held);
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
    struct facts *held = NULL;
    unsigned generation = 0;

    (void)state;
    assert_null(facts_store_get(store, &held, &generation));
    facts_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repository_that_is_missing_is_a_note),
        cmocka_unit_test(this_cluster_is_what_the_settings_say),
        cmocka_unit_test(an_unknown_method_is_judged_under_each),
        cmocka_unit_test(facts_are_swapped_under_readers),
        cmocka_unit_test(an_empty_store_has_no_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
