#include "repository/kustomize_shape.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/identity.h"
#include "repository/kustomize_items.h"
#include "repository/repository.h"
#include <ctype.h>
#include <string.h>

enum {
    SHAPE_MAX_NODES = 2000,     /* a large Deployment has 500; CustomResourceDefinitions 50,000 */
    SHAPE_MAX_DEPTH = 40,       /* of a Pod about 12 */
    SHAPE_CUT_DEPTH = 4,        /* of what is too large: where people patch those */
    SHAPE_MAX_VALUE_BYTES = 80, /* a version, a host, a branch */
};

/* What go-yaml v3 takes for a date or an octal number, and v2 for a string. */
static bool is_another_scalar(struct str text)
{
    size_t digits = 0;

    while (digits < text.n && isdigit((unsigned char)text.p[digits]))
        digits++;
    return (digits == 4 && text.n > 4 && text.p[4] == '-') || str_starts(text, STR("0o")) ||
           str_starts(text, STR("-0o")) || str_starts(text, STR("0b")) ||
           str_starts(text, STR("-0b"));
}

/* "Source: resource.go, appendCsvAnnotation": a comma in a name splits it. */
static enum tri check_text(const json_t *value, const char **why)
{
    struct str text = json_view(value);

    if (!value)
        return TRI_YES;
    if (json_is_string(value) && !is_another_scalar(text) && str_find_char(text, ',') == text.n)
        return TRI_YES;
    *why = "has a name or namespace that is no plain text";
    return TRI_NOT_KNOWN;
}

static bool holds_texts(json_t *map)
{
    const char *key;
    json_t *value;

    if (map && !json_is_object(map))
        return false;
    json_object_foreach(map, key, value)
    {
        if (json_is_null(value) || json_is_object(value) || json_is_array(value))
            return false;
    }
    return true;
}

static enum tri refuse(const char **why, const char *what)
{
    *why = what;
    return TRI_NO;
}

static enum tri doubt(const char **why, const char *what)
{
    *why = what;
    return TRI_NOT_KNOWN;
}

enum tri kustomize_shape_check(const json_t *object, const char **why)
{
    const json_t *kind = json_value_at(object, "kind");
    const json_t *version = json_value_at(object, "apiVersion");
    const json_t *metadata = json_value_at(object, "metadata");
    const json_t *name = json_value_at(metadata, "name");
    struct identity id;

    *why = NULL;
    if (!kind || (json_is_string(kind) && !json_string_length(kind)))
        return refuse(why, "has an object without kind");
    if (!json_is_string(kind) || (version && !json_is_string(version)))
        return doubt(why, "has an object whose kind or apiVersion is no text");
    if (str_ends(json_view(kind), STR("List")))
        return doubt(why, "has a List that is not expanded");
    if (metadata && !json_is_object(metadata))
        return doubt(why, "has an object whose metadata are no mapping");
    if (!name || (json_is_string(name) && !json_string_length(name)))
        return refuse(why, "has an object without name");
    if (!holds_texts(json_value_at(metadata, "labels")) ||
        !holds_texts(json_value_at(metadata, "annotations")))
        return doubt(why, "has an object whose labels or annotations are no texts");
    if (check_text(name, why) != TRI_YES)
        return TRI_NOT_KNOWN;
    if (identity_read(object, &id))
        *why = kustomize_shape_odd(object, items_has_schema(&id));
    if (*why)
        return TRI_NOT_KNOWN;
    return check_text(json_value_at(metadata, "namespace"), why);
}

struct shaper {
    size_t nodes_left;
    unsigned max_depth;
    bool keeps_values;
};

static json_t *shape(struct shaper *s, const json_t *value, unsigned depth);

static json_t *shape_object(struct shaper *s, const json_t *value, unsigned depth)
{
    json_t *out = json_object();
    const char *key;
    json_t *child;

    json_object_foreach(json_unconst(value), key, child)
    {
        if (!s->nodes_left)
            break;
        (void)json_object_set_new(out, key, shape(s, child, depth + 1));
    }
    return out;
}

static json_t *shape(struct shaper *s, const json_t *value, unsigned depth)
{
    size_t index;
    json_t *child;
    json_t *out;

    if (s->nodes_left)
        s->nodes_left--;
    if (!s->nodes_left || (depth > s->max_depth && (json_is_object(value) || json_is_array(value))))
        return json_string(SHAPE_ANYTHING);
    if (json_is_object(value))
        return shape_object(s, value, depth);
    if (json_is_array(value)) {
        out = json_array();
        json_array_foreach(value, index, child)
        {
            if (!s->nodes_left)
                break;
            (void)json_array_append_new(out, shape(s, child, depth + 1));
        }
        return out;
    }
    if (json_is_null(value))
        return json_null();
    if (str_is(json_view(value), SHAPE_ANYTHING))
        return json_string(SHAPE_ANYTHING);
    if (s->keeps_values && json_is_string(value) &&
        json_string_length(value) <= SHAPE_MAX_VALUE_BYTES && !kustomize_shape_is_open(value))
        return json_incref(json_unconst(value));
    if (json_is_string(value))
        return json_string(SHAPE_SCALAR);
    return json_string(json_is_integer(value) ? SHAPE_INTEGER : SHAPE_TYPED);
}

static void hide_data(json_t *secret)
{
    static const char *const members[] = {"data", "stringData"};

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (json_object_get(secret, members[i]))
            (void)json_object_set_new(secret, members[i], json_string(SHAPE_ANYTHING));
}

