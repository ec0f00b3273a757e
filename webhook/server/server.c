#include "server/server.h"
#include "base/mem.h"
#include "server/connection.h"
#include "server/internal.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/tls.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A connection's buffers. Half of it is read at a time, so a large review comes in few pieces; it
 * also bounds a request's headers. */
enum { CONNECTION_BYTES = 64 * 1024 };
/* libmicrohttpd needs two for a pool; more than sixteen have not been measured. */
enum { MIN_WORKERS = 2, MAX_WORKERS = 16 };

static unsigned n_workers(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < MIN_WORKERS ? MIN_WORKERS : n > MAX_WORKERS ? MAX_WORKERS : (unsigned)n;
}

/* Twice our own cap: past its cap libmicrohttpd lets handshakes hang (design 6), so it is never to
 * reach it. */
static unsigned daemon_cap(const struct door *door)
{
    return 2 * door->cap;
}

/* How long a connection of our own may take to be announced, at the start. */
enum { LEAD_WAIT_MS = 5000 };

static const unsigned daemon_flags =
    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC;

static struct MHD_Daemon *start_webhook(struct server *s)
{
    struct door *door = &s->webhook;

    return MHD_start_daemon(
        daemon_flags | MHD_USE_TLS, 0, NULL, NULL, request_handle, door,
        MHD_OPTION_NOTIFY_CONNECTION, connection_notify, door, MHD_OPTION_NOTIFY_COMPLETED,
        request_completed, door, MHD_OPTION_UNESCAPE_CALLBACK, request_unescape, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, n_workers(), MHD_OPTION_CONNECTION_LIMIT, daemon_cap(door),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_retrieve, MHD_OPTION_HTTPS_PRIORITIES,
        tls_priorities(s->options.settings->tls.tls13_only), MHD_OPTION_END);
}

static struct MHD_Daemon *start_admin(struct server *s)
{
    struct door *door = &s->admin;

    return MHD_start_daemon(daemon_flags, 0, NULL, NULL, request_handle, door,
                            MHD_OPTION_NOTIFY_CONNECTION, connection_notify, door,
                            MHD_OPTION_NOTIFY_COMPLETED, request_completed, door,
                            MHD_OPTION_UNESCAPE_CALLBACK, request_unescape, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, daemon_cap(door), MHD_OPTION_END);
}

/* Opens the listener before the daemon is started, so that a port in use is told first. */
static bool open_door(struct door *door, const char *address,
                      struct MHD_Daemon *(*start)(struct server *), struct err *err)
{
    if (!listener_open(address, door->server->options.program_log, &door->listener, err))
        return false;
    errno = 0;
    door->daemon = start(door->server);
    if (!door->daemon) {
        err_what(err, ERR_SYSTEM, "the server for %s could not be started", address);
        err_why_errno(err, errno);
        err_remedy(err, "check the limits of threads and open files");
        return false;
    }
    return true;
}

/*
 * The callbacks of GnuTLS have no argument of ours; libmicrohttpd leaves its connection in the
 * session, which is written nowhere. A connection of our own shows whether this version does it:
 * bytes that are no TLS end it at once, and by then it was announced.
 */
static bool check_lead(struct door *door, struct err *err)
{
    static const char no_tls[] = "no TLS\n";
    const struct sockaddr_un nobody = {.sun_family = AF_UNIX};
    int fds[2];
    struct pollfd ended = {.events = POLLIN};

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0) {
        ended.fd = fds[1];
        (void)send(fds[1], no_tls, sizeof no_tls - 1, MSG_NOSIGNAL);
        if (MHD_add_connection(door->daemon, fds[0], (const struct sockaddr *)&nobody,
                               sizeof nobody) == MHD_YES)
            (void)poll(&ended, 1, LEAD_WAIT_MS);
        (void)close(fds[1]);
    }
    if (atomic_load(&door->leads))
        return true;
    err_what(err, ERR_SYSTEM,
             "this libmicrohttpd does not lead from a TLS session to its "
             "connection");
    err_why(err, "its version is %s", MHD_get_version());
    err_remedy(err, "use 0.9.75, which is known to");
    return false;
}

