#include "server/deadlines.h"
#include "base/mem.h"
#include "server/clock.h"
#include <linux/tcp.h> /* glibc's tcp_info lacks the byte counts */
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

/* How late a late connection is noticed at most. */
enum { TICK_MS = 100 };

/*
 * Phase, deadline and a counter in one word: the watcher turns IDLE into HEADER by compare and
 * swap, which fails when the worker has moved on in the meantime, even within a millisecond.
 */
enum { PHASE_BITS = 2, SERIAL_BITS = 18, MS_SHIFT = PHASE_BITS + SERIAL_BITS };

struct deadline {
    struct deadline *next;
    struct deadline **link; /* what points at this one */
    int fd;
    _Atomic uint64_t state;
    _Atomic uint64_t idle_bytes; /* received when PHASE_IDLE began */
    _Atomic bool cut;
    _Atomic bool missed;
};

struct deadlines {
    unsigned header_ms;
    pthread_t watcher;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* Under the mutex: */
    struct deadline *first;
    bool closing;
};

static uint64_t packed(enum phase phase, uint64_t serial, int64_t at_ms)
{
    return (uint64_t)at_ms << MS_SHIFT | (serial & ((1U << SERIAL_BITS) - 1)) << PHASE_BITS |
           (uint64_t)phase;
}

static enum phase phase_of(uint64_t state)
{
    return (enum phase)(state & ((1U << PHASE_BITS) - 1));
}

static int64_t at_of(uint64_t state)
{
    return (int64_t)(state >> MS_SHIFT);
}

/* Bytes of the peer that arrived in order; 0 when the kernel does not say.
 * Source: tcp(7), TCP_INFO; tcpi_bytes_received since Linux 4.1. */
static uint64_t bytes_received(int fd)
{
    struct tcp_info info = {0};
    socklen_t n = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
        return 0;
    return info.tcpi_bytes_received;
}

void deadline_set(struct deadline *c, enum phase phase, unsigned within_ms)
{
    uint64_t serial = atomic_load(&c->state) >> PHASE_BITS;

    if (phase == PHASE_IDLE)
        atomic_store(&c->idle_bytes, bytes_received(c->fd));
    atomic_store(&c->state, packed(phase, serial + 1, clock_ms() + within_ms));
}

bool deadline_was_missed(const struct deadline *c)
{
    return atomic_load(&c->missed);
}

static void look_at(struct deadlines *d, struct deadline *c, int64_t now)
{
    uint64_t state = atomic_load(&c->state);
    uint64_t serial = state >> PHASE_BITS;

    if (phase_of(state) == PHASE_IDLE && bytes_received(c->fd) > atomic_load(&c->idle_bytes)) {
        uint64_t header = packed(PHASE_HEADER, serial + 1, now + d->header_ms);

        if (!atomic_compare_exchange_strong(&c->state, &state, header))
            return; /* the headers are complete already */
        state = header;
    }
    if (now < at_of(state) || atomic_load(&c->cut))
        return;
    atomic_store(&c->missed, phase_of(state) != PHASE_IDLE);
    atomic_store(&c->cut, true);
    (void)shutdown(c->fd, SHUT_RDWR);
}

static void *watch(void *p)
{
    struct deadlines *d = p;

    (void)pthread_mutex_lock(&d->mutex);
    while (!d->closing) {
        struct timespec next;

        for (struct deadline *c = d->first; c; c = c->next)
            look_at(d, c, clock_ms());
        (void)clock_gettime(CLOCK_MONOTONIC, &next);
        next.tv_nsec += (long)TICK_MS * 1000000;
        if (next.tv_nsec >= 1000000000) {
            next.tv_sec++;
            next.tv_nsec -= 1000000000;
        }
        (void)pthread_cond_timedwait(&d->wake, &d->mutex, &next);
    }
    (void)pthread_mutex_unlock(&d->mutex);
    return NULL;
}

struct deadlines *deadlines_new(unsigned header_ms)
{
    struct deadlines *d = xcalloc(1, sizeof *d);
    pthread_condattr_t monotonic;

    d->header_ms = header_ms;
    (void)pthread_mutex_init(&d->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&d->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    xthread(&d->watcher, watch, d);
    return d;
}

void deadlines_free(struct deadlines *d)
{
    if (!d)
        return;
    (void)pthread_mutex_lock(&d->mutex);
    d->closing = true;
    (void)pthread_cond_signal(&d->wake);
    (void)pthread_mutex_unlock(&d->mutex);
    (void)pthread_join(d->watcher, NULL);
    (void)pthread_cond_destroy(&d->wake);
    (void)pthread_mutex_destroy(&d->mutex);
    free(d);
}

struct deadline *deadlines_add(struct deadlines *d, int fd, enum phase phase, unsigned within_ms)
{
    struct deadline *c = xcalloc(1, sizeof *c);

    c->fd = fd;
    deadline_set(c, phase, within_ms);
    (void)pthread_mutex_lock(&d->mutex);
    c->next = d->first;
    c->link = &d->first;
    if (c->next)
        c->next->link = &c->next;
    d->first = c;
    (void)pthread_mutex_unlock(&d->mutex);
    return c;
}

void deadlines_remove(struct deadlines *d, struct deadline *c)
{
    (void)pthread_mutex_lock(&d->mutex);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    (void)pthread_mutex_unlock(&d->mutex);
    free(c);
}
