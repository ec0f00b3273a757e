/* test_snapshots.c: loading again after a snapshot of the cluster has changed, or cannot be read.
 */
#include "base/mem.h"
#include "fixture.h"
#include <string.h>

#define CONFIG CONFIG_REPOSITORY CONFIG_SNAPSHOT
#define ONE LIVE_APPLICATION("argocd", "one", "p")
#define TWO LIVE_APPLICATION("argocd", "two", "p")

static const struct application *only_application(const struct facts *f)
{
    assert_int_equal(facts_n_applications(f), 1);
    return facts_application(f, 0)->app;
}

static void assert_only(const struct facts *f, const char *name)
{
    const struct application *app = only_application(f);

    if (!str_is(app->id.name, name))
        fail_msg("wanted %s, got %.*s", name, STR_ARG(app->id.name));
}

static void a_snapshot_that_is_unchanged_is_not_read_again(void **state)
{
    struct world w;
    struct facts *first;
    struct facts *second;

    (void)state;
    world_init(&w, CONFIG);
    WORLD_SNAPSHOT(&w, ONE);
    first = world_load(&w, NULL, 100);
    assert_only(first, "one");
    assert_int_equal(facts_cluster_seen_at(first), 100);
    assert_int_equal(facts_n_live_objects(first), 1);
    assert_false(facts_changed(first, 101));
    second = world_load(&w, first, 200);
    /* The very object that was read then. */
    assert_ptr_equal(only_application(second)->object, only_application(first)->object);
    assert_int_equal(facts_cluster_seen_at(second), 200);
    facts_unref(first);
    assert_only(second, "one"); /* held by the second alone now */
    facts_unref(second);
    world_clear(&w);
}

static void a_snapshot_that_was_rewritten_is_read(void **state)
{
    struct world w;
    struct facts *first;
    struct facts *second;

    (void)state;
    world_init(&w, CONFIG);
    WORLD_SNAPSHOT(&w, ONE);
    first = world_load(&w, NULL, 100);
    WORLD_SNAPSHOT(&w, TWO);
    assert_true(facts_changed(first, 101));
    second = world_load(&w, first, 101);
    assert_only(first, "one");
    assert_only(second, "two");
    assert_int_equal(facts_cluster_seen_at(second), 101);
    assert_false(facts_changed(second, 102));
    facts_unref(first);
    facts_unref(second);
    world_clear(&w);
}

/* It is kept, noted, shown as old, and let go of after ten minutes. */
static void assert_kept(const struct world *w, bool cut_off)
{
    struct facts *first;
    struct facts *second;
    struct facts *third;

    WORLD_SNAPSHOT(w, ONE);
    first = world_load(w, NULL, 100);
    if (cut_off)
        world_write(w, "cluster.json",
                    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{");
    else
        world_remove(w, "cluster.json");
    assert_true(facts_changed(first, 101));
    second = world_load(w, first, 200);
    facts_unref(first);
    assert_only(second, "one");
    assert_int_equal(facts_cluster_seen_at(second), 100);
    assert_int_equal(facts_n_notes(second), 2);
    assert_string_equal(facts_note_at(second, 1)->where, "cluster");
    assert_string_equal(facts_note_at(second, 1)->text,
                        "the snapshot that was read before is used for ten minutes");
    assert_false(facts_changed(second, 201)); /* not before it looks different again */
    assert_false(facts_changed(second, 100 + FACTS_KEEP_SECONDS - 1));
    assert_true(facts_changed(second, 100 + FACTS_KEEP_SECONDS));
    third = world_load(w, second, 100 + FACTS_KEEP_SECONDS - 1);
    assert_only(third, "one");
    facts_unref(second);
    second = world_load(w, third, 100 + FACTS_KEEP_SECONDS);
    assert_int_equal(facts_n_applications(second), 0);
    assert_int_equal(facts_cluster_seen_at(second), 0);
    assert_int_equal(facts_n_notes(second), 1);
    facts_unref(third);
    assert_false(facts_changed(second, 100000));
    WORLD_SNAPSHOT(w, TWO);
    assert_true(facts_changed(second, 100001));
    third = world_load(w, second, 100001);
    assert_only(third, "two");
    assert_int_equal(facts_cluster_seen_at(third), 100001);
    assert_int_equal(facts_n_notes(third), 0);
    facts_unref(second);
    facts_unref(third);
}

static void a_snapshot_that_is_cut_off_is_kept_for_ten_minutes(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, CONFIG);
    assert_kept(&w, true);
    world_clear(&w);
}

static void a_snapshot_that_is_gone_is_kept_for_ten_minutes(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, CONFIG);
    assert_kept(&w, false);
    world_clear(&w);
}

