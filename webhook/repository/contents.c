#include "repository/contents.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "repository/decode.h"
#include "repository/quote.h"
#include <stdlib.h>

enum { HELMIGNORE_MAX_BYTES = 64 * 1024 }; /* written by hand; more is not read */

/* What one reading needs besides its result. */
struct reader {
    struct contents *contents;
    file_read_fn *read;
    void *from;
    char *buffer; /* REPOSITORY_MAX_FILE_BYTES + 1: one byte more tells that a file is larger */
    size_t bytes_left;
};

bool contents_syntax(struct str name, enum parse_syntax *out)
{
    if (str_ends(name, STR(".json")))
        *out = SYNTAX_JSON;
    else if (str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml")))
        *out = SYNTAX_YAML;
    else
        return false;
    return true;
}

bool contents_is_kustomization(struct str name)
{
    return str_is(name, "kustomization.yaml") || str_is(name, "kustomization.yml") ||
           str_is(name, "Kustomization");
}

const struct content *contents_at(const struct contents *c, size_t node)
{
    const struct node *at = &c->tree->nodes[node];

    if (at->kind == NODE_SYMLINK)
        return at->link_state == TREE_FOUND ? c->by_node[at->target] : NULL;
    return c->by_node[node];
}

static bool is_chart_metadata(struct str name)
{
    return str_is(name, "Chart.yaml") || str_is(name, "requirements.yaml");
}

bool contents_is_parsed(struct str name)
{
    enum parse_syntax syntax;

    return contents_syntax(name, &syntax) || contents_is_kustomization(name) ||
           str_is(name, ".helmignore");
}

/*
 * What Git LFS leaves in a commit, and in a checkout without it: the name of content that lies
 * elsewhere (git-lfs/docs/spec.md, "The Pointer"). Argo CD replaces it where the repository has
 * enableLfs set (util/git/client.go, Checkout), and reads the pointer itself where not.
 */
static bool is_lfs_pointer(struct str bytes)
{
    return str_starts(bytes, STR("version https://git-lfs.github.com/spec/"));
}

static bool read_whole(struct reader *r, size_t index, struct content *content, struct str *bytes)
{
    const struct node *file = &r->contents->tree->nodes[index];
    size_t limit =
        r->bytes_left < REPOSITORY_MAX_FILE_BYTES ? r->bytes_left : REPOSITORY_MAX_FILE_BYTES;
    const char *why = NULL;
    size_t n = 0;

    if (file->size_bytes > limit) {
        content->unread =
            xasprintf("%s is larger than what is read of one %s", shorten(file->path).text,
                      limit < REPOSITORY_MAX_FILE_BYTES ? "repository (1 GiB)" : "file (10 MiB)");
        return false;
    }
    if (r->read(r->from, r->contents->tree, index, limit, r->buffer, &n, &why) && n > limit)
        why = "it grows";
    r->bytes_left -= n > limit ? limit : n;
    *bytes = (struct str){r->buffer, n};
    content->is_lfs_pointer = !why && is_lfs_pointer(*bytes);
    if (content->is_lfs_pointer)
        why = "it is a Git LFS pointer; the content is not in Git";
    if (why)
        content->unread = xasprintf("%s cannot be read (%s)", shorten(file->path).text, why);
    return !why;
}

/* The files other files are found through are kept as one document. */
static void read_document(struct content *content, const struct node *file, struct str bytes)
{
    AUTO(freep) char *owned = NULL;
    struct quoted path = shorten(file->path);
    struct str text;
    struct err err = {0};

    decode_text(bytes, &text, &owned);
    if (!yaml_read(text, 1, &content->document, NULL, &err))
        content->document_why = err.kind == ERR_LIMIT
                                    ? xasprintf("%s is not read: %s", path.text, err.what)
                                    : xasprintf("%s is malformed YAML (%s)", path.text, err.where);
    else if (content->document && !json_is_object(content->document))
        content->document_why = xasprintf("%s holds no YAML mapping", path.text);
    if (content->document_why) {
        json_decref(content->document);
        content->document = NULL;
    }
}

static void parse_as(struct reader *r, const struct node *file, struct content *content,
                     struct str bytes, enum parse_syntax syntax)
{
    content->parsed[syntax] = manifests_parse(file->path, bytes, syntax, &r->contents->nodes_left);
}

static void read_file(struct reader *r, size_t index)
{
    const struct node *file = &r->contents->tree->nodes[index];
    struct content *content = r->contents->by_node[index] = xcalloc(1, sizeof *content);
    struct str name = node_name(file);
    struct str bytes;
    enum parse_syntax syntax;

    if (!read_whole(r, index, content, &bytes)) {
        content->names_argoproj = content->names_external_secrets = true;
        return;
    }
    content->is_marked = str_contains(bytes, STR("+argocd:skip-file-rendering"));
    content->is_templated = str_contains(bytes, STR("{{"));
    content->names_argoproj = str_contains(bytes, STR("argoproj.io"));
    content->names_external_secrets = str_contains(bytes, STR("external-secrets.io"));
    if (contents_syntax(name, &syntax))
        parse_as(r, file, content, bytes, syntax);
    if (contents_is_kustomization(name) || is_chart_metadata(name))
        read_document(content, file, bytes);
    if (str_is(name, ".helmignore") && bytes.n <= HELMIGNORE_MAX_BYTES)
        content->text = xstrndup(bytes);
}

/* Reads a file again for a reading its own name does not ask for. */
static void demand(struct reader *r, size_t index, enum parse_syntax syntax)
{
    const struct node *file = &r->contents->tree->nodes[index];
    struct content *content = r->contents->by_node[index];
    struct str bytes;

    if (!content || content->unread || content->parsed[syntax])
        return;
    if (!read_whole(r, index, content, &bytes))
        return;
    content->is_yaml_extra = syntax == SYNTAX_YAML && content->parsed[SYNTAX_JSON];
    parse_as(r, file, content, bytes, syntax);
}

static void demand_link(struct reader *r, const struct node *link)
{
    enum parse_syntax syntax;

    if (link->link_state == TREE_FOUND && contents_syntax(node_name(link), &syntax))
        demand(r, link->target, syntax);
}

/* kustomize reads a resource of any name as YAML; a .json that parses is as good. */
static void demand_resources(struct reader *r, const struct node *kustomization, const json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        size_t found;

        if (tree_follow(r->contents->tree, kustomization->parent, json_view(entry), &found) ==
                TREE_FOUND &&
            r->contents->by_node[found] && !r->contents->by_node[found]->parsed[SYNTAX_JSON])
            demand(r, found, SYNTAX_YAML);
    }
}

