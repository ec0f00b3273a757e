#include "server/connection.h"
#include "base/mem.h"
#include "server/tls.h"
#include <stdlib.h>

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
    c->excess = atomic_fetch_add(&door->live, 1) >= door->cap;
    if (c->excess)
        (void)atomic_fetch_sub(&door->live, 1);
    c->deadline = deadlines_add(door->server->deadlines, info->connect_fd,
                                door->tls ? PHASE_HANDSHAKE : PHASE_IDLE,
                                door->tls ? limits_of(c)->request_timeout_ms : ADMIN_IDLE_MS);
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
    free(c);
}

void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code)
{
    switch (code) {
    case MHD_CONNECTION_NOTIFY_STARTED:
        *context = start(door, c);
        if (((struct door *)door)->tls)
            tls_watch_handshake(c);
        break;
    case MHD_CONNECTION_NOTIFY_CLOSED: /* the socket is still open here */
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

    deadline_set(ours->deadline, PHASE_IDLE,
                 idle_ms < FIRST_REQUEST_MS ? idle_ms : FIRST_REQUEST_MS);
}
