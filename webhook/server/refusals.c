#include "server/refusals.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdlib.h>

enum { MINUTE_MS = 60 * 1000 };

struct refusals {
    pthread_mutex_t lock;
    /* Under the lock: */
    int64_t minute_began;
    unsigned n_told; /* in that minute */
    uint64_t n_untold;
};

struct refusals *refusals_new(void)
{
    struct refusals *r = xcalloc(1, sizeof *r);

    (void)pthread_mutex_init(&r->lock, NULL);
    return r;
}

void refusals_free(struct refusals *r)
{
    if (!r)
        return;
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

bool refusals_may_tell(struct refusals *r, int64_t now_ms, uint64_t *n_untold)
{
    bool may;

    (void)pthread_mutex_lock(&r->lock);
    if (r->n_told == 0 || now_ms - r->minute_began >= MINUTE_MS) {
        r->minute_began = now_ms;
        r->n_told = 0;
    }
    may = r->n_told < REFUSALS_A_MINUTE;
    *n_untold = may ? r->n_untold : 0;
    r->n_told += may;
    r->n_untold = may ? 0 : r->n_untold + 1;
    (void)pthread_mutex_unlock(&r->lock);
    return may;
}
