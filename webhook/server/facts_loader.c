#include "server/facts_loader.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "server/clock.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* One unreadable repository can have thousands of faulty files; `check` lists them all. */
    NOTES_LOGGED = 20,
    /* A URL as text_url() writes it. */
    SOURCE_MAX_BYTES = 1024,
};

struct facts_loader {
    struct facts_loader_options options;
    pthread_t thread;
    atomic_bool stopping;
    pthread_mutex_t lock;
    const struct settings *next; /* to load with from now on; NULL: the same. Under the lock */
};

/* What the loader thread holds between two looks. */
struct load {
    struct facts *facts;
    const struct settings *settings; /* of them, or to be */
    int64_t at;                      /* Unix seconds of its start, as facts_load() was told */
    int64_t took_ms;                 /* without handing it over */
    int64_t busy_ms;                 /* its load or its last look, whichever came last */
    bool repeats;                    /* its notes are those of the load before */
};

static bool same_notes(const struct facts *a, const struct facts *b)
{
    size_t n = facts_n_notes(a);

    if (n != facts_n_notes(b))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct facts_note *x = facts_note_at(a, i);
        const struct facts_note *y = facts_note_at(b, i);

        if (strcmp(x->where, y->where) != 0 || strcmp(x->text, y->text) != 0)
            return false;
    }
    return true;
}

/* A repository's name on the metrics page. */
static void add_source(struct buf *out, const struct repository_settings *r)
{
    buf_init(out, SOURCE_MAX_BYTES);
    text_url(out, str_from(r->url));
}

/* seen: Unix seconds at which the repositories were last looked at. One that was found unchanged
 * then has been seen, one that could not be read has not. */
static void measure(const struct facts_loader *l, const struct load *load, int64_t seen)
{
    const struct settings *settings = facts_settings(load->facts);

    for (size_t i = 0; i < facts_n_repositories(load->facts); i++) {
        int64_t at = facts_repository_seen_at(load->facts, i);
        int64_t fetched_at = facts_repository_fetched_at(load->facts, i);
        AUTO(buf_clearp) struct buf source = {0};

        add_source(&source, &settings->repositories[i]);
        metrics_facts(l->options.metrics, buf_str(&source).p,
                      facts_repository(load->facts, i) != NULL,
                      fetched_at > 0   ? fetched_at
                      : at == load->at ? seen
                                       : at);
    }
    if (settings->cluster.n_snapshots) {
        /* It is as old as what it shows, however often it is looked at. */
        metrics_facts(l->options.metrics, "cluster", facts_cluster_seen_at(load->facts) != 0,
                      facts_cluster_written_at(load->facts));
    }
}

/* Notes that have not changed were said already: a repository that stays away, or has a faulty
 * file, would fill the log otherwise. */
static void report(const struct facts_loader *l, const struct load *load)
{
    struct program_log *log = l->options.program_log;
    const struct facts *f = load->facts;
    size_t n_notes = facts_n_notes(f);
    size_t n_loaded = 0;

    for (size_t i = 0; i < facts_n_repositories(f); i++)
        n_loaded += facts_repository(f, i) != NULL;
    program_log_event(log, n_notes ? LOG_WARNING : LOG_INFO, "facts-loaded",
                      "%zu of %zu repositories and %zu live objects with %zu Applications in "
                      "%lld ms, %zu notes%s",
                      n_loaded, facts_n_repositories(f), facts_n_live_objects(f),
                      facts_n_applications(f), (long long)load->took_ms, n_notes,
                      n_notes && load->repeats ? " as before" : "");
    for (size_t i = 0; i < n_notes && i < NOTES_LOGGED && !load->repeats; i++) {
        const struct facts_note *note = facts_note_at(f, i);

        program_log_event(log, LOG_WARNING, "facts-note", "%s: %s", note->where, note->text);
    }
}

/* What was measured of those before, and is not configured any more. */
static void forget(const struct facts_loader *l, const struct settings *former)
{
    for (size_t i = 0; i < former->n_repositories; i++) {
        AUTO(buf_clearp) struct buf source = {0};

        add_source(&source, &former->repositories[i]);
        metrics_facts_forget(l->options.metrics, buf_str(&source).p);
    }
    metrics_facts_forget(l->options.metrics, "cluster");
}

