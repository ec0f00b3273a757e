/* absence.h: why a source does not render a file that lies below its path. */
#pragma once
#include "base/buf.h"
#include "repository/repository.h"

/*
 * Appends a phrase that goes on from "is not rendered: ". For what is known not to be rendered.
 * False, and nothing appended, where the file does not lie below the source's path, or the reason
 * is not one of those that are looked for.
 */
bool repository_why_absent(const struct repository *r, const struct render_request *q,
                           const struct manifest *m, struct buf *out);
