/* kustomize_shape.h: an object as kustomize's patches need it, without what it says. */
#pragma once
#include "base/attr.h"
#include "base/tri.h"
#include <jansson.h>
#include <stdbool.h>

struct manifest;

/* In a shape's tree, in place of a scalar whose value is not kept (a text, an integer, one of
 * another type), and of anything at all. An object with the latter as a member may have any others
 * besides. */
#define SHAPE_SCALAR "\001"
#define SHAPE_INTEGER "\003"
#define SHAPE_TYPED "\004"
#define SHAPE_ANYTHING "\002"

/*
 * Whether kustomize takes the object as we do: it needs a kind and a name, and it takes a name that
 * is written as a number or date for another text than the one that YAML 1.1 makes of it.
 * *why  set on NO (it refuses the file) and NOT_KNOWN: a phrase that starts with a verb.
 * Source: kustomize 5.7 kyaml/yaml, GetValidatedMetadata(); api/resource, inlineAnyEmbeddedLists().
 */
enum tri kustomize_shape_check(const json_t *object, const char **why) MUST_CHECK;

/*
 * The object's keys, lists and types as JSON text, scalars left out: enough to tell whether a patch
 * applies. Short values of ConfigMaps stay, which replacements copy. Nothing below a Secret's data
 * is kept. The caller frees it; "" for an object too large to be patched by people.
 */
char *kustomize_shape_of(const json_t *object);

/* The whole object as far as it is known, the caller's own to change. */
json_t *kustomize_shape_whole(const struct manifest *m);

/*
 * What of a shape or object is of another type than kustomize takes: it goes down to the names that
 * an object of Kubernetes itself refers to, and `images` down to those of any kind. NULL when there
 * is nothing; else a phrase that starts with a verb. What is not kept is taken for granted.
 * has_schema  the object is of a kind of Kubernetes itself.
 * Source: kustomize 5.7 api/filters/fieldspec and imagetag; builtinpluginconsts.
 */
const char *kustomize_shape_odd(const json_t *object, bool has_schema);
const char *kustomize_shape_odd_for_images(const json_t *object);

/* Whether it may have a member that it is not known to have: beside one that is not kept, or that
 * YAML 1.1 takes for a boolean, as it does y, no and on, which are texts to kustomize. */
bool kustomize_shape_may_have_more(const json_t *object);

/* Whether the value is one of these marks, or holds one. */
bool kustomize_shape_is_open(const json_t *value);
