/* test_bundle.c: whether a CA bundle could verify a server. */
#include "base/mem.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>

enum { DAY = 24 * 60 * 60 };

/* Of a file that the shell command writes to standard output. */
static enum certs_bundle of(const char *command, int64_t now)
{
    AUTO(freep) char *all = xasprintf("{ %s; } | base64 -w 0 >b64", command);
    AUTO(freep) char *base64 = NULL;

    scratch_run(all);
    base64 = scratch_read("b64");
    return certs_bundle_check(str_from(base64), now);
}

static void a_ca_is_good_until_it_expires(void **state)
{
    (void)state;
    scratch_issue("out");
    assert_int_equal(of("cat out/ca.crt", SCRATCH_NOW), CERTS_BUNDLE_GOOD);
    assert_int_equal(of("cat out/ca.crt", SCRATCH_NOW + INT64_C(60) * DAY), CERTS_BUNDLE_GOOD);
    assert_int_equal(of("cat out/ca.crt", SCRATCH_NOW + INT64_C(60) * DAY + 1),
                     CERTS_BUNDLE_NOT_VALID_NOW);
    assert_int_equal(of("cat out/ca.crt", SCRATCH_NOW - INT64_C(5) * 60), CERTS_BUNDLE_GOOD);
    assert_int_equal(of("cat out/ca.crt", SCRATCH_NOW - INT64_C(5) * 60 - 1),
                     CERTS_BUNDLE_NOT_VALID_NOW);
}

/* The leaf lives for 30 days, its CA for 60. */
static void one_valid_certificate_is_enough(void **state)
{
    const int64_t between = SCRATCH_NOW + INT64_C(45) * DAY;

    (void)state;
    scratch_issue("out");
    assert_int_equal(of("cat out/tls.crt", between), CERTS_BUNDLE_NOT_VALID_NOW);
    assert_int_equal(of("cat out/tls.crt out/ca.crt", between), CERTS_BUNDLE_GOOD);
    assert_int_equal(of("cat out/ca.crt out/tls.crt", between), CERTS_BUNDLE_GOOD);
    assert_int_equal(of("i=0; while [ $i -lt 40 ]; do cat out/tls.crt; i=$((i+1)); done; "
                        "cat out/ca.crt",
                        between),
                     CERTS_BUNDLE_GOOD);
}

static void what_is_no_certificate_is_passed_over(void **state)
{
    (void)state;
    scratch_issue("out");
    assert_int_equal(of("head -c 300 out/ca.crt", SCRATCH_NOW), CERTS_BUNDLE_NO_CERTIFICATE);
    assert_int_equal(of("head -c 300 out/ca.crt; echo; cat out/ca.crt", SCRATCH_NOW),
                     CERTS_BUNDLE_GOOD);
    assert_int_equal(of("sed 2s/./!/ out/tls.crt; cat out/ca.crt", SCRATCH_NOW), CERTS_BUNDLE_GOOD);
    assert_int_equal(of("echo 'a comment'; cat out/ca.crt", SCRATCH_NOW), CERTS_BUNDLE_GOOD);
    assert_int_equal(of("echo", SCRATCH_NOW), CERTS_BUNDLE_NO_CERTIFICATE);
    assert_int_equal(of("openssl x509 -in out/ca.crt -outform DER", SCRATCH_NOW),
                     CERTS_BUNDLE_NO_CERTIFICATE);
}

static void a_private_key_is_told_whatever_is_beside_it(void **state)
{
    static const char *const commands[] = {
        "cat out/tls.key",
        "cat out/tls.key out/ca.crt",
        "cat out/ca.crt out/ca.key",
        "cat out/ca.crt; sed '/END/d' out/ca.key",
        "cat out/ca.crt; sed 's/^/  /' out/ca.key",
        "cat out/ca.crt; openssl ec -in out/ca.key",
        "cat out/ca.crt; openssl pkcs8 -topk8 -in out/ca.key -passout pass:x",
    };

    (void)state;
    scratch_issue("out");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (of(commands[i], SCRATCH_NOW) != CERTS_BUNDLE_PRIVATE_KEY)
            fail_msg("%s", commands[i]);
    assert_int_equal(of("cat out/ca.key", INT64_MAX), CERTS_BUNDLE_PRIVATE_KEY);
    assert_int_equal(of("cat out/ca.crt; openssl pkey -in out/ca.key -pubout", SCRATCH_NOW),
                     CERTS_BUNDLE_GOOD);
    assert_int_equal(of("echo 'no PRIVATE KEY is here'; cat out/ca.crt", SCRATCH_NOW),
                     CERTS_BUNDLE_GOOD);
}

/* OpenSSL would ask for its password at the terminal. */
static void an_encrypted_block_asks_nobody(void **state)
{
    (void)state;
    scratch_issue("out");
    assert_int_equal(of("sed '1a Proc-Type: 4,ENCRYPTED\\nDEK-Info: AES-128-CBC,"
                        "00112233445566778899AABBCCDDEEFF\\n' out/ca.crt",
                        SCRATCH_NOW),
                     CERTS_BUNDLE_NO_CERTIFICATE);
}

static void what_is_no_base64_is_said(void **state)
{
    static const char *const texts[] = {
        "CA_BUNDLE", "${CA}", "-----BEGIN CERTIFICATE-----\n",
        "AAA",       "A===",  "AA==AAAA",
        "====",      " QUJD", "\n\n",
        "",
    };
    const struct str with_nul = {"QUJD\0QUJ", 8};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_equal(certs_bundle_check(str_from(texts[i]), SCRATCH_NOW),
                         CERTS_BUNDLE_NOT_BASE64);
    assert_int_equal(certs_bundle_check(with_nul, SCRATCH_NOW), CERTS_BUNDLE_NOT_BASE64);
    assert_int_equal(certs_bundle_check(STR("QUJD"), SCRATCH_NOW), CERTS_BUNDLE_NO_CERTIFICATE);
    assert_int_equal(certs_bundle_check(STR("QU\r\nI=\n"), SCRATCH_NOW),
                     CERTS_BUNDLE_NO_CERTIFICATE);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_ca_is_good_until_it_expires),
        IN_SCRATCH(one_valid_certificate_is_enough),
        IN_SCRATCH(what_is_no_certificate_is_passed_over),
        IN_SCRATCH(a_private_key_is_told_whatever_is_beside_it),
        IN_SCRATCH(an_encrypted_block_asks_nobody),
        cmocka_unit_test(what_is_no_base64_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
