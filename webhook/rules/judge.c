#include "rules/judge.h"
#include "base/mem.h"
#include "rules/exemption.h"
#include "rules/freshness.h"
#include "rules/ratchet.h"
#include "rules/rule.h"
#include <stdio.h>
#include <stdlib.h>

/* The table of rules, by enum rule_id. */
static const struct rule {
    const char *says; /* one sentence: what holds where the rule is content */
    rule_fn check;
    rule_fn other_side;  /* what an Application does to the same; NULL */
    enum review_kind on; /* the kind it judges */
    bool transition;     /* compares two states; has nothing to say about one alone */
} rules[N_RULES] = {
    [RULE_SELF_REFERENCE] = {.says = "An Application's sources do not render its own definition.",
                             .on = REVIEW_APPLICATION,
                             .check = rule_self_reference},
    [RULE_SELF_PRUNE] =
        {.says = "An update does not leave a marked, pruning Application out of its own "
                 "output.",
         .on = REVIEW_APPLICATION,
         .check = rule_self_prune,
         .transition = true},
    [RULE_MERGE_ON_PRUNED_TARGET] =
        {.says = "An ExternalSecret that leaves its target unowned does not hand it to an "
                 "Application that prunes it.",
         .on = REVIEW_EXTERNAL_SECRET,
         .check = rule_merge_on_pruned_target,
         .other_side = rule_prune_over_unowned},
    [RULE_PROTECTED_SECRET_PRUNE] =
        {.says = "A pruning Application would not delete a protected Secret.",
         .on = REVIEW_APPLICATION,
         .check = rule_protected_secret_prune},
};

/* A parsed state and what it owns. */
struct state {
    struct subject subject;
    struct application *app;
    struct external_secret *es;
};

/* In a file an owner is its author's to write; there it is the set's file that tells. */
static struct identity maker_of(const struct review *r, const struct facts *f,
                                const struct application *app)
{
    const struct known_set *set = r->file ? facts_set_making(f, &app->id, r->file, r->line) : NULL;

    return set ? set->id : subject_owning_set(app);
}

static bool state_parse(const struct review *r, const struct facts *f, json_t *object, bool stored,
                        struct state *out, struct err *err)
{
    /* With generateName the request has no name yet. */
    struct str name = r->name.n ? r->name : STR_NONE;

    *out = (struct state){.subject.stored = stored};
    if (r->kind == REVIEW_APPLICATION) {
        if (!application_parse(object, r->namespace, name, &out->app, err))
            return false;
        out->subject.app = out->app;
        out->subject.maker = maker_of(r, f, out->app);
        out->subject.output = facts_render(f, out->app);
        out->subject.operation_output = facts_render_operation(f, out->app);
    } else {
        if (!external_secret_parse(object, r->namespace, name, &out->es, err))
            return false;
        out->subject.es = out->es;
    }
    return true;
}

static void state_clear(struct state *s)
{
    output_free(s->subject.output);
    output_free(s->subject.operation_output);
    application_free(s->app);
    external_secret_free(s->es);
}

static void run_rules(const struct context *c, struct findings *out)
{
    for (size_t i = 0; i < N_RULES; i++) {
        rule_fn check = rules[i].on == c->review->kind          ? rules[i].check
                        : c->review->kind == REVIEW_APPLICATION ? rules[i].other_side
                                                                : NULL;

        if (check && (c->before || !rules[i].transition) &&
            facts_settings(c->facts)->rules[i].mode != MODE_OFF)
            check(c, out);
    }
}

/* What could not be read is undecided under every rule of the kind, never an HTTP error. */
static void add_unreadable(const struct review *r, const struct facts *f, const char *why,
                           struct findings *out)
{
    struct external_secret nameless = {
        .id = {STR(GROUP_EXTERNAL_SECRETS), r->kind_text, r->namespace, r->name}};
    struct subject subject = {.es = &nameless};
    struct context c = {.facts = f, .review = r, .subject = &subject};

    for (size_t i = 0; i < N_RULES; i++) {
        struct buf m;

        if (rules[i].on != r->kind || rules[i].transition ||
            (f && facts_settings(f)->rules[i].mode == MODE_OFF))
            continue;
        buf_init(&m, MESSAGE_MAX);
        buf_printf(&m, "%s %s could not be judged: %s.", show(r->kind_text).text,
                   show_id(&nameless.id).text, why);
        /* Nobody can say that an UPDATE makes it worse, and it may be a controller's. */
        findings_add(out, &c, (enum rule_id)i, FINDING_UNDECIDED, "", &m)->traits =
            r->operation == OPERATION_UPDATE ? TRAIT_NEVER_DENIES : 0;
    }
}

static bool undecided_denies(const struct rule_settings *rule, const struct finding *f)
{
    enum undecided_mode mode =
        f->rule == RULE_MERGE_ON_PRUNED_TARGET && (f->traits & TRAIT_PROTECTED)
            ? rule->undecided_protected
            : rule->undecided;

    return mode == UNDECIDED_DENY && !(f->traits & TRAIT_NEVER_DENIES);
}

static bool undecided_is_silent(const struct rule_settings *rule, const struct finding *f)
{
    return f->verdict == FINDING_UNDECIDED && rule->undecided == UNDECIDED_ALLOW &&
           !undecided_denies(rule, f);
}

