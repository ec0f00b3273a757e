#include "certs/strength.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum { STRENGTH_BITS_MIN = 112 };

const char *strength_weakness(X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    int signature_bits = 0;
    const char *weakness = NULL;

    if (!key)
        weakness = "has a key of a kind OpenSSL does not know";
    else if (EVP_PKEY_get_security_bits(key) < STRENGTH_BITS_MIN)
        weakness = "has too short a key (RSA wants 2048 bits, ECDSA 224)";
    else if (X509_self_signed(certificate, 0) != 1 &&
             (X509_get_signature_info(certificate, NULL, NULL, &signature_bits, NULL) != 1 ||
              signature_bits < STRENGTH_BITS_MIN))
        weakness = "has a signature by a digest that can be forged (SHA-256 or better is wanted)";
    ERR_clear_error();
    return weakness;
}
