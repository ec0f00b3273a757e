/*
 * settings_monotone.c: what makes the settings milder never makes a verdict harder. By hand:
 * test_settings_monotone --seed 7 --count 2000000
 */
#include "base/json.h"
#include "base/mem.h"
#include "property.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The same configuration with one thing changed; a row each. */
enum variant {
    AS_IT_IS,
    NOT_ENFORCED,
    ALL_WARN,
    ALL_OFF,
    UNDECIDED_IS_ALLOWED,
    UNDECIDED_IS_DENIED,
    WITHOUT_EXEMPTIONS,
    ONE_WARNS,                     /* self-reference, merge-on-pruned-target … in turn */
    ONE_OFF = ONE_WARNS + N_RULES, /* */
    N_VARIANTS = ONE_OFF + N_RULES,
};
enum { N_CONFIGURATIONS = 4 };

static void set_rule(json_t *config, enum rule_id rule, const char *key, const char *value)
{
    set_at(config, (const char *[]){"rules", rule_id_name(rule), key, NULL}, json_string(value));
}

static json_t *variant_of(const json_t *base, enum variant variant)
{
    json_t *config = json_deep_copy(base);

    if (variant == NOT_ENFORCED)
        (void)json_object_set_new(config, "enforce", json_false());
    if (variant == WITHOUT_EXEMPTIONS)
        (void)json_object_del(config, "exemptions");
    if (variant >= ONE_WARNS)
        set_rule(config, (variant - ONE_WARNS) % N_RULES, "mode",
                 variant >= ONE_OFF ? "off" : "warn");
    for (enum rule_id rule = 0; rule < N_RULES; rule++) {
        if (variant == ALL_WARN || variant == ALL_OFF)
            set_rule(config, rule, "mode", variant == ALL_OFF ? "off" : "warn");
        if (variant == UNDECIDED_IS_ALLOWED)
            set_rule(config, rule, "undecided", "allow");
        if (variant == UNDECIDED_IS_DENIED && rule != RULE_SELF_PRUNE)
            set_rule(config, rule, "undecided", "deny");
    }
    if (variant == UNDECIDED_IS_ALLOWED || variant == UNDECIDED_IS_DENIED)
        set_rule(config, RULE_MERGE_ON_PRUNED_TARGET, "undecidedProtected",
                 variant == UNDECIDED_IS_ALLOWED ? "allow" : "deny");
    return config;
}

/* Whether `v` has a finding of the same rule and matter; denies: one that denies. */
static bool has(const struct verdict *v, const struct finding *f, bool denies)
{
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].rule == f->rule && strcmp(v->findings[i].target, f->target) == 0 &&
            (v->findings[i].denies || !denies))
            return true;
    return false;
}

/* Whether everything that denies in `a` denies in `b` too. */
static bool denials_are_among(const struct verdict *a, const struct verdict *b)
{
    for (size_t i = 0; i < a->n_findings; i++)
        if (a->findings[i].denies && !has(b, &a->findings[i], true))
            return false;
    return a->allowed || !b->allowed;
}

static bool findings_are_among(const struct verdict *a, const struct verdict *b)
{
    for (size_t i = 0; i < a->n_findings; i++)
        if (!has(b, &a->findings[i], false))
            return false;
    return true;
}

static bool rule_denies(const struct verdict *v, size_t rule)
{
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].rule == rule && v->findings[i].denies)
            return true;
    return false;
}

static bool rule_speaks(const struct verdict *v, size_t rule)
{
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].rule == rule)
            return true;
    return false;
}

