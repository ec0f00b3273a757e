/* protected_secret_prune.c: a pruning Application that would delete a protected Secret (design
 * 3.4). Row numbers are those of reference/argocd.md 5.4. */
#include "base/json.h"
#include "rules/prune_fate.h"
#include "rules/unowned_target.h"
#include <stdio.h>

/* One protected Secret as the facts let us see it through the Application. */
struct threat {
    struct identity secret;
    const struct external_secret *es; /* rows 11 and 13: it copies the mark; else NULL */
    const struct rendered *rendered;  /* how the Application renders `es` */
    const struct source_output *source;
    bool requires_pruning;       /* row 8 */
    const struct output *output; /* of the Application, or of its operation */
    bool pruned;                 /* by automated sync, or by this operation; else row 13 only */
};

/* Row 11 and its neighbours under one hypothesis: the ExternalSecret hands A's mark on. */
static struct prune_fate fate_through_es(const struct context *c, const struct tracking *t,
                                         const struct threat *threat)
{
    const struct application *a = c->subject->app;
    const struct external_secret *es = threat->es;
    const struct marks *effective = external_secret_effective_marks(es);
    struct str argocd = str_from(facts_settings(c->facts)->argocd.namespace);
    bool names_secret;
    struct str instance = tracking_instance(t, effective, &threat->secret, &names_secret);
    bool pruned = threat->pruned;

    if (!external_secret_leaves_unowned(es))
        return (struct prune_fate){
            FATE_NOT_KNOWN, "its ExternalSecret's creationPolicy is not one this program knows"};
    if (prune_fate_is_filled_in(es, t))
        return (struct prune_fate){FATE_NOT_KNOWN,
                                   "its ExternalSecret's template fills in the mark at run time"};
    /* Without a template A's mark is copied: A sets it when it applies the ExternalSecret. */
    if (es->template && !(instance.p && tracking_instance_is(instance, argocd, &a->id)))
        return (struct prune_fate){FATE_SAFE, NULL};
    /* A copied id names the ExternalSecret: prune skips it, cascade deletion (13) does not. */
    if (t->method != TRACKING_LABEL && (!es->template || !names_secret))
        pruned = false;
    return prune_fate_of_mark(c->facts, a, effective, pruned); /* 7, 15 */
}

static struct prune_fate fate_under_hypotheses(const struct context *c, const struct threat *threat)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    struct prune_fate worst = {FATE_SAFE, NULL};
    enum fate mildest = FATE_DELETED;

    for (size_t i = 0; i < tracking->n; i++) {
        struct prune_fate o = fate_through_es(c, &tracking->hypotheses[i], threat);

        if (o.fate > worst.fate)
            worst = o;
        if (o.fate < mildest)
            mildest = o.fate;
    }
    if (worst.fate == FATE_DELETED && mildest != FATE_DELETED)
        return (struct prune_fate){FATE_NOT_KNOWN, tracking->why};
    return worst;
}

static struct prune_fate judge_threat(const struct context *c, const struct threat *threat)
{
    const struct application *a = c->subject->app;
    const char *why = NULL;
    struct prune_fate o = {FATE_DELETED, NULL};
    enum tri is_target = output_keeps(threat->output, &threat->secret, &why);

    if (is_target == TRI_YES) /* rendered by the Application beats every other row */
        return (struct prune_fate){FATE_SAFE, NULL};
    if (threat->requires_pruning && subject_keeps_all(c->facts, a, &(struct marks){0}) != TRI_NO)
        return (struct prune_fate){FATE_SAFE,
                                   NULL}; /* 7: its own option decides, and is not seen */
    if (!threat->requires_pruning)
        o = fate_under_hypotheses(c, threat);
    if (o.fate != FATE_DELETED)
        return o;
    if (facts_is_this_cluster(c->facts, &a->destination) != TRI_YES) /* 2 */
        return (struct prune_fate){FATE_NOT_KNOWN,
                                   "its destination is not known to be this cluster "
                                   "(argocd.thisCluster)"};
    if (is_target == TRI_NOT_KNOWN && !threat->requires_pruning) /* 10 */
        return (struct prune_fate){FATE_NOT_KNOWN, why};
    return o;
}

static void add_cause(struct buf *m, const struct threat *threat)
{
    const struct external_secret *es = threat->es;

    if (!es) {
        buf_adds(m, "its status.resources lists the Secret with requiresPruning");
        return;
    }
    buf_printf(m, "it renders ExternalSecret %s (%s, creationPolicy %s), which ",
               show_id(&es->id).text, show_place(threat->rendered->manifest).text,
               show(es->creation_policy_text).text);
    if (es->template)
        buf_adds(m, "puts the Application's tracking mark on the Secret through its template");
    else
        buf_adds(m, "has no spec.target.template and so copies the Application's tracking mark "
                    "onto the Secret");
}

static void add_policy(struct buf *m, const struct application *a)
{
    buf_adds(m, a->prunes ? "with automated prune on" : "with the prune of this operation");
}

static void report(const struct context *c, const struct threat *threat, const struct prune_fate *o,
                   struct findings *out)
{
    const struct application *a = c->subject->app;
    struct shown secret = show_id(&threat->secret);
    enum finding_verdict verdict = FINDING_WARN;
    char target[300];
    struct finding *f;
    struct buf m;