static void a_snapshot_that_comes_back_in_time_is_read(void **state)
{
    struct world w;
    struct facts *first;
    struct facts *second;
    struct facts *third;

    (void)state;
    world_init(&w, CONFIG);
    WORLD_SNAPSHOT(&w, ONE);
    first = world_load(&w, NULL, 100);
    world_remove(&w, "cluster.json");
    second = world_load(&w, first, 200);
    assert_only(second, "one");
    WORLD_SNAPSHOT(&w, TWO);
    assert_true(facts_changed(second, 201));
    third = world_load(&w, second, 201);
    assert_only(third, "two");
    assert_int_equal(facts_n_notes(third), 0);
    assert_false(facts_changed(third, 202));
    facts_unref(first);
    facts_unref(second);
    facts_unref(third);
    world_clear(&w);
}

/* What was never whole stands in for nothing, and what could be read of it counts. */
static void a_snapshot_that_was_cut_off_from_the_start_is_shown_as_it_is(void **state)
{
    struct world w;
    struct facts *first;
    struct facts *second;

    (void)state;
    world_init(&w, CONFIG);
    world_write(&w, "cluster.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": "
                "\"argoproj.io/v1alpha1\", \"kind\": \"Application\", \"metadata\": {\"name\": "
                "\"one\", \"namespace\": \"argocd\"}, \"spec\": {}}, {\"apiVe");
    first = world_load(&w, NULL, 100);
    assert_only(first, "one");
    assert_int_equal(facts_cluster_seen_at(first), 0);
    assert_int_equal(facts_n_notes(first), 1);
    assert_false(facts_changed(first, 101));
    second = world_load(&w, first, 200);
    assert_only(second, "one");
    assert_int_equal(facts_cluster_seen_at(second), 0);
    assert_int_equal(facts_n_notes(second), 1);
    facts_unref(first);
    facts_unref(second);
    world_clear(&w);
}

static void at_the_start_nothing_has_been_read(void **state)
{
    struct world w;
    struct facts_options options = {.settings_alone = true};
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG);
    WORLD_SNAPSHOT(&w, ONE);
    options.settings = w.settings;
    f = facts_load(&options, 100);
    assert_int_equal(facts_n_applications(f), 0);
    assert_int_equal(facts_n_live_objects(f), 0);
    assert_int_equal(facts_n_notes(f), 0);
    assert_int_equal(facts_cluster_seen_at(f), 0);
    assert_null(facts_cluster_version(f));
    assert_true(facts_changed(f, 100));
    facts_unref(f);
    world_clear(&w);
}

static void without_a_snapshot_there_is_nothing_to_change(void **state)
{
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG_REPOSITORY);
    f = world_load(&w, NULL, 100);
    assert_null(facts_cluster_version(f));
    assert_int_equal(facts_cluster_seen_at(f), 0);
    assert_false(facts_changed(f, 100000));
    facts_unref(f);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_that_is_unchanged_is_not_read_again),
        cmocka_unit_test(a_snapshot_that_was_rewritten_is_read),
        cmocka_unit_test(a_snapshot_that_is_cut_off_is_kept_for_ten_minutes),
        cmocka_unit_test(a_snapshot_that_is_gone_is_kept_for_ten_minutes),
        cmocka_unit_test(a_snapshot_that_comes_back_in_time_is_read),
        cmocka_unit_test(a_snapshot_that_was_cut_off_from_the_start_is_shown_as_it_is),
        cmocka_unit_test(at_the_start_nothing_has_been_read),
        cmocka_unit_test(without_a_snapshot_there_is_nothing_to_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
