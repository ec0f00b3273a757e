#include "repository/charts.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/index.h"
#include <stdlib.h>
#include <string.h>

struct charts {
    const struct repository *r;
    struct chart *items;
    size_t *directories; /* the node of each */
    size_t n;
    size_t capacity;
    size_t capacity_directories;
};

static const json_t *document_at(const struct repository *r, size_t directory, const char *name)
{
    const struct content *content;
    size_t node;

    if (!tree_child(r->tree, directory, str_from(name), &node))
        return NULL;
    content = contents_at(r->contents, node);
    return content ? content->document : NULL;
}

/* In charts/ of a directory with a Chart.yaml. */
static bool is_vendored(const struct tree *t, size_t directory)
{
    for (size_t at = directory; at != 0; at = t->nodes[at].parent) {
        size_t chart;

        if (str_is(node_name(&t->nodes[at]), "charts") &&
            tree_child(t, t->nodes[at].parent, STR("Chart.yaml"), &chart))
            return true;
    }
    return false;
}

static void add(struct charts *c, size_t node)
{
    const struct tree *t = c->r->tree;
    const struct content *content = contents_at(c->r->contents, node);
    size_t directory = t->nodes[node].parent;

    if (!content || !content->document)
        return;
    c->items = xgrow(c->items, c->n, &c->capacity, sizeof *c->items);
    c->directories = xgrow(c->directories, c->n, &c->capacity_directories, sizeof *c->directories);
    c->directories[c->n] = directory;
    c->items[c->n++] = (struct chart){
        .path = t->nodes[directory].path,
        .file = t->nodes[node].path,
        .name = json_str_at(content->document, "name"),
        .is_library = str_is(json_str_at(content->document, "type"), "library"),
        .is_needed = is_vendored(t, directory),
    };
}

static int by_number(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

/* The charts stand in the order of the tree, so their directories do, too. */
static void need(struct charts *c, size_t from, struct str path)
{
    const size_t *found;
    size_t directory;

    if (!c->n || !path.n || tree_follow(c->r->tree, from, path, &directory) != TREE_FOUND)
        return;
    found = bsearch(&directory, c->directories, c->n, sizeof directory, by_number);
    if (found)
        c->items[found - c->directories].is_needed = true;
}

static void need_dependencies(struct charts *c, size_t directory, const json_t *document)
{
    const json_t *list = json_array_at(document, "dependencies");

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str from = json_str_at(json_array_get(list, i), "repository");

        if (str_starts(from, STR("file://")))
            need(c, directory, str_sub(from, sizeof "file://" - 1, from.n));
    }
}

static void need_inflated(struct charts *c, size_t directory, const json_t *kustomization)
{
    static const char *const lists[][2] = {{"helmCharts", "name"},
                                           {"helmChartInflationGenerator", "chartName"}};
    struct str global = json_str_at(json_object_at(kustomization, "helmGlobals"), "chartHome");

    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        const json_t *list = json_array_at(kustomization, lists[k][0]);

        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *entry = json_array_get(list, i);
            struct str own = json_str_at(entry, "chartHome");
            struct str home = own.n ? own : global.n ? global : STR("charts");
            struct str name = str_sub(json_str_at(entry, lists[k][1]), 0, TREE_MAX_LINK_BYTES);
            AUTO(freep)
            char *path = xasprintf("%.*s/%.*s", STR_ARG(str_sub(home, 0, TREE_MAX_LINK_BYTES)),
                                   STR_ARG(name));

            need(c, directory, str_from(path));
        }
    }
}

static void find_needed(struct charts *c)
{
    const struct tree *t = c->r->tree;

    for (size_t i = 0; i < c->n; i++) {
        need_dependencies(c, c->directories[i], document_at(c->r, c->directories[i], "Chart.yaml"));
        need_dependencies(c, c->directories[i],
                          document_at(c->r, c->directories[i], "requirements.yaml"));
    }
    for (size_t i = 0; i < t->n; i++) {
        const struct content *content =
            t->nodes[i].kind == NODE_FILE && contents_is_kustomization(node_name(&t->nodes[i]))
                ? contents_at(c->r->contents, i)
                : NULL;

        if (content && content->document)
            need_inflated(c, t->nodes[i].parent, content->document);
    }
}

size_t repository_charts(const struct repository *r, struct chart **out)
{
    struct charts c = {.r = r};

    for (size_t i = 0; i < r->tree->n; i++)
        if (r->tree->nodes[i].kind == NODE_FILE &&
            str_is(node_name(&r->tree->nodes[i]), "Chart.yaml"))
            add(&c, i);
    /* a directory's Chart.yaml may stand behind a subdirectory's */
    for (size_t i = 1; i < c.n; i++)
        for (size_t k = i; k > 0 && c.directories[k - 1] > c.directories[k]; k--) {
            struct chart chart = c.items[k];
            size_t directory = c.directories[k];

            c.items[k] = c.items[k - 1];
            c.directories[k] = c.directories[k - 1];
            c.items[k - 1] = chart;
            c.directories[k - 1] = directory;
        }
    find_needed(&c);
    free(c.directories);
    *out = c.items;
    return c.n;
}

/* Names that templates, their helpers and jsonnet have. */
static bool is_source_text(struct str name)
{
    static const char *const ends[] = {".yaml", ".yml", ".tpl", ".jsonnet", ".libsonnet"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (str_ends(name, str_from(ends[i])))
            return true;
    return false;
}

bool repository_templates_argoproj(const struct repository *r)
{
    for (size_t i = 0; i < r->tree->n; i++) {
        struct str name = node_name(&r->tree->nodes[i]);
        const struct content *content = r->tree->nodes[i].kind == NODE_FILE && is_source_text(name)
                                            ? contents_at(r->contents, i)
                                            : NULL;

        if (content && content->names_argoproj &&
            (content->is_templated || str_ends(name, STR("sonnet"))))
            return true;
    }
    return false;
}
