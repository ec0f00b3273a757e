#include "repository/kustomize.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_options.h"
#include "repository/kustomize_text.h"
#include <string.h>

static struct output_builder *output_of(const struct level *l)
{
    return l->build->render->output;
}

/* Two quoted fields and the words between them. */
enum { SAID_MAX_BYTES = 2000 };

static char *phrase(const struct level *l, const char *format, va_list values) PRINTF_LIKE(2, 0);

static char *phrase(const struct level *l, const char *format, va_list values)
{
    AUTO(buf_clearp) struct buf text = {0};

    buf_init(&text, SAID_MAX_BYTES);
    buf_printf(&text, "%s ", l->where.text);
    buf_vprintf(&text, format, values);
    return buf_ok(&text) ? buf_take(&text) : xasprintf("%s is not followed", l->where.text);
}

/* What was said is quoted already; output.c escapes only what somebody forgot. */
void level_fails(struct level *l, const char *format, ...)
{
    AUTO(freep) char *text = NULL;
    va_list values;

    va_start(values, format);
    text = phrase(l, format, values);
    va_end(values);
    output_fails(output_of(l), "%s", text);
}

void level_partial(struct level *l, const char *format, ...)
{
    AUTO(freep) char *text = NULL;
    va_list values;

    va_start(values, format);
    text = phrase(l, format, values);
    va_end(values);
    output_partial(output_of(l), "%s", text);
}

void level_may_fail(struct level *l, const char *format, ...)
{
    AUTO(freep) char *text = NULL;
    va_list values;

    va_start(values, format);
    text = phrase(l, format, values);
    va_end(values);
    output_partial(output_of(l), "%s", text);
    l->build->items.may_fail = true;
}

void level_anything(struct level *l, const char *format, ...)
{
    AUTO(freep) char *text = NULL;
    va_list values;

    va_start(values, format);
    text = phrase(l, format, values);
    va_end(values);
    output_partial(output_of(l), "%s", text);
    l->build->items.may_fail = true;
    items_open_all(&l->build->items, l->first, l->first_hole);
}

void level_misses(struct level *l, const char *field, struct str name)
{
    if (l->build->has_remote)
        return; /* it is what lies there that is meant */
    if (l->build->items.n_holes > l->first_hole)
        level_may_fail(l, "has %s for %s, which may not be among the resources", field,
                       quote(name).text);
    else
        level_fails(l, "has %s for %s, which is not among the resources", field, quote(name).text);
}

bool level_has_failed(const struct level *l)
{
    return output_has_failed(output_of(l));
}

void level_check_repeated(struct level *l)
{
    bool may_part = false;
    const struct item *item =
        level_has_failed(l) ? NULL : items_find_repeated(&l->build->items, l->first, &may_part);

    /* of the outermost kustomization nobody may compare them before */
    if (item && may_part && l->build->depth == 1)
        level_may_fail(l, "yields %s %s twice", quote(item->id.kind).text,
                       quote(item->id.name).text);
    else if (item)
        level_fails(l, "yields %s %s twice", quote(item->id.kind).text, quote(item->id.name).text);
}

static bool is_below(const struct tree *t, size_t node, size_t directory)
{
    return node >= directory && node < t->nodes[directory].end;
}

/* An address that kustomize fetches, or that an older one would have. */
static bool is_http(struct str entry)
{
    return (entry.n >= 7 && str_eq_nocase(str_sub(entry, 0, 7), STR("http://"))) ||
           (entry.n >= 8 && str_eq_nocase(str_sub(entry, 0, 8), STR("https://")));
}

/* A user before the host, as scp writes it: [a-zA-Z][a-zA-Z0-9-]*@. */
static bool has_user(struct str entry)
{
    size_t at = str_find_char(entry, '@');

    if (!at || at == entry.n || !strchr("abcdefghijklmnopqrstuvwxyz", entry.p[0] | 0x20))
        return false;
    for (size_t i = 0; i < at; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", entry.p[i]))
            return false;
    return true;
}

/*
 * What kustomize would take for a Git or HTTP address once it is no local file, in one version or
 * another (api/internal/git/repospec.go). A local directory of such a name is not looked for.
 */
static bool is_remote(struct str entry)
{
    static const char *const starts[] = {"github.com/",    "github.com:", "gitlab.com/",
                                         "bitbucket.org/", "git::",       "gh:"};

    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        size_t n = strlen(starts[i]);

        if (entry.n >= n && str_eq_nocase(str_sub(entry, 0, n), str_from(starts[i])))
            return true;
    }
    return has_user(entry) || str_contains(entry, STR("://")) ||
           str_contains(entry, STR("?ref=")) || str_contains(entry, STR(".git/")) ||
           str_ends(entry, STR(".git"));
}

