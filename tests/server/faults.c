/*
 * faults.c: preloaded into the real program, makes the system say no at a chosen moment.
 *
 * FAULT_MALLOC=N   the N-th allocation fails, counted from the first
 * FAULT_THREAD=N   the N-th pthread_create() fails with EAGAIN
 * FAULT_FROM=FILE  counting begins once that file exists (looked at by the calls themselves)
 * FAULT_COUNT=FILE at exit the numbers of both are written there
 * FAULT_CLOCK=FILE the wall clock is so many seconds off as the file says
 * FAULT_HOOK=1     GnuTLS never calls the hook of a handshake
 * FAULT_RESUMED=1  GnuTLS says of each session that it was resumed
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* glibc's own, under names that are not taken over: no dlsym() while malloc() is being set up. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static atomic_long n_allocations;
static atomic_long n_threads;
static long fail_allocation;
static long fail_thread;
static const char *from;
static int count_fd = -1; /* the sandbox opens nothing for writing */
static const char *clock_file;
static atomic_bool begun;

static long number(const char *name)
{
    const char *text = getenv(name);

    return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void set_up(void)
{
    fail_allocation = number("FAULT_MALLOC");
    fail_thread = number("FAULT_THREAD");
    from = getenv("FAULT_FROM");
    count_fd = getenv("FAULT_COUNT")
                   ? open(getenv("FAULT_COUNT"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                   : -1;
    clock_file = getenv("FAULT_CLOCK");
    begun = !from;
    n_allocations = 0;
}

__attribute__((destructor)) static void tear_down(void)
{
    if (count_fd >= 0)
        (void)dprintf(count_fd, "%ld %ld\n", n_allocations, n_threads);
}

/* Whether this is the one. */
static bool fails(atomic_long *n, long which)
{
    int number_before = errno;

    if (!begun) {
        if (access(from, F_OK) != 0) {
            errno = number_before;
            return false;
        }
        begun = true;
    }
    errno = number_before;
    return atomic_fetch_add(n, 1) + 1 == which;
}

void *malloc(size_t n)
{
    if (fails(&n_allocations, fail_allocation)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    if (fails(&n_allocations, fail_allocation)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    if (fails(&n_allocations, fail_allocation)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(p, n);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *closure)
{
    typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");
    create_fn create = NULL;

    memcpy(&create, &symbol, sizeof create);
    if (fails(&n_threads, fail_thread))
        return EAGAIN;
    return create(thread, attributes, start, closure);
}

static long offset(void)
{
    char text[32] = "";
    int fd = open(clock_file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    (void)!read(fd, text, sizeof text - 1);
    (void)close(fd);
    return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    typedef int (*gettime_fn)(clockid_t, struct timespec *);
    static gettime_fn gettime;
    int result;

    if (!gettime) {
        void *symbol = dlsym(RTLD_NEXT, "clock_gettime");

        memcpy(&gettime, &symbol, sizeof gettime);
    }
    result = gettime(clock, t);
    if (clock_file && clock == CLOCK_REALTIME)
        t->tv_sec += offset();
    return result;
}

time_t time(time_t *out)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (out)
        *out = t.tv_sec;
    return t.tv_sec;
}

/* GnuTLS's, without its header: a session is a pointer here. */
typedef int hook_fn(void *, unsigned, unsigned, unsigned, const void *);
void gnutls_handshake_set_hook_function(void *session, unsigned type, int when, hook_fn *hook);
int gnutls_session_is_resumed(void *session);

void gnutls_handshake_set_hook_function(void *session, unsigned type, int when, hook_fn *hook)
{
    typedef void (*set_fn)(void *, unsigned, int, hook_fn *);
    void *symbol = dlsym(RTLD_NEXT, "gnutls_handshake_set_hook_function");
    set_fn set = NULL;

    memcpy(&set, &symbol, sizeof set);
    if (set && !getenv("FAULT_HOOK"))
        set(session, type, when, hook);
}

int gnutls_session_is_resumed(void *session)
{
    typedef int (*resumed_fn)(void *);
    void *symbol = dlsym(RTLD_NEXT, "gnutls_session_is_resumed");
    resumed_fn resumed = NULL;

    memcpy(&resumed, &symbol, sizeof resumed);
    return getenv("FAULT_RESUMED") || (resumed && resumed(session));
}
