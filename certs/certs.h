/* certs.h: serving certificates: issue, inspect and verify them. Knows nothing of webhooks. */
#pragma once
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

struct certs_issue_options {
    const char *directory;    /* ca.crt, ca.key, tls.crt, tls.key go there; made when missing */
    const char *const *names; /* DNS names or IP addresses; at least one */
    size_t n_names;
    unsigned days;    /* validity of the leaf, 1 to 825 */
    unsigned ca_days; /* validity of the CA, at least `days` */
    int64_t now;      /* Unix seconds; valid from five minutes before */
    bool overwrite;
};
/*
 * Writes a CA and an ECDSA P-256 serving certificate signed by it. Keys are created with mode 0600
 * and written completely (temporary file, fsync, rename) before a certificate that needs them.
 */
bool certs_issue(const struct certs_issue_options *options, struct err *err) MUST_CHECK;

/* Describes each certificate of a PEM file, one block of lines each. Never prints a key. */
bool certs_inspect(const char *file, int64_t now, struct buf *out, struct err *err) MUST_CHECK;

/* A verified pair, ready to serve. PEM text is NUL-terminated. */
struct certs_pair {
    char *certificate_pem; /* leaf first, then its chain */
    char *key_pem;         /* wiped by certs_pair_free() */
    int64_t not_after;     /* Unix seconds: the earliest of the chain */
};
/*
 * Reads and verifies before anything is served: the key belongs to the leaf, the chain is in
 * order and signed, dates are good at `now`, the leaf may serve TLS and names something.
 */
bool certs_pair_load(const char *certificate, const char *key, int64_t now, struct certs_pair **out,
                     struct err *err) MUST_CHECK;
void certs_pair_free(struct certs_pair *pair); /* NULL is fine */
void certs_pair_freep(struct certs_pair **pair);
