/* merge_on_pruned_target.c: an ExternalSecret that leaves its target unowned where an Application
 * prunes it (design 3.3). Row numbers are those of reference/external-secrets.md 3.3. */
#include "rules/prune_fate.h"
#include "rules/unowned_target.h"
#include <stdio.h>

/* What one tracking hypothesis says of the target. */
struct outcome {
    enum fate fate;
    const struct known_application *by; /* the Application it is about; NULL when not found */
    const struct rendered *rendered;    /* how it renders the ExternalSecret, when that is why */
    const struct source_output *source; /* where */
    struct str mark_key;                /* the mark on the ExternalSecret or its template, if any */
    struct str mark_value;
    const char *why;       /* FATE_RISK: what happens; FATE_NOT_KNOWN: what is missing */
    bool destination_only; /* nothing but the destination is missing: never denied (design 3.5) */
};

static struct outcome worse(struct outcome a, struct outcome b)
{
    return b.fate > a.fate ? b : a;
}

/* Rows 1 to 4, 15, 16, 19, 20: the target bears A's label, A is known. */
static struct outcome fate_under_label(const struct context *c, struct outcome o)
{
    const struct application *a = o.by->app;
    struct identity target = unowned_target(c->subject->es);
    struct prune_fate p = prune_fate_of_mark(
        c->facts, a, external_secret_effective_marks(c->subject->es), true); /* 2, 3, 20 */

    o.fate = FATE_SAFE;
    if (facts_is_this_cluster(c->facts, &a->destination) != TRI_YES) { /* 19, 21 */
        if (o.mark_value.p || o.rendered) {
            o.fate = FATE_NOT_KNOWN;
            o.why = "the Application that marks it has a destination that is not known to be this "
                    "cluster";
            o.destination_only = true;
        }
        return o;
    }
    if (p.fate > FATE_RISK && !a->prunes) /* 4 */
        p = (struct prune_fate){
            FATE_RISK, "it does not prune now, but a manual sync with prune deletes the Secret"};
    o.fate = p.fate;
    o.why = p.why;
    if (p.fate <= FATE_RISK)
        return o;
    switch (output_keeps(o.by->output, &target, &o.why)) {
    case TRI_YES: /* 15 */
        o.fate = FATE_SAFE;
        return o;
    case TRI_NOT_KNOWN:
        o.fate = FATE_NOT_KNOWN;
        return o;
    case TRI_NO: /* 1, 6, 16 */
        break;
    }
    if (o.by->other)
        o.why = "several files define that Application, and they differ";
    else if (o.by->is_kustomized)
        o.why = "a kustomization may change that Application's definition";
    if (o.why)
        o.fate = FATE_NOT_KNOWN;
    return o;
}

/* The Applications of that instance name; row 21 when the facts know none. */
static struct outcome fate_under_mark(const struct context *c, struct str key, struct str instance)
{
    struct str argocd = str_from(facts_settings(c->facts)->argocd.namespace);
    struct outcome worst = {.fate = FATE_SAFE};
    struct outcome o = {.mark_key = key, .mark_value = instance};
    bool found = false;

    for (size_t i = 0; i < facts_n_applications(c->facts); i++) {
        o.by = facts_application(c->facts, i);
        if (!tracking_instance_is(instance, argocd, &o.by->app->id))
            continue;
        found = true;
        worst = worse(worst, fate_under_label(c, o));
    }
    if (found)
        return worst;
    o.by = NULL;
    o.fate = FATE_NOT_KNOWN;
    o.why = "the Application that its tracking mark names is not among those known";
    return o;
}

/* Applications that render the ExternalSecret will mark it: they count as having done so. */
static struct outcome fate_when_rendered(const struct context *c, const struct tracking *t)
{
    struct outcome worst = {.fate = FATE_SAFE};

    for (size_t i = 0; i < facts_n_applications(c->facts); i++) {
        struct outcome o = {.by = facts_application(c->facts, i)};
        const char *why;

        if (output_has(o.by->output, context_id(c), &o.rendered, &o.source, &why) != TRI_YES)
            continue;
        o.mark_key = t->label_key;
        worst = worse(worst, fate_under_label(c, o));
    }
    return worst;
}

