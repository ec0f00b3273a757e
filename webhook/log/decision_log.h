/* decision_log.h: decision lines to standard output without ever blocking an answer for long. */
#pragma once
#include "base/str.h"
#include "log/metrics.h"
#include "log/program_log.h"
#include <stdbool.h>

/* A bounded queue and a writer thread (design 5). */
struct decision_log;

enum { DECISION_LOG_MAX_BYTES = 4 * 1024 * 1024, DECISION_LOG_WAIT_MS = 100 };

/*
 * All are borrowed. program_log: told once when lines begin to be lost (a full disk, a reader that
 * stalls or is gone), and once when they are written again.
 */
struct decision_log *decision_log_new(int fd, struct metrics *metrics,
                                      struct program_log *program_log);
/* Writes what is queued (at most two seconds), then ends. NULL is fine. */
void decision_log_free(struct decision_log *log);
/*
 * Copies the line. droppable: a plain allow or a repeat, dropped and counted when the queue is
 * full; others wait up to DECISION_LOG_WAIT_MS. Once one has waited in vain the others do not wait
 * either until the writer gets on: a reader that stalls costs a worker one wait, not one for each
 * denial. False when it was dropped.
 */
bool decision_log_line(struct decision_log *log, struct str line, bool droppable);
/* A line could not be built because it would have been too long: counted and said like the rest. */
void decision_log_too_long(struct decision_log *log);
