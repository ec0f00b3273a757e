/* audit.h: what a decision log says was denied, by rule, object and user. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include <stdint.h>

enum {
    /* The longest line the server writes is 2 MiB (validate.c); what a container runtime or kubectl
     * puts before it is short. A longer line is passed over, and counted. */
    AUDIT_LINE_MAX = 2 * 1024 * 1024 + 4096,
    /* Of each table: all of them full of long names and messages take about 50 MB. What comes when
     * a table is full is counted as "more": memory does not follow the length of the log. */
    AUDIT_ROWS_MAX = 10000,
    AUDIT_MESSAGE_MAX = 1000, /* bytes of a denial's message that are kept */
    AUDIT_NOTES_MAX = 20,     /* lines that are named; the others are counted */
};

struct audit;

/* since: Unix seconds; decisions before it are counted, no more. INT64_MIN for all. */
struct audit *audit_new(int64_t since);
void audit_free(struct audit *a); /* NULL is fine */
void audit_freep(struct audit **a);
/* What follows comes from `file` (borrowed until the next call); its lines are counted from 1. */
void audit_begin(struct audit *a, const char *file);
/*
 * The next bytes of the file, cut anywhere. A line is a decision when it holds, from its first '{'
 * to its end, the JSON object that decision_write() makes; what stands before it (kubectl logs
 * --prefix, --timestamps, a container runtime's own words) does not matter. The json-file form of
 * Docker, {"log": "<line>"}, is taken apart. Every other line is counted and passed over; one that
 * means to be a decision and is broken is noted as well.
 */
void audit_add(struct audit *a, struct str bytes);
/* The file ends here, its last line with or without a line feed. */
void audit_end(struct audit *a);

void audit_text(const struct audit *a, struct buf *out);
/* {"schema":"syncguard.audit/v1", …}: a stable contract (design 5). */
void audit_json(const struct audit *a, struct buf *out);
