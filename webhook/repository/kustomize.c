#include "repository/kustomize.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/tracking.h"
#include "repository/quote.h"
#include "repository/source_type.h"
#include <stdlib.h>
#include <string.h>

/* One build under way. */
struct build {
    struct render *render;
    size_t stack[KUSTOMIZE_MAX_DEPTH]; /* directories being built, outermost first */
    size_t depth;
    size_t work_left;
};

/* One kustomization of it. */
struct level {
    struct build *build;
    json_t *document;
    size_t directory;
    struct quoted where; /* the file, for reasons */
    size_t first;        /* its objects are those of the output from here on */
};

/* Uses a unit of the budget; false once it is gone, and the output says so. */
static bool work(struct build *b)
{
    if (b->work_left) {
        b->work_left--;
        return true;
    }
    output_partial(b->render->output, "the kustomizations below %s take too many steps",
                   quote(str_from(b->render->path)).text);
    output_uncertain(b->render->output);
    return false;
}

static void build_directory(struct build *b, size_t directory);

static const struct content *content_of(const struct level *l, size_t node)
{
    return contents_at(l->build->render->contents, node);
}

static struct output_builder *output_of(const struct level *l)
{
    return l->build->render->output;
}

/* kustomize itself leaves out what bears this annotation (resource factory, shouldIgnore). */
static bool is_local_config(const struct manifest *m)
{
    const json_t *metadata = json_object_at(m->object, "metadata");

    return json_object_get(json_object_at(metadata, "annotations"),
                           "config.kubernetes.io/local-config") != NULL;
}

static void add_file(struct level *l, size_t node, const struct node *file)
{
    const struct content *content = content_of(l, node);
    enum parse_syntax syntax;
    const struct parsed *parsed;

    /* any name is read as YAML; a .json that parses is as good */
    if (!contents_syntax(node_name(file), &syntax))
        syntax = SYNTAX_YAML;
    parsed = contents_parsed(l->build->render->contents, node, syntax);
    if (!parsed || parsed->state == PARSE_NOT_KNOWN) {
        const char *why = parsed ? parsed->why : content ? content->unread : NULL;

        if (why)
            output_partial(output_of(l), "%s", quote_phrase(why).text);
        else
            output_partial(output_of(l), "%s is not read", quote(str_from(file->path)).text);
        output_uncertain(output_of(l));
        return;
    }
    if (parsed->state != PARSE_OBJECTS) {
        output_fails(output_of(l), "%s, and %s lists it", quote_phrase(parsed->why).text,
                     l->where.text);
        return;
    }
    for (size_t i = 0; i < parsed->n && work(l->build); i++)
        if (!is_local_config(&parsed->manifests[i]))
            output_add(output_of(l), &parsed->manifests[i]);
}

/* What kustomize would take for a Git or HTTP address once it is no local path. */
static bool is_remote(struct str entry)
{
    static const char *const hosts[] = {"github.com/", "gitlab.com/", "bitbucket.org/",
                                        "git@",        "git::",       "gh:"};

    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        if (str_starts(entry, str_from(hosts[i])))
            return true;
    return str_contains(entry, STR("://")) || str_contains(entry, STR("?ref=")) ||
           str_contains(entry, STR(".git/")) || str_ends(entry, STR(".git"));
}

static bool is_below(const struct tree *t, size_t node, size_t directory)
{
    return node >= directory && node < t->nodes[directory].end;
}

static void add_missing(struct level *l, struct str entry, enum tree_found found)
{
    struct quoted shown = quote_reference(entry);

    if (found == TREE_MISSING && is_remote(entry)) {
        output_partial(output_of(l), "%s lists the remote resource %s", l->where.text, shown.text);
        output_may_hold(output_of(l), true, true);
    } else {
        output_fails(output_of(l), "%s lists %s, which %s", l->where.text, shown.text,
                     found == TREE_MISSING ? "does not exist"
                                           : "leaves the repository or cannot be followed");
    }
}

