/* internal.h: what the files of the server room share; nobody else includes it. */
#pragma once
#include "base/budget.h"
#include "server/deadlines.h"
#include "server/listener.h"
#include "server/refusals.h"
#include "server/repeats.h"
#include "server/server.h"
#include <pthread.h>
#include <stdatomic.h>

struct MHD_Daemon;
struct route;
struct tls_pair;

/* One way in: the webhook's own, over TLS, or the plain one for probes and metrics. */
struct door {
    struct server *server;
    const struct route *routes;
    size_t n_routes;
    bool tls;
    unsigned cap;          /* connections served; those above get a 503 */
    _Atomic unsigned live; /* connections that count against the cap */
    _Atomic bool leads;    /* a TLS session was seen to lead to its connection */
    struct MHD_Daemon *daemon;
    struct listener *listener;
};

struct server {
    struct server_options options;
    struct budget memory; /* what reviews take, from their first byte to their answer */
    struct deadlines *deadlines;
    struct repeats *repeats;
    struct refusals *refusals;
    pthread_mutex_t tls_lock;
    /* Of new connections; all three are changed under the lock. */
    struct tls_pair *pair;
    struct certs_clients *clients;
    _Atomic unsigned clients_generation; /* counts who is let in */
    _Atomic bool log_allowed;
    struct door webhook;
    struct door admin;
    _Atomic bool ready;
    _Atomic bool draining; /* /readyz says so */
    _Atomic bool cut_said; /* that an answer could not be built */
    _Atomic bool closing;  /* answers carry Connection: close */
    _Atomic int inflight;
};

/* What a new connection is served with; both are references of the caller's own. */
struct tls_pair *server_tls(struct server *s, struct certs_clients **clients,
                            unsigned *clients_generation);

enum {
    /* The connections themselves take about 50 MB when all 512 are used; together that stays below
     * 128 MB. A usual review takes some 100 KB of it for less than a millisecond. */
    MEMORY_BYTES = 64 * 1024 * 1024,
    ADMIN_CONNECTIONS = 64, /* probes and scrapes: a handful of clients */
    /* They ask at once; idle connections must not crowd out the kubelet's probe. */
    ADMIN_IDLE_MS = 5 * 1000,
    /* How long a connection may wait for its first request. Go's client opens some ahead of need;
     * one that is closed before a byte was sent on it costs that client nothing, it takes another.
     * So this is generous for a burst, and far below idleTimeout, with which anybody who can
     * connect would hold all places. */
    FIRST_REQUEST_MS = 30 * 1000,
};
