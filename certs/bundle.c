#include "base/mem.h"
#include "certs/certs.h"
#include "certs/chain.h"
#include "certs/file.h"
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
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

/* Each block is cut out by itself: after one without an end OpenSSL would miss the next. */
static enum certs_bundle check_certificates(struct str pem, int64_t now)
{
    enum certs_bundle found = CERTS_BUNDLE_NO_CERTIFICATE;
    const char *end = pem.p + pem.n;
    struct str rest = pem;
    const char *begin = NULL;
    bool more = true;

    while (more && found != CERTS_BUNDLE_GOOD) {
        struct str line = {end, 0};

        more = str_split(&rest, '\n', &line);
        if (more && !str_starts(line, STR("-----BEGIN CERTIFICATE-----")))
            continue;
        if (begin) {
            X509 *certificate = read_block(begin, more ? line.p : end);

            if (certificate)
                found = is_valid(certificate, now) ? CERTS_BUNDLE_GOOD : CERTS_BUNDLE_NOT_VALID_NOW;
            X509_free(certificate);
        }
        begin = line.p;
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
