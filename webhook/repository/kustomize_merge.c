#include "repository/kustomize_merge.h"
#include "base/json.h"
#include "base/str.h"
#include "repository/kustomize_shape.h"

static enum patched fail(const char **why, const char *what)
{
    *why = what;
    return PATCH_FAILS;
}

static enum patched doubt(const char **why, const char *what)
{
    *why = what;
    return PATCH_NOT_KNOWN;
}

struct merger {
    bool has_schema;
    const char **why;
};

static bool is_anything(const json_t *value)
{
    return str_is(json_view(value), SHAPE_ANYTHING);
}

enum directive { DIRECTIVE_MERGE, DIRECTIVE_DELETE, DIRECTIVE_REPLACE, DIRECTIVE_UNKNOWN };

static enum directive read_directive(const json_t *patch)
{
    const json_t *value = json_object_get(patch, "$patch");

    if (!value || str_is(json_view(value), "merge"))
        return DIRECTIVE_MERGE;
    if (str_is(json_view(value), "delete"))
        return DIRECTIVE_DELETE;
    return str_is(json_view(value), "replace") ? DIRECTIVE_REPLACE : DIRECTIVE_UNKNOWN;
}

static enum patched merge_value(const struct merger *m, json_t **dest, const json_t *patch);

/* Members of the patch over those of *dest, which is an object. */
static enum patched merge_members(const struct merger *m, json_t *dest, const json_t *patch)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_unconst(patch), key, value)
    {
        json_t *was = json_incref(json_object_get(dest, key));
        enum patched result;

        if (str_is(str_from(key), "$patch"))
            continue;
        if (!was && json_object_get(dest, SHAPE_ANYTHING) && !json_is_null(value))
            was = json_string(SHAPE_ANYTHING);
        result = merge_value(m, &was, value);
        if (result == PATCH_FAILS || result == PATCH_NOT_KNOWN) {
            json_decref(was);
            return result;
        }
        if (result == PATCH_DELETES || json_is_null(was))
            (void)json_object_del(dest, key);
        else
            (void)json_object_set(dest, key, was);
        json_decref(was);
    }
    return PATCHED;
}

static void replace(json_t **dest, json_t *by)
{
    json_decref(*dest);
    *dest = by;
}

static enum patched merge_object(const struct merger *m, json_t **dest, const json_t *patch)
{
    switch (read_directive(patch)) {
    case DIRECTIVE_DELETE:
        return PATCH_DELETES;
    case DIRECTIVE_REPLACE:
        replace(dest, json_object());
        break;
    case DIRECTIVE_UNKNOWN:
        return doubt(m->why, "has a $patch that is neither delete, replace nor merge");
    case DIRECTIVE_MERGE:
        break;
    }
    if (!*dest || json_is_null(*dest))
        replace(dest, json_object());
    return merge_members(m, *dest, patch);
}

/* Elements of a list with directives, or lists inside lists, are merged by rules of their own. */
static bool is_simple_list(const json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (json_is_array(entry) || json_is_null(entry) || json_object_get(entry, "$patch"))
            return false;
    }
    return true;
}

static bool have_string(const json_t *list, const char *key)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (!json_is_object(entry) || !json_is_string(json_object_get(entry, key)))
            return false;
    }
    return true;
}

/* The lists that people patch: their elements have names, or are replaced as a whole. */
static enum patched merge_list(const struct merger *m, json_t **dest, const json_t *patch)
{
    if (!is_simple_list(patch))
        return doubt(m->why, "merges a list by directives");
    if (!m->has_schema) {
        replace(dest, json_deep_copy(patch));
        return PATCHED;
    }
    if (*dest && !json_is_null(*dest) &&
        (!have_string(patch, "name") || !have_string(*dest, "name")))
        return doubt(m->why, "merges a list whose elements have no names");
    replace(dest, json_string(SHAPE_ANYTHING));
    return PATCHED;
}

static enum patched merge_value(const struct merger *m, json_t **dest, const json_t *patch)
{
    const json_t *was = *dest;

    if (json_is_null(patch))
        return PATCH_DELETES;
    if (is_anything(was))
        return doubt(m->why, "changes what is not kept of the object");
    if (was && !json_is_null(was) &&
        (json_is_object(was) != json_is_object(patch) ||
         json_is_array(was) != json_is_array(patch)))
        return fail(m->why, "has a value of another type than the object");
    if (json_is_object(patch))
        return merge_object(m, dest, patch);
    if (json_is_array(patch))
        return merge_list(m, dest, patch);
    replace(dest, json_deep_copy(patch));
    return PATCHED;
}

enum patched kustomize_merge(json_t **object, const json_t *patch, bool has_schema,
                             const char **why)
{
    struct merger m = {has_schema, why};

    return merge_object(&m, object, patch);
}
