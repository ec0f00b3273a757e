#include "report/projection.h"
#include "base/json.h"
#include "report/json_out.h"
#include <string.h>

/* An Application has a handful of sources; more would only make the line long. */
enum { SOURCES_MAX = 50 };

/* Absent and empty say the same to Argo CD. */
static void field(struct buf *out, const char *key, struct str text)
{
    if (text.n)
        json_out_field(out, key, text);
}

static void url(struct buf *out, const char *key, struct str text)
{
    if (text.n)
        json_out_url(out, key, text);
}

static void truth(struct buf *out, const char *key, bool value)
{
    if (value)
        json_out_bool(out, key, true);
}

static void write_labels(struct buf *out, const struct marks *marks, const struct facts *facts)
{
    struct str keys[8] = {STR(LABEL_INSTANCE_ARGOCD), STR(LABEL_INSTANCE_KUBERNETES)};
    size_t n = 2;
    const struct tracking_facts *tracking = facts ? facts_tracking(facts) : NULL;

    for (size_t i = 0; tracking && i < tracking->n && n < ARRAY_LEN(keys); i++) {
        struct str key = tracking->hypotheses[i].label_key;
        bool known = key.n == 0;

        for (size_t k = 0; k < n && !known; k++)
            known = str_eq(keys[k], key);
        if (!known)
            keys[n++] = key;
    }
    for (size_t i = 0; i < n; i++) {
        struct str value = marks_label(marks, keys[i]);

        if (value.p) {
            json_out_open(out, NULL, '{');
            json_out_field(out, "label", keys[i]);
            json_out_field(out, "value", value);
            json_out_close(out, '}');
        }
    }
}

/* A list of {label|annotation, value}: the tracking marks and what else rules read of them. */
static void write_marks(struct buf *out, const char *key, const struct marks *marks,
                        const struct facts *facts)
{
    static const char *const annotations[] = {ANNOTATION_TRACKING_ID, ANNOTATION_INSTALLATION_ID,
                                              ANNOTATION_HOOK, ANNOTATION_HELM_HOOK,
                                              ANNOTATION_SYNC_OPTIONS};

    json_out_open(out, key, '[');
    write_labels(out, marks, facts);
    for (size_t i = 0; i < ARRAY_LEN(annotations); i++) {
        struct str value = marks_annotation(marks, annotations[i]);

        if (value.p) {
            json_out_open(out, NULL, '{');
            json_out_text(out, "annotation", str_from(annotations[i]));
            json_out_field(out, "value", value);
            json_out_close(out, '}');
        }
    }
    json_out_close(out, ']');
}

static void write_source(struct buf *out, const struct source *source)
{
    json_out_open(out, NULL, '{');
    url(out, "repoURL", source->repo_url);
    field(out, "path", source->path);
    field(out, "targetRevision", source->target_revision);
    field(out, "chart", source->chart);
    field(out, "ref", source->ref);
    if (source->directory.present) {
        json_out_open(out, "directory", '{');
        truth(out, "recurse", source->directory.recurse);
        field(out, "include", source->directory.include);
        field(out, "exclude", source->directory.exclude);
        json_out_close(out, '}');
    }
    /* Their values may hold anything: that they are there decides the source's type. */
    truth(out, "kustomize", source->kustomize != NULL);
    truth(out, "helm", source->helm != NULL);
    truth(out, "plugin", source->plugin != NULL);
    json_out_close(out, '}');
}

static void write_application(struct buf *out, const struct application *app,
                              const struct facts *facts)
{
    json_out_open(out, "sources", '[');
    for (size_t i = 0; i < app->n_sources && i < SOURCES_MAX; i++)
        write_source(out, &app->sources[i]);
    json_out_close(out, ']');
    truth(out, "hydrated", app->hydrated);
    json_out_open(out, "destination", '{');
    url(out, "server", app->destination.server);
    field(out, "name", app->destination.name);
    field(out, "namespace", app->destination.namespace);
    json_out_close(out, '}');
    if (app->automated) {
        json_out_open(out, "automated", '{');
        json_out_bool(out, "prune", app->prunes);
        json_out_bool(out, "selfHeal", app->self_heals);
        json_out_close(out, '}');
    }
    if (app->has_operation) {
        json_out_open(out, "operation", '{');
        json_out_bool(out, "prune", app->operation_prunes);
        json_out_close(out, '}');
    }
    truth(out, "resourcesFinalizer", app->resources_finalizer);
    truth(out, "deleting", app->deleting);
    truth(out, "owned", app->marks.has_owner);
    write_marks(out, "marks", &app->marks, facts);
}

static void write_external_secret(struct buf *out, const struct external_secret *es,
                                  const struct facts *facts)
{
    json_out_open(out, "target", '{');
    field(out, "name", es->target_name);
    field(out, "creationPolicy", es->creation_policy_text);
    json_out_bool(out, "template", es->template != NULL);
    truth(out, "immutable", es->immutable);
    if (!es->targets_secret)
        json_out_bool(out, "secret", false);
    if (es->template)
        write_marks(out, "templateMarks", &es->template_marks, facts);
    json_out_close(out, '}');
    truth(out, "deleting", es->deleting);
    truth(out, "owned", es->marks.has_owner);
    write_marks(out, "marks", &es->marks, facts);
}

void projection_write(struct buf *out, const struct review *review, const struct facts *facts)
{
    AUTO(application_freep) struct application *app = NULL;
    AUTO(external_secret_freep) struct external_secret *es = NULL;
    struct err err = {0};

    if (!review->object)
        return;
    if (review->kind == REVIEW_APPLICATION &&
        application_parse(review->object, review->namespace, review->name, &app, &err)) {
        json_out_open(out, "object", '{');
        write_application(out, app, facts);
        json_out_close(out, '}');
    }
    if (review->kind == REVIEW_EXTERNAL_SECRET &&
        external_secret_parse(review->object, review->namespace, review->name, &es, &err)) {
        json_out_open(out, "object", '{');
        write_external_secret(out, es, facts);
        json_out_close(out, '}');
    }
}
