/* reloader.h: the thread that exchanges certificates, the clients' CA and the configuration. */
#pragma once
#include "certs/certs.h"
#include "certs/clients.h"
#include "config/settings.h"
#include "log/metrics.h"
#include "log/program_log.h"
#include "server/facts_loader.h"
#include "server/server.h"

/*
 * It looks at the files whenever inotify(7) tells of a change in their directories, and every
 * RELOADER_POLL_SECONDS. Directories and not files: Kubernetes exchanges a symlink beside them.
 * What is new is verified first; what is not good is refused, told once, and what was in use stays.
 */
struct reloader;

enum { RELOADER_POLL_SECONDS = 5 };

struct reloader_options {
    bool confined;                   /* only what the settings led to at the start can be read */
    const char *file;                /* the configuration; borrowed, as is the rest */
    const struct settings *settings; /* in use; a reference is taken */
    const struct certs_pair *pair;   /* in use; needed for the call alone */
    struct certs_clients *clients;   /* in use, or NULL; a reference is taken */
    struct server *server;
    struct facts_loader *loader;
    struct program_log *program_log;
    struct metrics *metrics;
};

struct reloader *reloader_start(const struct reloader_options *options);
/* Reads everything now (SIGHUP), and tells what came of the configuration even where it is as
 * before. Thread-safe. */
void reloader_ask(struct reloader *r);
/* Ends the thread; NULL is fine. */
void reloader_stop(struct reloader *r);
