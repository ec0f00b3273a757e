#include "objects/application.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/fields.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A spec with more sources than this is no Application anybody runs. */
enum { SOURCES_MAX = 1000 };

static bool read_source(const json_t *value, const char *path, struct source *out, struct err *err)
{
    json_t *directory;
    json_t *kustomize;
    json_t *helm;
    json_t *plugin;
    char directory_path[128];

    *out = (struct source){0};
    if (!json_is_object(value)) {
        err_what(err, ERR_INPUT, "%s is not an object", path);
        return false;
    }
    if (!field_str(value, path, "repoURL", &out->repo_url, err) ||
        !field_str(value, path, "path", &out->path, err) ||
        !field_str(value, path, "targetRevision", &out->target_revision, err) ||
        !field_str(value, path, "tagPrefix", &out->tag_prefix, err) ||
        !field_str(value, path, "chart", &out->chart, err) ||
        !field_str(value, path, "ref", &out->ref, err) ||
        !field_object(value, path, "directory", &directory, err) ||
        !field_object(value, path, "kustomize", &kustomize, err) ||
        !field_object(value, path, "helm", &helm, err) ||
        !field_object(value, path, "plugin", &plugin, err))
        return false;
    out->kustomize = kustomize;
    out->helm = helm;
    out->plugin = plugin;
    out->directory.present = directory != NULL;
    (void)snprintf(directory_path, sizeof directory_path, "%s/directory", path);
    out->directory.jsonnet = json_object_size(json_object_at(directory, "jsonnet")) != 0;
    return field_bool(directory, directory_path, "recurse", &out->directory.recurse, err) &&
           field_str(directory, directory_path, "include", &out->directory.include, err) &&
           field_str(directory, directory_path, "exclude", &out->directory.exclude, err);
}

/* SourceHydrator.GetSyncSource: {repoURL or drySource.repoURL, path, targetBranch}, no options. */
static bool read_sync_source(const json_t *hydrator, struct source *out, struct err *err)
{
    json_t *dry;
    json_t *sync;

    *out = (struct source){0};
    if (!field_object(hydrator, "/spec/sourceHydrator", "drySource", &dry, err) ||
        !field_object(hydrator, "/spec/sourceHydrator", "syncSource", &sync, err) ||
        !field_str(sync, "/spec/sourceHydrator/syncSource", "repoURL", &out->repo_url, err) ||
        !field_str(sync, "/spec/sourceHydrator/syncSource", "path", &out->path, err) ||
        !field_str(sync, "/spec/sourceHydrator/syncSource", "targetBranch", &out->target_revision,
                   err))
        return false;
    if (!out->repo_url.n)
        return field_str(dry, "/spec/sourceHydrator/drySource", "repoURL", &out->repo_url, err);
    return true;
}

/* `sources` when not empty, else `source`; the array belongs to the caller. */
static bool read_source_list(const json_t *object, const char *path, struct source **out,
                             size_t *n_out, struct err *err)
{
    AUTO(freep) struct source *list = NULL;
    json_t *one;
    json_t *many;
    size_t n;

    if (!field_array(object, path, "sources", &many, err) ||
        !field_object(object, path, "source", &one, err))
        return false;
    n = json_array_size(many) ? json_array_size(many) : (size_t)(one != NULL);
    if (n > SOURCES_MAX) {
        err_what(err, ERR_LIMIT, "%s/sources has %zu entries, more than %d", path, n, SOURCES_MAX);
        return false;
    }
    list = xcalloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        char place[64];
        bool is_list = json_array_size(many) != 0;

        if (is_list)
            (void)snprintf(place, sizeof place, "%s/sources/%zu", path, i);
        else
            (void)snprintf(place, sizeof place, "%s/source", path);
        if (!read_source(is_list ? json_array_get(many, i) : one, place, &list[i], err))
            return false;
    }
    *out = steal(&list);
    *n_out = n;
    return true;
}

static bool read_sources(const json_t *spec, struct application *app, struct err *err)
{
    json_t *hydrator;

    if (!field_object(spec, "/spec", "sourceHydrator", &hydrator, err))
        return false;
    if (!hydrator)
        return read_source_list(spec, "/spec", &app->sources, &app->n_sources, err);
    app->hydrated = true;
    app->n_sources = 1;
    app->sources = xcalloc(1, sizeof *app->sources);
    return read_sync_source(hydrator, &app->sources[0], err);
}