/* The new facts are in use before anything is said about them. */
static void load(const struct facts_loader *l, struct load *load)
{
    struct facts *former = load->facts;
    int64_t start = clock_ms();

    load->at = clock_unix_seconds();
    load->facts = facts_load(&(struct facts_options){.settings = load->settings,
                                                     .former = former,
                                                     .exact_revisions = true},
                             load->at);
    load->took_ms = clock_ms() - start;
    facts_store_put(l->options.store, facts_ref(load->facts));
    metrics_reload(l->options.metrics, "facts", facts_n_notes(load->facts) ? "failure" : "success");
    if (former && facts_settings(former) != load->settings)
        forget(l, facts_settings(former));
    measure(l, load, load->at);
    load->repeats = former && same_notes(former, load->facts);
    facts_unref(former);
}

static void watch_directory(const char *directory, void *closure)
{
    watch_add(closure, directory);
}

/* The directories of what has just been loaded. */
static void watch_again(const struct facts_loader *l, const struct facts *f)
{
    watch_clear(l->options.watch);
    facts_directories(f, watch_directory, l->options.watch);
}

/* What the last load or look cost is not spent again at once. */
static unsigned rest_ms(const struct load *load)
{
    int64_t rest = load->busy_ms * FACTS_REST_LOADS;
    unsigned most = FACTS_POLL_SECONDS * 1000;

    if (rest > most)
        return most;
    return rest < FACTS_REST_MS ? FACTS_REST_MS : (unsigned)rest;
}

/* False when it is time to end. */
static bool sleep_for(struct facts_loader *l, unsigned ms)
{
    int64_t until = clock_ms() + ms;
    int64_t left = ms;

    while (!atomic_load(&l->stopping) && left > 0) {
        /* a stop wakes it; so may anything else */
        watch_wait(l->options.watch, (unsigned)left);
        left = until - clock_ms();
    }
    return !atomic_load(&l->stopping);
}

/* Until something changes, somebody asks, or the poll is due; false when it is time to end. */
static bool sleep_until_next(struct facts_loader *l, const struct load *load)
{
    watch_wait(l->options.watch, FACTS_POLL_SECONDS * 1000);
    return sleep_for(l, rest_ms(load));
}

/* Whether other settings are to be loaded with; their reference goes over to `load`. */
static bool take_settings(struct facts_loader *l, struct load *load)
{
    const struct settings *next;

    (void)pthread_mutex_lock(&l->lock);
    next = steal(&l->next);
    (void)pthread_mutex_unlock(&l->lock);
    if (!next)
        return false;
    settings_free(load->settings);
    load->settings = next;
    return true;
}

static void *run(void *p)
{
    struct facts_loader *l = p;
    struct load current = {.facts = facts_store_ref(l->options.store),
                           .settings = steal(&l->options.settings)};

    load(l, &current);
    current.busy_ms = current.took_ms;
    l->options.first_load_ended(l->options.closure);
    report(l, &current);
    watch_again(l, current.facts);
    while (sleep_until_next(l, &current)) {
        int64_t now = clock_unix_seconds();
        int64_t start = clock_ms();

        if (take_settings(l, &current) || facts_changed(current.facts, now)) {
            load(l, &current);
            report(l, &current);
            watch_again(l, current.facts);
        } else {
            measure(l, &current, now);
        }
        current.busy_ms = clock_ms() - start;
    }
    facts_unref(current.facts);
    settings_free(current.settings);
    return NULL;
}

struct facts_loader *facts_loader_start(const struct facts_loader_options *options)
{
    struct facts_loader *l = xcalloc(1, sizeof *l);

    l->options = *options;
    l->options.settings = settings_ref(options->settings);
    atomic_init(&l->stopping, false);
    (void)pthread_mutex_init(&l->lock, NULL);
    xthread(&l->thread, run, l);
    return l;
}

void facts_loader_use(struct facts_loader *l, const struct settings *settings)
{
    const struct settings *overtaken;

    (void)pthread_mutex_lock(&l->lock);
    overtaken = l->next;
    l->next = settings_ref(settings);
    (void)pthread_mutex_unlock(&l->lock);
    settings_free(overtaken);
    watch_wake(l->options.watch);
}

bool facts_loader_stop(struct facts_loader *l, unsigned wait_ms)
{
    struct timespec until;

    if (!l)
        return true;
    atomic_store(&l->stopping, true);
    watch_wake(l->options.watch);
    (void)clock_gettime(CLOCK_REALTIME, &until); /* pthread_timedjoin_np() knows no other */
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    if (pthread_timedjoin_np(l->thread, NULL, &until) != 0)
        return false;
    settings_free(l->next);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
    return true;
}
