/* digest.h: SHA-256 and SHA-1 of bytes. */
#pragma once
#include "base/str.h"
#include <stdbool.h>

enum { DIGEST_HEX_MAX = 65 }; /* 64 digits and a NUL */

/*
 * Once, before OpenSSL is used for anything: where its start lacks memory it does not say so, and
 * what comes after reads through NULL. Ends the process then.
 */
void digest_begin(void);

/* Source: FIPS 180-4. Lower-case hexadecimal digits, NUL-terminated. Returns `out`. */
const char *digest_sha256(struct str bytes, char out[static DIGEST_HEX_MAX]);

/* The SHA-1, against damage and not against forgery. False where OpenSSL gives none. */
bool digest_sha1(struct str bytes, unsigned char out[static 20]);
