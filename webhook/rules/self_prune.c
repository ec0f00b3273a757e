/* self_prune.c: an UPDATE after which Argo CD would prune the Application itself (design 3.2). */
#include "base/json.h"
#include "rules/rule.h"

/* A manifest annotated hook: Skip is not applied, but it stays a target and is never pruned
 * (reference/argocd.md 6.4). */
static bool stays_as_skipped(const struct subject *s)
{
    for (size_t i = 0; i < s->output->n; i++) {
        const struct rendering *r = s->output->sources[i].rendering;

        for (size_t k = 0; r && k < r->n_objects; k++)
            if (r->objects[k].hook_skip && identity_eq(&r->objects[k].id, &s->app->id))
                return true;
    }
    return false;
}

/* Tracked, without a target, and nothing that keeps Argo CD from pruning it. */
static bool would_prune_itself(const struct facts *f, const struct subject *s, bool listed)
{
    const struct rendered *found;
    const struct source_output *by;
    const char *why;
    struct shown mark;

    return s->app->prunes && facts_is_this_cluster(f, &s->app->destination) == TRI_YES &&
           (listed || subject_own_mark(f, s->app, &mark) == TRI_YES) && !s->app->marks.has_owner &&
           !marks_has_sync_option(&s->app->marks, "Prune=false") &&
           !marks_is_hook(&s->app->marks) &&
           subject_keeps_all(f, s->app, &s->app->marks) != TRI_YES &&
           output_has(s->output, &s->app->id, &found, &by, &why) == TRI_NO && !stays_as_skipped(s);
}

static bool gains_own_mark(const struct context *c, struct shown *mark)
{
    struct shown former;

    return subject_own_mark(c->facts, c->subject->app, mark) == TRI_YES &&
           subject_own_mark(c->facts, c->before->app, &former) != TRI_YES;
}

void rule_self_prune(const struct context *c, struct findings *out)
{
    const struct application *app = c->subject->app;
    /* The review carries the stored status; the new object's would be its author's word. */
    bool listed = c->before && application_find_resource(c->before->app, &app->id);
    struct shown mark = {""};
    struct finding *f;
    bool gained;
    struct buf m;

    if (!c->before || !would_prune_itself(c->facts, c->subject, listed))
        return;
    gained = gains_own_mark(c, &mark);
    if (!gained && would_prune_itself(c->facts, c->before, listed))
        return; /* it was so already, and the request changes nothing about it */
    buf_init(&m, MESSAGE_MAX);
    buf_printf(&m,
               "Argo CD would prune Application %s itself: its sources no longer render it, while "
               "%s and automated prune is on. Take the mark off the live Application (kubectl "
               "label, kubectl annotate), or annotate its manifest argocd.argoproj.io/hook: Skip "
               "and leave it in place, or switch prune off; only then exclude or move it.",
               show_id(&app->id).text,
               mark.text[0] || subject_own_mark(c->facts, app, &mark) == TRI_YES
                   ? "it bears its own tracking mark"
                   : "its status still lists it among its own resources");
    f = findings_add(out, c, RULE_SELF_PRUNE, FINDING_WARN, "", &m);
    if (mark.text[0])
        finding_add_evidence(f, mark.text, "object");
    else
        finding_add_evidence(f, "status.resources lists the Application itself", "oldObject");
}
