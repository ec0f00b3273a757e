#include "rules/cycle.h"
#include "base/mem.h"
#include <stdlib.h>

/* Ancestors that a search visits before it gives up: a repository that renders everything from
 * everywhere is no ring anybody could repair by reading about it. */
enum { VISITED_MAX = 1000 };

/* An ancestor, and the step that led to it. */
struct visit {
    struct cycle_step step;
    size_t from; /* the visit of the child; SIZE_MAX: the judged Application */
    size_t depth;
};

struct search {
    const struct context *c;
    struct visit *visits; /* VISITED_MAX */
    size_t n;
};

static bool is_here(const struct context *c, const struct known_application *known)
{
    return facts_is_this_cluster(c->facts, &known->app->destination) == TRI_YES && !known->other &&
           !known->is_kustomized;
}

static void add(struct search *s, struct cycle_step step, size_t from)
{
    size_t depth = from == SIZE_MAX ? 1 : s->visits[from].depth + 1;

    if (s->n == VISITED_MAX || depth > CYCLE_MAX || !is_here(s->c, step.parent) ||
        identity_eq(&step.parent->app->id, context_id(s->c)))
        return;
    for (size_t i = 0; i < s->n; i++)
        if (s->visits[i].step.parent == step.parent)
            return;
    s->visits[s->n++] = (struct visit){step, from, depth};
}

/* The Application whose mark that one bears, where what it renders is not known. */
static const struct known_application *marking_parent(const struct context *c,
                                                      const struct application *app)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    const struct known_application *parent;
    const struct rendered *found;
    const struct source_output *by;
    const char *why;
    bool names_itself;
    struct str instance;

    if (tracking->n != 1 || app->marks.has_owner)
        return NULL;
    instance = tracking_instance(&tracking->hypotheses[0], &app->marks, &app->id, &names_itself);
    if (!instance.n || !names_itself)
        return NULL;
    parent = facts_instance(c->facts, instance, 0);
    if (!parent || output_has(parent->output, &app->id, &found, &by, &why) != TRI_NOT_KNOWN)
        return NULL;
    return parent;
}

/* marks: whether the Application's own marks are evidence. maker: without a name for none. */
static void add_parents(struct search *s, const struct application *app, bool marks,
                        const struct identity *maker, size_t from)
{
    const struct known_application *parent;
    const struct renderer *by;

    for (size_t i = 0; (by = facts_renderer(s->c->facts, &app->id, i)); i++)
        add(s, (struct cycle_step){.parent = by->application, .renders = by}, from);
    for (size_t i = 0; maker->name.n && (by = facts_renderer(s->c->facts, maker, i)); i++)
        add(s, (struct cycle_step){by->application, by, *maker}, from);
    parent = marks ? marking_parent(s->c, app) : NULL;
    if (parent)
        add(s, (struct cycle_step){.parent = parent}, from);
}

/* A live Application says itself who owns it. */
static struct identity maker_of(const struct known_application *known)
{
    struct identity none = {.name = STR_NONE};

    if (known->set)
        return known->set->id;
    return known_is_live(known) ? subject_owning_set(known->app) : none;
}

static bool renders(const struct context *c, const struct identity *id, struct cycle *out)
{
    const char *why;

    return output_has(c->subject->output, id, &out->closing, &out->closing_source, &why) == TRI_YES;
}

/* Whether the judged Application, as it is wanted, renders that ancestor. */
static bool closes(const struct context *c, const struct known_application *ancestor,
                   struct cycle *out)
{
    const struct tracking_facts *tracking = facts_tracking(c->facts);
    const struct identity maker = maker_of(ancestor);
    bool names_itself;
    struct str instance;
    const char *why;

    if (maker.name.n && renders(c, &maker, out)) {
        out->closing_set = maker;
        return true;
    }
    switch (output_has(c->subject->output, &ancestor->app->id, &out->closing, &out->closing_source,
                       &why)) {
    case TRI_YES:
        return true;
    case TRI_NO:
        return false;
    case TRI_NOT_KNOWN:
        break;
    }
    out->closing = NULL;
    if (tracking->n != 1 || !known_is_live(ancestor) || ancestor->app->marks.has_owner ||
        !c->subject->stored)
        return false;
    instance = tracking_instance(&tracking->hypotheses[0], &ancestor->app->marks,
                                 &ancestor->app->id, &names_itself);
    return instance.n && names_itself &&
           tracking_instance_is(instance, str_from(facts_settings(c->facts)->argocd.namespace),
                                context_id(c));
}

static void draw(const struct search *s, size_t last, struct cycle *out)
{
    out->n = s->visits[last].depth;
    for (size_t i = last; i != SIZE_MAX; i = s->visits[i].from)
        out->steps[s->visits[i].depth - 1] = s->visits[i].step;
}

bool cycle_find(const struct context *c, bool through_maker, struct cycle *out)
{
    const struct identity none = {.name = STR_NONE};
    const struct identity *maker = through_maker ? &c->subject->maker : &none;
    AUTO(freep) struct visit *visits = NULL;
    struct search s = {.c = c};

    *out = (struct cycle){.n = 0};
    if (maker->name.n && renders(c, maker, out)) {
        out->closing_set = *maker;
        return true;
    }
    /* Nobody renders most Applications, or one that nobody does. */
    if (!facts_renderer(c->facts, context_id(c), 0) &&
        !(maker->name.n && facts_renderer(c->facts, maker, 0)) &&
        !(c->subject->stored && marking_parent(c, c->subject->app)))
        return false;
    visits = xcalloc(VISITED_MAX, sizeof *visits);
    s.visits = visits;
    add_parents(&s, c->subject->app, c->subject->stored, maker, SIZE_MAX);
    for (size_t i = 0; i < s.n; i++) {
        const struct known_application *ancestor = s.visits[i].step.parent;
        const struct identity its_maker = maker_of(ancestor);

        if (closes(c, ancestor, out)) {
            draw(&s, i, out);
            return true;
        }
        add_parents(&s, ancestor->app, known_is_live(ancestor), &its_maker, i);
    }
    return false;
}
