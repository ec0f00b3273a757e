/* merge_on_pruned_target.c: an ExternalSecret that leaves its target unowned where an Application
 * prunes it (design 3.3). Row numbers are those of reference/external-secrets.md 3.3. */
#include "rules/secret_fate.h"
#include "rules/unowned_target.h"
#include <stdio.h>

/* What one tracking hypothesis says of the target. */
struct outcome {
    struct secret_fate fate;
    const struct known_application *by; /* the Application it is about; NULL when not found */
    const struct renderer *renders;     /* how it renders the ExternalSecret, when that is why */
    struct str mark_key;                /* the mark the Secret gets, if any */
    struct str mark_value;
    bool mark_is_live; /* the Secret bears it already, and not from this object */
};

/* The target, and all that is asked about it again and again. */
struct target {
    const struct context *c;
    const struct external_secret *es;
    struct identity id;
    const struct secret *live; /* NULL: not seen */
    struct effective_marks effective;
};

static struct outcome worse(struct outcome a, struct outcome b)
{
    return b.fate.fate > a.fate.fate ? b : a;
}

static struct outcome not_known(const char *why)
{
    return (struct outcome){.fate = {.fate = FATE_NOT_KNOWN, .why = why}};
}

static struct marked_secret marked(const struct target *target)
{
    return (struct marked_secret){&target->id, &target->effective.marks, target->live, target->es};
}

/* The Application `o->by` marks the Secret: rows 1 to 4, 6, 10, 15, 16, 19, 20. */
static struct outcome fate_under(const struct target *target, struct outcome o)
{
    const struct pruner p = pruner_of_known(o.by);
    const struct marked_secret s = marked(target);

    o.fate = secret_fate(target->c->facts, &p, &s);
    return o;
}

/* External Secrets takes away what it copied itself, which the Secret does not always show. */
static struct outcome unless_its_own(const struct target *target, struct outcome o, bool label)
{
    struct str name = target->es->id.name;
    enum tri own = label ? secret_label_is_of(target->live, o.mark_key, name)
                         : secret_annotation_is_of(target->live, o.mark_key, name);

    o.mark_is_live = true;
    if (o.fate.fate >= FATE_NOT_KNOWN && own != TRI_NO)
        o.fate = (struct secret_fate){
            .fate = FATE_RISK,
            .why = "the live Secret bears that mark already, and unless this ExternalSecret put it "
                   "there and so takes it away, the Application prunes the Secret"};
    return o;
}

/* The Applications of that instance name; row 21 when the facts know none. */
static struct outcome fate_under_mark(const struct target *target, bool label, struct str key,
                                      struct str instance)
{
    const struct marks *own = external_secret_effective_marks(target->es);
    struct str written = label ? marks_label(own, key) : marks_annotation(own, key.p);
    struct outcome worst = {.fate = {.fate = FATE_SAFE}};
    struct outcome o = {.mark_key = key, .mark_value = instance};

    for (size_t i = 0; (o.by = facts_instance(target->c->facts, instance, i)); i++) {
        struct outcome one = fate_under(target, o);

        worst = worse(worst, written.p ? one : unless_its_own(target, one, label));
    }
    if (facts_instance(target->c->facts, instance, 0) || !written.p)
        return worst;
    worst = not_known("the Application that its tracking mark names is not among those known");
    worst.mark_key = key;
    worst.mark_value = instance;
    return worst;
}

/* Applications that render the ExternalSecret will mark it: they count as having done so. */
static struct outcome fate_when_rendered(const struct target *target, const struct tracking *t)
{
    struct outcome worst = {.fate = {.fate = FATE_SAFE}};
    const struct renderer *by;

    for (size_t i = 0; (by = facts_renderer(target->c->facts, &target->es->id, i)); i++)
        worst = worse(worst, fate_under(target, (struct outcome){.by = by->application,
                                                                 .renders = by,
                                                                 .mark_key = t->label_key}));
    return worst;
}

static struct outcome judge_label(const struct target *target, const struct tracking *t)
{
    struct str value = marks_label(&target->effective.marks, t->label_key);
    struct outcome worst = {.fate = {.fate = FATE_SAFE}};

    if (template_fills_in_mark(target->es, t)) /* 7 */
        return not_known("its template fills in the tracking label at run time");
    if (value.n)
        worst = fate_under_mark(target, true, t->label_key, value);
    /* 5 and 18 fall out: no label, and nobody known renders it, or a template keeps it away. */
    return target->es->template ? worst : worse(worst, fate_when_rendered(target, t));
}

