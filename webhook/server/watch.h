/* watch.h: waits until a directory changes, somebody wakes the waiter, or time is up. */
#pragma once
#include <stdbool.h>

/* inotify(7) sees at once what a poll sees seconds later; where the system has no more watches to
 * give, the poll still does. */
struct watch;

struct watch *watch_new(void);
void watch_free(struct watch *w); /* NULL is fine */
/* Forgets every directory. For the waiting thread, as the two below. */
void watch_clear(struct watch *w);
/* One that cannot be watched is left to the poll. */
void watch_add(struct watch *w, const char *directory);
/* Returns at a change, a wake, or after timeout_ms; what has gathered until then is one. */
void watch_wait(struct watch *w, unsigned timeout_ms);
/* For any thread. */
void watch_wake(struct watch *w);
