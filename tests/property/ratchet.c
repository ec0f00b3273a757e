/*
 * ratchet.c: an UPDATE is refused only if it is worse than what is stored (design 3.6), and a
 * verdict hangs on what was asked, not on how it was written. By hand: test_ratchet --seed 7
 * --count 2000000
 */
#include "base/json.h"
#include "base/mem.h"
#include "property.h"
#include "rules/judge.h"
#include "rules/rule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 * 1024 };

/*
 * The stored object as rules see it: status.resources where it can be read, and no `exempt`
 * annotation, so that what it was exempted from is seen.
 */
static json_t *stored_part(const json_t *object)
{
    json_t *copy = json_deep_copy(object);
    json_t *resources = json_array_at(json_object_at(copy, "status"), "resources");

    (void)json_object_set_new(
        copy, "status", resources ? json_pack("{s:O}", "resources", resources) : json_object());
    set_at(copy, (const char *[]){"metadata", "annotations", "syncguard.dev/exempt", NULL}, NULL);
    return copy;
}

/* Its findings when it is judged alone: an UPDATE whose old object is not there. */
static struct verdict *judge_stored(const struct world *w, const json_t *object)
{
    AUTO(json_unrefp) json_t *copy = stored_part(object);
    const json_t *metadata = json_object_get(copy, "metadata");
    struct review review = {
        .operation = OPERATION_UPDATE,
        .kind = is_application(object) ? REVIEW_APPLICATION : REVIEW_EXTERNAL_SECRET,
        .kind_text = json_str_at(object, "kind"),
        .namespace = json_str_at(metadata, "namespace"),
        .name = json_str_at(metadata, "name"),
        .object = copy,
    };

    return judge(&review, w->facts, PROPERTY_NOW);
}

/* A stored object of which rules can read nothing excuses nothing: whoever makes it readable again
 * is a person, and is told (webhook/rules/judge.c). */
static bool is_readable(const json_t *object)
{
    AUTO(json_unrefp) json_t *copy = stored_part(object);
    AUTO(application_freep) struct application *app = NULL;
    AUTO(external_secret_freep) struct external_secret *es = NULL;
    struct err err = {0};

    return is_application(object) ? application_parse(copy, STR_NONE, STR_NONE, &app, &err)
                                  : external_secret_parse(copy, STR_NONE, STR_NONE, &es, &err);
}

static bool is_same_matter(const struct finding *a, const struct finding *b)
{
    return a->rule == b->rule && strcmp(a->subject, b->subject) == 0 &&
           strcmp(a->target, b->target) == 0;
}

/* Whether the finding of the stored object is as bad as what an UPDATE was refused for. */
static bool is_as_bad(const struct finding *stored, const struct finding *refused)
{
    /* What makes a finding worse: prune, a proven hang, the own mark, a protected target, a new
     * operation. */
    unsigned traits =
        TRAIT_PRUNES | TRAIT_HANGS | TRAIT_OWN_MARK | TRAIT_PROTECTED | TRAIT_OPERATION;

    return is_same_matter(stored, refused) &&
           (stored->verdict == FINDING_DENY || refused->verdict != FINDING_DENY) &&
           (stored->verdict != FINDING_WARN || refused->verdict == FINDING_WARN) &&
           (refused->traits & traits & ~stored->traits) == 0;
}

static void complain(struct buf *why, const char *what, const struct verdict *a, const char *name,
                     const struct verdict *b)
{
    buf_printf(why, "%s\nthe update: ", what);
    describe_verdict(a, why);
    buf_printf(why, "%s: ", name);
    describe_verdict(b, why);
}

static bool is_refused_only_if_worse(const struct world *w, const struct request *q, uint64_t salt,
                                     struct buf *why)
{
    struct rng r = {salt};
    AUTO(verdict_freep) struct verdict *update = judge_request(&r, w->facts, q);
    AUTO(verdict_freep) struct verdict *stored = judge_stored(w, q->old_object);

