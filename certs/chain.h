/* chain.h: the certificates of a PEM file, and what each says, in our types. */
#pragma once
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <openssl/x509.h>
#include <stdint.h>

/* Far more than any real chain, far less than what makes verifying slow. */
enum { CHAIN_MAX = 16 };

struct chain {
    X509 *items[CHAIN_MAX]; /* owned */
    size_t n;
};

/*
 * Reads every certificate of PEM text; text between blocks is skipped, as OpenSSL does.
 * file  for messages only.
 * out   cleared by the caller (chain_clear()).
 * Fails with ERR_INPUT: no certificate, a block that is cut off or damaged, more than CHAIN_MAX,
 * or a private key among them.
 */
bool chain_read(struct str text, const char *file, struct chain *out, struct err *err) MUST_CHECK;
void chain_clear(struct chain *chain); /* for AUTO() */

/* "CN=name" in RFC 2253 form, not escaped, cut at the buffer's ceiling; "(no subject)" for an
 * empty name. */
void chain_add_name(struct buf *out, const X509_NAME *name);
/* "DNS:a.example, IP:127.0.0.1", escaped; other kinds of names are left out. */
void chain_add_alt_names(struct buf *out, const X509 *certificate);
/* How many DNS names and IP addresses the certificate is for. */
size_t chain_n_alt_names(const X509 *certificate);
/* Unix seconds. A time OpenSSL cannot read is 0, which is never valid now. */
int64_t chain_time(const ASN1_TIME *time);
/* "2026-11-22T21:00:00Z" (RFC 3339). */
void chain_add_time(struct buf *out, int64_t seconds);

/* The oldest entry of OpenSSL's error queue as "OpenSSL: …"; empties the queue. */
void chain_err_why(struct err *err);

/* A pem_password_cb that has none: OpenSSL's own would ask at the terminal. */
int chain_no_password(char *out, int size, int writing, void *data);
