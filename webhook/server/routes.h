/* routes.h: which path answers which method, as a table for each door. */
#pragma once
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct reply;
struct request;

/* Takes the next bytes of a body. */
typedef void (*route_chunk_fn)(struct request *r, struct str chunk);
/* The request is complete: fills the reply. */
typedef void (*route_answer_fn)(struct request *r, struct reply *reply);

struct route {
    const char *path;
    const char *methods;  /* as the Allow header has them */
    route_chunk_fn chunk; /* NULL: a body is read and thrown away */
    route_answer_fn answer;
};

const struct route *routes_webhook(size_t *n);
const struct route *routes_admin(size_t *n);
/* NULL when no route has this path. */
const struct route *route_find(const struct route *routes, size_t n, const char *path);
bool route_answers(const struct route *route, const char *method);
