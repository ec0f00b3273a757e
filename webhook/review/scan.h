/* scan.h: reads an AdmissionReview as it arrives and keeps only the spans that matter. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "review/review.h"

/*
 * A resumable push parser (design 8): fed chunks of any size, it gives the same result. It copies
 * the spans that matter into an arena of at most SCAN_ARENA_BYTES and keeps nothing else.
 */
struct scan;

enum { SCAN_ARENA_BYTES = 1024 * 1024 };

enum scan_path { SCAN_BEST, SCAN_PORTABLE }; /* SSE2 or NEON where built, or the portable twin */

struct scan_options {
    enum scan_path path;
};

/* options may be NULL. The caller frees it with scan_free(). */
struct scan *scan_new(const struct scan_options *options);
void scan_free(struct scan *s); /* NULL is fine */
void scan_freep(struct scan **s);

/* Reads the next bytes; `chunk` is borrowed for the call. False once the document is malformed:
 * further chunks are then ignored. */
bool scan_feed(struct scan *s, struct str chunk);

/*
 * Ends the document and decodes it.
 * out  owned by the caller (review_free()); independent of the scan.
 * Fails with ERR_INPUT: malformed JSON, a duplicate key on a path we read, an apiVersion other
 * than admission.k8s.io/v1, a kind other than AdmissionReview, or no request.uid. `what` is one
 * clear sentence for the 400. Anything unreadable inside object or oldObject is no failure.
 */
bool scan_finish(struct scan *s, struct review **out, struct err *err) MUST_CHECK;
