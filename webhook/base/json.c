#include "base/json.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define READ_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static bool read_with(struct str text, size_t extra_flags, json_t **out, struct err *err)
{
    json_error_t detail;
    json_t *value = json_loadb(text.p ? text.p : "", text.n, READ_FLAGS | extra_flags, &detail);

    if (!value) {
        err_what(err, ERR_INPUT, "malformed JSON");
        err_why(err, "jansson: %s, line %d, column %d", detail.text, detail.line, detail.column);
        return false;
    }
    *out = value;
    return true;
}

bool json_read(struct str text, json_t **out, struct err *err)
{
    return read_with(text, 0, out, err);
}

bool json_read_value(struct str text, json_t **out, struct err *err)
{
    return read_with(text, JSON_DECODE_ANY, out, err);
}

/* What jansson's error codes mean, without the piece of text it shows beside them. */
void json_end_without_memory(void)
{
    json_set_alloc_funcs(xmalloc, free);
}

static const char *fault_name(enum json_error_code code)
{
    switch (code) {
    case json_error_stack_overflow:
        return "nested too deeply";
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_premature_end_of_input:
        return "the text ends too early";
    case json_error_null_byte_in_key:
        return "a NUL character in a key";
    case json_error_duplicate_key:
        return "a key that stands twice in one object";
    case json_error_numeric_overflow:
        return "a number out of range";
    default:
        return "invalid syntax";
    }
}

bool json_read_first(struct str text, json_t **out, size_t *n_used, struct err *err)
{
    json_error_t detail;
    json_t *value = json_loadb(text.p ? text.p : "", text.n,
                               READ_FLAGS | JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &detail);

    *n_used = detail.position < 0 ? 0 : (size_t)detail.position;
    if (!value) {
        err_what(err, ERR_INPUT, "malformed JSON");
        err_why(err, "%s", fault_name(json_error_code(&detail)));
        return false;
    }
    *out = value;
    return true;
}

void json_unrefp(json_t **value)
{
    json_decref(*value);
}

json_t *json_unconst(const json_t *value)
{
    return (json_t *)(uintptr_t)value;
}

struct str json_view(const json_t *value)
{
    if (!json_is_string(value))
        return STR_NONE;
    return (struct str){json_string_value(value), json_string_length(value)};
}

struct str json_str_at(const json_t *object, const char *key)
{
    return json_view(json_object_get(object, key));
}

json_t *json_object_at(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    return json_is_object(value) ? value : NULL;
}

json_t *json_array_at(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    return json_is_array(value) ? value : NULL;
}

json_t *json_value_at(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

bool json_bool_at(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}
