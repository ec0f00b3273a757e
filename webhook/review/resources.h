/* resources.h: which entries of status.resources a rule asks for. */
#pragma once
#include "base/str.h"
#include <jansson.h>

enum resource_answer {
    RESOURCE_WANTED,
    RESOURCE_UNWANTED,
    RESOURCE_MALFORMED,
    RESOURCE_UNREADABLE, /* well-formed, but past what jansson takes */
};

/*
 * Rules ask for the judged Application's own entry (self-prune), and for any Secret's or
 * ExternalSecret's (protected-secret-prune). An entry that says neither word is not parsed.
 * raw   the entry's JSON text, an object.
 * name  the judged object's name; STR_NONE while not known: every Application's entry is wanted.
 */
enum resource_answer resource_check(struct str raw, struct str name);
/* The same for a parsed entry; `name` is known here. */
bool resource_is_wanted(const json_t *entry, struct str name);
