/* clients.h: who may call a server: verifies client certificates against a CA and a list of names.
 */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Immutable, shared by reference count; checking is thread-safe. */
struct certs_clients;

/*
 * file   PEM: the CA certificates that client certificates may come from. Several, where one CA
 *        takes over from another; each has to be a CA and strong enough, and one valid at `now`.
 * names  which of their certificates count, compared with the common name and with the DNS names
 *        and URIs among the alternative names; exactly, but for the case of DNS names. Copied.
 * now    Unix seconds.
 * out    set with one reference (certs_clients_unref()).
 * Fails with ERR_INPUT, ERR_LIMIT (too many certificates, too large) or ERR_SYSTEM.
 */
bool certs_clients_load(const char *file, char *const *names, size_t n_names, int64_t now,
                        struct certs_clients **out, struct err *err) MUST_CHECK;
struct certs_clients *certs_clients_ref(struct certs_clients *c); /* NULL is fine */
void certs_clients_unref(struct certs_clients *c);                /* NULL is fine */
void certs_clients_unrefp(struct certs_clients **c);

/* Whether both let the same clients in. NULL, which asks for no certificate, is fine. */
bool certs_clients_same(const struct certs_clients *a, const struct certs_clients *b);
/* Differs where they are not the same; lives as long as `c`. */
const char *certs_clients_digest(const struct certs_clients *c);
/* When the last of the CAs expires; Unix seconds. */
int64_t certs_clients_not_after(const struct certs_clients *c);

/* A certificate as it came over the wire. */
struct certs_der {
    const unsigned char *bytes; /* borrowed */
    size_t n;
};
/*
 * Verifies what a client has shown: the leaf first, then what it sent to complete the chain.
 * The leaf has to name clientAuth among its extended key usages, and one of the names; the chain
 * leads to one of the CAs, with dates that are good at `now` and at least 112 bits of security
 * throughout. That the client holds the leaf's key, TLS has shown.
 * Fails with ERR_INPUT: `what` says what is wrong, `why` what the certificate is. Outside text in
 * them is not escaped.
 */
bool certs_clients_check(const struct certs_clients *c, const struct certs_der *chain, size_t n,
                         int64_t now, struct err *err) MUST_CHECK;
