/* ratchet.h: what is never refused, and whether an UPDATE makes an object worse (design 3.6). */
#pragma once
#include "rules/rule.h"

/* Whether the request is one no rule looks at: DELETE, sub-resources, other kinds, objects being
 * deleted, and UPDATEs whose compared bytes are equal. */
bool ratchet_is_exempt_request(const struct review *r);

/*
 * Whether anything a rule reads differs between the two objects: spec, operation,
 * ownerReferences, deletionTimestamp, the tracking labels, and the annotations tracking-id,
 * installation-id, hook, sync-options, exempt. Absent, null and empty are equal.
 */
bool ratchet_is_changed(const struct facts *f, const json_t *object, const json_t *old_object);

/* Marks the findings of `now` that the old object has too, no milder, as ratcheted. */
void ratchet_apply(struct findings *now, const struct findings *before);
