/* facts_loader.h: the thread that loads the facts and loads them anew when a source has changed. */
#pragma once
#include "config/settings.h"
#include "facts/store.h"
#include "log/metrics.h"
#include "log/program_log.h"
#include "server/watch.h"

struct facts_loader;

struct facts_loader_options {
    const struct settings *settings; /* to begin with; the loader takes a reference */
    struct facts_store *store;       /* this and the rest is borrowed; must outlive the loader */
    struct program_log *program_log;
    struct metrics *metrics;
    struct watch *watch; /* its directories are the loader's; whoever wakes it asks for a look */
    /* Called once, on the loader's thread, when the first load has ended, whatever it found. */
    void (*first_load_ended)(void *closure);
    void *closure;
};

enum {
    FACTS_POLL_SECONDS = 5, /* how often the sources are looked at, whatever inotify tells */
    /* A fetch writes one file after the other, and facts are swapped ten times a second at most. */
    FACTS_REST_MS = 100,
    /* After a load or a look this many times as long as it took: who asks for one revision after
     * the other gets a fifth of one core. */
    FACTS_REST_LOADS = 4,
};

struct facts_loader *facts_loader_start(const struct facts_loader_options *options);
/*
 * Loads anew with these settings, of which the loader takes a reference. Verdicts rest on the ones
 * before until that load has ended, then on these alone: facts and settings are one. Thread-safe.
 */
void facts_loader_use(struct facts_loader *l, const struct settings *settings);
/*
 * Ends the thread and frees the loader; NULL is fine. A load that runs is waited for, at most
 * wait_ms: false when it did not end by then. The loader and what it borrows then have to stay.
 */
bool facts_loader_stop(struct facts_loader *l, unsigned wait_ms);
