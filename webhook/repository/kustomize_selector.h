/* kustomize_selector.h: which objects a patch or replacement of a kustomization is meant for. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include "base/tri.h"
#include <jansson.h>

/*
 * Whether the whole of `text` matches a regular expression of Go's, as patch targets hold them; an
 * empty one matches everything. NOT_KNOWN where POSIX and Go may differ about it: classes, counts,
 * flags, anchors inside, text that is no ASCII.
 * Source: kustomize 5.7 api/types/selector.go, anchorRegex(); regexp/syntax.
 */
enum tri kustomize_selector_regex(struct str pattern, struct str text) MUST_CHECK;

/*
 * Whether labels (or annotations) match a selector as kubectl writes it; an empty one matches
 * everything. NOT_KNOWN where the selector may not be valid.
 * labels  an object or NULL.
 * Source: Kubernetes API concepts, Labels and Selectors; apimachinery pkg/labels, Parse().
 */
enum tri kustomize_selector_labels(struct str selector, const json_t *labels) MUST_CHECK;
