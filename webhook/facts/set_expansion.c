#include "facts/set_expansion.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "facts/set_params.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *say(char **where, const char *before, struct str text, const char *after)
{
    struct buf b;

    if (*where)
        return NULL;
    buf_init(&b, 2048);
    buf_adds(&b, before);
    text_escape(&b, text, TEXT_FIELD_MAX);
    buf_adds(&b, after);
    *where = buf_take(&b);
    return NULL;
}

json_t *expander_not_known(struct expander *e, const char *before, struct str text,
                           const char *after)
{
    return say(&e->filler.not_known, before, text, after);
}

json_t *expander_fails(struct expander *e, const char *before, struct str text, const char *after)
{
    return say(&e->filler.fails, before, text, after);
}

bool expander_work(struct expander *e, size_t n)
{
    if (e->budget->work > n) {
        e->budget->work -= n;
        return true;
    }
    e->budget->work = 0;
    (void)expander_not_known(e, "the generators of all ApplicationSets take too many steps",
                             STR(""), "");
    return false;
}

/* Integers of up to six digits print as they are (%v of a float64). */
static json_t *printed_number(double value)
{
    AUTO(freep) char *text = NULL;

    if (!(fabs(value) < 1e6) || value != floor(value))
        return json_null();
    text = xasprintf("%ld", (long)value);
    return json_string_nocheck(text);
}

static json_t *printed(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_incref((json_t *)(uintptr_t)value);
    case JSON_TRUE:
        return json_string_nocheck("true");
    case JSON_FALSE:
        return json_string_nocheck("false");
    case JSON_NULL:
        return json_string_nocheck("<nil>");
    case JSON_INTEGER:
    case JSON_REAL:
        return printed_number(json_number_value(value));
    default:
        return json_null();
    }
}

static void flatten_one(json_t *out, struct str prefix, const char *key, const json_t *value)
{
    AUTO(freep)
    char *name = prefix.n ? xasprintf("%.*s.%s", STR_ARG(prefix), key) : xstrdup(key);

    if (json_is_object(value) || json_is_array(value))
        set_params_flatten(out, str_from(name), value);
    else
        (void)json_object_set_new_nocheck(out, name, printed(value));
}

void set_params_flatten(json_t *out, struct str prefix, const json_t *value)
{
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iteration wants it so */
    const char *key;
    json_t *member;

    json_object_foreach(object, key, member)
    {
        flatten_one(out, prefix, key, member);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        AUTO(freep) char *index = xasprintf("%zu", i);

        flatten_one(out, prefix, index, json_array_get(value, i));
    }
}

/* One element of a list as parameters without goTemplate: texts, and `values` of texts. */
static json_t *plain_element(struct expander *e, json_t *element)
{
    AUTO(json_unrefp) json_t *out = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(element, key, value)
    {
        const char *inner;
        json_t *text;

        if (strcmp(key, "values") != 0) {
            if (!json_is_string(value))
                return expander_fails(e, "its list generator's ", str_from(key), " is no text");
            (void)json_object_set_nocheck(out, key, value);
            continue;
        }
        if (!json_is_object(value))
            return expander_fails(e, "its list generator's values are no mapping", STR(""), "");
        json_object_foreach(value, inner, text)
        {
            AUTO(freep) char *name = xasprintf("values.%s", inner);

            if (!json_is_string(text))
                return expander_fails(e, "its list generator's value ", str_from(inner),
                                      " is no text");
            (void)json_object_set_nocheck(out, name, text);
        }
    }
    return steal(&out);
}

static bool add_elements_yaml(struct expander *e, struct str text, json_t *out)
{
    AUTO(json_unrefp) json_t *list = NULL;
    struct err err = {0};

    if (text.n == 0)
        return true;
    if (!yaml_read(text, 1, &list, NULL, &err)) {
        (void)(err.kind == ERR_LIMIT
                   ? expander_not_known(e, "its list generator's elementsYaml is not read", STR(""),
                                        "")
                   : expander_fails(e, "its list generator's elementsYaml is no YAML", STR(""),
                                    ""));
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_is_object(json_array_get(list, i)) && expander_work(e, 1))
            (void)json_array_append(out, json_array_get(list, i));
    if (!list || (json_is_array(list) && json_array_size(list) == json_array_size(out)))
        return true;
    if (e->budget->work)
        (void)expander_fails(e, "its list generator's elementsYaml is no list of mappings", STR(""),
                             "");
    return false;
}

