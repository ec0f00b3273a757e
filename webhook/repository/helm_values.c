#include "repository/helm_values.h"
#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* No key of YAML or JSON that anybody writes. */
static const char open_key[] = "\001open";

/* Of the type that most questions are answered "no" for; refcount as json_null() has it. */
static json_t not_known = {JSON_NULL, (size_t)-1};

json_t *helm_not_known(void)
{
    return &not_known;
}

bool helm_is_known(const json_t *value)
{
    return value != &not_known;
}

json_t *helm_open_map(void)
{
    json_t *map = xneed(json_object());

    (void)json_object_set_new_nocheck(map, open_key, json_true());
    return map;
}

bool helm_is_open(const json_t *map)
{
    return json_object_get(map, open_key) != NULL;
}

bool helm_is_member(const char *key)
{
    return strcmp(key, open_key) != 0;
}

json_t *helm_values_default(const json_t *document)
{
    return json_is_object(document) ? json_incref(json_unconst(document)) : xneed(json_object());
}

/* What stands above: nulls in it are not known. */
static json_t *as_upper(const json_t *value)
{
    json_t *out;
    const char *key;
    json_t *member;

    if (!helm_is_known(value) || json_is_null(value))
        return &not_known;
    if (!json_is_object(value))
        return json_incref(json_unconst(value));
    out = xneed(json_object());
    json_object_foreach(json_unconst(value), key, member)(void)
        json_object_set_new_nocheck(out, key, as_upper(member));
    return out;
}

/* Whatever lies below is not known: maps stay open to it. */
static json_t *over_not_known(const json_t *upper)
{
    json_t *out;
    const char *key;
    json_t *member;

    if (!helm_is_known(upper) || !json_is_object(upper))
        return as_upper(upper);
    out = helm_open_map();
    json_object_foreach(json_unconst(upper), key, member)
    {
        if (helm_is_member(key))
            (void)json_object_set_new_nocheck(out, key, over_not_known(member));
    }
    return out;
}

json_t *helm_values_merge(const json_t *upper, const json_t *lower)
{
    bool is_open = helm_is_open(upper);
    json_t *out;
    const char *key;
    json_t *member;

    if (!helm_is_known(upper) || !json_is_object(upper))
        return as_upper(upper);
    if (!helm_is_known(lower))
        return over_not_known(upper);
    if (!json_is_object(lower))
        return as_upper(upper);
    out = is_open ? helm_open_map() : xneed(json_object());
    json_object_foreach(json_unconst(upper), key, member)
    {
        const json_t *below = json_object_get(lower, key);

        if (!below && helm_is_open(lower))
            below = &not_known;
        (void)json_object_set_new_nocheck(
            out, key, below ? helm_values_merge(member, below) : as_upper(member));
    }
    json_object_foreach(json_unconst(lower), key, member)
    {
        /* what an open map may hold may stand above it */
        if ((!is_open || !helm_is_member(key)) && !json_object_get(upper, key))
            (void)json_object_set_nocheck(out, key, member);
    }
    return out;
}

const json_t *helm_values_get(const json_t *map, struct str key)
{
    const json_t *member;

    if (!helm_is_known(map) || !json_is_object(map) || !key.n || memchr(key.p, '\0', key.n))
        return &not_known;
    member = json_object_getn(map, key.p, key.n);
    if (member)
        return member;
    return helm_is_open(map) ? &not_known : json_null();
}

json_t *helm_values_with(const json_t *map, const char *key, json_t *value)
{
    json_t *out = json_is_object(map)  ? xneed(json_copy(json_unconst(map)))
                  : helm_is_known(map) ? xneed(json_object())
                                       : helm_open_map();

    (void)json_object_set_nocheck(out, key, value);
    return out;
}

json_t *helm_values_with_path(const json_t *map, struct str path, json_t *value)
{
    size_t dot = str_find_char(path, '.');
    AUTO(freep) char *key = xstrndup(str_sub(path, 0, dot));
    json_t *below;
    json_t *out;

    if (dot == path.n)
        return helm_values_with(map, key, value);
    below = helm_values_with_path(helm_values_get(map, str_from(key)),
                                  str_sub(path, dot + 1, path.n), value);
    out = helm_values_with(map, key, below);
    json_decref(below);
    return out;
}

enum tri helm_truth(const json_t *value)
{
    if (!helm_is_known(value))
        return TRI_NOT_KNOWN;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        if (json_object_size(value) > (helm_is_open(value) ? 1 : 0))
            return TRI_YES;
        return helm_is_open(value) ? TRI_NOT_KNOWN : TRI_NO;
    case JSON_ARRAY:
        return json_array_size(value) ? TRI_YES : TRI_NO;
    case JSON_STRING:
        return json_string_length(value) ? TRI_YES : TRI_NO;
    case JSON_INTEGER:
    case JSON_REAL:
        /* a zero is false as a number, and true as the text that a chart's own values keep it as */
        return json_number_value(value) != 0 ? TRI_YES : TRI_NOT_KNOWN;
    case JSON_TRUE:
        return TRI_YES;
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return TRI_NO;
}
