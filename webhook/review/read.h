/* read.h: a captured value as a JSON tree, telling malformed from legal but unreadable. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include <jansson.h>

struct read_fault {
    const char *unreadable; /* static text; NULL: the value is malformed */
    char why[256];          /* jansson's words */
};

/*
 * out    owned by the caller (json_decref).
 * Fails when jansson does. Legal JSON it refuses all the same: a value nested deeper than 2,048
 * and a key with NUL in it.
 * Source: jansson 2.14, src/load.c, JSON_PARSER_MAX_DEPTH and parse_object().
 */
bool read_value(struct str raw, json_t **out, struct read_fault *fault) MUST_CHECK;
/* A string literal without escapes and all printable ASCII: its content as a view into `raw`.
 * STR_NONE for any other value. */
struct str read_plain_string(struct str raw);
