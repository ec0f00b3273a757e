/* client.c: a TLS client that behaves like an API server's, or badly on purpose. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 1024 * 1024,
    ADDRESSES_MAX = 4,
    PATIENCE_S = 60,         /* after which an answer, or a cut, counts as missing */
    CONNECT_TRIES_MS = 20000 /* how long no replica at all may be reachable */
};

struct plan {
    SSL_CTX *tls;
    const char *ca;
    struct sockaddr_in to[ADDRESSES_MAX];
    size_t n_to;
    char *request; /* headers and body */
    size_t n_request;
    long n_wanted;     /* answers in all */
    const char *until; /* goes on until this file exists as well; NULL: not */
    const char *own;   /* PEM file of the client's certificate and key; NULL: none */
    _Atomic long answered;
    _Atomic long failed;
    _Atomic long connected;
    _Atomic long told_to_close;
    _Atomic long closed_idle;
    _Atomic long refused;
    _Atomic long overloaded; /* 503 with Retry-After */
    _Atomic long other;      /* any status but 200 and that 503 */
    _Atomic long allowed;    /* answers that let the object pass */
};

struct link {
    int fd;
    SSL *tls;
    SSL_CTX *context; /* a worker's own: the thread sanitizer does not see OpenSSL's locks */
};

struct answer {
    int status;
    bool closes;
    bool retry_after;
    bool allows;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(2);
}

static long now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void hang_up(struct link *l)
{
    SSL_free(l->tls);
    if (l->fd >= 0)
        (void)close(l->fd);
    *l = (struct link){.fd = -1, .context = l->context};
}

static bool dial(const struct plan *p, size_t which, struct link *l)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int on = 1;

    l->tls = NULL;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        die("socket");
    (void)setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(l->fd, (const struct sockaddr *)&p->to[which % p->n_to], sizeof p->to[0]) != 0) {
        hang_up(l);
        return false;
    }
    return true;
}

/* The file may be exchanged between its two readings: then the key does not belong to the
 * certificate, and both are read again. */
static bool use_own(SSL *tls, const char *file)
{
    for (int i = 0; i < 100; i++)
        if (SSL_use_certificate_chain_file(tls, file) == 1 &&
            SSL_use_PrivateKey_file(tls, file, SSL_FILETYPE_PEM) == 1 &&
            SSL_check_private_key(tls) == 1)
            return true;
    die(file);
    return false;
}

static bool agree(const struct plan *p, struct link *l)
{
    l->tls = SSL_new(l->context ? l->context : p->tls);
    if (!l->tls || (p->own && !use_own(l->tls, p->own)) || SSL_set_fd(l->tls, l->fd) != 1 ||
        SSL_connect(l->tls) != 1) {
        hang_up(l);
        return false;
    }
    return true;
}

/* A number; what is none is 0. */
static long number(const char *text)
{
    return strtol(text, NULL, 10);
}

/* The value of a header, whose name is given with its colon; NULL without one. */
static const char *find_header(const char *head, const char *name)
{
    for (const char *line = head; line; line = strstr(line, "\r\n")) {
        line += line == head ? 0 : 2;
        if (strncasecmp(line, name, strlen(name)) == 0)
            return line + strlen(name) + strspn(line + strlen(name), " ");
    }
    return NULL;
}

/* Reads one answer whole. */
static bool read_answer(struct link *l, struct answer *out)
{
    char *bytes = malloc(ANSWER_MAX + 1);
    size_t n = 0;
    size_t n_wanted = 0;
    bool complete = false;

    if (!bytes)
        die("malloc");
    while (!complete && n < ANSWER_MAX) {
        int n_read = SSL_read(l->tls, bytes + n, (int)(ANSWER_MAX - n));
        const char *end;

        if (n_read <= 0)
            break;
        n += (size_t)n_read;
        bytes[n] = '\0';
        end = strstr(bytes, "\r\n\r\n");
        if (end && n_wanted == 0) {
            const char *length = find_header(bytes, "Content-Length:");
            const char *connection = find_header(bytes, "Connection:");

            if (!length)
                break;
            n_wanted = (size_t)(end + 4 - bytes) + strtoul(length, NULL, 10);
            out->status = (int)number(bytes + strlen("HTTP/1.1 "));
            out->closes = connection && strncasecmp(connection, "close", 5) == 0;
            out->retry_after = find_header(bytes, "Retry-After:") != NULL;
        }
        complete = n_wanted && n >= n_wanted;
    }
    out->allows = complete && strstr(bytes, "\"allowed\":true");
    free(bytes);
    return complete;
}

static bool send_all(struct link *l, const char *bytes, size_t n)
{
    return SSL_write(l->tls, bytes, (int)n) == (int)n;
}

/* Whether the peer has closed or said something while nothing was asked: Go's client notices that
 * before it sends a request, and takes another connection. */
