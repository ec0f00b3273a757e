/* test_issue.c: what `certs issue` writes, checked with OpenSSL's own command as well. */
#include "base/mem.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct certs_issue_options options_for(const char *const *names, size_t n)
{
    return (struct certs_issue_options){
        .directory = "out",
        .names = names,
        .n_names = n,
        .days = 30,
        .ca_days = 60,
        .now = SCRATCH_NOW,
    };
}

static void files_have_their_modes_and_openssl_verifies_them(void **state)
{
    const char *names[] = {"syncguard.syncguard.svc", "127.0.0.1", "::1", "*.a.example"};
    struct certs_issue_options o = options_for(names, ARRAY_LEN(names));
    struct err err = {0};

    (void)state;
    o.now = time(NULL);
    (void)umask(0); /* modes are ours, not the umask's */
    assert_true(certs_issue(&o, &err));
    assert_int_equal(scratch_mode("out"), 0700);
    assert_int_equal(scratch_mode("out/ca.key"), 0600);
    assert_int_equal(scratch_mode("out/tls.key"), 0600);
    assert_int_equal(scratch_mode("out/ca.crt"), 0644);
    assert_int_equal(scratch_mode("out/tls.crt"), 0644);
    scratch_run("test \"$(ls -A out | wc -l)\" = 4"); /* no temporary is left */
    scratch_run(
        "openssl verify -x509_strict -purpose sslserver -CAfile out/ca.crt "
        "-verify_hostname syncguard.syncguard.svc out/tls.crt >log 2>&1 || { cat log; exit 1; }");
    scratch_run("openssl verify -CAfile out/ca.crt -verify_ip 127.0.0.1 out/tls.crt >/dev/null");
    scratch_run("openssl verify -CAfile out/ca.crt -verify_ip ::1 out/tls.crt >/dev/null");
    scratch_run(
        "openssl verify -CAfile out/ca.crt -verify_hostname b.a.example out/tls.crt >/dev/null");
    scratch_run(
        "! openssl verify -CAfile out/ca.crt -verify_hostname other out/tls.crt >/dev/null 2>&1");
    scratch_run("openssl x509 -in out/tls.crt -noout -pubkey >a; openssl pkey -in out/tls.key "
                "-pubout >b; cmp a b");
    scratch_run("openssl x509 -in out/ca.crt -noout -pubkey >a; openssl pkey -in out/ca.key "
                "-pubout >b; cmp a b");
}

/* The extensions, as OpenSSL prints them. */
static void extensions_are_those_of_a_ca_and_of_a_server(void **state)
{
    AUTO(freep) char *ca = NULL;
    AUTO(freep) char *leaf = NULL;

    (void)state;
    scratch_issue("out");
    scratch_run(
        "openssl x509 -in out/ca.crt -noout -ext basicConstraints,keyUsage,extendedKeyUsage,"
        "subjectAltName >ca.txt 2>/dev/null");
    scratch_run("openssl x509 -in out/tls.crt -noout -ext basicConstraints,keyUsage,"
                "extendedKeyUsage,subjectAltName >leaf.txt");
    ca = scratch_read("ca.txt");
    leaf = scratch_read("leaf.txt");
    assert_string_equal(ca, "X509v3 Basic Constraints: critical\n"
                            "    CA:TRUE, pathlen:0\n"
                            "X509v3 Key Usage: critical\n"
                            "    Certificate Sign\n");
    assert_string_equal(leaf, "X509v3 Basic Constraints: critical\n"
                              "    CA:FALSE\n"
                              "X509v3 Key Usage: critical\n"
                              "    Digital Signature\n"
                              "X509v3 Extended Key Usage: \n"
                              "    TLS Web Server Authentication\n"
                              "X509v3 Subject Alternative Name: \n"
                              "    DNS:a.example\n");
    scratch_run(
        "openssl x509 -in out/tls.crt -noout -ext authorityKeyIdentifier | tail -1 | tr -d ' ' >a;"
        "openssl x509 -in out/ca.crt -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' ' >b;"
        "test -s a && cmp a b");
}

static void dates_start_five_minutes_early_and_serials_are_127_bits(void **state)
{
    AUTO(freep) char *dates = NULL;

    (void)state;
    scratch_issue("out");
    scratch_issue("again");
    scratch_run("openssl x509 -in out/tls.crt -noout -dates -dateopt iso_8601 >dates;"
                "openssl x509 -in out/ca.crt -noout -enddate -dateopt iso_8601 >>dates");
    dates = scratch_read("dates");
    assert_string_equal(dates, "notBefore=2025-12-31 23:55:00Z\n"
                               "notAfter=2026-01-31 00:00:00Z\n"
                               "notAfter=2026-03-02 00:00:00Z\n");
    /* serial=4… to 7…: 32 hexadecimal digits with bit 126 set. */
    scratch_run("for f in out/ca out/tls again/ca again/tls; do"
                " openssl x509 -in $f.crt -noout -serial; done >serials;"
                "test \"$(grep -Ec '^serial=[4-7][0-9A-F]{31}$' serials)\" = 4;"
                "test \"$(sort -u serials | wc -l)\" = 4");
}

