/* test_inspect.c: what `certs inspect` shows, and what it never does. */
#include "base/mem.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 65536, DAY = 24 * 60 * 60 };

static char *inspected(const char *file, int64_t now)
{
    struct buf out;
    struct err err = {0};

    buf_init(&out, OUT_MAX);
    if (!certs_inspect(file, now, &out, &err))
        fail_msg("%s: %s %s", err.where, err.what, err.why);
    return buf_take(&out);
}

static void assert_refused(const char *file, const char *text)
{
    struct buf out;
    struct err err = {0};

    buf_init(&out, OUT_MAX);
    assert_false(certs_inspect(file, SCRATCH_NOW, &out, &err));
    scratch_assert_err(&err, text);
    assert_int_equal(out.n, 0);
    buf_clear(&out);
}

static char *fingerprint(const char *file)
{
    AUTO(freep)
    char *command = xasprintf(
        "openssl x509 -in %s -noout -fingerprint -sha256 | cut -d= -f2 | tr -d '\\n' >fp", file);

    scratch_run(command);
    return scratch_read("fp");
}

static void a_chain_is_shown_one_block_each(void **state)
{
    AUTO(freep) char *leaf = NULL;
    AUTO(freep) char *ca = NULL;
    AUTO(freep) char *wanted = NULL;
    AUTO(freep) char *got = NULL;

    (void)state;
    scratch_issue("out");
    scratch_run("cat out/tls.crt out/ca.crt >chain.crt");
    leaf = fingerprint("out/tls.crt");
    ca = fingerprint("out/ca.crt");
    wanted = xasprintf("chain.crt: certificate 1 of 2\n"
                       "  subject  CN=a.example\n"
                       "  issuer   CN=syncguard CA\n"
                       "  names    DNS:a.example\n"
                       "  valid    2025-12-31T23:55:00Z to 2026-01-31T00:00:00Z (30 days left)\n"
                       "  key      EC prime256v1, 256 bits\n"
                       "  kind     leaf, for TLS servers\n"
                       "  SHA-256  %s\n"
                       "chain.crt: certificate 2 of 2\n"
                       "  subject  CN=syncguard CA\n"
                       "  issuer   CN=syncguard CA\n"
                       "  names    (none)\n"
                       "  valid    2025-12-31T23:55:00Z to 2026-03-02T00:00:00Z (60 days left)\n"
                       "  key      EC prime256v1, 256 bits\n"
                       "  kind     CA, path length 0\n"
                       "  SHA-256  %s\n",
                       leaf, ca);
    got = inspected("chain.crt", SCRATCH_NOW);
    assert_string_equal(got, wanted);
}

static void days_run_out_and_start(void **state)
{
    AUTO(freep) char *expired = NULL;
    AUTO(freep) char *early = NULL;

    (void)state;
    scratch_issue("out");
    expired = inspected("out/tls.crt", SCRATCH_NOW + INT64_C(33) * DAY);
    assert_non_null(strstr(expired, "2026-01-31T00:00:00Z (expired, 3 days ago)\n"));
    early = inspected("out/tls.crt", SCRATCH_NOW - INT64_C(5) * 60 - 90);
    assert_non_null(strstr(early, "2026-01-31T00:00:00Z (not valid for another 90 s)\n"));
}

static void foreign_certificates_are_shown_escaped(void **state)
{
    AUTO(freep) char *got = NULL;

    (void)state;
    scratch_run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c.crt -days 30 -utf8 "
                "-subj \"/CN=$(printf 'a\\033[31mb\\342\\200\\256c')\" "
                "-addext 'subjectAltName=IP:192.0.2.7,email:a@b,IP:2001:db8::1' "
                "-addext 'extendedKeyUsage=clientAuth' >log 2>&1 || { cat log; exit 1; }");
    got = inspected("c.crt", SCRATCH_NOW);
    assert_null(strchr(got, '\033'));
    assert_null(strstr(got, "\342\200\256"));
    assert_non_null(strstr(got, "  names    IP:192.0.2.7, IP:2001:db8::1\n"));
    assert_non_null(strstr(got, "  key      RSA, 2048 bits\n"));
    assert_non_null(strstr(got, "  kind     CA, not for TLS servers\n"));
}

static void key_files_are_refused_without_showing_them(void **state)
{
    (void)state;
    scratch_issue("out");
    scratch_run("cat out/tls.crt out/tls.key >both.pem");
    assert_refused("out/tls.key", "out/tls.key: the file holds a private key; it is not shown and "
                                  "not served; keep keys in a file of their own");
    assert_refused("both.pem", "both.pem: the file holds a private key; it is not shown and not "
                               "served; keep keys in a file of their own");
}

static void what_is_no_certificate_is_said(void **state)
{
    (void)state;
    scratch_issue("out");
    scratch_write("empty", "");
    scratch_write("text", "hello\n");
    scratch_run("head -c 300 out/tls.crt >half.crt; cat out/tls.crt half.crt >second.crt");
    scratch_run("mkdir d; mkfifo fifo; head -c 1048577 /dev/zero >large");
    scratch_run(
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do cat out/tls.crt; done >17.crt");
    assert_refused("empty", "empty: the file is empty");
    assert_refused("text", "text: the file holds no certificate; certificates are wanted in PEM "
                           "form");
    assert_refused("half.crt", "half.crt: certificate 1 of the file is damaged or cut off: "
                               "OpenSSL: bad end line; write the file completely before its name "
                               "is used");
    assert_refused("second.crt", "second.crt: certificate 2 of the file is damaged or cut off: "
                                 "OpenSSL: bad end line; write the file completely before its "
                                 "name is used");
    /* and nobody is asked for a password */
    scratch_run("sed 's/^-*BEGIN CERTIFICATE-*$/&\\nProc-Type: 4,ENCRYPTED\\nDEK-Info: "
                "AES-128-CBC,00112233445566778899AABBCCDDEEFF\\n/' out/tls.crt >encrypted.crt");
    assert_refused("encrypted.crt", "encrypted.crt: certificate 1 of the file is damaged or cut "
                                    "off: OpenSSL: bad password read; write the file completely "
                                    "before its name is used");
    assert_refused("17.crt", "17.crt: the file holds more than 16 certificates");
    assert_refused("gone", "gone: the file could not be read: No such file or directory");
    assert_refused("d", "d: the file could not be read: it is a directory");
    assert_refused("fifo", "fifo: the file could not be read: it is no regular file");
    assert_refused("large", "large: the file is larger than 1048576 bytes");
}

static void a_description_that_does_not_fit_is_an_error(void **state)
{
    struct buf out;
    struct err err = {0};

    (void)state;
    scratch_issue("out");
    buf_init(&out, 40);
    assert_false(certs_inspect("out/tls.crt", SCRATCH_NOW, &out, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    scratch_assert_err(&err, "out/tls.crt: its description is larger than 40 bytes");
    buf_clear(&out);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_chain_is_shown_one_block_each),
        IN_SCRATCH(days_run_out_and_start),
        IN_SCRATCH(foreign_certificates_are_shown_escaped),
        IN_SCRATCH(key_files_are_refused_without_showing_them),
        IN_SCRATCH(what_is_no_certificate_is_said),
        IN_SCRATCH(a_description_that_does_not_fit_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
