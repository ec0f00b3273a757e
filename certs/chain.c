#include "certs/chain.h"
#include "base/mem.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static void bio_freep(BIO **bio)
{
    (void)BIO_free(*bio);
}

void chain_err_why(struct err *err)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    err_why(err, "OpenSSL: %s", reason ? reason : "no reason given");
    ERR_clear_error();
}

static bool refuse(const char *file, struct err *err, const char *what)
{
    err_what(err, ERR_INPUT, "%s", what);
    err_where(err, "%s", file);
    return false;
}

int chain_no_password(char *out, int size, int writing, void *data)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)data;
    return -1;
}

/* Adds what stands in the next BEGIN CERTIFICATE block; *end is set behind the last one. */
static bool read_one(BIO *in, const char *file, struct chain *out, bool *end, struct err *err)
{
    X509 *certificate = PEM_read_bio_X509(in, NULL, chain_no_password, NULL);
    unsigned long code = ERR_peek_last_error();

    if (certificate && out->n == CHAIN_MAX) {
        X509_free(certificate);
        err_what(err, ERR_LIMIT, "the file holds more than %d certificates", CHAIN_MAX);
        err_where(err, "%s", file);
        return false;
    }
    if (certificate) {
        out->items[out->n++] = certificate;
        return true;
    }
    *end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    if (*end) {
        ERR_clear_error();
        return true;
    }
    err_what(err, ERR_INPUT, "certificate %zu of the file is damaged or cut off", out->n + 1);
    err_where(err, "%s", file);
    chain_err_why(err);
    err_remedy(err, "write the file completely before its name is used");
    return false;
}

bool chain_read(struct str text, const char *file, struct chain *out, struct err *err)
{
    AUTO(bio_freep) BIO *in = NULL;
    bool end = false;

    memset(out, 0, sizeof *out);
    if (text.n == 0)
        return refuse(file, err, "the file is empty");
    if (str_contains(text, STR("PRIVATE KEY-----"))) {
        err_remedy(err, "keep keys in a file of their own");
        return refuse(file, err, "the file holds a private key; it is not shown and not served");
    }
    ERR_clear_error();
    in = xneed(BIO_new_mem_buf(text.p, (int)text.n)); /* at most CERTS_FILE_MAX */
    while (!end)
        if (!read_one(in, file, out, &end, err))
            return false;
    if (out->n == 0) {
        err_remedy(err, "certificates are wanted in PEM form");
        return refuse(file, err, "the file holds no certificate");
    }
    return true;
}

void chain_clear(struct chain *chain)
{
    for (size_t i = 0; i < chain->n; i++)
        X509_free(chain->items[i]);
    memset(chain, 0, sizeof *chain);
}

void chain_add_name(struct buf *out, const X509_NAME *name)
{
    AUTO(bio_freep) BIO *bio = xneed(BIO_new(BIO_s_mem()));
    char *text = NULL;
    long n;

    if (X509_NAME_entry_count(name) == 0) {
        buf_adds(out, "(no subject)");
        return;
    }
    /* RFC 2253 without its escaping of non-ASCII letters: text.h knows what is safe to print. */
    (void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    n = BIO_get_mem_data(bio, &text);
    buf_add(out, str_sub((struct str){text, (size_t)n}, 0, out->max - out->n - 1));
}

static void alt_names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

/* Returns false for kinds of names no TLS client compares with a host. */
static bool alt_name_text(const GENERAL_NAME *name, char address[static INET6_ADDRSTRLEN],
                          struct str *kind, struct str *value)
{
    int type;
    const ASN1_STRING *s = GENERAL_NAME_get0_value(name, &type);
    const unsigned char *p = ASN1_STRING_get0_data(s);

    if (type == GEN_DNS) {
        *kind = STR("DNS:");
        *value = (struct str){(const char *)p, (size_t)ASN1_STRING_length(s)};
        return true;
    }
    if (type != GEN_IPADD || (ASN1_STRING_length(s) != 4 && ASN1_STRING_length(s) != 16))
        return false;
    *kind = STR("IP:");
    *value = str_from(
        inet_ntop(ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6, p, address, INET6_ADDRSTRLEN));
    return true;
}

void chain_add_alt_names(struct buf *out, const X509 *certificate)
{
    AUTO(alt_names_freep)
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const char *separator = "";

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        char address[INET6_ADDRSTRLEN];
        struct str kind;
        struct str value;

        if (!alt_name_text(sk_GENERAL_NAME_value(names, i), address, &kind, &value))
            continue;
        buf_adds(out, separator);
        buf_add(out, kind);
        text_field(out, value);
        separator = ", ";
    }
}

size_t chain_n_alt_names(const X509 *certificate)
{
    AUTO(alt_names_freep)
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t n = 0;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        char address[INET6_ADDRSTRLEN];
        struct str kind;
        struct str value;

        if (alt_name_text(sk_GENERAL_NAME_value(names, i), address, &kind, &value))
            n++;
    }
    return n;
}

int64_t chain_time(const ASN1_TIME *time)
{
    struct tm tm;

    memset(&tm, 0, sizeof tm);
    if (!ASN1_TIME_to_tm(time, &tm))
        return 0;
    return timegm(&tm);
}

void chain_add_time(struct buf *out, int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;
    char text[32];

    if (!gmtime_r(&t, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)strcpy(text, "(no date)");
    buf_adds(out, text);
}
