/* check_report.h: the findings of a run over many objects, as text or JSON. */
#pragma once
#include "base/buf.h"
#include "base/str.h"
#include "review/review.h"
#include "rules/verdict.h"

struct check_report;

struct check_report *check_report_new(void);
void check_report_free(struct check_report *r); /* NULL is fine */
void check_report_freep(struct check_report **r);
/* Counts the object and copies its findings. */
void check_report_add(struct check_report *r, const struct review *review,
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
bool check_report_denies(const struct check_report *r);
void check_report_text(const struct check_report *r, struct buf *out);
/* {"schema":"syncguard.check/v1", …}: a stable contract (design 5). */
void check_report_json(const struct check_report *r, struct buf *out);
