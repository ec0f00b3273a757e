/* application.h: an Argo CD Application, read-only, as the rules ask about it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "objects/identity.h"
#include "objects/tracking.h"
#include <jansson.h>

/* spec.source or an entry of spec.sources (reference/argocd.md 1.1). Views into the object. */
struct source {
    struct str repo_url;
    struct str path; /* STR_NONE when absent */
    struct str target_revision;
    struct str tag_prefix; /* >= 3.5: of the tags that a range of versions is looked for in */
    struct str chart;
    struct str ref;
    struct {
        bool present; /* non-null: an explicit type, even when empty */
        bool recurse;
        bool jsonnet;       /* jsonnet options that are not empty */
        struct str include; /* empty or absent: option unset */
        struct str exclude;
    } directory;
    const json_t *kustomize; /* NULL when absent or null */
    const json_t *helm;
    const json_t *plugin;
};

struct destination {
    struct str server;
    struct str name;
    struct str namespace;
};

struct application {
    json_t *object; /* a reference of its own; everything else is a view into it */
    struct identity id;
    struct source *sources; /* the effective ones: sourceHydrator > sources > source */
    size_t n_sources;
    bool hydrated; /* sources[0] is the hydrator's syncSource */
    struct destination destination;
    struct str project;
    bool automated;          /* present and `enabled` not false */
    bool prunes;             /* automated with prune: true */
    bool prune_switched_off; /* prune: true beside enabled: false */
    bool self_heals;
    bool has_operation;
    bool operation_prunes;        /* operation.sync.prune true and not dryRun */
    bool operation_dry_prune;     /* operation.sync.prune true and dryRun */
    bool operation_automated;     /* operation.initiatedBy.automated */
    const json_t *operation_sync; /* NULL when absent */
    struct source
        *operation_sources; /* operation.sync.sources or source; they replace the spec's */
    size_t n_operation_sources;
    bool operation_manifests; /* operation.sync.manifests is not empty: they replace all sources */
    const json_t *sync_options; /* spec.syncPolicy.syncOptions; NULL when absent */
    bool resources_finalizer;
    bool deleting; /* metadata.deletionTimestamp */
    struct marks marks;
    const json_t *status_resources; /* NULL when absent or not captured */
};

/*
 * object  an Application or the projection of one a review carries; a reference is taken.
 * namespace, name  from the request; they win over the object's own (design 8). They are borrowed
 *         and must outlive the result; pass STR_NONE to take the object's.
 * out     owned by the caller (application_free()).
 * Fails with ERR_INPUT, `where` naming the field, when a field a rule reads has the wrong type.
 */
bool application_parse(json_t *object, struct str namespace, struct str name,
                       struct application **out, struct err *err) MUST_CHECK;
void application_free(struct application *app); /* NULL is fine */
void application_freep(struct application **app);

/* Two repository URLs name the same repository as Argo CD compares them
 * (util/git/git.go NormalizeGitURL, reference/argocd.md 1.1). */
bool repo_url_eq(struct str a, struct str b);
/* Two that differ, and have host and path in common: perhaps one repository by SSH and https. */
bool repo_url_resembles(struct str a, struct str b);
/* The same source: null, absent and empty options are equal (reference/argocd.md 1.3). */
bool source_same(const struct source *a, const struct source *b);
/* All of them, in the same order. */
bool application_same_sources(const struct application *a, const struct application *b);
/* Whether spec.syncPolicy.syncOptions holds exactly that string. */
bool application_has_sync_option(const struct application *app, const char *option);
/* Whether the operation prunes and reaches the object: it lists no resources, or this one. */
bool application_operation_prunes(const struct application *app, const struct identity *id);
/* Whether `now` starts another pruning operation than `before` holds: prune newly set, or other
 * sources, revisions, resources or manifests. */
bool application_is_new_prune(const struct application *now, const struct application *before);
/* The entry of status.resources for (group, kind, namespace, name), or NULL. */
const json_t *application_find_resource(const struct application *app, const struct identity *id);