static bool is_gone(const struct link *l)
{
    struct pollfd ready = {.fd = l->fd, .events = POLLIN};
    char byte;

    if (poll(&ready, 1, 0) == 0)
        return false;
    /* Session tickets of TLS 1.3 arrive unasked as well; they are read here. */
    (void)fcntl(l->fd, F_SETFL, O_NONBLOCK);
    switch (SSL_get_error(l->tls, SSL_peek(l->tls, &byte, 1))) {
    case SSL_ERROR_WANT_READ:
        (void)fcntl(l->fd, F_SETFL, 0);
        return false;
    default:
        return true;
    }
}

static void count(struct plan *p, const struct answer *a)
{
    if (a->status == 503 && a->retry_after)
        (void)atomic_fetch_add(&p->overloaded, 1);
    else if (a->status != 200)
        (void)atomic_fetch_add(&p->other, 1);
    if (a->allows)
        (void)atomic_fetch_add(&p->allowed, 1);
    (void)atomic_fetch_add(&p->answered, 1);
}

static bool is_done(const struct plan *p)
{
    return atomic_load(&p->answered) >= p->n_wanted && (!p->until || access(p->until, F_OK) == 0);
}

/* A connection to any replica; no byte of a request is at stake, so trying on is no failure. */
static SSL_CTX *make_tls(const char *ca);

static bool connect_somewhere(struct plan *p, struct link *l, size_t first)
{
    long end = now_ms() + CONNECT_TRIES_MS;

    for (size_t i = first; now_ms() < end; i++) {
        if (dial(p, i, l) && agree(p, l)) {
            (void)atomic_fetch_add(&p->connected, 1);
            return true;
        }
        (void)atomic_fetch_add(&p->refused, 1);
        (void)usleep(10 * 1000);
    }
    return false;
}

struct worker {
    struct plan *plan;
    size_t index;
};

static void *load_worker(void *arg)
{
    const struct worker *w = arg;
    struct plan *p = w->plan;
    struct link l = {.fd = -1, .context = make_tls(p->ca)};

    for (size_t n = w->index; !is_done(p);) {
        struct answer a = {0};

        if (l.fd >= 0 && is_gone(&l)) {
            (void)atomic_fetch_add(&p->closed_idle, 1);
            hang_up(&l);
        }
        if (l.fd < 0 && !connect_somewhere(p, &l, n++)) {
            (void)atomic_fetch_add(&p->failed, 1);
            break;
        }
        if (!send_all(&l, p->request, p->n_request) || !read_answer(&l, &a)) {
            (void)atomic_fetch_add(&p->failed, 1);
            hang_up(&l);
            continue;
        }
        count(p, &a);
        if (a.closes) {
            (void)atomic_fetch_add(&p->told_to_close, 1);
            hang_up(&l);
        }
    }
    hang_up(&l);
    SSL_CTX_free(l.context);
    return NULL;
}

/* n threads, each with a connection it keeps. */
static void run_load(struct plan *p, size_t n)
{
    pthread_t *threads = calloc(n, sizeof *threads);
    struct worker *workers = calloc(n, sizeof *workers);

    if (!threads || !workers)
        die("calloc");
    for (size_t i = 0; i < n; i++) {
        workers[i] = (struct worker){p, i};
        if (pthread_create(&threads[i], NULL, load_worker, &workers[i]) != 0)
            die("pthread_create");
    }
    for (size_t i = 0; i < n; i++)
        (void)pthread_join(threads[i], NULL);
    free(threads);
    free(workers);
}

/* n connections at once, opened first, then one request on each, then the answers. */
static void run_crowd(struct plan *p, size_t n)
{
    struct link *links = calloc(n, sizeof *links);
    bool *sent = calloc(n, sizeof *sent);

    if (!links || !sent)
        die("calloc");
    for (size_t i = 0; i < n; i++) {
        if (dial(p, 0, &links[i]) && agree(p, &links[i]))
            (void)atomic_fetch_add(&p->connected, 1);
        else
            (void)atomic_fetch_add(&p->refused, 1);
    }
    for (size_t i = 0; i < n; i++)
        sent[i] = links[i].tls && send_all(&links[i], p->request, p->n_request);
    for (size_t i = 0; i < n; i++) {
        struct answer a = {0};

        if (sent[i] && read_answer(&links[i], &a))
            count(p, &a);
        else
            (void)atomic_fetch_add(&p->failed, 1);
    }
    for (size_t i = 0; i < n; i++)
        hang_up(&links[i]);
    free(links);
    free(sent);
}

/* A byte a second, as an attacker who wants to hold a connection sends them. */
static bool trickle(struct link *l, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && i < PATIENCE_S; i++) {
        struct pollfd ready = {.fd = l->fd, .events = POLLIN};
        char byte;
        bool sent = l->tls ? SSL_write(l->tls, bytes + i, 1) == 1
                           : send(l->fd, bytes + i, 1, MSG_NOSIGNAL) == 1;

        if (!sent)
            return true;
        if (poll(&ready, 1, 1000) > 0 && recv(l->fd, &byte, 1, MSG_PEEK) <= 0)
            return true;
    }
    return false;
}

