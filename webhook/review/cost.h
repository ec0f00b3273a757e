/* cost.h: how much memory judging a captured value may take, told before it is parsed. */
#pragma once
#include "base/str.h"
#include <stdbool.h>

/*
 * At most so many bytes are held at one time for this JSON text while it is a tree and written
 * again as text; with `yaml` also while it, or the texts in it, are read as YAML, as an
 * Application's Helm values and patches are. Counted from the text in one pass: "[{},{},…" takes a
 * hundred times its own length, so 3 MB of a review that an API server can send would take 400 MB.
 */
size_t cost_of_value(struct str raw, bool yaml);
