/* test_pair.c: no pair is served that an API server would refuse, and each refusal says why. */
#include "base/mem.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DAY = 24 * 60 * 60 };

static struct certs_pair *loaded(const char *certificate, const char *key, int64_t now)
{
    struct certs_pair *pair = NULL;
    struct err err = {0};

    if (!certs_pair_load(certificate, key, now, &pair, &err))
        fail_msg("%s: %s %s", err.where, err.what, err.why);
    return pair;
}

static void assert_refused(const char *certificate, const char *key, int64_t now, const char *text)
{
    struct certs_pair *pair = NULL;
    struct err err = {0};

    assert_false(certs_pair_load(certificate, key, now, &pair, &err));
    assert_null(pair);
    scratch_assert_err(&err, text);
}

/* A self-signed pair of OpenSSL's command: c.crt, c.key. */
static void make_foreign(const char *subject, const char *extensions)
{
    AUTO(freep)
    char *command = xasprintf(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout c.key "
        "-out c.crt -days 30 -subj '%s' %s >log 2>&1 || { cat log; exit 1; }",
        subject, extensions);

    scratch_run(command);
}

static void an_issued_pair_is_ready_to_serve(void **state)
{
    AUTO(certs_pair_freep) struct certs_pair *pair = NULL;
    AUTO(freep) char *certificate = NULL;

    (void)state;
    scratch_issue("out");
    pair = loaded("out/tls.crt", "out/tls.key", SCRATCH_NOW);
    certificate = scratch_read("out/tls.crt");
    assert_string_equal(pair->certificate_pem, certificate);
    assert_int_equal(pair->not_after, SCRATCH_NOW + INT64_C(30) * DAY);
    assert_null(pair->note);
    scratch_write("k", pair->key_pem);
    scratch_run(
        "openssl pkey -in k -pubout >a; openssl x509 -in out/tls.crt -noout -pubkey >b; cmp a b");
}

static void a_chain_is_served_whole_and_lasts_as_long_as_its_shortest(void **state)
{
    AUTO(certs_pair_freep) struct certs_pair *pair = NULL;
    AUTO(freep) char *chain = NULL;

    (void)state;
    scratch_issue("out");
    scratch_run("{ echo comment; cat out/tls.crt; echo between; cat out/ca.crt; } >commented.crt;"
                "cat out/tls.crt out/ca.crt >chain.crt");
    pair = loaded("commented.crt", "out/tls.key", SCRATCH_NOW);
    chain = scratch_read("chain.crt");
    assert_string_equal(pair->certificate_pem, chain);
    assert_int_equal(pair->not_after, SCRATCH_NOW + INT64_C(30) * DAY);
}

static void an_older_key_form_is_handed_on_as_pkcs8(void **state)
{
    AUTO(certs_pair_freep) struct certs_pair *pair = NULL;

    (void)state;
    scratch_issue("out");
    scratch_run(
        "{ openssl ecparam -name prime256v1; openssl ec -in out/tls.key 2>/dev/null; } >old.key;"
        "chmod 0600 old.key; grep -q 'BEGIN EC PRIVATE KEY' old.key");
    pair = loaded("out/tls.crt", "old.key", SCRATCH_NOW);
    assert_ptr_equal(strstr(pair->key_pem, "-----BEGIN PRIVATE KEY-----\n"), pair->key_pem);
    assert_null(pair->note);
}

static void a_readable_key_is_a_note(void **state)
{
    AUTO(certs_pair_freep) struct certs_pair *pair = NULL;

    (void)state;
    scratch_issue("out");
    scratch_run("chmod 0644 out/tls.key");
    pair = loaded("out/tls.crt", "out/tls.key", SCRATCH_NOW);
    assert_string_equal(pair->note,
                        "out/tls.key can be read by others (mode 0644); 0600 is enough");
}

static void a_key_of_the_pods_group_is_none(void **state)
{
    AUTO(certs_pair_freep) struct certs_pair *pair = NULL;

    (void)state;
    scratch_issue("out");
    scratch_run("chmod 0440 out/tls.key");
    pair = loaded("out/tls.crt", "out/tls.key", SCRATCH_NOW);
    assert_null(pair->note);
}