static bool read_destination(const json_t *spec, struct destination *out, struct err *err)
{
    json_t *destination;

    return field_object(spec, "/spec", "destination", &destination, err) &&
           field_str(destination, "/spec/destination", "server", &out->server, err) &&
           field_str(destination, "/spec/destination", "name", &out->name, err) &&
           field_str(destination, "/spec/destination", "namespace", &out->namespace, err);
}

/* Automated iff present, non-null and `enabled` not false (SyncPolicy.IsAutomatedSyncEnabled). */
static bool read_automated(const json_t *spec, struct application *app, struct err *err)
{
    json_t *policy;
    json_t *automated;
    json_t *options = NULL;
    bool enabled = true;
    bool prune = false;

    if (!field_object(spec, "/spec", "syncPolicy", &policy, err) ||
        !field_object(policy, "/spec/syncPolicy", "automated", &automated, err) ||
        !field_bool(automated, "/spec/syncPolicy/automated", "enabled", &enabled, err) ||
        !field_bool(automated, "/spec/syncPolicy/automated", "prune", &prune, err) ||
        !field_bool(automated, "/spec/syncPolicy/automated", "selfHeal", &app->self_heals, err) ||
        !field_array(policy, "/spec/syncPolicy", "syncOptions", &options, err))
        return false;
    app->sync_options = options;
    app->automated = automated && enabled;
    app->prunes = app->automated && prune;
    app->prune_switched_off = automated && !enabled && prune;
    return true;
}

static bool read_operation(const json_t *object, struct application *app, struct err *err)
{
    json_t *operation;
    json_t *initiator;
    json_t *sync;
    const json_t *manifests;
    bool prune = false;
    bool dry_run = false;

    if (!field_object(object, "", "operation", &operation, err) ||
        !field_object(operation, "/operation", "initiatedBy", &initiator, err) ||
        !field_bool(initiator, "/operation/initiatedBy", "automated", &app->operation_automated,
                    err) ||
        !field_object(operation, "/operation", "sync", &sync, err) ||
        !field_bool(sync, "/operation/sync", "prune", &prune, err) ||
        !field_bool(sync, "/operation/sync", "dryRun", &dry_run, err) ||
        !read_source_list(sync, "/operation/sync", &app->operation_sources,
                          &app->n_operation_sources, err))
        return false;
    app->operation_sync = sync;
    manifests = json_value_at(sync, "manifests");
    app->operation_manifests =
        manifests && !(json_is_array(manifests) && json_array_size(manifests) == 0);
    app->has_operation = operation != NULL;
    app->operation_prunes = prune && !dry_run;
    app->operation_dry_prune = prune && dry_run;
    return true;
}

static bool read_metadata(const json_t *metadata, struct application *app, struct err *err)
{
    json_t *finalizers;
    struct str deletion;

    if (!field_array(metadata, "/metadata", "finalizers", &finalizers, err) ||
        !field_str(metadata, "/metadata", "deletionTimestamp", &deletion, err))
        return false;
    app->deleting = deletion.p != NULL;
    app->marks = marks_read(metadata);
    for (size_t i = 0; i < json_array_size(finalizers); i++)
        if (str_starts(json_view(json_array_get(finalizers, i)),
                       STR("resources-finalizer.argocd.argoproj.io")))
            app->resources_finalizer = true;
    return true;
}

bool application_parse(json_t *object, struct str namespace, struct str name,
                       struct application **out, struct err *err)
{
    AUTO(application_freep) struct application *app = xcalloc(1, sizeof *app);
    json_t *spec;
    json_t *metadata;
    json_t *status;
    json_t *resources = NULL;

