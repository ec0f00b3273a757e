#include "server/connection.h"
#include "base/mem.h"
#include "server/clock.h"
#include "server/tls.h"
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

static const struct limits *limits_of(const struct connection *c)
{
    return &c->door->server->options.settings->limits;
}

unsigned connection_idle_ms(const struct connection *c)
{
    return c->door->tls ? limits_of(c)->idle_timeout_ms : ADMIN_IDLE_MS;
}

static struct connection *start(struct door *door, struct MHD_Connection *mhd)
{
    struct connection *c = xcalloc(1, sizeof *c);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    c->door = door;
    c->let_in = !door->tls;
    c->excess = atomic_fetch_add(&door->live, 1) >= door->cap;
    if (c->excess)
        (void)atomic_fetch_sub(&door->live, 1);
    c->deadline = deadlines_add(door->server->deadlines, info->connect_fd,
                                door->tls ? PHASE_HANDSHAKE : PHASE_IDLE,
                                door->tls ? limits_of(c)->request_timeout_ms : ADMIN_IDLE_MS);
    if (door->tls)
        c->pair = server_tls(door->server, &c->clients, &c->clients_generation);
    return c;
}

static void end(struct connection *c)
{
    struct server *s = c->door->server;

    if (!c->excess)
        (void)atomic_fetch_sub(&c->door->live, 1);
    if (deadline_was_missed(c->deadline))
        metrics_rejected(s->options.metrics, "deadline");
    deadlines_remove(s->deadlines, c->deadline);
    tls_pair_unref(c->pair);
    certs_clients_unref(c->clients);
    free(c);
}

/* GnuTLS has refused what it was shown, for a reason that libmicrohttpd keeps to itself. */
static void look_back(struct MHD_Connection *mhd, const struct connection *c)
{
    struct err err = {0};

    if (!c->shown || c->let_in || c->told)
        return;
    err_what(&err, ERR_INPUT, "the client's certificate does not fit its handshake");
    err_why(&err, "GnuTLS has ended it, as it does where a key may not sign or has not signed");
    connection_client_refused(mhd, &err);
}

void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code)
{
    switch (code) {
    case MHD_CONNECTION_NOTIFY_STARTED:
        *context = start(door, c);
        if (((struct door *)door)->tls && tls_begin(c))
            atomic_store(&((struct door *)door)->leads, true);
        break;
    case MHD_CONNECTION_NOTIFY_CLOSED: /* the socket is still open here */
        look_back(c, *context);
        end(*context);
        *context = NULL;
        break;
    default:
        break;
    }
}

struct connection *connection_of(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void connection_handshake_done(struct MHD_Connection *c)
{
    struct connection *ours = connection_of(c);
    unsigned idle_ms = connection_idle_ms(ours);

    ours->let_in = true;
    deadline_set(ours->deadline, PHASE_IDLE,
                 idle_ms < FIRST_REQUEST_MS ? idle_ms : FIRST_REQUEST_MS);
}

/* "10.0.0.7:40312" */
static void say_peer(struct MHD_Connection *c, struct err *err)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];

    if (!address ||
        getnameinfo(address,
                    address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in),
                    host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    err_where(err, address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

void connection_client_refused(struct MHD_Connection *c, struct err *err)
{
    struct server *s = connection_of(c)->door->server;
    uint64_t n_untold;

    connection_of(c)->told = true;
    metrics_rejected(s->options.metrics, "client-certificate");
    if (!refusals_may_tell(s->refusals, clock_ms(), &n_untold))
        return;
    if (n_untold)
        err_remedy(err, "%" PRIu64 " before it were not told", n_untold);
    say_peer(c, err);
    program_log_err(s->options.program_log, LOG_WARNING, "client-refused", err);
}

bool connection_is_outdated(const struct connection *c)
{
    return c->door->tls &&
           c->clients_generation != atomic_load(&c->door->server->clients_generation);
}
