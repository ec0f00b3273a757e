/* store.h: the one place where the current facts hang, swapped while requests run. */
#pragma once
#include "facts/facts.h"
#include <stdatomic.h>

struct facts_store;

/* Starts empty; facts_store_get() then returns NULL. */
struct facts_store *facts_store_new(void);
void facts_store_free(struct facts_store *s); /* NULL is fine; gives its reference back */
/* Takes over the caller's reference; the former facts are given back. */
void facts_store_put(struct facts_store *s, struct facts *f);
/*
 * The current facts with a reference of the caller's own, or NULL before the first put.
 * *held, *generation: the caller's cached reference and its generation (NULL and 0 at first): when
 * nothing has moved since, *held is returned again without taking the lock and without another
 * reference; else *held is exchanged for the current one. The caller unrefs *held at its end.
 */
struct facts *facts_store_get(struct facts_store *s, struct facts **held, unsigned *generation);
