/* kustomize_merge.h: a strategic merge patch on one object, as far as its shape is known. */
#pragma once
#include "base/attr.h"
#include <jansson.h>
#include <stdbool.h>

enum patched {
    PATCHED,
    PATCH_DELETES, /* the object is gone */
    PATCH_FAILS,
    PATCH_NOT_KNOWN, /* whether it fails, or what it makes */
};

/*
 * Merges `patch` into *object: mappings member by member, null removes, anything else replaces,
 * `$patch` deletes or replaces a mapping. Lists of kinds that kustomize has a schema of are merged
 * by keys: what they come to is not followed, and they become SHAPE_ANYTHING.
 * object      the caller's; replaced or changed.
 * has_schema  the object is of a kind of Kubernetes itself.
 * why         set unless PATCHED or PATCH_DELETES: a constant phrase that starts with a verb.
 * Source: kustomize 5.7 kyaml/yaml/merge2 and walk.
 */
enum patched kustomize_merge(json_t **object, const json_t *patch, bool has_schema,
                             const char **why) MUST_CHECK;

/* The operations of a JSON patch (RFC 6902) on *object, as evanphx/json-patch v4 applies them. */
enum patched kustomize_merge_operations(json_t *object, const json_t *operations,
                                        const char **why) MUST_CHECK;
