#include "log/decision_log.h"
#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long the end of the process waits for a reader that does not read. */
enum { CLOSE_WAIT_MS = 2000, POLL_MS = 100 };

/* Why lines are lost. Each is said once until lines get through again. */
enum fault { FAULT_WRITE, FAULT_STALLED, FAULT_TOO_LONG, N_FAULTS };

static const char *const fault_texts[] = {
    [FAULT_WRITE] = "decision lines are lost: they cannot be written",
    [FAULT_STALLED] = "decision lines are lost: their reader does not read",
    [FAULT_TOO_LONG] = "a decision line is lost: it is too long",
};

struct line {
    struct line *next;
    size_t n;
    char bytes[];
};

struct decision_log {
    int fd;
    struct metrics *metrics;
    struct program_log *program_log;
    pthread_t writer;
    pthread_mutex_t mutex;
    pthread_cond_t work;  /* a line was queued, or the end has come */
    pthread_cond_t space; /* lines were written */
    /* Under the mutex: */
    struct line *first;
    struct line **last;
    size_t n_bytes; /* queued, and taken by the writer but not written yet */
    bool stalled;   /* one line has waited in vain, and the writer has not got on since */
    bool said[N_FAULTS];
    uint64_t n_lost; /* since lines got through */
    bool closing;
    struct timespec give_up; /* set with `closing` */
};

