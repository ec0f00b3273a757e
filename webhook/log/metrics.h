/* metrics.h: the counters of design 5 and their Prometheus page. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include <stdint.h>

struct metrics;

struct metrics *metrics_new(const char *version, const char *revision);
void metrics_free(struct metrics *m); /* NULL is fine */

/* All thread-safe; label values come from fixed sets, so the page stays small. */
void metrics_review(struct metrics *m, const char *kind, const char *operation,
                    const char *decision, uint64_t duration_us, size_t body_bytes);
void metrics_finding(struct metrics *m, const char *rule, const char *verdict);
void metrics_inflight(struct metrics *m, int change);
/* reason: "method", "path", "too-large", "length-required", "malformed", "connections",
 * "deadline", "draining". */
void metrics_rejected(struct metrics *m, const char *reason);
void metrics_reload(struct metrics *m, const char *what, const char *result);
void metrics_log_dropped(struct metrics *m);
/* source: a repository's label. loaded_at: Unix seconds. */
void metrics_facts_loaded(struct metrics *m, const char *source, int64_t loaded_at);
void metrics_certificate(struct metrics *m, const char *which, int64_t not_after);
/* Text exposition format 0.0.4. now: Unix seconds. */
void metrics_write(const struct metrics *m, int64_t now, struct buf *out);
