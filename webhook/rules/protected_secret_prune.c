/* protected_secret_prune.c: a pruning Application that would delete a protected Secret (design
 * 3.4). Row numbers are those of reference/argocd.md 5.4. */
#include "rules/pruned_secret.h"

/* False when nothing was found. */
static bool judge_output(const struct context *c, const struct threatened *wanted,
                         struct findings *out)
{
    AUTO(external_secret_freep) struct external_secret *es = NULL;
    struct threat threat = pruned_secret_judge(c, wanted, &es);

    if (threat.fate.fate == FATE_SAFE)
        return false;
    pruned_secret_report(c, &threat, RULE_PROTECTED_SECRET_PRUNE, out)->traits |= TRAIT_PROTECTED;
    return true;
}

static void judge_secret(const struct context *c, const struct identity *secret,
                         struct findings *out)
{
    const struct application *a = c->subject->app;
    bool by_operation = application_operation_prunes(a, secret);
    const struct output *brought = c->subject->operation_output;
    /* An operation that brings its own sources prunes by those, automated syncs by the spec's. */
    const struct threatened own = {
        .secret = *secret,
        .pruner = pruner_judged(c, c->subject->output, a->prunes || (by_operation && !brought)),
    };

    if (judge_output(c, &own, out) || !by_operation || !brought)
        return;
    (void)judge_output(
        c, &(const struct threatened){.secret = *secret, .pruner = pruner_judged(c, brought, true)},
        out);
}

void rule_protected_secret_prune(const struct context *c, struct findings *out)
{
    const struct application *a = c->subject->app;
    const struct settings *s = facts_settings(c->facts);

    if (!a->prunes && !a->operation_prunes && !a->resources_finalizer && !a->prune_switched_off &&
        !a->operation_dry_prune) /* 1, 13, 15 */
        return;
    for (size_t i = 0; i < s->n_protected; i++) {
        struct identity secret = {
            .group = STR(""),
            .kind = STR("Secret"),
            .namespace = str_from(s->protected_secrets[i].namespace),
            .name = str_from(s->protected_secrets[i].name),
        };

        judge_secret(c, &secret, out);
    }
}
