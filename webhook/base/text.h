/* text.h: text from outside, made safe to print anywhere. */
#pragma once
#include "base/buf.h"
#include "base/str.h"

/* Design 3.7: what one outside field may take in any output. */
enum { TEXT_FIELD_MAX = 200 };

/*
 * Appends `text` with C0, C1, DEL, U+2028/2029, bidirectional controls and invalid UTF-8 written
 * as \u{…}, cut at a character boundary after max_bytes of output with "…" behind it (0: uncut).
 * A backslash that would look like one of ours is doubled.
 */
void text_escape(struct buf *out, struct str text, size_t max_bytes);
/* text_escape() at TEXT_FIELD_MAX. */
void text_field(struct buf *out, struct str text);
/* A URL without user, password or query (where tokens stand; a bare ?ref=… is kept), escaped as
 * text_field() does. */
void text_url(struct buf *out, struct str url);
/* A JSON string literal with its quotes; invalid UTF-8 is written as \u{…} text. */
void text_json(struct buf *out, struct str text);
