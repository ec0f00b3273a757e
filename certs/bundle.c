#include "base/mem.h"
#include "certs/certs.h"
#include "certs/chain.h"
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
enum certs_bundle certs_bundle_check(struct str base64, int64_t now)
{
    enum certs_bundle found = CERTS_BUNDLE_NO_CERTIFICATE;
    size_t n = 0;
    AUTO(freep) char *pem = decode(base64, &n);
    struct str rest = {pem, n};
    const char *begin = NULL;
    bool more = true;

    if (!pem)
        return CERTS_BUNDLE_NOT_BASE64;
    while (more && found != CERTS_BUNDLE_GOOD) {
        struct str line = {pem + n, 0};

        more = str_split(&rest, '\n', &line);
        if (more && !str_starts(line, STR("-----BEGIN CERTIFICATE-----")))
            continue;
        if (begin) {
            X509 *certificate = read_block(begin, more ? line.p : pem + n);

            if (certificate)
                found = is_valid(certificate, now) ? CERTS_BUNDLE_GOOD : CERTS_BUNDLE_NOT_VALID_NOW;
            X509_free(certificate);
        }
        begin = line.p;
    }
    return found;
}
