/* listener.h: a listening socket of our own with the thread that accepts from it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "log/metrics.h"
#include "log/program_log.h"

struct MHD_Daemon;
struct listener;

/*
 * Opens "host:port" ("[::1]:8443", ":8443"; the host is an address, port 0 takes a free one).
 * Nothing is accepted yet. Fails with ERR_CONFIG (no such address) or ERR_SYSTEM.
 * out  owned by the caller (listener_free()).
 */
bool listener_open(const char *address, struct program_log *log, struct listener **out,
                   struct err *err) MUST_CHECK;
const char *listener_host(const struct listener *l);
unsigned listener_port(const struct listener *l);
/* Starts handing connections to the daemon, which must outlive the listener, as must metrics: what
 * the daemon does not take is rejected for its connections. */
void listener_start(struct listener *l, struct MHD_Daemon *daemon, struct metrics *metrics);
/* Takes what has arrived, then closes the socket. Harmless when it is closed already. */
void listener_close(struct listener *l);
void listener_free(struct listener *l); /* closes; NULL is fine */