struct tls_pair *server_tls(struct server *s, struct certs_clients **clients,
                            unsigned *clients_generation)
{
    struct tls_pair *pair;

    (void)pthread_mutex_lock(&s->tls_lock);
    pair = tls_pair_ref(s->pair);
    *clients = certs_clients_ref(s->clients);
    *clients_generation = atomic_load(&s->clients_generation);
    (void)pthread_mutex_unlock(&s->tls_lock);
    return pair;
}

bool server_use_pair(struct server *s, const struct certs_pair *pair, struct err *err)
{
    struct tls_pair *next = NULL;
    struct tls_pair *former;

    if (!tls_pair_new(pair, &next, err))
        return false;
    (void)pthread_mutex_lock(&s->tls_lock);
    former = s->pair;
    s->pair = next;
    (void)pthread_mutex_unlock(&s->tls_lock);
    tls_pair_unref(former);
    return true;
}

void server_use_clients(struct server *s, struct certs_clients *clients)
{
    struct certs_clients *former;

    (void)pthread_mutex_lock(&s->tls_lock);
    former = s->clients;
    s->clients = certs_clients_ref(clients);
    if (!certs_clients_same(former, clients))
        (void)atomic_fetch_add(&s->clients_generation, 1);
    (void)pthread_mutex_unlock(&s->tls_lock);
    certs_clients_unref(former);
}

void server_log_allowed(struct server *s, bool log_allowed)
{
    atomic_store(&s->log_allowed, log_allowed);
}

bool server_start(const struct server_options *options, struct server **out, struct err *err)
{
    const struct settings *settings = options->settings;
    struct server *s = xcalloc(1, sizeof *s);

    s->options = *options;
    s->memory.max = MEMORY_BYTES;
    s->deadlines = deadlines_new(settings->limits.request_timeout_ms);
    s->repeats = repeats_new();
    s->refusals = refusals_new();
    (void)pthread_mutex_init(&s->tls_lock, NULL);
    server_use_clients(s, options->clients);
    server_log_allowed(s, settings->log_allowed);
    s->webhook = (struct door){.server = s, .tls = true, .cap = settings->limits.connections};
    s->webhook.routes = routes_webhook(&s->webhook.n_routes);
    s->admin = (struct door){.server = s, .cap = ADMIN_CONNECTIONS};
    s->admin.routes = routes_admin(&s->admin.n_routes);
    if (!server_use_pair(s, options->pair, err) ||
        !open_door(&s->webhook, settings->listen, start_webhook, err) ||
        !check_lead(&s->webhook, err) || !open_door(&s->admin, settings->admin, start_admin, err)) {
        server_free(s);
        return false;
    }
    listener_start(s->webhook.listener, s->webhook.daemon, options->metrics);
    listener_start(s->admin.listener, s->admin.daemon, options->metrics);
    program_log_listening(options->program_log, listener_host(s->webhook.listener), server_port(s),
                          listener_host(s->admin.listener), server_admin_port(s));
    *out = s;
    return true;
}

unsigned server_port(const struct server *s)
{
    return listener_port(s->webhook.listener);
}

unsigned server_admin_port(const struct server *s)
{
    return listener_port(s->admin.listener);
}

void server_set_ready(struct server *s, bool ready)
{
    atomic_store(&s->ready, ready);
}

static void close_door(struct door *door)
{
    if (door->listener)
        listener_close(door->listener);
    if (door->daemon)
        MHD_stop_daemon(door->daemon);
    door->daemon = NULL;
    listener_free(door->listener);
}

void server_free(struct server *s)
{
    if (!s)
        return;
    close_door(&s->webhook);
    close_door(&s->admin);
    deadlines_free(s->deadlines);
    repeats_free(s->repeats);
    refusals_free(s->refusals);
    tls_pair_unref(s->pair);
    certs_clients_unref(s->clients);
    (void)pthread_mutex_destroy(&s->tls_lock);
    free(s);
}
