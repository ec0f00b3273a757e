#include "base/mem.h"
#include "certs/certs.h"
#include "certs/chain.h"
#include "certs/file.h"
#include "certs/strength.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_TEXT_MAX = 512 }; /* what fits into an err anyway */

static void key_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void wipe_bio(BIO **bio)
{
    char *text = NULL;
    long n = *bio ? BIO_get_mem_data(*bio, &text) : 0;

    if (n > 0)
        explicit_bzero(text, (size_t)n);
    (void)BIO_free(*bio);
}

/* "certificate 2 (CN=name)": not escaped, that is err_text()'s business. */
static char *subject_text(const struct chain *chain, size_t index)
{
    AUTO(buf_clearp) struct buf name = {0};

    buf_init(&name, NAME_TEXT_MAX);
    chain_add_name(&name, X509_get_subject_name(chain->items[index]));
    return xasprintf("certificate %zu (%.*s)", index + 1, STR_ARG(buf_str(&name)));
}

/* OpenSSL asks for a passphrase: nobody is there to type one. `asked` is a bool.
 * NOLINTNEXTLINE(readability-non-const-parameter): the type is OpenSSL's pem_password_cb. */
static int no_passphrase(char *into, int size, int writing, void *asked)
{
    (void)into;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

/* OpenSSL's own reasons speak of decoders; these say what to do. */
static bool no_key(const struct certs_file *bytes, bool is_encrypted, const char *file,
                   struct err *err)
{
    if (bytes->n == 0) {
        err_what(err, ERR_INPUT, "the file is empty");
    } else if (is_encrypted) {
        err_what(err, ERR_INPUT, "the private key is encrypted");
        err_remedy(err, "store it without a passphrase and protect the file instead");
    } else if (str_contains((struct str){bytes->text, bytes->n}, STR("PRIVATE KEY-----"))) {
        err_what(err, ERR_INPUT, "the private key is damaged or cut off");
        err_remedy(err, "write the file completely before its name is used");
    } else {
        err_what(err, ERR_INPUT, "the file holds no private key");
        err_remedy(err, "a key is wanted in PEM form");
    }
    err_where(err, "%s", file);
    return false;
}

static bool read_key(const struct certs_file *bytes, const char *file, EVP_PKEY **out,
                     struct err *err)
{
    bool asked = false;
    BIO *in = xneed(BIO_new_mem_buf(bytes->text, (int)bytes->n)); /* at most CERTS_FILE_MAX */

    *out = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &asked);
    (void)BIO_free(in);
    ERR_clear_error();
    return *out || no_key(bytes, asked, file, err);
}

static bool check_key(const struct chain *chain, const EVP_PKEY *key, const char *key_file,
                      const char *file, struct err *err)
{
    if (X509_check_private_key(chain->items[0], key) == 1)
        return true;
    ERR_clear_error();
    for (size_t i = 1; i < chain->n; i++)
        if (X509_check_private_key(chain->items[i], key) == 1) {
            ERR_clear_error();
            err_what(err, ERR_INPUT, "the chain is in the wrong order");
            err_where(err, "%s", file);
            err_why(err, "the key belongs to certificate %zu", i + 1);
            err_remedy(err, "put the serving certificate first and its issuers behind it");
            return false;
        }
    ERR_clear_error();
    err_what(err, ERR_INPUT, "the private key does not belong to the certificate");
    err_where(err, "%s", key_file);
    err_why(err, "%s holds another public key", file);
    return false;
}

static bool check_date(const struct chain *chain, size_t index, const char *file, int64_t now,
                       struct err *err)
{
    int64_t from = chain_time(X509_get0_notBefore(chain->items[index]));
    int64_t to = chain_time(X509_get0_notAfter(chain->items[index]));
    AUTO(freep) char *who = NULL;
    AUTO(buf_clearp) struct buf when = {0};

