/* test_many.c: 50,000 live Applications and as many ExternalSecrets are loaded and judged. No time
 * is asserted: machines differ; it is printed. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "fixture.h"
#include "review/review.h"
#include "rules/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MANY = 50000, JUDGED = 1000, SNAPSHOT_MAX = 64 * 1024 * 1024 };

static double seconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Application argocd/app-N prunes and renders a ConfigMap; it marks ExternalSecret team/es-N, which
 * writes to Secret team/target-N. */
static void write_world(const struct world *w)
{
    AUTO(buf_clearp) struct buf text = {.max = SNAPSHOT_MAX};

    buf_adds(&text, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[");
    for (unsigned i = 0; i < MANY; i++)
        buf_printf(&text,
                   "%s{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\","
                   "\"metadata\":{\"namespace\":\"argocd\",\"name\":\"app-%u\"},\"spec\":{"
                   "\"source\":{\"repoURL\":\"https://h/r\",\"path\":\"p\"},\"destination\":{"
                   "\"name\":\"in-cluster\",\"namespace\":\"team\"},\"syncPolicy\":{"
                   "\"automated\":{\"prune\":true}}}}",
                   i ? "," : "", i);
    for (unsigned i = 0; i < MANY; i++)
        buf_printf(&text,
                   ",{\"apiVersion\":\"external-secrets.io/v1\",\"kind\":\"ExternalSecret\","
                   "\"metadata\":{\"namespace\":\"team\",\"name\":\"es-%u\",\"labels\":{"
                   "\"argocd.argoproj.io/instance\":\"app-%u\"}},\"spec\":{\"target\":{"
                   "\"name\":\"target-%u\",\"creationPolicy\":\"Merge\"}}}",
                   i, i, i);
    buf_adds(&text, "]}");
    assert_true(buf_ok(&text));
    world_write(w, "cluster.json", buf_str(&text).p);
    world_write(w, "repo/p/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n");
}

static struct facts *load(const struct world *w, const struct facts *former, const char *what)
{
    double start = seconds();
    struct facts *f = world_load(w, former, 1);

    (void)printf("%s: %.2f s\n", what, seconds() - start);
    return f;
}

static void assert_judged(const struct facts *f, json_t *object, bool allowed, const char *target)
{
    struct review *review = NULL;
    struct verdict *v;
    struct err err = {0};

    assert_true(review_from_manifest(object,
                                     json_str_at(json_object_get(object, "metadata"), "namespace"),
                                     NULL, 0, &review, &err));
    v = judge(review, f, 1);
    assert_int_equal(v->allowed, allowed);
    assert_int_equal(v->n_findings, allowed ? 0 : 1);
    if (!allowed)
        assert_string_equal(v->findings[0].target, target);
    verdict_free(v);
    review_free(review);
    json_decref(object);
}

static json_t *external_secret(unsigned i, const char *policy)
{
    AUTO(freep) char *name = xasprintf("es-%u", i);
    AUTO(freep) char *instance = xasprintf("app-%u", i);
    AUTO(freep) char *target = xasprintf("target-%u", i);

    return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:{s:{s:s, s:s}}}", "apiVersion",
                     "external-secrets.io/v1", "kind", "ExternalSecret", "metadata", "namespace",
                     "team", "name", name, "labels", "argocd.argoproj.io/instance", instance,
                     "spec", "target", "name", target, "creationPolicy", policy);
}

static json_t *application(unsigned i, bool prunes)
{
    AUTO(freep) char *name = xasprintf("app-%u", i);

    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:{s:s, s:s}, s:{s:s, s:s}, s:{s:{s:b}}}}",
                     "apiVersion", "argoproj.io/v1alpha1", "kind", "Application", "metadata",
                     "namespace", "argocd", "name", name, "spec", "source", "repoURL",
                     "https://h/r", "path", "p", "destination", "name", "in-cluster", "namespace",
                     "team", "syncPolicy", "automated", "prune", prunes);
}

/* Spread over all of them. */
static unsigned index_of(unsigned k)
{
    return k * (MANY / JUDGED) + k % (MANY / JUDGED);
}

static void judge_many(const struct facts *f)
{
    double start = seconds();

    for (unsigned k = 0; k < JUDGED; k++) {
        unsigned i = index_of(k);
        AUTO(freep) char *target = xasprintf("Secret team/target-%u", i);

        assert_judged(f, external_secret(i, "Merge"), false, target);
        assert_judged(f, external_secret(i, "Owner"), true, NULL);
        assert_judged(f, application(i, true), false, target);
        assert_judged(f, application(i, false), true, NULL);
    }
    (void)printf("%d objects judged: %.2f s\n", 4 * JUDGED, seconds() - start);
}

static void fifty_thousand_of_each_are_loaded_and_judged(void **state)
{
    struct world w;
    struct facts *first;
    struct facts *second;

    (void)state;
    world_init(&w, CONFIG_REPOSITORY CONFIG_SNAPSHOT
               "argocd: {tracking: label, instanceLabelKey: argocd.argoproj.io/instance}\n");
    write_world(&w);
    first = load(&w, NULL, "first load");
    assert_int_equal(facts_n_notes(first), 0);
    assert_int_equal(facts_n_applications(first), MANY);
    assert_int_equal(facts_n_live_objects(first), 2 * MANY);
    judge_many(first);
    second = load(&w, first, "nothing changed");
    assert_int_equal(facts_n_applications(second), MANY);
    facts_unref(first);
    judge_many(second);
    facts_unref(second);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_thousand_of_each_are_loaded_and_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
