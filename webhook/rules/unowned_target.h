/* unowned_target.h: what both rules say about a Secret that an ExternalSecret does not own. */
#pragma once
#include "rules/rule.h"

/* The Secret it writes to: always in its own namespace (reference/external-secrets.md 1.1). */
struct identity unowned_target(const struct external_secret *es);

/*
 * Whether the ExternalSecret leaves the Secret's metadata alone because it is immutable: so it does
 * with a Secret that is there. One that Orphan or CreateOrMerge makes anew gets everything
 * (reference/external-secrets.md 2.3).
 */
bool unowned_target_is_immutable(const struct facts *f, const struct external_secret *es);

/*
 * The remedies of reference/external-secrets.md 4 in their order, and what not to do. A warning is
 * one line of at most 1,000 runes: without in_full it names a and b alone.
 */
void unowned_target_add_repair(struct buf *m, const struct facts *f,
                               const struct external_secret *es, bool in_full);
/* The command that takes the mark off the live Secret. */
void unowned_target_add_unmarking(struct buf *m, const struct tracking *t,
                                  const struct identity *secret);
/* Where `check` took label tracking for want of better: says so. */
void unowned_target_add_assumption(struct buf *m, const struct facts *f);
