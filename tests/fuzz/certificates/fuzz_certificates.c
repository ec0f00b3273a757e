/* A certificate file, and a key file behind a line of an equals sign: inspected, taken for a pair
 * by themselves and behind a pair that is good, and taken for a bundle; whatever they hold, each is
 * taken or refused with a reason, and no key is ever printed. */
#include "base/mem.h"
#include "certs/certs.h"
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1795500000, TEXT_MAX = 8192 };

/* A pair of this process, so that no key is saved anywhere. */
static char good_certificate[TEXT_MAX];
static char good_key[TEXT_MAX];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void take(int directory, const char *name, char out[TEXT_MAX])
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, out, TEXT_MAX - 1);

    require(fd >= 0 && n > 0);
    out[n] = '\0';
    (void)close(fd);
}

static void make_good(void)
{
    static const char *const names[] = {"localhost"};
    char path[] = "/tmp/syncguard-fuzz-XXXXXX";
    int directory = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    struct certs_issue_options o = {
        .directory = path, .names = names, .n_names = 1, .days = 9, .ca_days = 9, .now = NOW};
    static const char *const files[] = {"ca.crt", "ca.key", "tls.crt", "tls.key"};
    struct err err = {0};

    require(directory >= 0 && certs_issue(&o, &err));
    take(directory, "tls.crt", good_certificate);
    take(directory, "tls.key", good_key);
    for (size_t i = 0; i < 4; i++)
        (void)unlinkat(directory, files[i], 0);
    (void)close(directory);
    (void)rmdir(path);
}

/* A file that is nowhere in the file system. */
static int keep(const char *before, const char *p, size_t n, char path[32])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    size_t n_before = strlen(before);

    require(fd >= 0 && write(fd, before, n_before) == (ssize_t)n_before &&
            write(fd, p, n) == (ssize_t)n);
    (void)snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static void inspect(const char *file)
{
    AUTO(buf_clearp) struct buf out = {0};
    struct err err = {0};

    buf_init(&out, 1024 * 1024); /* a file is smaller */
    if (certs_inspect(file, NOW, &out, &err))
        require(out.n > 0 && !memmem(out.p, out.n, "PRIVATE KEY", 11));
    else
        require(err.kind != ERR_NONE && err.what[0]);
}

static void load(const char *certificate, const char *key)
{
    AUTO(certs_pair_freep) struct certs_pair *pair = NULL;
    struct err err = {0};

    if (certs_pair_load(certificate, key, NOW, &pair, &err))
        require(pair->certificate_pem && pair->key_pem && pair->not_after > NOW &&
                !strstr(pair->certificate_pem, "PRIVATE KEY"));
    else
        require(!pair && err.kind != ERR_NONE && err.what[0]);
}

static void serve(const char *certificate)
{
    AUTO(certs_serving_freep) struct certs_serving *serving = NULL;
    struct err err = {0};

    if (certs_serving_load(certificate, &serving, &err))
        (void)certs_serving_verify(serving, STR("LS0t"), STR("localhost"), NOW);
    else
        require(!serving && err.kind != ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *between = size ? memmem(text, size, "\n=\n", 3) : NULL;
    size_t n = between ? (size_t)(between - text) + 1 : size;
    size_t n_key = between ? size - n - 2 : 0;

    if (!good_key[0])
        make_good();
    for (int behind = 0; behind < 2; behind++) {
        char certificate[32];
        char key[32];
        int certificate_fd = keep(behind ? good_certificate : "", text, n, certificate);
        int key_fd = keep(behind ? good_key : "", between ? between + 3 : "", n_key, key);

        inspect(certificate);
        load(certificate, key);
        serve(certificate);
        (void)close(certificate_fd);
        (void)close(key_fd);
    }
    (void)certs_bundle_check((struct str){text, n}, NOW);
    return 0;
}
