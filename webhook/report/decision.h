/* decision.h: a verdict as one line of the decision log. */
#pragma once
#include "base/buf.h"
#include "facts/facts.h"
#include "review/review.h"
#include "rules/verdict.h"
#include <stdint.h>

/* Appends one JSON object and a newline (design 5, "decision log"). now: Unix seconds. */
void decision_write(struct buf *out, const struct review *review, const struct verdict *verdict,
                    const struct facts *facts, int64_t now, uint64_t duration_us);
