/* audit.h: what a decision log says was denied, by rule, object and user. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include <stdint.h>

enum {
    /* Of each table: all of them full of long names and messages take about 50 MB. What comes when
     * a table is full is counted as "more": memory does not follow the length of the log. */
    AUDIT_ROWS_MAX = 10000,
};

struct audit;
struct log_lines;

/* since: Unix seconds; decisions before it are counted, no more. INT64_MIN for all. */
struct audit *audit_new(int64_t since);
void audit_free(struct audit *a); /* NULL is fine */
void audit_freep(struct audit **a);
/* Where the logs go; each of its decisions is counted. */
struct log_lines *audit_lines(struct audit *a);

void audit_text(const struct audit *a, struct buf *out);
/* {"schema":"syncguard.audit/v1", …}: a stable contract (design 5). */
void audit_json(const struct audit *a, struct buf *out);
