/* json.h: reading jansson trees the way this program does. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include <jansson.h>

/*
 * To be called once, before the first tree: jansson takes its memory from xmalloc(). Left to itself
 * it calls a text malformed, or drops a character of it, when memory runs out.
 * Source: jansson 2.14, src/load.c, lex_save() and lex_scan_string().
 */
void json_end_without_memory(void);

/*
 * Parses one JSON document, objects and arrays only.
 * Flags: JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, because jansson's
 * defaults refuse integers and \u0000 that the API server can legally send.
 * out  owned by the caller (json_decref).
 * Fails with ERR_INPUT, `why` naming line and column.
 */
bool json_read(struct str text, json_t **out, struct err *err) MUST_CHECK;
/* The same for any JSON value, a scalar included. */
bool json_read_value(struct str text, json_t **out, struct err *err) MUST_CHECK;

/*
 * Parses the one value of any kind that `text` starts with, after blanks; what follows it is not
 * looked at. Same flags. text.n is at most INT_MAX, as jansson counts.
 * n_used  how many bytes were taken; on failure, how far into `text` the fault was noticed.
 * Fails with ERR_INPUT, `why` in words of our own: jansson's quote the text, which may be secret.
 */
bool json_read_first(struct str text, json_t **out, size_t *n_used, struct err *err) MUST_CHECK;

void json_unrefp(json_t **value); /* for AUTO() */

/* The same tree, for jansson's loops and copies: they take what they do not change without const.
 */
json_t *json_unconst(const json_t *value);

/* A view of a string value; STR_NONE when `value` is NULL or no string. */
struct str json_view(const json_t *value);
/* The string member `key`; STR_NONE when absent or not a string. `object` may be NULL. */
struct str json_str_at(const json_t *object, const char *key);
/* The member when it is an object (array); else NULL. `object` may be NULL. */
json_t *json_object_at(const json_t *object, const char *key);
json_t *json_array_at(const json_t *object, const char *key);
/* The member unless it is absent or null. */
json_t *json_value_at(const json_t *object, const char *key);
/* The boolean member `key`, or `otherwise`. */
bool json_bool_at(const json_t *object, const char *key, bool otherwise);
