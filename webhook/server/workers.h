/* workers.h: each worker thread's own reference to the current facts. */
#pragma once

struct facts;
struct server;

/* The key under which threads keep theirs. */
void workers_init(struct server *s);
/* Every worker has ended by then, which gave its reference back. */
void workers_clear(struct server *s);
/*
 * The current facts, or NULL before the first load. Borrowed until the same thread asks again, so
 * a request asks once. Takes no lock unless the facts were exchanged since.
 */
const struct facts *workers_facts(struct server *s);
