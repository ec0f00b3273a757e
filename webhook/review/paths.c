#include "review/paths.h"
#include "objects/tracking.h"

/*
 * Request strings are names of at most 253 bytes, a UID of at most 63 or a sub-resource path; the
 * limits leave room for any escape and keep a giant groups list from eating the objects' budget.
 */
enum { REQUEST_STRING_MAX = 16 * 1024, GROUPS_MAX = 64 * 1024 };

/* STR() is a compound literal, which no constant table may start from. */
#define KEY(key_)                                                                                  \
    {                                                                                              \
        "" key_, sizeof(key_) - 1                                                                  \
    }
#define TEXT(level_, key_, label_)                                                                 \
    {                                                                                              \
        .level = (level_), .key = KEY(key_), .label = (label_), .action = PATH_CAPTURE,            \
        .fault = FAULT_REJECT, .max_bytes = REQUEST_STRING_MAX                                     \
    }
#define FIELD(level_, key_, label_, compared_, in_manifest_)                                       \
    {                                                                                              \
        .level = (level_), .key = KEY(key_), .label = (label_), .action = PATH_CAPTURE,            \
        .fault = FAULT_UNREADABLE, .compared = (compared_), .in_manifest = (in_manifest_)          \
    }
#define INTO(level_, key_, label_, child_, fault_)                                                 \
    {                                                                                              \
        .level = (level_), .key = KEY(key_), .label = (label_), .action = PATH_DESCEND,            \
        .child = (child_), .fault = (fault_)                                                       \
    }
#define ANNOTATION(key_) FIELD(LEVEL_ANNOTATIONS, key_, "metadata.annotations." key_, true, true)

