#include "review/held.h"
#include "base/mem.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

/* What so much memory was used for is handed back to the system: large reviews are rare, and
 * glibc would keep it (malloc_trim(3)). */
enum { TRIM_BYTES = 8 * 1024 * 1024 };

/* jansson fails to build a tree only when memory is gone (base/mem.h says what follows). */
static void must(bool done)
{
    if (done)
        return;
    give_up("out of memory (JSON tree)");
}

struct review *held_review_new(void)
{
    struct review *r = xcalloc(1, sizeof *r);
    struct held *h = xcalloc(1, sizeof *h);

    h->values = json_array();
    must(h->values != NULL);
    r->owned = h;
    return r;
}

struct held *held_of(const struct review *r)
{
    return r->owned;
}

void held_free(struct held *h)
{
    struct budget *budget;

    if (!h)
        return;
    budget = h->spans.budget;
    spans_clear(&h->spans);
    json_decref(h->values);
    budget_give(budget, h->n_reserved);
    if (h->n_reserved > TRIM_BYTES)
        (void)malloc_trim(0);
    free(h);
}

json_t *held_keep(struct held *h, json_t *value)
{
    must(value && json_array_append_new(h->values, value) == 0);
    return value;
}

static json_t *child(json_t *parent, const char *key)
{
    json_t *found = json_object_get(parent, key);

    if (!found) {
        found = json_object();
        must(found && json_object_set_new(parent, key, found) == 0);
    }
    return found;
}

void held_place(json_t *root, const struct path_row *row, json_t *value)
{
    json_t *parent = root;

    if (row->level == LEVEL_METADATA || row->level == LEVEL_ANNOTATIONS)
        parent = child(parent, "metadata");
    if (row->level == LEVEL_ANNOTATIONS)
        parent = child(parent, "annotations");
    if (row->level == LEVEL_STATUS)
        parent = child(parent, "status");
    must(value && json_object_set_new(parent, row->key.p, value) == 0);
}
