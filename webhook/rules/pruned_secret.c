#include "rules/pruned_secret.h"
#include "base/json.h"
#include "base/mem.h"
#include "rules/unowned_target.h"
#include <stdio.h>
#include <stdlib.h>

/* Whether that instance name is the judged Application's. */
static bool is_ours(const struct context *c, struct str instance)
{
    return instance.p &&
           tracking_instance_is(instance, str_from(facts_settings(c->facts)->argocd.namespace),
                                context_id(c));
}

/* The stored object: its status is Argo CD's. */
static const struct application *stored(const struct context *c)
{
    return c->before ? c->before->app : c->subject->stored ? c->subject->app : NULL;
}

static bool same_sources(const struct application *a, const struct application *b)
{
    bool same = a->n_sources == b->n_sources;

    for (size_t i = 0; same && i < a->n_sources; i++)
        same = source_same(&a->sources[i], &b->sources[i]);
    return same;
}

struct pruner pruner_judged(const struct context *c, const struct output *output, bool prunes)
{
    const struct application *app = c->subject->app;
    const struct application *before = stored(c);
    struct pruner p = {.app = app, .output = output, .prunes = prunes};

    if (app->prune_switched_off)
        p.later = "automated prune is set but switched off (enabled: false), and switching it on "
                  "deletes the Secret";
    else if (app->operation_dry_prune)
        p.later = "the prune of this operation is a dry run, and the same without dryRun deletes "
                  "the Secret";
    if (before && output == c->subject->output && same_sources(app, before))
        p.compared = before;
    return p;
}

/* One tracking hypothesis after the other; they agree, or the answer is not known. */
typedef struct secret_fate (*fate_fn)(const struct context *c, const struct tracking *t,
                                      const struct threat *threat);

static struct secret_fate under_hypotheses(const struct context *c, const struct threat *threat,
                                           fate_fn fate)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    struct secret_fate worst = {.fate = FATE_SAFE};
    enum fate mildest = FATE_DELETED;

    for (size_t i = 0; i < tracking->n; i++) {
        struct secret_fate o = fate(c, &tracking->hypotheses[i], threat);

        if (o.fate > worst.fate)
            worst = o;
        if (o.fate < mildest)
            mildest = o.fate;
    }
    if (worst.fate == FATE_DELETED && mildest != FATE_DELETED)
        return (struct secret_fate){.fate = FATE_NOT_KNOWN, .why = tracking->why};
    return worst;
}

static struct secret_fate safe(void)
{
    return (struct secret_fate){.fate = FATE_SAFE};
}

static struct secret_fate not_known(const char *why)
{
    return (struct secret_fate){.fate = FATE_NOT_KNOWN, .why = why};
}

/* Row 11 and its neighbours: the ExternalSecret hands the Application's mark on. */
static struct secret_fate fate_through_es(const struct context *c, const struct tracking *t,
                                          const struct threat *threat)
{
    const struct external_secret *es = threat->es;
    const struct marks *own = external_secret_effective_marks(es);
    struct effective_marks effective;
    struct marked_secret s = {&threat->secret, &effective.marks, threat->live, es};
    struct secret_fate fate;
    bool names_secret;
    struct str instance = tracking_instance(t, own, &threat->secret, &names_secret);
    bool is_marked = is_ours(c, instance);

    if (template_fills_in_mark(es, t))
        return not_known("its ExternalSecret's template fills in the mark at run time");
    /* Without a template a mark is copied: the Application sets its own when it applies it. */
    if (!is_marked && (es->template || !threat->rendered))
        return safe();
    effective_marks_init(&effective, es, threat->live, NULL);
    /* A copied id names the ExternalSecret: prune skips it, cascade deletion (13) does not. */
    if (t->method != TRACKING_LABEL && !(es->template && names_secret))
        fate = secret_fate_by_cascade(c->facts, &threat->pruner, &s);
    else
        fate = secret_fate(c->facts, &threat->pruner, &s);
    effective_marks_clear(&effective);
    return fate;
}