    buf_init(&when, 64);
    if (now >= from && now <= to)
        return true;
    who = subject_text(chain, index);
    chain_add_time(&when, now > to ? to : from);
    err_what(err, ERR_INPUT, "%s %s %.*s", who, now > to ? "expired at" : "is not valid before",
             STR_ARG(buf_str(&when)));
    err_where(err, "%s", file);
    err_remedy(err, now > to ? "issue a new one" : "check this machine's clock");
    return false;
}

static bool check_dates(const struct chain *chain, const char *file, int64_t now,
                        int64_t *not_after, struct err *err)
{
    *not_after = INT64_MAX;
    for (size_t i = 0; i < chain->n; i++) {
        int64_t to = chain_time(X509_get0_notAfter(chain->items[i]));

        if (!check_date(chain, i, file, now, err))
            return false;
        *not_after = to < *not_after ? to : *not_after;
    }
    return true;
}

static bool signs(X509 *issuer, X509 *subject)
{
    bool signs = X509_check_ca(issuer) != 0 && X509_check_issued(issuer, subject) == X509_V_OK &&
                 X509_verify(subject, X509_get0_pubkey(issuer)) == 1;

    ERR_clear_error();
    return signs;
}

static bool check_order(const struct chain *chain, const char *file, struct err *err)
{
    for (size_t i = 0; i + 1 < chain->n; i++) {
        AUTO(freep) char *issuer = subject_text(chain, i + 1);
        AUTO(freep) char *subject = subject_text(chain, i);

        if (signs(chain->items[i + 1], chain->items[i]))
            continue;
        err_what(err, ERR_INPUT, "%s did not sign %s", issuer, subject);
        err_where(err, "%s", file);
        err_remedy(err, "put the serving certificate first and behind each its issuer");
        return false;
    }
    return true;
}

/* Go's verifier (crypto/x509, Certificate.Verify) takes a leaf without an extended key usage and
 * one that is a CA; GnuTLS refuses to serve one that may not sign. */
static bool check_leaf(X509 *leaf, const char *file, struct err *err)
{
    uint32_t extended = X509_get_extended_key_usage(leaf);
    uint32_t usage = X509_get_key_usage(leaf);

    if (extended != UINT32_MAX && !(extended & (XKU_SSL_SERVER | XKU_ANYEKU))) {
        err_what(err, ERR_INPUT, "the certificate is not for TLS servers");
        err_why(err, "its extended key usage lacks serverAuth");
    } else if (usage != UINT32_MAX && !(usage & KU_DIGITAL_SIGNATURE)) {
        err_what(err, ERR_INPUT, "the certificate may not sign TLS handshakes");
        err_why(err, "its key usage lacks digitalSignature");
    } else if (chain_n_alt_names(leaf) == 0) {
        err_what(err, ERR_INPUT, "the certificate names no host");
        err_why(err, "it has no DNS name or IP address among its subject alternative names, and "
                     "the API server ignores the common name");
    } else {
        return true;
    }
    err_where(err, "%s", file);
    err_remedy(err, "issue one with syncguard certs issue");
    return false;
}

static bool check_strength(const struct chain *chain, const char *file, struct err *err)
{
    for (size_t i = 0; i < chain->n; i++) {
        const char *weakness = strength_weakness(chain->items[i]);
        AUTO(freep) char *who = weakness ? subject_text(chain, i) : NULL;

        if (!weakness)
            continue;
        err_what(err, ERR_INPUT, "%s %s", who, weakness);
        err_where(err, "%s", file);
        err_remedy(err, "issue one with syncguard certs issue");
        return false;
    }
    return true;
}

