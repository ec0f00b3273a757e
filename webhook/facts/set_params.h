/* set_params.h: the parameters of a set's generators while they are put together. */
#pragma once
#include "base/buf.h"
#include "facts/set_expansion.h"

/* One expansion under way. */
struct expander {
    const struct facts *facts;
    const struct application_set *set;
    struct expansion_budget *budget;
    struct set_filler filler; /* and what is not known, or fails, of generators as well */
};

/* The first reason of each kind is kept. `text` comes from outside and stands behind `before`.
 * Both return NULL. */
json_t *expander_not_known(struct expander *e, const char *before, struct str text,
                           const char *after);
json_t *expander_fails(struct expander *e, const char *before, struct str text, const char *after);
/* Uses up work; false, and said so, once there is none left. */
bool expander_work(struct expander *e, size_t n);

/* The parameters of a git generator: a list the caller owns, or NULL, and the reason is said. */
json_t *set_git_params(struct expander *e, const json_t *git);
/* "a.b.0" for what is nested, as github.com/jeremywohl/flatten has it; null for what cannot be
 * printed the way Go does. */
void set_params_flatten(json_t *out, struct str prefix, const json_t *value);