    if (!field_object(object, "", "metadata", &metadata, err) ||
        !field_object(object, "", "spec", &spec, err) ||
        !field_object(object, "", "status", &status, err))
        return false;
    app->object = json_incref(object);
    app->id = (struct identity){
        .group = STR(GROUP_ARGOPROJ),
        .kind = STR("Application"),
        .namespace = namespace.p ? namespace : json_str_at(metadata, "namespace"),
        .name = name.p ? name : json_str_at(metadata, "name"),
    };
    if (!read_metadata(metadata, app, err) || !read_sources(spec, app, err) ||
        !read_destination(spec, &app->destination, err) ||
        !field_str(spec, "/spec", "project", &app->project, err) ||
        !read_automated(spec, app, err) || !read_operation(object, app, err) ||
        !field_array(status, "/status", "resources", &resources, err))
        return false;
    app->status_resources = resources;
    *out = steal(&app);
    return true;
}

void application_free(struct application *app)
{
    if (!app)
        return;
    json_decref(app->object);
    free(app->sources);
    free(app->operation_sources);
    free(app);
}

void application_freep(struct application **app)
{
    application_free(*app);
}

/* null, absent and {} are one (reference/argocd.md 1.3). */
static bool same_options(const json_t *a, const json_t *b)
{
    if (json_object_size(a) == 0 && json_object_size(b) == 0)
        return true;
    return a && b && json_equal(a, b);
}

bool source_same(const struct source *a, const struct source *b)
{
    return str_eq(a->repo_url, b->repo_url) && str_eq(a->path, b->path) &&
           str_eq(a->target_revision, b->target_revision) && str_eq(a->tag_prefix, b->tag_prefix) &&
           str_eq(a->chart, b->chart) && str_eq(a->ref, b->ref) &&
           a->directory.recurse == b->directory.recurse &&
           a->directory.jsonnet == b->directory.jsonnet &&
           str_eq(a->directory.include, b->directory.include) &&
           str_eq(a->directory.exclude, b->directory.exclude) &&
           same_options(a->kustomize, b->kustomize) && same_options(a->helm, b->helm) &&
           same_options(a->plugin, b->plugin);
}

bool application_same_sources(const struct application *a, const struct application *b)
{
    bool same = a->n_sources == b->n_sources;

    for (size_t i = 0; same && i < a->n_sources; i++)
        same = source_same(&a->sources[i], &b->sources[i]);
    return same;
}

bool application_has_sync_option(const struct application *app, const char *option)
{
    for (size_t i = 0; i < json_array_size(app->sync_options); i++)
        if (str_is(json_view(json_array_get(app->sync_options, i)), option))
            return true;
    return false;
}

bool application_operation_prunes(const struct application *app, const struct identity *id)
{
    const json_t *resources = json_array_at(app->operation_sync, "resources");

    if (!app->operation_prunes || json_array_size(resources) == 0)
        return app->operation_prunes;
    for (size_t i = 0; i < json_array_size(resources); i++) {
        const json_t *entry = json_array_get(resources, i);
        struct str namespace = json_str_at(entry, "namespace");

        if (str_eq(json_str_at(entry, "name"), id->name) &&
            str_eq(json_str_at(entry, "kind"), id->kind) &&
            str_eq(json_str_at(entry, "group"), id->group) &&
            (namespace.n == 0 || str_eq(namespace, id->namespace)))
            return true;
    }
    return false;
}

bool application_is_new_prune(const struct application *now, const struct application *before)
{
    static const char *const fields[] = {"source",    "sources",   "revision",
                                         "revisions", "manifests", "resources"};

    if (!now->operation_prunes)
        return false;
    if (!before->operation_prunes)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const json_t *a = json_value_at(now->operation_sync, fields[i]);
        const json_t *b = json_value_at(before->operation_sync, fields[i]);

        if (a != b && !(a && b && json_equal(a, b)))
            return true;
    }
    return false;
}

const json_t *application_find_resource(const struct application *app, const struct identity *id)
{
    for (size_t i = 0; i < json_array_size(app->status_resources); i++) {
        const json_t *entry = json_array_get(app->status_resources, i);

        if (str_eq(json_str_at(entry, "name"), id->name) &&
            str_eq(json_str_at(entry, "kind"), id->kind) &&
            str_eq(json_str_at(entry, "group"), id->group) &&
            str_eq(json_str_at(entry, "namespace"), id->namespace))
            return entry;
    }
    return NULL;
}