static void demand_all(struct reader *r)
{
    const struct tree *tree = r->contents->tree;

    for (size_t i = 0; i < tree->n; i++) {
        const struct node *node = &tree->nodes[i];
        const struct content *content = r->contents->by_node[i];

        if (node->kind == NODE_SYMLINK)
            demand_link(r, node);
        if (!content || !content->document || !contents_is_kustomization(node_name(node)))
            continue;
        demand_resources(r, node, json_array_at(content->document, "resources"));
        demand_resources(r, node, json_array_at(content->document, "bases"));
    }
}

struct contents *contents_read(const struct tree *tree, file_read_fn *read, void *from)
{
    struct contents *c = xcalloc(1, sizeof *c);
    struct reader r = {
        .contents = c, .read = read, .from = from, .bytes_left = REPOSITORY_MAX_BYTES};

    c->tree = tree;
    c->nodes_left = CONTENTS_MAX_NODES;
    c->by_node = xcalloc(tree->n, sizeof(struct content *));
    r.buffer = xmalloc(REPOSITORY_MAX_FILE_BYTES + 1);
    for (size_t i = 0; i < tree->n; i++)
        if (tree->nodes[i].kind == NODE_FILE)
            read_file(&r, i);
    demand_all(&r);
    free(r.buffer);
    return c;
}

static void content_free(struct content *content)
{
    if (!content)
        return;
    for (size_t i = 0; i < N_SYNTAXES; i++)
        parsed_free(content->parsed[i]);
    json_decref(content->document);
    free(content->document_why);
    free(content->unread);
    free(content->text);
    free(content);
}

void contents_free(struct contents *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->tree->n; i++)
        content_free(c->by_node[i]);
    free(c->by_node);
    free(c);
}