/* Rows 8 and 17: the copied id names the ExternalSecret, which prune skips and cascade does not. */
static struct outcome cascade_under(const struct target *target, struct outcome o)
{
    const struct pruner p = pruner_of_known(o.by);
    const struct marked_secret s = marked(target);

    o.mark_key = STR(ANNOTATION_TRACKING_ID);
    o.fate = secret_fate_by_cascade(target->c->facts, &p, &s);
    if (o.fate.fate != FATE_SAFE)
        o.fate.why = "under annotation tracking it does not prune the Secret, but it has a "
                     "resources finalizer and deleting it deletes the Secret too";
    return o;
}

static struct outcome cascade_outcome(const struct target *target, struct str instance)
{
    const struct facts *f = target->c->facts;
    struct outcome worst = {.fate = {.fate = FATE_SAFE}};
    const struct known_application *known;
    const struct renderer *by;

    for (size_t i = 0; instance.n && (known = facts_instance(f, instance, i)); i++)
        worst = worse(worst, cascade_under(target, (struct outcome){.by = known}));
    for (size_t i = 0; (by = facts_renderer(f, &target->es->id, i)); i++)
        worst = worse(
            worst, cascade_under(target, (struct outcome){.by = by->application, .renders = by}));
    return worst;
}

static struct outcome judge_annotation(const struct target *target, const struct tracking *t)
{
    const struct external_secret *es = target->es;
    bool names_target;
    struct str instance =
        tracking_instance(t, &target->effective.marks, &target->id, &names_target);
    /* Argo CD gives what it renders an id that names the ExternalSecret, and that is copied. */
    bool is_copied = !es->template && facts_renderer(target->c->facts, &es->id, 0);

    if (template_fills_in_mark(es, t))
        return not_known("its template fills in the tracking-id at run time");
    if (instance.p && names_target && !is_copied) /* 10 */
        return fate_under_mark(target, false, STR(ANNOTATION_TRACKING_ID), instance);
    return es->template ? (struct outcome){.fate = {.fate = FATE_SAFE}} /* 9 */
                        : cascade_outcome(target, instance);
}

/* The hypotheses agree, or the answer is not known (design 3.5). */
static struct outcome judge_all(const struct target *target)
{
    const struct tracking_facts *tracking = facts_tracking(target->c->facts);
    struct outcome worst = {.fate = {.fate = FATE_SAFE}};
    enum fate mildest = FATE_DELETED;

    for (size_t i = 0; i < tracking->n; i++) {
        const struct tracking *t = &tracking->hypotheses[i];
        struct outcome o =
            t->method == TRACKING_LABEL ? judge_label(target, t) : judge_annotation(target, t);

        worst = worse(worst, o);
        if (o.fate.fate < mildest)
            mildest = o.fate.fate;
    }
    if (worst.fate.fate != FATE_DELETED)
        return worst;
    if (mildest != FATE_DELETED)
        worst.fate = (struct secret_fate){.fate = FATE_NOT_KNOWN, .why = tracking->why};
    else if (!target->live &&
             secret_has_owning_writer(target->c->facts, &target->id, &target->es->id)) /* 12 */
        worst.fate = (struct secret_fate){.fate = FATE_NOT_KNOWN, .why = OWNING_WRITER_WHY};
    return worst;
}

static void add_application(struct buf *m, const struct outcome *o)
{
    if (!o->by)
        return;
    buf_printf(m, "Application %s (%s", show_id(&o->by->app->id).text, show_known(o->by).text);
    if (o->by->other)
        buf_printf(m, ", %s", show_place(o->by->other).text);
    buf_addc(m, ')');
}

static void add_cause(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;

    if (o->mark_is_live)
        buf_adds(m, "the live Secret bears a tracking mark");
    else if (!es->template)
        buf_adds(m, "without spec.target.template it copies its labels and annotations onto the "
                    "Secret");
    else
        buf_adds(m, "its spec.target.template puts a tracking mark on the Secret");
    if (o->mark_value.n)
        buf_printf(m, ": %s: %s", show(o->mark_key).text, show(o->mark_value).text);
    else if (o->renders)
        buf_printf(m,
                   ", with them the label %s that Argo CD sets because %s is among what it renders",
                   show(o->mark_key).text, show_place(o->renders->rendered->manifest).text);
}