/* Rows 5 to 10: the live Secret bears the Application's mark. */
static struct secret_fate fate_of_live(const struct context *c, const struct tracking *t,
                                       const struct threat *threat)
{
    const struct marked_secret s = {&threat->secret, &threat->live->marks, threat->live, NULL};
    bool names_secret;
    struct str instance =
        tracking_instance(t, &threat->live->marks, &threat->secret, &names_secret);

    if (!is_ours(c, instance))
        return safe();
    return names_secret ? secret_fate(c->facts, &threat->pruner, &s)
                        : secret_fate_by_cascade(c->facts, &threat->pruner, &s);
}

/* "But: the owner pruned, and garbage collection takes S" (4): the owner is a live ExternalSecret
 * that the Application tracks and no longer renders. */
static struct secret_fate fate_of_owner(const struct context *c, const struct tracking *t,
                                        const struct threat *threat)
{
    const struct external_secret *es = threat->es;
    const struct marked_secret s = {&es->id, &es->marks, NULL, NULL};
    struct secret_fate fate;
    bool names_itself;
    struct str instance = tracking_instance(t, &es->marks, &es->id, &names_itself);

    if (es->marks.has_owner || !is_ours(c, instance) || !names_itself)
        return safe();
    fate = secret_fate(c->facts, &threat->pruner, &s);
    /* A cascade takes every ExternalSecret of the Application with it: that is what it is for. */
    return fate.fate == FATE_RISK ? safe() : fate;
}

/* The Application rendered the Secret until now, and Argo CD lists it among its own. */
static struct secret_fate fate_of_leaving(const struct context *c, const struct threat *threat)
{
    const struct application *before = c->before->app;
    const struct rendered *was = NULL;
    const struct source_output *by;
    const char *why;
    struct marks marks;
    struct marked_secret s = {&threat->secret, &marks, NULL, NULL};

    if (!application_find_resource(before, &threat->secret) ||
        output_has(c->before->output, &threat->secret, &was, &by, &why) != TRI_YES || was->hook)
        return safe();
    marks = marks_read(json_object_get(was->manifest->object, "metadata"));
    return secret_fate(c->facts, &threat->pruner, &s);
}

static bool writes_unowned(const struct external_secret *es, const struct identity *secret)
{
    return es->targets_secret && !es->immutable && es->creation_policy != CREATION_OWNER &&
           es->creation_policy != CREATION_NONE && str_eq(es->target_name, secret->name) &&
           str_eq(es->id.namespace, secret->namespace);
}

/* Whichever is worse stays in *worst; `es` is freed when it is not that. */
static void keep_worse(struct threat *worst, struct external_secret **worst_es, struct threat other,
                       struct external_secret *es)
{
    if (other.fate.fate <= worst->fate.fate) {
        external_secret_free(es);
        return;
    }
    external_secret_free(*worst_es);
    *worst = other;
    *worst_es = es;
}

static struct threat threat_of(const struct threatened *wanted, enum threat_cause cause,
                               const struct secret *live)
{
    return (struct threat){
        .cause = cause,
        .secret = wanted->secret,
        .live = live,
        .pruner = wanted->pruner,
        .fate = {.fate = FATE_SAFE},
    };
}

static struct secret_fate judge_external_secret(const struct context *c,
                                                const struct threat *threat)
{
    if (external_secret_leaves_unowned(threat->es))
        return under_hypotheses(c, threat, fate_through_es);
    return not_known("its ExternalSecret's creationPolicy is not one this program knows");
}

static void judge_rendered(const struct context *c, const struct threatened *wanted,
                           struct threat *worst, struct external_secret **worst_es)
{
    const struct output *o = wanted->pruner.output;

    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : o->sources[i].rendering;

        for (size_t k = 0; r && k < r->n_objects; k++) {
            const struct rendered *object = &r->objects[k];
            AUTO(external_secret_freep) struct external_secret *es = NULL;
            struct threat threat =
                threat_of(wanted, CAUSE_EXTERNAL_SECRET, facts_secret(c->facts, &wanted->secret));
            struct err err = {0};

            if (!identity_is_kind(&object->id, GROUP_EXTERNAL_SECRETS, "ExternalSecret") ||
                object->hook || object->hook_skip ||
                !external_secret_parse(object->manifest->object, object->id.namespace,
                                       object->id.name, &es, &err) ||
                !writes_unowned(es, &wanted->secret))
                continue;
            threat.es = es;
            threat.rendered = object;
            threat.source = &o->sources[i];
            threat.fate = judge_external_secret(c, &threat);
            keep_worse(worst, worst_es, threat, steal(&es));
        }
    }
}

