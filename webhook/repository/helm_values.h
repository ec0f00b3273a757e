/* helm_values.h: values of a chart, as far as they are known. */
#pragma once
#include "base/str.h"
#include "base/tri.h"
#include <jansson.h>
#include <stdbool.h>

/*
 * A tree of JSON values with two additions: a value that is *not known*, and maps that are *open*:
 * they may have members that are not known, too. Trees share what they have in common, so they are
 * never changed once they are made; json_deep_copy() loses what is not known.
 *
 * JSON's null stands for "absent or null", which templates take for the same. It is only known of a
 * chart's own defaults: what a null above them does differs between versions of Helm, so that is
 * not known.
 */
json_t *helm_not_known(void); /* not counted: never freed */
bool helm_is_known(const json_t *value);
/* A map that may have any members. The caller owns it. */
json_t *helm_open_map(void);
bool helm_is_open(const json_t *map);

/* A chart's own values.yaml as a tree. NULL is the empty one. The caller owns the result. */
json_t *helm_values_default(const json_t *document);
/*
 * `upper` over `lower`: maps are merged, anything else replaces what is below it (Helm's MergeMaps,
 * CoalesceTables). Either may be what is not known. upper: values of a user, or of a parent
 * chart. The caller owns the result.
 */
json_t *helm_values_merge(const json_t *upper, const json_t *lower);
/* The member; helm_not_known() where it is not, JSON's null where there is none. Borrowed. `map`
 * that is no map has members that are not known. */
const json_t *helm_values_get(const json_t *map, struct str key);
/* The tree with one member replaced. The caller owns the result. */
json_t *helm_values_with(const json_t *map, const char *key, json_t *value);
/* The tree with the value at a path, through maps that are made where there are none. */
json_t *helm_values_with_path(const json_t *map, struct str path, json_t *value);

/* The members that iterating shows; false for what stands for the open end. */
bool helm_is_member(const char *key);

/* Whether templates take it for true. */
enum tri helm_truth(const json_t *value);
