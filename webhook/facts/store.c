#include "facts/store.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdlib.h>

struct facts_store {
    pthread_mutex_t lock;
    struct facts *current; /* under the lock */
};

struct facts_store *facts_store_new(void)
{
    struct facts_store *s = xcalloc(1, sizeof *s);

    (void)pthread_mutex_init(&s->lock, NULL);
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
    (void)pthread_mutex_unlock(&s->lock);
    /* Outside the lock: giving back the last reference frees a whole index. */
    facts_unref(former);
}

struct facts *facts_store_ref(struct facts_store *s)
{
    struct facts *f;

    (void)pthread_mutex_lock(&s->lock);
    f = s->current ? facts_ref(s->current) : NULL;
    (void)pthread_mutex_unlock(&s->lock);
    return f;
}