static void the_names_that_are_asked_for_are_in_the_leaf(void **state)
{
    char *good[] = {(char[]){"a.example"}, (char[]){"A.EXAMPLE"}};
    char *other[] = {(char[]){"a.example"}, (char[]){"b.example"}};
    char *address[] = {(char[]){"127.0.0.1"}};
    AUTO(certs_pair_freep) struct certs_pair *pair = NULL;
    struct err err = {0};

    (void)state;
    scratch_issue("out");
    pair = loaded("out/tls.crt", "out/tls.key", SCRATCH_NOW);
    assert_true(certs_pair_check_names(pair, "tls.crt", NULL, 0, &err));
    assert_true(certs_pair_check_names(pair, "tls.crt", good, 2, &err));
    assert_false(certs_pair_check_names(pair, "tls.crt", address, 1, &err));
    err = (struct err){0};
    assert_false(certs_pair_check_names(pair, "tls.crt", other, 2, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    scratch_assert_err(&err, "tls.crt: the certificate is not for b.example: it is for "
                             "DNS:a.example; issue one for every name of tls.names");
}

static void a_key_of_another_certificate_is_refused(void **state)
{
    (void)state;
    scratch_issue("one");
    scratch_issue("two");
    assert_refused("one/tls.crt", "two/tls.key", SCRATCH_NOW,
                   "two/tls.key: the private key does not belong to the certificate: one/tls.crt "
                   "holds another public key");
}

static void dates_are_checked_at_the_moment_of_loading(void **state)
{
    (void)state;
    scratch_issue("out");
    scratch_run("cat out/tls.crt out/ca.crt >chain.crt");
    assert_refused("out/tls.crt", "out/tls.key", SCRATCH_NOW + INT64_C(30) * DAY + 1,
                   "out/tls.crt: certificate 1 (CN=a.example) expired at 2026-01-31T00:00:00Z; "
                   "issue a new one");
    assert_refused("chain.crt", "out/tls.key", SCRATCH_NOW - 301,
                   "chain.crt: certificate 1 (CN=a.example) is not valid before "
                   "2025-12-31T23:55:00Z; check this machine's clock");
    certs_pair_free(loaded("chain.crt", "out/tls.key", SCRATCH_NOW - 300));
    certs_pair_free(loaded("chain.crt", "out/tls.key", SCRATCH_NOW + INT64_C(30) * DAY));
}

static void a_chain_in_the_wrong_order_is_refused(void **state)
{
    (void)state;
    scratch_issue("one");
    scratch_issue("two");
    scratch_run("cat one/ca.crt one/tls.crt >wrong.crt; cat one/tls.crt two/ca.crt >other.crt;"
                "cat one/tls.crt one/tls.crt >twice.crt");
    assert_refused("wrong.crt", "one/tls.key", SCRATCH_NOW,
                   "wrong.crt: the chain is in the wrong order: the key belongs to certificate 2; "
                   "put the serving certificate first and its issuers behind it");
    assert_refused("other.crt", "one/tls.key", SCRATCH_NOW,
                   "other.crt: certificate 2 (CN=syncguard CA) did not sign certificate 1 "
                   "(CN=a.example); put the serving certificate first and behind each its issuer");
    assert_refused("twice.crt", "one/tls.key", SCRATCH_NOW,
                   "twice.crt: certificate 2 (CN=a.example) did not sign certificate 1 "
                   "(CN=a.example); put the serving certificate first and behind each its issuer");
}

static void a_certificate_that_names_no_host_is_refused(void **state)
{
    (void)state;
    make_foreign("/CN=a.example", "");
    assert_refused("c.crt", "c.key", time(NULL),
                   "c.crt: the certificate names no host: it has no DNS name or IP address among "
                   "its subject alternative names, and the API server ignores the common name; "
                   "issue one with syncguard certs issue");
    make_foreign("/CN=a.example", "-addext subjectAltName=email:a@b.example");
    assert_refused("c.crt", "c.key", time(NULL),
                   "c.crt: the certificate names no host: it has no DNS name or IP address among "
                   "its subject alternative names, and the API server ignores the common name; "
                   "issue one with syncguard certs issue");
}

static void a_certificate_for_clients_is_refused(void **state)
{
    (void)state;
    make_foreign("/CN=a",
                 "-addext subjectAltName=DNS:a.example -addext extendedKeyUsage=clientAuth");
    assert_refused("c.crt", "c.key", time(NULL),
                   "c.crt: the certificate is not for TLS servers: its extended key usage lacks "
                   "serverAuth; issue one with syncguard certs issue");
}

static void a_certificate_that_may_not_sign_is_refused(void **state)
{
    (void)state;
    scratch_issue("out");
    assert_refused("out/ca.crt", "out/ca.key", SCRATCH_NOW,
                   "out/ca.crt: the certificate may not sign TLS handshakes: its key usage lacks "
                   "digitalSignature; issue one with syncguard certs issue");
}

static void a_leaf_that_is_its_own_ca_is_accepted(void **state)
{
    (void)state;
    make_foreign("/CN=a", "-addext subjectAltName=DNS:a.example");
    scratch_run("openssl x509 -in c.crt -noout -ext basicConstraints | grep -q CA:TRUE");
    certs_pair_free(loaded("c.crt", "c.key", time(NULL)));
}

static void an_encrypted_key_is_refused_without_asking(void **state)
{
    (void)state;
    scratch_issue("out");
    scratch_run("openssl pkcs8 -topk8 -in out/tls.key -passout pass:x -out enc8.key;"
                "openssl ec -in out/tls.key -aes128 -passout pass:x -out enc1.key 2>/dev/null");
    assert_refused("out/tls.crt", "enc8.key", SCRATCH_NOW,
                   "enc8.key: the private key is encrypted; store it without a passphrase and "
                   "protect the file instead");
    assert_refused("out/tls.crt", "enc1.key", SCRATCH_NOW,
                   "enc1.key: the private key is encrypted; store it without a passphrase and "
                   "protect the file instead");
}

static void empty_and_half_written_files_are_refused(void **state)
{
    (void)state;
    scratch_issue("out");
    scratch_run(": >empty; head -c 100 out/tls.key >half.key; head -c 300 out/tls.crt >half.crt;"
                "head -c 26 out/tls.key >stub.key");
    assert_refused("empty", "out/tls.key", SCRATCH_NOW, "empty: the file is empty");
    assert_refused("out/tls.crt", "empty", SCRATCH_NOW, "empty: the file is empty");
    assert_refused("out/tls.crt", "half.key", SCRATCH_NOW,
                   "half.key: the private key is damaged or cut off; write the file completely "
                   "before its name is used");
    assert_refused("half.crt", "out/tls.key", SCRATCH_NOW,
                   "half.crt: certificate 1 of the file is damaged or cut off: OpenSSL: bad end "
                   "line; write the file completely before its name is used");
    assert_refused("out/tls.crt", "stub.key", SCRATCH_NOW,
                   "stub.key: the file holds no private key; a key is wanted in PEM form");
}

static void swapped_and_missing_files_are_refused(void **state)
{
    (void)state;
    scratch_issue("out");
    assert_refused("out/tls.key", "out/tls.crt", SCRATCH_NOW,
                   "out/tls.key: the file holds a private key; it is not shown and not served; "
                   "keep keys in a file of their own");
    assert_refused("out/tls.crt", "out/tls.crt", SCRATCH_NOW,
                   "out/tls.crt: the file holds no private key; a key is wanted in PEM form");
    assert_refused("gone.crt", "out/tls.key", SCRATCH_NOW,
                   "gone.crt: the file could not be read: No such file or directory");
    assert_refused("out/tls.crt", "gone.key", SCRATCH_NOW,
                   "gone.key: the file could not be read: No such file or directory");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(an_issued_pair_is_ready_to_serve),
        IN_SCRATCH(a_chain_is_served_whole_and_lasts_as_long_as_its_shortest),
        IN_SCRATCH(an_older_key_form_is_handed_on_as_pkcs8),
        IN_SCRATCH(a_readable_key_is_a_note),
        IN_SCRATCH(a_key_of_the_pods_group_is_none),
        IN_SCRATCH(the_names_that_are_asked_for_are_in_the_leaf),
        IN_SCRATCH(a_key_of_another_certificate_is_refused),
        IN_SCRATCH(dates_are_checked_at_the_moment_of_loading),
        IN_SCRATCH(a_chain_in_the_wrong_order_is_refused),
        IN_SCRATCH(a_certificate_that_names_no_host_is_refused),
        IN_SCRATCH(a_certificate_for_clients_is_refused),
        IN_SCRATCH(a_certificate_that_may_not_sign_is_refused),
        IN_SCRATCH(a_leaf_that_is_its_own_ca_is_accepted),
        IN_SCRATCH(an_encrypted_key_is_refused_without_asking),
        IN_SCRATCH(empty_and_half_written_files_are_refused),
        IN_SCRATCH(swapped_and_missing_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
