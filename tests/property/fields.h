/* fields.h: rows of fields and the values they may take, from which random objects are made. */
#pragma once
#include "property.h"

struct field {
    const char *at[6];         /* the way to the member; NULL-terminated */
    unsigned percent;          /* how often a new object has it */
    const char *const *values; /* JSON; $N and $S stand for name and namespace */
};

/* Sets the member to one of the row's values. */
void field_set(struct rng *r, const struct field *f, json_t *object, const char *namespace,
               const char *name);
