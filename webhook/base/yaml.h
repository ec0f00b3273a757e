/* yaml.h: one YAML document as a JSON tree, read the way Argo CD reads it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include <jansson.h>

/* Budgets of one document, each against a known way to make a small file expensive. */
enum {
    YAML_MAX_DEPTH = 100,     /* aliases followed; libyaml is quadratic in flow depth [design 9] */
    YAML_MAX_NODES = 1000000, /* values, aliases counted again at each use */
    YAML_MAX_ALIASES = 10000,
    YAML_MAX_BYTES = 16 * 1024 * 1024, /* of text, and of scalars with aliases followed */
};

/* Where each value stands; kept beside the tree because jansson has no room for it. */
struct yaml_lines;

/*
 * Parses the first YAML document of `text` in the 1.1 dialect of go-yaml v2 as sigs.k8s.io/yaml
 * v1.4.0 hands it to Go's JSON decoder (reference/argocd.md 2.2): duplicate keys allowed, the last
 * wins; `<<` merges, overriding the keys that stand before it and overridden by those behind; keys
 * become strings; y/yes/on/true and 0123, 1_000 as in YAML 1.1; timestamps stay strings; unknown
 * tags dropped. UTF-8 and UTF-16 byte-order marks are handled.
 * first_line  the line number of the first line of `text` in its file (1 for a whole file).
 * out    owned by the caller (json_decref); NULL with true when the document is empty or null.
 *        Read it, don't change it: what aliases stand for is shared within the tree.
 * lines  may be NULL; else owned by the caller (yaml_lines_free()). Valid while *out lives.
 * Fails with ERR_INPUT (Argo CD refuses it too; `where` is "line N, column M") or with ERR_LIMIT: a
 * budget ran out, or what go-yaml makes of it is not known (`why` names the budget or the oddity).
 */
bool yaml_read(struct str text, unsigned first_line, json_t **out, struct yaml_lines **lines,
               struct err *err) MUST_CHECK;

/* The line of member `key` (its key) in `object`; 0 when not known. */
unsigned yaml_line_of(const struct yaml_lines *lines, const json_t *object, const char *key);
/* The line where item `index` of `array` starts; 0 when not known. */
unsigned yaml_line_at(const struct yaml_lines *lines, const json_t *array, size_t index);
/* Whether a key stands twice in one mapping, or beside a merge that brings it too: other readers
 * than go-yaml v2 refuse the one and differ about the other. */
bool yaml_has_repeats(const struct yaml_lines *lines);
/* The line of the first of them, where there is one. */
unsigned yaml_first_repeat(const struct yaml_lines *lines);
/* Whether a key is `<<`, a merge to this reader or not. */
bool yaml_has_merges(const struct yaml_lines *lines);
void yaml_lines_free(struct yaml_lines *lines); /* NULL is fine */
void yaml_lines_freep(struct yaml_lines **lines);