/* A file by its path: the node, or false when the level says why there is none. */
static bool find_file(struct level *l, struct str path, size_t *node)
{
    const struct tree *t = l->build->render->tree;
    enum tree_found found;

    if (is_http(path)) {
        level_may_fail(l, "loads %s", quote_reference(path).text);
        return false;
    }
    found =
        path.n == 0 || path.p[0] == '/' ? TREE_OUTSIDE : tree_follow(t, l->directory, path, node);
    if (found != TREE_FOUND || t->nodes[*node].kind != NODE_FILE) {
        level_fails(l, "names the file %s, which %s", quote_reference(path).text,
                    found == TREE_OUTSIDE || found == TREE_LOOP
                        ? "leaves the repository or cannot be followed"
                        : "does not exist");
        return false;
    }
    if (!is_below(t, *node, l->directory)) {
        level_may_fail(l,
                       "names %s outside its directory, which only kustomize's option "
                       "--load-restrictor allows",
                       quote_reference(path).text);
    }
    return true;
}

bool level_has_file(struct level *l, struct str path)
{
    size_t node;

    return find_file(l, path, &node);
}

static const json_t *documents_of_text(struct level *l, const json_t *value)
{
    const json_t *documents = json_object_get(value, KUSTOMIZE_DOCUMENTS);
    const json_t *refused = json_object_get(value, KUSTOMIZE_REFUSED);

    if (documents)
        return documents;
    if (refused)
        level_fails(l, "holds a text that %s", quote(json_view(refused)).text);
    else
        level_anything(l, "holds a text that %s",
                       quote(json_str_at(value, KUSTOMIZE_NOT_KNOWN)).text);
    return NULL;
}

const json_t *level_documents(struct level *l, const json_t *value)
{
    const struct document *text;
    size_t node;
    const char *path;

    if (json_is_object(value))
        return documents_of_text(l, value);
    if (is_http(json_view(value)) && !level_has_failed(l))
        level_anything(l, "loads %s", quote_reference(json_view(value)).text);
    if (!find_file(l, json_view(value), &node))
        return NULL;
    path = l->build->render->tree->nodes[node].path;
    text = contents_part(l->build->render->contents, node, BLOB_KUSTOMIZE_TEXT);
    if (text && text->json)
        return text->json;
    if (text && text->what && !text->is_not_known)
        level_fails(l, "names %s, which %s", quote(str_from(path)).text, text->what);
    else
        level_anything(l, "names %s, which %s", quote(str_from(path)).text,
                       text && text->what ? text->what : "is not read");
    return NULL;
}

const json_t *level_env_keys(struct level *l, struct str path)
{
    const struct document *keys;
    size_t node;

    if (!find_file(l, path, &node))
        return NULL;
    keys = contents_part(l->build->render->contents, node, BLOB_ENV_KEYS);
    if (!keys || !keys->json)
        level_may_fail(l, "names %s, which is not read", quote_reference(path).text);
    return keys ? keys->json : NULL;
}

/* kustomize reads any file as YAML; of a .json the reading by its name is as good, if it is. */
static const struct parsed *parsed_of(const struct level *l, size_t node)
{
    const struct contents *contents = l->build->render->contents;
    struct str name = node_name(&l->build->render->tree->nodes[node]);
    enum parse_syntax syntax;
    const struct parsed *parsed = NULL;

    if (contents_syntax(name, &syntax) && syntax == SYNTAX_JSON)
        parsed = contents_parsed(contents, node, SYNTAX_JSON);
    if (parsed && parsed->state == PARSE_OBJECTS && !parsed->kustomize_why)
        return parsed;
    return contents_parsed(contents, node, SYNTAX_YAML);
}

static void add_file(struct level *l, size_t node)
{
    const char *path = l->build->render->tree->nodes[node].path;
    const struct content *content = contents_at(l->build->render->contents, node);
    const struct parsed *parsed = parsed_of(l, node);

    if (!parsed || parsed->state == PARSE_NOT_KNOWN ||
        (parsed->kustomize_why && !parsed->kustomize_fails)) {
        const char *why = parsed ? parsed->kustomize_why : content ? content->unread : NULL;

        items_add_hole(&l->build->items);
        if (why)
            level_may_fail(l, "lists %s", quote_phrase(why).text);
        else
            level_may_fail(l, "lists %s, which is not read", quote(str_from(path)).text);
        return;
    }
    if (parsed->kustomize_why) {
        output_fails(output_of(l), "%s, and %s lists it", quote_phrase(parsed->kustomize_why).text,
                     l->where.text);
        return;
    }
    for (size_t i = 0; i < parsed->n && items_work(&l->build->items); i++)
        items_add(&l->build->items, &parsed->manifests[i]);
}

