#include "server/clock.h"
#include "server/internal.h"
#include <microhttpd.h>
#include <time.h>

enum { STEP_MS = 20 };

static void sleep_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/*
 * Never MHD_quiesce_daemon(): with epoll and a thread pool it aborts the process now and then
 * (design 6). The listening socket is ours to close.
 */
void server_drain(struct server *s, const char *why)
{
    const struct limits *limits = &s->options.settings->limits;
    int64_t end = clock_ms() + limits->drain_ms;
    int64_t closed;

    if (!s->webhook.daemon)
        return;
    atomic_store(&s->draining, true);
    program_log_event(s->options.program_log, LOG_INFO, "draining",
                      "%s: not ready any more; still accepting for %u ms", why,
                      limits->drain_delay_ms);
    sleep_ms(limits->drain_delay_ms); /* drain is at least DRAIN_LEAVE_MS longer */
    listener_close(s->webhook.listener);
    atomic_store(&s->closing, true);
    closed = clock_ms();
    while (clock_ms() < end &&
           (atomic_load(&s->inflight) > 0 || clock_ms() - closed < DRAIN_LEAVE_MS))
        sleep_ms(STEP_MS);
    program_log_event(s->options.program_log, LOG_INFO, "drained",
                      "%d requests were not answered in time", atomic_load(&s->inflight));
    MHD_stop_daemon(s->webhook.daemon);
    s->webhook.daemon = NULL;
    listener_close(s->admin.listener);
    MHD_stop_daemon(s->admin.daemon);
    s->admin.daemon = NULL;
}
