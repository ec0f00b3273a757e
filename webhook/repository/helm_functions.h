/* helm_functions.h: the functions of templates whose result is known for certain. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include <jansson.h>
#include <stdbool.h>

/* A value of a template under way. */
struct helm_value {
    json_t *json; /* counted; helm_not_known() */
    /* Text that means the same as Helm's, but need not be the same: YAML, or what holds actions. It
     * can be placed, and nothing else. */
    bool is_rough;
    /* A map that nothing else holds, so that changing it changes nothing that others see; and
     * nothing in it is held by others either. */
    bool is_fresh;
    bool is_deep;
    bool is_partial; /* rough, but exactly what Helm has around the actions in it */
};

struct helm_value helm_value_unknown(void);
struct helm_value helm_value_text(struct str text, bool is_rough);
void helm_value_clear(struct helm_value *v);
void helm_value_clearp(struct helm_value *v);
bool helm_value_is_known(const struct helm_value *v);

/* What {{ value }} writes. False where that is not known. owned: freed by the caller. */
bool helm_value_show(const struct helm_value *v, struct str *out, char **owned) MUST_CHECK;

/* What the function returns, not known where it is none of ours. The caller clears it. */
struct helm_value helm_function(struct str name, const struct helm_value *args, size_t n);
