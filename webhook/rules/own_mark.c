/* own_mark.c: whether an Application is tracked by itself (reference/argocd.md 4.3). */
#include "base/text.h"
#include "rules/rule.h"
#include <stdio.h>

static bool bears_own_mark(const struct facts *f, const struct tracking *t,
                           const struct application *app)
{
    bool self_describing;
    struct str instance = tracking_instance(t, &app->marks, &app->id, &self_describing);

    return instance.p && self_describing &&
           tracking_instance_is(instance, str_from(facts_settings(f)->argocd.namespace), &app->id);
}

static struct shown show_mark(const struct tracking *t, const struct application *app)
{
    struct shown out;
    bool label = t->method == TRACKING_LABEL;
    struct str key = label ? t->label_key : STR(ANNOTATION_TRACKING_ID);
    struct str value = label ? marks_label(&app->marks, key)
                             : marks_annotation(&app->marks, ANNOTATION_TRACKING_ID);

    (void)snprintf(out.text, sizeof out.text, "%s %.80s: %.120s", label ? "label" : "annotation",
                   show(key).text, show(value).text);
    return out;
}

enum tri subject_own_mark(const struct facts *f, const struct application *app, struct shown *mark)
{
    const struct tracking_facts *tracking = facts_tracking(f);
    size_t n_bearing = 0;

    /* What has an owner is never tracked (reference/argocd.md 5.1): an ApplicationSet's labels. */
    if (app->marks.has_owner)
        return TRI_NO;
    for (size_t i = 0; i < tracking->n; i++) {
        if (!bears_own_mark(f, &tracking->hypotheses[i], app))
            continue;
        *mark = show_mark(&tracking->hypotheses[i], app);
        n_bearing++;
    }
    if (n_bearing == 0)
        return TRI_NO;
    return n_bearing == tracking->n ? TRI_YES : TRI_NOT_KNOWN;
}

/* An owner does not count here: an ApplicationSet that lets go of an Application gives it no mark,
 * and would repeat a refused write for ever. */
bool subject_own_mark_of_any_method(const struct facts *f, const struct application *app)
{
    const struct tracking_facts *tracking = facts_tracking(f);
    struct tracking any = {.method = TRACKING_ANNOTATION};
    struct str well_known[] = {STR(LABEL_INSTANCE_ARGOCD), STR(LABEL_INSTANCE_KUBERNETES)};

    if (bears_own_mark(f, &any, app))
        return true;
    any.method = TRACKING_LABEL;
    for (size_t i = 0; i < tracking->n; i++) {
        any.label_key = tracking->hypotheses[i].label_key;
        if (bears_own_mark(f, &any, app))
            return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(well_known); i++) {
        any.label_key = well_known[i];
        if (bears_own_mark(f, &any, app))
            return true;
    }
    return false;
}
