#include "certs/clients.h"
#include "base/digest.h"
#include "base/mem.h"
#include "certs/chain.h"
#include "certs/file.h"
#include "certs/strength.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_TEXT_MAX = 512, /* what fits into an err anyway */
    AUTH_LEVEL = 2,      /* OpenSSL's for 112 bits: RSA 2048, SHA-224 */
    CHAIN_DEPTH_MAX = 8, /* intermediates; far more than any CA has */
};

struct certs_clients {
    atomic_uint references;
    /* One store for each CA: of two with the same subject (a CA and the one before it) OpenSSL
     * could try the wrong one alone. */
    X509_STORE *anchors[CHAIN_MAX];
    size_t n_anchors;
    char **names;
    size_t n_names;
    int64_t not_after;
    char digest[DIGEST_HEX_MAX]; /* of the certificates and the names */
};

static void refuse(const char *file, struct err *err, const struct chain *chain, size_t index,
                   const char *complaint)
{
    AUTO(buf_clearp) struct buf name = {0};

    buf_init(&name, NAME_TEXT_MAX);
    chain_add_name(&name, X509_get_subject_name(chain->items[index]));
    err_what(err, ERR_INPUT, "certificate %zu (%.*s) %s", index + 1, STR_ARG(buf_str(&name)),
             complaint);
    err_where(err, "%s", file);
}

/* Any of them is enough; of an overlapping bundle the older one may have expired. */
static bool check_one_is_valid(const struct chain *chain, const char *file, int64_t now,
                               struct err *err)
{
    for (size_t i = 0; i < chain->n; i++)
        if (chain_time(X509_get0_notBefore(chain->items[i])) <= now &&
            now <= chain_time(X509_get0_notAfter(chain->items[i])))
            return true;
    err_what(err, ERR_INPUT, "none of the client CA's certificates is valid now");
    err_where(err, "%s", file);
    err_remedy(err, "put a CA certificate there that is, or check this machine's clock");
    return false;
}

static bool check_cas(const struct chain *chain, const char *file, int64_t now, struct err *err)
{
    for (size_t i = 0; i < chain->n; i++) {
        const char *weakness = strength_weakness(chain->items[i]);

        /* 1: a CA by its basic constraints. What OpenSSL guesses from less is none to Go. */
        if (X509_check_ca(chain->items[i]) != 1) {
            refuse(file, err, chain, i, "is no CA");
            err_remedy(err, "name the CA that issues the clients' certificates");
            return false;
        }
        if (weakness) {
            refuse(file, err, chain, i, weakness);
            return false;
        }
    }
    return check_one_is_valid(chain, file, now, err);
}

static void add_anchor(struct certs_clients *c, X509 *ca)
{
    X509_STORE *store = xneed(X509_STORE_new());
    int64_t not_after = chain_time(X509_get0_notAfter(ca));

    c->anchors[c->n_anchors++] = store;
    if (X509_STORE_add_cert(store, ca) != 1)
        give_up("out of memory (a client CA)"); /* the first one cannot be there already */
    c->not_after = not_after > c->not_after ? not_after : c->not_after;
}

static void copy_names(struct certs_clients *c, char *const *names, size_t n)
{
    c->names = xcalloc(n, sizeof *c->names);
    for (c->n_names = 0; c->n_names < n; c->n_names++)
        c->names[c->n_names] = xstrdup(names[c->n_names]);
}

/* The certificates' own digests and the names, each with its end. */
static void set_digest(struct certs_clients *c, const struct chain *chain)
{
    AUTO(buf_clearp) struct buf all = {0};

    buf_init(&all, (size_t)2 * CERTS_FILE_MAX);
    for (size_t i = 0; i < chain->n; i++) {
        unsigned char *der = NULL;
        int n = i2d_X509(chain->items[i], &der);

        if (n < 0)
            give_up("out of memory (a client CA)"); /* it was read from DER */
        buf_add(&all, (struct str){(const char *)der, (size_t)n});
        OPENSSL_free(der);
    }
    for (size_t i = 0; i < c->n_names; i++)
        buf_add(&all, (struct str){c->names[i], strlen(c->names[i]) + 1});
    (void)digest_sha256(buf_str(&all), c->digest);
}

