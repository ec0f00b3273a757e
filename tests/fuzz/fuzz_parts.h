/* fuzz_parts.h: an input as several texts. */
#pragma once
#include "base/str.h"

/* Takes the next part, a view: parts end with a line of an equals sign alone. */
struct str fuzz_next_part(struct str *text);
