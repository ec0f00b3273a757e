#include "objects/fields.h"
#include "base/json.h"

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    default:
        return "null";
    }
}

static bool wrong_type(const json_t *value, const char *path, const char *key, const char *wanted,
                       struct err *err)
{
    err_what(err, ERR_INPUT, "%s/%s is %s, not %s", path, key, type_name(value), wanted);
    return false;
}

bool field_str(const json_t *object, const char *path, const char *key, struct str *out,
               struct err *err)
{
    const json_t *value = json_value_at(object, key);

    *out = STR_NONE;
    if (!value)
        return true;
    if (!json_is_string(value))
        return wrong_type(value, path, key, "a string", err);
    *out = json_view(value);
    return true;
}

bool field_bool(const json_t *object, const char *path, const char *key, bool *out, struct err *err)
{
    const json_t *value = json_value_at(object, key);

    if (!value)
        return true;
    if (!json_is_boolean(value))
        return wrong_type(value, path, key, "a boolean", err);
    *out = json_is_true(value);
    return true;
}

bool field_object(const json_t *object, const char *path, const char *key, json_t **out,
                  struct err *err)
{
    json_t *value = json_value_at(object, key);

    *out = NULL;
    if (!value)
        return true;
    if (!json_is_object(value))
        return wrong_type(value, path, key, "an object", err);
    *out = value;
    return true;
}

bool field_array(const json_t *object, const char *path, const char *key, json_t **out,
                 struct err *err)
{
    json_t *value = json_value_at(object, key);

    *out = NULL;
    if (!value)
        return true;
    if (!json_is_array(value))
        return wrong_type(value, path, key, "a list", err);
    *out = value;
    return true;
}
