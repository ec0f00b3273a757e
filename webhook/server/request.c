#include "server/request.h"
#include "base/mem.h"
#include "review/scan.h"
#include "server/clock.h"
#include "server/connection.h"
#include "server/routes.h"
#include "server/timeout.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A refused request's body is read and thrown away before the answer: an early answer reaches Go's
 * client only half the time, because closing with unread bytes resets the connection (design 6).
 * Past this many bytes it is not worth it.
 */
enum { DISCARD_MAX_BYTES = 32 * 1024 * 1024 };

struct refusal {
    unsigned status;
    const char *reason; /* as metrics_rejected() takes it */
    const char *text;
};

enum refusal_id {
    NOT_LET_IN,
    TOO_MANY,
    UNCLEAR,
    NO_PATH,
    NO_METHOD,
    NO_LENGTH,
    NOT_JSON,
    TOO_LARGE,
};
static const struct refusal refusals[] = {
    [NOT_LET_IN] = {403, "client-certificate", "a client certificate is wanted here"},
    [TOO_MANY] = {503, "connections", "syncguard serves as many connections as it may; try again"},
    [UNCLEAR] = {400, "malformed", "where the request ends is not clear from its headers"},
    [NO_PATH] = {404, "path", "there is nothing at this path"},
    [NO_METHOD] = {405, "method", "this path does not answer this method"},
    [NO_LENGTH] = {411, "length-required", "a review has to come with a Content-Length"},
    [NOT_JSON] = {415, "content-type", "a review has to come as Content-Type: application/json"},
    [TOO_LARGE] = {413, "too-large", "the review is larger than limits.body allows"},
};

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* The declared length of the body; 0 without one. libmicrohttpd has refused what is no number. */
static uint64_t content_length(struct MHD_Connection *c)
{
    const char *text = header(c, "Content-Length");

    return text ? strtoumax(text, NULL, 10) : 0;
}

static bool is_json(struct MHD_Connection *c)
{
    struct str type = str_from(header(c, "Content-Type"));

    type = str_trim(str_sub(type, 0, str_find_char(type, ';')));
    return str_eq_nocase(type, STR("application/json"));
}

/* What the headers say of the body's length. */
struct framing {
    const char *length;
    const char *encoding;
    bool is_unclear;
};

static enum MHD_Result look_at_header(void *closure, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct framing *f = closure;
    size_t n = strlen(name);

    (void)kind;
    value = value ? value : "";
    if (n == 0 || name[n - 1] == ' ' || name[n - 1] == '\t') {
        f->is_unclear = true;
    } else if (strcasecmp(name, "Content-Length") == 0) {
        f->is_unclear = f->is_unclear || (f->length && strcmp(f->length, value) != 0);
        f->length = value;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        f->is_unclear = f->is_unclear || f->encoding || strcasecmp(value, "chunked") != 0;
        f->encoding = value;
    }
    return MHD_YES;
}

/* libmicrohttpd takes the first of two lengths, and the encoding before a length; somebody in front
 * of us may take the other, and then what is a body here is a request there.
 * Source: RFC 9112, 5.1 and 6.3. */
static bool is_unclear(struct MHD_Connection *c)
{
    struct framing f = {0};

    (void)MHD_get_connection_values(c, MHD_HEADER_KIND, look_at_header, &f);
    return f.is_unclear || (f.length && f.encoding);
}

static const struct refusal *refuse(struct request *r, struct MHD_Connection *c, const char *url,
                                    const char *method)
{
    if (!connection_of(c)->let_in)
        return &refusals[NOT_LET_IN];
    if (connection_of(c)->excess)
        return &refusals[TOO_MANY];
    if (is_unclear(c))
        return &refusals[UNCLEAR];
    r->route = route_find(r->door->routes, r->door->n_routes, url);
    if (!r->route)
        return &refusals[NO_PATH];
    if (!route_answers(r->route, method))
        return &refusals[NO_METHOD];
    if (!r->route->chunk)
        return NULL;
    if (header(c, "Transfer-Encoding") || !header(c, "Content-Length"))
        return &refusals[NO_LENGTH];
    if (!is_json(c))
        return &refusals[NOT_JSON];
    if (content_length(c) > r->server->options.settings->limits.body_bytes)
        return &refusals[TOO_LARGE];
    return NULL;
}

/* The client's own timeout, bounded by ours. */
static unsigned deadline_ms(const struct request *r, struct MHD_Connection *c)
{
    unsigned ours = r->server->options.settings->limits.request_timeout_ms;
    unsigned theirs = 0;

    if (!timeout_parse(MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "timeout"), &theirs))
        return ours;
    return theirs < ours ? theirs : ours;
}

size_t request_unescape(void *closure, struct MHD_Connection *c, char *text)
{
    size_t n = MHD_http_unescape(text);

    (void)closure;
    (void)c;
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\0')
            text[i] = '\x01';
    return n;
}

