/* metrics.h: the counters of design 5 and their Prometheus page. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

struct metrics;

struct metrics *metrics_new(const char *version, const char *revision);
void metrics_free(struct metrics *m); /* NULL is fine */
/*
 * The rules metrics_finding() counts, each shown as 0 from the start so that a first finding is a
 * rise. Borrowed, as long as the metrics live; at most METRICS_MAX_RULES. Call it before threads.
 */
enum { METRICS_MAX_RULES = 16 };
void metrics_rules(struct metrics *m, const char *const *rules, size_t n);

/* All thread-safe; label values come from fixed sets (anything else is "other"), so the page stays
 * small. */
void metrics_review(struct metrics *m, const char *kind, const char *operation,
                    const char *decision, uint64_t duration_us, size_t body_bytes);
void metrics_finding(struct metrics *m, const char *rule, const char *verdict);
void metrics_inflight(struct metrics *m, int change);
/* reason: "method", "path", "too-large", "length-required", "content-type", "malformed",
 * "connections", "deadline", "unanswered", "client-certificate". */
void metrics_rejected(struct metrics *m, const char *reason);
/* what: "facts", "certificate", "client-ca", "configuration"; result: "success", "failure". */
void metrics_reload(struct metrics *m, const char *what, const char *result);
void metrics_log_dropped(struct metrics *m);         /* a decision line */
void metrics_program_log_dropped(struct metrics *m); /* a line of the program log */
/*
 * source: a repository's URL without userinfo, copied; at most METRICS_MAX_SOURCES. loaded: whether
 * there is something to judge by. seen_at: when it was last found as it is held, Unix seconds; 0
 * (not seen) leaves the age as it was.
 */
enum { METRICS_MAX_SOURCES = 1000 };
void metrics_facts(struct metrics *m, const char *source, bool loaded, int64_t seen_at);
/* A source that is no longer configured. */
void metrics_facts_forget(struct metrics *m, const char *source);
/* which: "serving", "client-ca". not_after: Unix seconds; the page shows the seconds left; 0: there
 * is none. */
void metrics_certificate(struct metrics *m, const char *which, int64_t not_after);
/* Text exposition format 0.0.4; out needs room for METRICS_PAGE_MAX bytes. now: Unix seconds. */
enum { METRICS_PAGE_MAX = 1024 * 1024 };
void metrics_write(struct metrics *m, int64_t now, struct buf *out);
