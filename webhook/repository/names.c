/* names.c: the names of a repository and the bytes behind them, for who asks beyond manifests. */
#include "base/mem.h"
#include "repository/git.h"
#include "repository/index.h"
#include <stdlib.h>

size_t repository_n_names(const struct repository *r)
{
    return r->tree->n;
}

static bool holds_files(const struct tree *t, size_t directory)
{
    if (t->nodes[directory].is_submodule)
        return true;
    for (size_t i = directory + 1; i < t->nodes[directory].end; i++)
        if (t->nodes[i].kind != NODE_DIRECTORY || t->nodes[i].is_submodule)
            return true;
    return false;
}

/* The file that a name leads to, or the tree's size. */
static size_t file_of(const struct tree *t, size_t index)
{
    const struct node *node = &t->nodes[index];

    if (node->kind == NODE_SYMLINK && node->link_state == TREE_FOUND)
        index = node->target;
    return t->nodes[index].kind == NODE_FILE ? index : t->n;
}

struct repository_name repository_name_at(const struct repository *r, size_t index)
{
    const struct tree *t = r->tree;
    const struct node *node = &t->nodes[index];

    return (struct repository_name){
        .path = {node->path, node->n_path},
        .is_directory = node->kind == NODE_DIRECTORY && holds_files(t, index),
        .is_file = file_of(t, index) != t->n,
    };
}

const char *repository_names_missing(const struct repository *r)
{
    return r->tree->incomplete;
}

bool repository_is_template(const struct repository *r, const struct manifest *m)
{
    size_t at;
    size_t chart;

    if (!tree_find(r->tree, str_from(m->file), &at))
        return false;
    for (at = r->tree->nodes[at].parent; at != 0; at = r->tree->nodes[at].parent)
        if (str_is(node_name(&r->tree->nodes[at]), "templates") &&
            tree_child(r->tree, r->tree->nodes[at].parent, STR("Chart.yaml"), &chart))
            return true;
    return false;
}

bool repository_read_file(const struct repository *r, size_t index, size_t limit_bytes, char **out,
                          size_t *n_bytes, const char **why)
{
    size_t file = file_of(r->tree, index);
    AUTO(file_bytes_clear) struct file_bytes bytes = {0};
    int root_fd = r->root_fd;

    *why = "it is larger than what is read of such files";
    if (file == r->tree->n ||
        !(r->snapshot ? git_read_file(r->snapshot, r->tree, file, limit_bytes, &bytes, why)
                      : tree_read_file(&root_fd, r->tree, file, limit_bytes, &bytes, why)))
        return false;
    *out = xstrndup((struct str){bytes.n ? bytes.p : "", bytes.n});
    *n_bytes = bytes.n;
    return true;
}
