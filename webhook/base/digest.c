#include "base/digest.h"
#include "base/mem.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

void digest_begin(void)
{
    if (!OSSL_LIB_CTX_get0_global_default())
        give_up("out of memory (OpenSSL)");
}

const char *digest_sha256(struct str bytes, char out[static DIGEST_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[32];
    unsigned n = 0;

    /* Fails when memory is gone, or where a configuration of OpenSSL took the algorithm away:
     * either way there is no going on (base/mem.h). */
    if (EVP_Digest(bytes.p ? bytes.p : "", bytes.n, digest, &n, EVP_sha256(), NULL) != 1 ||
        n != sizeof digest) {
        give_up("OpenSSL gives no SHA-256");
    }
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 0xF];
    }
    out[2 * sizeof digest] = '\0';
    return out;
}

bool digest_sha1(struct str bytes, unsigned char out[static 20])
{
    unsigned n = 20;

    return EVP_Digest(bytes.p ? bytes.p : "", bytes.n, out, &n, EVP_sha1(), NULL) == 1;
}
