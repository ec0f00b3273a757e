/* validate.h: one AdmissionReview from its first byte to its answer. */
#pragma once
#include "base/str.h"

struct reply;
struct request;
struct server;

void validate_chunk(struct request *r, struct str chunk);
/* Scan, judge, answer, decision line, metrics. 400 with one sentence when it is no review. */
void validate_answer(struct request *r, struct reply *reply);