static void add_resource(struct level *l, const json_t *value)
{
    const struct tree *t = l->build->render->tree;
    struct str entry = json_view(value);
    enum tree_found found;
    size_t node;

    if (entry.n == 0) {
        output_fails(output_of(l), "%s has a resource that is no name", l->where.text);
        return;
    }
    found = entry.p[0] == '/' ? TREE_OUTSIDE : tree_follow(t, l->directory, entry, &node);
    if (found != TREE_FOUND) {
        add_missing(l, entry, found);
        return;
    }
    if (t->nodes[node].kind == NODE_DIRECTORY) {
        build_directory(l->build, node);
    } else if (t->nodes[node].kind != NODE_FILE) {
        output_fails(output_of(l), "%s lists %s, which is no regular file", l->where.text,
                     quote_reference(entry).text);
    } else if (!is_below(t, node, l->directory)) {
        output_partial(output_of(l),
                       "%s lists %s outside its directory, which only kustomize's option "
                       "--load-restrictor allows",
                       l->where.text, quote_reference(entry).text);
        output_uncertain(output_of(l));
    } else {
        add_file(l, node, &t->nodes[node]);
    }
}

static void add_resources(struct level *l, const char *key)
{
    const json_t *list = json_value_at(l->document, key);
    size_t index;
    json_t *entry;

    if (!list)
        return;
    if (!json_is_array(list)) {
        output_fails(output_of(l), "%s has %s that are no list", l->where.text, key);
        return;
    }
    json_array_foreach(list, index, entry)
    {
        if (output_has_failed(output_of(l)) || !work(l->build))
            return;
        add_resource(l, entry);
    }
}

/* What a field of a kustomization does to what we can say. */
enum effect {
    EFFECT_READ,      /* acted on here */
    EFFECT_NONE,      /* neither adds, removes nor renames an Application or ExternalSecret */
    EFFECT_LABELS,    /* changes labels: identities stay certain, marks do not */
    EFFECT_GENERATES, /* adds ConfigMaps and Secrets only */
    EFFECT_ANY,       /* may add, rename, delete or fail */
};

struct field {
    const char *name;
    enum effect effect;
};

static const struct field fields[] = {
    {"apiVersion", EFFECT_READ},
    {"kind", EFFECT_READ},
    {"metadata", EFFECT_READ},
    {"resources", EFFECT_READ},
    {"bases", EFFECT_READ},
    {"namespace", EFFECT_READ},
    {"namePrefix", EFFECT_READ},
    {"nameSuffix", EFFECT_READ},
    {"generatorOptions", EFFECT_NONE},
    {"images", EFFECT_NONE},
    {"replicas", EFFECT_NONE},
    {"crds", EFFECT_NONE},
    {"openapi", EFFECT_NONE},
    {"buildMetadata", EFFECT_NONE},
    {"sortOptions", EFFECT_NONE},
    {"labels", EFFECT_LABELS},
    {"commonLabels", EFFECT_LABELS},
    {"commonAnnotations", EFFECT_LABELS},
    {"configMapGenerator", EFFECT_GENERATES},
    {"secretGenerator", EFFECT_GENERATES},
};

static enum effect effect_of(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (strcmp(fields[i].name, key) == 0)
            return fields[i].effect;
    return EFFECT_ANY; /* patches, components, helmCharts, transformers, … and what is newer */
}

/* An annotation given to everything can make every object a hook, or skip it. */
static bool sets_hook(const json_t *value)
{
    return json_object_get(value, ANNOTATION_HOOK) || json_object_get(value, ANNOTATION_HELM_HOOK);
}

static void apply_field(struct output_builder *output, const char *where, const char *key,
                        const json_t *value, enum effect effect)
{
    if (source_is_empty_value(value) || effect == EFFECT_READ || effect == EFFECT_NONE)
        return;
    output_partial(output, "%s uses %s", where, quote(str_from(key)).text);
    if (effect == EFFECT_ANY || sets_hook(value))
        output_uncertain(output);
}

/* What a generator of a level may have changed. */
struct generated {
    struct level *level;
    const char *kind;
    const json_t *generators;
};

/*
 * Whether the object may be the one that a generator of that name merges with or replaces. Any name
 * the object ever had counts; those between the written one and the present one are part of it.
 */
static bool is_name_of(const struct rendered *object, struct str name)
{
    struct str written = object->manifest->id.name;

    return str_eq(name, object->id.name) || str_eq(name, written) ||
           (name.n && !str_eq(object->id.name, written) && str_contains(object->id.name, name));
}

static bool stays_certain(const struct rendered *object, void *of)
{
    const struct generated *g = of;
    size_t index;
    const json_t *generator;

    if (!identity_is_kind(&object->id, "", g->kind))
        return true;
    json_array_foreach(g->generators, index, generator)
    {
        if (!work(g->level->build) || is_name_of(object, json_str_at(generator, "name")))
            return false;
    }
    return true;
}