static struct request *begin(struct door *door, struct MHD_Connection *c, const char *url,
                             const char *method)
{
    struct request *r = xcalloc(1, sizeof *r);

    r->door = door;
    r->server = door->server;
    r->started_us = clock_us();
    if (door->tls) { /* a scrape is no work to wait for */
        (void)atomic_fetch_add(&r->server->inflight, 1);
        metrics_inflight(r->server->options.metrics, 1);
    }
    deadline_set(connection_of(c)->deadline, PHASE_REQUEST, deadline_ms(r, c));
    r->refusal = refuse(r, c, url, method);
    r->closes = r->refusal == &refusals[TOO_MANY] || r->refusal == &refusals[UNCLEAR];
    return r;
}

static void refusal_reply(const struct request *r, struct reply *reply)
{
    reply->status = r->refusal->status;
    reply->type = "text/plain; charset=utf-8";
    reply->rejected = r->refusal->reason;
    buf_printf(&reply->body, "%s\n", r->refusal->text);
}

static void add_headers(const struct request *r, const struct reply *reply,
                        struct MHD_Response *response)
{
    (void)MHD_add_response_header(response, "Content-Type", reply->type);
    if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, "Allow", r->route->methods);
    if (reply->status == MHD_HTTP_SERVICE_UNAVAILABLE && reply->rejected)
        (void)MHD_add_response_header(response, "Retry-After", "1");
    if (r->closes || (r->door->tls && atomic_load(&r->server->closing)))
        (void)MHD_add_response_header(response, "Connection", "close");
}

/* The answer would have been too long: the connection ends without one. */
static void cut(const struct request *r)
{
    metrics_rejected(r->server->options.metrics, "unanswered");
    if (!atomic_exchange(&r->server->cut_said, true))
        program_log_event(r->server->options.program_log, LOG_ERROR, "unanswered",
                          "an answer is longer than %d bytes and its connection was cut; "
                          "syncguard_rejected_total counts them",
                          REPLY_MAX_BYTES);
}

static enum MHD_Result answer(struct request *r, struct MHD_Connection *c)
{
    struct reply reply = {.status = MHD_HTTP_OK};
    struct MHD_Response *response;
    enum MHD_Result result;
    size_t n;

    buf_init(&reply.body, REPLY_MAX_BYTES);
    if (r->refusal)
        refusal_reply(r, &reply);
    else
        r->route->answer(r, &reply);
    if (reply.rejected)
        metrics_rejected(r->server->options.metrics, reply.rejected);
    if (!buf_ok(&reply.body)) {
        buf_clear(&reply.body);
        cut(r);
        return MHD_NO;
    }
    n = reply.body.n;
    response = MHD_create_response_from_buffer(n, buf_take(&reply.body), MHD_RESPMEM_MUST_FREE);
    if (!response)
        give_up("out of memory (an answer)");
    r->closes = r->closes || connection_is_outdated(connection_of(c));
    add_headers(r, &reply, response);
    result = MHD_queue_response(c, reply.status, response);
    MHD_destroy_response(response);
    return result;
}

/* Headers are complete. A client that waits for our word before it sends a body we will not read
 * is told at once; so is one whose body is too long even to throw away, or has no certain end. */
static enum MHD_Result first_call(struct door *door, struct MHD_Connection *c, const char *url,
                                  const char *method, void **context)
{
    struct request *r = begin(door, c, url, method);

    *context = r;
    if (r->refusal && (r->refusal == &refusals[UNCLEAR] || header(c, "Expect") ||
                       content_length(c) > DISCARD_MAX_BYTES))
        return answer(r, c);
    return MHD_YES;
}

/* False: the connection is cut. */
static bool take_chunk(struct request *r, struct str chunk)
{
    r->n_received += chunk.n;
    if (!r->refusal && r->route->chunk)
        r->route->chunk(r, chunk);
    return r->n_received <= DISCARD_MAX_BYTES || !r->refusal;
}

enum MHD_Result request_handle(void *door, struct MHD_Connection *c, const char *url,
                               const char *method, const char *version, const char *chunk,
                               size_t *n_chunk, void **context)
{
    (void)version;
    if (!*context)
        return first_call(door, c, url, method, context);
    if (*n_chunk) {
        bool taken = take_chunk(*context, (struct str){chunk, *n_chunk});

        *n_chunk = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    return answer(*context, c);
}

void request_completed(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_RequestTerminationCode code)
{
    struct server *s = ((struct door *)door)->server;
    struct request *r = *context;

    (void)code;
    if (!r)
        return;
    *context = NULL;
    scan_free(r->scan);
    free(r);
    deadline_set(connection_of(c)->deadline, PHASE_IDLE, connection_idle_ms(connection_of(c)));
    if (((struct door *)door)->tls) {
        metrics_inflight(s->options.metrics, -1);
        (void)atomic_fetch_sub(&s->inflight, 1);
    }
}
