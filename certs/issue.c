#include "base/mem.h"
#include "certs/certs.h"
#include "certs/chain.h"
#include "certs/file.h"
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SKEW_SECONDS = 5 * 60, /* clocks of API servers that are a little behind ours */
    SERIAL_BITS = 127,     /* fits the 20 octets of RFC 5280 4.1.2.2, and cannot be guessed */
    COMMON_NAME_MAX = 64   /* ub-common-name, RFC 5280 appendix A.1 */
};
static const long version_3 = 2; /* X.509 counts from 0 (RFC 5280 4.1.2.1) */

/* One key with its certificate, while it is made. */
struct issued {
    EVP_PKEY *key;
    X509 *certificate;
};

static void issued_clear(struct issued *i)
{
    EVP_PKEY_free(i->key);
    X509_free(i->certificate);
}

static bool is_address(const char *name, unsigned char bytes[static 16], int *n_bytes)
{
    if (inet_pton(AF_INET, name, bytes) == 1)
        *n_bytes = 4;
    else if (inet_pton(AF_INET6, name, bytes) == 1)
        *n_bytes = 16;
    else
        return false;
    return true;
}

static bool is_label(struct str label)
{
    if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++) {
        char c = label.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    return true;
}

/* RFC 1123 names, with "*" as a whole first label (RFC 6125 6.4.3). */
static bool is_dns_name(struct str name)
{
    struct str rest = str_starts(name, STR("*.")) ? str_sub(name, 2, name.n) : name;
    struct str label;

    if (name.n > 253)
        return false;
    while (str_split(&rest, '.', &label))
        if (!is_label(label))
            return false;
    return true;
}

static bool check_names(const struct certs_issue_options *o, struct err *err)
{
    unsigned char bytes[16];
    int n_bytes;

    if (o->n_names == 0 || o->n_names > CERTS_MAX_NAMES) {
        err_what(err, ERR_CONFIG, "a certificate wants 1 to %d names, got %zu", CERTS_MAX_NAMES,
                 o->n_names);
        err_remedy(err, "give each DNS name or IP address with --name");
        return false;
    }
    for (size_t i = 0; i < o->n_names; i++)
        if (!is_address(o->names[i], bytes, &n_bytes) && !is_dns_name(str_from(o->names[i]))) {
            err_what(err, ERR_CONFIG, "\"%s\" is neither a DNS name nor an IP address",
                     o->names[i]);
            return false;
        }
    return true;
}

static bool check_days(const struct certs_issue_options *o, struct err *err)
{
    if (o->days < 1 || o->days > CERTS_MAX_DAYS) {
        err_what(err, ERR_CONFIG, "the certificate's validity of %u days is not 1 to %d", o->days,
                 CERTS_MAX_DAYS);
        return false;
    }
    if (o->ca_days < o->days || o->ca_days > CERTS_MAX_CA_DAYS) {
        err_what(err, ERR_CONFIG,
                 "the CA's validity of %u days is not %u (the certificate's) to %d", o->ca_days,
                 o->days, CERTS_MAX_CA_DAYS);
        return false;
    }
    return true;
}

static bool add_extension(const struct issued *to, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool added;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, to->certificate, NULL, NULL, 0);
    extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    added = extension && X509_add_ext(to->certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static GENERAL_NAME *alt_name(const char *name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    unsigned char bytes[16];
    int n_bytes;
    bool is_ip = is_address(name, bytes, &n_bytes);
    ASN1_STRING *value = is_ip ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

    if (!general || !value ||
        !(is_ip ? ASN1_STRING_set(value, bytes, n_bytes) : ASN1_STRING_set(value, name, -1))) {
        GENERAL_NAME_free(general);
        ASN1_STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(general, is_ip ? GEN_IPADD : GEN_DNS, value);
    return general;
}

/* Built as values, not as OpenSSL's configuration text, so that no name can smuggle in another. */
static bool add_alt_names(const struct certs_issue_options *o, X509 *certificate)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool added = names != NULL;

    for (size_t i = 0; added && i < o->n_names; i++) {
        GENERAL_NAME *name = alt_name(o->names[i]);

        added = name && sk_GENERAL_NAME_push(names, name) > 0;
        if (!added)
            GENERAL_NAME_free(name);
    }
    added = added && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    GENERAL_NAMES_free(names);
    return added;
}

static bool set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    /* The top bit is set: never zero, always the same length. */
    bool set = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
               BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));

    BN_free(number);
    return set;
}

static bool set_common_name(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                      MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1;
}

/* A new key and everything both kinds of certificate share, not yet signed. */
static bool start(struct issued *i, const char *common_name, int64_t now, unsigned days)
{
    time_t from = (time_t)now;

    i->key = EVP_EC_gen("P-256");
    i->certificate = X509_new();
    return i->key && i->certificate && X509_set_version(i->certificate, version_3) &&
           set_serial(i->certificate) && set_common_name(i->certificate, common_name) &&
           X509_time_adj_ex(X509_getm_notBefore(i->certificate), 0, -SKEW_SECONDS, &from) &&
           X509_time_adj_ex(X509_getm_notAfter(i->certificate), (int)days, 0, &from) &&
           X509_set_pubkey(i->certificate, i->key);
}

