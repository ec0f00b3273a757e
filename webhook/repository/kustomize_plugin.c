/* transformers and generators: built-in plugins by their settings, others not known. */
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_fields.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_schema.h"
#include "repository/kustomize_text.h"
#include <string.h>

/* One plugin at work. */
struct plugin {
    struct level *level;
    struct str kind;
    const json_t *settings; /* without apiVersion, kind and metadata */
    const json_t *metadata;
};

/* Carries it out; false: it is not followed, and nothing has been done. */
typedef bool plugin_fn(const struct plugin *p);

static const json_t *specs_of(const struct plugin *p)
{
    return json_object_get(p->settings, "fieldSpecs");
}

/* Whether every field of the list is of those two kinds. */
static bool are_all(const json_t *specs, enum field one, enum field other)
{
    size_t index;
    json_t *spec;

    json_array_foreach(specs, index, spec)
    {
        enum field field = kustomize_field(spec);

        if (field != one && field != other)
            return false;
    }
    return true;
}

static bool is_of_namespaces(const json_t *spec)
{
    return str_is(json_str_at(spec, "kind"), "Namespace") && !json_str_at(spec, "group").n;
}

/* metadata/namespace is written whatever the field specs say, and metadata/name of v1 alone. */
static bool set_namespace(const struct plugin *p)
{
    static const char *const subjects[] = {"", "defaultOnly", "none", "allServiceAccounts"};
    const json_t *namespace = json_object_get(p->metadata, "namespace");
    struct str mode = json_str_at(p->settings, "setRoleBindingSubjects");
    enum namespace_how how = NAMESPACE_ALONE;
    bool is_mode = false;
    size_t index;
    json_t *spec;

    for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
        is_mode = is_mode || str_is(mode, subjects[i]);
    if (!is_mode || (namespace && !json_is_string(namespace)))
        return false;
    json_array_foreach(specs_of(p), index, spec)
    {
        enum field field = kustomize_field(spec);

        if (field == FIELD_NAME && is_of_namespaces(spec))
            how = NAMESPACE_AND_ITS_OBJECT;
        else if (field != FIELD_NAMESPACE && field != FIELD_OTHER)
            return false;
    }
    if (!json_string_length(namespace))
        return true;
    if (json_bool_at(p->settings, "unsetOnly", false))
        how = NAMESPACE_UNSET_ONLY;
    level_set_namespace(p->level, json_view(namespace), how);
    json_array_foreach(specs_of(p), index, spec)
    {
        if (kustomize_field(spec) == FIELD_OTHER)
            level_change_fields(p->level, spec, FIELD_IS_SCALAR);
    }
    return true;
}

/* PrefixTransformer knows the prefix alone, SuffixTransformer the suffix; PrefixSuffixTransformer
 * is one after the other. */
static bool add_affix(const struct plugin *p)
{
    struct str prefix = json_str_at(p->settings, "prefix");
    struct str suffix = json_str_at(p->settings, "suffix");
    size_t index;
    json_t *spec;

    if (!are_all(specs_of(p), FIELD_NAME, FIELD_OTHER))
        return false;
    if (!specs_of(p))
        level_fails(p->level, "uses the transformer %s without fieldSpecs", quote(p->kind).text);
    if (str_is(p->kind, "PrefixTransformer"))
        suffix = STR("");
    if (str_is(p->kind, "SuffixTransformer"))
        prefix = STR("");
    for (unsigned i = 0; i < 2; i++)
        json_array_foreach(specs_of(p), index, spec)
        {
            if (kustomize_field(spec) == FIELD_NAME)
                level_rename(p->level, spec, i ? STR("") : prefix, i ? suffix : STR(""));
            else
                level_change_fields(p->level, spec, FIELD_IS_SCALAR);
        }
    return true;
}

static bool set_labels(const struct plugin *p)
{
    level_set_map(p->level, specs_of(p), json_object_get(p->settings, "labels"));
    return true;
}

static bool set_annotations(const struct plugin *p)
{
    level_set_map(p->level, specs_of(p), json_object_get(p->settings, "annotations"));
    return true;
}

static bool patch(const struct plugin *p)
{
    level_patch(p->level, p->settings);
    return true;
}

/* The text stands under another name than in patchesJson6902. */
static bool patch_json(const struct plugin *p)
{
    AUTO(json_unrefp) json_t *entry = json_copy(json_unconst(p->settings));
    const json_t *text = json_object_get(entry, "jsonOp");

    if (text)
        (void)json_object_set(entry, "patch", json_unconst(text));
    level_patch_json(p->level, entry);
    return true;
}

