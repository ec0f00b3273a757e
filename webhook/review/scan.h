/* scan.h: reads an AdmissionReview as it arrives and keeps only the spans that matter. */
#pragma once
#include "base/attr.h"
#include "base/budget.h"
#include "base/err.h"
#include "base/str.h"
#include "review/block.h" /* enum scan_path */
#include "review/review.h"
#include <stdint.h>

/*
 * A resumable push parser (design 8): fed chunks of any size, it gives the same result. It copies
 * the spans that matter (paths.h) into an arena of at most SCAN_ARENA_BYTES and keeps nothing else;
 * all other values are skipped 64 bytes at a time, their brackets and quotes counted.
 */
struct scan;

/* More than limits.body takes by default: whoever pads an object is judged all the same. */
enum { SCAN_ARENA_BYTES = 9 * 1024 * 1024 };

/* For tests: which bytes of the document the scanner did not read itself. */
enum scan_extent_kind {
    SCAN_EXTENT_SKIPPED,  /* a member or element whose value was only skipped */
    SCAN_EXTENT_CAPTURED, /* a member whose value was kept, to be decoded at the end */
    SCAN_EXTENT_OBJECT,   /* all of request.object or request.oldObject */
};
struct scan_extent {
    enum scan_extent_kind kind;
    int object;        /* 0 inside object, 1 inside oldObject, -1 elsewhere */
    uint64_t key_from; /* the key's opening quote; equal to `from` for an array element */
    uint64_t from;     /* the value */
    uint64_t to;
};
typedef void (*scan_extent_fn)(void *closure, const struct scan_extent *extent);

struct scan_options {
    enum scan_path path;
    struct budget *budget;    /* of everybody's reviews; borrowed until the review is freed, too */
    scan_extent_fn on_extent; /* NULL in production */
    void *closure;
};

/* options may be NULL. The caller frees it with scan_free(). */
struct scan *scan_new(const struct scan_options *options);
void scan_free(struct scan *s); /* NULL is fine */
void scan_freep(struct scan **s);

/* Reads the next bytes; `chunk` is borrowed for the call. False once the document is malformed:
 * further chunks are then ignored. */
bool scan_feed(struct scan *s, struct str chunk);

/*
 * Ends the document and decodes it; afterwards the scan can only be freed.
 * out  owned by the caller (review_free()); independent of the scan.
 * Fails with ERR_LIMIT when the budget has too little left now; an object that would take more than
 * all of it is `unreadable`.
 * Fails with ERR_INPUT: malformed JSON, a duplicate key on a path we read, a field of the request
 * itself with a wrong type, an apiVersion other than admission.k8s.io/v1, a kind other than
 * AdmissionReview, or no request.uid. `what` is one clear sentence for the 400. What the API server
 * can send and we cannot read inside object or oldObject is no failure but `unreadable`.
 */
bool scan_finish(struct scan *s, struct review **out, struct err *err) MUST_CHECK;
