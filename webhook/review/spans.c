#include "review/spans.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* What the captured fields of most reviews fit in. */
enum { FIRST_BYTES = 4096 };

void spans_init(struct spans *s, size_t max_bytes, struct budget *budget)
{
    *s = (struct spans){.max = max_bytes, .budget = budget};
}

void spans_clear(struct spans *s)
{
    budget_give(s->budget, s->capacity);
    free(s->bytes);
    *s = (struct spans){0};
}

bool spans_add(struct spans *s, struct str bytes)
{
    if (bytes.n > s->max - s->n)
        return false;
    if (bytes.n > s->capacity - s->n) {
        size_t wanted = s->capacity ? s->capacity : FIRST_BYTES;

        while (wanted - s->n < bytes.n)
            wanted *= 2; /* bounded: s->max is far below SIZE_MAX / 2 */
        if (wanted > s->max)
            wanted = s->max;
        if (!budget_take(s->budget, wanted)) { /* the old one is there until it was copied */
            s->starved = true;
            return false;
        }
        budget_give(s->budget, s->capacity);
        s->bytes = xrealloc(s->bytes, wanted);
        s->capacity = wanted;
    }
    memcpy(s->bytes + s->n, bytes.p, bytes.n);
    s->n += bytes.n;
    return true;
}

struct str spans_get(const struct spans *s, enum which_object which, enum path_id id)
{
    struct span span = s->at[which][id];

    return span.n ? (struct str){s->bytes + span.from, span.n} : STR_NONE;
}

void spans_give_up(struct spans *s, enum which_object which, const char *why)
{
    if (s->objects[which].unreadable)
        return;
    s->objects[which].present = true;
    s->objects[which].unreadable = why;
    s->n = s->objects[which].mark;
    for (unsigned id = 0; id < N_PATHS; id++) {
        if (path_is_of_object(&path_table[id]))
            s->at[which][id] = (struct span){0};
    }
}

bool spans_differ(const struct spans *s)
{
    for (unsigned id = 0; id < N_PATHS; id++) {
        if (path_table[id].compared &&
            !str_eq(spans_get(s, OBJECT_NEW, id), spans_get(s, OBJECT_OLD, id)))
            return true;
    }
    return false;
}
