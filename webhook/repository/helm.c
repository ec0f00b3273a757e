#include "repository/helm.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/quote.h"
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/*
 * fnmatch(3) takes exponential time on long rows of stars; nobody writes such a line. Nor does
 * anybody write lines by the hundred for templates by the thousand: each line is tried on each
 * component of each template, and past the last number nothing is certain.
 */
enum { HELMIGNORE_MAX_LINE = 64, HELMIGNORE_MAX_TRIES = 200000 };

/* The .helmignore of one rendering. */
struct ignore {
    const char *text; /* NULL: there is none */
    bool unread;
    size_t tries_left;
};

/* What may bring objects of the two groups into the output; first reasons are not needed. */
static void may_hold(struct render *r, const struct content *content)
{
    if (!content)
        output_may_hold(r->output, true, true);
    else
        output_may_hold(r->output, content->names_argoproj, content->names_external_secrets);
}

/* A vendored chart may be an archive, which is not opened. */
static bool is_archive(struct str name)
{
    return str_ends(name, STR(".tgz")) || str_ends(name, STR(".tar.gz"));
}

static void check_below(struct render *r)
{
    const struct node *nodes = r->tree->nodes;

    for (size_t i = r->directory + 1; i < nodes[r->directory].end; i++) {
        const struct node *node = &nodes[i];

        if (node->kind == NODE_DIRECTORY)
            continue;
        if (node->kind == NODE_SYMLINK && node->link_state == TREE_FOUND &&
            nodes[node->target].kind == NODE_DIRECTORY) {
            /* Helm walks through it: what lies there is looked at only if it is the chart's own */
            if (node->target < r->directory || node->target >= nodes[r->directory].end)
                output_may_hold(r->output, true, true);
            continue;
        }
        if (is_archive(node_name(node)))
            output_may_hold(r->output, true, true);
        may_hold(r, contents_at(r->contents, i));
    }
}

static const json_t *document_of(const struct render *r, const char *name,
                                 const struct content **content)
{
    size_t node;

    *content = NULL;
    if (!tree_child(r->tree, r->directory, str_from(name), &node))
        return NULL;
    *content = contents_at(r->contents, node);
    return *content ? (*content)->document : NULL;
}

/* Argo CD runs `helm dependency build` for what charts/ lacks: remote content. */
static void check_dependencies(struct render *r, const json_t *document)
{
    const json_t *list = json_value_at(document, "dependencies");
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        struct str name = str_sub(json_str_at(entry, "name"), 0, TREE_MAX_LINK_BYTES);
        AUTO(freep) char *path = xasprintf("charts/%.*s/Chart.yaml", STR_ARG(name));
        size_t found;

        if (tree_follow(r->tree, r->directory, str_from(path), &found) != TREE_FOUND)
            output_may_hold(r->output, true, true);
    }
}

/* Text Argo CD or Helm expands, or an address: where it leads is not known here. */
static bool is_beyond_us(struct str file)
{
    return str_find_char(file, '$') < file.n || str_contains(file, STR("://")) ||
           str_find_char(file, '*') < file.n || str_find_char(file, '?') < file.n ||
           str_find_char(file, '[') < file.n;
}

/* A path beside the chart, or from the repository's root when it is absolute. */
static void check_value_file(struct render *r, struct str file, bool may_be_missing)
{
    bool is_absolute = file.n && file.p[0] == '/';
    size_t node;
    enum tree_found found;

    if (file.n == 0 || is_beyond_us(file)) {
        output_may_hold(r->output, true, true);
        return;
    }
    found = tree_follow(r->tree, is_absolute ? 0 : r->directory, file, &node);
    if (found == TREE_FOUND && r->tree->nodes[node].kind == NODE_FILE)
        may_hold(r, contents_at(r->contents, node));
    else if (!may_be_missing || found != TREE_MISSING)
        output_fails(r->output, "the value file %s does not exist", quote_reference(file).text);
}

static void check_value_files(struct render *r)
{
    const json_t *helm = r->request->source->helm;
    bool may_be_missing = json_bool_at(helm, "ignoreMissingValueFiles", false);
    size_t index;
    json_t *entry;

    json_array_foreach(json_value_at(helm, "valueFiles"), index, entry)
        check_value_file(r, json_view(entry), may_be_missing);
    json_array_foreach(json_value_at(helm, "fileParameters"), index, entry)
        check_value_file(r, json_str_at(entry, "path"), false);
}