const struct path_row path_table[N_PATHS] = {
    [PATH_API_VERSION] = TEXT(LEVEL_TOP, "apiVersion", "apiVersion"),
    [PATH_KIND] = TEXT(LEVEL_TOP, "kind", "kind"),
    [PATH_REQUEST] = INTO(LEVEL_TOP, "request", "request", LEVEL_REQUEST, FAULT_REJECT),

    [PATH_UID] = TEXT(LEVEL_REQUEST, "uid", "request.uid"),
    [PATH_REQUEST_KIND] =
        INTO(LEVEL_REQUEST, "kind", "request.kind", LEVEL_REQUEST_KIND, FAULT_REJECT),
    [PATH_RESOURCE] =
        INTO(LEVEL_REQUEST, "resource", "request.resource", LEVEL_REQUEST_RESOURCE, FAULT_REJECT),
    [PATH_SUB_RESOURCE] = TEXT(LEVEL_REQUEST, "subResource", "request.subResource"),
    [PATH_REQUEST_OPERATION] = TEXT(LEVEL_REQUEST, "operation", "request.operation"),
    [PATH_REQUEST_NAMESPACE] = TEXT(LEVEL_REQUEST, "namespace", "request.namespace"),
    [PATH_REQUEST_NAME] = TEXT(LEVEL_REQUEST, "name", "request.name"),
    [PATH_DRY_RUN] = TEXT(LEVEL_REQUEST, "dryRun", "request.dryRun"),
    [PATH_USER_INFO] =
        INTO(LEVEL_REQUEST, "userInfo", "request.userInfo", LEVEL_USER_INFO, FAULT_REJECT),
    [PATH_OBJECT] = INTO(LEVEL_REQUEST, "object", "request.object", LEVEL_OBJECT, FAULT_UNREADABLE),
    [PATH_OLD_OBJECT] =
        INTO(LEVEL_REQUEST, "oldObject", "request.oldObject", LEVEL_OBJECT, FAULT_UNREADABLE),

    [PATH_KIND_GROUP] = TEXT(LEVEL_REQUEST_KIND, "group", "request.kind.group"),
    [PATH_KIND_KIND] = TEXT(LEVEL_REQUEST_KIND, "kind", "request.kind.kind"),

    [PATH_RESOURCE_RESOURCE] =
        TEXT(LEVEL_REQUEST_RESOURCE, "resource", "request.resource.resource"),

    [PATH_USERNAME] = {.level = LEVEL_USER_INFO,
                       .key = KEY("username"),
                       .label = "request.userInfo.username",
                       .action = PATH_CAPTURE,
                       .fault = FAULT_IGNORE,
                       .max_bytes = REQUEST_STRING_MAX},
    [PATH_GROUPS] = {.level = LEVEL_USER_INFO,
                     .key = KEY("groups"),
                     .label = "request.userInfo.groups",
                     .action = PATH_CAPTURE,
                     .fault = FAULT_IGNORE,
                     .max_bytes = GROUPS_MAX},

    [PATH_METADATA] = INTO(LEVEL_OBJECT, "metadata", "metadata", LEVEL_METADATA, FAULT_UNREADABLE),
    [PATH_SPEC] = FIELD(LEVEL_OBJECT, "spec", "spec", true, true),
    [PATH_OPERATION] = FIELD(LEVEL_OBJECT, "operation", "operation", true, true),
    [PATH_STATUS] = INTO(LEVEL_OBJECT, "status", "status", LEVEL_STATUS, FAULT_IGNORE),

    [PATH_NAME] = FIELD(LEVEL_METADATA, "name", "metadata.name", false, true),
    [PATH_NAMESPACE] = FIELD(LEVEL_METADATA, "namespace", "metadata.namespace", false, true),
    [PATH_GENERATE_NAME] =
        FIELD(LEVEL_METADATA, "generateName", "metadata.generateName", false, true),
    [PATH_LABELS] = FIELD(LEVEL_METADATA, "labels", "metadata.labels", true, true),
    [PATH_OWNER_REFERENCES] =
        FIELD(LEVEL_METADATA, "ownerReferences", "metadata.ownerReferences", true, false),
    [PATH_DELETION_TIMESTAMP] =
        FIELD(LEVEL_METADATA, "deletionTimestamp", "metadata.deletionTimestamp", true, false),
    [PATH_FINALIZERS] = FIELD(LEVEL_METADATA, "finalizers", "metadata.finalizers", false, true),
    [PATH_ANNOTATIONS] = INTO(LEVEL_METADATA, "annotations", "metadata.annotations",
                              LEVEL_ANNOTATIONS, FAULT_UNREADABLE),

    [PATH_TRACKING_ID] = ANNOTATION(ANNOTATION_TRACKING_ID),
    [PATH_INSTALLATION_ID] = ANNOTATION(ANNOTATION_INSTALLATION_ID),
    [PATH_HOOK] = ANNOTATION(ANNOTATION_HOOK),
    [PATH_SYNC_OPTIONS] = ANNOTATION(ANNOTATION_SYNC_OPTIONS),
    [PATH_HELM_HOOK] = ANNOTATION(ANNOTATION_HELM_HOOK),
    [PATH_EXEMPT] = ANNOTATION(ANNOTATION_EXEMPT),

    [PATH_STATUS_RESOURCES] = {.level = LEVEL_STATUS,
                               .key = KEY("resources"),
                               .label = "status.resources",
                               .action = PATH_DESCEND_ARRAY,
                               .child = LEVEL_RESOURCES,
                               .fault = FAULT_IGNORE},
};

/* Where each level's rows start; the next level's start is their end. */
static const enum path_id first_of_level[N_LEVELS + 1] = {
    [LEVEL_TOP] = PATH_API_VERSION,
    [LEVEL_REQUEST] = PATH_UID,
    [LEVEL_REQUEST_KIND] = PATH_KIND_GROUP,
    [LEVEL_REQUEST_RESOURCE] = PATH_RESOURCE_RESOURCE,
    [LEVEL_USER_INFO] = PATH_USERNAME,
    [LEVEL_OBJECT] = PATH_METADATA,
    [LEVEL_METADATA] = PATH_NAME,
    [LEVEL_ANNOTATIONS] = PATH_TRACKING_ID,
    [LEVEL_STATUS] = PATH_STATUS_RESOURCES,
    [LEVEL_RESOURCES] = N_PATHS,
    [N_LEVELS] = N_PATHS,
};

const struct path_row *path_find(enum path_level level, struct str key)
{
    for (unsigned id = first_of_level[level]; id < first_of_level[level + 1]; id++) {
        if (str_eq(path_table[id].key, key))
            return &path_table[id];
    }
    return NULL;
}

enum path_id path_id_of(const struct path_row *row)
{
    return (enum path_id)(row - path_table);
}

bool path_is_of_object(const struct path_row *row)
{
    return row->level >= LEVEL_OBJECT;
}
