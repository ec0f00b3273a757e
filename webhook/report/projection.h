/* projection.h: what rules read of a request's objects, fit for a log and to be judged again. */
#pragma once
#include "base/buf.h"
#include "facts/facts.h"
#include "review/review.h"

/* A line stays below the 2 MiB of validate.c: each value takes at most 200 bytes of text, 450 with
 * its name and its escapes. What is past a limit is left out, and said. */
enum {
    PROJECTION_VALUES_MAX = 1500,  /* of one object, its containers included */
    PROJECTION_POINTERS_MAX = 100, /* in `omitted` and in `cut`; then "/-" stands for the others */
};

/*
 * Writes the member "object", for an UPDATE "oldObject" as well, each of them
 *   {"sha256": "<hex>", "fields": {…}, "omitted": ["/spec/source/helm/values", …], "cut": […]}
 * or null when the request has none, or {"unreadable": "why"}. Nothing for a kind no rule judges.
 *
 * fields   the object in its own shape, as far as rules and renderer read it, so that judge() can
 *          be asked again (review_from_line()). Label keys that were looked for and not found are
 *          null: those of a configured tracking label.
 * sha256   of projection_text(fields): equal digests, equal input of the rules.
 * omitted  JSON pointers to what was read and is not shown. Where the pointer leads to something
 *          in `fields`, that stands for the value: all that is asked of a Helm value, a patch or a
 *          plugin's setting is whether it is empty, whether it equals another of the same request
 *          (equal ones get the same number) and whether it names argoproj.io or
 *          external-secrets.io. Where it leads nowhere, or is "/-", something is missing.
 * cut      JSON pointers to texts that are not what the object holds: cut at 200 bytes, or
 *          escaped. A URL that had userinfo or a query is omitted.
 * Absent lists are empty. Never a Helm value or parameter, a template's data, a userinfo (the bare
 * user "git" of an SSH URL stays: it is part of the repository's name), or another annotation.
 *
 * "unchanged": true says that nothing rules read differed, "otherChanges": true that object and
 * oldObject differ in a part of spec, operation or ownerReferences that is not shown.
 */
void projection_write(struct buf *out, const struct review *review, const struct facts *facts);

/* The canonical text: compact, its keys sorted. The caller frees it. */
char *projection_text(const json_t *fields);
/* Whether a label is looked for whatever the facts say. */
bool projection_is_well_known_label(struct str key);
