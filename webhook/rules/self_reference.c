/* self_reference.c: an Application whose sources render its own definition (design 3.1). */
#include "base/json.h"
#include "rules/cycle.h"
#include "rules/hang.h"
#include "rules/rule.h"
#include <stdio.h>

/* Without a health check of Applications nothing waits for one (reference/argocd.md 6.2). */
static const char *harm(const struct facts *f)
{
    const struct argocd_cm *cm = facts_argocd_cm(f);

    if (cm && cm->application_health == APPLICATION_HEALTH_NONE)
        return "It applies itself again at every sync, and waits for its own health for ever, with "
               "every Application it manages, as soon as argocd-cm has a health check of "
               "Applications, which it has not now. ";
    return "An Application that syncs itself can wait for its own health for ever and block every "
           "Application it manages. ";
}

/* Moving the file out from under a marked, pruning Application makes it prune itself
 * (reference/argocd.md 6.4): then Skip comes first and moving last. */
static void add_repair(struct buf *m, const struct context *c, const char *the_file)
{
    const struct application *app = c->subject->app;
    bool marked = c->subject->stored && subject_own_mark_of_any_method(c->facts, app);

    /* An operation pins its source when it starts (reference/argocd.md 1.1, 6.4). */
    if (marked && app->has_operation)
        buf_adds(m, "End the running sync, which keeps its source whatever is repaired (argocd app "
                    "terminate-op). ");
    if (marked && app->prunes)
        buf_printf(m,
                   "Annotate %s with argocd.argoproj.io/hook: Skip; before moving it away, take "
                   "the tracking mark off the live Application or switch prune off, because Argo "
                   "CD would otherwise prune the Application itself.",
                   the_file);
    else
        buf_printf(m,
                   "Move %s to a path no Application syncs, or annotate it "
                   "argocd.argoproj.io/hook: Skip.",
                   the_file);
}

static unsigned traits_of(const struct context *c)
{
    const struct application *app = c->subject->app;
    struct shown mark;
    unsigned traits = app->prunes ? TRAIT_PRUNES : 0;

    if (facts_is_this_cluster(c->facts, &app->destination) != TRI_YES)
        traits |= TRAIT_NEVER_DENIES;

    /* An object that bore its mark under another method has not gained it (design 3.6): so the
     * old object has the trait when any method shows it, the new one under the method in force. */
    if (!c->subject->stored)
        return traits;
    if (c->before ? subject_own_mark(c->facts, app, &mark) == TRI_YES
                  : subject_own_mark_of_any_method(c->facts, app))
        traits |= TRAIT_OWN_MARK;
    return traits;
}

static void add_hang(struct buf *m, const struct rendered *self, const struct source_output *by,
                     const struct rendered *later, const struct source_output *later_by)
{
    long own = 0;
    long wave = 0;

    /* Both were read when this was proven. */
    (void)hang_wave(self, by, &own);
    (void)hang_wave(later, later_by, &wave);
    buf_printf(m,
               "argocd-cm's health check waits until an Application is Synced; this one is applied "
               "in sync wave %ld, %s comes in wave %ld, and each waits for the other for ever, "
               "with every Application it manages. ",
               own, show_place(later->manifest).text, wave);
}

static void deny_rendered(const struct context *c, const struct rendered *found,
                          const struct source_output *by, struct findings *out)
{
    const struct application *app = c->subject->app;
    struct shown place = show_place(found->manifest);
    struct shown revision = show_revision(by->repository);
    const struct rendered *later = NULL;
    const struct source_output *later_by = NULL;
    bool hangs = hang_is_proven(c, found, by, &later, &later_by);
    struct buf m;
    struct finding *f;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m, "Application %s would sync itself%s: %s, which its own source path %s renders",
               show_id(&app->id).text, hangs ? " and will hang" : "", place.text,
               show(by->source->path).text);
    buf_printf(&m, " in %s, defines it. ", revision.text);
    if (hangs)
        add_hang(&m, found, by, later, later_by);
    else
        buf_adds(&m, harm(c->facts));
    add_repair(&m, c, "that file");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_DENY, "", &m);
    f->traits = traits_of(c) | (hangs ? TRAIT_HANGS : 0);
    finding_add_place(f, place.text, by->repository);
    if (!hangs)
        return;
    finding_add_place(f, show_place(later->manifest).text, later_by->repository);
    finding_add_evidence(f, "the health check of argoproj.io/Application demands Synced",
                         "argocd-cm");
}

static void undecided(const struct context *c, const char *why, struct findings *out)
{
    struct buf m;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Whether Application %s renders its own definition is not known: %s. If its "
               "source holds the Application's own manifest, it would sync itself.",
               show_id(&c->subject->app->id).text, why);
    findings_add(out, c, RULE_SELF_REFERENCE, FINDING_UNDECIDED, "", &m)->traits = traits_of(c);
}

