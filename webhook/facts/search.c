/* search.c: sorted lists of what is known under a text, and looking things up in them. */
#include "facts/internal.h"
#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    const struct named *x = a;
    const struct named *y = b;
    int order = str_cmp(x->name, y->name);

    /* The order of facts must not hang on qsort(), nor on where malloc() puts them: verdicts name
     * the first that is found. */
    if (order)
        return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

void facts_sort_named(struct named *list, size_t n)
{
    if (n)
        qsort(list, n, sizeof *list, by_name);
}

const void *facts_find_named(const struct named *list, size_t n, struct str name, size_t i)
{
    size_t from = 0;
    size_t to = n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (str_cmp(list[middle].name, name) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    if (i >= n - from || !str_eq(list[from + i].name, name))
        return NULL;
    return list[from + i].item;
}
