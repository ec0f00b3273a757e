/*
 * replayed.c: the line of the decision log about a request comes to the verdict that the request
 * itself comes to, whatever the settings and facts have become by then, unless the line says that
 * it shows too little; and it shows no value that may be a secret. By hand:
 * test_replayed --seed 7 --count 5000000
 */
#include "base/json.h"
#include "base/mem.h"
#include "property.h"
#include "report/decision.h"
#include "report/logged.h"
#include "review/scan.h"
#include "rules/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX = 2 * 1024 * 1024 }; /* validate.c */

#define SECRET "s3cret"

/* Where secrets may stand, and whatever else is read of such values. */
static const struct {
    const char *path[7];
    const char *value;
} secrets[] = {
    {{"spec", "source", "helm", "values"}, "\"password: " SECRET "\""},
    {{"spec", "source", "helm", "values"}, "\"crd: argoproj.io/" SECRET "\""},
    {{"spec", "source", "helm", "values"},
     "\"configs: {secret: {createSecret: false, p: " SECRET "}}\""},
    {{"spec", "source", "helm", "valuesObject"},
     "{\"configs\": {\"secret\": {\"createSecret\": false, \"p\": \"" SECRET "\"}}}"},
    {{"spec", "source", "helm", "valuesObject"}, "{\"namespaceOverride\": \"" SECRET "\"}"},
    {{"spec", "source", "helm", "parameters"},
     "[{\"name\": \"configs.secret.createSecret\", \"value\": \"false\"},"
     " {\"name\": \"p\", \"value\": \"" SECRET "\"}]"},
    {{"spec", "source", "chart"}, "\"argo-cd\""},
    {{"spec", "source", "kustomize", "patches"}, "[{\"patch\": \"" SECRET "\"}]"},
    {{"spec", "source", "plugin", "env"}, "[{\"name\": \"T\", \"value\": \"" SECRET "\"}]"},
    {{"spec", "info"}, "[{\"name\": \"i\", \"value\": \"" SECRET "\"}]"},
    {{"operation", "sync", "manifests"}, "[\"" SECRET "\"]"},
    {{"operation", "sync", "source", "helm", "values"}, "\"password: " SECRET "\""},
    {{"spec", "target", "template", "data"}, "{\"k\": \"" SECRET "\"}"},
    {{"spec", "data"}, "[{\"secretKey\": \"" SECRET "\"}]"},
    {{"metadata", "labels", "team"}, "\"" SECRET "\""},
    {{"metadata", "annotations", "note"}, "\"" SECRET "\""},
};

static void add_secrets(struct rng *r, json_t *object)
{
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        json_error_t detail;

        if (rng_chance(r, 15))
            set_at(object, secrets[i].path, json_loads(secrets[i].value, JSON_DECODE_ANY, &detail));
    }
}

static struct review *scan_request(struct rng *r, const struct request *q)
{
    AUTO(freep) char *text = request_text(r, q, STYLE_API_SERVER);
    AUTO(scan_freep) struct scan *scan = scan_new(NULL);
    struct review *review = NULL;
    struct err err = {0};

    (void)scan_feed(scan, str_from(text));
    if (!scan_finish(scan, &review, &err)) {
        (void)fprintf(stderr, "%s\n", err.what);
        exit(2);
    }
    return review;
}

static bool is_lacking(const json_t *line, const char *key, const struct facts *f)
{
    const json_t *logged = json_object_get(line, key);

    return logged && logged_check(logged, f, NULL) == LOGGED_LACKING;
}

/* The worlds of then and of now, by the salt. */
static const struct world *pick(const struct world *worlds, struct rng *r)
{
    return &worlds[rng_below(r, N_WORLDS)];
}

static bool is_same(const struct world *worlds, const struct request *q, uint64_t salt,
                    struct buf *why)
{
    struct rng r = {salt};
    const struct facts *then = pick(worlds, &r)->facts;
    const struct facts *today = rng_chance(&r, 50) ? then : pick(worlds, &r)->facts;
    AUTO(review_freep) struct review *review = scan_request(&r, q);
    AUTO(verdict_freep) struct verdict *decided = judge(review, then, PROPERTY_NOW);
    AUTO(verdict_freep) struct verdict *wanted = judge(review, today, PROPERTY_NOW);
    AUTO(verdict_freep) struct verdict *actual = NULL;
    AUTO(review_freep) struct review *again = NULL;
    AUTO(json_unrefp) json_t *line = NULL;
    AUTO(buf_clearp) struct buf text = {.max = LINE_MAX};
    AUTO(buf_clearp) struct buf left = {.max = LINE_MAX};
    AUTO(buf_clearp) struct buf right = {.max = LINE_MAX};
    struct err err = {0};

    decision_write(&text, review, decided, then, PROPERTY_NOW, 1);
    if (!buf_ok(&text) || strstr(text.p, SECRET) || !json_read(buf_str(&text), &line, &err) ||
        !review_from_line(line, &again, &err)) {
        buf_printf(why, "the line: %s%s\n", buf_str(&text).p, err.what);
        return false;
    }
    if (is_lacking(line, "object", today) || is_lacking(line, "oldObject", today))
        return true;
    actual = judge(again, today, PROPERTY_NOW);
    describe_verdict(wanted, &left);
    describe_verdict(actual, &right);
    if (str_eq(buf_str(&left), buf_str(&right)))
        return true;
    buf_printf(why, "the request: %s\nits line: %s\nof: %s\n", left.p, right.p, text.p);
    return false;
}

static bool run_case(const struct property_run *run, uint64_t i, const struct world *worlds)
{
    struct rng r = {run->seed * 1000003 + i};
    struct request q = {.operation = "CREATE", .sub_resource = "", .object = random_object(&r)};
    bool held;

    add_secrets(&r, q.object);
    if (rng_chance(&r, 75)) {
        q.operation = "UPDATE";
        q.old_object = json_deep_copy(q.object);
        if (rng_chance(&r, 30))
            add_secrets(&r, q.object);
        if (rng_chance(&r, 30))
            change_harmlessly(&r, q.object, 3);
        change_object(&r, q.object, 1 + rng_below(&r, 4));
    }
    held = property_check(run, i, is_same, worlds, &q, rng_next(&r));
    request_clear(&q);
    return held;
}

int main(int argc, char **argv)
{
    static struct world worlds[N_WORLDS];
    struct property_run run = property_options(argc, argv, 4000);
    uint64_t n_failed = 0;

    run.name = "replayed";
    worlds_init(worlds, run.seed);
    for (uint64_t i = 0; i < run.count && n_failed < 3; i++)
        n_failed += !run_case(&run, i, worlds);
    worlds_clear(worlds);
    (void)printf("%llu requests, %llu failed\n", (unsigned long long)run.count,
                 (unsigned long long)n_failed);
    return n_failed != 0;
}
