#include "objects/label_selector.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/fields.h"
#include <stdio.h>
#include <stdlib.h>

enum { PATH_TEXT_MAX = 256 };

static const char *const operators[] = {
    [LABEL_IN] = "In",
    [LABEL_NOT_IN] = "NotIn",
    [LABEL_EXISTS] = "Exists",
    [LABEL_DOES_NOT_EXIST] = "DoesNotExist",
};

static bool read_operator(const json_t *entry, const char *path, enum label_operator *out,
                          struct err *err)
{
    struct str text;

    if (!field_str(entry, path, "operator", &text, err))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (str_is(text, operators[i])) {
            *out = (enum label_operator)i;
            return true;
        }
    err_what(err, ERR_INPUT, "%s/operator is none of In, NotIn, Exists and DoesNotExist", path);
    return false;
}

static bool read_values(const json_t *entry, const char *path, struct label_requirement *r,
                        struct err *err)
{
    bool wants_values = r->kind == LABEL_IN || r->kind == LABEL_NOT_IN;
    json_t *values;
    size_t index;
    json_t *value;

    if (!field_array(entry, path, "values", &values, err))
        return false;
    if ((json_array_size(values) > 0) != wants_values) {
        err_what(err, ERR_INPUT, "%s/values %s with operator %s", path,
                 wants_values ? "may not be empty" : "must be empty", operators[r->kind]);
        return false;
    }
    json_array_foreach(values, index, value)
    {
        if (json_is_string(value))
            continue;
        err_what(err, ERR_INPUT, "%s/values/%zu is not a string", path, index);
        return false;
    }
    r->values = values;
    return true;
}

static bool read_expression(const json_t *entry, const char *path, struct label_requirement *r,
                            struct err *err)
{
    if (!json_is_object(entry)) {
        err_what(err, ERR_INPUT, "%s is not an object", path);
        return false;
    }
    if (!field_str(entry, path, "key", &r->key, err) || !read_operator(entry, path, &r->kind, err))
        return false;
    if (!r->key.n) {
        err_what(err, ERR_INPUT, "%s/key is missing", path);
        return false;
    }
    return read_values(entry, path, r, err);
}

static bool read_labels(json_t *labels, const char *path, struct label_selector *out,
                        struct err *err)
{
    const char *key;
    size_t n_key;
    json_t *value;

    json_object_keylen_foreach(labels, key, n_key, value)
    {
        if (!json_is_string(value)) {
            err_what(err, ERR_INPUT, "%s/matchLabels holds a value that is not a string", path);
            return false;
        }
        out->requirements[out->n++] = (struct label_requirement){
            .key = {key, n_key}, .kind = LABEL_IN, .value = json_view(value)};
    }
    return true;
}

bool label_selector_read(const json_t *object, const char *path, const char *key,
                         struct label_selector *out, struct err *err)
{
    char own[PATH_TEXT_MAX];
    json_t *selector;
    json_t *labels;
    json_t *expressions;
    size_t n;

    *out = (struct label_selector){0};
    (void)snprintf(own, sizeof own, "%s/%s", path, key);
    if (!field_object(object, path, key, &selector, err) ||
        !field_object(selector, own, "matchLabels", &labels, err) ||
        !field_array(selector, own, "matchExpressions", &expressions, err))
        return false;
    n = json_object_size(labels) + json_array_size(expressions);
    if (n > LABEL_REQUIREMENTS_MAX) {
        err_what(err, ERR_LIMIT, "%s has more than %d requirements", own, LABEL_REQUIREMENTS_MAX);
        return false;
    }
    out->requirements = xcalloc(n, sizeof *out->requirements);
    if (!read_labels(labels, own, out, err))
        return false;
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        char place[PATH_TEXT_MAX + 64];

        (void)snprintf(place, sizeof place, "%s/matchExpressions/%zu", own, i);
        if (!read_expression(json_array_get(expressions, i), place, &out->requirements[out->n],
                             err))
            return false;
        out->n++;
    }
    return true;
}

void label_selector_clear(struct label_selector *s)
{
    free(s->requirements);
    *s = (struct label_selector){0};
}

static bool is_among(const struct label_requirement *r, struct str value)
{
    if (!r->values)
        return str_eq(r->value, value);
    for (size_t i = 0; i < json_array_size(r->values); i++)
        if (str_eq(json_view(json_array_get(r->values, i)), value))
            return true;
    return false;
}

static bool holds(const struct label_requirement *r, struct str value)
{
    bool present = value.p != NULL;

    switch (r->kind) {
    case LABEL_IN:
        return present && is_among(r, value);
    case LABEL_NOT_IN:
        return !present || !is_among(r, value);
    case LABEL_EXISTS:
        return present;
    case LABEL_DOES_NOT_EXIST:
        return !present;
    }
    return false;
}

/* Its value, STR_NONE when it is absent; false when neither is known. */
static bool find_label(const struct namespace_labels *n, struct str key, struct str *value)
{
    if (!n->stored && str_is(key, LABEL_NAMESPACE_NAME)) {
        *value = n->name;
        return true;
    }
    *value = json_view(json_object_getn(n->labels, key.p, key.n));
    return n->complete;
}

enum tri label_selector_matches(const struct label_selector *s, const struct namespace_labels *n,
                                struct str *unknown)
{
    enum tri matches = TRI_YES;

    for (size_t i = 0; i < s->n; i++) {
        const struct label_requirement *r = &s->requirements[i];
        struct str value;

        if (find_label(n, r->key, &value)) {
            if (!holds(r, value))
                return TRI_NO;
        } else if (matches == TRI_YES) {
            matches = TRI_NOT_KNOWN;
            *unknown = r->key;
        }
    }
    return matches;
}
