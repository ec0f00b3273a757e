#include "base/mem.h"
#include "certs/certs.h"
#include "certs/chain.h"
#include "certs/file.h"
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static void bio_freep(BIO **bio)
{
    (void)BIO_free(*bio);
}

/* '=' fills up the last group, and stands nowhere else. */
static bool is_base64(const char *text, size_t n)
{
    size_t n_signs = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789+/");

    return n > 0 && n % 4 == 0 && n - n_signs <= 2 && n_signs + strspn(text + n_signs, "=") == n;
}

/* NULL when it is no base64. Ends of lines are left out, as Go does it. */
static char *decode(struct str base64, size_t *n)
{
    AUTO(freep) char *compact = xmalloc(base64.n + 1);
    AUTO(freep) char *bytes = xmalloc(base64.n + 1);
    size_t n_compact = 0;

    for (size_t i = 0; i < base64.n; i++)
        if (base64.p[i] != '\n' && base64.p[i] != '\r')
            compact[n_compact++] = base64.p[i];
    compact[n_compact] = '\0';
    if (n_compact > INT_MAX || !is_base64(compact, n_compact))
        return NULL;
    /* with a zero byte for each '=', behind the end of any PEM */
    *n = (size_t)EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)compact,
                                 (int)n_compact);
    return steal(&bytes);
}

static bool is_valid(const X509 *certificate, int64_t now)
{
    return chain_time(X509_get0_notBefore(certificate)) <= now &&
           now <= chain_time(X509_get0_notAfter(certificate));
}

/* The certificate that begins at `from` and ends before `to`; NULL when it is damaged. */
static X509 *read_block(const char *from, const char *to)
{
    AUTO(bio_freep) BIO *in = xneed(BIO_new_mem_buf(from, (int)(to - from)));
    X509 *certificate = PEM_read_bio_X509(in, NULL, chain_no_password, NULL);

    ERR_clear_error();
    return certificate;
}

/* The offset of the first line behind `from` that begins a certificate, or the end. */
static size_t find_begin(struct str pem, size_t from)
{
    struct str rest = str_sub(pem, from, pem.n);
    struct str line;

    while (str_split(&rest, '\n', &line))
        if (str_starts(line, STR("-----BEGIN CERTIFICATE-----")))
            return (size_t)(line.p - pem.p);
    return pem.n;
}

/* The next one that can be read, the caller's; NULL behind the last. Each block is cut out by
 * itself: after one without an end OpenSSL would miss the next. */
static X509 *next_certificate(struct str *rest)
{
    X509 *certificate = NULL;

    while (rest->n && !certificate) {
        size_t begin = find_begin(*rest, 0);
        size_t end = begin < rest->n ? find_begin(*rest, begin + 1) : begin;

        if (begin < end)
            certificate = read_block(rest->p + begin, rest->p + end);
        *rest = str_sub(*rest, end, rest->n);
    }
    return certificate;
}

static enum certs_bundle check_certificates(struct str pem, int64_t now)
{
    enum certs_bundle found = CERTS_BUNDLE_NO_CERTIFICATE;
    X509 *certificate;

    while (found != CERTS_BUNDLE_GOOD && (certificate = next_certificate(&pem)) != NULL) {
        found = is_valid(certificate, now) ? CERTS_BUNDLE_GOOD : CERTS_BUNDLE_NOT_VALID_NOW;
        X509_free(certificate);
    }
    return found;
}

/* Labels of RFC 7468 and OpenSSL's older ones end alike. An encrypted key is no better: passphrases
 * can be tried at leisure. */
enum certs_bundle certs_bundle_check(struct str base64, int64_t now)
{
    AUTO(certs_file_clear) struct certs_file pem = {0};
    struct str text;

    pem.text = decode(base64, &pem.n);
    if (!pem.text)
        return CERTS_BUNDLE_NOT_BASE64;
    text = (struct str){pem.text, pem.n};
    return str_contains(text, STR("PRIVATE KEY-----")) ? CERTS_BUNDLE_PRIVATE_KEY
                                                       : check_certificates(text, now);
}

struct certs_serving {
    struct chain chain;
};

bool certs_serving_load(const char *file, struct certs_serving **out, struct err *err)
{
    AUTO(certs_file_clear) struct certs_file bytes = {0};
    AUTO(certs_serving_freep) struct certs_serving *s = xcalloc(1, sizeof *s);

    if (!certs_file_load(file, &bytes, err) ||
        !chain_read((struct str){bytes.text, bytes.n}, file, &s->chain, err))
        return false;
    *out = steal(&s);
    return true;
}

void certs_serving_free(struct certs_serving *s)
{
    if (!s)
        return;
    chain_clear(&s->chain);
    free(s);
}

void certs_serving_freep(struct certs_serving **s)
{
    certs_serving_free(*s);
}

static enum certs_trust trust_of(int error)
{
    switch (error) {
    case X509_V_OK:
        return CERTS_TRUST_GOOD;
    case X509_V_ERR_HOSTNAME_MISMATCH:
        return CERTS_TRUST_OTHER_NAME;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return CERTS_TRUST_NOT_VALID_NOW;
    case X509_V_ERR_INVALID_PURPOSE:
        return CERTS_TRUST_NOT_FOR_SERVERS;
    default:
        return CERTS_TRUST_OTHER_CA;
    }
}

/*
 * As Go verifies: whatever stands in the bundle is trusted, a leaf or an intermediate too; the
 * common name does not count.
 */
static enum certs_trust verify_with(X509 *anchor, const struct chain *chain, struct str name,
                                    int64_t now)
{
    X509_STORE *store = xneed(X509_STORE_new());
    X509_STORE_CTX *context = xneed(X509_STORE_CTX_new());
    STACK_OF(X509) *others = xneed(sk_X509_new_null());
    X509_VERIFY_PARAM *how;
    int error = X509_V_ERR_UNSPECIFIED;

    for (size_t i = 1; i < chain->n; i++)
        (void)sk_X509_push(others, chain->items[i]);
    if (X509_STORE_add_cert(store, anchor) == 1 &&
        X509_STORE_CTX_init(context, store, chain->items[0], others) == 1) {
        how = X509_STORE_CTX_get0_param(context);
        (void)X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
        (void)X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_SSL_SERVER);
        X509_VERIFY_PARAM_set_time(how, (time_t)now);
        X509_VERIFY_PARAM_set_hostflags(how, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                                 X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (!name.n || X509_VERIFY_PARAM_set1_host(how, name.p, name.n) == 1) {
            (void)X509_verify_cert(context);
            error = X509_STORE_CTX_get_error(context);
        }
    }
    ERR_clear_error();
    sk_X509_free(others);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return trust_of(error);
}

/* One by one: of two with the same subject (a CA and the one before it) OpenSSL could try the wrong
 * one alone. What is nearest to trust says why there is none. */
enum certs_trust certs_serving_verify(const struct certs_serving *s, struct str base64,
                                      struct str name, int64_t now)
{
    enum certs_trust found = CERTS_TRUST_OTHER_CA;
    AUTO(certs_file_clear) struct certs_file pem = {0};
    struct str rest;
    X509 *anchor;

    pem.text = decode(base64, &pem.n);
    rest = (struct str){pem.text, pem.n};
    while (found != CERTS_TRUST_GOOD && (anchor = next_certificate(&rest)) != NULL) {
        enum certs_trust trust = verify_with(anchor, &s->chain, name, now);

        found = trust > found ? trust : found;
        X509_free(anchor);
    }
    return found;
}