/* What is broken among the verdicts of one request; NULL when nothing is. */
static const char *find_fault(struct verdict *const v[N_VARIANTS])
{
    if (!v[NOT_ENFORCED]->allowed)
        return "enforce: false denies";
    if (!findings_are_among(v[NOT_ENFORCED], v[AS_IT_IS]) ||
        !findings_are_among(v[AS_IT_IS], v[NOT_ENFORCED]))
        return "enforce: false finds something else";
    if (!v[ALL_WARN]->allowed)
        return "mode warn denies";
    if (!v[ALL_OFF]->allowed || v[ALL_OFF]->n_findings)
        return "mode off finds something";
    if (!denials_are_among(v[UNDECIDED_IS_ALLOWED], v[AS_IT_IS]) ||
        !denials_are_among(v[AS_IT_IS], v[UNDECIDED_IS_DENIED]) ||
        !denials_are_among(v[UNDECIDED_IS_ALLOWED], v[UNDECIDED_IS_DENIED]))
        return "a milder undecided denies more";
    for (size_t i = 0; i < v[UNDECIDED_IS_ALLOWED]->n_findings; i++)
        if (v[UNDECIDED_IS_ALLOWED]->findings[i].denies &&
            v[UNDECIDED_IS_ALLOWED]->findings[i].verdict != FINDING_DENY)
            return "undecided: allow denies what is undecided";
    if (!denials_are_among(v[AS_IT_IS], v[WITHOUT_EXEMPTIONS]))
        return "an exemption adds a denial";
    if (!findings_are_among(v[WITHOUT_EXEMPTIONS], v[AS_IT_IS]) ||
        !findings_are_among(v[AS_IT_IS], v[WITHOUT_EXEMPTIONS]))
        return "an exemption hides a finding, or makes one";
    for (size_t rule = 0; rule < N_RULES; rule++) {
        if (rule_denies(v[ONE_WARNS + rule], rule))
            return "the rule in mode warn denies";
        if (rule_speaks(v[ONE_OFF + rule], rule))
            return "the rule in mode off finds something";
        if (!denials_are_among(v[ONE_WARNS + rule], v[AS_IT_IS]) ||
            !denials_are_among(v[ONE_OFF + rule], v[ONE_WARNS + rule]))
            return "one rule's milder mode makes another rule deny";
    }
    return NULL;
}

/* worlds: the variants of one configuration. */
static bool is_monotone(const struct world *worlds, const struct request *q, uint64_t salt,
                        struct buf *why)
{
    struct rng r = {salt};
    struct verdict *v[N_VARIANTS];
    const char *fault;

    for (size_t i = 0; i < N_VARIANTS; i++)
        v[i] = judge_request(&r, worlds[i].facts, q);
    fault = find_fault(v);
    if (fault)
        buf_printf(why, "%s\n", fault);
    for (size_t i = 0; i < N_VARIANTS; i++) {
        if (fault) {
            AUTO(freep) char *config = json_dumps(worlds[i].config, JSON_COMPACT);

            buf_printf(why, "%zu: %s: ", i, config);
            describe_verdict(v[i], why);
        }
        verdict_free(v[i]);
    }
    return !fault;
}

static bool run_case(const struct property_run *run, uint64_t i, struct world worlds[][N_VARIANTS],
                     uint64_t *n_refused)
{
    struct rng r = {run->seed * 1000003 + i};
    const struct world *variants = worlds[rng_below(&r, N_CONFIGURATIONS)];
    struct request q = {.operation = "CREATE", .sub_resource = "", .object = random_object(&r)};
    AUTO(verdict_freep) struct verdict *v = NULL;
    bool held;

    if (rng_chance(&r, 50)) {
        q.operation = "UPDATE";
        q.old_object = json_deep_copy(q.object);
        change_object(&r, q.object, 6);
    }
    held = property_check(run, i, is_monotone, variants, &q, rng_next(&r));
    v = judge_request(&r, variants[AS_IT_IS].facts, &q);
    *n_refused += !v->allowed;
    request_clear(&q);
    return held;
}

int main(int argc, char **argv)
{
    struct property_run run = property_options(argc, argv, 240);
    char *root = fixture_new();
    struct world worlds[N_CONFIGURATIONS][N_VARIANTS];
    struct rng r = {run.seed};
    uint64_t n_refused = 0;
    bool held = true;

    for (size_t i = 0; i < N_CONFIGURATIONS; i++) {
        AUTO(json_unrefp) json_t *base = random_config(&r);

        for (enum variant k = 0; k < N_VARIANTS; k++)
            world_init(&worlds[i][k], root, variant_of(base, k));
    }
    fixture_free(root);
    for (uint64_t i = 0; i < run.count && held; i++)
        held = run_case(&run, i, worlds, &n_refused);
    for (size_t i = 0; i < N_CONFIGURATIONS; i++)
        for (size_t k = 0; k < N_VARIANTS; k++)
            world_clear(&worlds[i][k]);
    (void)printf("requests refused: %llu\n", (unsigned long long)n_refused);
    if (held && run.count >= 240 && n_refused * 20 < run.count) {
        (void)printf("FAIL: fewer than one in twenty requests is refused\n");
        held = false;
    }
    return !held;
}
