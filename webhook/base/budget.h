/* budget.h: a shared allowance of bytes, asked before they are allocated. */
#pragma once
#include "base/attr.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Counts, and allocates nothing: whoever takes bytes may have them, and gives them back. */
struct budget {
    size_t max;
    _Atomic size_t taken;
};

/* False, and nothing is taken, when so many are not left. NULL is no limit. Thread-safe. */
bool budget_take(struct budget *b, size_t n_bytes) MUST_CHECK;
void budget_give(struct budget *b, size_t n_bytes);