static bool patch_strategic(const struct plugin *p)
{
    const json_t *paths = json_object_get(p->settings, "paths");
    const json_t *text = json_object_get(p->settings, "patches");
    AUTO(json_unrefp) json_t *list = json_array();

    if (paths && !json_is_array(paths))
        return false;
    (void)json_array_extend(list, json_unconst(paths));
    if (text)
        (void)json_array_append(list, json_unconst(text));
    if (!json_array_size(list))
        level_fails(p->level, "uses the transformer %s without patches", quote(p->kind).text);
    else
        level_patch_strategic(p->level, list);
    return true;
}

static bool replace(const struct plugin *p)
{
    level_replacements(p->level, json_object_get(p->settings, "replacements"));
    return true;
}

static bool set_images(const struct plugin *p)
{
    size_t index;
    json_t *spec;

    if (!are_all(specs_of(p), FIELD_OTHER, FIELD_OTHER))
        return false;
    level_check_images(p->level);
    json_array_foreach(specs_of(p), index, spec)
        level_change_fields(p->level, spec, FIELD_IS_SCALAR);
    return true;
}

static const struct {
    const char *kind;
    enum kustomize_schema schema;
    plugin_fn *act; /* NULL: not followed */
} transformers[] = {
    {"NamespaceTransformer", SCHEMA_NAMESPACE, set_namespace},
    {"PrefixTransformer", SCHEMA_AFFIX, add_affix},
    {"SuffixTransformer", SCHEMA_AFFIX, add_affix},
    {"PrefixSuffixTransformer", SCHEMA_AFFIX, add_affix},
    {"AnnotationsTransformer", SCHEMA_ANNOTATIONS, set_annotations},
    {"LabelTransformer", SCHEMA_LABELS, set_labels},
    {"PatchTransformer", SCHEMA_PATCH, patch},
    {"PatchJson6902Transformer", SCHEMA_PATCH_JSON, patch_json},
    {"PatchStrategicMergeTransformer", SCHEMA_PATCH_STRATEGIC, patch_strategic},
    {"ReplacementTransformer", SCHEMA_REPLACEMENTS, replace},
    {"ImageTagTransformer", SCHEMA_IMAGE, set_images},
    {"ReplicaCountTransformer", SCHEMA_REPLICA, NULL},
    {"ValueAddTransformer", N_SCHEMAS, NULL},
    {"HashTransformer", N_SCHEMAS, NULL},
};

static bool generate(const struct plugin *p, const char *kind)
{
    AUTO(json_unrefp) json_t *args = json_copy(json_unconst(p->settings));
    static const char *const inherited[] = {"name", "namespace"};

    for (size_t i = 0; i < ARRAY_LEN(inherited); i++) {
        const json_t *value = json_object_get(p->metadata, inherited[i]);

        if (!json_str_at(args, inherited[i]).n && json_is_string(value))
            (void)json_object_set(args, inherited[i], json_unconst(value));
    }
    level_generate(p->level, kind, "generators", args);
    return true;
}

static bool generate_config_map(const struct plugin *p)
{
    return generate(p, "ConfigMap");
}

static bool generate_secret(const struct plugin *p)
{
    return generate(p, "Secret");
}

static bool inflate(const struct plugin *p)
{
    level_chart(p->level, p->settings, p->settings);
    return true;
}

static const struct {
    const char *kind;
    enum kustomize_schema schema;
    plugin_fn *act;
} generators[] = {
    {"ConfigMapGenerator", SCHEMA_CONFIG_MAP, generate_config_map},
    {"SecretGenerator", SCHEMA_SECRET, generate_secret},
    {"HelmChartInflationGenerator", SCHEMA_CHART, inflate},
    {"IAMPolicyGenerator", N_SCHEMAS, NULL},
};

static bool is_builtin(const json_t *settings)
{
    return str_is(json_str_at(settings, "apiVersion"), "builtin");
}

/* Its settings without what every object has; NULL where they are not read for certain. */
static json_t *settings_of(const json_t *document, enum kustomize_schema schema)
{
    static const char *const members[] = {"apiVersion", "kind", "metadata"};
    AUTO(json_unrefp) json_t *copy = json_deep_copy(document);
    AUTO(freep) char *why = NULL;

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        (void)json_object_del(copy, members[i]);
    return kustomize_schema_check_as(schema, copy, &why) == TRI_YES ? steal(&copy) : NULL;
}

static bool act_on(struct level *l, const json_t *document, enum kustomize_schema schema,
                   plugin_fn *act)
{
    AUTO(json_unrefp) json_t *settings = act ? settings_of(document, schema) : NULL;
    struct plugin p = {l, json_str_at(document, "kind"), settings,
                       json_object_get(document, "metadata")};

    return settings && act(&p);
}

