/* oracle.h: the scanner's contract with jansson, checked for any document (design 8). */
#pragma once
#include "base/str.h"
#include "review/scan.h"

/* How a document is handed to the scanner. */
struct feeding {
    enum scan_path path;
    size_t chunk;  /* bytes at a time; 0: whole */
    uint64_t seed; /* not 0: chunks of random sizes up to `chunk` */
};

/* scan_new(), scan_feed() and scan_finish() in one. */
bool feed(struct str document, struct feeding how, struct review **out, struct err *err);

enum { COMPLAINT_MAX = 512 };
struct oracle_options {
    uint64_t seed;
    bool in_order; /* sorted as Go sorts: status.resources must not be left out then */
    bool quick;    /* besides whole, only the feeding `seed` chooses: for the fuzz target */
};

/*
 * Whether the contract holds for `document`, fed whole, a byte at a time and in the chunks of
 * `seed`, with both implementations:
 * - all of them give the identical review or the identical error;
 * - jansson accepts: the scanner accepts what is an AdmissionReview, with equal decoded spans
 *   (a document with a raw NUL byte excepted, which jansson overlooks in places);
 * - jansson rejects: the scanner rejects, or jansson accepts once every skipped member, every
 *   captured field of an unchanged pair and every unreadable object is replaced by null.
 * complaint  what did not hold.
 */
bool oracle_holds(struct str document, struct oracle_options options,
                  char complaint[COMPLAINT_MAX]);
