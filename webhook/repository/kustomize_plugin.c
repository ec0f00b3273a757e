/* transformers: built-in ones by their settings, others not known. */
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_text.h"
#include <string.h>

/* Whether the settings name exactly one field, without kinds. */
static bool is_for_all(const json_t *settings, const char *path)
{
    const json_t *specs = json_object_get(settings, "fieldSpecs");
    const json_t *spec = json_array_get(specs, 0);
    const char *key;
    json_t *value;

    json_object_foreach(json_unconst(spec), key, value)
    {
        if (strcmp(key, "path") != 0 && strcmp(key, "create") != 0)
            return false;
    }
    return json_array_size(specs) == 1 && str_is(json_str_at(spec, "path"), path);
}

static bool has_only(const json_t *settings, const char *const *names)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_unconst(settings), key, value)
    {
        bool found = strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0 ||
                     strcmp(key, "metadata") == 0;

        for (size_t i = 0; !found && names[i]; i++)
            found = strcmp(key, names[i]) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool is_text_map(const json_t *value)
{
    const char *key;
    json_t *child;

    json_object_foreach(json_unconst(value), key, child)
    {
        if (!json_is_string(child))
            return false;
    }
    return json_is_object(value);
}

static bool set_namespace(struct level *l, const json_t *settings)
{
    static const char *const names[] = {"unsetOnly", NULL};
    const json_t *namespace = json_object_get(json_object_get(settings, "metadata"), "namespace");

    if (!has_only(settings, names) || !json_is_string(namespace) ||
        (json_object_get(settings, "unsetOnly") &&
         !json_is_boolean(json_object_get(settings, "unsetOnly"))))
        return false;
    /* without field specs a Namespace keeps its name */
    for (size_t i = l->first; i < l->build->items.n; i++)
        if (identity_is_kind(&l->build->items.list[i].id, "", "Namespace"))
            return false;
    level_set_namespace(l, json_view(namespace), json_bool_at(settings, "unsetOnly", false));
    return true;
}

static bool add_prefix(struct level *l, const json_t *settings)
{
    static const char *const names[] = {"prefix", "fieldSpecs", NULL};

    if (!has_only(settings, names) || !is_for_all(settings, "metadata/name") ||
        !json_is_string(json_object_get(settings, "prefix")))
        return false;
    level_add_prefix(l, json_str_at(settings, "prefix"));
    return true;
}

static bool add_suffix(struct level *l, const json_t *settings)
{
    static const char *const names[] = {"suffix", "fieldSpecs", NULL};

    if (!has_only(settings, names) || !is_for_all(settings, "metadata/name") ||
        !json_is_string(json_object_get(settings, "suffix")))
        return false;
    level_add_suffix(l, json_str_at(settings, "suffix"));
    return true;
}

static bool creates(const json_t *settings)
{
    return json_bool_at(json_array_get(json_object_get(settings, "fieldSpecs"), 0), "create",
                        false);
}

static bool set_annotations(struct level *l, const json_t *settings)
{
    static const char *const names[] = {"annotations", "fieldSpecs", NULL};

    if (!has_only(settings, names) || !is_for_all(settings, "metadata/annotations") ||
        !creates(settings) || !is_text_map(json_object_get(settings, "annotations")))
        return false;
    level_set_map(l, "annotations", json_object_get(settings, "annotations"));
    return true;
}

static bool set_labels(struct level *l, const json_t *settings)
{
    static const char *const names[] = {"labels", "fieldSpecs", NULL};

    if (!has_only(settings, names) || !is_for_all(settings, "metadata/labels") ||
        !creates(settings) || !is_text_map(json_object_get(settings, "labels")))
        return false;
    level_set_map(l, "labels", json_object_get(settings, "labels"));
    return true;
}

static const struct {
    const char *kind;
    bool (*act)(struct level *l, const json_t *settings); /* false: not followed */
} builtins[] = {
    {"NamespaceTransformer", set_namespace}, {"PrefixTransformer", add_prefix},
    {"SuffixTransformer", add_suffix},       {"AnnotationsTransformer", set_annotations},
    {"LabelTransformer", set_labels},
};

static void run(struct level *l, const json_t *settings)
{
    struct str kind = json_str_at(settings, "kind");

    if (str_is(json_str_at(settings, "apiVersion"), "builtin"))
        for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
            if (str_is(kind, builtins[i].kind) && builtins[i].act(l, settings))
                return;
    if (!level_has_failed(l))
        level_anything(l, "uses the transformer %s", quote(kind).text);
}

/* A directory makes its transformers by a build of its own. */
static bool is_directory(const struct level *l, struct str path)
{
    const struct tree *t = l->build->render->tree;
    size_t node;

    return path.n && tree_follow(t, l->directory, path, &node) == TREE_FOUND &&
           t->nodes[node].kind == NODE_DIRECTORY;
}

/* Two settings of one kind and name are two objects of one id. */
static bool is_repeated(json_t *seen, const json_t *settings)
{
    const json_t *metadata = json_object_get(settings, "metadata");
    AUTO(freep)
    char *id = xasprintf("%.*s/%.*s", STR_ARG(json_str_at(settings, "kind")),
                         STR_ARG(json_str_at(metadata, "name")));
    bool repeated = json_object_get(seen, id) != NULL;

    (void)json_object_set_new(seen, id, json_true());
    return repeated;
}

void level_external_transformers(struct level *l)
{
    AUTO(json_unrefp) json_t *seen = json_object();
    size_t index;
    json_t *entry;

    json_array_foreach(json_object_get(l->document, "transformers"), index, entry)
    {
        const json_t *documents;
        size_t i;
        json_t *settings;

        if (level_has_failed(l))
            return;
        if (is_directory(l, json_view(entry))) {
            level_anything(l, "uses the transformers of %s", quote(json_view(entry)).text);
            continue;
        }
        documents = level_documents(l, entry);
        if (documents && kustomize_text_is_resources(documents) != TRI_YES) {
            level_anything(l, "uses a transformer that is not followed");
            continue;
        }
        json_array_foreach(documents, i, settings)
        {
            if (level_has_failed(l))
                return;
            if (is_repeated(seen, settings))
                level_anything(l, "has two transformers of one name");
            else
                run(l, settings);
        }
    }
}
