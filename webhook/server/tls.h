/* tls.h: what GnuTLS is told: the versions we speak, and to say when a handshake is over. */
#pragma once
#include <stdbool.h>

struct MHD_Connection;

/* The priority string: TLS 1.2 is the floor (libmicrohttpd's default would take 1.0 [design 7]),
 * 1.3 alone on request; no key exchange without forward secrecy. */
const char *tls_priorities(bool tls13_only);

/* Calls connection_handshake_done(), on the connection's own thread, once its handshake is
 * complete. To be called when libmicrohttpd announces the connection. */
void tls_watch_handshake(struct MHD_Connection *connection);
