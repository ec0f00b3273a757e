/* self_prune.c: an UPDATE after which Argo CD would prune the Application itself (design 3.2). */
#include "base/json.h"
#include "rules/rule.h"

/* A manifest annotated hook: Skip is not applied, but it stays a target and is never pruned
 * (reference/argocd.md 6.4). */
static bool stays_as_skipped(const struct output *o, const struct identity *id)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct rendering *r = source_rendering(&o->sources[i]);

        for (size_t k = 0; r && k < r->n_objects; k++)
            if (r->objects[k].hook_skip && identity_eq(&r->objects[k].id, id))
                return true;
    }
    return false;
}

/* What Argo CD said of the Application at its last comparison, and whether that was of the sources
 * the subject has. */
struct compared {
    const json_t *entry; /* NULL: it does not list itself */
    bool same_sources;
};

/* A manual prune needs no automated one (reference/argocd.md 1.3); it syncs what it brings. */
static bool prunes_by_operation(const struct subject *s)
{
    return s->new_operation && application_operation_prunes(s->app, &s->app->id);
}

/* Where what the sources hold is not known, Argo CD's word counts: "about to prune itself" (4.3).
 */
static bool is_left_out(const struct subject *s, const struct compared *compared)
{
    const struct output *o =
        !s->app->prunes && s->operation_output ? s->operation_output : s->output;
    const struct rendered *found;
    const struct source_output *by;
    const char *why;

    switch (output_has(o, &s->app->id, &found, &by, &why)) {
    case TRI_YES:
        return false;
    case TRI_NO:
        return !stays_as_skipped(o, &s->app->id);
    case TRI_NOT_KNOWN:
        break;
    }
    return o == s->output && compared->same_sources &&
           json_bool_at(compared->entry, "requiresPruning", false);
}

/* Tracked, without a target, and nothing that keeps Argo CD from pruning it. */
static bool would_prune_itself(const struct facts *f, const struct subject *s,
                               const struct compared *compared)
{
    struct shown mark;

    return (s->app->prunes || prunes_by_operation(s)) &&
           facts_is_this_cluster(f, &s->app->destination) == TRI_YES &&
           (compared->entry || subject_own_mark(f, s->app, &mark) == TRI_YES) &&
           !s->app->marks.has_owner && !marks_has_sync_option(&s->app->marks, "Prune=false") &&
           !marks_is_hook(&s->app->marks) &&
           subject_keeps_all(f, s->app, &s->app->marks) != TRI_YES && is_left_out(s, compared);
}

static bool gains_own_mark(const struct context *c, struct shown *mark)
{
    struct shown former;

    return subject_own_mark(c->facts, c->subject->app, mark) == TRI_YES &&
           subject_own_mark(c->facts, c->before->app, &former) != TRI_YES;
}

static bool was_so_before(const struct context *c, const struct compared *now)
{
    const struct compared then = {now->entry, true};

    return would_prune_itself(c->facts, c->before, &then);
}

void rule_self_prune(const struct context *c, struct findings *out)
{
    const struct application *app = c->subject->app;
    struct compared compared = {0};
    struct shown mark = {""};
    struct finding *f;
    struct buf m;

    if (!c->before)
        return;
    /* The review carries the stored status; the new object's would be its author's word. */
    compared.entry = application_find_resource(c->before->app, &app->id);
    compared.same_sources = application_same_sources(app, c->before->app);
    if (!would_prune_itself(c->facts, c->subject, &compared))
        return;
    /* Where it was so already, the request changes nothing about it. */
    if (!gains_own_mark(c, &mark) && was_so_before(c, &compared))
        return;
    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Argo CD would prune Application %s itself: its sources no longer render it, while "
               "%s and %s. Take the mark off the live Application (kubectl "
               "label, kubectl annotate), or annotate its manifest argocd.argoproj.io/hook: Skip "
               "and leave it in place, or %s; only then exclude or move it.",
               show_id(&app->id).text,
               mark.text[0] || subject_own_mark(c->facts, app, &mark) == TRI_YES
                   ? "it bears its own tracking mark"
                   : "its status still lists it among its own resources",
               app->prunes ? "automated prune is on" : "this operation prunes",
               app->prunes ? "switch prune off" : "sync without prune");
    f = findings_add(out, c, RULE_SELF_PRUNE, FINDING_WARN, "", &m);
    if (mark.text[0])
        finding_add_evidence(f, mark.text, "object");
    else
        finding_add_evidence(f, "status.resources lists the Application itself", "oldObject");
}
