/* held.h: what the views of a review point into, freed with it. */
#pragma once
#include "base/str.h"
#include "review/review.h"
#include "review/spans.h"
#include <jansson.h>

/* review.owned. */
struct held {
    struct spans spans;
    size_t n_reserved; /* taken from spans.budget besides */
    json_t *values;    /* an array */
};

/* An empty review with its struct held. The caller frees it with review_free(). */
struct review *held_review_new(void);
struct held *held_of(const struct review *r);
void held_free(struct held *h);
/* Takes over `value` and returns it; it lives as long as the review. */
json_t *held_keep(struct held *h, json_t *value);
/* Sets a member, creating the object `r` projects into on the way: a field of LEVEL_METADATA goes
 * to root.metadata, and so on. Takes over `value`. */
void held_place(json_t *root, const struct path_row *row, json_t *value);
