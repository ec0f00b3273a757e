/* prune_over_unowned.c: the other side of merge-on-pruned-target: an Application that turns prune
 * on over ExternalSecrets that are there already and leave their targets unowned (design 3.4). */
#include "base/json.h"
#include "base/mem.h"
#include "rules/pruned_secret.h"
#include "rules/unowned_target.h"
#include <stdlib.h>

/* Nobody reads more findings than these of one Application, and each costs a walk. */
enum { TARGETS_MAX = 10 };

/* The targets that were looked at. */
struct targets {
    struct identity seen[TARGETS_MAX];
    size_t n;
};

/* False when it was seen before, or when there is no room. Protected Secrets are
 * protected-secret-prune's. */
static bool is_new_target(const struct context *c, struct targets *t, const struct identity *id)
{
    if (t->n == TARGETS_MAX ||
        settings_is_protected(facts_settings(c->facts), id->namespace, id->name))
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (identity_eq(&t->seen[i], id))
            return false;
    t->seen[t->n++] = *id;
    return true;
}

static void judge_target(const struct context *c, struct targets *t,
                         const struct external_secret *es, struct findings *out)
{
    const struct application *a = c->subject->app;
    const struct identity target = unowned_target(es);
    struct threatened wanted = {
        .secret = target,
        .pruner = pruner_judged(c, c->subject->output,
                                a->prunes || (application_operation_prunes(a, &target) &&
                                              !c->subject->operation_output)),
    };
    AUTO(external_secret_freep) struct external_secret *found = NULL;
    struct threat threat;

    if (!es->targets_secret || es->immutable || !external_secret_leaves_unowned(es) ||
        !wanted.pruner.prunes || !is_new_target(c, t, &target))
        return;
    threat = pruned_secret_judge_es(c, &wanted, &found);
    if (threat.fate.fate >= FATE_NOT_KNOWN)
        (void)pruned_secret_report(c, &threat, RULE_MERGE_ON_PRUNED_TARGET, out);
}

/* What it renders is there already where the Application itself is: it has synced before. */
static void judge_rendered(const struct context *c, struct targets *t, struct findings *out)
{
    const struct output *o = c->subject->output;

    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : o->sources[i].rendering;

        for (size_t k = 0; r && k < r->n_objects; k++) {
            const struct rendered *object = &r->objects[k];
            AUTO(external_secret_freep) struct external_secret *es = NULL;
            struct err err = {0};

            if (identity_is_kind(&object->id, GROUP_EXTERNAL_SECRETS, "ExternalSecret") &&
                !object->hook &&
                external_secret_parse(object->manifest->object, object->id.namespace,
                                      object->id.name, &es, &err))
                judge_target(c, t, es, out);
        }
    }
}

static void judge_marked(const struct context *c, struct targets *t, struct findings *out)
{
    AUTO(freep) char *instance = facts_instance_name(c->facts, context_id(c));
    const struct known_external_secret *known;

    for (size_t i = 0; (known = facts_external_secret_of(c->facts, str_from(instance), i)); i++)
        if (!known->es->deleting)
            judge_target(c, t, known->es, out);
}

void rule_prune_over_unowned(const struct context *c, struct findings *out)
{
    const struct application *a = c->subject->app;
    struct targets targets = {.n = 0};

    if (!a->prunes && !a->operation_prunes)
        return;
    judge_marked(c, &targets, out);
    if (c->subject->stored)
        judge_rendered(c, &targets, out);
}
