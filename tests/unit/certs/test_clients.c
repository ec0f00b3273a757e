/* test_clients.c: whose certificates are let in, and what is said of the others. */
#include "base/mem.h"
#include "certs/clients.h"
#include "scratch.h"
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 24 * 60 * 60, SHOWN_MAX = 20 };

static int64_t now;

/* make_ca NAME SUBJECT; make_leaf NAME CA SUBJECT EXTENSIONS: 10 days, the CA 20. */
#define PKI                                                                                        \
    "key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';"                                    \
    "make_ca() { openssl req -x509 $key -keyout $1.key -out $1.crt -days 20 -subj \"$2\" "         \
    "-addext keyUsage=critical,keyCertSign 2>log || cat log; };"                                   \
    "make_leaf() { openssl req -new $key -keyout $1.key -out $1.csr -utf8 -subj \"$3\" 2>log && "  \
    "printf \"$4\" >$1.ext && openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -days 10 "     \
    "-CAcreateserial -extfile $1.ext -out $1.crt 2>log || cat log; };"
#define FOR_CLIENTS "extendedKeyUsage=clientAuth\\n"

static struct certs_clients *load(const char *file, char *const *names, size_t n)
{
    struct certs_clients *clients = NULL;
    struct err err = {0};

    if (!certs_clients_load(file, names, n, now, &clients, &err))
        fail_msg("%s: %s %s", err.where, err.what, err.why);
    return clients;
}

static struct certs_clients *load_for(const char *file, const char *name)
{
    char *names[] = {(char[]){"other"}, xstrdup(name)};
    struct certs_clients *clients = load(file, names, 2);

    free(names[1]);
    return clients;
}

/* What a client shows: every certificate of the file, as DER. */
static bool check(const struct certs_clients *clients, const char *file, int64_t at,
                  struct err *err)
{
    struct certs_der shown[SHOWN_MAX];
    size_t n = 0;
    BIO *in = BIO_new_file(file, "r");
    X509 *certificate;
    bool good;

    assert_non_null(in);
    while (n < SHOWN_MAX && (certificate = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        unsigned char *der = NULL;

        shown[n].n = (size_t)i2d_X509(certificate, &der);
        shown[n++].bytes = der;
        X509_free(certificate);
    }
    (void)BIO_free(in);
    good = certs_clients_check(clients, shown, n, at, err);
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)shown[i].bytes);
    return good;
}

static void assert_let_in(const struct certs_clients *clients, const char *file)
{
    struct err err = {0};

    if (!check(clients, file, now, &err))
        fail_msg("%s: %s: %s", file, err.what, err.why);
}

static void assert_refused_at(const struct certs_clients *clients, const char *file, int64_t at,
                              const char *text)
{
    struct err err = {0};

    assert_false(check(clients, file, at, &err));
    scratch_assert_err(&err, text);
}

static void assert_refused(const struct certs_clients *clients, const char *file, const char *text)
{
    assert_refused_at(clients, file, now, text);
}

static void a_listed_name_is_let_in(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;
    AUTO(certs_clients_unrefp) struct certs_clients *dns = NULL;
    AUTO(certs_clients_unrefp) struct certs_clients *uri = NULL;

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_leaf a ca /O=system:masters/CN=kube-apiserver " //
                    "'" FOR_CLIENTS "';"
                    "make_leaf b ca /CN=x '" FOR_CLIENTS
                    "subjectAltName=DNS:API.example,URI:spiffe://a/b'");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_let_in(clients, "a.crt");
    assert_refused(clients, "b.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is CN=x, "
                   "for DNS:API.example");
    dns = load_for("ca.crt", "api.example");
    assert_let_in(dns, "b.crt");
    assert_refused(dns, "a.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is "
                   "CN=kube-apiserver,O=system:masters");
    uri = load_for("ca.crt", "spiffe://a/b");
    assert_let_in(uri, "b.crt");
}

static void names_are_compared_whole(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_leaf more ca /CN=kube-apiserver2 '" FOR_CLIENTS "';"
                    "make_leaf less ca /CN=kube-apiserve '" FOR_CLIENTS "';"
                    "make_leaf case ca /CN=Kube-Apiserver '" FOR_CLIENTS "';"
                    "make_leaf two ca /CN=x/CN=kube-apiserver '" FOR_CLIENTS "';"
                    "make_leaf star ca /CN=x '" FOR_CLIENTS "subjectAltName=DNS:*';"
                    "make_leaf mail ca /CN=x '" FOR_CLIENTS "subjectAltName=email:kube-apiserver'");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_refused(clients, "more.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is "
                   "CN=kube-apiserver2");
    assert_refused(clients, "less.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is "
                   "CN=kube-apiserve");
    assert_refused(clients, "case.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is "
                   "CN=Kube-Apiserver");
    assert_refused(clients, "two.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is "
                   "CN=kube-apiserver,CN=x");
    assert_refused(clients, "star.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is CN=x, "
                   "for DNS:*");
    assert_refused(clients, "mail.crt",
                   "the client's certificate bears none of tls.clientNames: its subject is CN=x");
}