static void an_existing_file_is_refused_by_name_and_left_alone(void **state)
{
    const char *names[] = {"a.example"};
    struct certs_issue_options o = options_for(names, 1);
    AUTO(freep) char *kept = NULL;
    struct err err = {0};

    (void)state;
    scratch_run("mkdir out");
    scratch_write("out/tls.crt", "mine\n");
    assert_false(certs_issue(&o, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    scratch_assert_err(&err, "out/tls.crt: the file exists already; choose another directory, or "
                             "pass --overwrite");
    kept = scratch_read("out/tls.crt");
    assert_string_equal(kept, "mine\n");
    scratch_run("test \"$(ls -A out)\" = tls.crt");
}

static void a_dangling_link_counts_as_an_existing_file(void **state)
{
    const char *names[] = {"a.example"};
    struct certs_issue_options o = options_for(names, 1);
    struct err err = {0};

    (void)state;
    scratch_run("mkdir out && ln -s nowhere out/ca.key");
    assert_false(certs_issue(&o, &err));
    scratch_assert_err(&err, "out/ca.key: the file exists already; choose another directory, or "
                             "pass --overwrite");
}

static void overwrite_replaces_all_four(void **state)
{
    const char *names[] = {"b.example"};
    struct certs_issue_options o = options_for(names, 1);
    struct err err = {0};

    (void)state;
    scratch_issue("out");
    scratch_run("cp -r out old && chmod 0644 out/tls.key");
    o.overwrite = true;
    assert_true(certs_issue(&o, &err));
    scratch_run("for f in ca.crt ca.key tls.crt tls.key; do"
                " if cmp -s out/$f old/$f; then exit 1; fi; done");
    assert_int_equal(scratch_mode("out/tls.key"), 0600);
}

static void what_cannot_be_written_names_the_path(void **state)
{
    const char *names[] = {"a.example"};
    struct certs_issue_options o = options_for(names, 1);
    struct err err = {0};

    (void)state;
    o.directory = "no/such/place";
    assert_false(certs_issue(&o, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    scratch_assert_err(&err, "no/such/place: the directory could not be made: No such file or "
                             "directory");
    err_clear(&err);
    scratch_write("file", "");
    o.directory = "file";
    assert_false(certs_issue(&o, &err));
    scratch_assert_err(&err, "file/ca.key: the file could not be written: Not a directory");
}

static void wrong_options_are_refused_before_anything_is_written(void **state)
{
    static const struct {
        const char *name;
        unsigned days;
        unsigned ca_days;
        const char *says;
    } rows[] = {
        {"", 30, 60, "\"\" is neither a DNS name nor an IP address"},
        {"a..b", 30, 60, "\"a..b\" is neither a DNS name nor an IP address"},
        {"-a.b", 30, 60, "\"-a.b\" is neither a DNS name nor an IP address"},
        {"a.*.b", 30, 60, "\"a.*.b\" is neither a DNS name nor an IP address"},
        {"a,DNS:evil", 30, 60, "\"a,DNS:evil\" is neither a DNS name nor an IP address"},
        {"a.b", 0, 60, "the certificate's validity of 0 days is not 1 to 825"},
        {"a.b", 826, 900, "the certificate's validity of 826 days is not 1 to 825"},
        {"a.b", 30, 29, "the CA's validity of 29 days is not 30 (the certificate's) to 36500"},
        {"a.b", 30, 36501,
         "the CA's validity of 36501 days is not 30 (the certificate's) to 36500"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct certs_issue_options o = options_for(&rows[i].name, 1);
        struct err err = {0};

        o.days = rows[i].days;
        o.ca_days = rows[i].ca_days;
        assert_false(certs_issue(&o, &err));
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_string_equal(err.what, rows[i].says);
        assert_int_not_equal(access("out", F_OK), 0);
    }
}

static void no_name_is_refused(void **state)
{
    struct certs_issue_options o = options_for(NULL, 0);
    struct err err = {0};

    (void)state;
    assert_false(certs_issue(&o, &err));
    scratch_assert_err(&err, "a certificate wants 1 to 64 names, got 0; give each DNS name or IP "
                             "address with --name");
}

static void a_name_too_long_for_a_common_name_is_still_a_name(void **state)
{
    const char *names[] = {
        "a-rather-long-service-name-indeed.a-rather-long-namespace-name.svc.cluster.local"};
    struct certs_issue_options o = options_for(names, 1);
    struct err err = {0};

    (void)state;
    assert_true(certs_issue(&o, &err));
    scratch_run("openssl x509 -in out/tls.crt -noout -checkhost "
                "a-rather-long-service-name-indeed.a-rather-long-namespace-name.svc.cluster.local"
                " | grep -q 'does match'");
    scratch_run("openssl x509 -in out/tls.crt -noout -subject | grep -qx 'subject=CN = syncguard'");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(files_have_their_modes_and_openssl_verifies_them),
        IN_SCRATCH(extensions_are_those_of_a_ca_and_of_a_server),
        IN_SCRATCH(dates_start_five_minutes_early_and_serials_are_127_bits),
        IN_SCRATCH(an_existing_file_is_refused_by_name_and_left_alone),
        IN_SCRATCH(a_dangling_link_counts_as_an_existing_file),
        IN_SCRATCH(overwrite_replaces_all_four),
        IN_SCRATCH(what_cannot_be_written_names_the_path),
        IN_SCRATCH(wrong_options_are_refused_before_anything_is_written),
        IN_SCRATCH(no_name_is_refused),
        IN_SCRATCH(a_name_too_long_for_a_common_name_is_still_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
