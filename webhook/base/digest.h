/* digest.h: SHA-256 of bytes. */
#pragma once
#include "base/str.h"

enum { DIGEST_HEX_MAX = 65 }; /* 64 digits and a NUL */

/* Source: FIPS 180-4. Lower-case hexadecimal digits, NUL-terminated. Returns `out`. */
const char *digest_sha256(struct str bytes, char out[static DIGEST_HEX_MAX]);