bool certs_clients_load(const char *file, char *const *names, size_t n_names, int64_t now,
                        struct certs_clients **out, struct err *err)
{
    AUTO(certs_file_clear) struct certs_file bytes = {0};
    AUTO(chain_clear) struct chain chain = {0};
    struct certs_clients *c;

    if (!certs_file_load(file, &bytes, err) ||
        !chain_read((struct str){bytes.text, bytes.n}, file, &chain, err) ||
        !check_cas(&chain, file, now, err))
        return false;
    c = xcalloc(1, sizeof *c);
    atomic_init(&c->references, 1);
    for (size_t i = 0; i < chain.n; i++)
        add_anchor(c, chain.items[i]);
    copy_names(c, names, n_names);
    set_digest(c, &chain);
    *out = c;
    return true;
}

struct certs_clients *certs_clients_ref(struct certs_clients *c)
{
    if (c)
        (void)atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

void certs_clients_unref(struct certs_clients *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < c->n_anchors; i++)
        X509_STORE_free(c->anchors[i]);
    for (size_t i = 0; i < c->n_names; i++)
        free(c->names[i]);
    free(c->names);
    free(c);
}

void certs_clients_unrefp(struct certs_clients **c)
{
    certs_clients_unref(*c);
}

bool certs_clients_same(const struct certs_clients *a, const struct certs_clients *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a->digest, b->digest) == 0;
}

const char *certs_clients_digest(const struct certs_clients *c)
{
    return c->digest;
}

int64_t certs_clients_not_after(const struct certs_clients *c)
{
    return c->not_after;
}

static bool is_listed(const struct certs_clients *c, const ASN1_STRING *s, bool any_case)
{
    const char *text = (const char *)ASN1_STRING_get0_data(s);
    size_t n = (size_t)ASN1_STRING_length(s);

    for (size_t i = 0; i < c->n_names; i++)
        if (strlen(c->names[i]) == n &&
            (any_case ? strncasecmp(c->names[i], text, n) == 0 && !memchr(text, '\0', n)
                      : memcmp(c->names[i], text, n) == 0))
            return true;
    return false;
}

/* One common name alone: with several, which of them is meant differs from reader to reader. */
static bool has_common_name(const struct certs_clients *c, const X509 *leaf)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    int n;
    bool found = false;

    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return false;
    n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    for (size_t i = 0; n > 0 && i < c->n_names && !found; i++)
        found = strlen(c->names[i]) == (size_t)n && memcmp(c->names[i], utf8, (size_t)n) == 0;
    if (n >= 0)
        OPENSSL_free(utf8);
    return found;
}

static void alt_names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static bool has_alt_name(const struct certs_clients *c, const X509 *leaf)
{
    AUTO(alt_names_freep)
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

        if ((type == GEN_DNS || type == GEN_URI) && is_listed(c, s, type == GEN_DNS))
            return true;
    }
    return false;
}

/* Read from the wire; an end that belongs to no certificate is damage, too. */
static bool read_shown(const struct certs_der *shown, size_t n, struct chain *out, struct err *err)
{
    if (n == 0) {
        err_what(err, ERR_INPUT, "the client has shown no certificate");
        return false;
    }
    if (n > CHAIN_MAX) {
        err_what(err, ERR_INPUT, "the client has shown more than %d certificates", CHAIN_MAX);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char *at = shown[i].bytes;
        X509 *certificate = d2i_X509(NULL, &at, (long)shown[i].n);

        if (certificate)
            out->items[out->n++] = certificate;
        if (!certificate || at != shown[i].bytes + shown[i].n) {
            ERR_clear_error();
            err_what(err, ERR_INPUT, "certificate %zu of the client is damaged", i + 1);
            return false;
        }
    }
    return true;
}

