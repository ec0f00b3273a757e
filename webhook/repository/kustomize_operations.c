#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_merge.h"
#include "repository/kustomize_shape.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Operations of one patch; a person's have a few. */
enum { OPERATIONS_MAX = 1000 };

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

/* A place in the object: a container and what is meant of it. */
struct place {
    json_t *container;
    char *key; /* unescaped; the caller frees it */
};

static void place_clear(const struct place *p)
{
    free(p->key);
}

/* A pointer's part: ~1 stands for /, ~0 for ~. */
static char *unescape(struct str part)
{
    char *out = xcalloc(1, part.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] == '~' && i + 1 < part.n && strchr("01", part.p[i + 1]))
            out[n++] = part.p[++i] == '0' ? '~' : '/';
        else
            out[n++] = part.p[i];
    }
    return out;
}

static bool is_anything(const json_t *value)
{
    return str_is(json_view(value), SHAPE_ANYTHING);
}

/* The number of an element; false when the key is none. Negative ones count from the end. */
static bool read_index(const char *key, size_t *out)
{
    size_t n = 0;

    if (!*key || strlen(key) > 6)
        return false;
    for (; *key; key++) {
        if (!isdigit((unsigned char)*key))
            return false;
        n = n * 10 + (size_t)(*key - '0');
    }
    *out = n;
    return true;
}

/* A member or element; NULL when there is none, with *known telling whether that is certain. */
static json_t *get(const json_t *container, const char *key, bool *known)
{
    size_t index;

    *known = true;
    if (json_is_object(container)) {
        json_t *value = json_object_get(container, key);

        *known = value || !kustomize_shape_may_have_more(container);
        return value;
    }
    if (*key == '-' || *key == '+')
        *known = false;
    return read_index(key, &index) ? json_array_get(container, index) : NULL;
}

static enum patched find(json_t *object, struct str path, struct place *out, const char **why)
{
    struct str rest = path;
    struct str part;

    if (path.n == 0)
        return fail(why, "has a path that is empty");
    if (path.p[0] != '/')
        return doubt(why, "has a path that does not start with a slash");
    (void)str_split(&rest, '/', &part);
    out->container = object;
    while (str_split(&rest, '/', &part)) {
        AUTO(freep) char *key = unescape(part);
        json_t *next;
        bool known;

        if (!rest.p) {
            out->key = steal(&key);
            return PATCHED;
        }
        next = get(out->container, key, &known);
        if (!known || is_anything(next))
            return doubt(why, "changes what is not kept of the object");
        if (!json_is_object(next) && !json_is_array(next))
            return fail(why, "has a path that the object lacks");
        out->container = next;
    }
    return fail(why, "has a path that is empty");
}

static enum patched add(const struct place *at, json_t *value, const char **why)
{
    size_t index;

    if (json_is_object(at->container)) {
        (void)json_object_set(at->container, at->key, value);
        return PATCHED;
    }
    if (strcmp(at->key, "-") == 0) {
        (void)json_array_append(at->container, value);
        return PATCHED;
    }
    if (*at->key == '-' || *at->key == '+')
        return doubt(why, "counts from the end of a list");
    if (!read_index(at->key, &index) || index > json_array_size(at->container))
        return fail(why, "has a path that the object lacks");
    (void)json_array_insert(at->container, index, value);
    return PATCHED;
}

/* The value at a place that must be there. */
static enum patched need(const struct place *at, json_t **out, const char **why)
{
    bool known;

    *out = get(at->container, at->key, &known);
    if (!known)
        return doubt(why, "changes what is not kept of the object");
    return *out ? PATCHED : fail(why, "has a path that the object lacks");
}

static enum patched drop(const struct place *at, const char **why)
{
    json_t *value;
    enum patched result = need(at, &value, why);
    size_t index;

    if (result != PATCHED)
        return result;
    if (json_is_object(at->container))
        (void)json_object_del(at->container, at->key);
    else if (read_index(at->key, &index))
        (void)json_array_remove(at->container, index);
    return PATCHED;
}

