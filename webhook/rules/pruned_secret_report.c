/* pruned_secret_report.c: what is said of a Secret that the judged Application would delete. */
#include "rules/pruned_secret.h"
#include "rules/unowned_target.h"
#include <stdio.h>

/* "label argocd.argoproj.io/instance: config" of the live Secret, which is the Application's. */
static struct shown live_mark(const struct context *c, const struct secret *live)
{
    const struct tracking *t = pruned_secret_mark(c, live, 0);
    struct shown out = {""};
    bool label = t && t->method == TRACKING_LABEL;
    struct str key = label ? t->label_key : STR(ANNOTATION_TRACKING_ID);
    struct str value = label ? marks_label(&live->marks, key)
                             : marks_annotation(&live->marks, ANNOTATION_TRACKING_ID);

    (void)snprintf(out.text, sizeof out.text, "%s %.80s: %.120s", label ? "label" : "annotation",
                   show(key).text, show(value).text);
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

/* The commands that take off every mark of the Application. */
static void add_unmarking(struct buf *m, const struct context *c, const struct threat *threat)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    const struct tracking *t;

    if (!threat->live) {
        unowned_target_add_unmarking(m, &tracking->hypotheses[0], &threat->secret);
        return;
    }
    for (size_t i = 0; (t = pruned_secret_mark(c, threat->live, i)); i++) {
        buf_adds(m, i ? " and " : "");
        unowned_target_add_unmarking(m, t, &threat->secret);
    }
}

/* An ExternalSecret on the Secret that hands no mark on, or not any more: what it had copied goes.
 */
static const struct external_secret *repaired_writer(const struct context *c,
                                                     const struct threat *threat)
{
    const struct known_external_secret *known;

    for (size_t i = 0; (known = facts_external_secret_on(c->facts, &threat->secret, i)); i++)
        if (external_secret_leaves_unowned(known->es))
            return known->es;
    return NULL;
}

static void add_live_repair(struct buf *m, const struct context *c, const struct threat *threat)
{
    const struct external_secret *writer = repaired_writer(c, threat);

    if (writer)
        buf_printf(
            m,
            "Where ExternalSecret %s had copied the mark, External Secrets takes it off when "
            "it writes again: then take a new snapshot and try again. ",
            show_id(&writer->id).text);
    buf_adds(m, writer ? "Else let its sources render the Secret again"
                       : "Let its sources render the Secret again");
    buf_adds(m,
             ", or annotate the live Secret argocd.argoproj.io/sync-options: "
             "Prune=false,Delete=false, or take the mark off it, which Argo CD does not put back "
             "on what it does not render (");
    add_unmarking(m, c, threat);
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
        finding_add_place(f, show_place(threat->rendered->manifest).text,
                          threat->source->repository);
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
    /* What it renders would keep the Secret. What Argo CD says of itself is another matter. */
    if (threat->cause != CAUSE_STATUS)
        finding_rests_on_output(f, threat->pruner.output);
    return f;
}
