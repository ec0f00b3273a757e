#include "rules/secret_fate.h"
#include "base/json.h"
#include <string.h>

struct pruner pruner_of_known(const struct known_application *known)
{
    struct pruner p = {
        .app = known->app,
        .output = known->output,
        .prunes = known->app->prunes,
        .later = "it does not prune now, but a manual sync with prune deletes the Secret",
        .compared = known_is_live(known) ? known->app : NULL,
    };

    if (known->other)
        p.doubt = "several files define that Application, and they differ";
    else if (known->is_kustomized)
        p.doubt = "a kustomization may change that Application's definition";
    return p;
}

/* Of the live Secret's metadata, what is there whether or not the ExternalSecret writes: its own
 * former writes go away (2.3). What it copied before this request it wrote. */
static json_t *without_own(const struct secret *live, const struct external_secret *es,
                           const struct external_secret *before, bool labels)
{
    const struct marks *former = before ? external_secret_effective_marks(before) : NULL;
    json_t *rest = json_deep_copy(labels ? live->marks.labels : live->marks.annotations);
    const char *key;
    json_t *value;
    void *next;

    json_object_foreach_safe(rest, next, key, value)
    {
        const json_t *was =
            former ? json_object_get(labels ? former->labels : former->annotations, key) : NULL;
        enum tri own = labels ? secret_label_is_of(live, str_from(key), es->id.name)
                              : secret_annotation_is_of(live, str_from(key), es->id.name);

        if (own == TRI_YES || (was && json_equal(was, value)))
            (void)json_object_del(rest, key);
    }
    return rest;
}

void effective_marks_init(struct effective_marks *e, const struct external_secret *es,
                          const struct secret *live, const struct external_secret *before)
{
    *e = (struct effective_marks){.marks = *external_secret_effective_marks(es)};
    if (!live)
        return;
    e->labels = without_own(live, es, before, true);
    e->annotations = without_own(live, es, before, false);
    e->live = (struct marks){.labels = e->labels, .annotations = e->annotations};
    e->marks.beneath = &e->live;
}

void effective_marks_clear(struct effective_marks *e)
{
    json_decref(e->labels);
    json_decref(e->annotations);
    *e = (struct effective_marks){0};
}

static struct secret_fate fate(enum fate f, const char *why)
{
    return (struct secret_fate){.fate = f, .why = why};
}

/* Delete=false for the whole Application, a default since 3.4 (reference/argocd.md 1.3, 5.3). */
static bool outlives_all(const struct facts *f, const struct application *app,
                         const struct marks *object)
{
    return application_has_sync_option(app, "Delete=false") &&
           !marks_has_sync_option(object, "Delete=true") &&
           !marks_has_sync_option(object, "Delete=confirm") &&
           facts_version_at_least(f, 3, 4) == TRI_YES;
}

static struct secret_fate cascade(const struct facts *f, const struct pruner *p,
                                  const struct marked_secret *s)
{
    if (!p->app->resources_finalizer || marks_outlive_application(s->marks) ||
        outlives_all(f, p->app, s->marks))
        return fate(FATE_SAFE, NULL);
    return fate(FATE_RISK,
                "its resources finalizer deletes the Secret when the Application is deleted");
}

/* Whether templateFrom adds to metadata.labels or annotations at run time: Labels, Annotations, or
 * a target that this program does not know. */
static bool template_adds_to(const struct external_secret *es, const char *target)
{
    const json_t *from = json_array_at(es->template, "templateFrom");
    const char *other = strcmp(target, "Labels") == 0 ? "Annotations" : "Labels";

    for (size_t i = 0; i < json_array_size(from); i++) {
        struct str where = json_str_at(json_array_get(from, i), "target");

        if (where.n && !str_is(where, "Data") && !str_is(where, other))
            return true;
    }
    return false;
}

/* Whether the template puts a value there that is known at run time alone (3.2). */
static bool fills_in(const struct external_secret *es, struct str value, const char *target)
{
    return value.n ? str_contains(value, STR("{{")) : template_adds_to(es, target);
}

static bool template_fills_in_options(const struct external_secret *es)
{
    return es && es->template &&
           fills_in(es, marks_annotation(&es->template_marks, ANNOTATION_SYNC_OPTIONS),
                    "Annotations");
}

/* Prune=confirm: of the object since 2.14, where it has no word of its own the Application's since
 * 3.4 (reference/argocd.md 1.3, 5.2). */
static enum tri is_held(const struct facts *f, const struct application *app,
                        const struct marks *object)
{
    if (marks_has_sync_option(object, "Prune=confirm")) /* older ones know no such option */
        return facts_version_at_least(f, 2, 14) == TRI_NO ? TRI_NO : TRI_YES;
    if (!application_has_sync_option(app, "Prune=confirm") || marks_has_prune_option(object))
        return TRI_NO;
    return facts_version_at_least(f, 3, 4);
}

