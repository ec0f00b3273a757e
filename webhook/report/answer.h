/* answer.h: a verdict as the AdmissionReview the API server reads. */
#pragma once
#include "base/buf.h"
#include "review/review.h"
#include "rules/verdict.h"

/*
 * Source: Kubernetes API reference, AdmissionResponse v1: uid, allowed, status{code, message},
 * warnings, auditAnnotations. Limits of design 3.7: message at most 4 KB with all findings;
 * warnings single lines, at most 1,000 runes each and 4,000 together.
 */
enum { ANSWER_MESSAGE_MAX = 4096, ANSWER_WARNING_RUNES = 1000, ANSWER_WARNINGS_RUNES = 4000 };

void answer_write(struct buf *out, const struct review *review, const struct verdict *verdict);
/* The message of a denial alone: "[rule] text" of each finding that denies. */
void answer_message(struct buf *out, const struct verdict *verdict);
