/* load.c: sends one request over kept TLS connections for some seconds and counts the answers. */
#include "base/mem.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BODY_MAX_BYTES = 8 * 1024 * 1024, ANSWER_MAX_BYTES = 64 * 1024 };

struct load {
    SSL_CTX *tls;
    unsigned port;
    char *request;
    size_t n_request;
    double until;
};

struct worker {
    const struct load *load;
    pthread_t thread;
    unsigned long answered;
    unsigned long failed;
};

static double seconds_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static SSL *dial(const struct load *load)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    SSL *ssl;

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return NULL;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ssl = SSL_new(load->tls);
    (void)SSL_set_fd(ssl, fd);
    (void)SSL_set_tlsext_host_name(ssl, "localhost");
    if (SSL_connect(ssl) == 1)
        return ssl;
    SSL_free(ssl);
    (void)close(fd);
    return NULL;
}

/* Reads one answer; true for a 200 read whole. */
static bool read_answer(SSL *ssl, char *room)
{
    size_t n = 0;
    char *end = NULL;
    char *length;
    size_t wanted;

    while (!end) {
        int got = SSL_read(ssl, room + n, (int)(ANSWER_MAX_BYTES - 1 - n));

        if (got <= 0)
            return false;
        n += (size_t)got;
        room[n] = '\0';
        end = strstr(room, "\r\n\r\n");
    }
    length = strcasestr(room, "\r\nContent-Length:");
    if (!length)
        return false;
    wanted = (size_t)(end + 4 - room) + strtoul(length + 17, NULL, 10);
    while (n < wanted) {
        int got = SSL_read(ssl, room + n, (int)(ANSWER_MAX_BYTES - 1 - n));

        if (got <= 0)
            return false;
        n += (size_t)got;
    }
    return strncmp(room, "HTTP/1.1 200", 12) == 0;
}

static void *work(void *data)
{
    struct worker *w = data;
    const struct load *load = w->load;
    char *room = xmalloc(ANSWER_MAX_BYTES);
    SSL *ssl = dial(load);

    while (seconds_now() < load->until) {
        if (!ssl) {
            w->failed++;
            break;
        }
        if (SSL_write(ssl, load->request, (int)load->n_request) == (int)load->n_request &&
            read_answer(ssl, room)) {
            w->answered++;
            continue;
        }
        w->failed++;
        SSL_free(ssl);
        ssl = dial(load);
    }
    if (ssl)
        SSL_free(ssl);
    free(room);
    return NULL;
}

static void make_request(struct load *load, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *body = xmalloc(BODY_MAX_BYTES);
    size_t n = file ? fread(body, 1, BODY_MAX_BYTES, file) : 0;
    char *head;
    size_t n_head;

    if (!file || n == 0) {
        perror(path);
        exit(2);
    }
    (void)fclose(file);
    head = xasprintf("POST /validate?timeout=10s HTTP/1.1\r\nHost: localhost\r\n"
                     "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                     n);
    n_head = strlen(head);
    load->request = xmalloc(n_head + n);
    memcpy(load->request, head, n_head);
    memcpy(load->request + n_head, body, n);
    load->n_request = n_head + n;
    free(head);
    free(body);
}

int main(int argc, char **argv)
{
    struct load load = {0};
    struct worker *workers;
    unsigned n_workers;
    double seconds;
    double start;
    unsigned long answered = 0;
    unsigned long failed = 0;

    if (argc != 6) {
        (void)fprintf(stderr, "usage: load PORT CA BODY CONNECTIONS SECONDS\n");
        return 2;
    }
    load.port = (unsigned)strtoul(argv[1], NULL, 10);
    load.tls = SSL_CTX_new(TLS_client_method());
    if (!load.tls || SSL_CTX_load_verify_locations(load.tls, argv[2], NULL) != 1) {
        (void)fprintf(stderr, "%s: no certificates\n", argv[2]);
        return 2;
    }
    SSL_CTX_set_verify(load.tls, SSL_VERIFY_PEER, NULL);
    make_request(&load, argv[3]);
    n_workers = (unsigned)strtoul(argv[4], NULL, 10);
    seconds = strtod(argv[5], NULL);
    workers = xcalloc(n_workers, sizeof *workers);
    start = seconds_now();
    load.until = start + seconds;
    for (unsigned i = 0; i < n_workers; i++) {
        workers[i].load = &load;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return 2;
    }
    for (unsigned i = 0; i < n_workers; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        answered += workers[i].answered;
        failed += workers[i].failed;
    }
    (void)printf("%.0f %lu\n", (double)answered / (seconds_now() - start), failed);
    free(workers);
    free(load.request);
    SSL_CTX_free(load.tls);
    return failed != 0;
}
