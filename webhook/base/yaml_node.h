/* yaml_node.h: a YAML document as go-yaml v2 sees it before it decides what anything means. */
#pragma once
#include "base/str.h"
#include <jansson.h>

enum yaml_node_kind { YAML_NODE_SCALAR, YAML_NODE_ALIAS, YAML_NODE_SEQUENCE, YAML_NODE_MAPPING };

/* Lives in the arena of the document it belongs to. */
struct yaml_node {
    enum yaml_node_kind kind;
    bool plain;              /* scalar: go-yaml's `implicit`, its meaning follows from its text */
    bool open;               /* container whose end has not been read: an alias to it is a circle */
    unsigned line;           /* in the file, from 1 */
    unsigned column;         /* from 1 */
    unsigned depth;          /* levels of containers, aliases followed */
    size_t n_steps;          /* decoding steps go-yaml takes for it, aliases followed */
    size_t n_bytes;          /* bytes of text in it, aliases followed */
    struct str tag;          /* scalar: as go-yaml keeps it; STR_NONE without */
    struct str text;         /* scalar: its value. alias: the anchor's name */
    struct yaml_node *alias; /* alias: what it stands for */
    struct yaml_node *first; /* container: its items; a mapping's are key, value, key, … */
    struct yaml_node *last;
    struct yaml_node *next;        /* within its container */
    struct yaml_node *previous;    /* within its container */
    struct yaml_node *made_before; /* every node of the document hangs on this chain */
    json_t *json;                  /* owned; what it became, for the aliases that follow */
};

/*
 * Whether `key` is `<<` as go-yaml's isMerge() sees it: quoted it is an ordinary key.
 * Source: go-yaml v2.4.0 decode.go, isMerge.
 */
bool yaml_node_is_merge(const struct yaml_node *key);
