/* advice.h: what the author of a repository may want to know although no rule is broken. */
#pragma once
#include "facts/facts.h"

/* Stable words of `check`'s output; the order is that of SARIF's rules. */
enum advice_id {
    ADVICE_UNUSED_CHART,            /* a chart that no Application uses */
    ADVICE_SHARED_RESOURCE,         /* one resource that two Applications render */
    ADVICE_DEFINITION_NOT_RENDERED, /* a definition below its own path that is not rendered */
    ADVICE_GLOB_MATCHES_NOTHING,    /* directory.include or .exclude that matches no file */
    ADVICE_PATH_MISSING,            /* a source whose path does not exist */
    N_ADVICE
};
const char *advice_name(enum advice_id id); /* "unused-chart", … */

/* Advice never denies, and where something is not known it is silent. */
struct advice {
    enum advice_id id;
    const char *file; /* borrowed from the facts */
    unsigned line;    /* 0 when not known */
    char *text;       /* escaped */
    char *about;      /* what it is about, whatever the words and lines are: to know it again */
};

struct advice_list {
    struct advice *items;
    size_t n;
    size_t capacity;
};

/* Goes through all that the facts know: `check` does, once. Freed by advice_clear(). */
void advise(const struct facts *f, struct advice_list *out);
void advice_clear(struct advice_list *list);