char *kustomize_shape_of(const json_t *object)
{
    static const char *const kept[] = {"name", "namespace", "labels", "annotations"};
    struct str kind = json_str_at(object, "kind");
    struct shaper s = {SHAPE_MAX_NODES, SHAPE_MAX_DEPTH, str_is(kind, "ConfigMap")};
    AUTO(json_unrefp) json_t *less = json_copy(json_unconst(object));
    AUTO(json_unrefp) json_t *metadata = json_copy(json_object_at(object, "metadata"));
    AUTO(json_unrefp) json_t *out = NULL;

    (void)json_object_del(less, "apiVersion");
    (void)json_object_del(less, "kind");
    for (size_t i = 0; metadata && i < ARRAY_LEN(kept); i++)
        (void)json_object_del(metadata, kept[i]);
    if (metadata && json_object_size(metadata))
        (void)json_object_set(less, "metadata", metadata);
    else
        (void)json_object_del(less, "metadata");
    if (str_is(kind, "Secret"))
        hide_data(less);
    out = shape(&s, less, 0);
    if (!s.nodes_left) {
        json_decref(out);
        s = (struct shaper){SHAPE_MAX_NODES, SHAPE_CUT_DEPTH, s.keeps_values};
        out = shape(&s, less, 0);
    }
    return s.nodes_left ? xneed(json_dumps(out, JSON_COMPACT)) : xstrdup("");
}

json_t *kustomize_shape_whole(const struct manifest *m)
{
    json_t *whole = json_deep_copy(m->object);
    AUTO(json_unrefp) json_t *rest = NULL;
    AUTO(json_unrefp) json_t *metadata = NULL;

    if (!m->shape)
        return whole;
    if (!*m->shape) {
        (void)json_object_set_new(whole, SHAPE_ANYTHING, json_true());
        return whole;
    }
    rest = json_loads(m->shape, JSON_ALLOW_NUL, NULL);
    metadata = json_incref(json_object_at(rest, "metadata"));
    (void)json_object_del(rest, "metadata");
    (void)json_object_update_missing(whole, rest);
    if (metadata)
        (void)json_object_update_missing(json_object_get(whole, "metadata"), metadata);
    return whole;
}

static bool is_anything(const json_t *value)
{
    return str_is(json_view(value), SHAPE_ANYTHING);
}

/* So high up a list that was merged is the only thing that is not kept. */
static bool is_mapping_or_none(const json_t *value)
{
    return !value || json_is_null(value) || json_is_object(value);
}

static bool is_map_or_none(const json_t *value)
{
    return is_mapping_or_none(value) || is_anything(value);
}

static bool is_scalar_or_none(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

const char *kustomize_shape_odd(const json_t *object, bool has_schema)
{
    static const char *const members[] = {"template", "selector", "jobTemplate"};
    const json_t *spec = json_object_get(object, "spec");
    const json_t *inner = json_object_get(spec, "template");

    if (!has_schema)
        return NULL;
    if (!is_mapping_or_none(spec))
        return "has a spec that is no mapping";
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (!is_mapping_or_none(json_object_get(spec, members[i])))
            return "has in spec a value that is no mapping";
    if (!is_mapping_or_none(json_object_get(inner, "spec")) ||
        !is_mapping_or_none(json_object_get(inner, "metadata")))
        return "has in spec.template a value that is no mapping";
    return NULL;
}

/* Elements with an image each; of volumes it is a mapping with a reference. */
static bool have_images(const json_t *list, bool is_volumes)
{
    size_t index;
    json_t *entry;

    if (list && !json_is_array(list) && !is_map_or_none(list))
        return false;
    json_array_foreach(list, index, entry)
    {
        const json_t *image = json_object_get(entry, "image");

        if (!is_map_or_none(entry))
            return false;
        if (is_volumes
                ? !is_map_or_none(image) || !is_scalar_or_none(json_object_get(image, "reference"))
                : !is_scalar_or_none(image))
            return false;
    }
    return true;
}

static bool is_pod_spec(const json_t *spec)
{
    return is_mapping_or_none(spec) && have_images(json_object_get(spec, "volumes"), true);
}

/* Containers are looked for everywhere, as of old. */
static bool have_containers(const json_t *value)
{
    size_t index;
    const char *key;
    json_t *child;

    json_array_foreach(value, index, child)
    {
        if (!have_containers(child))
            return false;
    }
    json_object_foreach(json_unconst(value), key, child)
    {
        if ((strcmp(key, "containers") == 0 || strcmp(key, "initContainers") == 0) &&
            !have_images(child, false))
            return false;
        if (!have_containers(child))
            return false;
    }
    return true;
}

const char *kustomize_shape_odd_for_images(const json_t *object)
{
    const json_t *spec = json_object_get(object, "spec");
    const json_t *inner = json_object_get(spec, "template");

    if (!is_pod_spec(spec) || !is_mapping_or_none(inner) ||
        !is_pod_spec(json_object_get(inner, "spec")) || !have_containers(object))
        return "has a value of another type where images stand";
    return NULL;
}

bool kustomize_shape_may_have_more(const json_t *object)
{
    return json_object_get(object, SHAPE_ANYTHING) || json_object_get(object, "true") ||
           json_object_get(object, "false");
}

bool kustomize_shape_is_open(const json_t *value)
{
    struct str text = json_view(value);
    size_t index;
    const char *key;
    json_t *child;

    if (text.n)
        return str_is(text, SHAPE_SCALAR) || str_is(text, SHAPE_INTEGER) ||
               str_is(text, SHAPE_TYPED) || str_is(text, SHAPE_ANYTHING);
    json_array_foreach(value, index, child)
    {
        if (kustomize_shape_is_open(child))
            return true;
    }
    json_object_foreach(json_unconst(value), key, child)
    {
        if (kustomize_shape_is_open(child))
            return true;
    }
    return false;
}
