/* replay.h: which logged decisions would be others today. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include "facts/facts.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    /* Differences that are kept, each with at most REPLAY_FINDINGS_MAX findings of then and of now:
     * about 100 MB of long messages. The others are counted: memory does not follow the log. */
    REPLAY_ROWS_MAX = 10000,
    REPLAY_FINDINGS_MAX = 4,
};

struct replay;
struct log_lines;

/*
 * facts  today's, with the settings; borrowed. now: Unix seconds.
 * since  Unix seconds; decisions before it are counted, no more. INT64_MIN for all.
 * The caller frees it with replay_free().
 */
struct replay *replay_new(const struct facts *facts, int64_t now, int64_t since);
void replay_free(struct replay *r); /* NULL is fine */
void replay_freep(struct replay **r);
/* Where the logs go; each of its decisions is judged as its line is complete. */
struct log_lines *replay_lines(struct replay *r);

/* Whether a request that was denied would be allowed, or the other way round. A difference that may
 * come from what the line lacks is none. */
bool replay_differs(const struct replay *r);
/* verbose: also decisions that stay the same on other findings. */
void replay_text(const struct replay *r, bool verbose, struct buf *out);
/* {"schema":"syncguard.replay/v1", …}: a stable contract (design 5). */
void replay_json(const struct replay *r, struct buf *out);
