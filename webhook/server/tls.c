#include "server/tls.h"
#include "server/connection.h"
#include <gnutls/gnutls.h>
#include <microhttpd.h>

const char *tls_priorities(bool tls13_only)
{
    return tls13_only ? "SECURE128:-VERS-ALL:+VERS-TLS1.3"
                      : "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA";
}

/* The client's Finished ends a full handshake of either version: the server can tell it apart from
 * its own by `incoming`. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    (void)message;
    if (incoming)
        connection_handshake_done(gnutls_session_get_ptr(session));
    return 0;
}

void tls_watch_handshake(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;

    /* The hook has no closure argument; libmicrohttpd leaves its connection in the session. Should
     * another version not do so, a handshake simply lasts until the first request's headers. */
    if (!session || gnutls_session_get_ptr(session) != connection)
        return;
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       on_finished);
}
