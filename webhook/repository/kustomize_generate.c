/* configMapGenerator, secretGenerator, helmCharts and generators. */
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_shape.h"
#include "repository/kustomize_text.h"
#include "repository/source_type.h"
#include <string.h>

/* What makes one kind. */
struct generator {
    struct level *level;
    const char *field;
    const char *kind;
    json_t *keys; /* of the object being made, as an object's members */
};

static void add_key(struct generator *g, struct str key)
{
    AUTO(freep) char *name = xstrndup(key);

    if (json_object_get(g->keys, name))
        level_fails(g->level, "has in %s the key %s twice", g->field, quote(key).text);
    (void)json_object_set_new(g->keys, name, json_true());
}

/* configmap.go, ParseFileSource(): a path, or key=path. */
static void add_file(struct generator *g, struct str source)
{
    size_t at = str_find_char(source, '=');
    struct str path = at < source.n ? str_sub(source, at + 1, source.n) : source;
    struct str key = str_sub(source, 0, at);

    if (at < source.n && (!at || !path.n || str_find_char(path, '=') < path.n)) {
        level_fails(g->level, "has in %s a file that is no key=path", g->field);
        return;
    }
    for (size_t i = 0; at == source.n && i < source.n; i++)
        if (source.p[i] == '/')
            key = str_sub(source, i + 1, source.n);
    if (level_has_file(g->level, path))
        add_key(g, key);
}

static void add_literal(struct generator *g, struct str literal)
{
    size_t at = str_find_char(literal, '=');

    if (!at || at == literal.n)
        level_fails(g->level, "has in %s a literal that is no key=value", g->field);
    else
        add_key(g, str_sub(literal, 0, at));
}

static void add_env_file(struct generator *g, struct str path)
{
    const json_t *keys = level_env_keys(g->level, path);
    size_t index;
    json_t *key;

    json_array_foreach(keys, index, key) add_key(g, json_view(key));
}

static void each(struct generator *g, const json_t *list,
                 void (*add)(struct generator *g, struct str text))
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (!level_has_failed(g->level) && items_work(&g->level->build->items))
            add(g, json_view(entry));
    }
}

static void read_sources(struct generator *g, const json_t *args)
{
    g->keys = json_object();
    each(g, json_object_get(args, "envs"), add_env_file);
    if (json_str_at(args, "env").n)
        add_env_file(g, json_str_at(args, "env"));
    each(g, json_object_get(args, "literals"), add_literal);
    each(g, json_object_get(args, "files"), add_file);
    json_decref(g->keys);
}

/* An option of the generator, else of all generators. */
static void add_options(json_t *metadata, const char *member, const json_t *own,
                        const json_t *global)
{
    json_t *pairs = json_object();

    (void)json_object_update(pairs, json_object_get(global, member));
    (void)json_object_update(pairs, json_object_get(own, member));
    if (json_object_size(pairs))
        (void)json_object_set(metadata, member, pairs);
    json_decref(pairs);
}

static json_t *make(const struct generator *g, const json_t *args)
{
    const json_t *own = json_object_get(args, "options");
    const json_t *global = json_object_get(g->level->document, "generatorOptions");
    json_t *object =
        json_pack("{s:s, s:s, s:{s:O}, s:s}", "apiVersion", "v1", "kind", g->kind, "metadata",
                  "name", json_object_get(args, "name"), "data", SHAPE_ANYTHING);
    json_t *metadata = json_object_get(object, "metadata");

    if (json_str_at(args, "namespace").n)
        (void)json_object_set(metadata, "namespace", json_object_get(args, "namespace"));
    add_options(metadata, "labels", own, global);
    add_options(metadata, "annotations", own, global);
    if (!json_object_get(metadata, "annotations")) /* kustomize keeps notes of its own there */
        (void)json_object_set_new(metadata, "annotations", json_object());
    return object;
}

static bool is_hashed(const struct generator *g, const json_t *args)
{
    return !json_bool_at(json_object_get(args, "options"), "disableNameSuffixHash", false) &&
           !json_bool_at(json_object_get(g->level->document, "generatorOptions"),
                         "disableNameSuffixHash", false);
}

/* resmap, appendReplaceOrMerge(). */
static void absorb(struct generator *g, const json_t *args)
{
    struct items *t = &g->level->build->items;
    struct str behavior = json_str_at(args, "behavior");
    bool changes = str_is(behavior, "merge") || str_is(behavior, "replace");
    struct identity id = {STR(""), str_from(g->kind), json_str_at(args, "namespace"),
                          json_str_at(args, "name")};
    struct item *found = NULL;
    unsigned n = 0;

    for (size_t i = g->level->first; i < t->n && items_work(t); i++)
        if (items_had_id(&t->list[i], &id, STR("v1"))) {
            found = &t->list[i];
            n++;
        }
    if (n > 1 || (n == 1 && !changes)) {
        level_fails(g->level, "generates %s %s, which the resources hold", g->kind,
                    quote(id.name).text);
    } else if (found) {
        AUTO(json_unrefp) json_t *object = make(g, args);
        const json_t *metadata = json_object_get(object, "metadata");

        (void)json_object_update(items_own_map(found, "labels"),
                                 json_object_get(metadata, "labels"));
        (void)json_object_update(items_own_map(found, "annotations"),
                                 json_object_get(metadata, "annotations"));
        (void)json_object_set_new(items_own(found), "data", json_string(SHAPE_ANYTHING));
        (void)json_object_set_new(items_own(found), SHAPE_ANYTHING, json_true());
        found->changed = true;
        found->gains_hash &= is_hashed(g, args);
    } else if (!changes) {
        items_add_generated(t, make(g, args), is_hashed(g, args));
    } else {
        level_misses(g->level, g->field, id.name);
    }
}

