/* program_log.h: what the process itself has to say, one JSON object a line on standard error. */
#pragma once
#include "base/attr.h"
#include "base/err.h"

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

struct metrics;
struct program_log;

enum { PROGRAM_LOG_MAX_BYTES = 256 * 1024 };

/*
 * fd is borrowed. Thread-safe: each line is one write of at most PIPE_BUF bytes, a longer message
 * is cut with "…". A line that a stalled reader leaves no room for is dropped, and the next one
 * that gets through carries "dropped":N.
 */
struct program_log *program_log_new(int fd);
/*
 * From here on a thread of its own writes, and nobody waits for the reader: without it, a line is
 * written where poll(2) says there is room, and waits after all where somebody else takes that room
 * first, as the decision log does in one pipe with it. Lines that are dropped are counted in
 * metrics (borrowed until program_log_stop()).
 */
void program_log_start(struct program_log *log, struct metrics *metrics);
/* Writes what is queued (at most two seconds) and ends that thread. */
void program_log_stop(struct program_log *log);
void program_log_free(struct program_log *log); /* NULL is fine */
/* {"time":…,"level":…,"event":event,"message":…}; the message is escaped. */
void program_log_event(struct program_log *log, enum log_level level, const char *event,
                       const char *format, ...) PRINTF_LIKE(4, 5);
void program_log_err(struct program_log *log, enum log_level level, const char *event,
                     const struct err *err);
/* The first line: {"time":…,"event":"listening","listen":{"host":…,"port":N},"admin":{…}}. */
void program_log_listening(struct program_log *log, const char *listen, unsigned port,
                           const char *admin, unsigned admin_port);