/* values, valuesObject and parameters, whatever they are called: the option as text. */
static void check_inline(struct render *r)
{
    AUTO(freep) char *text = NULL;

    if (!r->request->source->helm)
        return;
    text = json_dumps(r->request->source->helm, JSON_COMPACT);
    output_may_hold(r->output, !text || strstr(text, "argoproj.io"),
                    !text || strstr(text, "external-secrets.io"));
}

/* Whether `pattern` fits the first n bytes of `below`, whole or as a name. */
static bool fits(const char *pattern, struct str below, size_t n)
{
    AUTO(freep) char *path = xstrndup(str_sub(below, 0, n));
    const char *name = strrchr(path, '/');

    return fnmatch(pattern, path, 0) == 0 || fnmatch(pattern, name ? name + 1 : path, 0) == 0;
}

static bool try_once(struct ignore *ignore)
{
    if (!ignore->tries_left)
        return false;
    ignore->tries_left--;
    return true;
}

/* Whether a line of .helmignore might leave out the file or a directory above it. Generous on
 * purpose: a wrong "yes" only makes us say less. */
static bool line_might_ignore(struct ignore *ignore, struct str line, struct str below)
{
    AUTO(freep) char *pattern = NULL;

    if (line.n == 0 || line.p[0] == '#')
        return false;
    if (line.n > HELMIGNORE_MAX_LINE || line.p[0] == '!' || str_contains(line, STR("**")))
        return true;
    while (line.n && line.p[0] == '/')
        line = str_sub(line, 1, line.n);
    while (line.n && line.p[line.n - 1] == '/')
        line = str_sub(line, 0, line.n - 1);
    pattern = xstrndup(line);
    for (size_t n = 1; n <= below.n; n++) {
        if (n < below.n && below.p[n] != '/')
            continue;
        if (!try_once(ignore) || fits(pattern, below, n))
            return true;
    }
    return false;
}

static bool might_be_ignored(struct ignore *ignore, struct str below)
{
    struct str rest = str_from(ignore->text);
    struct str line;

    while (str_split(&rest, '\n', &line))
        if (!try_once(ignore) || line_might_ignore(ignore, str_trim(line), below))
            return true;
    return ignore->unread;
}

static struct ignore find_ignore(const struct render *r)
{
    struct ignore ignore = {.tries_left = HELMIGNORE_MAX_TRIES};
    const struct content *content;
    size_t node;

    if (!tree_child(r->tree, r->directory, STR(".helmignore"), &node))
        return ignore;
    content = contents_at(r->contents, node);
    ignore.text = content ? content->text : NULL;
    ignore.unread = !ignore.text;
    return ignore;
}

/* A template without any action is copied as it is. */
static void add_literal(struct render *r, struct ignore *ignore, size_t index)
{
    const struct node *node = &r->tree->nodes[index];
    const struct content *content = contents_at(r->contents, index);
    const struct parsed *parsed;
    enum parse_syntax syntax;

    if (node->kind != NODE_FILE || !content || content->unread || content->is_templated ||
        !contents_syntax(node_name(node), &syntax) || syntax != SYNTAX_YAML ||
        str_starts(node_name(node), STR("_")) ||
        might_be_ignored(ignore, node_below(node, &r->tree->nodes[r->directory])))
        return;
    parsed = contents_parsed(r->contents, index, SYNTAX_YAML);
    if (parsed && parsed->state == PARSE_OBJECTS)
        for (size_t i = 0; i < parsed->n; i++)
            output_add(r->output, &parsed->manifests[i]);
}

static void add_literals(struct render *r)
{
    const struct node *nodes = r->tree->nodes;
    struct ignore ignore = find_ignore(r);
    size_t templates;

    if (!tree_child(r->tree, r->directory, STR("templates"), &templates) ||
        nodes[templates].kind != NODE_DIRECTORY)
        return;
    for (size_t i = templates + 1; i < nodes[templates].end; i++)
        add_literal(r, &ignore, i);
}

void helm_render(struct render *r)
{
    const struct content *chart;
    const struct content *requirements;
    const json_t *metadata = document_of(r, "Chart.yaml", &chart);
    const json_t *older = document_of(r, "requirements.yaml", &requirements);

    if (!chart || (!metadata && !chart->unread)) {
        output_fails(r->output, "%s has no readable Chart.yaml", quote(str_from(r->path)).text);
        return;
    }
    output_partial(r->output, "Helm output is not rendered");
    if (chart->unread) {
        output_uncertain(r->output);
        return;
    }
    check_below(r);
    check_dependencies(r, metadata);
    check_dependencies(r, older);
    check_inline(r);
    check_value_files(r);
    if (!str_is(json_str_at(metadata, "type"), "library"))
        add_literals(r);
}