static void undecided_destination(const struct context *c, const struct rendered *found,
                                  struct findings *out)
{
    char why[1024];

    (void)snprintf(why, sizeof why,
                   "%s defines an Application of that name, but destination %s is not known to "
                   "be this cluster (argocd.thisCluster)",
                   show_place(found->manifest).text,
                   show_destination(&c->subject->app->destination).text);
    undecided(c, why, out);
}

static void deny_own_mark(const struct context *c, const struct shown *mark, const char *why,
                          struct findings *out)
{
    struct buf m;
    struct finding *f;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Application %s syncs itself: it bears its own tracking mark (%s), which Argo CD "
               "sets only on what an Application renders; what the source holds now is not known: "
               "%s. %s",
               show_id(&c->subject->app->id).text, mark->text, why, harm(c->facts));
    add_repair(&m, c, "its manifest");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_DENY, "", &m);
    f->traits = traits_of(c) | TRAIT_BY_MARK;
    finding_add_evidence(f, mark->text, "object");
}

/* The Application that tracks this one, among those the facts know. */
static const struct known_application *tracking_parent(const struct context *c)
{
    const struct application *app = c->subject->app;
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    struct str argocd = str_from(facts_settings(c->facts)->argocd.namespace);
    bool self_describing;
    struct str instance;

    /* What has an owner is never tracked (reference/argocd.md 5.1): an ApplicationSet's labels. */
    if (tracking->n != 1 || app->marks.has_owner)
        return NULL;
    instance = tracking_instance(&tracking->hypotheses[0], &app->marks, &app->id, &self_describing);
    if (!instance.p || !self_describing || tracking_instance_is(instance, argocd, &app->id))
        return NULL;
    return facts_instance(c->facts, instance, 0);
}

static bool same_place(const struct source *a, const struct source *b)
{
    return repo_url_eq(a->repo_url, b->repo_url) && a->path.n && str_eq(a->path, b->path) &&
           str_eq(a->target_revision, b->target_revision) &&
           a->directory.recurse == b->directory.recurse &&
           str_eq(a->directory.include, b->directory.include) &&
           str_eq(a->directory.exclude, b->directory.exclude) && !a->kustomize && !b->kustomize &&
           !a->helm && !b->helm && !a->plugin && !b->plugin;
}

/* X tracked by P, and a source of P is one of X's own: X renders what P renders, X included
 * (reference/argocd.md 3, "Through the parent"). */
static const struct known_application *parent_with_same_source(const struct context *c)
{
    const struct application *app = c->subject->app;
    const struct known_application *parent = tracking_parent(c);

    if (!parent || parent->other || parent->is_kustomized || parent->app->n_sources != 1 ||
        !str_eq(parent->app->destination.namespace, app->destination.namespace) ||
        facts_is_this_cluster(c->facts, &parent->app->destination) != TRI_YES)
        return NULL;
    for (size_t i = 0; i < app->n_sources; i++)
        if (same_place(&app->sources[i], &parent->app->sources[0]))
            return parent;
    return NULL;
}

static void deny_through_parent(const struct context *c, const struct known_application *parent,
                                struct findings *out)
{
    struct buf m;
    struct finding *f;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Application %s would sync itself: Application %s renders it, as its tracking mark "
               "says, and both have the same source path %s. %s",
               show_id(&c->subject->app->id).text, show_id(&parent->app->id).text,
               show(parent->app->sources[0].path).text, harm(c->facts));
    add_repair(&m, c, "its manifest");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_DENY, "", &m);
    f->traits = traits_of(c);
    finding_add_known(f, c->facts, parent);
}

/* "ns/child (file:line)", or "ApplicationSet ns/set (file:line), which makes ns/child". */
static void add_link(struct buf *m, const struct identity *set, const struct rendered *rendered,
                     const struct identity *child)
{
    if (set->name.n)
        buf_printf(m, "ApplicationSet %s", show_id(set).text);
    else
        buf_adds(m, show_id(child).text);
    if (rendered)
        buf_printf(m, " (%s)", show_place(rendered->manifest).text);
    else
        buf_adds(m, " (its tracking mark)");
    if (set->name.n)
        buf_printf(m, ", which makes %s", show_id(child).text);
}

/* "X renders Y (file:line), which renders X (file:line)", in the order of the syncs. */
static void add_ring(struct buf *m, const struct context *c, const struct cycle *cycle)
{
    const struct identity *child =
        cycle->n ? &cycle->steps[cycle->n - 1].parent->app->id : context_id(c);

    buf_printf(m, "%s renders ", show_id(context_id(c)).text);
    add_link(m, &cycle->closing_set, cycle->closing, child);
    for (size_t i = cycle->n; i-- > 0;) {
        const struct cycle_step *step = &cycle->steps[i];

        child = i ? &cycle->steps[i - 1].parent->app->id : context_id(c);
        buf_adds(m, ", which renders ");
        add_link(m, &step->set, step->renders ? step->renders->rendered : NULL, child);
    }
}

