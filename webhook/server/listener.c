#include "server/listener.h"
#include "base/mem.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* When no descriptor is left, waiting this long lets some connections end. */
enum {
    EXHAUSTED_WAIT_MS = 100,
    ROUND = 64, /* connections taken before the closer is looked at again */
};

struct listener {
    int fd;     /* -1 once closed */
    int closer; /* an eventfd that ends the accept thread */
    char *host;
    unsigned port;
    struct MHD_Daemon *daemon;
    struct program_log *log;
    struct metrics *metrics;
    pthread_t thread;
    bool started;
    bool failing; /* the accept thread's own */
};

/* Splits "host:port" at the last colon and takes the brackets off an IPv6 address. */
static bool split_address(const char *address, char **host, char **port, struct err *err)
{
    const char *colon = strrchr(address, ':');
    struct str h;

    if (!colon || colon[1] == '\0') {
        err_what(err, ERR_CONFIG, "the address %s has no port", address);
        err_remedy(err, "write host:port, for example 0.0.0.0:8443");
        return false;
    }
    h = (struct str){address, (size_t)(colon - address)};
    if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = str_sub(h, 1, h.n - 1);
    *host = xstrndup(h);
    *port = xstrdup(colon + 1);
    return true;
}

static bool resolve(const char *address, struct addrinfo **out, struct err *err)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    AUTO(freep) char *h = NULL;
    AUTO(freep) char *port = NULL;
    int code;

    if (!split_address(address, &h, &port, err))
        return false;
    code = getaddrinfo(*h ? h : NULL, port, &hints, out);
    if (code != 0) {
        err_what(err, ERR_CONFIG, "%s is no address to listen on", address);
        err_why(err, "%s", gai_strerror(code));
        err_remedy(err, "write host:port, for example 0.0.0.0:8443");
        return false;
    }
    return true;
}

static bool listen_on(struct listener *l, const struct addrinfo *a)
{
    int on = 1;

    l->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return l->fd >= 0 && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(l->fd, a->ai_addr, a->ai_addrlen) == 0 && listen(l->fd, SOMAXCONN) == 0;
}

/* What the kernel made of the address: the port it chose, the host in numbers. */
static void read_bound(struct listener *l)
{
    struct sockaddr_storage address;
    socklen_t n = sizeof address;
    char host[NI_MAXHOST] = "";
    char port[NI_MAXSERV] = "";

    if (getsockname(l->fd, (struct sockaddr *)&address, &n) == 0)
        (void)getnameinfo((struct sockaddr *)&address, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
    l->host = xstrdup(host);
    l->port = (unsigned)strtoul(port, NULL, 10);
}

bool listener_open(const char *address, struct program_log *log, struct listener **out,
                   struct err *err)
{
    struct listener *l = xcalloc(1, sizeof *l);
    struct addrinfo *found = NULL;
    bool listens = false;

    l->fd = -1;
    l->closer = -1;
    l->log = log;
    if (!resolve(address, &found, err)) {
        listener_free(l);
        return false;
    }
    listens = listen_on(l, found);
    if (listens)
        l->closer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!listens || l->closer < 0) {
        err_what(err, ERR_SYSTEM, "cannot listen on %s", address);
        err_why_errno(err, errno);
        err_remedy(err, "choose an address of this machine and a port nobody else uses");
        freeaddrinfo(found);
        listener_free(l);
        return false;
    }
    freeaddrinfo(found);
    read_bound(l);
    *out = l;
    return true;
}

const char *listener_host(const struct listener *l)
{
    return l->host;
}

unsigned listener_port(const struct listener *l)
{
    return l->port;
}

/* Nothing could be accepted: said once, until it works again. */
static void report(struct listener *l, int number)
{
    struct err err = {0};

    if (l->failing)
        return;
    l->failing = true;
    err_what(&err, ERR_SYSTEM, "connections cannot be accepted");
    err_why_errno(&err, number);
    err_remedy(&err, "raise the limit of open files (ulimit -n)");
    program_log_err(l->log, LOG_ERROR, "accept", &err);
}

/* Takes one connection. False when none is waiting. */
static bool take(struct listener *l)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    int on = 1;
    int fd = accept4(l->fd, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        struct pollfd closed = {.fd = l->closer, .events = POLLIN};

        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return false;
        if (errno == ECONNABORTED || errno == EINTR)
            return true;
        report(l, errno);
        return poll(&closed, 1, EXHAUSTED_WAIT_MS) == 0;
    }
    l->failing = false;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* It closes the socket itself when it cannot take it: its cap is twice ours, past that a
     * connection is refused without a word. */
    if (MHD_add_connection(l->daemon, fd, (struct sockaddr *)&peer, n) != MHD_YES)
        metrics_rejected(l->metrics, "connections");
    return true;
}

static void *accept_all(void *p)
{
    struct listener *l = p;
    struct pollfd ready[2] = {
        {.fd = l->fd, .events = POLLIN},
        {.fd = l->closer, .events = POLLIN},
    };

    while (!ready[1].revents) {
        if (poll(ready, 2, -1) < 0)
            continue;
        for (int i = 0; i < ROUND && take(l); i++)
            continue;
    }
    /* What the kernel has completed by now would be reset otherwise; a flood ends with its queue.
     */
    for (int i = 0; i < SOMAXCONN && take(l); i++)
        continue;
    return NULL;
}

void listener_start(struct listener *l, struct MHD_Daemon *daemon, struct metrics *metrics)
{
    l->metrics = metrics;
    l->daemon = daemon;
    xthread(&l->thread, accept_all, l);
    l->started = true;
}

void listener_close(struct listener *l)
{
    if (l->started) {
        (void)eventfd_write(l->closer, 1);
        (void)pthread_join(l->thread, NULL);
        l->started = false;
    }
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
}

void listener_free(struct listener *l)
{
    if (!l)
        return;
    listener_close(l);
    if (l->closer >= 0)
        (void)close(l->closer);
    free(l->host);
    free(l);
}