static void say_deleted(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;
    struct identity target = unowned_target(es);
    const char *why;

    buf_printf(m,
               "Argo CD would delete Secret %s: ExternalSecret %s (creationPolicy %s) does not "
               "own it, and ",
               show_id(&target).text, show_id(&es->id).text, show(es->creation_policy_text).text);
    add_cause(m, c, o);
    buf_adds(m, "; ");
    add_application(m, o);
    buf_adds(m, output_keeps(o->by->output, &target, &why) == TRI_NO
                    ? " prunes and does not render the Secret. "
                    : " prunes, and its status.resources lists the Secret with requiresPruning. ");
}

static void say_risk(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;
    struct identity target = unowned_target(es);

    buf_printf(m, "ExternalSecret %s (creationPolicy %s) makes Secret %s look like part of ",
               show_id(&es->id).text, show(es->creation_policy_text).text, show_id(&target).text);
    add_application(m, o);
    buf_printf(m, ": %s. ", o->fate.why);
}

static void say_not_known(struct buf *m, const struct context *c, const struct outcome *o)
{
    const struct external_secret *es = c->subject->es;
    struct identity target = unowned_target(es);

    buf_printf(m,
               "Whether Argo CD would delete Secret %s is not known: %s; ExternalSecret %s "
               "(creationPolicy %s) does not own it, and ",
               show_id(&target).text, o->fate.why, show_id(&es->id).text,
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
    if (o->fate.fate == FATE_DELETED)
        say_deleted(&m, c, o);
    else if (o->fate.fate == FATE_RISK)
        say_risk(&m, c, o);
    else
        say_not_known(&m, c, o);
    if (o->mark_is_live) {
        buf_adds(&m, "Take the mark off the Secret (");
        unowned_target_add_unmarking(
            &m,
            &(const struct tracking){.method = str_is(o->mark_key, ANNOTATION_TRACKING_ID)
                                                   ? TRACKING_ANNOTATION
                                                   : TRACKING_LABEL,
                                     .label_key = o->mark_key},
            &target);
        buf_adds(&m, "), or let the Application render the Secret.");
    } else {
        unowned_target_add_repair(&m, c->facts, c->subject->es, o->fate.fate == FATE_DELETED);
    }
    unowned_target_add_assumption(&m, c->facts);
    (void)snprintf(target_text, sizeof target_text, "Secret %s", show_id(&target).text);
    f = findings_add(out, c, RULE_MERGE_ON_PRUNED_TARGET, verdicts[o->fate.fate], target_text, &m);
    if (o->by && o->by->app->prunes)
        f->traits |= TRAIT_PRUNES;
    if (o->fate.destination_only)
        f->traits |= TRAIT_NEVER_DENIES;
    if (!o->fate.destination_only &&
        settings_is_protected(facts_settings(c->facts), target.namespace, target.name))
        f->traits |= TRAIT_PROTECTED;
    if (o->mark_value.n) {
        char saw[600];

        (void)snprintf(saw, sizeof saw, "%s: %s", show(o->mark_key).text, show(o->mark_value).text);
        finding_add_evidence(f, saw, o->mark_is_live ? show_cluster(c->facts).text : "object");
    }
    if (o->renders)
        finding_add_place(f, show_place(o->renders->rendered->manifest).text,
                          o->renders->source->repository);
    if (!o->by)
        return;
    finding_add_known(f, c->facts, o->by);
    finding_rests_on_output(f, o->by->output); /* which would keep the Secret */
}

static void judge_target(const struct context *c, struct findings *out)
{
    const struct external_secret *es = c->subject->es;
    struct target target = {.c = c, .es = es, .id = unowned_target(es)};
    struct outcome o;

    target.live = facts_secret(c->facts, &target.id);
    if (target.live && secret_has_other_owner(target.live, es, NULL)) /* 12 */
        return;
    effective_marks_init(&target.effective, es, target.live, c->before ? c->before->es : NULL);
    o = judge_all(&target);
    if (o.fate.fate != FATE_SAFE)
        report(c, &o, out);
    effective_marks_clear(&target.effective);
}

void rule_merge_on_pruned_target(const struct context *c, struct findings *out)
{
    const struct external_secret *es = c->subject->es;

    if (!es->targets_secret || unowned_target_is_immutable(c->facts, es)) /* 11 */
        return;
    if (es->creation_policy == CREATION_OTHER) {
        /* The CRD's enum refuses it, so this is a file or an operator from the future. */
        struct outcome o = not_known("its creationPolicy is not one this program knows");

        o.fate.destination_only = true;
        report(c, &o, out);
    } else if (external_secret_leaves_unowned(es)) { /* not 13, 14 */
        judge_target(c, out);
    }
}
