/* projection.h: the fields of an object that rules read, fit for a log. */
#pragma once
#include "base/buf.h"
#include "facts/facts.h"
#include "review/review.h"

/*
 * Writes the member "object": names, sources (URLs without userinfo), destination, sync policy,
 * the ExternalSecret's target and the tracking marks. Never a Helm value or parameter, a template
 * datum or any other annotation: of those at most that they are there. Nothing is written when the
 * review carries no object.
 */
void projection_write(struct buf *out, const struct review *review, const struct facts *facts);
