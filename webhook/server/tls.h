/* tls.h: what GnuTLS is told: versions, the pair to serve, whether a client has to show itself. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "certs/certs.h"
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

struct MHD_Connection;

/* The priority string: TLS 1.2 is the floor (libmicrohttpd's default would take 1.0 [design 7]),
 * 1.3 alone on request; no key exchange without forward secrecy. */
const char *tls_priorities(bool tls13_only);

/*
 * The pair that a connection is served with, from its handshake to its end: immutable, shared by
 * reference count. A new one reaches new connections; kept ones stay with theirs.
 */
struct tls_pair;

/*
 * pair  borrowed for the call.
 * out   set with one reference.
 * Fails with ERR_INPUT: GnuTLS does not take the pair, whatever OpenSSL made of it.
 */
bool tls_pair_new(const struct certs_pair *pair, struct tls_pair **out, struct err *err) MUST_CHECK;
struct tls_pair *tls_pair_ref(struct tls_pair *t);
void tls_pair_unref(struct tls_pair *t); /* NULL is fine */

/* For MHD_OPTION_HTTPS_CERT_CALLBACK2: the connection's pair. */
int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                 gnutls_pcert_st **certificates, unsigned *n, gnutls_ocsp_data_st **ocsp,
                 unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags);

/*
 * Prepares the session of a connection that libmicrohttpd has just announced: asks for a
 * certificate where clients have to show one, and calls connection_handshake_done(), on the
 * connection's own thread, once its handshake is complete and the client is let in; any other
 * handshake fails. False where the session does not lead back to the connection: neither the
 * callback above nor this would work.
 */
bool tls_begin(struct MHD_Connection *connection);
