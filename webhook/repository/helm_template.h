/* helm_template.h: the text of a template, cut into text and actions (Go's text/template/parse). */
#pragma once
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* Templates nest as deep as somebody indents them. */
enum { HELM_TEMPLATE_MAX_BYTES = 256 * 1024, HELM_TEMPLATE_MAX_DEPTH = 64 };

enum helm_node_kind {
    HELM_TEXT,
    HELM_OUTPUT, /* writes a value, or sets a variable */
    HELM_IF,
    HELM_RANGE,
    HELM_WITH,
    HELM_DEFINE,
    HELM_CALL, /* {{ template }} */
    HELM_BREAK,
    HELM_CONTINUE,
    HELM_COMMENT,
};

/* What lies below a node stands behind it: first the body up to `other`, then the else branch. */
struct helm_node {
    enum helm_node_kind kind;
    struct str raw;      /* an action as it is written, with the blanks that it takes away */
    struct str text;     /* TEXT: what is left of it; else what stands behind the keyword */
    struct str raw_else; /* of the action that starts the else branch */
    struct str raw_end;
    size_t other;
    size_t end;
    unsigned line;
    unsigned n_changes; /* calls of functions that change what they are given: set, unset, merge */
};

struct helm_template {
    char *text;
    size_t n_text;
    struct helm_node *nodes;
    size_t n;
    size_t capacity;
    bool is_broken; /* not read: too long, too deep, or not what is understood here */
    bool changes;   /* a node does */
};

/* The caller frees it with helm_template_free(). */
struct helm_template *helm_template_read(struct str text);
void helm_template_free(struct helm_template *t); /* NULL is fine */
void helm_template_freep(struct helm_template **t);

/* Whether a function of that name changes what it is given (Sprig's dictionary functions). */
bool helm_template_is_change(struct str name);

/* Of an action's text the first word, which is cut off. "" where it starts otherwise. */
struct str helm_template_word(struct str *text);
