/* strength.h: whether a certificate is strong enough to rest anything on. */
#pragma once
#include <openssl/x509.h>

/*
 * What its key or its signature lacks of 112 bits of security, to be written behind its name: "has
 * a key of 1024 bits, too short"; NULL where it lacks nothing. The signature of one that is signed
 * by itself proves nothing to anybody and may be any.
 * Source: NIST SP 800-57 part 1, table 2; OpenSSL, SSL_CTX_set_security_level(3), level 2.
 */
const char *strength_weakness(X509 *certificate);
