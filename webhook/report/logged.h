/* logged.h: whether an object that the decision log shows can be judged again. */
#pragma once
#include "base/str.h"
#include "facts/facts.h"
#include <jansson.h>

/* What can be said of a logged object ("object" or "oldObject" of a line). */
enum logged_state {
    LOGGED_WHOLE,   /* judged again, it gives what the object itself would */
    LOGGED_LACKING, /* something is missing that the verdict may hang on */
    LOGGED_ALTERED, /* its fields are not those the digest was made of */
    LOGGED_OLDER,   /* written by a version that logged less */
};
/*
 * missing  for LOGGED_LACKING a pointer to the first field, as the line has it; may be NULL.
 * facts    today's: a tracking label that was not looked for then is missing.
 */
enum logged_state logged_check(const json_t *logged, const struct facts *facts,
                               struct str *missing);
