/* cluster.h: the objects of the cluster as they were seen, read once and immutable. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include "objects/identity.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What was seen of one cluster. Today from snapshot files; a watch will fill the same. */
struct cluster;

/* The kinds that are looked at; the group decides, not the version. Everything else is left out. */
enum cluster_kind {
    CLUSTER_APPLICATION,             /* argoproj.io */
    CLUSTER_APPLICATION_SET,         /* argoproj.io */
    CLUSTER_APP_PROJECT,             /* argoproj.io */
    CLUSTER_EXTERNAL_SECRET,         /* external-secrets.io */
    CLUSTER_CLUSTER_EXTERNAL_SECRET, /* external-secrets.io; no namespace */
    CLUSTER_CONFIG_MAP,              /* core; those named argocd-cm alone */
    CLUSTER_SECRET,                  /* core; metadata alone */
    N_CLUSTER_KINDS,
};
const char *cluster_kind_name(enum cluster_kind kind); /* "Application", … */

/* Budgets of one cluster; past them a note is left and the kind is not complete. */
enum {
    CLUSTER_MAX_OBJECTS = 500000,
};
#define CLUSTER_MAX_FILE_BYTES ((size_t)1024 * 1024 * 1024)
#define CLUSTER_MAX_OBJECT_BYTES ((size_t)8 * 1024 * 1024)

struct cluster_object {
    struct identity id; /* views into `object`; namespace "" for a ClusterExternalSecret */
    /* The fields that rules read, nothing else; null counts as absent.
     *   every kind      apiVersion, kind and of metadata name, namespace, labels, ownerReferences,
     *                   finalizers, deletionTimestamp, and the annotations that design 3.6 names,
     *                   argocd.argoproj.io/sync-wave, helm.sh/hook, helm.sh/resource-policy,
     *                   kubernetes.io/service-account.name
     *   Application     spec, operation, and of status.resources the entries of Application,
     *                   Secret and ExternalSecret
     *   ApplicationSet  spec
     *   AppProject      spec
     *   ExternalSecret  spec without data, dataFrom, template.data, templateFrom[].literal
     *   ClusterExternalSecret  spec, of whose externalSecretSpec the same;
     *                   status.provisionedNamespaces
     *   ConfigMap       of data application.*, resource.*, installationID and globalProjects:
     *                   client secrets may stand under other keys
     *   Secret          type, and of metadata.managedFields what fieldsV1 says of metadata and
     * type. Never data, stringData, or kubectl's last-applied-configuration.
     */
    json_t *object;
};

/* What could not be read or was left out; both texts are escaped for output. */
struct cluster_note {
    char *where; /* the file, or file and object */
    char *text;
};

/*
 * Reads files as `kubectl get -o json` writes them: a List (or ApplicationList, …, whose items name
 * no kind) or one object, of any kinds mixed. Never fails: what cannot be read is a note.
 *   - A file that cannot be opened, is no JSON, is cut off or is of another kind altogether: a
 *     note; what was read before the fault is kept, cluster_is_whole() is false, and no kind is
 *     complete, because any may have stood in the rest.
 *   - An object that no API server would have sent (a name that is no DNS subdomain, a wrong type
 *     where rules read) is left out with a note, and its kind is not complete; where it does not
 *     say its kind, none is.
 *   - A list that goes on (metadata.continue: it was asked for with a limit): a note, and the kinds
 *     that stand in it are not complete.
 *   - The same object twice: that of the greater metadata.resourceVersion counts; where they
 *     differ and the versions do not tell, neither counts, with a note, and its kind is not
 *     complete.
 * Files may be large (50,000 objects, a hundred megabytes): items are parsed one by one, only the
 * fields above are kept, and the bytes are wiped before they are freed, because Secrets may stand
 * in them. At most 100 notes, then one that says how many more.
 * now  Unix seconds, kept as cluster_loaded_at(). The caller frees it with cluster_free().
 */
struct cluster *cluster_read_snapshots(char *const *paths, size_t n_paths, int64_t now);
/* One snapshot that lies in memory, for tests and fuzzing; `name` stands for the file in notes. */
struct cluster *cluster_read_snapshot_text(const char *name, struct str text, int64_t now);
void cluster_free(struct cluster *c); /* NULL is fine */
void cluster_freep(struct cluster **c);

/* Whether every file was read to its end. */
bool cluster_is_whole(const struct cluster *c);
/* Whether a file looks different now (device, inode, size, times, or whether it is there). */
bool cluster_changed(const struct cluster *c);
int64_t cluster_loaded_at(const struct cluster *c);
/* When the oldest of the files that were read was written (its mtime); Unix seconds, 0 for none. */
int64_t cluster_written_at(const struct cluster *c);
/* The greatest metadata.resourceVersion that was seen, "" where there is none. */
const char *cluster_resource_version(const struct cluster *c);

/* In order of namespace and name, each identity once. */
size_t cluster_n_objects(const struct cluster *c, enum cluster_kind kind);
const struct cluster_object *cluster_object_at(const struct cluster *c, enum cluster_kind kind,
                                               size_t index);
/* NULL when there is none. namespace: empty for a ClusterExternalSecret. */
const struct cluster_object *cluster_find(const struct cluster *c, enum cluster_kind kind,
                                          struct str namespace, struct str name);
/* Whether what is not there does not exist: a list held at least one of the kind (of ConfigMaps,
 * any), and every list was read to its end (design 3.5). One object that was got by its name proves
 * nothing more. That a list was of one namespace alone cannot be seen. */
bool cluster_is_complete(const struct cluster *c, enum cluster_kind kind);

size_t cluster_n_notes(const struct cluster *c);
const struct cluster_note *cluster_note_at(const struct cluster *c, size_t index);
