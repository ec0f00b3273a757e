/* judge.h: the one function that decides; the webhook, check and explain all call it. */
#pragma once
#include "facts/facts.h"
#include "review/review.h"
#include "rules/verdict.h"

/*
 * Pure: no I/O, no locks, bounded work; the same arguments give the same verdict.
 * facts  NULL before the first load: every question is not known.
 * now    Unix seconds, for expiries.
 * Returns a verdict the caller frees with verdict_free(). Never fails: what cannot be read is
 * undecided.
 */
struct verdict *judge(const struct review *review, const struct facts *facts, int64_t now);
