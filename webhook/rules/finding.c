#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "rules/rule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *finding_verdict_name(enum finding_verdict v)
{
    switch (v) {
    case FINDING_DENY:
        return "deny";
    case FINDING_WARN:
        return "warn";
    case FINDING_UNDECIDED:
        return "undecided";
    case FINDING_EXEMPTED:
        return "exempted";
    }
    return "?";
}

const struct identity *context_id(const struct context *c)
{
    return c->subject->app ? &c->subject->app->id : &c->subject->es->id;
}

struct finding *findings_add(struct findings *list, const struct context *c, enum rule_id rule,
                             enum finding_verdict verdict, const char *target, struct buf *message)
{
    const struct identity *id = context_id(c);
    struct finding *f;

    if (!buf_ok(message)) {
        buf_reset(message);
        buf_adds(message, "What was found is too long to be shown; see the evidence.");
    }
    list->items = xgrow(list->items, list->n, &list->capacity, sizeof *list->items);
    f = &list->items[list->n++];
    *f = (struct finding){
        .rule = rule,
        .verdict = verdict,
        .subject = xasprintf("%s %s", show(id->kind).text, show_id(id).text),
        .target = xstrdup(target),
        .message = buf_take(message),
    };
    return f;
}

void finding_add_evidence(struct finding *f, const char *saw, const char *source)
{
    f->evidence = xrealloc(f->evidence, (f->n_evidence + 1) * sizeof *f->evidence);
    f->evidence[f->n_evidence++] = (struct evidence){xstrdup(saw), xstrdup(source)};
}

static void rests_on(struct finding *f, const struct repository *r)
{
    for (size_t i = 0; i < f->n_rests_on; i++)
        if (f->rests_on[i] == r)
            return;
    f->rests_on = xrealloc(f->rests_on, (f->n_rests_on + 1) * sizeof *f->rests_on);
    f->rests_on[f->n_rests_on++] = r;
}

void finding_add_place(struct finding *f, const char *saw, const struct repository *r)
{
    finding_add_evidence(f, saw, show_revision(r).text);
    rests_on(f, r);
}

void finding_rests_on_output(struct finding *f, const struct output *o)
{
    for (size_t i = 0; o && i < o->n; i++)
        if (o->sources[i].repository)
            rests_on(f, o->sources[i].repository);
}

void findings_forget_repositories(struct finding *f)
{
    free(f->rests_on);
    f->rests_on = NULL;
    f->n_rests_on = 0;
}

static void finding_clear(struct finding *f)
{
    findings_forget_repositories(f);
    for (size_t i = 0; i < f->n_evidence; i++) {
        free(f->evidence[i].saw);
        free(f->evidence[i].source);
    }
    free(f->evidence);
    free(f->subject);
    free(f->target);
    free(f->message);
}

void findings_clear(struct findings *list)
{
    for (size_t i = 0; i < list->n; i++)
        finding_clear(&list->items[i]);
    free(list->items);
    *list = (struct findings){0};
}

void verdict_free(struct verdict *v)
{
    struct findings list;

    if (!v)
        return;
    list = (struct findings){.items = v->findings, .n = v->n_findings};
    findings_clear(&list);
    free(v);
}

void verdict_freep(struct verdict **v)
{
    verdict_free(*v);
}

static struct shown shown_of(struct buf *b)
{
    struct shown out;

    (void)snprintf(out.text, sizeof out.text, "%.*s", STR_ARG(buf_str(b)));
    buf_clear(b);
    return out;
}

struct shown show(struct str text)
{
    struct buf b;

    buf_init(&b, 1024);
    text_field(&b, text);
    return shown_of(&b);
}

struct shown show_url(struct str url)
{
    struct buf b;

    buf_init(&b, 1024);
    text_url(&b, url);
    return shown_of(&b);
}

struct shown show_id(const struct identity *id)
{
    struct buf b;

    /* 200 bytes for both: a namespace has at most 63. */
    buf_init(&b, 1024);
    text_escape(&b, id->namespace, 63);
    buf_addc(&b, '/');
    text_escape(&b, id->name.n ? id->name : STR("(a name yet to be generated)"),
                TEXT_FIELD_MAX - b.n);
    return shown_of(&b);
}

struct shown show_place(const struct manifest *m)
{
    struct buf b;

    buf_init(&b, 1024);
    text_field(&b, str_from(m->file));
    buf_printf(&b, ":%u", m->line);
    return shown_of(&b);
}

struct shown show_known(const struct known_application *known)
{
    struct shown live = {"live"};

    if (!known->manifest && known->set)
        (void)snprintf(live.text, sizeof live.text, "ApplicationSet %.200s",
                       show_id(&known->set->id).text);
    return known->manifest ? show_place(known->manifest) : live;
}

struct shown show_cluster(const struct facts *f)
{
    const char *version = facts_cluster_version(f);
    struct shown out;

    (void)snprintf(out.text, sizeof out.text, "cluster%s%.60s", version && version[0] ? "@" : "",
                   version ? version : "");
    return out;
}

void finding_add_known(struct finding *f, const struct facts *facts,
                       const struct known_application *known)
{
    AUTO(freep) char *live = NULL;

    if (known->manifest) {
        finding_add_place(f, show_place(known->manifest).text, known->repository);
        return;
    }
    live = known->set ? xasprintf("ApplicationSet %s", show_id(&known->set->id).text)
                      : xasprintf("Application %s", show_id(&known->app->id).text);
    finding_add_evidence(f, live, show_cluster(facts).text);
}

/* The controller makes Applications in its set's own namespace. */
struct identity subject_owning_set(const struct application *app)
{
    const json_t *owners =
        json_array_at(json_object_at(app->object, "metadata"), "ownerReferences");
    struct identity none = {.name = STR_NONE};

    for (size_t i = 0; i < json_array_size(owners); i++) {
        const json_t *owner = json_array_get(owners, i);

        if (str_is(json_str_at(owner, "kind"), "ApplicationSet") &&
            str_starts(json_str_at(owner, "apiVersion"), STR(GROUP_ARGOPROJ "/")))
            return (struct identity){STR(GROUP_ARGOPROJ), STR("ApplicationSet"), app->id.namespace,
                                     json_str_at(owner, "name")};
    }
    return none;
}

enum tri subject_keeps_all(const struct facts *f, const struct application *app,
                           const struct marks *object)
{
    if (!application_has_sync_option(app, "Prune=false") || marks_has_prune_option(object))
        return TRI_NO;
    return facts_version_at_least(f, 3, 4);
}

struct shown show_revision(const struct repository *r)
{
    struct buf b;

    buf_init(&b, 1024);
    text_escape(&b, str_from(repository_label(r)), 120);
    buf_addc(&b, '@');
    text_escape(&b, str_from(repository_revision(r)), 64);
    return shown_of(&b);
}

struct shown show_destination(const struct destination *d)
{
    return d->server.n ? show_url(d->server) : show(d->name);
}
