/* configMapGenerator, secretGenerator and helmCharts. */
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
    const json_t *options; /* generatorOptions, for those of the kustomization's own fields */
    json_t *data;          /* of the object being made, as far as it is known */
};

/* A value of any other length than people's is not kept, as in manifests (kustomize_shape.h). */
enum { VALUE_MAX_BYTES = 80 };

static void add_key(struct generator *g, struct str key, struct str value)
{
    AUTO(freep) char *name = xstrndup(key);
    bool is_kept = value.p && value.n <= VALUE_MAX_BYTES;

    if (json_object_get(g->data, name))
        level_fails(g->level, "has in %s the key %s twice", g->field, quote(key).text);
    (void)json_object_set_new(g->data, name,
                              is_kept ? json_stringn(value.n ? value.p : "", value.n)
                                      : json_string(SHAPE_SCALAR));
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
        add_key(g, key, STR_NONE);
}

/* kv.go, removeQuotes(). */
static struct str unquote(struct str text)
{
    bool is_quoted = text.n > 1 && text.p[0] == text.p[text.n - 1] && strchr("\"'", text.p[0]);

    return is_quoted ? str_sub(text, 1, text.n - 1) : text;
}

static void add_literal(struct generator *g, struct str literal)
{
    size_t at = str_find_char(literal, '=');

    if (!at || at == literal.n)
        level_fails(g->level, "has in %s a literal that is no key=value", g->field);
    else
        add_key(g, str_sub(literal, 0, at),
                strcmp(g->kind, "ConfigMap") == 0 ? unquote(str_sub(literal, at + 1, literal.n))
                                                  : STR_NONE);
}

static void add_env_file(struct generator *g, struct str path)
{
    const json_t *keys = level_env_keys(g->level, path);
    size_t index;
    json_t *key;

    json_array_foreach(keys, index, key) add_key(g, json_view(key), STR_NONE);
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
    each(g, json_object_get(args, "envs"), add_env_file);
    if (json_str_at(args, "env").n)
        add_env_file(g, json_str_at(args, "env"));
    each(g, json_object_get(args, "literals"), add_literal);
    each(g, json_object_get(args, "files"), add_file);
    /* what is no text stands under binaryData */
    if (json_array_size(json_object_get(args, "files")))
        (void)json_object_set_new(g->data, SHAPE_ANYTHING, json_true());
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
    json_t *object = json_pack("{s:s, s:s, s:{s:O}}", "apiVersion", "v1", "kind", g->kind,
                               "metadata", "name", json_object_get(args, "name"));
    json_t *metadata = json_object_get(object, "metadata");

    if (json_object_get(g->data, SHAPE_ANYTHING) || strcmp(g->kind, "Secret") == 0)
        (void)json_object_set_new(object, "data", json_string(SHAPE_ANYTHING));
    else if (json_object_size(g->data))
        (void)json_object_set(object, "data", g->data);
    if (json_str_at(args, "namespace").n)
        (void)json_object_set(metadata, "namespace", json_object_get(args, "namespace"));
    add_options(metadata, "labels", own, g->options);
    add_options(metadata, "annotations", own, g->options);
    if (!json_object_get(metadata, "annotations")) /* kustomize keeps notes of its own there */
        (void)json_object_set_new(metadata, "annotations", json_object());
    return object;
}

static bool is_hashed(const struct generator *g, const json_t *args)
{
    return !json_bool_at(json_object_get(args, "options"), "disableNameSuffixHash", false) &&
           !json_bool_at(g->options, "disableNameSuffixHash", false);
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

void level_generate(struct level *l, const char *kind, const char *field, const json_t *args)
{
    AUTO(json_unrefp) json_t *data = json_object();
    bool is_own = strcmp(field, "generators") != 0;
    struct generator g = {
        .level = l,
        .field = field,
        .kind = kind,
        .options = is_own ? json_object_get(l->document, "generatorOptions") : NULL,
        .data = data,
    };
    struct str name = json_str_at(args, "name");

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

static void generate(struct level *l, const char *field, const char *kind)
{
    size_t index;
    json_t *args;

    json_array_foreach(json_object_get(l->document, field), index, args)
    {
        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        level_generate(l, kind, field, args);
    }
}

static void inflate(struct level *l)
{
    size_t index;
    json_t *chart;

    json_array_foreach(json_object_get(l->document, "helmCharts"), index, chart)
    {
        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        level_chart(l, chart, json_object_get(l->document, "helmGlobals"));
    }
    if (json_array_size(json_object_get(l->document, "helmChartInflationGenerator")) &&
        !level_has_failed(l)) {
        level_partial(l, "uses helmChartInflationGenerator");
        items_add_hole(&l->build->items);
        l->build->has_remote = true;
    }
}

void level_generators(struct level *l)
{
    generate(l, "configMapGenerator", "ConfigMap");
    generate(l, "secretGenerator", "Secret");
    if (!level_has_failed(l))
        inflate(l);
}
