/* decode.h: the captured spans of an AdmissionReview become a review. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "review/review.h"
#include "review/spans.h"

/*
 * spans  its bytes are taken over: the review's views point into them.
 * out    owned by the caller (review_free()).
 * Fails with ERR_INPUT or ERR_LIMIT as scan_finish() says.
 */
bool decode(struct spans *spans, struct review **out, struct err *err) MUST_CHECK;
/* The sentence for a review that the budget has no room for just now; ERR_LIMIT. */
void decode_no_memory(struct err *err);

/* enum review_kind by group and kind, any version (design 8). */
enum review_kind decode_kind(struct str group, struct str kind);
/* enum review_operation by its name. */
enum review_operation decode_operation(struct str text);
