/* server.h: the HTTPS front door and the admin listener; libmicrohttpd is known here only. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "certs/certs.h"
#include "certs/clients.h"
#include "config/settings.h"
#include "facts/store.h"
#include "log/decision_log.h"
#include "log/metrics.h"
#include "log/program_log.h"

struct server;

struct watch;

struct server_options {
    const struct settings *settings; /* all borrowed; must outlive the server */
    const struct certs_pair *pair;   /* needed until the server has started, as are the clients */
    struct certs_clients *clients;   /* NULL: anybody may call */
    struct facts_store *facts;
    struct program_log *program_log;
    struct decision_log *decision_log;
    struct metrics *metrics;
    struct watch
        *facts_watch; /* woken where a review asks for what has not been read; NULL: none */
};

/* Opens both listeners (port 0 takes a free one) and starts answering. */
bool server_start(const struct server_options *options, struct server **out,
                  struct err *err) MUST_CHECK;
/*
 * New connections are served with this pair, borrowed for the call; kept ones go on with theirs.
 * Thread-safe. Fails with ERR_INPUT where GnuTLS does not take it; then nothing has changed.
 */
bool server_use_pair(struct server *s, const struct certs_pair *pair, struct err *err) MUST_CHECK;
/*
 * New connections are for these clients alone (NULL: for anybody), of which the server takes a
 * reference of its own. Where they are others than before, kept connections end with their next
 * answer. Thread-safe.
 */
void server_use_clients(struct server *s, struct certs_clients *clients);
/* Whether plain allows are logged: settings.log_allowed, which may change. Thread-safe. */
void server_log_allowed(struct server *s, bool log_allowed);
unsigned server_port(const struct server *s);
unsigned server_admin_port(const struct server *s);
/* /readyz answers 200 once this was called with true (design 5: facts' first load ended). */
void server_set_ready(struct server *s, bool ready);
/* The drain of design 6: blocks at most limits.drain_ms, then everything is closed. why: what asked
 * for it, for the program log. */
void server_drain(struct server *s, const char *why);
void server_free(struct server *s); /* NULL is fine */
