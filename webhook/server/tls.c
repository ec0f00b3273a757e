#include "server/tls.h"
#include "base/mem.h"
#include "certs/clients.h"
#include "server/clock.h"
#include "server/connection.h"
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* As many as certs_pair_load() takes. */
enum { CERTIFICATES_MAX = 16 };

struct tls_pair {
    atomic_uint references;
    gnutls_pcert_st certificates[CERTIFICATES_MAX];
    unsigned n;
    gnutls_privkey_t key; /* GnuTLS wipes it */
};

const char *tls_priorities(bool tls13_only)
{
    return tls13_only ? "SECURE128:-VERS-ALL:+VERS-TLS1.3"
                      : "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA";
}

/* GnuTLS takes the text as unsigned and not const; it only reads it. */
static gnutls_datum_t datum(char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

static int import(const struct certs_pair *pair, struct tls_pair *t)
{
    gnutls_datum_t certificates = datum(pair->certificate_pem);
    gnutls_datum_t key = datum(pair->key_pem);
    unsigned n = CERTIFICATES_MAX;
    int code = gnutls_pcert_list_import_x509_raw(t->certificates, &n, &certificates,
                                                 GNUTLS_X509_FMT_PEM, 0);

    if (code < 0)
        return code;
    t->n = n;
    code = gnutls_privkey_init(&t->key);
    return code < 0 ? code
                    : gnutls_privkey_import_x509_raw(t->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
}

bool tls_pair_new(const struct certs_pair *pair, struct tls_pair **out, struct err *err)
{
    struct tls_pair *t = xcalloc(1, sizeof *t);
    int code;

    atomic_init(&t->references, 1);
    code = import(pair, t);
    if (code < 0) {
        tls_pair_unref(t);
        err_what(err, ERR_INPUT, "the certificate cannot be served");
        err_why(err, "GnuTLS: %s", gnutls_strerror(code));
        err_remedy(err, "issue one with syncguard certs issue");
        return false;
    }
    *out = t;
    return true;
}

struct tls_pair *tls_pair_ref(struct tls_pair *t)
{
    (void)atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
    return t;
}

void tls_pair_unref(struct tls_pair *t)
{
    if (!t || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned i = 0; i < t->n; i++)
        gnutls_pcert_deinit(&t->certificates[i]);
    if (t->key)
        gnutls_privkey_deinit(t->key);
    free(t);
}

/* GnuTLS only reads what it is handed, and the connection keeps it until its own end. */
int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                 gnutls_pcert_st **certificates, unsigned *n, gnutls_ocsp_data_st **ocsp,
                 unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags)
{
    struct tls_pair *t = connection_of(gnutls_session_get_ptr(session))->pair;

    (void)info;
    *certificates = t->certificates;
    *n = t->n;
    *ocsp = NULL;
    *n_ocsp = 0;
    *key = t->key;
    *flags = 0;
    return 0;
}

static bool check_client(gnutls_session_t session, const struct certs_clients *clients,
                         unsigned *n_shown, struct err *err)
{
    struct certs_der shown[CERTIFICATES_MAX + 1]; /* one more, to be refused for it */
    const gnutls_datum_t *peers = gnutls_certificate_get_peers(session, n_shown);
    unsigned n = !peers ? 0 : *n_shown > CERTIFICATES_MAX ? CERTIFICATES_MAX + 1 : *n_shown;

    /* Neither tickets nor a session cache are switched on, so none should come. */
    if (gnutls_session_is_resumed(session)) {
        err_what(err, ERR_INPUT, "the client has resumed a session");
        err_why(err, "that shows no certificate");
        return false;
    }
    for (unsigned i = 0; i < n; i++)
        shown[i] = (struct certs_der){peers[i].data, peers[i].size};
    return certs_clients_check(clients, shown, n, clock_unix_seconds(), err);
}

/* The client learns of it: without an alert, GnuTLS would let it find a closed connection. */
static int refuse(gnutls_session_t session, unsigned n_shown)
{
    bool says_so = n_shown == 0 && gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;

    (void)gnutls_alert_send(session, GNUTLS_AL_FATAL,
                            says_so ? GNUTLS_A_CERTIFICATE_REQUIRED : GNUTLS_A_BAD_CERTIFICATE);
    return GNUTLS_E_CERTIFICATE_ERROR;
}

/* The client's Finished ends a full handshake of either version, and comes after it has proved to
 * hold its certificate's key; `incoming` tells it apart from the server's own. */
static int on_finished(gnutls_session_t session)
{
    struct MHD_Connection *connection = gnutls_session_get_ptr(session);
    const struct certs_clients *clients = connection_of(connection)->clients;
    unsigned n_shown = 0;
    struct err err = {0};

    if (clients && !check_client(session, clients, &n_shown, &err)) {
        connection_client_refused(connection, &err);
        return refuse(session, n_shown);
    }
    connection_handshake_done(connection);
    return 0;
}

static int on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                      const gnutls_datum_t *message)
{
    (void)when;
    (void)message;
    if (incoming && type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT)
        connection_of(gnutls_session_get_ptr(session))->shown = true;
    return incoming && type == GNUTLS_HANDSHAKE_FINISHED ? on_finished(session) : 0;
}

bool tls_begin(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;

    if (!session || gnutls_session_get_ptr(session) != connection)
        return false;
    /* Asked for and not required: GnuTLS would end the handshake of a client that has none without
     * a word to it or to us. on_finished() refuses it, and request.c whomever that has not seen. */
    if (connection_of(connection)->clients)
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST, on_message);
    return true;
}
