/* internal.h: what the files of the server room share; nobody else includes it. */
#pragma once
#include "server/deadlines.h"
#include "server/listener.h"
#include "server/repeats.h"
#include "server/server.h"
#include <stdatomic.h>

struct MHD_Daemon;
struct route;

/* One way in: the webhook's own, over TLS, or the plain one for probes and metrics. */
struct door {
    struct server *server;
    const struct route *routes;
    size_t n_routes;
    bool tls;
    unsigned cap;          /* connections served; those above get a 503 */
    _Atomic unsigned live; /* connections that count against the cap */
    struct MHD_Daemon *daemon;
    struct listener *listener;
};

struct server {
    struct server_options options;
    struct deadlines *deadlines;
    struct repeats *repeats;
    struct door webhook;
    struct door admin;
    _Atomic bool ready;
    _Atomic bool draining; /* /readyz says so */
    _Atomic bool closing;  /* answers carry Connection: close */
    _Atomic int inflight;
};

/* Probes and scrapes: a handful of clients. */
enum { ADMIN_CONNECTIONS = 64 };
