/*
 * never_refused.c: what design 3.6 says is never refused is allowed, and no word is said about what
 * no rule reads. By hand: test_never_refused --seed 7 --count 5000000
 */
#include "base/json.h"
#include "base/mem.h"
#include "property.h"
#include <stdio.h>
#include <stdlib.h>

/* What happens to an object that is stored. */
enum deed {
    DEED_HARMLESS,     /* status, metadata that no rule reads */
    DEED_NORMALISE,    /* the controller's own PATCH of spec */
    DEED_OPERATION,    /* the operation is taken away, as when it ends */
    DEED_FINALIZER,    /* a resources finalizer is added: at most a warning about cascade */
    DEED_DELETING,     /* anything at all, on an object that is being deleted */
    DEED_DELETE,       /* */
    DEED_SUB_RESOURCE, /* anything at all */
    DEED_OTHER_KIND,
    N_DEEDS,
};

/* Those about which there is nothing to say. */
static bool is_silent(enum deed deed)
{
    return deed != DEED_NORMALISE && deed != DEED_OPERATION && deed != DEED_FINALIZER;
}

static void do_deed(struct rng *r, enum deed deed, struct request *q)
{
    switch (deed) {
    case DEED_NORMALISE:
        normalise(r, q->object);
        break;
    case DEED_OPERATION:
        set_at(q->object, (const char *[]){"operation", NULL}, NULL);
        break;
    case DEED_FINALIZER:
        set_at(q->object, (const char *[]){"metadata", "finalizers", NULL},
               json_pack("[s]", "resources-finalizer.argocd.argoproj.io"));
        break;
    case DEED_DELETING:
        change_object(r, q->object, 6);
        set_at(q->object, (const char *[]){"metadata", "deletionTimestamp", NULL},
               json_string("2026-01-01T00:00:00Z"));
        break;
    case DEED_DELETE:
        q->operation = "DELETE";
        json_decref(q->object);
        q->object = NULL;
        return;
    case DEED_SUB_RESOURCE:
        change_object(r, q->object, 6);
        q->sub_resource = rng_chance(r, 50) ? "status" : "scale";
        break;
    case DEED_OTHER_KIND:
        change_object(r, q->object, 6);
        q->kind = rng_chance(r, 50) ? "AppProject" : "ClusterExternalSecret";
        break;
    case DEED_HARMLESS:
    case N_DEEDS:
        break;
    }
    if (deed == DEED_HARMLESS || rng_chance(r, 50))
        change_harmlessly(r, q->object, 4);
}

/* salt: whether it has to be silent, then a seed. */
static bool is_allowed(const struct world *w, const struct request *q, uint64_t salt,
                       struct buf *why)
{
    struct rng r = {salt};
    AUTO(freep)
    char *text = request_text(&r, q, rng_chance(&r, 70) ? STYLE_API_SERVER : STYLE_FREE);
    AUTO(verdict_freep) struct verdict *v = judge_text(&r, w->facts, text);

    if (v->allowed && (!(salt & 1) || v->n_findings == 0))
        return true;
    buf_printf(why, "wanted: allowed%s\ngot: ", salt & 1 ? ", and no finding" : "");
    describe_verdict(v, why);
    return false;
}

/* Of one in 16 objects, how many a CREATE would be refused for. */
struct tally {
    uint64_t refused;
    uint64_t by_rule[N_RULES];
};

/* That the objects have faults which the updates could be refused for. */
static void count_faults(struct rng *r, const struct world *w, json_t *object, struct tally *tally)
{
    struct request creation = {.operation = "CREATE", .sub_resource = "", .object = object};
    AUTO(verdict_freep) struct verdict *v = judge_request(r, w->facts, &creation);

    tally->refused += !v->allowed;
    for (size_t i = 0; i < v->n_findings; i++)
        tally->by_rule[v->findings[i].rule] += v->findings[i].denies;
}

static bool run_case(const struct property_run *run, uint64_t i, const struct world *worlds,
                     struct tally *tally)
{
    struct rng r = {run->seed * 1000003 + i};
    const struct world *w = &worlds[rng_below(&r, N_WORLDS)];
    enum deed deed = rng_below(&r, 3) ? DEED_HARMLESS : (enum deed)rng_below(&r, N_DEEDS);
    struct request q = {.operation = "UPDATE", .sub_resource = "", .old_object = random_object(&r)};
    bool held;

    q.object = json_deep_copy(q.old_object);
    if (i % 16 == 0)
        count_faults(&r, w, q.object, tally);
    do_deed(&r, deed, &q);
    held =
        property_check(run, i, is_allowed, w, &q, (rng_next(&r) & ~(uint64_t)1) | is_silent(deed));
    request_clear(&q);
    return held;
}

/* self-prune is not among them: it has nothing to say about a CREATE. */
static bool has_faults(const struct property_run *run, const struct tally *tally)
{
    bool enough = run->count < 1600 || tally->refused * 16 * 10 >= run->count;

    for (enum rule_id i = 0; i < N_RULES; i++) {
        if (i == RULE_SELF_PRUNE)
            continue;
        (void)printf("of every 16th object, creation refused by %s: %llu\n", rule_id_name(i),
                     (unsigned long long)tally->by_rule[i]);
        enough = enough && (run->count < 1600 || tally->by_rule[i] != 0);
    }
    if (!enough)
        (void)printf("FAIL: too few objects have a fault to be refused for\n");
    return enough;
}

int main(int argc, char **argv)
{
    struct property_run run = property_options(argc, argv, 6000);
    struct world worlds[N_WORLDS];
    struct tally tally = {0};
    bool held = true;

    worlds_init(worlds, run.seed);
    for (uint64_t i = 0; i < run.count && held; i++)
        held = run_case(&run, i, worlds, &tally);
    worlds_clear(worlds);
    return !held || !has_faults(&run, &tally);
}
