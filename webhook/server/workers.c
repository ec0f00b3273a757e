#include "server/workers.h"
#include "base/mem.h"
#include "server/internal.h"
#include <stdlib.h>

struct slot {
    struct facts *held;
    unsigned generation;
};

static void end_slot(void *p)
{
    struct slot *slot = p;

    facts_unref(slot->held);
    free(slot);
}

void workers_init(struct server *s)
{
    if (pthread_key_create(&s->facts_key, end_slot) != 0)
        abort(); /* like memory: 1,024 keys are more than this process makes */
}

void workers_clear(struct server *s)
{
    (void)pthread_key_delete(s->facts_key);
}

const struct facts *workers_facts(struct server *s)
{
    struct slot *slot = pthread_getspecific(s->facts_key);

    if (!slot) {
        slot = xcalloc(1, sizeof *slot);
        if (pthread_setspecific(s->facts_key, slot) != 0)
            abort();
    }
    return facts_store_get(s->options.facts, &slot->held, &slot->generation);
}