/* Live ones that bear the Application's mark; where it renders them, what it renders counts. */
static void judge_live_marked(const struct context *c, const struct threatened *wanted,
                              struct threat *worst, struct external_secret **worst_es)
{
    AUTO(freep) char *instance = facts_instance_name(c->facts, context_id(c));
    const struct known_external_secret *known;

    for (size_t i = 0; (known = facts_external_secret_of(c->facts, str_from(instance), i)); i++) {
        struct threat threat =
            threat_of(wanted, CAUSE_EXTERNAL_SECRET, facts_secret(c->facts, &wanted->secret));
        const struct rendered *found;
        const struct source_output *by;
        const char *why;

        if (!writes_unowned(known->es, &wanted->secret) || known->es->deleting ||
            output_has(wanted->pruner.output, &known->es->id, &found, &by, &why) == TRI_YES)
            continue;
        threat.es = known->es;
        threat.fate = judge_external_secret(c, &threat);
        keep_worse(worst, worst_es, threat, NULL);
    }
}

/* The live ExternalSecret that owns the Secret. */
static const struct external_secret *owner_of(const struct context *c, const struct secret *live)
{
    struct str name = secret_owning_external_secret(live);
    const struct known_external_secret *known;

    for (size_t i = 0; name.p && (known = facts_external_secret_on(c->facts, &live->id, i)); i++)
        if (!known->renderer && str_eq(known->es->id.name, name))
            return known->es;
    return NULL;
}

static void judge_live(const struct context *c, const struct threatened *wanted,
                       const struct secret *live, struct threat *worst,
                       struct external_secret **worst_es)
{
    struct threat threat = threat_of(wanted, CAUSE_LIVE_MARK, live);

    threat.fate = under_hypotheses(c, &threat, fate_of_live);
    keep_worse(worst, worst_es, threat, NULL);
    threat = threat_of(wanted, CAUSE_OWNER, live);
    threat.es = owner_of(c, live);
    if (!threat.es)
        return;
    threat.fate = under_hypotheses(c, &threat, fate_of_owner);
    keep_worse(worst, worst_es, threat, NULL);
}

/* Row 8 where the live Secret was not seen: Argo CD itself has said that the next sync prunes it.
 * Its own Prune=false, which counts before the Application's (7), is not seen either. */
static void judge_status(const struct context *c, const struct threatened *wanted,
                         struct threat *worst, struct external_secret **worst_es)
{
    const struct application *app = c->subject->app;
    const struct application *before = stored(c);
    const json_t *entry = before ? application_find_resource(before, &wanted->secret) : NULL;
    struct threat threat = threat_of(wanted, CAUSE_STATUS, NULL);
    const char *why = NULL;

    if (!json_bool_at(entry, "requiresPruning", false) || !wanted->pruner.prunes ||
        output_keeps(wanted->pruner.output, &wanted->secret, &why) == TRI_YES ||
        facts_is_out_of_reach(c->facts, app, &wanted->secret, &why) ||
        subject_keeps_all(c->facts, app, &(struct marks){0}) != TRI_NO)
        return;
    threat.fate.fate = FATE_DELETED;
    if (facts_is_this_cluster(c->facts, &app->destination) != TRI_YES) /* 2 */
        threat.fate = not_known("its destination is not known to be this cluster "
                                "(argocd.thisCluster)");
    keep_worse(worst, worst_es, threat, NULL);
}

struct threat pruned_secret_judge_es(const struct context *c, const struct threatened *wanted,
                                     struct external_secret **es)
{
    struct threat worst = threat_of(wanted, CAUSE_EXTERNAL_SECRET, NULL);

    *es = NULL;
    judge_rendered(c, wanted, &worst, es);
    judge_live_marked(c, wanted, &worst, es);
    return worst;
}

struct threat pruned_secret_judge(const struct context *c, const struct threatened *wanted,
                                  struct external_secret **es)
{
    const struct secret *live = facts_secret(c->facts, &wanted->secret);
    struct threat worst = threat_of(wanted, CAUSE_STATUS, live);

