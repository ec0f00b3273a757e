/* protected_secret_prune.c: a pruning Application that would delete a protected Secret (design
 * 3.4). Row numbers are those of reference/argocd.md 5.4. */
#include "rules/pruned_secret.h"

static void judge_secret(const struct context *c, const struct identity *secret,
                         struct findings *out)
{
    const struct application *a = c->subject->app;
    bool by_operation = application_operation_prunes(a, secret);
    const struct output *brought = c->subject->operation_output;
    /* An operation that brings its own sources prunes by those, automated syncs by the spec's. */
    struct threatened wanted = {
        .secret = *secret,
        .pruner = pruner_judged(c, c->subject->output, a->prunes || (by_operation && !brought)),
    };
    AUTO(external_secret_freep) struct external_secret *es = NULL;
    AUTO(external_secret_freep) struct external_secret *brought_es = NULL;
    struct threat threat = pruned_secret_judge(c, &wanted, &es);

    if (by_operation && brought) {
        struct threat other;

        wanted.pruner = pruner_judged(c, brought, true);
        other = pruned_secret_judge(c, &wanted, &brought_es);
        if (other.fate.fate > threat.fate.fate)
            threat = other;
    }
    if (threat.fate.fate != FATE_SAFE)
        pruned_secret_report(c, &threat, RULE_PROTECTED_SECRET_PRUNE, out)->traits |=
            TRAIT_PROTECTED;
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