/* A member need not be there: that library sets it all the same. */
static enum patched replace(const struct place *at, json_t *value, const char **why)
{
    json_t *was;
    enum patched result;
    size_t index;

    if (json_is_object(at->container)) {
        (void)json_object_set(at->container, at->key, value);
        return PATCHED;
    }
    result = need(at, &was, why);
    if (result == PATCHED && read_index(at->key, &index))
        (void)json_array_set(at->container, index, value);
    return result;
}

static bool holds_real(const json_t *value)
{
    size_t index;
    const char *key;
    json_t *child;

    if (json_is_real(value))
        return true;
    json_array_foreach(value, index, child)
    {
        if (holds_real(child))
            return true;
    }
    json_object_foreach(json_unconst(value), key, child)
    {
        if (holds_real(child))
            return true;
    }
    return false;
}

static enum patched test(const struct place *at, const json_t *value, const char **why)
{
    bool known;
    const json_t *is = get(at->container, at->key, &known);

    if (json_is_array(at->container) && !is)
        return doubt(why, "tests an element that a list lacks");
    if (!known || (is && kustomize_shape_is_open(is)) || holds_real(is) || holds_real(value))
        return doubt(why, "tests what is not kept of the object");
    if (!is || json_is_null(is))
        return !value || json_is_null(value) ? PATCHED : fail(why, "has a test that fails");
    if (value && json_equal(is, value))
        return PATCHED;
    return fail(why, "has a test that fails");
}

/* move and copy: what stands at `from`, put to the path. */
static enum patched transfer(json_t *object, const json_t *operation, bool keeps, const char **why)
{
    AUTO(place_clear) struct place from = {0};
    AUTO(place_clear) struct place to = {0};
    AUTO(json_unrefp) json_t *copy = NULL;
    json_t *value;
    enum patched result;

    if (!json_is_string(json_object_get(operation, "from")))
        return fail(why, "has an operation without from");
    result = find(object, json_str_at(operation, "from"), &from, why);
    if (result == PATCHED)
        result = need(&from, &value, why);
    if (result == PATCH_FAILS && keeps && json_is_object(from.container))
        value = json_null(); /* a copy of what is not there */
    else if (result != PATCHED)
        return result;
    copy = json_deep_copy(value);
    result = PATCHED;
    if (!keeps)
        result = drop(&from, why);
    if (result == PATCHED)
        result = find(object, json_str_at(operation, "path"), &to, why);
    return result == PATCHED ? add(&to, copy, why) : result;
}

static enum patched apply(json_t *object, const json_t *operation, const char **why)
{
    struct str kind = json_str_at(operation, "op");
    AUTO(place_clear) struct place at = {0};
    AUTO(json_unrefp) json_t *value = NULL;
    enum patched result;

    if (!json_is_object(operation))
        return doubt(why, "has an operation that is no mapping");
    if (!json_is_string(json_object_get(operation, "path")))
        return fail(why, "has an operation without path");
    if (str_is(kind, "move") || str_is(kind, "copy"))
        return transfer(object, operation, str_is(kind, "copy"), why);
    value = json_deep_copy(json_object_get(operation, "value"));
    result = find(object, json_str_at(operation, "path"), &at, why);
    if (str_is(kind, "test"))
        return result == PATCHED ? test(&at, value, why) : result;
    if (!value)
        value = json_null();
    if (str_is(kind, "add"))
        return result == PATCHED ? add(&at, value, why) : result;
    if (str_is(kind, "replace"))
        return result == PATCHED ? replace(&at, value, why) : result;
    if (str_is(kind, "remove"))
        return result == PATCHED ? drop(&at, why) : result;
    return fail(why, "has an operation of no kind that there is");
}

enum patched kustomize_merge_operations(json_t *object, const json_t *operations, const char **why)
{
    size_t index;
    json_t *operation;

    if (json_array_size(operations) > OPERATIONS_MAX)
        return doubt(why, "has more than 1000 operations");
    json_array_foreach(operations, index, operation)
    {
        enum patched result = apply(object, operation, why);

        if (result != PATCHED)
            return result;
    }
    return PATCHED;
}
