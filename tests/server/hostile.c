/* hostile.c: a client that wants the server's memory, its connections and its patience. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 * 1024, PATIENCE_S = 60, HALF_OPEN_MAX = 256 };

struct link {
    int fd;
    SSL *tls;
};

static SSL_CTX *context;
static struct sockaddr_in server = {.sin_family = AF_INET};

static void die(const char *what)
{
    (void)fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void *need(void *p)
{
    if (!p)
        die("memory");
    return p;
}

static int dial(void)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&server, sizeof server) != 0)
        die("connect");
    return fd;
}

static bool agree(struct link *l)
{
    l->tls = need(SSL_new(context));
    return SSL_set_fd(l->tls, l->fd) == 1 && SSL_connect(l->tls) == 1;
}

static void hang_up(struct link *l)
{
    SSL_free(l->tls);
    (void)close(l->fd);
    *l = (struct link){.fd = -1};
}

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long size = 0;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        die(path);
    rewind(file);
    bytes = need(malloc((size_t)size + 1));
    *n = fread(bytes, 1, (size_t)size, file);
    (void)fclose(file);
    return bytes;
}

/* The status, 0 without one. The peer's answers are short. */
static int read_status(struct link *l, bool *retry_after)
{
    char bytes[ANSWER_MAX];
    int n = SSL_read(l->tls, bytes, sizeof bytes - 1);

    if (n <= (int)strlen("HTTP/1.1 "))
        return 0;
    bytes[n] = '\0';
    *retry_after = strcasestr(bytes, "\r\nRetry-After:") != NULL;
    return (int)strtol(bytes + strlen("HTTP/1.1 "), NULL, 10);
}

/* Every connection sends its review but for the last byte; once all have, each sends that. */
static int hold(const char *body_file, size_t n)
{
    struct link *links = need(calloc(n, sizeof *links));
    size_t n_body = 0;
    char *body = read_file(body_file, &n_body);
    char head[256];
    int n_head = snprintf(head, sizeof head,
                          "POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                          "application/json\r\nContent-Length: %zu\r\n\r\n",
                          n_body);
    long n_ok = 0;
    long n_later = 0;
    long n_failed = 0;

    for (size_t i = 0; i < n; i++) {
        links[i].fd = dial();
        if (!agree(&links[i]))
            die("handshake");
    }
    for (size_t i = 0; i < n; i++) {
        if (SSL_write(links[i].tls, head, n_head) != n_head ||
            SSL_write(links[i].tls, body, (int)n_body - 1) != (int)n_body - 1)
            die("body");
    }
    for (size_t i = 0; i < n; i++) {
        bool retry_after = false;
        int status = 0;

        if (SSL_write(links[i].tls, body + n_body - 1, 1) == 1)
            status = read_status(&links[i], &retry_after);
        n_ok += status == 200;
        n_later += status == 503 && retry_after;
        n_failed += status != 200 && !(status == 503 && retry_after);
        hang_up(&links[i]);
    }
    (void)printf("{\"ok\":%ld,\"later\":%ld,\"failed\":%ld}\n", n_ok, n_later, n_failed);
    free(links);
    free(body);
    return 0;
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(fd);
}

static void say(int fd, const char *bytes, size_t n)
{
    (void)!send(fd, bytes, n, MSG_NOSIGNAL);
}

/* The first bytes of a ClientHello record of 512 bytes. */
static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

static void spray(int fd)
{
    char noise[2048];

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)random();
    noise[0] = '\x16'; /* so that some of it is taken for a record */
    noise[1] = '\x03';
    say(fd, noise, sizeof noise);
    (void)close(fd);
}

/* n connections of every bad kind in turn, so many a second (0: as fast as it goes). */
static int storm(size_t n, long per_second)
{
    static int half_open[HALF_OPEN_MAX];
    size_t n_half_open = 0;

    for (size_t i = 0; i < n; i++) {
        struct link l = {.fd = dial()};

        switch (i % 8) {
        case 0:
            (void)close(l.fd);
            break;
        case 1:
            reset(l.fd);
            break;
        case 2:
            spray(l.fd);
            break;
        case 3:
            say(l.fd, "GET /validate HTTP/1.1\r\nHost: x\r\n\r\n", 35);
            (void)close(l.fd);
            break;
        case 4: /* stays: the server has to end it */
            say(l.fd, hello, sizeof hello - 1);
            if (n_half_open >= HALF_OPEN_MAX)
                (void)close(half_open[n_half_open % HALF_OPEN_MAX]);
            half_open[n_half_open++ % HALF_OPEN_MAX] = l.fd;
            break;
        case 5:
            say(l.fd, hello, sizeof hello - 1);
            reset(l.fd);
            break;
        case 6: /* an agreement, then noise where a record should be */
            (void)agree(&l);
            say(l.fd, "\x17\x03\x03\xff\xff garbage", 13);
            hang_up(&l);
            break;
        default: /* an agreement, a torn request, and gone */
            if (agree(&l))
                (void)SSL_write(l.tls, "POST /validate HTTP/1.1\r\nContent-Le", 35);
            hang_up(&l);
            break;
        }
        if (per_second)
            (void)usleep((useconds_t)(1000000 / per_second));
    }
    for (size_t i = 0; i < n_half_open && i < HALF_OPEN_MAX; i++)
        (void)close(half_open[i]);
    (void)printf("{\"connections\":%zu}\n", n);
    return 0;
}

int main(int argc, char **argv)
{
    struct rlimit files;

    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    context = need(SSL_CTX_new(TLS_client_method()));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (argc == 5 && strcmp(argv[1], "hold") == 0) {
        server.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
        return hold(argv[3], strtoul(argv[4], NULL, 10));
    }
    if (argc == 5 && strcmp(argv[1], "storm") == 0) {
        server.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
        return storm(strtoul(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
    }
    (void)fprintf(stderr, "usage: hostile hold PORT BODY CONNECTIONS\n"
                          "       hostile storm PORT CONNECTIONS PER-SECOND\n");
    return 2;
}