static bool make_ca(const struct certs_issue_options *o, struct issued *ca)
{
    return start(ca, "syncguard CA", o->now, o->ca_days) &&
           X509_set_issuer_name(ca->certificate, X509_get_subject_name(ca->certificate)) &&
           add_extension(ca, ca->certificate, NID_basic_constraints,
                         "critical,CA:TRUE,pathlen:0") &&
           add_extension(ca, ca->certificate, NID_key_usage, "critical,keyCertSign") &&
           add_extension(ca, ca->certificate, NID_subject_key_identifier, "hash") &&
           add_extension(ca, ca->certificate, NID_authority_key_identifier, "keyid:always") &&
           X509_sign(ca->certificate, ca->key, EVP_sha256()) > 0;
}

static bool make_leaf(const struct certs_issue_options *o, const struct issued *ca,
                      struct issued *leaf)
{
    /* Clients compare only the alternative names; the common name is for people. */
    const char *common_name = strlen(o->names[0]) <= COMMON_NAME_MAX ? o->names[0] : "syncguard";

    return start(leaf, common_name, o->now, o->days) &&
           X509_set_issuer_name(leaf->certificate, X509_get_subject_name(ca->certificate)) &&
           add_extension(leaf, ca->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(leaf, ca->certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(leaf, ca->certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(leaf, ca->certificate, NID_subject_key_identifier, "hash") &&
           add_extension(leaf, ca->certificate, NID_authority_key_identifier, "keyid:always") &&
           add_alt_names(o, leaf->certificate) &&
           X509_sign(leaf->certificate, ca->key, EVP_sha256()) > 0;
}

static bool not_made(struct err *err)
{
    err_what(err, ERR_SYSTEM, "the certificates could not be made");
    chain_err_why(err);
    return false;
}

/* What to write: a key or a certificate as PEM, staged under its name. */
static bool stage_pem(const char *directory, const char *name, const struct issued *i, bool is_key,
                      struct certs_staged *out, struct err *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long n = 0;
    bool staged = false;

    if (bio && (is_key ? PEM_write_bio_PKCS8PrivateKey(bio, i->key, NULL, NULL, 0, NULL, NULL)
                       : PEM_write_bio_X509(bio, i->certificate))) {
        n = BIO_get_mem_data(bio, &text);
        staged = certs_file_stage(directory, name, (struct str){text, (size_t)n},
                                  is_key ? 0600 : 0644, out, err);
        explicit_bzero(text, (size_t)n);
    } else {
        (void)not_made(err);
    }
    (void)BIO_free(bio);
    return staged;
}

/* In the order they appear: a key before the certificate that needs it, the CA before the leaf. */
static const struct {
    const char *name;
    bool is_leaf;
    bool is_key;
} files[] = {
    {"ca.key", false, true},
    {"tls.key", true, true},
    {"ca.crt", false, false},
    {"tls.crt", true, false},
};

/* Everything is on the disk before the first name appears. */
static bool write_files(const struct certs_issue_options *o, const struct issued *ca,
                        const struct issued *leaf, struct err *err)
{
    struct certs_staged staged[ARRAY_LEN(files)] = {0};
    bool written = true;

    for (size_t i = 0; written && i < ARRAY_LEN(files); i++)
        written = stage_pem(o->directory, files[i].name, files[i].is_leaf ? leaf : ca,
                            files[i].is_key, &staged[i], err);
    for (size_t i = 0; written && i < ARRAY_LEN(files); i++)
        written = certs_file_publish(&staged[i], o->overwrite, err);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        certs_staged_clear(&staged[i]);
    return written;
}

static bool make_directory(const char *path, struct err *err)
{
    int number;

    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true; /* a file of that name fails when the first file is written into it */
    number = errno;
    err_what(err, ERR_SYSTEM, "the directory could not be made");
    err_where(err, "%s", path);
    err_why_errno(err, number);
    return false;
}

bool certs_issue(const struct certs_issue_options *options, struct err *err)
{
    AUTO(issued_clear) struct issued ca = {0};
    AUTO(issued_clear) struct issued leaf = {0};

    if (!check_names(options, err) || !check_days(options, err))
        return false;
    for (size_t i = 0; !options->overwrite && i < ARRAY_LEN(files); i++)
        if (!certs_file_is_free(options->directory, files[i].name, err))
            return false;
    if (!make_directory(options->directory, err))
        return false;
    ERR_clear_error();
    if (!make_ca(options, &ca) || !make_leaf(options, &ca, &leaf))
        return not_made(err);
    return write_files(options, &ca, &leaf, err);
}