static json_t *list_params(struct expander *e, const json_t *list)
{
    const json_t *elements = json_array_at(list, "elements");
    AUTO(json_unrefp) json_t *out = json_array();
    AUTO(json_unrefp) json_t *written = json_array();

    for (size_t i = 0; i < json_array_size(elements); i++) {
        json_t *element = json_array_get(elements, i);

        if (!expander_work(e, 1))
            return NULL;
        if (!json_is_object(element))
            return expander_fails(e, "its list generator has an element that is no mapping",
                                  STR(""), "");
        if (e->set->go_template)
            (void)json_array_append(out, element);
        else if (json_array_append_new(out, plain_element(e, element)) != 0)
            return NULL;
    }
    if (!add_elements_yaml(e, json_str_at(list, "elementsYaml"), written))
        return NULL;
    (void)json_array_extend(out, written);
    return steal(&out);
}

static bool is_nothing(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_number(value) && json_number_value(value) == 0) ||
           ((json_is_array(value) || json_is_object(value)) && json_array_size(value) == 0 &&
            json_object_size(value) == 0);
}

/* dario.cat/mergo with WithOverride: `over` wins where it says something. `into` is ours to change.
 */
static void merge_trees(json_t *into, json_t *over)
{
    const char *key;
    json_t *value;

    json_object_foreach(over, key, value)
    {
        json_t *below = json_object_get(into, key);

        if (json_is_object(below) && json_is_object(value)) {
            json_t *copy = json_copy(below);

            merge_trees(copy, value);
            (void)json_object_set_new_nocheck(into, key, copy);
        } else if (!below || !is_nothing(value)) {
            (void)json_object_set_nocheck(into, key, value);
        }
    }
}

/* CombineStringMaps: everything becomes text, and a name that both give must say the same. */
static bool combine_texts(struct expander *e, json_t *into, json_t *other)
{
    const char *key;
    json_t *value;

    json_object_foreach(other, key, value)
    {
        AUTO(json_unrefp) json_t *text = json_is_null(value) ? json_null() : printed(value);
        json_t *below = json_object_get(into, key);

        bool differ = json_is_string(below) && json_is_string(text) && !json_equal(below, text);

        if (differ) {
            (void)expander_fails(e, "both generators of its matrix give the parameter ",
                                 str_from(key), "");
            return false;
        }
        (void)json_object_set_nocheck(into, key,
                                      below && !json_is_string(below) ? json_null() : text);
    }
    return true;
}

static json_t *combine(struct expander *e, json_t *first, json_t *second)
{
    AUTO(json_unrefp) json_t *out = NULL;

    if (e->set->go_template) {
        out = json_copy(second);
        merge_trees(out, first);
        return steal(&out);
    }
    out = json_object();
    if (!combine_texts(e, out, first) || !combine_texts(e, out, second))
        return NULL;
    return steal(&out);
}

/* Argo CD nests one level; what lies deeper is refused by the ApplicationSet's schema. */
enum { DEPTH_MAX = 2 };

static json_t *nested_params(struct expander *e, json_t *generator, unsigned depth);

/* The second generator of a matrix with what the first one gives. */
static json_t *interpolate(struct expander *e, json_t *child, json_t *given)
{
    if (json_object_size(given) == 0)
        return json_incref(child);
    /* Its values may ask for parameters of its own, which are put in later. */
    if (e->set->go_template &&
        !is_nothing(json_object_get(json_object_get(child, "git"), "values")))
        return expander_not_known(e, "its matrix generator ends in a git generator with values",
                                  STR(""), "");
    return set_fill(&e->filler, child, given);
}

static json_t *matrix_params(struct expander *e, const json_t *matrix, unsigned depth)
{
    const json_t *children = json_array_at(matrix, "generators");
    AUTO(json_unrefp) json_t *first = NULL;
    AUTO(json_unrefp) json_t *out = json_array();

    if (json_array_size(children) != 2)
        return expander_fails(e, "its matrix generator has not two generators", STR(""), "");
    first = nested_params(e, json_array_get(children, 0), depth);
    for (size_t i = 0; i < json_array_size(first); i++) {
        json_t *given = json_array_get(first, i);
        AUTO(json_unrefp) json_t *filled = interpolate(e, json_array_get(children, 1), given);
        AUTO(json_unrefp) json_t *second = filled ? nested_params(e, filled, depth) : NULL;

        if (!second)
            return NULL;
        for (size_t k = 0; k < json_array_size(second); k++) {
            json_t *both;

            if (!expander_work(e, 10))
                return NULL;
            both = combine(e, given, json_array_get(second, k));
            if (!both)
                return NULL;
            (void)json_array_append_new(out, both);
        }
    }
    return first ? steal(&out) : NULL;
}

