#include "base/text.h"
#include "certs/certs.h"
#include "certs/chain.h"
#include "certs/file.h"
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

enum {
    DAY_SECONDS = 24 * 60 * 60,
    NAME_TEXT_MAX = 4096 /* text_field() cuts it further */
};

static void add_validity(struct buf *out, const X509 *certificate, int64_t now)
{
    int64_t from = chain_time(X509_get0_notBefore(certificate));
    int64_t to = chain_time(X509_get0_notAfter(certificate));

    chain_add_time(out, from);
    buf_adds(out, " to ");
    chain_add_time(out, to);
    if (now < from)
        buf_printf(out, " (not valid for another %" PRId64 " s)", from - now);
    else if (now > to)
        buf_printf(out, " (expired, %" PRId64 " days ago)", (now - to) / DAY_SECONDS);
    else
        buf_printf(out, " (%" PRId64 " days left)", (to - now) / DAY_SECONDS);
}

static void add_key(struct buf *out, const X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    char group[64];
    size_t n = 0;

    if (!key) {
        buf_adds(out, "of a kind OpenSSL does not know");
        return;
    }
    buf_adds(out, EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "unnamed");
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1)
        buf_printf(out, " %s", group);
    buf_printf(out, ", %d bits", EVP_PKEY_get_bits(key));
}

static void add_kind(struct buf *out, X509 *certificate)
{
    long path_length = X509_get_pathlen(certificate);
    uint32_t usage = X509_get_extended_key_usage(certificate);

    if (X509_check_ca(certificate) != 0) {
        buf_adds(out, "CA");
        if (path_length >= 0)
            buf_printf(out, ", path length %ld", path_length);
    } else {
        buf_adds(out, "leaf");
    }
    if (usage != UINT32_MAX)
        buf_adds(out, usage & XKU_SSL_SERVER ? ", for TLS servers" : ", not for TLS servers");
}

static void add_fingerprint(struct buf *out, const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (!X509_digest(certificate, EVP_sha256(), digest, &n))
        n = 0;
    for (unsigned i = 0; i < n; i++)
        buf_printf(out, "%s%02X", i ? ":" : "", digest[i]);
}

static void add_name(struct buf *out, const X509_NAME *name)
{
    AUTO(buf_clearp) struct buf raw = {0};

    buf_init(&raw, NAME_TEXT_MAX);
    chain_add_name(&raw, name);
    text_field(out, buf_str(&raw));
}

static void describe(struct buf *out, X509 *certificate, int64_t now)
{
    buf_adds(out, "  subject  ");
    add_name(out, X509_get_subject_name(certificate));
    buf_adds(out, "\n  issuer   ");
    add_name(out, X509_get_issuer_name(certificate));
    buf_adds(out, "\n  names    ");
    if (chain_n_alt_names(certificate))
        chain_add_alt_names(out, certificate);
    else
        buf_adds(out, "(none)");
    buf_adds(out, "\n  valid    ");
    add_validity(out, certificate, now);
    buf_adds(out, "\n  key      ");
    add_key(out, certificate);
    buf_adds(out, "\n  kind     ");
    add_kind(out, certificate);
    buf_adds(out, "\n  SHA-256  ");
    add_fingerprint(out, certificate);
    buf_addc(out, '\n');
}

bool certs_inspect(const char *file, int64_t now, struct buf *out, struct err *err)
{
    AUTO(certs_file_clear) struct certs_file bytes = {0};
    AUTO(chain_clear) struct chain chain = {0};

    if (!certs_file_load(file, &bytes, err) ||
        !chain_read((struct str){bytes.text, bytes.n}, file, &chain, err))
        return false;
    for (size_t i = 0; i < chain.n; i++) {
        text_field(out, str_from(file));
        buf_printf(out, ": certificate %zu of %zu\n", i + 1, chain.n);
        describe(out, chain.items[i], now);
    }
    if (!buf_ok(out)) {
        err_what(err, ERR_LIMIT, "its description is larger than %zu bytes", out->max);
        err_where(err, "%s", file);
        return false;
    }
    return true;
}
