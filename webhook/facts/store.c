#include "facts/store.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdlib.h>

struct facts_store {
    pthread_mutex_t lock;
    struct facts *current; /* under the lock */
    atomic_uint generation;
};

struct facts_store *facts_store_new(void)
{
    struct facts_store *s = xcalloc(1, sizeof *s);

    (void)pthread_mutex_init(&s->lock, NULL);
    atomic_init(&s->generation, 0);
    return s;
}

void facts_store_free(struct facts_store *s)
{
    if (!s)
        return;
    facts_unref(s->current);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

void facts_store_put(struct facts_store *s, struct facts *f)
{
    struct facts *former;

    (void)pthread_mutex_lock(&s->lock);
    former = s->current;
    s->current = f;
    (void)atomic_fetch_add(&s->generation, 1);
    (void)pthread_mutex_unlock(&s->lock);
    /* Outside the lock: giving back the last reference frees a whole index. */
    facts_unref(former);
}

struct facts *facts_store_get(struct facts_store *s, struct facts **held, unsigned *generation)
{
    struct facts *fresh;

    if (atomic_load(&s->generation) == *generation)
        return *held;
    (void)pthread_mutex_lock(&s->lock);
    fresh = s->current ? facts_ref(s->current) : NULL;
    *generation = atomic_load(&s->generation);
    (void)pthread_mutex_unlock(&s->lock);
    facts_unref(*held);
    *held = fresh;
    return fresh;
}