/* Hooks, Prune=false, Prune=confirm: rows 7, 15; external-secrets.md rows 2, 3, 20. */
static struct secret_fate by_options(const struct facts *f, const struct pruner *p,
                                     const struct marked_secret *s)
{
    enum tri keeps_all = subject_keeps_all(f, p->app, s->marks);
    enum tri held;

    if (marks_is_hook(s->marks))
        return fate(FATE_SAFE, NULL);
    if (marks_has_sync_option(s->marks, "Prune=false") || keeps_all == TRI_YES)
        return cascade(f, p, s);
    if (!p->prunes)
        return p->later ? fate(FATE_RISK, p->later) : cascade(f, p, s);
    if (template_fills_in_options(s->es))
        return fate(FATE_NOT_KNOWN,
                    "its ExternalSecret's template fills in the sync options at run time");
    held = is_held(f, p->app, s->marks);
    if (keeps_all == TRI_NOT_KNOWN || held == TRI_NOT_KNOWN)
        return fate(FATE_NOT_KNOWN,
                    "the Application has a Prune option among its syncOptions, which counts since "
                    "Argo CD 3.4, and argocd.version is not configured");
    if (held == TRI_YES)
        return fate(FATE_RISK, "Prune=confirm holds each sync until somebody confirms that the "
                               "Secret is deleted");
    return fate(FATE_DELETED, NULL);
}

/* Whether anything of Argo CD's reaches it: argocd.md rows 4, 14; external-secrets.md 12, 19. */
static enum tri reaches(const struct facts *f, const struct pruner *p,
                        const struct marked_secret *s)
{
    if (s->live && secret_has_other_owner(s->live, s->es, NULL))
        return TRI_NO;
    return facts_reaches(f, p->app, s->id);
}

/* What Argo CD said of the Secret at its last comparison: rows 8 and 9. */
static struct secret_fate by_comparison(const struct pruner *p, const struct marked_secret *s,
                                        const char *why)
{
    const json_t *entry = p->compared ? application_find_resource(p->compared, s->id) : NULL;

    if (!entry)
        return fate(FATE_NOT_KNOWN, why); /* 10 */
    return fate(json_bool_at(entry, "requiresPruning", false) ? FATE_DELETED : FATE_SAFE, NULL);
}

struct secret_fate secret_fate(const struct facts *f, const struct pruner *p,
                               const struct marked_secret *s)
{
    const char *why = NULL;
    struct secret_fate answer;
    enum tri is_target = output_keeps(p->output, s->id, &why);
    enum tri is_reached = reaches(f, p, s);

    if (is_target == TRI_YES || is_reached == TRI_NO)
        return fate(FATE_SAFE, NULL);
    answer = by_options(f, p, s);
    if (answer.fate <= FATE_RISK)
        return answer;
    if (facts_is_this_cluster(f, &p->app->destination) != TRI_YES) { /* 2 */
        answer = fate(FATE_NOT_KNOWN, "the Application that marks it has a destination that is not "
                                      "known to be this cluster (argocd.thisCluster)");
        answer.destination_only = true;
        return answer;
    }
    if (is_target == TRI_NOT_KNOWN && answer.fate == FATE_DELETED)
        answer = by_comparison(p, s, why);
    if (answer.fate != FATE_DELETED)
        return answer;
    if (p->doubt)
        return fate(FATE_NOT_KNOWN, p->doubt);
    if (is_reached == TRI_NOT_KNOWN)
        return fate(FATE_NOT_KNOWN,
                    "the Application's AppProject does not permit it, and whether a "
                    "global project does is not known (argocd-cm)");
    return answer;
}

struct secret_fate secret_fate_by_cascade(const struct facts *f, const struct pruner *p,
                                          const struct marked_secret *s)
{
    if (reaches(f, p, s) == TRI_NO || facts_is_this_cluster(f, &p->app->destination) != TRI_YES ||
        p->doubt)
        return fate(FATE_SAFE, NULL);
    return cascade(f, p, s);
}

bool secret_has_owning_writer(const struct facts *f, const struct identity *secret,
                              const struct identity *except)
{
    const struct identity sealed = {STR("bitnami.com"), STR("SealedSecret"), secret->namespace,
                                    secret->name};
    const struct known_external_secret *known;

    if (facts_renderer(f, &sealed, 0))
        return true;
    /* Those that own come first. */
    for (size_t i = 0; (known = facts_external_secret_on(f, secret, i)); i++) {
        if (known->es->creation_policy != CREATION_OWNER)
            return false;
        if (!except || !identity_eq(&known->es->id, except))
            return true;
    }
    return false;
}

bool template_fills_in_mark(const struct external_secret *es, const struct tracking *t)
{
    const struct marks *marks = &es->template_marks;

    if (!es->template)
        return false;
    if (t->method == TRACKING_LABEL)
        return fills_in(es, marks_label(marks, t->label_key), "Labels");
    return fills_in(es, marks_annotation(marks, ANNOTATION_TRACKING_ID), "Annotations");
}
