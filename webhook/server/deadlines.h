/* deadlines.h: cuts every connection that exceeds the time of the phase it is in. */
#pragma once
#include <stdbool.h>

/*
 * libmicrohttpd's own timeout counts from the last byte, so a client that sends a byte now and then
 * lives for ever (design 6). Here each connection has one deadline that its bytes do not move; a
 * thread looks at all of them and shuts down, with shutdown(2), the sockets that are late.
 */
struct deadlines;
struct deadline;

enum phase {
    PHASE_HANDSHAKE, /* TLS is being agreed on */
    PHASE_IDLE,      /* between requests: nothing of the next one has come */
    PHASE_HEADER,    /* a request has begun, its headers are not complete */
    PHASE_REQUEST,   /* headers are complete; ends when the answer was sent */
};

/* header_ms: how long a request's headers may take once its first byte was seen. */
struct deadlines *deadlines_new(unsigned header_ms);
/* Every connection must have been removed. NULL is fine. */
void deadlines_free(struct deadlines *d);

/* fd is borrowed until deadlines_remove(), after which it is never touched again: call that before
 * the socket is closed. */
struct deadline *deadlines_add(struct deadlines *d, int fd, enum phase phase, unsigned within_ms);
void deadlines_remove(struct deadlines *d, struct deadline *c);

/* Enters a phase that has to end within so many milliseconds from now. PHASE_HEADER is entered by
 * itself, when the first byte arrives in PHASE_IDLE. */
void deadline_set(struct deadline *c, enum phase phase, unsigned within_ms);
/* Whether the connection was cut, other than for being idle. */
bool deadline_was_missed(const struct deadline *c);
