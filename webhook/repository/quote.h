/* quote.h: what a repository or a source says, as a reason may show it. */
#pragma once
#include "base/str.h"
#include "base/text.h"

/*
 * A file's name and what is said of it. With QUOTED_MAX a field's worth and the words around them,
 * a reason of two paths stays near 600 bytes.
 */
enum { QUOTED_MAX = TEXT_FIELD_MAX + 120 };

/* To be printed in one expression: quote(x).text. */
struct quoted {
    char text[QUOTED_MAX + sizeof "…"];
};

/* Escaped and cut at TEXT_FIELD_MAX. */
struct quoted quote(struct str text);
/* The same of what its author may mean as an address: without userinfo, and without a query other
 * than kustomize's ?ref=, for both may hold a password. */
struct quoted quote_reference(struct str text);
/* A phrase that shorten() is in, escaped; cut at QUOTED_MAX. */
struct quoted quote_phrase(const char *phrase);

/* A path for a phrase that is kept: as it is, so that whoever prints the phrase escapes it once,
 * but cut at TEXT_FIELD_MAX. */
struct quoted shorten(const char *path);

/* Escapes once more what somebody forgot to: what is escaped already stays as it is. */
void quote_rest(struct buf *out, struct str text);
