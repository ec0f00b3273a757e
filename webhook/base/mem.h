/* mem.h: allocation that either succeeds or ends the process with one line. */
#pragma once
#include "base/str.h"
#include <pthread.h>
#include <stddef.h>

/*
 * Everything from outside is bounded before it is allocated, so running out within those
 * bounds means the process cannot do its job: these print one line to standard error and abort.
 * Results are never NULL and belong to the caller, who calls free().
 */
void *xmalloc(size_t n_bytes);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n_bytes);
/* Grows an array of n elements of `size` bytes so that one more fits; doubles, checks overflow. */
void *xgrow(void *array, size_t n, size_t *capacity, size_t size);
char *xstrdup(const char *text);
/* A NUL-terminated copy. The caller refuses text that contains a NUL where that matters. */
char *xstrndup(struct str text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the process with "syncguard: WHAT", which says what could not be had. */
_Noreturn void give_up(const char *what);
/* pthread_create(3), or the end: without its threads the process cannot do its job. */
void xthread(pthread_t *out, void *(*run)(void *closure), void *closure);

/* What a library allocated: returns it, or ends the process as above when it is NULL. */
void *xneed(void *p);

/* For AUTO(): frees what *pp points at. */
void freep(void *pp);