static struct outcome judge_label(const struct context *c, const struct tracking *t)
{
    const struct external_secret *es = c->subject->es;
    struct str value = marks_label(external_secret_effective_marks(es), t->label_key);

    if (es->template) {
        if (prune_fate_is_filled_in(es, t)) /* 7 */
            return (struct outcome){.fate = FATE_NOT_KNOWN,
                                    .why = "its template fills in the tracking label at run time"};
        if (!value.n) /* 5 */
            return (struct outcome){.fate = FATE_SAFE};
        return fate_under_mark(c, t->label_key, value); /* 6 */
    }
    /* 18 falls out: no label, and nobody known renders it. */
    return worse(value.n ? fate_under_mark(c, t->label_key, value) : (struct outcome){0},
                 fate_when_rendered(c, t));
}

/* Rows 8 and 17: the copied id names the ExternalSecret, which prune skips and cascade does not. */
static struct outcome cascade_outcome(const struct context *c, struct str instance)
{
    struct str argocd = str_from(facts_settings(c->facts)->argocd.namespace);

    for (size_t i = 0; i < facts_n_applications(c->facts); i++) {
        struct outcome o = {.by = facts_application(c->facts, i)};
        const struct application *a = o.by->app;
        const char *why;
        bool marked = instance.n && tracking_instance_is(instance, argocd, &a->id);
        bool renders =
            output_has(o.by->output, context_id(c), &o.rendered, &o.source, &why) == TRI_YES;

        if (!(marked || renders) || o.by->other ||
            facts_is_this_cluster(c->facts, &a->destination) != TRI_YES ||
            prune_fate_by_cascade(a, &c->subject->es->marks).fate == FATE_SAFE)
            continue;
        o.fate = FATE_RISK;
        o.mark_key = STR(ANNOTATION_TRACKING_ID);
        o.why = "under annotation tracking it does not prune the Secret, but it has a resources "
                "finalizer and deleting it deletes the Secret too";
        return o;
    }
    return (struct outcome){.fate = FATE_SAFE};
}

static struct outcome judge_annotation(const struct context *c, const struct tracking *t)
{
    const struct external_secret *es = c->subject->es;
    struct identity target = unowned_target(es);
    const struct marks *effective = external_secret_effective_marks(es);
    bool names_target;
    struct str instance = tracking_instance(t, effective, &target, &names_target);

    if (!es->template)
        return cascade_outcome(c, instance);
    if (prune_fate_is_filled_in(es, t))
        return (struct outcome){.fate = FATE_NOT_KNOWN,
                                .why = "its template fills in the tracking-id at run time"};
    if (!instance.p || !names_target) /* 9 */
        return (struct outcome){.fate = FATE_SAFE};
    return fate_under_mark(c, STR(ANNOTATION_TRACKING_ID), instance); /* 10 */
}

/* The hypotheses agree, or the answer is not known (design 3.5). */
static struct outcome judge_all(const struct context *c)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    struct outcome worst = {.fate = FATE_SAFE};
    enum fate mildest = FATE_DELETED;

    for (size_t i = 0; i < tracking->n; i++) {
        const struct tracking *t = &tracking->hypotheses[i];
        struct outcome o = t->method == TRACKING_LABEL ? judge_label(c, t) : judge_annotation(c, t);

        worst = worse(worst, o);
        if (o.fate < mildest)
            mildest = o.fate;
    }
    if (worst.fate == FATE_DELETED && mildest != FATE_DELETED) {
        worst.fate = FATE_NOT_KNOWN;
        worst.why = tracking->why;
    }
    return worst;
}

static void add_application(struct buf *m, const struct outcome *o)
{
    if (!o->by)
        return;
    buf_printf(m, "Application %s (%s", show_id(&o->by->app->id).text,
               show_place(o->by->manifest).text);
    if (o->by->other)
        buf_printf(m, ", %s", show_place(o->by->other).text);
    buf_addc(m, ')');
}

static void add_cause(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;

    if (!es->template)
        buf_adds(m, "without spec.target.template it copies its labels and annotations onto the "
                    "Secret");
    else
        buf_adds(m, "its spec.target.template puts a tracking mark on the Secret");
    if (o->mark_value.n)
        buf_printf(m, ": %s: %s", show(o->mark_key).text, show(o->mark_value).text);
    else if (o->rendered)
        buf_printf(m,
                   ", with them the label %s that Argo CD sets because %s is among what it renders",
                   show(o->mark_key).text, show_place(o->rendered->manifest).text);
}

