/* kustomize_schema.h: whether kustomize takes a YAML mapping for a kustomization. */
#pragma once
#include "base/attr.h"
#include "base/tri.h"
#include <jansson.h>

/*
 * Checks every field and its type, as Go's JSON decoder does with unknown fields refused, and
 * spells the fields as kustomize does: the decoder takes them in any case.
 * document  the caller's own; changed only where a field is spelled otherwise, and where a null,
 *           which counts as absent, is taken out.
 * *why      set on NO and NOT_KNOWN to a phrase that starts with a verb ("has a field …"); the
 *           caller frees it.
 * Source: kustomize 5.7 api/types, Kustomization.Unmarshal(), EnforceFields() and CheckEmpty().
 */
enum tri kustomize_schema_check(json_t *document, char **why) MUST_CHECK;
/* The same for one item of `replacements` that stands in a file of its own. */
enum tri kustomize_schema_check_replacement(json_t *document, char **why) MUST_CHECK;
