#include "base/budget.h"

bool budget_take(struct budget *b, size_t n_bytes)
{
    size_t taken;

    if (!b)
        return true;
    taken = atomic_load(&b->taken);
    do {
        if (n_bytes > b->max - taken)
            return false;
    } while (!atomic_compare_exchange_weak(&b->taken, &taken, taken + n_bytes));
    return true;
}

void budget_give(struct budget *b, size_t n_bytes)
{
    if (b)
        (void)atomic_fetch_sub(&b->taken, n_bytes);
}
