#include "repository/kustomize_options.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_text.h"
#include "repository/quote.h"
#include "repository/source_type.h"
#include <string.h>

/* One application of options. */
struct edit {
    json_t *document; /* being changed */
    const json_t *options;
    char **why;
};

typedef enum tri edit_fn(struct edit *e, const char *key, const json_t *value);

static enum tri say(struct edit *e, enum tri answer, const char *what, struct str name)
{
    *e->why = xasprintf("the source's kustomize option %s %s", quote(name).text, what);
    return answer;
}

static enum tri ignore(struct edit *e, const char *key, const json_t *value)
{
    (void)e;
    (void)key;
    (void)value;
    return TRI_YES;
}

static enum tri set_text(struct edit *e, const char *key, const json_t *value)
{
    if (!json_is_string(value))
        return say(e, TRI_NOT_KNOWN, "is no text", str_from(key));
    (void)json_object_set(e->document, key, json_unconst(value));
    return TRI_YES;
}

/* `kustomize edit add label`, `add annotation`: what is there already is refused, but by force. */
static enum tri add_pairs(struct edit *e, const char *key, const json_t *value)
{
    bool is_forced = json_bool_at(
        e->options,
        strcmp(key, "commonLabels") == 0 ? "forceCommonLabels" : "forceCommonAnnotations", false);
    json_t *pairs = json_object_get(e->document, key);
    const char *name;
    json_t *text;

    if (!json_is_object(value))
        return say(e, TRI_NOT_KNOWN, "is no mapping", str_from(key));
    if (!pairs) {
        (void)json_object_set_new(e->document, key, json_object());
        pairs = json_object_get(e->document, key);
    }
    json_object_foreach(json_unconst(value), name, text)
    {
        struct str view = json_view(text);

        if (!json_is_string(text) || strchr(name, ':') || strchr(name, ',') ||
            (strcmp(key, "commonAnnotations") == 0 &&
             json_bool_at(e->options, "commonAnnotationsEnvsubst", false) &&
             str_find_char(view, '$') < view.n))
            return say(e, TRI_NOT_KNOWN, "has a value that is not followed", str_from(key));
        if (json_object_get(pairs, name) && !is_forced)
            return say(e, TRI_NO, "repeats what the kustomization has", str_from(key));
        (void)json_object_set(pairs, name, text);
    }
    return TRI_YES;
}

static json_t *list_of(struct edit *e, const char *key)
{
    if (!json_object_get(e->document, key))
        (void)json_object_set_new(e->document, key, json_array());
    return json_object_get(e->document, key);
}

/* They are checked, and their texts read, as if they stood in the kustomization. */
static enum tri add_compiled(struct edit *e, const char *key, const json_t *value)
{
    AUTO(json_unrefp) json_t *written = json_pack("{s:O}", key, json_unconst(value));
    AUTO(json_unrefp) json_t *read = NULL;
    AUTO(freep) char *why = NULL;
    enum tri answer = kustomize_text_compile(written, &read, &why);

    if (answer != TRI_YES)
        return say(e, TRI_NOT_KNOWN, why, str_from(key));
    (void)json_array_extend(list_of(e, key), json_object_get(read, key));
    return TRI_YES;
}

static bool holds(const json_t *list, const json_t *value)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (json_equal(entry, value))
            return true;
    }
    return false;
}

static enum tri add_components(struct edit *e, const char *key, const json_t *value)
{
    size_t index;
    json_t *entry;

    if (!json_is_array(value) || json_bool_at(e->options, "ignoreMissingComponents", false))
        return say(e, TRI_NOT_KNOWN, "is not followed", str_from(key));
    json_array_foreach(value, index, entry)
    {
        const char *text = json_string_value(entry);

        if (!text || strpbrk(text, "*?[\\"))
            return say(e, TRI_NOT_KNOWN, "has a pattern", str_from(key));
        if (!holds(json_object_get(e->document, key), entry))
            (void)json_array_append(list_of(e, key), entry);
    }
    return TRI_YES;
}

static enum tri add_replicas(struct edit *e, const char *key, const json_t *value)
{
    size_t index;
    json_t *entry;

    json_array_foreach(value, index, entry)
    {
        if (!json_str_at(entry, "name").n)
            return say(e, TRI_NOT_KNOWN, "has an entry without name", str_from(key));
        (void)json_array_append_new(list_of(e, key),
                                    json_pack("{s:O}", "name", json_object_get(entry, "name")));
    }
    return TRI_YES;
}

static const struct {
    const char *name;
    edit_fn *act;
} options_known[] = {
    {"namePrefix", set_text},
    {"nameSuffix", set_text},
    {"namespace", set_text},
    {"commonLabels", add_pairs},
    {"commonAnnotations", add_pairs},
    {"patches", add_compiled},
    {"components", add_components},
    {"replicas", add_replicas},
    {"images", ignore},
    {"version", ignore},
    {"kubeVersion", ignore},
    {"apiVersions", ignore},
    {"forceCommonLabels", ignore},
    {"forceCommonAnnotations", ignore},
    {"labelWithoutSelector", ignore},
    {"labelIncludeTemplates", ignore},
    {"commonAnnotationsEnvsubst", ignore},
    {"ignoreMissingComponents", ignore},
};

static enum tri apply_one(struct edit *e, const char *key, const json_t *value)
{
    if (source_is_empty_value(value))
        return TRI_YES;
    for (size_t i = 0; i < ARRAY_LEN(options_known); i++)
        if (strcmp(options_known[i].name, key) == 0)
            return options_known[i].act(e, key, value);
    return say(e, TRI_NOT_KNOWN, "is not known", str_from(key));
}

enum tri kustomize_options_apply(const json_t *document, const json_t *options, json_t **out,
                                 char **why)
{
    AUTO(json_unrefp) json_t *copy = json_deep_copy(document);
    struct edit e = {copy, options, why};
    const char *key;
    json_t *value;
    enum tri answer = TRI_YES;

    json_object_foreach(json_unconst(options), key, value)
    {
        answer = apply_one(&e, key, value);
        if (answer != TRI_YES)
            return answer;
    }
    *out = steal(&copy);
    return TRI_YES;
}