static void build_directory(struct level *parent, size_t directory, bool is_component);

static void add_remote(struct level *l, struct str entry)
{
    level_partial(l, "lists the remote resource %s", quote_reference(entry).text);
    items_add_hole(&l->build->items);
    l->build->has_remote = true;
}

static void add_resource(struct level *l, const json_t *value)
{
    const struct tree *t = l->build->render->tree;
    struct str entry = json_view(value);
    enum tree_found found;
    size_t node;

    if (entry.n == 0) {
        level_fails(l, "has a resource that is no name");
        return;
    }
    found = entry.p[0] == '/' ? TREE_OUTSIDE : tree_follow(t, l->directory, entry, &node);
    if (is_http(entry) ||
        (is_remote(entry) && (found == TREE_MISSING ||
                              (found == TREE_FOUND && t->nodes[node].kind == NODE_DIRECTORY)))) {
        add_remote(l, entry);
    } else if (found != TREE_FOUND) {
        level_fails(l, "lists %s, which %s", quote_reference(entry).text,
                    found == TREE_MISSING ? "does not exist"
                                          : "leaves the repository or cannot be followed");
    } else if (t->nodes[node].kind == NODE_DIRECTORY) {
        build_directory(l, node, false);
    } else if (t->nodes[node].kind != NODE_FILE) {
        level_fails(l, "lists %s, which is no regular file", quote_reference(entry).text);
    } else {
        if (!is_below(t, node, l->directory))
            level_may_fail(l,
                           "lists %s outside its directory, which only kustomize's option "
                           "--load-restrictor allows",
                           quote_reference(entry).text);
        add_file(l, node);
    }
}

static void add_resources(struct level *l, const char *key)
{
    const json_t *list = json_object_get(l->document, key);
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        add_resource(l, entry);
    }
}

static void add_component(struct level *l, struct str entry)
{
    const struct tree *t = l->build->render->tree;
    enum tree_found found;
    size_t node;

    found =
        entry.n && entry.p[0] != '/' ? tree_follow(t, l->directory, entry, &node) : TREE_OUTSIDE;
    if (entry.n && is_remote(entry)) {
        level_partial(l, "uses the remote component %s", quote_reference(entry).text);
        l->build->has_remote = true;
        items_open_all(&l->build->items, l->first, l->first_hole);
    } else if (found != TREE_FOUND || t->nodes[node].kind != NODE_DIRECTORY)
        level_fails(l, "uses the component %s, which is no directory", quote_reference(entry).text);
    else
        build_directory(l, node, true);
}

static void add_components(struct level *l)
{
    size_t index;
    json_t *entry;

    json_array_foreach(json_object_get(l->document, "components"), index, entry)
    {
        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        add_component(l, json_view(entry));
        level_check_repeated(l);
    }
}

static void each(struct level *l, const char *key,
                 void (*act)(struct level *l, const json_t *entry))
{
    size_t index;
    json_t *entry;

    json_array_foreach(json_object_get(l->document, key), index, entry)
    {
        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        act(l, entry);
    }
}

/* In the order of kusttarget_configplugin.go, configureBuiltinTransformers(). */
static void transform(struct level *l)
{
    const json_t *strategic = json_object_get(l->document, "patchesStrategicMerge");

    if (strategic)
        level_patch_strategic(l, strategic);
    each(l, "patches", level_patch);
    level_set_namespace(l, json_str_at(l->document, "namespace"), NAMESPACE_AND_ITS_OBJECT);
    level_rename(l, NULL, json_str_at(l->document, "namePrefix"), STR(""));
    level_rename(l, NULL, STR(""), json_str_at(l->document, "nameSuffix"));
    level_labels(l);
    level_annotations(l);
    each(l, "patchesJson6902", level_patch_json);
    level_replicas(l);
    level_images(l);
    level_replacements(l, json_object_get(l->document, "replacements"));
    level_external_transformers(l);
}

static void build_level(struct level *l)
{
    add_resources(l, "resources");
    add_resources(l, "bases");
    level_check_repeated(l);
    if (!level_has_failed(l))
        level_settings(l);
    if (!level_has_failed(l))
        level_generators(l);
    if (!level_has_failed(l))
        level_external_generators(l);
    level_check_repeated(l);
    add_components(l);
    if (!level_has_failed(l))
        transform(l);
    level_check_repeated(l);
    if (!level_has_failed(l))
        level_vars(l);
}

