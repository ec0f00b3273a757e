/* store.h: the one place where the current facts hang, swapped while requests run. */
#pragma once
#include "facts/facts.h"

struct facts_store;

/* Starts empty; facts_store_ref() then returns NULL. */
struct facts_store *facts_store_new(void);
void facts_store_free(struct facts_store *s); /* NULL is fine; gives its reference back */
/* Takes over the caller's reference; the former facts are given back. */
void facts_store_put(struct facts_store *s, struct facts *f);
/*
 * The current facts with a reference of the caller's own (facts_unref()), or NULL before the first
 * put. To be held for one request: whoever holds on to facts keeps a whole generation in memory.
 */
struct facts *facts_store_ref(struct facts_store *s);