    for (size_t i = 0; i < update->n_findings && is_readable(q->old_object); i++)
        for (size_t k = 0; update->findings[i].denies && k < stored->n_findings; k++)
            if (is_as_bad(&stored->findings[k], &update->findings[i])) {
                complain(why, "refused for what the stored object has already", update,
                         "the stored object", stored);
                return false;
            }
    return true;
}

/* Whether what is stored has the fault already. */
static bool is_excused(const struct finding *stored, const struct finding *refused)
{
    return is_same_matter(stored, refused) && stored->verdict == FINDING_DENY;
}

/* The other way round: a fault that what is stored does not have for certain is refused. */
static bool is_new_fault_refused(const struct world *w, const struct request *q, uint64_t salt,
                                 struct buf *why)
{
    struct rng r = {salt};
    struct request creation = {.operation = "CREATE", .sub_resource = "", .object = q->object};
    AUTO(verdict_freep) struct verdict *update = judge_request(&r, w->facts, q);
    AUTO(verdict_freep) struct verdict *stored = judge_stored(w, q->old_object);
    AUTO(verdict_freep) struct verdict *created = judge_request(&r, w->facts, &creation);

    for (size_t i = 0; i < created->n_findings; i++) {
        bool is_new = created->findings[i].verdict == FINDING_DENY;

        for (size_t k = 0; k < stored->n_findings; k++)
            is_new = is_new && !is_excused(&stored->findings[k], &created->findings[i]);
        if (is_new && created->findings[i].denies && update->allowed) {
            complain(why, "a new fault is let through", update, "creating the object", created);
            return false;
        }
    }
    return true;
}

/* The fields of design 3.6, read from the page and not from webhook/rules. */
static const char *const compared_annotations[] = {
    "argocd.argoproj.io/tracking-id",  "argocd.argoproj.io/installation-id",
    "argocd.argoproj.io/hook",         "helm.sh/hook",
    "argocd.argoproj.io/sync-options", "syncguard.dev/exempt",
};

static void keep(json_t *out, const char *name, const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (value)
        (void)json_object_set(out, name, value);
}

static json_t *compared_part(const json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const json_t *annotations = json_object_get(metadata, "annotations");
    json_t *out = json_object();

    keep(out, "spec", object, "spec");
    keep(out, "operation", object, "operation");
    keep(out, "ownerReferences", metadata, "ownerReferences");
    keep(out, "labels", metadata, "labels");
    for (size_t i = 0; i < ARRAY_LEN(compared_annotations); i++)
        keep(out, compared_annotations[i], annotations, compared_annotations[i]);
    return out;
}

static bool is_silent_when_nothing_changed(const struct world *w, const struct request *q,
                                           uint64_t salt, struct buf *why)
{
    struct rng r = {salt};
    AUTO(json_unrefp) json_t *part = compared_part(q->object);
    AUTO(json_unrefp) json_t *old_part = compared_part(q->old_object);
    AUTO(verdict_freep) struct verdict *v = NULL;

    if (!json_equal(part, old_part))
        return true;
    v = judge_request(&r, w->facts, q);
    if (v->allowed && v->n_findings == 0)
        return true;
    buf_adds(why, "nothing that a rule reads has changed\nthe update: ");
    describe_verdict(v, why);
    return false;
}

/* The same object again, with differences that no rule reads, is never refused. */
static bool is_reapplied(const struct world *w, const struct request *q, uint64_t salt,
                         struct buf *why)
{
    struct rng r = {salt};
    struct request again = {.operation = "UPDATE",
                            .sub_resource = "",
                            .object = json_deep_copy(q->object),
                            .old_object = json_deep_copy(q->object)};
    AUTO(verdict_freep) struct verdict *v = NULL;

    change_harmlessly(&r, again.object, 4);
    v = judge_request(&r, w->facts, &again);
    request_clear(&again);
    if (v->allowed && v->n_findings == 0)
        return true;
    buf_adds(why, "object was stored and is applied again\nthe update: ");
    describe_verdict(v, why);
    return false;
}

