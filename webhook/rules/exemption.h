/* exemption.h: what somebody let through on purpose, why and until when (design 3.5). */
#pragma once
#include "rules/rule.h"

/* The judged object as exemptions see it. */
struct exempt_subject {
    const struct settings *settings;
    struct str namespace;
    struct str name;       /* empty with generateName: nothing names such an object */
    struct str annotation; /* syncguard.dev/exempt as the request wants it; STR_NONE where it is
                              absent, and where the object could not be read */
    int64_t now;           /* Unix seconds */
};

/*
 * Makes a settled finding FINDING_EXEMPTED where the configuration's list, or an annotation that
 * the configuration lets count, names its rule and object: it denies nothing then, and its message
 * and evidence give the reason. Where one would have but does not count any more, or not here, the
 * message says why.
 */
void exemption_apply(const struct exempt_subject *s, struct finding *f);
