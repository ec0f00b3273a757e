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

/* What stands in files of its own, or among the settings of a built-in plugin. */
enum kustomize_schema {
    SCHEMA_REPLACEMENT,
    SCHEMA_CONFIGURATION, /* a file of `configurations` */
    SCHEMA_CONFIG_MAP,    /* ConfigMapGenerator */
    SCHEMA_SECRET,
    SCHEMA_CHART, /* HelmChartInflationGenerator */
    SCHEMA_NAMESPACE,
    SCHEMA_AFFIX, /* PrefixTransformer, SuffixTransformer, PrefixSuffixTransformer */
    SCHEMA_LABELS,
    SCHEMA_ANNOTATIONS,
    SCHEMA_PATCH,
    SCHEMA_PATCH_JSON,
    SCHEMA_PATCH_STRATEGIC,
    SCHEMA_REPLACEMENTS,
    SCHEMA_IMAGE,
    SCHEMA_REPLICA,
    N_SCHEMAS,
};
/* The same of those. A plugin's settings may hold fields that kustomize passes over: NO there. */
enum tri kustomize_schema_check_as(enum kustomize_schema which, json_t *document,
                                   char **why) MUST_CHECK;