/* The members of `params` that the keys name, as one text. */
static char *key_of(const json_t *keys, const json_t *params)
{
    AUTO(json_unrefp) json_t *key = json_object();

    for (size_t i = 0; i < json_array_size(keys); i++) {
        struct str name = json_view(json_array_get(keys, i));
        json_t *value = json_object_getn(params, name.p ? name.p : "", name.n);

        (void)json_object_setn_new_nocheck(key, name.p ? name.p : "", name.n,
                                           value ? json_incref(value) : json_null());
    }
    return xneed(json_dumps(key, JSON_COMPACT | JSON_SORT_KEYS));
}

/* The parameters of one generator of a merge by their key; NULL where two have the same. */
static json_t *by_key(struct expander *e, const json_t *keys, const json_t *list)
{
    AUTO(json_unrefp) json_t *out = json_object();

    for (size_t i = 0; i < json_array_size(list); i++) {
        AUTO(freep) char *key = key_of(keys, json_array_get(list, i));

        if (!expander_work(e, 10))
            return NULL;
        if (json_object_get(out, key))
            return expander_fails(e, "two parameters of its merge generator have the same key",
                                  STR(""), "");
        (void)json_object_set_nocheck(out, key, json_array_get(list, i));
    }
    return steal(&out);
}

static void override(const struct expander *e, json_t *base, json_t *over)
{
    const char *key;
    json_t *params;

    json_object_foreach(base, key, params)
    {
        json_t *other = json_object_get(over, key);
        json_t *merged = other ? json_copy(params) : NULL;

        if (!merged)
            continue;
        if (e->set->go_template)
            merge_trees(merged, other);
        else
            (void)json_object_update(merged, other);
        (void)json_object_set_new_nocheck(base, key, merged);
    }
}

static json_t *merge_params(struct expander *e, const json_t *merge, unsigned depth)
{
    const json_t *children = json_array_at(merge, "generators");
    const json_t *keys = json_array_at(merge, "mergeKeys");
    AUTO(json_unrefp) json_t *base = NULL;
    AUTO(json_unrefp) json_t *out = json_array();
    const char *key;
    json_t *params;

    if (json_array_size(children) < 2 || json_array_size(keys) == 0)
        return expander_fails(e, "its merge generator has too few generators or keys", STR(""), "");
    for (size_t i = 0; i < json_array_size(children); i++) {
        AUTO(json_unrefp) json_t *list = nested_params(e, json_array_get(children, i), depth);
        json_t *map = list ? by_key(e, keys, list) : NULL;

        if (!map)
            return NULL;
        if (!base) {
            base = map;
            continue;
        }
        override(e, base, map);
        json_decref(map);
    }
    json_object_foreach(base, key, params)
    {
        (void)json_array_append(out, params);
    }
    return steal(&out);
}

/* {} and {metadata: {}, spec: {}}, which a schema may fill in, change nothing. */
static bool is_empty_template(const json_t *value)
{
    return is_nothing(value) ||
           (json_is_object(value) && is_nothing(json_object_get(value, "metadata")) &&
            is_nothing(json_object_get(value, "spec")));
}

static json_t *params_of_type(struct expander *e, const char *type, const json_t *value,
                              unsigned depth)
{
    if (strcmp(type, "list") == 0)
        return list_params(e, value);
    if (strcmp(type, "git") == 0)
        return set_git_params(e, value);
    if (strcmp(type, "matrix") == 0 && depth < DEPTH_MAX)
        return matrix_params(e, value, depth + 1);
    if (strcmp(type, "merge") == 0 && depth < DEPTH_MAX)
        return merge_params(e, value, depth + 1);
    return expander_not_known(e, "its generator ", str_from(type), " asks what is not seen here");
}

