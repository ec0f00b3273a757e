/* yaml_value.h: from a document's nodes to the JSON that sigs.k8s.io/yaml makes of them. */
#pragma once
#include "base/arena.h"
#include "base/yaml_lines.h"
#include "base/yaml_node.h"

/*
 * root   the document's only node; what its aliases stand for is cached in the nodes.
 * nodes  the newest of all the document's nodes (made_before); their caches are released again.
 * keep   the arena the nodes live in.
 * lines  may be NULL.
 * out    owned by the caller; aliased values are shared within the tree.
 * Fails with ERR_INPUT where go-yaml or Go's JSON encoder refuses, and with ERR_LIMIT where their
 * answer is not known.
 * Source: go-yaml v2.4.0 decode.go; sigs.k8s.io/yaml v1.4.0 yaml.go.
 */
bool yaml_value_build(struct yaml_node *root, struct yaml_node *nodes, struct arena *keep,
                      struct yaml_lines *lines, json_t **out, struct err *err) MUST_CHECK;
