/* decision_log.h: decision lines to standard output without ever blocking an answer for long. */
#pragma once
#include "base/str.h"
#include "log/metrics.h"
#include <stdbool.h>

/* A bounded queue and a writer thread (design 5). */
struct decision_log;

enum { DECISION_LOG_MAX_BYTES = 4 * 1024 * 1024, DECISION_LOG_WAIT_MS = 100 };

/* fd, metrics are borrowed. */
struct decision_log *decision_log_new(int fd, struct metrics *metrics);
/* Writes what is queued (at most two seconds), then ends. NULL is fine. */
void decision_log_free(struct decision_log *log);
/* Copies the line. droppable: a plain allow or a repeat, dropped and counted when the queue is
 * full; others wait up to DECISION_LOG_WAIT_MS. False when it was dropped. */
bool decision_log_line(struct decision_log *log, struct str line, bool droppable);