/* The one generator that a member of a matrix or merge may be. */
static json_t *nested_params(struct expander *e, json_t *generator, unsigned depth)
{
    const char *type = NULL;
    const json_t *found = NULL;
    const char *key;
    json_t *value;

    json_object_foreach(generator, key, value)
    {
        if (json_is_null(value) || (strcmp(key, "selector") == 0 && is_nothing(value)))
            continue;
        if (strcmp(key, "selector") == 0)
            return expander_not_known(e, "its generator has a selector", STR(""), "");
        if (type)
            return expander_fails(e, "a generator of its matrix or merge is two at once", STR(""),
                                  "");
        type = key;
        found = value;
    }
    if (!type)
        return expander_fails(e, "a generator of its matrix or merge is none", STR(""), "");
    return params_of_type(e, type, found, depth);
}

/* What the schema sets aside is no generator of its own. */
static void make_applications(struct expander *e, const json_t *params, json_t *out)
{
    for (size_t i = 0; i < json_array_size(params); i++) {
        json_t *app;

        if (e->budget->applications == 0) {
            (void)expander_not_known(e, "all ApplicationSets make more than 10000 Applications",
                                     STR(""), "");
            return;
        }
        e->budget->applications--;
        app = set_fill_application(&e->filler, json_array_get(params, i));
        if (app)
            (void)json_array_append_new(out, app);
    }
}

/* A generator of the set itself, which may be several at once. */
static void expand_generator(struct expander *e, json_t *generator, json_t *out)
{
    const char *key;
    json_t *value;

    if (!is_nothing(json_object_get(generator, "selector"))) {
        (void)expander_not_known(e, "its generator has a selector", STR(""), "");
        return;
    }
    json_object_foreach(generator, key, value)
    {
        AUTO(json_unrefp) json_t *params = NULL;

        if (json_is_null(value) || strcmp(key, "selector") == 0)
            continue;
        if (!is_empty_template(json_object_get(value, "template"))) {
            (void)expander_not_known(e, "its generator ", str_from(key),
                                     " has a template of its own");
            continue;
        }
        params = params_of_type(e, key, value, 0);
        if (params)
            make_applications(e, params, out);
    }
}

/* Two of one name: Argo CD makes neither (validateGeneratedApplications). */
static void drop_doubles(struct expander *e, json_t *applications)
{
    AUTO(json_unrefp) json_t *seen = json_object();
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(applications); i++) {
        const char *name = json_string_value(
            json_object_get(json_object_get(json_array_get(applications, i), "metadata"), "name"));

        (void)json_object_set_new_nocheck(seen, name,
                                          json_object_get(seen, name) ? json_true() : json_false());
    }
    for (size_t i = 0; i < json_array_size(applications); i++) {
        json_t *app = json_array_get(applications, i);
        const char *name =
            json_string_value(json_object_get(json_object_get(app, "metadata"), "name"));

        if (json_is_true(json_object_get(seen, name)))
            (void)expander_not_known(e, "two of its Applications are called ", str_from(name), "");
        else
            (void)json_array_set(applications, n++, app);
    }
    while (json_array_size(applications) > n)
        (void)json_array_remove(applications, json_array_size(applications) - 1);
}

void expansion_make(const struct facts *f, const struct application_set *set,
                    struct expansion_budget *budget, struct expansion *out)
{
    struct expander e = {
        .facts = f,
        .set = set,
        .budget = budget,
        .filler = {.set = set, .bytes_left = budget->bytes},
    };

    *out = (struct expansion){.applications = json_array()};
    if (set->has_patch)
        (void)expander_not_known(&e, "its templatePatch may change what its template says", STR(""),
                                 "");
    for (size_t i = 0; !set->has_patch && !e.filler.fails && i < json_array_size(set->generators);
         i++)
        expand_generator(&e, json_array_get(set->generators, i), out->applications);
    if (e.filler.fails)
        (void)json_array_clear(out->applications);
    drop_doubles(&e, out->applications);
    budget->bytes = e.filler.bytes_left;
    out->fails = e.filler.fails != NULL;
    out->why = out->fails ? steal(&e.filler.fails) : steal(&e.filler.not_known);
    set_filler_clear(&e.filler);
}

void expansion_clear(struct expansion *e)
{
    json_decref(e->applications);
    free(e->why);
    *e = (struct expansion){0};
}
