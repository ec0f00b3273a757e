#include "base/mem.h"
#include "base/attr.h"
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Nobody may read standard error any more, and who waits for that does not end. */
static _Noreturn PRINTF_LIKE(1, 2) void end_with(const char *format, ...)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    char line[256];
    va_list values;
    int n;

    va_start(values, format);
    n = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (n > 0 && poll(&ready, 1, 0) == 1)
        (void)!write(STDERR_FILENO, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
    abort();
}

static void *checked(void *p, size_t n_bytes)
{
    if (!p)
        end_with("syncguard: out of memory (%zu bytes wanted)\n", n_bytes);
    return p;
}

void give_up(const char *what)
{
    end_with("syncguard: %s\n", what);
}

void xthread(pthread_t *out, void *(*run)(void *closure), void *closure)
{
    int number = pthread_create(out, NULL, run, closure);

    if (number)
        end_with("syncguard: a thread cannot be started: %s; check the limits of processes and "
                 "memory\n",
                 strerrordesc_np(number));
}

void *xmalloc(size_t n_bytes)
{
    return checked(malloc(n_bytes ? n_bytes : 1), n_bytes);
}

void *xcalloc(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size ? size : 1), n);
}

void *xrealloc(void *p, size_t n_bytes)
{
    return checked(realloc(p, n_bytes ? n_bytes : 1), n_bytes);
}

void *xgrow(void *array, size_t n, size_t *capacity, size_t size)
{
    size_t wanted = *capacity ? *capacity : 8;
    size_t n_bytes;

    if (n < *capacity)
        return array;
    if (*capacity && __builtin_mul_overflow(*capacity, (size_t)2, &wanted))
        return checked(NULL, SIZE_MAX);
    if (__builtin_mul_overflow(wanted, size, &n_bytes))
        return checked(NULL, SIZE_MAX);
    *capacity = wanted;
    return xrealloc(array, n_bytes);
}

char *xstrdup(const char *text)
{
    return xstrndup(str_from(text));
}

char *xstrndup(struct str text)
{
    char *copy = xmalloc(text.n + 1);

    if (text.n)
        memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return copy;
}

char *xasprintf(const char *format, ...)
{
    va_list values;
    char *text = NULL;
    int n;

    va_start(values, format);
    n = vasprintf(&text, format, values);
    va_end(values);
    return checked(n < 0 ? NULL : text, 0);
}

void *xneed(void *p)
{
    return checked(p, 0);
}

void freep(void *pp)
{
    void *p;

    memcpy(&p, pp, sizeof p);
    free(p);
}