static bool is_generator(struct str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(generators); i++)
        if (str_is(kind, generators[i].kind))
            return true;
    return false;
}

static bool is_transformer(struct str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(transformers); i++)
        if (str_is(kind, transformers[i].kind))
            return true;
    return false;
}

static void run_transformer(struct level *l, const json_t *document)
{
    struct str kind = json_str_at(document, "kind");

    if (is_builtin(document) && !is_transformer(kind)) {
        level_fails(l, "uses the transformer %s, which is none", quote(kind).text);
        return;
    }
    for (size_t i = 0; is_builtin(document) && i < ARRAY_LEN(transformers); i++)
        if (str_is(kind, transformers[i].kind) &&
            act_on(l, document, transformers[i].schema, transformers[i].act))
            return;
    if (!level_has_failed(l))
        level_anything(l, "uses the transformer %s", quote(kind).text);
}

/* It makes anything; of ConfigMaps and Secrets it may merge into what is there. That it runs is
 * taken for granted, as that a remote resource can be fetched. */
static void add_unknown(struct level *l, struct str kind)
{
    level_partial(l, "uses the generator %s", quote(kind).text);
    items_add_hole(&l->build->items);
    l->build->has_remote = true;
    for (size_t i = l->first; i < l->build->items.n; i++) {
        struct item *item = &l->build->items.list[i];

        if (items_may_gain_hash(&item->id))
            items_change(item);
    }
}

static void run_generator(struct level *l, const json_t *document)
{
    struct str kind = json_str_at(document, "kind");

    if (is_builtin(document) && !is_generator(kind)) {
        level_fails(l, "uses the generator %s, which is none", quote(kind).text);
        return;
    }
    for (size_t i = 0; is_builtin(document) && i < ARRAY_LEN(generators); i++)
        if (str_is(kind, generators[i].kind) &&
            act_on(l, document, generators[i].schema, generators[i].act))
            return;
    if (is_builtin(document) && !level_has_failed(l))
        level_may_fail(l, "uses a generator with settings that are not followed");
    if (!level_has_failed(l))
        add_unknown(l, kind);
}

/* What is done with plugins of one kind. */
struct plugins {
    const char *field;
    void (*run)(struct level *l, const json_t *document);
    json_t *seen; /* kinds and names, as members */
};

static void not_followed(struct level *l, const struct plugins *s, const char *what)
{
    level_anything(l, "has in %s %s", s->field, what);
}

/* A directory makes its plugins by a build of its own. */
static bool is_directory(const struct level *l, struct str path)
{
    const struct tree *t = l->build->render->tree;
    size_t node;

    return path.n && tree_follow(t, l->directory, path, &node) == TREE_FOUND &&
           t->nodes[node].kind == NODE_DIRECTORY;
}

/* Two settings of one kind and name are two objects of one id. */
static bool is_repeated(const struct plugins *s, const json_t *settings)
{
    const json_t *metadata = json_object_get(settings, "metadata");
    AUTO(freep)
    char *id = xasprintf("%.*s/%.*s", STR_ARG(json_str_at(settings, "kind")),
                         STR_ARG(json_str_at(metadata, "name")));
    bool repeated = json_object_get(s->seen, id) != NULL;

    (void)json_object_set_new(s->seen, id, json_true());
    return repeated;
}

static void run_entry(struct level *l, const struct plugins *s, const json_t *entry)
{
    const json_t *documents = NULL;
    size_t i;
    json_t *settings;

    if (is_directory(l, json_view(entry))) {
        not_followed(l, s, "a directory");
        return;
    }
    documents = level_documents(l, entry);
    if (kustomize_text_says_nothing(documents))
        return;
    if (kustomize_text_is_resources(documents) != TRI_YES) {
        not_followed(l, s, "what is not followed");
        return;
    }
    json_array_foreach(documents, i, settings)
    {
        if (level_has_failed(l))
            return;
        if (is_repeated(s, settings))
            not_followed(l, s, "two of one name");
        else
            s->run(l, settings);
    }
}

/* Those that stand in the kustomization itself come before those in files. */
static void run_all(struct level *l, struct plugins s)
{
    const json_t *list = json_object_get(l->document, s.field);
    size_t index;
    json_t *entry;

    s.seen = json_object();
    for (unsigned i = 0; i < 2; i++)
        json_array_foreach(list, index, entry)
        {
            if (!level_has_failed(l) && json_is_object(entry) == (i == 0))
                run_entry(l, &s, entry);
        }
    json_decref(s.seen);
}

void level_external_generators(struct level *l)
{
    run_all(l, (struct plugins){"generators", run_generator, NULL});
}

void level_external_transformers(struct level *l)
{
    run_all(l, (struct plugins){"transformers", run_transformer, NULL});
}