    buf_init(&m, MESSAGE_MAX);
    if (o->fate == FATE_DELETED) {
        verdict = FINDING_DENY;
        buf_printf(&m, "Application %s would delete Secret %s: ", show_id(&a->id).text,
                   secret.text);
        add_cause(&m, threat);
        buf_adds(&m, ", while its sources do not render the Secret; ");
        add_policy(&m, a);
        buf_adds(&m, " Argo CD takes it for a leftover. ");
    } else {
        if (o->fate == FATE_NOT_KNOWN) {
            verdict = FINDING_UNDECIDED;
            buf_printf(&m, "Whether Application %s would delete Secret %s is not known: %s; ",
                       show_id(&a->id).text, secret.text, o->why);
        } else {
            buf_printf(&m, "Application %s puts Secret %s at risk: %s; ", show_id(&a->id).text,
                       secret.text, o->why);
        }
        add_cause(&m, threat);
        buf_adds(&m, ". ");
    }
    if (threat->es)
        unowned_target_add_repair(&m, c->facts, threat->es);
    else
        buf_printf(&m,
                   "Take Argo CD's tracking mark off the Secret and see what put it there. Until "
                   "then leave "
                   "prune off, or name what to sync in operation.sync.resources; whether the live "
                   "Secret carries Prune=false is not seen here.");
    unowned_target_add_assumption(&m, c->facts);
    (void)snprintf(target, sizeof target, "Secret %s", secret.text);
    f = findings_add(out, c, RULE_PROTECTED_SECRET_PRUNE, verdict, target, &m);
    f->traits = TRAIT_PROTECTED | (a->prunes ? TRAIT_PRUNES : 0);
    if (o->fate == FATE_DELETED && c->subject->new_operation &&
        application_operation_prunes(a, &threat->secret))
        f->traits |= TRAIT_OPERATION;
    if (facts_is_this_cluster(c->facts, &a->destination) != TRI_YES)
        f->traits |= TRAIT_NEVER_DENIES;
    if (threat->es)
        finding_add_evidence(f, show_place(threat->rendered->manifest).text,
                             show_revision(threat->source->repository).text);
    else
        finding_add_evidence(f, "status.resources[].requiresPruning", "oldObject");
}

/* The unowned ExternalSecrets on the Secret among what is rendered; the worst is reported. */
static bool judge_rendered(const struct context *c, const struct threat *wanted,
                           struct findings *out)
{
    const struct output *o = wanted->output;
    struct prune_fate worst = {FATE_SAFE, NULL};
    struct threat worst_threat = {0};
    AUTO(external_secret_freep) struct external_secret *worst_es = NULL;

    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].rendering;

        for (size_t k = 0; r && k < r->n_objects; k++) {
            const struct rendered *object = &r->objects[k];
            AUTO(external_secret_freep) struct external_secret *es = NULL;
            struct threat threat = *wanted;
            struct err err = {0};
            struct prune_fate fate;

            if (!identity_is_kind(&object->id, GROUP_EXTERNAL_SECRETS, "ExternalSecret") ||
                object->hook || object->hook_skip ||
                !str_eq(object->id.namespace, wanted->secret.namespace) ||
                !external_secret_parse(object->manifest->object, object->id.namespace,
                                       object->id.name, &es, &err))
                continue;
            if (!es->targets_secret || es->immutable || es->creation_policy == CREATION_OWNER ||
                es->creation_policy == CREATION_NONE ||
                !str_eq(es->target_name, wanted->secret.name))
                continue;
            threat.es = es;
            threat.rendered = object;
            threat.source = &o->sources[i];
            fate = judge_threat(c, &threat);
            if (fate.fate <= worst.fate)
                continue;
            worst = fate;
            worst_threat = threat;
            external_secret_free(worst_es);
            worst_es = steal(&es);
        }
    }
    if (worst.fate == FATE_SAFE)
        return false;
    report(c, &worst_threat, &worst, out);
    return true;
}

/* Row 8: Argo CD itself has said that the next sync prunes it. */
static bool judge_status(const struct context *c, const struct threat *wanted, struct findings *out)
{
    const struct application *stored = c->before            ? c->before->app
                                       : c->subject->stored ? c->subject->app
                                                            : NULL;
    const json_t *entry = stored ? application_find_resource(stored, &wanted->secret) : NULL;
    struct threat threat = *wanted;
    struct prune_fate o;

    if (!json_bool_at(entry, "requiresPruning", false))
        return false;
    threat.requires_pruning = true;
    o = judge_threat(c, &threat);
    if (o.fate == FATE_SAFE)
        return false;
    report(c, &threat, &o, out);
    return true;
}

static void judge_secret(const struct context *c, const struct identity *secret,
                         struct findings *out)
{
    const struct application *a = c->subject->app;
    bool by_operation = application_operation_prunes(a, secret);
    const struct output *own = c->subject->output;
    const struct output *brought = c->subject->operation_output;
    /* An operation that brings its own sources prunes by those, automated syncs by the spec's. */
    struct threat threat = {
        .secret = *secret,
        .output = own,
        .pruned = a->prunes || (by_operation && !brought),
    };
    struct threat of_operation = {
        .secret = *secret, .output = brought ? brought : own, .pruned = true};

    if (threat.pruned && judge_status(c, &threat, out))
        return;
    if (judge_rendered(c, &threat, out) || !by_operation || !brought)
        return;
    if (!judge_status(c, &of_operation, out))
        (void)judge_rendered(c, &of_operation, out);
}

void rule_protected_secret_prune(const struct context *c, struct findings *out)
{
    const struct application *a = c->subject->app;
    const struct settings *s = facts_settings(c->facts);

    if (!a->prunes && !a->operation_prunes && !a->resources_finalizer) /* 1, 13 */
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