/* The kustomization file of a directory; false when the output says why there is none. */
static bool find_kustomization(struct level *l, size_t directory, size_t *out)
{
    static const char *const names[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
    const struct tree *t = l->build->render->tree;
    const struct node *node = &t->nodes[directory];
    unsigned n = 0;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t found;
        size_t target;

        /* through symlinks, as long as they stay below the directory */
        if (!tree_child(t, directory, str_from(names[i]), &found) ||
            tree_follow(t, directory, str_from(names[i]), &target) != TREE_FOUND ||
            t->nodes[target].kind == NODE_DIRECTORY || !is_below(t, target, directory))
            continue;
        *out = found;
        n++;
    }
    if (n != 1)
        output_fails(output_of(l), "%s holds %s kustomization file",
                     node->n_path ? quote(str_from(node->path)).text : "the repository's root",
                     n ? "more than one" : "no");
    return n == 1;
}

/* `kustomize edit` may make something of a kustomization that says nothing yet. */
static bool has_options(const struct level *l)
{
    return l->build->depth == 0 && json_object_size(l->build->render->request->source->kustomize);
}

/* The document, or NULL when the output says why there is none. */
static const json_t *read_kustomization(struct level *l, size_t file)
{
    const struct content *content = contents_at(l->build->render->contents, file);

    if (content && content->document)
        return content->document;
    if (content && content->document_why && !content->document_not_known && !has_options(l)) {
        output_fails(output_of(l), "%s", quote_phrase(content->document_why).text);
    } else if (content && !content->unread && !content->document_why && !has_options(l)) {
        level_fails(l, "is empty");
    } else {
        const char *why =
            content ? content->unread ? content->unread : content->document_why : NULL;

        if (why)
            output_partial(output_of(l), "%s", quote_phrase(why).text);
        else
            level_partial(l, "is no regular file");
        l->build->items.may_fail = true;
        items_open_all(&l->build->items, l->first, l->first_hole);
    }
    return NULL;
}

/* loader.go, errIfArgEqualOrHigher(): neither itself nor what it lies in may be built again. */
static bool is_cycle(const struct build *b, size_t directory)
{
    for (size_t i = 0; i < b->depth; i++)
        if (is_below(b->render->tree, b->stack[i], directory))
            return true;
    return false;
}

/* Of the top kustomization; false when the output says why there is none then. */
static bool apply_options(struct level *l)
{
    const json_t *options = l->build->render->request->source->kustomize;
    AUTO(freep) char *why = NULL;

    l->build->annotates = json_array_size(json_object_get(l->document, "buildMetadata")) > 0;
    if (!json_object_size(options))
        return true;
    switch (kustomize_options_apply(l->document, options, &l->build->top, &why)) {
    case TRI_YES:
        l->document = l->build->top;
        return true;
    case TRI_NO:
        output_fails(output_of(l), "%s", why);
        return false;
    default:
        output_partial(output_of(l), "%s", why);
        items_add_hole(&l->build->items);
        return false;
    }
}

/* parent  NULL for the source's own directory. */
static void build_at(struct build *b, struct level *parent, size_t directory, bool is_component)
{
    struct items *t = &b->items;
    struct level l = {.build = b, .directory = directory, .first = t->n, .first_hole = t->n_holes};
    size_t file;
    bool says_component;

    if (is_component) {
        l.first = parent->first;
        l.first_hole = parent->first_hole;
    }
    if (!items_work(t) || !find_kustomization(&l, directory, &file))
        return;
    l.where = quote(str_from(b->render->tree->nodes[file].path));
    if (is_cycle(b, directory)) {
        level_fails(&l, "leads back to itself");
        return;
    }
    if (b->depth == KUSTOMIZE_MAX_DEPTH) {
        level_may_fail(&l, "lies deeper than 32 kustomizations");
        items_add_hole(t);
        return;
    }
    l.document = read_kustomization(&l, file);
    if (!l.document)
        return;
    if (!parent && !apply_options(&l))
        return;
    says_component = str_is(json_str_at(l.document, "kind"), "Component");
    if (parent && says_component != is_component) {
        level_fails(&l, "is %s Component, and %s lists it among its %s",
                    says_component ? "a" : "no", parent->where.text,
                    is_component ? "components" : "resources");
        return;
    }
    b->stack[b->depth++] = directory;
    build_level(&l);
    b->depth--;
}

static void build_directory(struct level *parent, size_t directory, bool is_component)
{
    build_at(parent->build, parent, directory, is_component);
}

void kustomize_render(struct render *r)
{
    struct build b = {.render = r, .items = {.output = r->output, .work_left = KUSTOMIZE_MAX_WORK}};

    output_only_open_ends(r->output);
    build_at(&b, NULL, r->directory, false);
    build_settings_end(&b);
    items_finish(&b.items);
    items_clear(&b.items);
    json_decref(b.top);
    json_decref(b.fields);
    json_decref(b.vars);
}
