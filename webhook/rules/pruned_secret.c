#include "rules/pruned_secret.h"
#include "base/json.h"
#include "base/mem.h"
#include "rules/unowned_target.h"
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
    if (before && output == c->subject->output && application_same_sources(app, before))
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

/* Row 4, an owner that is pruned takes S along: the owner is a live ExternalSecret
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

/* Row 12: whether the chart argo-cd made it, and its metadata is known to keep nothing. */
static bool chart_made_unprotected(const struct output *o, const struct identity *secret)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sources[i].makes_argocd_secret == TRI_YES && str_is(secret->name, "argocd-secret") &&
            str_eq(o->sources[i].argocd_secret_namespace, secret->namespace))
            return !o->sources[i].annotates_argocd_secret;
    return false;
}

/* What the Application rendered until now is not known, but Argo CD compared the Secret as a target
 * of it, and this request changes the sources (10, 12). */
static struct secret_fate fate_of_leaving_unseen(const struct context *c,
                                                 const struct threat *threat)
{
    const struct application *before = c->before->app;
    const struct marks none = {0};
    const struct marked_secret s = {&threat->secret, &none, NULL, NULL};
    struct secret_fate fate;

    if (!threat->pruner.prunes || threat->pruner.compared ||
        json_bool_at(application_find_resource(before, &threat->secret), "requiresPruning", false))
        return safe(); /* judge_status() has the rest */
    fate = secret_fate(c->facts, &threat->pruner, &s);
    if (fate.fate == FATE_DELETED && !chart_made_unprotected(c->before->output, &threat->secret))
        return not_known("the live Secret was not seen, and may carry Prune=false");
    return fate;
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

    if (!application_find_resource(before, &threat->secret))
        return safe();
    switch (output_has(c->before->output, &threat->secret, &was, &by, &why)) {
    case TRI_NO:
        return safe();
    case TRI_NOT_KNOWN:
        return fate_of_leaving_unseen(c, threat);
    case TRI_YES:
        break;
    }
    if (was->hook)
        return safe();
    marks = marks_read(json_object_get(was->manifest->object, "metadata"));
    return secret_fate(c->facts, &threat->pruner, &s);
}

static bool writes_unowned(const struct facts *f, const struct external_secret *es,
                           const struct identity *secret)
{
    return es->targets_secret && !unowned_target_is_immutable(f, es) &&
           es->creation_policy != CREATION_OWNER && es->creation_policy != CREATION_NONE &&
           str_eq(es->target_name, secret->name) && str_eq(es->id.namespace, secret->namespace);
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

static bool wants_to_own(const struct threat *threat, const struct external_secret *es)
{
    return es->creation_policy == CREATION_OWNER && es->targets_secret &&
           str_eq(es->target_name, threat->secret.name) &&
           str_eq(es->id.namespace, threat->secret.namespace) &&
           !identity_eq(&es->id, &threat->es->id);
}

/* Without parsing it: this is asked of all that is rendered. */
static bool may_write(const struct rendered *object, const struct identity *secret)
{
    struct str name;

    if (object->hook || !str_eq(object->id.namespace, secret->namespace) ||
        !identity_is_kind(&object->id, GROUP_EXTERNAL_SECRETS, "ExternalSecret"))
        return false;
    name = json_str_at(json_object_at(json_object_at(object->manifest->object, "spec"), "target"),
                       "name");
    return str_eq(name.n ? name : object->id.name, secret->name);
}

static bool renders_owner(const struct threat *threat)
{
    const struct output *o = threat->pruner.output;

    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : source_rendering(&o->sources[i]);

        for (size_t k = 0; r && k < r->n_objects; k++) {
            const struct rendered *object = &r->objects[k];
            AUTO(external_secret_freep) struct external_secret *es = NULL;
            struct err err = {0};

            if (may_write(object, &threat->secret) &&
                external_secret_parse(object->manifest->object, object->id.namespace,
                                      object->id.name, &es, &err) &&
                wants_to_own(threat, es))
                return true;
        }
    }
    return false;
}

static struct secret_fate judge_external_secret(const struct context *c,
                                                const struct threat *threat)
{
    struct secret_fate fate;

    if (!external_secret_leaves_unowned(threat->es))
        return not_known("its ExternalSecret's creationPolicy is not one this program knows");
    fate = under_hypotheses(c, threat, fate_through_es);
    if (fate.fate == FATE_DELETED && !threat->live &&
        (secret_has_owning_writer(c->facts, &threat->secret, &threat->es->id) ||
         renders_owner(threat))) /* external-secrets.md 3.3 row 12 */
        return not_known(OWNING_WRITER_WHY);
    return fate;
}

struct secret_fate pruned_secret_fate_through(const struct context *c,
                                              const struct threatened *wanted,
                                              const struct external_secret *es,
                                              const struct rendered *rendered)
{
    struct threat threat =
        threat_of(wanted, CAUSE_EXTERNAL_SECRET, facts_secret(c->facts, &wanted->secret));

    threat.es = es;
    threat.rendered = rendered;
    return judge_external_secret(c, &threat);
}

static void judge_rendered(const struct context *c, const struct threatened *wanted,
                           struct threat *worst, struct external_secret **worst_es)
{
    const struct output *o = wanted->pruner.output;

    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = o->sources[i].shared ? NULL : source_rendering(&o->sources[i]);

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
                !writes_unowned(c->facts, es, &wanted->secret))
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

        if (!writes_unowned(c->facts, known->es, &wanted->secret) || known->es->deleting ||
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
        facts_reaches(c->facts, app, &wanted->secret) != TRI_YES ||
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

/* What happens to it where nobody saw it: Argo CD's word, or what this request takes away. */
static void judge_unseen(const struct context *c, const struct threatened *wanted,
                         struct threat *worst, struct external_secret **worst_es)
{
    struct threat leaves = threat_of(wanted, CAUSE_LEAVES, NULL);

    if (facts_secret_is_absent(c->facts, &wanted->secret)) /* 3 */
        return;
    judge_status(c, wanted, worst, worst_es);
    if (!c->before || worst->fate.fate != FATE_SAFE)
        return;
    leaves.fate = fate_of_leaving(c, &leaves);
    if (leaves.fate.fate == FATE_DELETED &&
        secret_has_owning_writer(c->facts, &wanted->secret, NULL)) /* 4 */
        leaves.fate = not_known(OWNING_WRITER_WHY);
    keep_worse(worst, worst_es, leaves, NULL);
}

/* An ExternalSecret that copies the mark comes before the mark it has copied: whoever takes that
 * off alone finds it there again. */
struct threat pruned_secret_judge(const struct context *c, const struct threatened *wanted,
                                  struct external_secret **es)
{
    const struct secret *live = facts_secret(c->facts, &wanted->secret);
    struct threat worst = pruned_secret_judge_es(c, wanted, es);

    if (worst.fate.fate == FATE_DELETED)
        return worst;
    if (live)
        judge_live(c, wanted, live, &worst, es);
    else
        judge_unseen(c, wanted, &worst, es);
    return worst;
}

const struct tracking *pruned_secret_mark(const struct context *c, const struct secret *live,
                                          size_t i)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);

    for (size_t k = 0; k < tracking->n; k++) {
        bool self;
        struct str instance =
            tracking_instance(&tracking->hypotheses[k], &live->marks, &live->id, &self);

        if (is_ours(c, instance) && i-- == 0)
            return &tracking->hypotheses[k];
    }
    return NULL;
}
