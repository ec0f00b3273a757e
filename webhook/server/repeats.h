/* repeats.h: which warnings about an unchanged fault were given within the last hour. */
#pragma once
#include "review/review.h"
#include "rules/verdict.h"
#include <stdbool.h>
#include <stdint.h>

/* A table of fixed size: when two findings fall on one place the older is forgotten, which only
 * means that it is said again. */
struct repeats;

enum { REPEATS_SLOTS = 4096, REPEATS_SECONDS = 3600 };

struct repeats *repeats_new(void);
void repeats_free(struct repeats *r); /* NULL is fine */
/*
 * Whether this finding about this object and spec was told less than REPEATS_SECONDS ago (design
 * 3.6). Otherwise it is remembered as told now, unless the review is a dry run, which changes
 * nothing. now: Unix seconds. Thread-safe.
 */
bool repeats_check(struct repeats *r, const struct review *review, const struct finding *finding,
                   int64_t now);
