/* connection.h: what we keep about a connection from accept to close. */
#pragma once
#include "server/internal.h"
#include <microhttpd.h>

struct connection {
    struct door *door;
    struct deadline *deadline;
    bool excess; /* above the cap: its first request gets a 503 */
};

/* For MHD_OPTION_NOTIFY_CONNECTION; the closure is the door. */
void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code);
/* Our part of a connection that libmicrohttpd has announced. */
struct connection *connection_of(struct MHD_Connection *c);
/* How long the connection may stay idle after a request. */
unsigned connection_idle_ms(const struct connection *c);
/* The TLS handshake is complete: the connection is idle until its first request. */
void connection_handshake_done(struct MHD_Connection *c);