/* Only what was parsed and verified is handed on, in one known form. */
static bool write_pair(const struct chain *chain, const EVP_PKEY *key, struct certs_pair *pair)
{
    AUTO(wipe_bio) BIO *certificates = xneed(BIO_new(BIO_s_mem()));
    AUTO(wipe_bio) BIO *secret = xneed(BIO_new(BIO_s_secmem()));
    char *text = NULL;
    long n;

    for (size_t i = 0; i < chain->n; i++)
        if (!PEM_write_bio_X509(certificates, chain->items[i]))
            return false;
    if (!PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL))
        return false;
    n = BIO_get_mem_data(certificates, &text);
    pair->certificate_pem = xstrndup((struct str){text, (size_t)n});
    n = BIO_get_mem_data(secret, &text);
    pair->key_pem = xstrndup((struct str){text, (size_t)n});
    return true;
}

/* The group is left out: a Kubernetes volume shows a key to its Pod by fsGroup (mode 0440). */
static char *mode_note(const char *key_file, mode_t mode)
{
    if ((mode & S_IRWXO) == 0)
        return NULL;
    return xasprintf("%s can be read by others (mode %04o); 0600 is enough", key_file,
                     mode & (S_IRWXU | S_IRWXG | S_IRWXO));
}

bool certs_pair_load(const char *certificate, const char *key, int64_t now, struct certs_pair **out,
                     struct err *err)
{
    AUTO(certs_file_clear) struct certs_file certificate_bytes = {0};
    AUTO(certs_file_clear) struct certs_file key_bytes = {0};
    AUTO(chain_clear) struct chain chain = {0};
    AUTO(key_freep) EVP_PKEY *private_key = NULL;
    AUTO(certs_pair_freep) struct certs_pair *pair = xcalloc(1, sizeof *pair);

    if (!certs_file_load(certificate, &certificate_bytes, err) ||
        !certs_file_load(key, &key_bytes, err) ||
        !chain_read((struct str){certificate_bytes.text, certificate_bytes.n}, certificate, &chain,
                    err) ||
        !read_key(&key_bytes, key, &private_key, err))
        return false;
    if (!check_key(&chain, private_key, key, certificate, err) ||
        !check_order(&chain, certificate, err) ||
        !check_dates(&chain, certificate, now, &pair->not_after, err) ||
        !check_leaf(chain.items[0], certificate, err) || !check_strength(&chain, certificate, err))
        return false;
    if (!write_pair(&chain, private_key, pair)) {
        err_what(err, ERR_SYSTEM, "the certificate could not be prepared for serving");
        chain_err_why(err);
        return false;
    }
    pair->note = mode_note(key, key_bytes.mode);
    *out = steal(&pair);
    return true;
}

bool certs_pair_check_names(const struct certs_pair *pair, const char *file, char *const *names,
                            size_t n_names, struct err *err)
{
    AUTO(chain_clear) struct chain chain = {0};
    AUTO(buf_clearp) struct buf held = {0};
    const X509 *leaf;

    if (!chain_read(str_from(pair->certificate_pem), file, &chain, err))
        return false;
    leaf = chain.items[0];
    for (size_t i = 0; i < n_names; i++) {
        if (X509_check_host(chain.items[0], names[i], strlen(names[i]), 0, NULL) == 1 ||
            X509_check_ip_asc(chain.items[0], names[i], 0) == 1)
            continue;
        buf_init(&held, 4096);
        chain_add_alt_names(&held, leaf);
        err_what(err, ERR_INPUT, "the certificate is not for %.253s", names[i]);
        err_where(err, "%s", file);
        err_why(err, "it is for %.300s", buf_str(&held).p);
        err_remedy(err, "issue one for every name of tls.names");
        return false;
    }
    return true;
}

void certs_pair_free(struct certs_pair *pair)
{
    if (!pair)
        return;
    if (pair->key_pem)
        explicit_bzero(pair->key_pem, strlen(pair->key_pem));
    free(pair->key_pem);
    free(pair->certificate_pem);
    free(pair->note);
    free(pair);
}

void certs_pair_freep(struct certs_pair **pair)
{
    certs_pair_free(*pair);
}