static void generate(struct level *l, const char *field, const char *kind)
{
    struct generator g = {.level = l, .field = field, .kind = kind};
    size_t index;
    json_t *args;

    json_array_foreach(json_object_get(l->document, field), index, args)
    {
        struct str name = json_str_at(args, "name");

        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        if (!name.n) {
            level_fails(l, "has in %s an entry without name", field);
            return;
        }
        if (memchr(name.p, '\0', name.n) || memchr(name.p, ',', name.n)) {
            level_anything(l, "has in %s a name that is no plain text", field);
            return;
        }
        level_partial(l, "uses %s", field);
        read_sources(&g, args);
        if (!level_has_failed(l))
            absorb(&g, args);
    }
}

/* Whether values hold the apiVersion of an Application; its annotations stand in many. */
static bool values_carry_argoproj(const json_t *values)
{
    AUTO(freep)
    char *text = values ? xneed(json_dumps(values, JSON_COMPACT | JSON_ENCODE_ANY)) : NULL;

    return text && strstr(text, "argoproj.io/v");
}

/* A file of values that is not there, or not read, may carry one, too. */
static bool file_carries_argoproj(const struct level *l, struct str path)
{
    const struct document *document;
    const struct content *content;
    size_t node;

    if (!path.n)
        return false;
    if (tree_follow(l->build->render->tree, l->directory, path, &node) != TREE_FOUND)
        return true;
    content = contents_at(l->build->render->contents, node);
    if (!content || content->unread || !content->names_argoproj)
        return !content || content->unread;
    document = contents_document(l->build->render->contents, node);
    return !document || !document->json || values_carry_argoproj(document->json);
}

/*
 * A chart that is fetched makes no Application, as one that a source names itself (design 3.5):
 * but for argocd-apps, which makes what its values say, and for values that carry manifests. One
 * that lies in the repository already is inflated as it lies there.
 */
static bool makes_no_definition(const struct level *l, const json_t *chart)
{
    struct str own = json_str_at(chart, "chartHome");
    struct str global = json_str_at(json_object_at(l->document, "helmGlobals"), "chartHome");
    struct str home = own.n ? own : global.n ? global : STR("charts");
    struct str name = json_str_at(chart, "name");
    const json_t *files = json_array_at(chart, "additionalValuesFiles");
    AUTO(freep) char *path = xasprintf("%.*s/%.*s", STR_ARG(home), STR_ARG(name));
    size_t node;

    if (!json_str_at(chart, "repo").n || !name.n || str_is(name, "argocd-apps") ||
        tree_follow(l->build->render->tree, l->directory, str_from(path), &node) != TREE_MISSING ||
        values_carry_argoproj(json_object_get(chart, "valuesInline")) ||
        file_carries_argoproj(l, json_str_at(chart, "valuesFile")))
        return false;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (file_carries_argoproj(l, json_view(json_array_get(files, i))))
            return false;
    return true;
}

static void level_charts(struct level *l, const char *field)
{
    const json_t *charts = json_object_get(l->document, field);
    size_t index;
    const json_t *chart;

    if (!json_array_size(charts))
        return;
    level_partial(l, "uses %s", field);
    l->build->has_remote = true;
    json_array_foreach(charts, index, chart)
    {
        if (str_is(str_from(field), "helmCharts") && makes_no_definition(l, chart))
            items_add_hole_but_argoproj(&l->build->items);
        else
            items_add_hole(&l->build->items);
    }
}

void level_generators(struct level *l)
{

    generate(l, "configMapGenerator", "ConfigMap");
    generate(l, "secretGenerator", "Secret");
    level_charts(l, "helmCharts");
    level_charts(l, "helmChartInflationGenerator");
}

void level_external_generators(struct level *l)
{
    if (json_array_size(json_object_get(l->document, "generators")) == 0)
        return;
    level_may_fail(l, "uses generators");
    items_add_hole(&l->build->items);
    /* those of the two built-in kinds may merge into what is there */
    for (size_t i = l->first; i < l->build->items.n; i++) {
        struct item *item = &l->build->items.list[i];

        if (identity_is_kind(&item->id, "", "ConfigMap") ||
            identity_is_kind(&item->id, "", "Secret"))
            item->changed = true;
    }
}
