/* program_log.h: what the process itself has to say, one JSON object a line on standard error. */
#pragma once
#include "base/attr.h"
#include "base/err.h"

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

struct program_log;

/*
 * fd is borrowed. Thread-safe: each line is one write of at most PIPE_BUF bytes, a longer message
 * is cut with "…". Never blocks: a line that a stalled reader leaves no room for is dropped, and
 * the next one that gets through carries "dropped":N.
 */
struct program_log *program_log_new(int fd);
void program_log_free(struct program_log *log); /* NULL is fine */
/* {"time":…,"level":…,"event":event,"message":…}; the message is escaped. */
void program_log_event(struct program_log *log, enum log_level level, const char *event,
                       const char *format, ...) PRINTF_LIKE(4, 5);
void program_log_err(struct program_log *log, enum log_level level, const char *event,
                     const struct err *err);
/* The first line: {"time":…,"event":"listening","listen":{"host":…,"port":N},"admin":{…}}. */
void program_log_listening(struct program_log *log, const char *listen, unsigned port,
                           const char *admin, unsigned admin_port);