static void say_deleted(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;
    struct identity target = unowned_target(es);

    buf_printf(m,
               "Argo CD would delete Secret %s: ExternalSecret %s (creationPolicy %s) does not "
               "own it, and ",
               show_id(&target).text, show_id(&es->id).text, show(es->creation_policy_text).text);
    add_cause(m, c, o);
    buf_adds(m, "; ");
    add_application(m, o);
    buf_adds(m, " prunes and does not render the Secret. ");
}

static void say_risk(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;
    struct identity target = unowned_target(es);

    buf_printf(m, "ExternalSecret %s (creationPolicy %s) makes Secret %s look like part of ",
               show_id(&es->id).text, show(es->creation_policy_text).text, show_id(&target).text);
    add_application(m, o);
    buf_printf(m, ": %s. ", o->why);
}

static void say_not_known(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;
    struct identity target = unowned_target(es);

    buf_printf(m,
               "Whether Argo CD would delete Secret %s is not known: %s; ExternalSecret %s "
               "(creationPolicy %s) does not own it, and ",
               show_id(&target).text, o->why, show_id(&es->id).text,
               show(es->creation_policy_text).text);
    add_cause(m, c, o);
    if (o->by) {
        buf_adds(m, ", for ");
        add_application(m, o);
    }
    buf_adds(m, ". ");
}

static void report(const struct context *c, const struct outcome *o, struct findings *out)
{
    static const enum finding_verdict verdicts[] = {
        [FATE_RISK] = FINDING_WARN,
        [FATE_NOT_KNOWN] = FINDING_UNDECIDED,
        [FATE_DELETED] = FINDING_DENY,
    };
    struct identity target = unowned_target(c->subject->es);
    char target_text[300];
    struct finding *f;
    struct buf m;

    buf_init(&m, MESSAGE_MAX);
    if (o->fate == FATE_DELETED)
        say_deleted(&m, c, o);
    else if (o->fate == FATE_RISK)
        say_risk(&m, c, o);
    else
        say_not_known(&m, c, o);
    unowned_target_add_repair(&m, c->facts, c->subject->es);
    unowned_target_add_assumption(&m, c->facts);
    (void)snprintf(target_text, sizeof target_text, "Secret %s", show_id(&target).text);
    f = findings_add(out, c, RULE_MERGE_ON_PRUNED_TARGET, verdicts[o->fate], target_text, &m);
    if (o->by && o->by->app->prunes)
        f->traits |= TRAIT_PRUNES;
    if (o->destination_only)
        f->traits |= TRAIT_NEVER_DENIES;
    if (!o->destination_only &&
        settings_is_protected(facts_settings(c->facts), target.namespace, target.name))
        f->traits |= TRAIT_PROTECTED;
    if (o->mark_value.n) {
        char saw[600];

        (void)snprintf(saw, sizeof saw, "%s: %s", show(o->mark_key).text, show(o->mark_value).text);
        finding_add_evidence(f, saw, "object");
    }
    if (o->rendered)
        finding_add_evidence(f, show_place(o->rendered->manifest).text,
                             show_revision(o->source->repository).text);
    if (o->by)
        finding_add_evidence(f, show_place(o->by->manifest).text,
                             show_revision(o->by->repository).text);
}

void rule_merge_on_pruned_target(const struct context *c, struct findings *out)
{
    const struct external_secret *es = c->subject->es;
    struct outcome o;

    if (!es->targets_secret || es->immutable) /* 11 */
        return;
    if (es->creation_policy == CREATION_OTHER) {
        /* The CRD's enum refuses it, so this is a file or an operator from the future. */
        o = (struct outcome){.fate = FATE_NOT_KNOWN,
                             .why = "its creationPolicy is not one this program knows",
                             .destination_only = true};
        report(c, &o, out);
        return;
    }
    if (!external_secret_leaves_unowned(es)) /* 13, 14 */
        return;
    o = judge_all(c);
    if (o.fate != FATE_SAFE)
        report(c, &o, out);
}
