/* connection.h: what we keep about a connection from accept to close. */
#pragma once
#include "base/err.h"
#include "server/internal.h"
#include <microhttpd.h>

struct connection {
    struct door *door;
    struct deadline *deadline;
    bool excess; /* above the cap: its first request gets a 503 */
    bool shown;  /* the client has sent its certificate, if only an empty list */
    bool let_in; /* nothing is wanted of it, or it has shown it */
    bool told;   /* that it was not */
    /* Of the webhook's door: */
    struct tls_pair *pair;         /* what it is served with */
    struct certs_clients *clients; /* whom it lets in; NULL: anybody */
    unsigned clients_generation;   /* who was let in then */
};

/* For MHD_OPTION_NOTIFY_CONNECTION; the closure is the door. */
void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code);
/* Our part of a connection that libmicrohttpd has announced. */
struct connection *connection_of(struct MHD_Connection *c);
/* How long the connection may stay idle after a request. */
unsigned connection_idle_ms(const struct connection *c);
/* The TLS handshake is complete, the client let in: the connection is idle until its first request.
 */
void connection_handshake_done(struct MHD_Connection *c);
/* The client is not let in, for the reason that `err` says: counted, and told in the program log,
 * but for a flood of them. */
void connection_client_refused(struct MHD_Connection *c, struct err *err);
/* Whether other clients are let in by now than when this one was: the connection is to end. */
bool connection_is_outdated(const struct connection *c);
