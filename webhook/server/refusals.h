/* refusals.h: how many lines a minute clients may cause that are not let in. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Anybody who reaches the port can cause them; the counter in the metrics has them all. */
enum { REFUSALS_A_MINUTE = 10 };

struct refusals;

struct refusals *refusals_new(void);
void refusals_free(struct refusals *r); /* NULL is fine */
/*
 * Whether another one may be told. n_untold: how many were not since the last that was.
 * Thread-safe. now_ms: a clock that is never put back.
 */
bool refusals_may_tell(struct refusals *r, int64_t now_ms, uint64_t *n_untold);