static struct timespec after_ms(long ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static bool is_past(const struct timespec *t)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > t->tv_sec || (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

/* Not under the mutex. number: an errno, 0 without one. */
static void lose(struct decision_log *log, enum fault fault, int number)
{
    struct err err = {0};
    bool said;

    (void)pthread_mutex_lock(&log->mutex);
    said = log->said[fault];
    log->said[fault] = true;
    log->n_lost++;
    (void)pthread_mutex_unlock(&log->mutex);
    metrics_log_dropped(log->metrics);
    if (said)
        return;
    err_what(&err, ERR_SYSTEM, "%s", fault_texts[fault]);
    if (number)
        err_why_errno(&err, number);
    err_remedy(&err, "syncguard_log_dropped_total counts them");
    program_log_err(log->program_log, LOG_ERROR, "decision-log", &err);
}

/* Lines get through: what was lost until now is told once. */
static void recover(struct decision_log *log)
{
    bool lost;
    uint64_t n;

    (void)pthread_mutex_lock(&log->mutex);
    lost = log->said[FAULT_WRITE] || log->said[FAULT_STALLED];
    n = log->n_lost;
    log->n_lost = 0;
    memset(log->said, 0, sizeof log->said);
    (void)pthread_mutex_unlock(&log->mutex);
    if (lost)
        program_log_event(log->program_log, LOG_WARNING, "decision-log",
                          "decision lines are written again; %llu were lost",
                          (unsigned long long)n);
}

static bool has_given_up(struct decision_log *log)
{
    bool given_up;

    (void)pthread_mutex_lock(&log->mutex);
    given_up = log->closing && is_past(&log->give_up);
    (void)pthread_mutex_unlock(&log->mutex);
    return given_up;
}

/*
 * poll(2) says a pipe is writable when PIPE_BUF bytes fit, so writing no more than that never
 * blocks, and the writer can always be ended. *error: 0 when the end came first.
 */
static bool write_piece(struct decision_log *log, const char *p, size_t n, int *error)
{
    *error = 0;
    while (n) {
        struct pollfd ready = {.fd = log->fd, .events = POLLOUT};
        ssize_t n_written;

        if (has_given_up(log))
            return false;
        if (poll(&ready, 1, POLL_MS) <= 0)
            continue;
        n_written = write(log->fd, p, n < PIPE_BUF ? n : PIPE_BUF);
        if (n_written < 0) {
            if (errno == EINTR || errno == EAGAIN)
                continue;
            *error = errno; /* the reader is gone, or the disk is full */
            return false;
        }
        p += n_written;
        n -= (size_t)n_written;
    }
    return true;
}

/* Writes whole lines together as far as they fit one write, so each stays whole in a shared pipe.
 */
static void write_lines(struct decision_log *log, struct line *first)
{
    char piece[PIPE_BUF];

    while (first) {
        size_t n = 0;
        size_t n_lines = 0;
        int error = 0;
        bool written;
        struct line *end = first;

        while (end && n + end->n <= sizeof piece) {
            memcpy(piece + n, end->bytes, end->n);
            n += end->n;
            n_lines++;
            end = end->next;
        }
        if (n_lines) {
            written = write_piece(log, piece, n, &error);
        } else {
            written = write_piece(log, first->bytes, first->n, &error);
            end = first->next;
        }
        if (written)
            recover(log);
        while (first != end) {
            struct line *next = first->next;

            if (!written)
                lose(log, error ? FAULT_WRITE : FAULT_STALLED, error);
            (void)pthread_mutex_lock(&log->mutex);
            log->n_bytes -= first->n;
            log->stalled = false;
            (void)pthread_cond_broadcast(&log->space);
            (void)pthread_mutex_unlock(&log->mutex);
            free(first);
            first = next;
        }
    }
}

static void *writer(void *p)
{
    struct decision_log *log = p;

    (void)pthread_mutex_lock(&log->mutex);
    for (;;) {
        struct line *lines;

        while (!log->first && !log->closing)
            (void)pthread_cond_wait(&log->work, &log->mutex);
        if (!log->first)
            break;
        lines = log->first;
        log->first = NULL;
        log->last = &log->first;
        (void)pthread_mutex_unlock(&log->mutex);
        write_lines(log, lines);
        (void)pthread_mutex_lock(&log->mutex);
    }
    (void)pthread_mutex_unlock(&log->mutex);
    return NULL;
}

struct decision_log *decision_log_new(int fd, struct metrics *metrics,
                                      struct program_log *program_log)
{
    struct decision_log *log = xcalloc(1, sizeof *log);
    pthread_condattr_t monotonic;

    log->fd = fd;
    log->metrics = metrics;
    log->program_log = program_log;
    log->last = &log->first;
    (void)pthread_mutex_init(&log->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&log->work, &monotonic);
    (void)pthread_cond_init(&log->space, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    xthread(&log->writer, writer, log);
    return log;
}

void decision_log_free(struct decision_log *log)
{
    if (!log)
        return;
    (void)pthread_mutex_lock(&log->mutex);
    log->closing = true;
    log->give_up = after_ms(CLOSE_WAIT_MS);
    (void)pthread_cond_signal(&log->work);
    (void)pthread_mutex_unlock(&log->mutex);
    (void)pthread_join(log->writer, NULL);
    (void)pthread_cond_destroy(&log->work);
    (void)pthread_cond_destroy(&log->space);
    (void)pthread_mutex_destroy(&log->mutex);
    free(log);
}

/* Under the mutex. Waits for room unless the line may be dropped. */
static bool has_room(struct decision_log *log, size_t n, bool droppable)
{
    struct timespec until = after_ms(DECISION_LOG_WAIT_MS);

    while (log->n_bytes > DECISION_LOG_MAX_BYTES - n) {
        if (droppable || log->stalled)
            return false;
        if (pthread_cond_timedwait(&log->space, &log->mutex, &until) != 0) {
            log->stalled = log->n_bytes > DECISION_LOG_MAX_BYTES - n;
            return !log->stalled;
        }
    }
    return true;
}

bool decision_log_line(struct decision_log *log, struct str line, bool droppable)
{
    struct line *copy;
    bool queued;

    if (line.n > DECISION_LOG_MAX_BYTES) {
        decision_log_too_long(log);
        return false;
    }
    copy = xmalloc(sizeof *copy + line.n);
    copy->next = NULL;
    copy->n = line.n;
    memcpy(copy->bytes, line.p, line.n);
    (void)pthread_mutex_lock(&log->mutex);
    queued = has_room(log, line.n, droppable);
    if (queued) {
        *log->last = copy;
        log->last = &copy->next;
        log->n_bytes += line.n;
        (void)pthread_cond_signal(&log->work);
    }
    (void)pthread_mutex_unlock(&log->mutex);
    if (!queued) {
        free(copy);
        lose(log, FAULT_STALLED, 0);
    }
    return queued;
}

void decision_log_too_long(struct decision_log *log)
{
    lose(log, FAULT_TOO_LONG, 0);
}