static void add_ring_evidence(struct finding *f, const struct context *c, const struct cycle *cycle)
{
    if (cycle->closing)
        finding_add_place(f, show_place(cycle->closing->manifest).text,
                          cycle->closing_source->repository);
    for (size_t i = cycle->n; i-- > 0;) {
        const struct renderer *by = cycle->steps[i].renders;

        if (by)
            finding_add_place(f, show_place(by->rendered->manifest).text, by->source->repository);
        else
            finding_add_known(f, c->facts, cycle->steps[i].parent);
    }
}

static void deny_cycle(const struct context *c, const struct cycle *cycle, struct findings *out)
{
    struct buf m;
    struct finding *f;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Application %s would sync itself through others: ", show_id(context_id(c)).text);
    add_ring(&m, c, cycle);
    buf_adds(&m, ". Applications that sync one another can wait for each other's health for ever, "
                 "and stay degraded together. Break the ring: take one of these definitions out of "
                 "the path that renders it, or annotate it argocd.argoproj.io/hook: Skip; while an "
                 "Application of it prunes, take the tracking mark off the one that leaves first, "
                 "because Argo CD would otherwise prune that Application.");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_DENY, "", &m);
    f->traits = traits_of(c);
    add_ring_evidence(f, c, cycle);
}

/*
 * The ring leads through the ApplicationSet that makes the judged Application. Denying it would not
 * open the ring, for what closes it is the set; the controller would write the Application again
 * and again; and a person cannot repair it there (reference/argocd.md 7). So this warns. A ring
 * that leads back to an Application which no set makes is denied at that one, sets within it or
 * not.
 */
static void warn_of_maker(const struct context *c, const struct cycle *cycle, struct findings *out)
{
    struct buf m;
    struct finding *f;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m, "Application %s would sync the ApplicationSet that makes it: ",
               show_id(context_id(c)).text);
    add_ring(&m, c, cycle);
    buf_printf(&m,
               ". %s the ApplicationSet once its manifest leaves Git, and every Application that "
               "the set makes goes with it; in a rolling sync they can wait for each other for "
               "ever. Move that manifest to a path which no Application of the set syncs, itself "
               "or through others.",
               cycle->n                  ? "Whoever of them prunes would in the end delete"
               : c->subject->app->prunes ? "It would prune"
                                         : "If it ever pruned, it would delete");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_WARN, "", &m);
    f->traits = traits_of(c);
    add_ring_evidence(f, c, cycle);
}

/* Whether the Application itself is not among what it renders is settled; through others it may
 * still come back to itself. False where nothing was denied. */
static bool judge_cycle(const struct context *c, struct findings *out)
{
    struct cycle cycle;

    if (cycle_find(c, false, &cycle)) {
        deny_cycle(c, &cycle, out);
        return true;
    }
    if (cycle_find(c, true, &cycle))
        warn_of_maker(c, &cycle, out);
    return false;
}

/* Argo CD itself said that these sources no longer render it (reference/argocd.md 4.3): it prunes
 * itself then, which is self-prune's business. */
static bool is_compared_and_left_out(const struct context *c)
{
    const struct application *before = c->before ? c->before->app : c->subject->app;

    return application_same_sources(c->subject->app, before) &&
           json_bool_at(application_find_resource(before, &before->id), "requiresPruning", false);
}

void rule_self_reference(const struct context *c, struct findings *out)
{
    const struct application *app = c->subject->app;
    enum tri here = facts_is_this_cluster(c->facts, &app->destination);
    const struct rendered *found = NULL;
    const struct source_output *by = NULL;
    const struct known_application *parent;
    const char *why = NULL;
    struct shown mark;

    switch (output_defines(c->subject->output, &app->id, &found, &by, &why)) {
    case TRI_YES:
        if (here == TRI_YES)
            deny_rendered(c, found, by, out);
        else
            undecided_destination(c, found, out);
        return;
    case TRI_NO: /* whatever marks say: mark and prune are self-prune's business */
        if (here == TRI_YES)
            (void)judge_cycle(c, out);
        return;
    case TRI_NOT_KNOWN:
        break;
    }
    if (here == TRI_YES && c->subject->stored &&
        subject_own_mark(c->facts, app, &mark) == TRI_YES) {
        if (!is_compared_and_left_out(c))
            deny_own_mark(c, &mark, why, out);
        return;
    }
    parent = here == TRI_YES ? parent_with_same_source(c) : NULL;
    if (parent)
        deny_through_parent(c, parent, out);
    else if (here != TRI_YES || !judge_cycle(c, out))
        undecided(c, why, out);
}