/* The first bytes of a ClientHello record of 512 bytes; the rest never comes in time. */
static const char hello[64] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

static int run_slow(struct plan *p, const char *phase)
{
    struct link l = {.fd = -1};
    long start = now_ms();
    bool cut;

    if (!dial(p, 0, &l))
        die("connect");
    if (strcmp(phase, "handshake") == 0) {
        cut = trickle(&l, hello, sizeof hello);
    } else {
        const char *body = strstr(p->request, "\r\n\r\n") + 4;
        struct answer a = {0};

        if (!agree(p, &l))
            die("handshake");
        if (strcmp(phase, "header") == 0) {
            cut = trickle(&l, p->request, (size_t)(body - p->request));
        } else if (strcmp(phase, "second-header") == 0) {
            if (!send_all(&l, p->request, p->n_request) || !read_answer(&l, &a))
                die("first request");
            start = now_ms();
            cut = trickle(&l, p->request, (size_t)(body - p->request));
        } else {
            if (!send_all(&l, p->request, (size_t)(body - p->request)))
                die("headers");
            cut = trickle(&l, body, p->n_request - (size_t)(body - p->request));
        }
    }
    (void)printf("{\"phase\":\"%s\",\"cut\":%s,\"seconds\":%ld}\n", phase, cut ? "true" : "false",
                 (now_ms() - start) / 1000);
    hang_up(&l);
    return cut ? 0 : 1;
}

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long size = 0;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        die(path);
    rewind(file);
    bytes = malloc((size_t)size + 1);
    if (!bytes)
        die("malloc");
    *n = fread(bytes, 1, (size_t)size, file);
    (void)fclose(file);
    return bytes;
}

static void make_request(struct plan *p, const char *body_file, const char *query)
{
    size_t n_body = 0;
    char *body = read_file(body_file, &n_body);
    char head[512];
    int n_head = snprintf(head, sizeof head,
                          "POST /validate%s HTTP/1.1\r\nHost: localhost\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                          query, n_body);

    p->n_request = (size_t)n_head + n_body;
    p->request = malloc(p->n_request + 1);
    if (!p->request)
        die("malloc");
    memcpy(p->request, head, (size_t)n_head);
    memcpy(p->request + n_head, body, n_body);
    p->request[p->n_request] = '\0';
    free(body);
}

static SSL_CTX *make_tls(const char *ca)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (!tls || SSL_CTX_load_verify_locations(tls, ca, NULL) != 1)
        die(ca);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    return tls;
}

static void usage(void)
{
    (void)fprintf(stderr,
                  "usage: client load CA BODY THREADS ANSWERS UNTIL PORT...\n"
                  "       client crowd CA BODY CONNECTIONS PORT\n"
                  "       client slow CA BODY PHASE QUERY PORT\n"
                  "UNTIL is a file to wait for, or -; QUERY is like ?timeout=2s, or empty.\n"
                  "CLIENT_PEM in the environment: a file with a certificate and its key, read anew "
                  "for each connection\n");
    exit(2);
}

static void add_ports(struct plan *p, int argc, char **argv, int first)
{
    for (int i = first; i < argc && p->n_to < ADDRESSES_MAX; i++)
        p->to[p->n_to++] = (struct sockaddr_in){
            .sin_family = AF_INET,
            .sin_port = htons((uint16_t)number(argv[i])),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
}

int main(int argc, char **argv)
{
    static struct plan p;
    struct rlimit files;

    if (argc < 6)
        usage();
    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    p.ca = argv[2];
    p.own = getenv("CLIENT_PEM");
    p.tls = make_tls(p.ca);
    if (strcmp(argv[1], "load") == 0 && argc >= 8) {
        make_request(&p, argv[3], "?timeout=10s");
        p.n_wanted = number(argv[5]);
        p.until = strcmp(argv[6], "-") == 0 ? NULL : argv[6];
        add_ports(&p, argc, argv, 7);
        run_load(&p, (size_t)number(argv[4]));
    } else if (strcmp(argv[1], "crowd") == 0) {
        make_request(&p, argv[3], "");
        add_ports(&p, argc, argv, 5);
        run_crowd(&p, (size_t)number(argv[4]));
    } else if (strcmp(argv[1], "slow") == 0 && argc == 7) {
        make_request(&p, argv[3], argv[5]);
        add_ports(&p, argc, argv, 6);
        return run_slow(&p, argv[4]);
    } else {
        usage();
    }
    (void)printf("{\"answered\":%ld,\"failed\":%ld,\"overloaded\":%ld,\"otherStatus\":%ld,"
                 "\"connected\":%ld,\"refused\":%ld,\"toldToClose\":%ld,\"closedIdle\":%ld,"
                 "\"allowed\":%ld}\n",
                 p.answered, p.failed, p.overloaded, p.other, p.connected, p.refused,
                 p.told_to_close, p.closed_idle, p.allowed);
    free(p.request);
    SSL_CTX_free(p.tls);
    return 0;
}
