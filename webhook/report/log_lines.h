/* log_lines.h: the decisions among the lines of a log, whoever carried it. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include <jansson.h>
#include <stdint.h>

enum {
    /* The longest line the server writes is 2 MiB (validate.c); what a container runtime or kubectl
     * puts before it is short. A longer line is passed over, and counted. */
    LOG_LINE_MAX = 2 * 1024 * 1024 + 4096,
    LOG_NOTES_MAX = 20,     /* lines that are named; the others are counted */
    LOG_MESSAGE_MAX = 1000, /* bytes of a finding's message that are kept or shown */
    LOG_TIME_MAX = 40,
};

/* What a finding came to: "deny" without force is what a warning is. */
enum log_outcome { LOG_DENIED, LOG_WARNED, LOG_UNDECIDED, LOG_EXEMPTED, N_LOG_OUTCOMES };

/* One decision; the views point into the line's JSON and live as long as the call. */
struct log_decision {
    struct str kind;
    struct str namespace;
    struct str name;
    struct str user;
    struct str uid; /* STR_NONE when the line has none */
    bool is_denied;
    bool dry_run;
    int64_t time;           /* Unix seconds */
    const json_t *findings; /* an array; each has rule, message and a readable outcome */
    const json_t *line;     /* all of it */
};
typedef void (*log_decision_fn)(void *closure, const struct log_decision *d);

/* Lines by what they were; empty ones are not counted. */
struct log_tally {
    uint64_t n_decisions;
    uint64_t n_earlier; /* decisions before `since` */
    uint64_t n_other;
    uint64_t n_malformed; /* noted, as far as there is room */
    uint64_t n_too_long;
};

struct log_lines;

/*
 * since    Unix seconds; decisions before it are counted, no more. INT64_MIN for all.
 * take     gets every other decision, after it was counted.
 * closure  borrowed.
 * The caller frees it with log_lines_free().
 */
struct log_lines *log_lines_new(int64_t since, log_decision_fn take, void *closure);
void log_lines_free(struct log_lines *l); /* NULL is fine */
/* What follows comes from `file` (borrowed until the next call); its lines are counted from 1. */
void log_lines_begin(struct log_lines *l, const char *file);
/*
 * The next bytes of the file, cut anywhere. A line is a decision when it holds, from its first '{'
 * to its end, the JSON object that decision_write() makes; what stands before it (kubectl logs
 * --prefix, --timestamps, a container runtime's own words) does not matter. The json-file form of
 * Docker, {"log": "<line>"}, is taken apart. Every other line is counted and passed over; one that
 * means to be a decision and is broken is noted as well.
 */
void log_lines_add(struct log_lines *l, struct str bytes);
/* The file ends here, its last line with or without a line feed. */
void log_lines_end(struct log_lines *l);

/* Notes the line of the decision that `take` is looking at. text: a literal. */
void log_lines_note(struct log_lines *l, const char *text);
const struct log_tally *log_lines_tally(const struct log_lines *l);
/* "FILE:LINE: note: …" for each line that was noted. */
void log_lines_write_notes(const struct log_lines *l, struct buf *out);
/* The members "lines" and "notes". */
void log_lines_write_json(const struct log_lines *l, struct buf *out);

/* Of a finding that a log_decision holds. */
enum log_outcome log_outcome_of(const json_t *finding);
/*
 * Fit for any output; the caller frees it. The log's own writer has escaped it already, and
 * escaping that again would double its backslashes: so what stands between backslashes is escaped.
 * Cut at max_bytes.
 */
char *log_shown(struct str text, size_t max_bytes);
/* "2026-06-09T12:00:00Z"; "" for what no calendar holds. Returns `out`. */
const char *log_time_text(int64_t at, char out[static LOG_TIME_MAX]);
