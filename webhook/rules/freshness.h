/* freshness.h: what a denial owes to the commit it rests on, and to that commit's age. */
#pragma once
#include "rules/rule.h"

/*
 * A denial that rests on a reference that moves says which commit it was, and as of when; one that
 * rests on what was fetched longer ago than repositories[].fresh allows becomes undecided, so that
 * a repair pushed seconds ago is not refused by yesterday's tree (design 3.6).
 * now  Unix seconds.
 */
void freshness_apply(const struct facts *f, struct finding *finding, int64_t now);