/* The later, the nearer to trust: the nearest anchor says why there is none. */
static int nearness(int error)
{
    switch (error) {
    case X509_V_OK:
        return 3;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return 0;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return 1;
    default:
        return 2;
    }
}

static int verify_with(X509_STORE *anchor, const struct chain *shown, STACK_OF(X509) * others,
                       int64_t now)
{
    X509_STORE_CTX *context = xneed(X509_STORE_CTX_new());
    int error = X509_V_ERR_UNSPECIFIED;

    if (X509_STORE_CTX_init(context, anchor, shown->items[0], others) == 1) {
        X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(context);

        /* what the bundle names is trusted, whoever signed it */
        (void)X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
        (void)X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_SSL_CLIENT);
        X509_VERIFY_PARAM_set_auth_level(how, AUTH_LEVEL);
        X509_VERIFY_PARAM_set_depth(how, CHAIN_DEPTH_MAX);
        X509_VERIFY_PARAM_set_time(how, (time_t)now);
        (void)X509_verify_cert(context);
        error = X509_STORE_CTX_get_error(context);
    }
    ERR_clear_error();
    X509_STORE_CTX_free(context);
    return error;
}

static int verify(const struct certs_clients *c, const struct chain *shown, int64_t now)
{
    STACK_OF(X509) *others = xneed(sk_X509_new_null());
    int best = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;

    for (size_t i = 1; i < shown->n; i++)
        (void)sk_X509_push(others, shown->items[i]);
    for (size_t i = 0; i < c->n_anchors && best != X509_V_OK; i++) {
        int error = verify_with(c->anchors[i], shown, others, now);

        best = i == 0 || nearness(error) > nearness(best) ? error : best;
    }
    sk_X509_free(others);
    return best;
}

/* "CN=name, for DNS:…": what the certificate says of itself. */
static void say_who(const struct chain *shown, struct err *err)
{
    AUTO(buf_clearp) struct buf who = {0};
    AUTO(buf_clearp) struct buf names = {0};

    buf_init(&who, NAME_TEXT_MAX);
    buf_init(&names, NAME_TEXT_MAX);
    chain_add_name(&who, X509_get_subject_name(shown->items[0]));
    chain_add_alt_names(&names, shown->items[0]);
    err_why(err, "its subject is %.200s%s%.200s", buf_str(&who).p, names.n ? ", for " : "",
            names.n ? buf_str(&names).p : "");
}

/* To be written behind "the client's certificate". */
static const char *complaint(int error)
{
    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "does not come from tls.clientCA";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return "names tls.clientCA as its issuer, which did not sign it";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "is signed by itself";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "or one it rests on has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "or one it rests on is not valid yet";
    case X509_V_ERR_INVALID_PURPOSE:
        return "is not for TLS clients";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return "or one it rests on has too short a key or too weak a signature";
    default:
        return X509_verify_cert_error_string(error);
    }
}

/* Without extended key usages a certificate is for anything: not what a CA means by a client's. */
static bool is_for_clients(X509 *leaf)
{
    uint32_t usage = X509_get_extended_key_usage(leaf);

    return usage != UINT32_MAX && (usage & XKU_SSL_CLIENT) != 0;
}

bool certs_clients_check(const struct certs_clients *c, const struct certs_der *shown, size_t n,
                         int64_t now, struct err *err)
{
    AUTO(chain_clear) struct chain chain = {0};
    int error;

    if (!read_shown(shown, n, &chain, err))
        return false;
    error = verify(c, &chain, now);
    if (error == X509_V_OK && !is_for_clients(chain.items[0]))
        error = X509_V_ERR_INVALID_PURPOSE;
    if (error != X509_V_OK) {
        err_what(err, ERR_INPUT, "the client's certificate %s", complaint(error));
    } else if (!has_common_name(c, chain.items[0]) && !has_alt_name(c, chain.items[0])) {
        err_what(err, ERR_INPUT, "the client's certificate bears none of tls.clientNames");
    } else {
        return true;
    }
    say_who(&chain, err);
    return false;
}
