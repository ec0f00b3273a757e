/* paths.h: which fields of an AdmissionReview matter, as one table. */
#pragma once
#include "base/str.h"

/* The objects (one array) whose members the scanner looks at one by one. */
enum path_level {
    LEVEL_TOP,
    LEVEL_REQUEST,
    LEVEL_REQUEST_KIND,
    LEVEL_REQUEST_RESOURCE,
    LEVEL_USER_INFO,
    LEVEL_OBJECT, /* of request.object and request.oldObject alike, as all below */
    LEVEL_METADATA,
    LEVEL_ANNOTATIONS,
    LEVEL_STATUS,
    LEVEL_RESOURCES, /* status.resources, the array */
    N_LEVELS,
};

/* A row of the table each, in the order of the levels. */
enum path_id {
    PATH_API_VERSION,
    PATH_KIND,
    PATH_REQUEST,

    PATH_UID,
    PATH_REQUEST_KIND,
    PATH_RESOURCE,
    PATH_SUB_RESOURCE,
    PATH_REQUEST_OPERATION,
    PATH_REQUEST_NAMESPACE,
    PATH_REQUEST_NAME,
    PATH_DRY_RUN,
    PATH_USER_INFO,
    PATH_OBJECT,
    PATH_OLD_OBJECT,

    PATH_KIND_GROUP,
    PATH_KIND_KIND,

    PATH_RESOURCE_RESOURCE,

    PATH_USERNAME,
    PATH_GROUPS,

    PATH_METADATA,
    PATH_SPEC,
    PATH_OPERATION,
    PATH_STATUS,

    PATH_NAME,
    PATH_NAMESPACE,
    PATH_GENERATE_NAME,
    PATH_LABELS,
    PATH_OWNER_REFERENCES,
    PATH_DELETION_TIMESTAMP,
    PATH_FINALIZERS,
    PATH_ANNOTATIONS,

    PATH_TRACKING_ID,
    PATH_INSTALLATION_ID,
    PATH_HOOK,
    PATH_SYNC_OPTIONS,
    PATH_HELM_HOOK,
    PATH_EXEMPT,

    PATH_STATUS_RESOURCES,
    N_PATHS,
};

enum path_action {
    PATH_CAPTURE,       /* keep the value's bytes */
    PATH_DESCEND,       /* an object: look at its members */
    PATH_DESCEND_ARRAY, /* an array: look at its elements */
};

/* What follows when a value is of another type than the row descends into, or when its bytes are
 * past the row's limit. null is never a fault: it means absent. */
enum path_fault {
    FAULT_REJECT,     /* the API server sends no such request: 400 */
    FAULT_UNREADABLE, /* the object is undecided, the review goes on */
    FAULT_IGNORE,     /* as if the field were absent */
};

struct path_row {
    struct str key;
    const char *label;     /* for messages */
    size_t max_bytes;      /* of a captured value; 0: only the arena bounds it */
    enum path_level level; /* where the key stands */
    enum path_action action;
    enum path_level child; /* what the descent leads to */
    enum path_fault fault;
    bool compared;    /* a change of it is what a rule may read (design 3.6) */
    bool in_manifest; /* in a file, the author may say it (design 5) */
};

/* Indexed by enum path_id. */
extern const struct path_row path_table[N_PATHS];
/* The row of a key on a level, or NULL when the value is to be skipped. */
const struct path_row *path_find(enum path_level level, struct str key);
enum path_id path_id_of(const struct path_row *row);
/* Whether the row is one of request.object and request.oldObject alike. */
bool path_is_of_object(const struct path_row *row);
