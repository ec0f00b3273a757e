/* tracking.h: the marks by which Argo CD knows an object as an Application's own. */
#pragma once
#include "base/str.h"
#include "objects/identity.h"
#include <jansson.h>

#define ANNOTATION_TRACKING_ID "argocd.argoproj.io/tracking-id"
#define ANNOTATION_INSTALLATION_ID "argocd.argoproj.io/installation-id"
#define ANNOTATION_SYNC_OPTIONS "argocd.argoproj.io/sync-options"
#define ANNOTATION_HOOK "argocd.argoproj.io/hook"
#define ANNOTATION_HELM_HOOK "helm.sh/hook"
#define ANNOTATION_HELM_RESOURCE_POLICY "helm.sh/resource-policy"
#define ANNOTATION_SYNC_WAVE "argocd.argoproj.io/sync-wave"
#define ANNOTATION_EXEMPT "syncguard.dev/exempt"
#define LABEL_INSTANCE_ARGOCD "argocd.argoproj.io/instance"
#define LABEL_INSTANCE_KUBERNETES "app.kubernetes.io/instance"

enum tracking_method { TRACKING_LABEL, TRACKING_ANNOTATION, TRACKING_ANNOTATION_AND_LABEL };

/* How one Argo CD marks its objects: one hypothesis where the settings are not known. */
struct tracking {
    enum tracking_method method;
    struct str label_key;
    struct str installation_id; /* empty: none configured */
};

/* The marks an object (or an ExternalSecret's template) carries. Views into its JSON. */
struct marks {
    const json_t *labels;      /* NULL when absent */
    const json_t *annotations; /* NULL when absent */
    bool has_owner;            /* any metadata.ownerReferences */
    /* What a key is read from that these do not have: the marks the object had before these were
     * written over them. NULL: nothing. */
    const struct marks *beneath;
};

struct marks marks_read(const json_t *metadata);
struct str marks_label(const struct marks *marks, struct str key);
struct str marks_annotation(const struct marks *marks, const char *key);
/* Whether the comma-separated sync-options annotation holds `option` ("Prune=false"). */
bool marks_has_sync_option(const struct marks *marks, const char *option);
/* argocd.argoproj.io/hook names Skip and no other type (gitops-engine, hook.Skip). */
bool marks_is_hook_skip(const struct marks *marks);
/* A hook of Argo CD's or Helm's, Skip included; helm.sh/hook: crd-install is none. */
bool marks_is_hook(const struct marks *marks);
/* helm.sh/resource-policy: keep (>= 2.7), or the sync option Delete=false: cascade deletion leaves
 * the object alone (reference/argocd.md 5.3). */
bool marks_outlive_application(const struct marks *marks);
/* Whether the object's own sync-options decide about pruning (any Prune=…). */
bool marks_has_prune_option(const struct marks *marks);

/* argocd.argoproj.io/tracking-id: <instance>:<group>/<kind>:<namespace>/<name>. */
struct tracking_id {
    struct str instance;
    struct identity object;
};
/* At most 3 parts at ':', parts 2 and 3 exactly 2 at '/' (reference/argocd.md 4.2). */
bool tracking_id_parse(struct str text, struct tracking_id *out);

/*
 * The instance name that tracks the object under `t`; STR_NONE when untracked.
 * self_describing  set to whether the id names the object itself (always true under label).
 */
struct str tracking_instance(const struct tracking *t, const struct marks *marks,
                             const struct identity *object, bool *self_describing);
/* Whether `instance` is the name Argo CD gives the Application ns/name: `name` in Argo CD's own
 * namespace, else `ns_name`. */
bool tracking_instance_is(struct str instance, struct str argocd_namespace,
                          const struct identity *application);
const char *tracking_method_name(enum tracking_method method);
