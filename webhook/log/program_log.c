#include "log/program_log.h"
#include "base/mem.h"
#include "base/text.h"
#include "log/metrics.h"
#include "log/queue.h"
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_MAX = PIPE_BUF,
    /* A message with every byte escaped twice, its frame and the time. */
    ESCAPED_MAX_BYTES = 64 * 1024,
    /* What write_line() adds: ,"dropped":18446744073709551615}, a line feed. */
    TAIL_BYTES = 40,
};

struct program_log {
    int fd;
    pthread_mutex_t mutex;    /* one line at a time, so that each finds out for itself what fits */
    struct log_queue *queue;  /* NULL before program_log_start() and after program_log_stop() */
    struct metrics *metrics;  /* like `queue` */
    _Atomic uint64_t dropped; /* since the last line that was written, or queued */
};

struct program_log *program_log_new(int fd)
{
    struct program_log *log = xcalloc(1, sizeof *log);

    log->fd = fd;
    (void)pthread_mutex_init(&log->mutex, NULL);
    return log;
}

/* tag: how many the line told of, which nobody has heard now. */
static void on_lost(void *closure, uint64_t tag, int error)
{
    struct program_log *log = closure;

    (void)error;
    (void)atomic_fetch_add(&log->dropped, tag + 1);
    metrics_program_log_dropped(log->metrics);
}

void program_log_start(struct program_log *log, struct metrics *metrics)
{
    log->metrics = metrics;
    log->queue = log_queue_new(&(struct log_queue_options){
        .fd = log->fd,
        .max_bytes = PROGRAM_LOG_MAX_BYTES,
        .lost = on_lost,
        .closure = log,
    });
}

void program_log_stop(struct program_log *log)
{
    struct log_queue *queue;

    (void)pthread_mutex_lock(&log->mutex);
    queue = log->queue;
    log->queue = NULL;
    (void)pthread_mutex_unlock(&log->mutex);
    log_queue_free(queue);
}

void program_log_free(struct program_log *log)
{
    if (!log)
        return;
    program_log_stop(log);
    (void)pthread_mutex_destroy(&log->mutex);
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

/* poll(2) says a pipe is writable when PIPE_BUF bytes fit, so writing no more than that leaves the
 * line whole, and does not block unless somebody else was quicker. */
static bool write_now(const struct program_log *log, const struct buf *line)
{
    struct pollfd ready = {.fd = log->fd, .events = POLLOUT};

    return poll(&ready, 1, 0) == 1 && write(log->fd, line->p, line->n) == (ssize_t)line->n;
}

static bool put(struct program_log *log, const struct buf *line, uint64_t dropped)
{
    if (log->queue)
        return log_queue_add(log->queue, buf_str(line), dropped, 0);
    return write_now(log, line);
}

/*
 * A log nobody reads must not stop the webhook: what does not fit now is dropped, and the next line
 * that gets through says how many were.
 */
static void write_line(struct program_log *log, struct buf *line)
{
    uint64_t dropped;

    (void)pthread_mutex_lock(&log->mutex);
    dropped = atomic_load(&log->dropped);
    if (dropped)
        buf_printf(line, ",\"dropped\":%llu", (unsigned long long)dropped);
    buf_adds(line, "}\n");
    if (buf_ok(line) && put(log, line, dropped)) {
        (void)atomic_fetch_sub(&log->dropped, dropped);
    } else {
        (void)atomic_fetch_add(&log->dropped, 1);
        if (log->queue)
            metrics_program_log_dropped(log->metrics);
    }
    (void)pthread_mutex_unlock(&log->mutex);
}

/* As much of the text as n bytes hold, at a character's boundary, with "…" behind it. */
static void cut_at(struct buf *out, struct str text, size_t n)
{
    while (n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--;
    buf_reset(out);
    buf_add(out, str_sub(text, 0, n));
    buf_adds(out, "…");
}

/* Appends the text as a JSON string that ends before `max` bytes of the line, cut if need be. What
 * escaping adds differs along the text, so the cut is tried in proportion until it fits. */
static void add_cut(struct buf *line, struct str text, size_t max)
{
    AUTO(buf_clearp) struct buf json = {0};
    AUTO(buf_clearp) struct buf cut = {0};
    size_t room = max > line->n ? max - line->n : 0;
    size_t n = text.n;

    buf_init(&json, ESCAPED_MAX_BYTES);
    buf_init(&cut, ESCAPED_MAX_BYTES);
    text_json(&json, text);
    while (json.n > room && n) {
        n = n * room / (json.n + 1);
        cut_at(&cut, text, n);
        buf_reset(&json);
        text_json(&json, buf_str(&cut));
    }
    buf_add(line, buf_str(&json));
}

/* text: already escaped for a terminal; here it only becomes a JSON string. */
static void write_message(struct program_log *log, enum log_level level, const char *event,
                          struct str text)
{
    AUTO(buf_clearp) struct buf line = {0};

    buf_init(&line, PIPE_BUF);
    start_line(&line, level, event);
    buf_adds(&line, ",\"message\":");
    add_cut(&line, text, PIPE_BUF - TAIL_BYTES);
    write_line(log, &line);
}

void program_log_event(struct program_log *log, enum log_level level, const char *event,
                       const char *format, ...)
{
    AUTO(buf_clearp) struct buf escaped = {0};
    char message[MESSAGE_MAX];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values);
    va_end(values);
    buf_init(&escaped, ESCAPED_MAX_BYTES);
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
    AUTO(buf_clearp) struct buf line = {0};

    buf_init(&line, PIPE_BUF);
    start_line(&line, LOG_INFO, "listening");
    add_address(&line, "listen", listen, port);
    add_address(&line, "admin", admin, admin_port);
    write_line(log, &line);
}