/* behavior merge and replace change what a resource brings, create fails on it (resmap's
 * AbsorbAll): whichever, the object is no longer known. That more is possible has been said. */
static void forget_generated(struct level *l, const char *field, const char *kind)
{
    struct generated g = {l, kind, json_array_at(l->document, field)};

    if (g.generators)
        output_filter(output_of(l), l->first, stays_certain, &g);
}

/* One transformation of a name or namespace: all objects of the level that kustomize gives it. */
struct naming {
    struct str namespace;
    struct str prefix;
    struct str suffix;
};

/* Kinds whose names kustomize leaves alone (builtinconfig/consts/nameprefix.go). */
static bool keeps_name(const struct identity *id)
{
    return identity_is_kind(id, "apiextensions.k8s.io", "CustomResourceDefinition") ||
           identity_is_kind(id, "apiregistration.k8s.io", "APIService") ||
           identity_is_kind(id, "", "Namespace");
}

/* A name is at most 253 bytes (Kubernetes, object names); it must not grow without end here. */
enum { NAMING_MAX_BYTES = 253 };

static void rename_object(struct level *l, struct rendered *object, const struct naming *naming)
{
    if (naming->namespace.n)
        object->id.namespace = naming->namespace;
    if ((naming->prefix.n || naming->suffix.n) && !keeps_name(&object->id)) {
        AUTO(freep)
        char *name = xasprintf("%.*s%.*s%.*s", STR_ARG(naming->prefix), STR_ARG(object->id.name),
                               STR_ARG(naming->suffix));

        if (strlen(name) > NAMING_MAX_BYTES) {
            output_partial(output_of(l), "%s makes names longer than 253 bytes", l->where.text);
            output_uncertain(output_of(l));
            return;
        }
        object->id.name = output_keep(output_of(l), str_from(name));
    }
}

static bool read_naming(const struct level *l, const char *key, struct str *out)
{
    const json_t *value = json_value_at(l->document, key);

    *out = json_view(value);
    if (!value ||
        (json_is_string(value) && out->n <= NAMING_MAX_BYTES && !memchr(out->p, '\0', out->n)))
        return true;
    output_fails(output_of(l), "%s has a %s that is no name", l->where.text, key);
    return false;
}

static void rename_objects(struct level *l)
{
    struct naming naming;

    if (!read_naming(l, "namespace", &naming.namespace) ||
        !read_naming(l, "namePrefix", &naming.prefix) ||
        !read_naming(l, "nameSuffix", &naming.suffix))
        return;
    if (!naming.namespace.n && !naming.prefix.n && !naming.suffix.n)
        return;
    for (size_t i = l->first; i < output_n(output_of(l)) && work(l->build); i++)
        rename_object(l, output_at(output_of(l), i), &naming);
}

static int by_identity(const void *a, const void *b)
{
    const struct rendered *const *x = a;
    const struct rendered *const *y = b;
    const struct identity *i = &(*x)->id;
    const struct identity *j = &(*y)->id;
    int order = str_cmp(i->name, j->name);

    if (!order)
        order = str_cmp(i->kind, j->kind);
    if (!order)
        order = str_cmp(i->group, j->group);
    return order ? order : str_cmp(i->namespace, j->namespace);
}

/* "may not add resource with an already registered id": kustomize knows no "the last wins". */
static void check_repeated(struct level *l)
{
    size_t n = output_n(output_of(l)) - l->first;
    AUTO(freep) const struct rendered **sorted = xcalloc(n, sizeof(const struct rendered *));

    for (size_t i = 0; i < n && work(l->build); i++)
        sorted[i] = output_at(output_of(l), l->first + i);
    if (l->build->work_left == 0)
        return;
    qsort(sorted, n, sizeof(const struct rendered *), by_identity);
    for (size_t i = 1; i < n; i++)
        if (identity_eq(&sorted[i - 1]->id, &sorted[i]->id)) {
            output_fails(output_of(l), "%s yields %s %s twice", l->where.text,
                         quote(sorted[i]->id.kind).text, quote(sorted[i]->id.name).text);
            return;
        }
}

