#include "base/arena.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* Most reviews need a few kilobytes, so blocks start small and the limit is reached by adding. */
enum { BLOCK_BYTES = 4096, ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

struct arena {
    struct block *blocks;
    size_t limit;
    size_t total; /* what was handed out, with its padding */
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *a = xcalloc(1, sizeof *a);

    a->limit = limit_bytes;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    while (a->blocks) {
        struct block *b = a->blocks;

        a->blocks = b->next;
        free(b);
    }
    free(a);
}

void arena_freep(struct arena **a)
{
    arena_free(*a);
}

void *arena_alloc(struct arena *a, size_t n_bytes)
{
    struct block *b = a->blocks;
    size_t n;
    void *p;

    if (n_bytes > a->limit - a->total)
        return NULL;
    if (__builtin_add_overflow(n_bytes, (size_t)(ALIGNMENT - 1), &n))
        return NULL;
    n &= ~(size_t)(ALIGNMENT - 1);
    if (n > a->limit - a->total)
        return NULL;
    if (!b || n > b->size - b->used) {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;

        b = xcalloc(1, sizeof *b + size);
        b->size = size;
        b->next = a->blocks;
        a->blocks = b;
    }
    p = b->bytes + b->used;
    b->used += n;
    a->total += n;
    return p;
}

bool arena_copy(struct arena *a, struct str text, struct str *out)
{
    char *copy = arena_alloc(a, text.n + 1);

    if (!copy)
        return false;
    if (text.n)
        memcpy(copy, text.p, text.n);
    *out = (struct str){copy, text.n};
    return true;
}

size_t arena_used(const struct arena *a)
{
    return a->total;
}
