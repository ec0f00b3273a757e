/* unowned_target.h: what both rules say about a Secret that an ExternalSecret does not own. */
#pragma once
#include "rules/rule.h"

/* The Secret it writes to: always in its own namespace (reference/external-secrets.md 1.1). */
struct identity unowned_target(const struct external_secret *es);

/* The remedies a and b of reference/external-secrets.md 4, and what not to do. */
void unowned_target_add_repair(struct buf *m, const struct facts *f,
                               const struct external_secret *es);
/* Where `check` took label tracking for want of better: says so. */
void unowned_target_add_assumption(struct buf *m, const struct facts *f);
