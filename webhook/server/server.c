#include "server/server.h"
#include "base/mem.h"
#include "server/connection.h"
#include "server/internal.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/tls.h"
#include <errno.h>
#include <stdlib.h>
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

static const unsigned daemon_flags =
    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC;

static struct MHD_Daemon *start_webhook(struct server *s)
{
    struct door *door = &s->webhook;
    const struct certs_pair *pair = s->options.pair;

    return MHD_start_daemon(
        daemon_flags | MHD_USE_TLS, 0, NULL, NULL, request_handle, door,
        MHD_OPTION_NOTIFY_CONNECTION, connection_notify, door, MHD_OPTION_NOTIFY_COMPLETED,
        request_completed, door, MHD_OPTION_UNESCAPE_CALLBACK, request_unescape, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, n_workers(), MHD_OPTION_CONNECTION_LIMIT, daemon_cap(door),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_HTTPS_MEM_CERT,
        pair->certificate_pem, MHD_OPTION_HTTPS_MEM_KEY, pair->key_pem, MHD_OPTION_HTTPS_PRIORITIES,
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

bool server_start(const struct server_options *options, struct server **out, struct err *err)
{
    const struct settings *settings = options->settings;
    struct server *s = xcalloc(1, sizeof *s);

    s->options = *options;
    s->deadlines = deadlines_new(settings->limits.request_timeout_ms);
    s->repeats = repeats_new();
    s->webhook = (struct door){.server = s, .tls = true, .cap = settings->limits.connections};
    s->webhook.routes = routes_webhook(&s->webhook.n_routes);
    s->admin = (struct door){.server = s, .cap = ADMIN_CONNECTIONS};
    s->admin.routes = routes_admin(&s->admin.n_routes);
    if (!open_door(&s->webhook, settings->listen, start_webhook, err) ||
        !open_door(&s->admin, settings->admin, start_admin, err)) {
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
    free(s);
}
