/* prune_over_unowned.c: the other side of merge-on-pruned-target: an Application that turns prune
 * on over ExternalSecrets that are there already and leave their targets unowned (design 3.3). */
#include "base/json.h"
#include "base/mem.h"
#include "rules/pruned_secret.h"
#include "rules/unowned_target.h"
#include <stdlib.h>

/* Nobody reads more findings than these of one Application. */
enum { FINDINGS_MAX = 10 };
/* Each ExternalSecret is looked for among all that the Application renders: 4,000 of them beside
 * as many other objects are within this, and done in half a second. */
enum { LOOKS_MAX = 32 * 1024 * 1024 };

/* What was looked at, and what was found. */
struct targets {
    json_t *told; /* of those that something was found about, as "namespace/name" */
    size_t n_of[FATE_DELETED + 1]; /* what is denied is not crowded out by what is not known */
    size_t max;                    /* of each */
    size_t looks;
};

/* False when it was told before, or when there is no room. */
static bool is_new_target(struct targets *t, const struct identity *id, enum fate fate)
{
    AUTO(freep) char *key = xasprintf("%.*s/%.*s", STR_ARG(id->namespace), STR_ARG(id->name));

    if (t->n_of[fate] == t->max || json_object_get(t->told, key))
        return false;
    t->n_of[fate]++;
    (void)json_object_set_new_nocheck(t->told, key, xneed(json_true()));
    return true;
}

static struct threatened wanted_of(const struct context *c, const struct external_secret *es)
{
    const struct application *a = c->subject->app;
    const struct identity target = unowned_target(es);

    return (struct threatened){
        .secret = target,
        .pruner = pruner_judged(c, c->subject->output,
                                a->prunes || (application_operation_prunes(a, &target) &&
                                              !c->subject->operation_output)),
    };
}

/* Whether it is worth a look: protected Secrets are protected-secret-prune's. */
static bool is_candidate(const struct context *c, const struct external_secret *es)
{
    const struct threatened wanted = wanted_of(c, es);

    return es->targets_secret && !unowned_target_is_immutable(c->facts, es) &&
           external_secret_leaves_unowned(es) && wanted.pruner.prunes &&
           !settings_is_protected(facts_settings(c->facts), wanted.secret.namespace,
                                  wanted.secret.name);
}

/* rendered: NULL for a live one. */
static void judge_target(const struct context *c, struct targets *t,
                         const struct external_secret *es, const struct rendered *rendered,
                         struct findings *out)
{
    const struct threatened wanted = wanted_of(c, es);
    AUTO(external_secret_freep) struct external_secret *found = NULL;
    struct secret_fate fate = pruned_secret_fate_through(c, &wanted, es, rendered);
    struct threat threat;

    if (fate.fate < FATE_NOT_KNOWN || !is_new_target(t, &wanted.secret, fate.fate))
        return;
    threat = pruned_secret_judge_es(c, &wanted, &found);
    if (threat.fate.fate >= FATE_NOT_KNOWN)
        (void)pruned_secret_report(c, &threat, RULE_MERGE_ON_PRUNED_TARGET, out);
}

/* Whether there is room to look at one more. */
static bool may_look(const struct context *c, struct targets *t, struct findings *out)
{
    const struct output *o = c->subject->output;
    struct buf m;

    if (t->looks > LOOKS_MAX || t->n_of[FATE_DELETED] == t->max)
        return false;
    for (size_t i = 0; i < o->n; i++)
        t->looks += o->sources[i].rendering ? o->sources[i].rendering->n_objects : 1;
    if (t->looks <= LOOKS_MAX)
        return true;
    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Whether Application %s would delete Secrets that ExternalSecrets write to without "
               "owning them is not known: it has more ExternalSecrets and other objects than can "
               "be looked at in one request.",
               show_id(context_id(c)).text);
    (void)findings_add(out, c, RULE_MERGE_ON_PRUNED_TARGET, FINDING_UNDECIDED, "", &m);
    return false;
}

static void judge_one_rendered(const struct context *c, struct targets *t,
                               const struct rendered *object, struct findings *out)
{
    AUTO(external_secret_freep) struct external_secret *es = NULL;
    struct err err = {0};

    if (!object->hook &&
        external_secret_parse(object->manifest->object, object->id.namespace, object->id.name, &es,
                              &err) &&
        is_candidate(c, es) && may_look(c, t, out))
        judge_target(c, t, es, object, out);
}

/* What it renders is there already where the Application itself is: it has synced before. */
static void judge_rendered(const struct context *c, struct targets *t, struct findings *out)
{
    const struct output *o = c->subject->output;

    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : source_rendering(&o->sources[i]);

        for (size_t k = 0; r && k < r->n_objects; k++)
            if (identity_is_kind(&r->objects[k].id, GROUP_EXTERNAL_SECRETS, "ExternalSecret"))
                judge_one_rendered(c, t, &r->objects[k], out);
    }
}

/* Where the Application renders a live one, that counts. */
static void judge_marked(const struct context *c, struct targets *t, struct findings *out)
{
    AUTO(freep) char *instance = facts_instance_name(c->facts, context_id(c));
    const struct known_external_secret *known;

    for (size_t i = 0; (known = facts_external_secret_of(c->facts, str_from(instance), i)); i++) {
        const struct rendered *found;
        const struct source_output *by;
        const char *why;

        if (known->es->deleting || !is_candidate(c, known->es) || !may_look(c, t, out))
            continue;
        if (output_has(c->subject->output, &known->es->id, &found, &by, &why) == TRI_YES)
            judge_one_rendered(c, t, found, out);
        else
            judge_target(c, t, known->es, NULL, out);
    }
}

void rule_prune_over_unowned(const struct context *c, struct findings *out)
{
    const struct application *a = c->subject->app;
    /* Whoever compares with the stored object wants to know of all that was so before: what is cut
     * off there would look new. */
    bool is_stored_state = !c->before && c->subject->stored;
    struct targets targets = {.max = is_stored_state ? SIZE_MAX : FINDINGS_MAX};

    if (!a->prunes && !a->operation_prunes)
        return;
    targets.told = xneed(json_object());
    /* What anybody may label comes last: it must not use up what there is to look. */
    if (c->subject->stored)
        judge_rendered(c, &targets, out);
    judge_marked(c, &targets, out);
    json_decref(targets.told);
}
