#include "log/program_log.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A message with every byte escaped, its frame and the time still fit. */
enum { MESSAGE_MAX = 4096, LINE_MAX_BYTES = 64 * 1024 };

struct program_log {
    int fd;
};

struct program_log *program_log_new(int fd)
{
    struct program_log *log = xcalloc(1, sizeof *log);

    log->fd = fd;
    return log;
}

void program_log_free(struct program_log *log)
{
    free(log);
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_INFO] = "info",
        [LOG_WARNING] = "warning",
        [LOG_ERROR] = "error",
    };

    return names[level];
}

static void start_line(struct buf *out, enum log_level level, const char *event)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(out, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"event\":", seconds,
               (int)(now.tv_nsec / 1000000), level_name(level));
    text_json(out, str_from(event));
}

/* One write for one line, so lines of several threads do not mix. A log nobody can read must not
 * stop the webhook: a failed write is given up. */
static void write_line(struct program_log *log, struct buf *line)
{
    ssize_t n;

    buf_adds(line, "}\n");
    if (!buf_ok(line))
        return;
    n = write(log->fd, line->p, line->n);
    (void)n;
}

/* text: already escaped for a terminal; here it only becomes a JSON string. */
static void write_message(struct program_log *log, enum log_level level, const char *event,
                          struct str text)
{
    AUTO(buf_clearp) struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    start_line(&line, level, event);
    buf_adds(&line, ",\"message\":");
    text_json(&line, text);
    write_line(log, &line);
}

void program_log_event(struct program_log *log, enum log_level level, const char *event,
                       const char *format, ...)
{
    AUTO(buf_clearp) struct buf escaped;
    char message[MESSAGE_MAX];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values);
    va_end(values);
    buf_init(&escaped, LINE_MAX_BYTES);
    text_escape(&escaped, str_from(message), 0);
    write_message(log, level, event, buf_str(&escaped));
}

void program_log_err(struct program_log *log, enum log_level level, const char *event,
                     const struct err *err)
{
    char text[ERR_TEXT_MAX];

    write_message(log, level, event, str_from(err_text(err, text)));
}

static void add_address(struct buf *line, const char *key, const char *host, unsigned port)
{
    buf_printf(line, ",\"%s\":{\"host\":", key);
    text_json(line, str_from(host));
    buf_printf(line, ",\"port\":%u}", port);
}

void program_log_listening(struct program_log *log, const char *listen, unsigned port,
                           const char *admin, unsigned admin_port)
{
    AUTO(buf_clearp) struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    start_line(&line, LOG_INFO, "listening");
    add_address(&line, "listen", listen, port);
    add_address(&line, "admin", admin, admin_port);
    write_line(log, &line);
}
