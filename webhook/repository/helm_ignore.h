/* helm_ignore.h: which files of a chart its .helmignore leaves out, as Helm matches them. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include "base/tri.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Helm 3 and 4 (pkg/ignore) read the .helmignore of the chart that is rendered, those of its
 * subcharts not, and add the line `templates/.?*`. The first line that has a say decides: a
 * pattern leaves out what it fits, a negated one what it does not fit. A pattern without a slash
 * is held against the last component, any other against the whole path below the chart; each is
 * Go's filepath.Match. So `!x` leaves out everything but x.
 */

/* Nobody writes lines by the hundred for templates by the thousand: each line is tried on each
 * component of each file, and past this number nothing is certain. */
enum { HELM_IGNORE_MAX_TRIES = 2000000 };

struct helm_ignore;

/*
 * text  of the file; NULL where the chart has none. Borrowed: it outlives the result.
 * out   the caller frees it with helm_ignore_free().
 * False where Helm refuses to load the chart for its sake: a line that holds `**` or is no pattern.
 */
bool helm_ignore_new(const char *text, struct helm_ignore **out) MUST_CHECK;
void helm_ignore_free(struct helm_ignore *ignore); /* NULL is fine */

/*
 * Whether the file or directory is left out. What lies below a directory that is left out is never
 * asked for.
 * path  below the chart, '/'-separated, without a slash at either end.
 * NOT_KNOWN where a line that may decide is not ASCII, or the tries are used up.
 */
enum tri helm_ignore_has(struct helm_ignore *ignore, struct str path, bool is_directory);
