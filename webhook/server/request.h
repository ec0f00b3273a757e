/* request.h: one HTTP request from its headers to its answer, the same for every route. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include "server/internal.h"
#include <microhttpd.h>

struct refusal;
struct route;
struct scan;

struct request {
    struct server *server;
    struct door *door;
    const struct route *route;     /* NULL when refused before one was found */
    const struct refusal *refusal; /* NULL: so far so good */
    bool closes;                   /* the answer ends the connection */
    int64_t started_us;            /* clock_us() when the headers were complete */
    size_t n_received;             /* bytes of the body so far */
    struct scan *scan;             /* the review as far as it has come; validate.c's */
};

/* What a route answers. The body is built by the route, and freed here. */
struct reply {
    unsigned status;
    const char *type; /* Content-Type */
    struct buf body;
    const char *rejected; /* the reason to count it under, NULL when it is a proper answer */
};

/* For MHD_start_daemon() and MHD_OPTION_NOTIFY_COMPLETED; the closure is the door. */
enum MHD_Result request_handle(void *door, struct MHD_Connection *c, const char *url,
                               const char *method, const char *version, const char *chunk,
                               size_t *n_chunk, void **context);
void request_completed(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_RequestTerminationCode code);

/* For MHD_OPTION_UNESCAPE_CALLBACK: %00 would end a path early and make it another one; such a
 * byte becomes U+0001, which is in none of ours. */
size_t request_unescape(void *closure, struct MHD_Connection *c, char *text);

/* Larger answers do not exist: a metrics page of many repositories is the largest. */
enum { REPLY_MAX_BYTES = 8 * 1024 * 1024 };
