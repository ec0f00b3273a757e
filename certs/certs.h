/* certs.h: serving certificates: issue, inspect and verify them. Knows nothing of webhooks. */
#pragma once
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

enum {
    CERTS_MAX_DAYS = 825,      /* what clients still accept of a leaf (Apple's limit, the widest) */
    CERTS_MAX_CA_DAYS = 36500, /* a hundred years: stays clear of the end of ASN.1 times (9999) */
    CERTS_MAX_NAMES = 64,      /* a Service has four; every handshake carries them all */
};

struct certs_issue_options {
    const char *directory;    /* ca.crt, ca.key, tls.crt, tls.key go there; made when missing */
    const char *const *names; /* DNS names or IP addresses; 1 to CERTS_MAX_NAMES */
    size_t n_names;
    unsigned days;    /* validity of the leaf, 1 to CERTS_MAX_DAYS */
    unsigned ca_days; /* validity of the CA, at least `days`, at most CERTS_MAX_CA_DAYS */
    int64_t now;      /* Unix seconds; valid from five minutes before */
    bool overwrite;
};
/*
 * Writes a CA and an ECDSA P-256 serving certificate signed by it. Keys are created with mode 0600
 * and written completely (temporary file, fsync, rename) before a certificate that needs them.
 * Without `overwrite` an existing file is never touched.
 * Fails with ERR_CONFIG (options, or a file that exists: `where` names it) or ERR_SYSTEM.
 */
bool certs_issue(const struct certs_issue_options *options, struct err *err) MUST_CHECK;

/*
 * Describes each certificate of a PEM file, one block of lines each. Never prints a key: a file
 * with a private key in it is refused whole.
 * now  Unix seconds, for the days that are left.
 * out  appended to; outside text is escaped.
 * Fails with ERR_INPUT (nothing to describe), ERR_SYSTEM (unreadable) or ERR_LIMIT (`out` is full).
 */
bool certs_inspect(const char *file, int64_t now, struct buf *out, struct err *err) MUST_CHECK;

/* A verified pair, ready to serve. PEM text is NUL-terminated and holds only what was verified. */
struct certs_pair {
    char *certificate_pem; /* leaf first, then its chain */
    char *key_pem;         /* PKCS #8, not encrypted; wiped by certs_pair_free() */
    int64_t not_after;     /* Unix seconds: the earliest of the chain */
    char *note;            /* good to know, nothing refused: a key others can read; or NULL */
};
/*
 * Reads and verifies before anything is served: the key belongs to the leaf, the chain is in
 * order and signed, dates are good at `now`, the leaf may serve TLS and names something, keys and
 * signatures have 112 bits of security or more.
 * A key that others can read is a note; a Pod's group may (fsGroup).
 * A leaf that is its own CA is accepted, as Go's verifier (the API server's) does.
 * out  owned by the caller (certs_pair_free()).
 * Fails with ERR_INPUT (`where` names the file) or ERR_SYSTEM (unreadable).
 */
bool certs_pair_load(const char *certificate, const char *key, int64_t now, struct certs_pair **out,
                     struct err *err) MUST_CHECK;
/*
 * Whether its leaf is for each of the names, as a client that calls it so would ask.
 * names  DNS names or IP addresses.
 * file   for the message only.
 * Fails with ERR_INPUT: the first name that it is not for, and those that it is for.
 */
bool certs_pair_check_names(const struct certs_pair *pair, const char *file, char *const *names,
                            size_t n_names, struct err *err) MUST_CHECK;
void certs_pair_free(struct certs_pair *pair); /* NULL is fine */
void certs_pair_freep(struct certs_pair **pair);

/* What a bundle of CA certificates can verify a server with. */
enum certs_bundle {
    CERTS_BUNDLE_GOOD,           /* at least one certificate is valid now */
    CERTS_BUNDLE_NOT_BASE64,     /* a placeholder, PEM as it is, … */
    CERTS_BUNDLE_NO_CERTIFICATE, /* base64 of no PEM, or of PEM without a certificate in it */
    CERTS_BUNDLE_NOT_VALID_NOW,  /* every certificate is expired or not valid yet */
    CERTS_BUNDLE_PRIVATE_KEY,    /* whatever else it holds: a key that is no longer private */
};
/*
 * A bundle as Kubernetes objects carry it: base64 of PEM. Blocks that hold no certificate, or a
 * damaged one, are passed over, as Go's verifier (the API server's) does; but for a private key,
 * whole or not.
 * now  Unix seconds.
 * Source: Go crypto/x509, CertPool.AppendCertsFromPEM; encoding/json, []byte.
 */
enum certs_bundle certs_bundle_check(struct str base64, int64_t now);

/* What keeps a client from trusting a serving certificate; the later, the nearer to trust. */
enum certs_trust {
    CERTS_TRUST_OTHER_CA,        /* nothing in the bundle issued it or its chain */
    CERTS_TRUST_NOT_FOR_SERVERS, /* its usage is another */
    CERTS_TRUST_NOT_VALID_NOW,   /* it, or what issued it */
    CERTS_TRUST_OTHER_NAME,
    CERTS_TRUST_GOOD,
};
struct certs_serving;
/*
 * A serving certificate with its chain, to be verified as a client does; no key is wanted.
 * out  owned by the caller (certs_serving_free()).
 * Fails with ERR_INPUT (no certificate, a damaged one, a private key), ERR_LIMIT or ERR_SYSTEM.
 */
bool certs_serving_load(const char *file, struct certs_serving **out, struct err *err) MUST_CHECK;
void certs_serving_free(struct certs_serving *s); /* NULL is fine */
void certs_serving_freep(struct certs_serving **s);
/*
 * base64  a bundle as certs_bundle_check() takes it.
 * name    the DNS name it is called by; STR_NONE: any.
 * Source: Go crypto/x509, Certificate.Verify and VerifyHostname.
 */
enum certs_trust certs_serving_verify(const struct certs_serving *s, struct str base64,
                                      struct str name, int64_t now);
