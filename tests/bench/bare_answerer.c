/* bare_answerer.c: what libmicrohttpd and TLS cost by themselves: a body is read, not looked at. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The ceiling of syncguard's server: the same threads, buffers, ciphers and accept loop as
 * webhook/server, and a constant answer of the size an allowed review gets. Prints its port and
 * serves until it is killed.
 */
enum { CONNECTION_BYTES = 64 * 1024, CONNECTIONS = 1024, PEM_MAX = 64 * 1024 };

static const char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA";
static const char text[] =
    "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"response\":{\"uid\":"
    "\"00000000-0000-0000-0000-000000000000\",\"allowed\":true,"
    "\"auditAnnotations\":{\"decision\":\"allow\"}}}";

static enum MHD_Result handle(void *closure, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *chunk,
                              size_t *n_chunk, void **context)
{
    static char seen; /* an address that says: not the first call; never written */
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)closure;
    (void)url;
    (void)method;
    (void)version;
    (void)chunk;
    if (!*context) {
        *context = &seen;
        return MHD_YES;
    }
    if (*n_chunk) {
        *n_chunk = 0;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(sizeof text - 1, (void *)(uintptr_t)text,
                                               MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    result = MHD_queue_response(c, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static char *read_pem(const char *path)
{
    char *pem = calloc(1, PEM_MAX);
    FILE *file = fopen(path, "rb");

    if (!pem || !file || fread(pem, 1, PEM_MAX - 1, file) == 0) {
        perror(path);
        exit(2);
    }
    (void)fclose(file);
    return pem;
}

static int open_listener(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &n) != 0) {
        perror("listen");
        exit(2);
    }
    (void)printf("{\"port\":%u}\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned workers = cpus < 2 ? 2 : cpus > 16 ? 16 : (unsigned)cpus;
    struct MHD_Daemon *daemon;
    int listener;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: bare_answerer CERTIFICATE KEY\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_USE_TLS, 0,
        NULL, NULL, handle, NULL, MHD_OPTION_THREAD_POOL_SIZE, workers, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_HTTPS_MEM_CERT, read_pem(argv[1]), MHD_OPTION_HTTPS_MEM_KEY, read_pem(argv[2]),
        MHD_OPTION_HTTPS_PRIORITIES, priorities, MHD_OPTION_END);
    if (!daemon) {
        (void)fprintf(stderr, "bare_answerer: the daemon could not be started\n");
        return 2;
    }
    listener = open_listener();
    for (;;) {
        struct sockaddr_storage peer;
        socklen_t n = sizeof peer;
        int on = 1;
        int fd = accept4(listener, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            continue;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)!MHD_add_connection(daemon, fd, (struct sockaddr *)&peer, n);
    }
}