/* What a finding means under the settings: modes, `undecided`, enforce, the ratchet, exemptions. */
static void settle(const struct exempt_subject *subject, struct finding *f)
{
    const struct settings *s = subject->settings;
    const struct rule_settings *rule = &s->rules[f->rule];

    f->denies = f->verdict == FINDING_DENY ||
                (f->verdict == FINDING_UNDECIDED && undecided_denies(rule, f));
    if (rule->mode != MODE_DENY || !s->enforce || f->ratcheted) {
        f->denies = false;
        if (f->verdict == FINDING_DENY)
            f->verdict = FINDING_WARN;
    }
    exemption_apply(subject, f);
}

/* subject->settings: NULL before the first load, when nothing is known that could deny. */
static struct verdict *settled(const struct exempt_subject *subject, struct findings *list)
{
    const struct settings *s = subject->settings;
    struct verdict *v = xcalloc(1, sizeof *v);
    struct findings silent = {0};

    v->allowed = true;
    for (size_t i = 0; i < list->n; i++) {
        struct finding *finding = &list->items[i];

        if (s && undecided_is_silent(&s->rules[finding->rule], finding)) {
            silent.items = xgrow(silent.items, silent.n, &silent.capacity, sizeof *silent.items);
            silent.items[silent.n++] = *finding;
            continue;
        }
        if (s)
            settle(subject, finding);
        if (finding->denies)
            v->allowed = false;
        list->items[v->n_findings++] = *finding;
    }
    v->findings = list->items;
    findings_clear(&silent);
    return v;
}

/* The findings the stored object has under the same facts. */
static void judge_stored(const struct review *r, const struct facts *f, const struct state *old,
                         struct findings *out)
{
    struct context c = {.facts = f, .review = r, .subject = &old->subject};

    run_rules(&c, out);
}

/* Whoever repairs the Application alone sees it made again as it was. */
static void add_maker(const struct context *c, struct findings *list)
{
    const struct identity *maker = &c->subject->maker;

    for (size_t i = 0; maker->name.n && i < list->n; i++) {
        char *before = list->items[i].message;

        list->items[i].message =
            xasprintf("%s ApplicationSet %s makes this Application: change it there.", before,
                      show_id(maker).text);
        free(before);
    }
}

static void judge_states(const struct review *r, const struct facts *f, struct state *now,
                         struct state *old, struct findings *out)
{
    struct context c = {.facts = f, .review = r, .subject = &now->subject};
    struct findings before = {0};

    if (old) {
        c.before = &old->subject;
        /* An automated sync of what prunes automatically anyway is no news, and refusing it would
         * stop Argo CD; a person's sync is (design 3.6, the one exception). */
        now->subject.new_operation = now->app && application_is_new_prune(now->app, old->app) &&
                                     !(now->app->operation_automated && old->app->prunes);
        judge_stored(r, f, old, &before);
    }
    run_rules(&c, out);
    add_maker(&c, out);
    ratchet_apply(out, &before);
    findings_clear(&before);
}

/* annotation: the exemption that the object claims, set when it could be read. */
static void judge_objects(const struct review *r, const struct facts *f, struct str *annotation,
                          struct findings *out)
{
    bool update = r->operation == OPERATION_UPDATE;
    struct state now = {0};
    struct state old = {0};
    struct err err = {0};
    char text[ERR_TEXT_MAX];
    bool old_is_known = update && r->old_object && !r->old_object_unreadable;

    if (!state_parse(r, f, r->object, update, &now, &err)) {
        add_unreadable(r, f, err_text(&err, text), out);
    } else {
        /* Where only the stored object cannot be read, the new one is judged by itself: who makes
         * an object readable again is a person, never a controller's write. */
        if (old_is_known && !state_parse(r, f, r->old_object, true, &old, &err))
            old_is_known = false;
        judge_states(r, f, &now, old_is_known ? &old : NULL, out);
        *annotation =
            marks_annotation(now.app ? &now.app->marks : &now.es->marks, ANNOTATION_EXEMPT);
    }
    state_clear(&now);
    state_clear(&old);
}

static bool is_ours(const struct review *r, const struct facts *f)
{
    return r->kind != REVIEW_APPLICATION || facts_is_application_namespace(f, r->namespace);
}

static void find_all(const struct review *r, const struct facts *f, struct str *annotation,
                     struct findings *out)
{
    if (ratchet_is_exempt_request(r))
        return;
    if (!f) {
        add_unreadable(r, NULL, "no facts have been loaded yet", out);
        return;
    }
    if (!is_ours(r, f))
        return;
    if (!r->object || r->object_unreadable) {
        add_unreadable(r, f, r->object_unreadable ? r->object_unreadable : "it is missing", out);
        return;
    }
    if (r->operation == OPERATION_UPDATE && r->old_object && !r->old_object_unreadable &&
        !ratchet_is_changed(f, r->object, r->old_object))
        return;
    judge_objects(r, f, annotation, out);
}

struct verdict *judge(const struct review *r, const struct facts *f, int64_t now)
{
    struct findings list = {0};
    struct exempt_subject subject = {
        .settings = f ? facts_settings(f) : NULL,
        .namespace = r->namespace,
        .name = r->name,
        .now = now,
    };

    find_all(r, f, &subject.annotation, &list);
    for (size_t i = 0; i < list.n; i++) {
        freshness_apply(f, &list.items[i], now);
        findings_forget_repositories(&list.items[i]);
    }
    return settled(&subject, &list);
}
