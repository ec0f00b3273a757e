#include "server/facts_loader.h"
#include "base/mem.h"
#include "server/clock.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* One unreadable repository can have thousands of faulty files; `check` lists them all. */
enum { NOTES_LOGGED = 20 };

struct facts_loader {
    struct facts_loader_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping; /* under the mutex */
};

static void report(const struct facts_loader *l, const struct facts *f, int64_t took_ms)
{
    struct program_log *log = l->options.program_log;
    size_t n_notes = facts_n_notes(f);
    size_t n_loaded = 0;

    for (size_t i = 0; i < facts_n_repositories(f); i++) {
        const struct repository *r = facts_repository(f, i);

        if (!r)
            continue;
        n_loaded++;
        metrics_facts_loaded(l->options.metrics, repository_label(r), repository_loaded_at(r));
    }
    metrics_reload(l->options.metrics, "facts", n_notes ? "failure" : "success");
    program_log_event(log, n_notes ? LOG_WARNING : LOG_INFO, "facts-loaded",
                      "%zu of %zu repositories with %zu Applications in %lld ms, %zu notes",
                      n_loaded, facts_n_repositories(f), facts_n_applications(f),
                      (long long)took_ms, n_notes);
    for (size_t i = 0; i < n_notes && i < NOTES_LOGGED; i++) {
        const struct facts_note *note = facts_note_at(f, i);

        program_log_event(log, LOG_WARNING, "facts-note", "%s: %s", note->where, note->text);
    }
}

static struct facts *load(const struct facts_loader *l)
{
    const struct facts_options options = {.settings = l->options.settings};
    int64_t start = clock_ms();
    struct facts *f = facts_load(&options, clock_unix_seconds());

    report(l, f, clock_ms() - start);
    facts_store_put(l->options.store, facts_ref(f));
    return f;
}

/* False when it is time to end. */
static bool sleep_until_next(struct facts_loader *l)
{
    struct timespec until;
    bool stopping;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FACTS_POLL_SECONDS;
    (void)pthread_mutex_lock(&l->mutex);
    while (!l->stopping && pthread_cond_timedwait(&l->wake, &l->mutex, &until) == 0)
        continue;
    stopping = l->stopping;
    (void)pthread_mutex_unlock(&l->mutex);
    return !stopping;
}

static void *run(void *p)
{
    struct facts_loader *l = p;
    struct facts *current = load(l);

    l->options.first_load_ended(l->options.closure);
    while (sleep_until_next(l)) {
        if (!facts_changed(current, clock_unix_seconds()))
            continue;
        facts_unref(current);
        current = load(l);
    }
    facts_unref(current);
    return NULL;
}

struct facts_loader *facts_loader_start(const struct facts_loader_options *options)
{
    struct facts_loader *l = xcalloc(1, sizeof *l);
    pthread_condattr_t monotonic;

    l->options = *options;
    (void)pthread_mutex_init(&l->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&l->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&l->thread, NULL, run, l) != 0)
        abort(); /* without threads the process cannot do its job */
    return l;
}

bool facts_loader_stop(struct facts_loader *l, unsigned wait_ms)
{
    struct timespec until;

    if (!l)
        return true;
    (void)pthread_mutex_lock(&l->mutex);
    l->stopping = true;
    (void)pthread_cond_signal(&l->wake);
    (void)pthread_mutex_unlock(&l->mutex);
    (void)clock_gettime(CLOCK_REALTIME, &until); /* pthread_timedjoin_np() knows no other */
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    if (pthread_timedjoin_np(l->thread, NULL, &until) != 0)
        return false;
    (void)pthread_cond_destroy(&l->wake);
    (void)pthread_mutex_destroy(&l->mutex);
    free(l);
    return true;
}
