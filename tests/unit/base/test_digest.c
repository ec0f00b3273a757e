/* SHA-256 of what is written into logs. */
#include "base/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

/* Source: NIST, Cryptographic Standards and Guidelines, Examples with Intermediate Values, SHA-256
 * (the first two messages of FIPS 180-2, appendix B, and the long one); the empty message: NIST,
 * CAVP SHA256ShortMsg.rsp, Len = 0. */
static void the_published_examples_come_out(void **state)
{
    enum { LONG = 1000000 };
    char hex[DIGEST_HEX_MAX];
    char *text = malloc(LONG);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', LONG);
    assert_string_equal(digest_sha256(STR_NONE, hex),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(digest_sha256(STR("abc"), hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(
        digest_sha256(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), hex),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_string_equal(digest_sha256((struct str){text, LONG}, hex),
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples_come_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