static void a_name_cannot_forge_a_line(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_leaf a ca \"$(printf '/CN=x\\n{\"event\":1}')\" "
                    "'" FOR_CLIENTS "'");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_false(check(clients, "a.crt", now, &err));
    assert_null(strchr(err_text(&err, text), '\n'));
    assert_non_null(strstr(text, "event"));
}

static void what_is_not_for_clients_is_refused(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;

    (void)state;
    scratch_run(PKI
                "make_ca ca /CN=ca;"
                "make_leaf server ca /CN=kube-apiserver 'extendedKeyUsage=serverAuth';"
                "make_leaf any ca /CN=kube-apiserver 'basicConstraints=CA:FALSE';"
                "make_leaf both ca /CN=kube-apiserver 'extendedKeyUsage=serverAuth,clientAuth'");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_refused(clients, "server.crt",
                   "the client's certificate is not for TLS clients: its subject is "
                   "CN=kube-apiserver");
    assert_refused(clients, "any.crt",
                   "the client's certificate is not for TLS clients: its subject is "
                   "CN=kube-apiserver");
    assert_let_in(clients, "both.crt");
}

static void dates_count_at_the_moment_of_checking(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_leaf a ca /CN=kube-apiserver '" FOR_CLIENTS "'");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_refused_at(clients, "a.crt", now + INT64_C(11) * DAY,
                      "the client's certificate or one it rests on has expired: its subject is "
                      "CN=kube-apiserver");
    assert_refused_at(clients, "a.crt", now - DAY,
                      "the client's certificate or one it rests on is not valid yet: its subject "
                      "is CN=kube-apiserver");
    assert_refused_at(clients, "a.crt", now + INT64_C(21) * DAY,
                      "the client's certificate or one it rests on has expired: its subject is "
                      "CN=kube-apiserver");
}

static void another_ca_is_refused(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_ca other /CN=other; make_ca twin /CN=ca;"
                    "make_leaf a other /CN=kube-apiserver '" FOR_CLIENTS "';"
                    "make_leaf b twin /CN=kube-apiserver '" FOR_CLIENTS
                    "authorityKeyIdentifier=none\\n';"
                    "make_ca self /CN=kube-apiserver; cat a.crt other.crt >chain.crt");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_refused(clients, "a.crt",
                   "the client's certificate does not come from tls.clientCA: its subject is "
                   "CN=kube-apiserver");
    assert_refused(clients, "chain.crt",
                   "the client's certificate does not come from tls.clientCA: its subject is "
                   "CN=kube-apiserver");
    assert_refused(clients, "self.crt",
                   "the client's certificate is signed by itself: its subject is "
                   "CN=kube-apiserver");
    assert_refused(clients, "b.crt",
                   "the client's certificate names tls.clientCA as its issuer, which did not sign "
                   "it: its subject is CN=kube-apiserver");
}

static void an_overlapping_bundle_lets_in_clients_of_both(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *both = NULL;
    AUTO(certs_clients_unrefp) struct certs_clients *later = NULL;

    (void)state;
    /* the same subject, no key identifiers: only trying tells them apart */
    scratch_run(
        PKI "make_ca one /CN=ca; make_ca two /CN=ca; cat one.crt two.crt >both.crt;"
            "make_leaf a one /CN=kube-apiserver '" FOR_CLIENTS "authorityKeyIdentifier=none\\n';"
            "make_leaf b two /CN=kube-apiserver '" FOR_CLIENTS "authorityKeyIdentifier=none\\n'");
    both = load_for("both.crt", "kube-apiserver");
    assert_let_in(both, "a.crt");
    assert_let_in(both, "b.crt");
    later = load_for("two.crt", "kube-apiserver");
    assert_let_in(later, "b.crt");
    assert_false(certs_clients_same(both, later));
}

static void an_intermediate_is_taken_from_what_is_shown(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *root = NULL;
    AUTO(certs_clients_unrefp) struct certs_clients *pinned = NULL;

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_leaf middle ca /CN=middle "
                    "'basicConstraints=critical,CA:TRUE\\nkeyUsage=keyCertSign\\n';"
                    "make_leaf a middle /CN=kube-apiserver '" FOR_CLIENTS "';"
                    "cat a.crt middle.crt >chain.crt");
    root = load_for("ca.crt", "kube-apiserver");
    assert_let_in(root, "chain.crt");
    assert_refused(root, "a.crt",
                   "the client's certificate does not come from tls.clientCA: its subject is "
                   "CN=kube-apiserver");
    pinned = load_for("middle.crt", "kube-apiserver");
    assert_let_in(pinned, "a.crt");
}

