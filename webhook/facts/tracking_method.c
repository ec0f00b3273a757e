/* tracking_method.c: how this Argo CD marks its objects, as far as it can be known. */
#include "base/json.h"
#include "base/mem.h"
#include "facts/internal.h"
#include <stdlib.h>

/* What argocd-cm says; views into a manifest the facts hold. */
struct argocd_cm {
    enum tri found; /* NOT_KNOWN: several that differ */
    struct str method;
    struct str label_key;
    struct str installation_id;
};

static void read_argocd_cm(const json_t *object, struct argocd_cm *cm)
{
    const json_t *data = json_object_at(object, "data");
    struct argocd_cm read = {
        .found = TRI_YES,
        .method = json_str_at(data, "application.resourceTrackingMethod"),
        .label_key = json_str_at(data, "application.instanceLabelKey"),
        .installation_id = json_str_at(data, "installationID"),
    };

    if (cm->found == TRI_YES &&
        !(str_eq(cm->method, read.method) && str_eq(cm->label_key, read.label_key) &&
          str_eq(cm->installation_id, read.installation_id))) {
        *cm = (struct argocd_cm){.found = TRI_NOT_KNOWN};
        return;
    }
    if (cm->found != TRI_NOT_KNOWN)
        *cm = read;
}

/* An argocd-cm that some Application renders into Argo CD's namespace. */
static struct argocd_cm find_argocd_cm(const struct facts *f)
{
    struct argocd_cm cm = {.found = TRI_NO};
    struct identity id = {
        .group = STR(""),
        .kind = STR("ConfigMap"),
        .namespace = str_from(f->settings->argocd.namespace),
        .name = STR("argocd-cm"),
    };

    for (size_t i = 0; i < f->n_applications; i++) {
        const struct known_application *known = &f->applications[i].known;
        const struct rendered *found;
        const struct source_output *by;
        const char *why;

        if (facts_is_this_cluster(f, &known->app->destination) == TRI_YES &&
            output_has(known->output, &id, &found, &by, &why) == TRI_YES)
            read_argocd_cm(found->manifest->object, &cm);
    }
    return cm;
}

static bool method_of(struct str text, enum tracking_method *out)
{
    if (str_is(text, "label"))
        *out = TRACKING_LABEL;
    else if (str_is(text, "annotation"))
        *out = TRACKING_ANNOTATION;
    else if (str_is(text, "annotation+label"))
        *out = TRACKING_ANNOTATION_AND_LABEL;
    else
        return false;
    return true;
}

/* An unknown string acts as the default, which changed in 3.0 (reference/argocd.md 4.1). */
static bool method_by_version(const struct facts *f, enum tracking_method *out)
{
    enum tri since_3 = facts_version_at_least(f, 3, 0);

    if (since_3 == TRI_NOT_KNOWN)
        return false;
    *out = since_3 == TRI_YES ? TRACKING_ANNOTATION : TRACKING_LABEL;
    return true;
}

static bool known_method(const struct facts *f, const struct argocd_cm *cm,
                         enum tracking_method *out, const char **why)
{
    switch (f->settings->argocd.tracking) {
    case TRACKING_SETTING_LABEL:
        *out = TRACKING_LABEL;
        return true;
    case TRACKING_SETTING_ANNOTATION:
        *out = TRACKING_ANNOTATION;
        return true;
    case TRACKING_SETTING_ANNOTATION_AND_LABEL:
        *out = TRACKING_ANNOTATION_AND_LABEL;
        return true;
    case TRACKING_SETTING_AUTO:
        break;
    }
    if (cm->found == TRI_YES) {
        if (method_of(cm->method, out) || method_by_version(f, out))
            return true;
        *why = "argocd-cm does not set application.resourceTrackingMethod and argocd.version is "
               "not configured";
        return false;
    }
    *why = cm->found == TRI_NOT_KNOWN
               ? "several Applications render an argocd-cm and they differ"
               : "argocd-cm was not found and argocd.tracking is not configured";
    return false;
}

static void add(struct tracking_facts *t, enum tracking_method method, struct str key,
                struct str installation_id)
{
    t->hypotheses[t->n++] = (struct tracking){method, key, installation_id};
}

void facts_find_tracking(struct facts *f, bool assume_label)
{
    struct tracking_facts *t = &f->tracking;
    struct argocd_cm cm = find_argocd_cm(f);
    struct str configured_key = str_from(f->settings->argocd.instance_label_key);
    struct str installation_id = str_from(f->settings->argocd.installation_id);
    struct str keys[2] = {STR(LABEL_INSTANCE_ARGOCD), STR(LABEL_INSTANCE_KUBERNETES)};
    size_t n_keys = 2;
    enum tracking_method method = TRACKING_LABEL;
    bool known = known_method(f, &cm, &method, &t->why);

    if (configured_key.n) {
        keys[0] = configured_key;
        n_keys = 1;
    } else if (cm.found == TRI_YES) {
        keys[0] = cm.label_key.n ? cm.label_key : STR(LABEL_INSTANCE_KUBERNETES);
        n_keys = 1;
    }
    if (!installation_id.n && cm.found == TRI_YES)
        installation_id = cm.installation_id;
    if (!known && assume_label) {
        known = true;
        t->assumed = true;
    }
    if (!known || method == TRACKING_LABEL)
        for (size_t i = 0; i < n_keys; i++)
            add(t, TRACKING_LABEL, keys[i], installation_id);
    if (!known)
        add(t, TRACKING_ANNOTATION, keys[0], installation_id);
    else if (method != TRACKING_LABEL)
        add(t, method, keys[0], installation_id);
    if (t->n > 1 && !t->why)
        t->why = "the label key of Argo CD's tracking is not known";
}
