/* json_out.h: JSON written straight into a buffer, with commas where they belong. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include "rules/verdict.h"

/*
 * Every function puts a comma first when the buffer does not end in '{', '[' or ':'. key: of a
 * member; NULL writes an item of an array.
 */
void json_out_open(struct buf *out, const char *key, char bracket);
void json_out_close(struct buf *out, char bracket);
/* Text of our own, or already escaped. */
void json_out_text(struct buf *out, const char *key, struct str text);
/* One field of outside text: escaped and cut as text_field() does. */
void json_out_field(struct buf *out, const char *key, struct str text);
/* A JSON value as it is to stand there. */
void json_out_json(struct buf *out, const char *key, struct str text);
void json_out_bool(struct buf *out, const char *key, bool value);
void json_out_number(struct buf *out, const char *key, unsigned long long value);
void json_out_null(struct buf *out, const char *key);
/* The member "evidence" of a finding. */
void json_out_evidence(struct buf *out, const struct finding *f);