static void weak_keys_are_refused(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;
    struct certs_clients *none = NULL;
    struct err err = {0};

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; key='-newkey rsa:1024 -nodes';"
                    "make_leaf a ca /CN=kube-apiserver '" FOR_CLIENTS "'; make_ca weak /CN=weak");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_refused(clients, "a.crt",
                   "the client's certificate or one it rests on has too short a key or too weak a "
                   "signature: its subject is CN=kube-apiserver");
    assert_false(certs_clients_load("weak.crt", NULL, 0, now, &none, &err));
    scratch_assert_err(&err, "weak.crt: certificate 1 (CN=weak) has too short a key (RSA wants "
                             "2048 bits, ECDSA 224)");
}

static void nothing_and_garbage_are_refused(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *clients = NULL;
    const struct certs_der garbage[] = {{(const unsigned char *)"0\x03\x02\x01\x01", 5}};
    struct err err = {0};

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_leaf a ca /CN=kube-apiserver '" FOR_CLIENTS "';"
                    "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do cat a.crt; done >many");
    clients = load_for("ca.crt", "kube-apiserver");
    assert_false(certs_clients_check(clients, NULL, 0, now, &err));
    scratch_assert_err(&err, "the client has shown no certificate");
    err = (struct err){0};
    assert_false(certs_clients_check(clients, garbage, 1, now, &err));
    scratch_assert_err(&err, "certificate 1 of the client is damaged");
    assert_refused(clients, "many", "the client has shown more than 16 certificates");
}

static void assert_no_ca(const char *file, int64_t at, const char *text)
{
    struct certs_clients *none = NULL;
    struct err err = {0};

    assert_false(certs_clients_load(file, NULL, 0, at, &none, &err));
    scratch_assert_err(&err, text);
}

static void what_is_no_ca_is_refused(void **state)
{
    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; make_leaf a ca /CN=a '" FOR_CLIENTS "'; : >empty;"
                    "cat ca.crt a.crt >mixed; mkfifo pipe; head -c 300 ca.crt >half");
    assert_no_ca("a.crt", now,
                 "a.crt: certificate 1 (CN=a) is no CA; name the CA that issues the clients' "
                 "certificates");
    assert_no_ca("mixed", now,
                 "mixed: certificate 2 (CN=a) is no CA; name the CA that issues the clients' "
                 "certificates");
    assert_no_ca("ca.crt", now + INT64_C(30) * DAY,
                 "ca.crt: none of the client CA's certificates is valid now; put a CA certificate "
                 "there that is, or check this machine's clock");
    assert_no_ca("empty", now, "empty: the file is empty");
    assert_no_ca("pipe", now, "pipe: the file could not be read: it is no regular file");
    assert_no_ca("ca.key", now,
                 "ca.key: the file holds a private key; it is not shown and not served; keep keys "
                 "in a file of their own");
    assert_no_ca("half", now,
                 "half: certificate 1 of the file is damaged or cut off: OpenSSL: bad end line; "
                 "write the file completely before its name is used");
}

static void the_same_clients_are_known_again(void **state)
{
    AUTO(certs_clients_unrefp) struct certs_clients *one = NULL;
    AUTO(certs_clients_unrefp) struct certs_clients *again = NULL;
    AUTO(certs_clients_unrefp) struct certs_clients *other = NULL;

    (void)state;
    scratch_run(PKI "make_ca ca /CN=ca; { echo comment; cat ca.crt; } >again.crt");
    one = load_for("ca.crt", "a");
    again = load_for("again.crt", "a");
    other = load_for("ca.crt", "b");
    assert_true(certs_clients_same(one, again));
    assert_false(certs_clients_same(one, other));
    assert_false(certs_clients_same(one, NULL));
    assert_false(certs_clients_same(NULL, one));
    assert_true(certs_clients_same(NULL, NULL));
    assert_true(certs_clients_not_after(one) - now - INT64_C(20) * DAY < 60);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_listed_name_is_let_in),
        IN_SCRATCH(names_are_compared_whole),
        IN_SCRATCH(a_name_cannot_forge_a_line),
        IN_SCRATCH(what_is_not_for_clients_is_refused),
        IN_SCRATCH(dates_count_at_the_moment_of_checking),
        IN_SCRATCH(another_ca_is_refused),
        IN_SCRATCH(an_overlapping_bundle_lets_in_clients_of_both),
        IN_SCRATCH(an_intermediate_is_taken_from_what_is_shown),
        IN_SCRATCH(weak_keys_are_refused),
        IN_SCRATCH(nothing_and_garbage_are_refused),
        IN_SCRATCH(what_is_no_ca_is_refused),
        IN_SCRATCH(the_same_clients_are_known_again),
    };

    now = time(NULL) + 3600; /* later than any certificate that a slow machine makes here */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
