/* check_report.h: the findings of a run over many objects, as text or JSON, and a view of them for
 * other writers. */
#pragma once
#include "advice/advice.h"
#include "base/buf.h"
#include "base/str.h"
#include "report/check_sources.h"
#include "review/review.h"
#include "rules/verdict.h"

struct check_report;

/* An object that was judged. Its texts are escaped, but for the file: a path, as it is. */
struct checked_object {
    char *kind;
    char *namespace; /* "" for none */
    char *name;
    char *file;    /* "" when not known */
    unsigned line; /* 0 when not known */
};

struct checked_finding {
    const struct checked_object *object;
    const char *rule; /* a literal */
    struct finding finding;
};

struct checked_note {
    char *file;    /* a path, as it is; "" when not known */
    unsigned line; /* 0 when not known */
    char *text;    /* escaped */
    bool is_advice;
    enum advice_id id; /* of advice */
    char *about;       /* of advice; NULL else */
};

struct check_report *check_report_new(void);
void check_report_free(struct check_report *r); /* NULL is fine */
void check_report_freep(struct check_report **r);
/* Counts the object and copies its findings. */
void check_report_add(struct check_report *r, const struct review *review,
                      const struct verdict *verdict);
/* Counts an Application under the sort of its source; verdict: the one that was added. */
void check_report_count_source(struct check_report *r, enum source_kind kind,
                               const struct verdict *verdict);
/* Counts a ValidatingWebhookConfiguration; the report names them only if there is one. */
void check_report_count_webhook_configuration(struct check_report *r);
/*
 * Adds findings of a rule that judges no admission request, under its own name.
 * rule, kind  borrowed for ever: our own literals.
 */
void check_report_add_registration(struct check_report *r, const char *rule, const char *kind,
                                   struct str name, const char *file, unsigned line,
                                   const struct verdict *verdict);
/* file may be NULL, line 0 when not known. Copies. */
void check_report_note(struct check_report *r, const char *file, unsigned line, const char *text);
/* The same for advice, a note that can be told from others. */
void check_report_advise(struct check_report *r, const struct advice *advice);
const struct check_sources *check_report_sources(const struct check_report *r);
bool check_report_denies(const struct check_report *r);

/*
 * What a report holds, for a writer. The same run gives the same order, in whatever order objects
 * were judged: findings by file, line, rule; notes by file, line, text. Objects stand as they were
 * added.
 */
struct check_view {
    const struct checked_object **objects;
    size_t n_objects;
    const struct checked_finding **findings;
    size_t n_findings;
    const struct checked_note **notes;
    size_t n_notes;
};

/* Borrows from the report, to which nothing may be added meanwhile. Freed by check_view_free(). */
struct check_view *check_view_new(const struct check_report *r);
void check_view_free(struct check_view *v); /* NULL is fine */
void check_view_freep(struct check_view **v);

/* "file:line: ", "file: " or nothing; escapes the file. */
void check_place_write(struct buf *out, const char *file, unsigned line);
void check_report_text(const struct check_report *r, struct buf *out);
/* {"schema":"syncguard.check/v1", …}: a stable contract (design 5). */
void check_report_json(const struct check_report *r, struct buf *out);
