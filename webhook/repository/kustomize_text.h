/* kustomize_text.h: the texts a kustomization consists of, read as kustomize reads them. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include "base/tri.h"
#include <jansson.h>

/*
 * The documents of a patch, a transformer, a replacement or the like: split as kustomize splits
 * (kyaml/kio, splitDocuments), empty ones left out. A text of empty ones alone, of which the first
 * is a mapping, comes out as that one (kustomize_text_says_nothing()). Scalars below `data` and
 * `stringData` come out as "": they may be a Secret's. The texts among the settings of a built-in
 * plugin (`patch`, `jsonOp`, `paths`, `patches`) become what kustomize_text_compile() makes of such
 * texts. out   an array, the caller's; set on YES only. *why  set on NO (kustomize refuses the
 * text) and NOT_KNOWN to a phrase that starts with a verb; the caller frees it.
 */
enum tri kustomize_text_read(struct str text, json_t **out, char **why) MUST_CHECK;

/* Whether there are no documents but empty ones. */
bool kustomize_text_says_nothing(const json_t *documents);

/* Whether kustomize takes each document for a resource: a mapping with kind and name. */
enum tri kustomize_text_is_resources(const json_t *documents);

/* The keys of a generator's env file (api/kv, keyValuesFromLines()), an array; NULL where they are
 * not known. The values are not kept. The caller's. */
json_t *kustomize_text_env_keys(struct str text);

/* In a kustomization that kustomize_text_compile() went over, where a text may stand: an object
 * with one of these members instead. */
#define KUSTOMIZE_DOCUMENTS "\001documents" /* what the text holds */
#define KUSTOMIZE_REFUSED "\001refused"     /* why kustomize refuses it */
#define KUSTOMIZE_NOT_KNOWN "\001not known" /* why that is not known */

/*
 * Checks a kustomization (kustomize_schema_check()), then reads the texts it holds itself, so that
 * rendering parses nothing: `patch` of patches and patchesJson6902 becomes such an object, and so
 * do the items of patchesStrategicMerge, transformers, generators and validators that are no paths.
 * The values of secretGenerator's literals are dropped.
 * document  as yaml_read() gave it; not changed.
 * out       the caller's; set on YES only. *why as above.
 */
enum tri kustomize_text_compile(const json_t *document, json_t **out, char **why) MUST_CHECK;