static bool is_same_however_written(const struct world *w, const struct request *q, uint64_t salt,
                                    struct buf *why)
{
    struct rng r = {salt};
    AUTO(freep) char *text = request_text(&r, q, STYLE_API_SERVER);
    AUTO(freep) char *other_text = request_text(&r, q, STYLE_FREE);
    AUTO(verdict_freep) struct verdict *v = judge_text(&r, w->facts, text);
    AUTO(verdict_freep) struct verdict *again = judge_text(&r, w->facts, text);
    AUTO(verdict_freep) struct verdict *other = judge_text(&r, w->facts, other_text);
    AUTO(buf_clearp) struct buf words = {0};
    AUTO(buf_clearp) struct buf words_again = {0};
    AUTO(buf_clearp) struct buf other_words = {0};

    buf_init(&words, WORDS_MAX);
    buf_init(&words_again, WORDS_MAX);
    buf_init(&other_words, WORDS_MAX);
    describe_verdict(v, &words);
    describe_verdict(again, &words_again);
    describe_verdict(other, &other_words);
    if (str_eq(buf_str(&words), buf_str(&words_again)) &&
        str_eq(buf_str(&words), buf_str(&other_words)))
        return true;
    complain(why, "the words hang on how it was written", v, "again", again);
    buf_printf(why, "written so: %s\n", other_text);
    describe_verdict(other, why);
    return false;
}

static const property_fn properties[] = {
    is_refused_only_if_worse, is_new_fault_refused, is_silent_when_nothing_changed, is_reapplied,
    is_same_however_written,
};

/* A pair of states: one became the other by a few changes, or by many. */
static void make_pair(struct rng *r, struct request *q)
{
    *q =
        (struct request){.operation = "UPDATE", .sub_resource = "", .old_object = random_object(r)};
    q->object = json_deep_copy(q->old_object);
    if (rng_chance(r, 90))
        change_object(r, q->object, rng_chance(r, 70) ? 2 : 10);
    if (rng_chance(r, 30))
        change_harmlessly(r, q->object, 3);
    if (rng_chance(r, 30))
        normalise(r, q->object);
    if (rng_chance(r, 50)) { /* towards the fault as often as away from it */
        json_t *swap = q->object;

        q->object = q->old_object;
        q->old_object = swap;
    }
}

struct tally {
    uint64_t refused;
    uint64_t ratcheted;
};

static bool run_case(const struct property_run *run, uint64_t i, const struct world *worlds,
                     struct tally *tally)
{
    struct rng r = {run->seed * 1000003 + i};
    const struct world *w = &worlds[rng_below(&r, N_WORLDS)];
    struct request q;
    bool held = true;

    make_pair(&r, &q);
    for (size_t k = 0; k < ARRAY_LEN(properties) && held; k++)
        held = property_check(run, i, properties[k], w, &q, rng_next(&r));
    if (held && i % 16 == 0) {
        AUTO(verdict_freep) struct verdict *v = judge_request(&r, w->facts, &q);

        tally->refused += !v->allowed;
        for (size_t k = 0; k < v->n_findings; k++)
            tally->ratcheted += v->findings[k].ratcheted;
    }
    request_clear(&q);
    return held;
}

int main(int argc, char **argv)
{
    struct property_run run = property_options(argc, argv, 1000);
    struct world worlds[N_WORLDS];
    struct tally tally = {0};
    bool held = true;

    worlds_init(worlds, run.seed);
    for (uint64_t i = 0; i < run.count && held; i++)
        held = run_case(&run, i, worlds, &tally);
    worlds_clear(worlds);
    (void)printf("of every 16th update, refused: %llu, let through as no worse: %llu\n",
                 (unsigned long long)tally.refused, (unsigned long long)tally.ratcheted);
    if (held && run.count >= 1000 && (!tally.refused || !tally.ratcheted)) {
        (void)printf("FAIL: the pairs show neither side of the ratchet\n");
        held = false;
    }
    return !held;
}
