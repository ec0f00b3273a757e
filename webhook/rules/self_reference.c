/* self_reference.c: an Application whose sources render its own definition (design 3.1). */
#include "rules/rule.h"
#include <stdio.h>

static const char harm[] =
    "An Application that syncs itself can wait for its own health for ever and block every "
    "Application it manages. ";

/* Moving the file out from under a marked, pruning Application makes it prune itself
 * (reference/argocd.md 6.4): then Skip comes first and moving last. */
static void add_repair(struct buf *m, const struct context *c, const char *the_file)
{
    const struct application *app = c->subject->app;
    bool marked = c->subject->stored && subject_own_mark_of_any_method(c->facts, app);

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

    /* "Gaining the own mark is worse, unless the old object bore it under another method": so the
     * old object has the trait when any method shows it, the new one under the method in force. */
    if (!c->subject->stored)
        return traits;
    if (c->before ? subject_own_mark(c->facts, app, &mark) == TRI_YES
                  : subject_own_mark_of_any_method(c->facts, app))
        traits |= TRAIT_OWN_MARK;
    return traits;
}

static void deny_rendered(const struct context *c, const struct rendered *found,
                          const struct source_output *by, struct findings *out)
{
    const struct application *app = c->subject->app;
    struct shown place = show_place(found->manifest);
    struct shown revision = show_revision(by->repository);
    struct buf m;
    struct finding *f;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m, "Application %s would sync itself: %s, which its own source path %s renders",
               show_id(&app->id).text, place.text, show(by->source->path).text);
    buf_printf(&m, " in %s, defines it. %s", revision.text, harm);
    add_repair(&m, c, "that file");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_DENY, "", &m);
    f->traits = traits_of(c);
    finding_add_evidence(f, place.text, revision.text);
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
               show_id(&c->subject->app->id).text, mark->text, why, harm);
    add_repair(&m, c, "its manifest");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_DENY, "", &m);
    f->traits = traits_of(c);
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

    if (tracking->n != 1)
        return NULL;
    instance = tracking_instance(&tracking->hypotheses[0], &app->marks, &app->id, &self_describing);
    if (!instance.p || !self_describing || tracking_instance_is(instance, argocd, &app->id))
        return NULL;
    for (size_t i = 0; i < facts_n_applications(c->facts); i++) {
        const struct known_application *known = facts_application(c->facts, i);

        if (tracking_instance_is(instance, argocd, &known->app->id))
            return known;
    }
    return NULL;
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
    struct shown place = show_place(parent->manifest);
    struct buf m;
    struct finding *f;

    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Application %s would sync itself: Application %s renders it, as its tracking mark "
               "says, and both have the same source path %s. %s",
               show_id(&c->subject->app->id).text, show_id(&parent->app->id).text,
               show(parent->app->sources[0].path).text, harm);
    add_repair(&m, c, "its manifest");
    f = findings_add(out, c, RULE_SELF_REFERENCE, FINDING_DENY, "", &m);
    f->traits = traits_of(c);
    finding_add_evidence(f, place.text, show_revision(parent->repository).text);
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

    switch (output_has(c->subject->output, &app->id, &found, &by, &why)) {
    case TRI_YES:
        if (here == TRI_YES)
            deny_rendered(c, found, by, out);
        else
            undecided_destination(c, found, out);
        return;
    case TRI_NO:
        return; /* whatever marks say: mark and prune are self-prune's business */
    case TRI_NOT_KNOWN:
        break;
    }
    if (here == TRI_YES && c->subject->stored &&
        subject_own_mark(c->facts, app, &mark) == TRI_YES) {
        deny_own_mark(c, &mark, why, out);
        return;
    }
    parent = here == TRI_YES ? parent_with_same_source(c) : NULL;
    if (parent)
        deny_through_parent(c, parent, out);
    else
        undecided(c, why, out);
}