    *es = NULL;
    if (live) {
        judge_live(c, wanted, live, &worst, es);
    } else {
        judge_status(c, wanted, &worst, es);
        if (c->before && worst.fate.fate == FATE_SAFE) {
            struct threat leaves = threat_of(wanted, CAUSE_LEAVES, NULL);

            leaves.fate = fate_of_leaving(c, &leaves);
            keep_worse(&worst, es, leaves, NULL);
        }
    }
    if (worst.fate.fate != FATE_DELETED) {
        judge_rendered(c, wanted, &worst, es);
        judge_live_marked(c, wanted, &worst, es);
    }
    return worst;
}

/* "label argocd.argoproj.io/instance: config" of the live Secret, under the first hypothesis that
 * has one. */
static struct shown live_mark(const struct context *c, const struct secret *live)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    struct shown out = {""};

    for (size_t i = 0; i < tracking->n && !out.text[0]; i++) {
        const struct tracking *t = &tracking->hypotheses[i];
        bool label = t->method == TRACKING_LABEL;
        struct str key = label ? t->label_key : STR(ANNOTATION_TRACKING_ID);
        struct str value = label ? marks_label(&live->marks, key)
                                 : marks_annotation(&live->marks, ANNOTATION_TRACKING_ID);

        if (value.n)
            (void)snprintf(out.text, sizeof out.text, "%s %.80s: %.120s",
                           label ? "label" : "annotation", show(key).text, show(value).text);
    }
    return out;
}

static void add_es(struct buf *m, const struct threat *threat)
{
    const struct external_secret *es = threat->es;

    buf_printf(m, "%s ExternalSecret %s (%s, creationPolicy %s), which ",
               threat->rendered ? "it renders" : "it marks", show_id(&es->id).text,
               threat->rendered ? show_place(threat->rendered->manifest).text : "live",
               show(es->creation_policy_text).text);
    if (es->template)
        buf_adds(m, "puts the Application's tracking mark on the Secret through its template");
    else
        buf_adds(m, "has no spec.target.template and so copies the Application's tracking mark "
                    "onto the Secret");
}

static void add_cause(struct buf *m, const struct context *c, const struct threat *threat)
{
    switch (threat->cause) {
    case CAUSE_EXTERNAL_SECRET:
        add_es(m, threat);
        break;
    case CAUSE_LIVE_MARK:
        buf_printf(m, "the live Secret bears the Application's tracking mark (%s)",
                   live_mark(c, threat->live).text);
        break;
    case CAUSE_STATUS:
        buf_adds(m, "its status.resources lists the Secret with requiresPruning");
        break;
    case CAUSE_LEAVES:
        buf_adds(m, "it rendered the Secret until this change, and its status.resources lists it");
        break;
    case CAUSE_OWNER:
        buf_printf(m, "ExternalSecret %s owns the Secret and bears the Application's tracking mark",
                   show_id(&threat->es->id).text);
        break;
    }
}

/* Why it is no target: what the sources certainly leave out, or what Argo CD said. */
static void add_consequence(struct buf *m, const struct threat *threat)
{
    const struct application *a = threat->pruner.app;
    const char *policy = a->prunes ? "with automated prune on" : "with the prune of this operation";
    bool owner = threat->cause == CAUSE_OWNER;
    const struct identity *target = owner ? &threat->es->id : &threat->secret;
    const char *noun = owner ? "ExternalSecret" : "Secret";
    const char *why = NULL;

    if (output_keeps(threat->pruner.output, target, &why) == TRI_NO) {
        buf_printf(m, ", while its sources do not render the %s", noun);
    } else {
        if (threat->cause != CAUSE_STATUS)
            buf_printf(m, ", and its status.resources lists the %s with requiresPruning", noun);
        buf_printf(m, " (what its sources render is not known here: %s)", why ? why : "?");
    }
    if (owner)
        buf_printf(m,
                   "; %s Argo CD deletes the ExternalSecret, and garbage collection takes the "
                   "Secret with it. ",
                   policy);
    else
        buf_printf(m, "; %s Argo CD takes it for a leftover. ", policy);
}

static void add_live_repair(struct buf *m, const struct context *c, const struct threat *threat)
{
    buf_adds(m, "Let its sources render the Secret again, or annotate the live Secret "
                "argocd.argoproj.io/sync-options: Prune=false,Delete=false, or take the mark off "
                "it, which Argo CD does not put back on what it does not render (");
    unowned_target_add_unmarking(m, c->facts, &threat->secret);
    buf_adds(m, ").");
}

