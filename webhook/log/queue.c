#include "log/queue.h"
#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long the end of the process waits for a reader that does not read, and then for a writer that
 * is to see that it has waited enough. */
enum { CLOSE_WAIT_MS = 2000, WRITER_WAIT_MS = 500, POLL_MS = 100 };

struct line {
    struct line *next;
    uint64_t tag;
    size_t n;
    char bytes[];
};

struct log_queue {
    struct log_queue_options options;
    pthread_t writer;
    pthread_mutex_t mutex;
    pthread_cond_t work;  /* a line was queued, or the end has come */
    pthread_cond_t space; /* lines were written, or the writer has ended */
    /* Under the mutex: */
    struct line *first;
    struct line **last;
    size_t n_bytes; /* queued, and taken by the writer but not written yet */
    bool stalled;   /* one line has waited in vain, and the writer has not got on since */
    bool closing;
    bool ended;
    struct timespec give_up; /* set with `closing` */
    /* Held for each call; nobody is called once `left` is true. */
    pthread_mutex_t calls;
    bool left;
};

static struct timespec after_ms(unsigned ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
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

static bool has_given_up(struct log_queue *q)
{
    bool given_up;

    (void)pthread_mutex_lock(&q->mutex);
    given_up = q->closing && is_past(&q->give_up);
    (void)pthread_mutex_unlock(&q->mutex);
    return given_up;
}

/*
 * poll(2) says a pipe is writable when PIPE_BUF bytes fit, so writing no more than that does not
 * block unless another process was quicker, and the writer can be ended. *error: 0 when the end
 * came first.
 */
static bool write_piece(struct log_queue *q, const char *p, size_t n, int *error)
{
    *error = 0;
    while (n) {
        struct pollfd ready = {.fd = q->options.fd, .events = POLLOUT};
        ssize_t n_written;

        if (has_given_up(q))
            return false;
        if (poll(&ready, 1, POLL_MS) <= 0)
            continue;
        n_written = write(q->options.fd, p, n < PIPE_BUF ? n : PIPE_BUF);
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

static void say_written(struct log_queue *q)
{
    (void)pthread_mutex_lock(&q->calls);
    if (!q->left && q->options.written)
        q->options.written(q->options.closure);
    (void)pthread_mutex_unlock(&q->calls);
}

static void say_lost(struct log_queue *q, const struct line *line, int error)
{
    (void)pthread_mutex_lock(&q->calls);
    if (!q->left)
        q->options.lost(q->options.closure, line->tag, error);
    (void)pthread_mutex_unlock(&q->calls);
}

static void done_with(struct log_queue *q, struct line *line)
{
    (void)pthread_mutex_lock(&q->mutex);
    q->n_bytes -= line->n;
    q->stalled = false;
    (void)pthread_cond_broadcast(&q->space);
    (void)pthread_mutex_unlock(&q->mutex);
    free(line);
}

/* Writes whole lines together as far as they fit one write, so each stays whole in a shared pipe.
 */
static void write_lines(struct log_queue *q, struct line *first)
{
    char piece[PIPE_BUF];

    while (first) {
        size_t n = 0;
        int error = 0;
        bool written;
        struct line *end = first;

        while (end && n + end->n <= sizeof piece) {
            memcpy(piece + n, end->bytes, end->n);
            n += end->n;
            end = end->next;
        }
        if (end != first) {
            written = write_piece(q, piece, n, &error);
        } else {
            written = write_piece(q, first->bytes, first->n, &error);
            end = first->next;
        }
        if (written)
            say_written(q);
        while (first != end) {
            struct line *next = first->next;

            if (!written)
                say_lost(q, first, error);
            done_with(q, first);
            first = next;
        }
    }
}

static void *write_all(void *p)
{
    struct log_queue *q = p;

    (void)pthread_mutex_lock(&q->mutex);
    for (;;) {
        struct line *lines;

        while (!q->first && !q->closing)
            (void)pthread_cond_wait(&q->work, &q->mutex);
        if (!q->first)
            break;
        lines = q->first;
        q->first = NULL;
        q->last = &q->first;
        (void)pthread_mutex_unlock(&q->mutex);
        write_lines(q, lines);
        (void)pthread_mutex_lock(&q->mutex);
    }
    q->ended = true;
    (void)pthread_cond_broadcast(&q->space);
    (void)pthread_mutex_unlock(&q->mutex);
    return NULL;
}

struct log_queue *log_queue_new(const struct log_queue_options *options)
{
    struct log_queue *q = xcalloc(1, sizeof *q);
    pthread_condattr_t monotonic;

    q->options = *options;
    q->last = &q->first;
    (void)pthread_mutex_init(&q->mutex, NULL);
    (void)pthread_mutex_init(&q->calls, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->work, &monotonic);
    (void)pthread_cond_init(&q->space, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    xthread(&q->writer, write_all, q);
    return q;
}

/* Whether the writer has ended. */
static bool close_queue(struct log_queue *q)
{
    struct timespec until = after_ms(CLOSE_WAIT_MS + WRITER_WAIT_MS);
    bool ended;

    (void)pthread_mutex_lock(&q->mutex);
    q->closing = true;
    q->give_up = after_ms(CLOSE_WAIT_MS);
    (void)pthread_cond_signal(&q->work);
    while (!q->ended && !is_past(&until))
        (void)pthread_cond_timedwait(&q->space, &q->mutex, &until);
    ended = q->ended;
    (void)pthread_mutex_unlock(&q->mutex);
    return ended;
}

void log_queue_free(struct log_queue *q)
{
    if (!q)
        return;
    if (!close_queue(q)) {
        (void)pthread_mutex_lock(&q->calls);
        q->left = true;
        (void)pthread_mutex_unlock(&q->calls);
        (void)pthread_detach(q->writer);
        return;
    }
    (void)pthread_join(q->writer, NULL);
    (void)pthread_cond_destroy(&q->work);
    (void)pthread_cond_destroy(&q->space);
    (void)pthread_mutex_destroy(&q->mutex);
    (void)pthread_mutex_destroy(&q->calls);
    free(q);
}

/* Under the mutex. */
static bool has_room(struct log_queue *q, size_t n, unsigned wait_ms)
{
    struct timespec until = after_ms(wait_ms);

    while (q->n_bytes > q->options.max_bytes - n) {
        if (!wait_ms || q->stalled)
            return false;
        if (pthread_cond_timedwait(&q->space, &q->mutex, &until) != 0) {
            q->stalled = q->n_bytes > q->options.max_bytes - n;
            return !q->stalled;
        }
    }
    return true;
}

bool log_queue_add(struct log_queue *q, struct str line, uint64_t tag, unsigned wait_ms)
{
    struct line *copy;
    bool queued;

    if (line.n > q->options.max_bytes)
        return false;
    copy = xmalloc(sizeof *copy + line.n);
    copy->next = NULL;
    copy->tag = tag;
    copy->n = line.n;
    memcpy(copy->bytes, line.p, line.n);
    (void)pthread_mutex_lock(&q->mutex);
    queued = has_room(q, line.n, wait_ms);
    if (queued) {
        *q->last = copy;
        q->last = &copy->next;
        q->n_bytes += line.n;
        (void)pthread_cond_signal(&q->work);
    }
    (void)pthread_mutex_unlock(&q->mutex);
    if (!queued)
        free(copy);
    return queued;
}
