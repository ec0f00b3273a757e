/* set_expansion.h: the Applications that an ApplicationSet makes, as far as that is known. */
#pragma once
#include "facts/facts.h"
#include "objects/application_set.h"

/* What all expansions of one load may take together; past it the rest is not known. */
struct expansion_budget {
    size_t work;         /* names looked at, parameters made, bytes of files read / 64 */
    size_t bytes;        /* of what is made */
    size_t applications; /* that may still be made */
};
enum {
    EXPANSION_MAX_WORK = 20000000,      /* some seconds, in the background */
    EXPANSION_MAX_APPLICATIONS = 10000, /* some times what the largest Argo CDs run */
};

struct expansion {
    json_t *applications; /* a list of Applications, each with its name and the set's namespace */
    char *why;  /* NULL: these are all; else a phrase, escaped: why others are not known */
    bool fails; /* `why` is what Argo CD fails on, and so makes none */
};

/* Never fails. Reads repositories again where the files generator asks for contents. The caller
 * ends with expansion_clear(). */
void expansion_make(const struct facts *f, const struct application_set *set,
                    struct expansion_budget *budget, struct expansion *out);
void expansion_clear(struct expansion *e);