static void add_repair(struct buf *m, const struct context *c, const struct threat *threat)
{
    switch (threat->cause) {
    case CAUSE_EXTERNAL_SECRET:
        unowned_target_add_repair(m, c->facts, threat->es, threat->fate.fate == FATE_DELETED);
        break;
    case CAUSE_LIVE_MARK:
    case CAUSE_LEAVES:
        add_live_repair(m, c, threat);
        break;
    case CAUSE_STATUS:
        buf_adds(m, "Take Argo CD's tracking mark off the Secret and see what put it there. Until "
                    "then leave prune off, or name what to sync in operation.sync.resources; "
                    "whether the live Secret carries Prune=false is not seen here.");
        break;
    case CAUSE_OWNER:
        buf_adds(m, "Let its sources render the ExternalSecret again, or annotate the live "
                    "ExternalSecret argocd.argoproj.io/sync-options: Prune=false,Delete=false "
                    "before it leaves them; deletionPolicy: Retain does not help against garbage "
                    "collection.");
        break;
    }
    unowned_target_add_assumption(m, c->facts);
}

static void add_evidence(struct finding *f, const struct context *c, const struct threat *threat)
{
    char saw[600];

    if (threat->cause == CAUSE_STATUS || threat->cause == CAUSE_LEAVES) {
        finding_add_evidence(f,
                             threat->cause == CAUSE_STATUS ? "status.resources[].requiresPruning"
                                                           : "status.resources lists the Secret",
                             "oldObject");
        return;
    }
    if (threat->cause == CAUSE_LIVE_MARK)
        (void)snprintf(saw, sizeof saw, "Secret %s, %s", show_id(&threat->secret).text,
                       live_mark(c, threat->live).text);
    else
        (void)snprintf(saw, sizeof saw, "ExternalSecret %s", show_id(&threat->es->id).text);
    if (threat->rendered)
        finding_add_evidence(f, show_place(threat->rendered->manifest).text,
                             show_revision(threat->source->repository).text);
    else
        finding_add_evidence(f, saw, show_cluster(c->facts).text);
}

struct finding *pruned_secret_report(const struct context *c, const struct threat *threat,
                                     enum rule_id rule, struct findings *out)
{
    static const enum finding_verdict verdicts[] = {
        [FATE_RISK] = FINDING_WARN,
        [FATE_NOT_KNOWN] = FINDING_UNDECIDED,
        [FATE_DELETED] = FINDING_DENY,
    };
    const struct application *a = c->subject->app;
    struct shown secret = show_id(&threat->secret);
    const char *why = threat->fate.destination_only
                          ? "its destination is not known to be this cluster (argocd.thisCluster)"
                          : threat->fate.why;
    char target[300];
    struct finding *f;
    struct buf m;

    buf_init(&m, MESSAGE_MAX);
    if (threat->fate.fate == FATE_DELETED) {
        buf_printf(&m, "Application %s would delete Secret %s: ", show_id(&a->id).text,
                   secret.text);
        add_cause(&m, c, threat);
        add_consequence(&m, threat);
    } else {
        if (threat->fate.fate == FATE_NOT_KNOWN)
            buf_printf(&m, "Whether Application %s would delete Secret %s is not known: %s; ",
                       show_id(&a->id).text, secret.text, why);
        else
            buf_printf(&m, "Application %s puts Secret %s at risk: %s; ", show_id(&a->id).text,
                       secret.text, why);
        add_cause(&m, c, threat);
        buf_adds(&m, ". ");
    }
    add_repair(&m, c, threat);
    (void)snprintf(target, sizeof target, "Secret %s", secret.text);
    f = findings_add(out, c, rule, verdicts[threat->fate.fate], target, &m);
    f->traits = a->prunes ? TRAIT_PRUNES : 0;
    if (threat->fate.fate == FATE_DELETED && c->subject->new_operation &&
        application_operation_prunes(a, &threat->secret))
        f->traits |= TRAIT_OPERATION;
    if (threat->fate.destination_only ||
        facts_is_this_cluster(c->facts, &a->destination) != TRI_YES)
        f->traits |= TRAIT_NEVER_DENIES;
    add_evidence(f, c, threat);
    return f;
}