static void build_level(struct level *l)
{
    struct str kind = json_str_at(l->document, "kind");
    void *at;

    if (kind.n && !str_is(kind, "Kustomization")) {
        output_partial(output_of(l), "%s is a %s", l->where.text, quote(kind).text);
        output_uncertain(output_of(l));
    }
    add_resources(l, "resources");
    add_resources(l, "bases");
    for (at = json_object_iter(l->document); at; at = json_object_iter_next(l->document, at)) {
        const char *key = json_object_iter_key(at);

        apply_field(output_of(l), l->where.text, key, json_object_iter_value(at), effect_of(key));
    }
    forget_generated(l, "configMapGenerator", "ConfigMap");
    forget_generated(l, "secretGenerator", "Secret");
    rename_objects(l);
    if (!output_has_failed(output_of(l)))
        check_repeated(l);
}

/* The kustomization file of a directory; false when the output says why there is none. */
static bool find_kustomization(struct build *b, size_t directory, size_t *out)
{
    static const char *const names[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
    const struct node *node = &b->render->tree->nodes[directory];
    unsigned n = 0;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t found;

        if (tree_child(b->render->tree, directory, str_from(names[i]), &found)) {
            *out = found;
            n++;
        }
    }
    if (n != 1)
        output_fails(b->render->output, "%s holds %s kustomization file",
                     node->n_path ? quote(str_from(node->path)).text : "the repository's root",
                     n ? "more than one" : "no");
    return n == 1;
}

static void build_directory(struct build *b, size_t directory)
{
    struct output_builder *output = b->render->output;
    struct level l = {.build = b, .directory = directory, .first = output_n(output)};
    const struct content *content;
    size_t file;

    if (!work(b) || !find_kustomization(b, directory, &file))
        return;
    l.where = quote(str_from(b->render->tree->nodes[file].path));
    for (size_t i = 0; i < b->depth; i++)
        if (b->stack[i] == directory) {
            output_fails(output, "%s leads back to itself", l.where.text);
            return;
        }
    if (b->depth == KUSTOMIZE_MAX_DEPTH) {
        output_partial(output, "%s lies deeper than 32 kustomizations", l.where.text);
        output_uncertain(output);
        return;
    }
    content = contents_at(b->render->contents, file);
    if (!content || content->unread) {
        if (content)
            output_partial(output, "%s", quote_phrase(content->unread).text);
        else
            output_partial(output, "%s is no regular file", l.where.text);
        output_uncertain(output);
        return;
    }
    l.document = content->document;
    if (!l.document) {
        if (content->document_why)
            output_fails(output, "%s", quote_phrase(content->document_why).text);
        else
            output_fails(output, "%s is empty", l.where.text);
        return;
    }
    b->stack[b->depth++] = directory;
    build_level(&l);
    b->depth--;
}

/* The Application's own options: `kustomize edit` changes the top kustomization by them. */
static void apply_own_options(struct render *r)
{
    static const struct field own[] = {
        {"images", EFFECT_NONE},
        {"replicas", EFFECT_NONE},
        {"version", EFFECT_NONE},
        {"kubeVersion", EFFECT_NONE},
        {"apiVersions", EFFECT_NONE},
        {"forceCommonLabels", EFFECT_NONE},
        {"forceCommonAnnotations", EFFECT_NONE},
        {"labelWithoutSelector", EFFECT_NONE},
        {"labelIncludeTemplates", EFFECT_NONE},
        {"commonAnnotationsEnvsubst", EFFECT_NONE},
        {"commonLabels", EFFECT_LABELS},
        {"commonAnnotations", EFFECT_LABELS},
    };
    /* jansson iterates over what it may change; the source is not ours to change */
    AUTO(json_unrefp) json_t *options = json_deep_copy(r->request->source->kustomize);
    void *at;

    for (at = options ? json_object_iter(options) : NULL; at;
         at = json_object_iter_next(options, at)) {
        const char *key = json_object_iter_key(at);
        enum effect effect = EFFECT_ANY;

        for (size_t i = 0; i < ARRAY_LEN(own); i++)
            if (strcmp(own[i].name, key) == 0)
                effect = own[i].effect;
        apply_field(r->output, "the source's kustomize option", key, json_object_iter_value(at),
                    effect);
    }
}

void kustomize_render(struct render *r)
{
    struct build b = {.render = r, .work_left = KUSTOMIZE_MAX_WORK};

    apply_own_options(r);
    build_directory(&b, r->directory);
}
