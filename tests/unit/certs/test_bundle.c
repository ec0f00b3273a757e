/* test_bundle.c: whether a CA bundle could verify a server. */
#include "base/mem.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* tls.crt of the directory against the bundle that the shell command writes. */
static enum certs_trust trust(const char *file, const char *command, const char *name, int64_t now)
{
    AUTO(freep) char *all = xasprintf("{ %s; } | base64 -w 0 >b64", command);
    AUTO(certs_serving_freep) struct certs_serving *serving = NULL;
    AUTO(freep) char *base64 = NULL;
    struct err err = {0};

    scratch_run(all);
    base64 = scratch_read("b64");
    if (!certs_serving_load(file, &serving, &err))
        fail_msg("%s", err.what);
    return certs_serving_verify(serving, str_from(base64), str_from(name), now);
}

/* Both CAs have the same subject: only their keys tell them apart. */
static void a_certificate_is_trusted_for_its_names_by_its_own_ca(void **state)
{
    const int64_t between = SCRATCH_NOW + INT64_C(45) * DAY;
    static const struct {
        const char *bundle;
        const char *name;
        enum certs_trust trust;
    } rows[] = {
        {"cat out/ca.crt", "a.example", CERTS_TRUST_GOOD},
        {"cat out/ca.crt", "A.Example", CERTS_TRUST_GOOD},
        {"cat out/ca.crt", NULL, CERTS_TRUST_GOOD},
        {"cat out/ca.crt", "b.example", CERTS_TRUST_OTHER_NAME},
        {"cat out/ca.crt", "sub.a.example", CERTS_TRUST_OTHER_NAME},
        {"cat other/ca.crt", "a.example", CERTS_TRUST_OTHER_CA},
        {"cat other/tls.crt", "a.example", CERTS_TRUST_OTHER_CA},
        {"cat other/ca.crt out/ca.crt", "a.example", CERTS_TRUST_GOOD},
        {"cat out/ca.crt other/ca.crt", "a.example", CERTS_TRUST_GOOD},
        {"cat other/ca.crt out/ca.crt", "b.example", CERTS_TRUST_OTHER_NAME},
        {"cat out/tls.crt", "a.example", CERTS_TRUST_GOOD},
        {"sed 2s/./!/ other/ca.crt; cat out/ca.crt", "a.example", CERTS_TRUST_GOOD},
        {"echo", "a.example", CERTS_TRUST_OTHER_CA},
    };

    (void)state;
    scratch_issue("out");
    scratch_issue("other");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (trust("out/tls.crt", rows[i].bundle, rows[i].name, SCRATCH_NOW) != rows[i].trust)
            fail_msg("%s: %s", rows[i].bundle, rows[i].name ? rows[i].name : "any name");
    assert_int_equal(trust("out/tls.crt", "cat out/ca.crt", "a.example", between),
                     CERTS_TRUST_NOT_VALID_NOW);
    assert_int_equal(trust("out/tls.crt", "cat other/ca.crt", "a.example", between),
                     CERTS_TRUST_OTHER_CA);
}

#define SIGN(name, extensions)                                                                     \
    "openssl req -new -newkey rsa:2048 -nodes -keyout k -subj /CN=a.example -out csr "             \
    "2>/dev/null; printf '" extensions "' >ext; openssl x509 -req -in csr -CA out/ca.crt -CAkey "  \
    "out/ca.key -CAcreateserial -days 30000 -extfile ext -out " name " 2>/dev/null"

/* Signed now, by the clock of the machine: SCRATCH_NOW lies before it. */
static void what_a_certificate_is_for_is_looked_at(void **state)
{
    static const char ca[] = "cat out/ca.crt";
    int64_t now;

    (void)state;
    scratch_run("mkdir out; openssl req -x509 -newkey rsa:2048 -nodes -keyout out/ca.key -subj "
                "/CN=ca -days 30000 -out out/ca.crt 2>/dev/null");
    scratch_run(SIGN("client.crt", "subjectAltName=DNS:a.example\nextendedKeyUsage=clientAuth\n"));
    scratch_run(SIGN("common.crt", "extendedKeyUsage=serverAuth\n"));
    scratch_run(SIGN("wild.crt", "subjectAltName=DNS:*.a.example,DNS:b*.other\n"));
    now = time(NULL);
    assert_int_equal(trust("client.crt", ca, "a.example", now), CERTS_TRUST_NOT_FOR_SERVERS);
    assert_int_equal(trust("common.crt", ca, "a.example", now), CERTS_TRUST_OTHER_NAME);
    assert_int_equal(trust("wild.crt", ca, "b.a.example", now), CERTS_TRUST_GOOD);
    assert_int_equal(trust("wild.crt", ca, "a.example", now), CERTS_TRUST_OTHER_NAME);
    assert_int_equal(trust("wild.crt", ca, "bc.other", now), CERTS_TRUST_OTHER_NAME);
}

/* The chain behind the leaf is the server's to send, not the bundle's to hold. */
static void an_intermediate_counts_as_a_link_and_as_an_anchor(void **state)
{
    int64_t now;

    (void)state;
    scratch_run("mkdir out; openssl req -x509 -newkey rsa:2048 -nodes -keyout out/ca.key -subj "
                "/CN=root -days 30000 -out out/ca.crt 2>/dev/null; cp out/ca.crt root.crt");
    scratch_run(SIGN("middle.crt", "basicConstraints=critical,CA:TRUE\n"));
    scratch_run("cp middle.crt out/ca.crt; mv k out/ca.key");
    scratch_run(SIGN("leaf.crt", "subjectAltName=DNS:a.example\n"));
    scratch_run("cat leaf.crt middle.crt >chain.crt");
    now = time(NULL);
    assert_int_equal(trust("chain.crt", "cat root.crt", "a.example", now), CERTS_TRUST_GOOD);
    assert_int_equal(trust("leaf.crt", "cat root.crt", "a.example", now), CERTS_TRUST_OTHER_CA);
    assert_int_equal(trust("leaf.crt", "cat middle.crt", "a.example", now), CERTS_TRUST_GOOD);
}

static void what_is_no_serving_certificate_is_refused(void **state)
{
    struct certs_serving *serving = NULL;
    struct err err = {0};

    (void)state;
    scratch_issue("out");
    scratch_run("cat out/tls.crt out/tls.key >mixed.pem");
    assert_false(certs_serving_load("mixed.pem", &serving, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    err = (struct err){0};
    assert_false(certs_serving_load("nothing.pem", &serving, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_null(serving);
    certs_serving_free(NULL);
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
        IN_SCRATCH(a_certificate_is_trusted_for_its_names_by_its_own_ca),
        IN_SCRATCH(what_a_certificate_is_for_is_looked_at),
        IN_SCRATCH(an_intermediate_counts_as_a_link_and_as_an_anchor),
        IN_SCRATCH(what_is_no_serving_certificate_is_refused),
        cmocka_unit_test(what_is_no_base64_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
