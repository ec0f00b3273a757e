#include "repository/tree.h"
#include "base/mem.h"
#include "repository/quote.h"
#include <stdlib.h>
#include <string.h>

void file_bytes_reserve(struct file_bytes *b, size_t n)
{
    if (n <= b->capacity)
        return;
    free(b->p);
    b->p = xmalloc(n);
    b->capacity = n;
}

void file_bytes_clear(struct file_bytes *b)
{
    free(b->p);
    *b = (struct file_bytes){0};
}

void tree_note_incomplete(struct tree *t, const char *path, const char *why)
{
    if (!t->incomplete)
        t->incomplete =
            xasprintf("%s %s", path[0] ? shorten(path).text : "the repository's root", why);
}

size_t tree_add(struct tree *t, size_t parent, const char *name, enum node_kind kind)
{
    const struct node *above = t->n ? &t->nodes[parent] : NULL;
    struct node node = {.kind = kind, .parent = parent, .end = t->n + 1};
    size_t n_name = strlen(name);

    node.name_at = above && above->n_path ? above->n_path + 1 : 0;
    node.n_path = node.name_at + n_name;
    node.path = xmalloc(node.n_path + 1);
    if (node.name_at) {
        memcpy(node.path, above->path, above->n_path);
        node.path[above->n_path] = '/';
    }
    memcpy(node.path + node.name_at, name, n_name + 1);
    node.link_state = TREE_MISSING;
    t->nodes = xgrow(t->nodes, t->n, &t->capacity, sizeof *t->nodes);
    t->nodes[t->n] = node;
    return t->n++;
}

/* Whether a symlink leaves the repository by the letters of its text, as Argo CD's
 * CheckOutOfBoundsSymlinks decides it (util/app/path/path.go): absolute, or more ".." than there
 * are directories above it. */
static bool is_out_of_bounds(const struct node *node)
{
    struct str rest = {node->path, node->name_at};
    struct str text = str_from(node->link);
    struct str part;
    size_t depth = 0;

    if (str_starts(text, STR("/")))
        return true;
    for (size_t i = 0; i < rest.n; i++)
        depth += rest.p[i] == '/';
    while (str_split(&text, '/', &part)) {
        if (part.n == 0 || str_is(part, "."))
            continue;
        if (!str_is(part, ".."))
            depth++;
        else if (depth-- == 0)
            return true;
    }
    return false;
}

void tree_set_link(struct tree *t, size_t symlink, struct str text)
{
    struct node *node = &t->nodes[symlink];

    node->link = xstrndup(text);
    if (!t->out_of_bounds && is_out_of_bounds(node))
        t->out_of_bounds = xstrdup(node->path);
}

/* '/' sorts before every other byte, which is what keeps a subtree in one piece. */
static int path_cmp(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t common = n_a < n_b ? n_a : n_b;

    for (size_t i = 0; i < common; i++) {
        unsigned x = a[i] == '/' ? 0 : (unsigned char)a[i];
        unsigned y = b[i] == '/' ? 0 : (unsigned char)b[i];

        if (x != y)
            return x < y ? -1 : 1;
    }
    return (n_a > n_b) - (n_a < n_b);
}

bool tree_find(const struct tree *t, struct str path, size_t *out)
{
    size_t low = 0;
    size_t high = t->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = path_cmp(t->nodes[middle].path, t->nodes[middle].n_path, path.p, path.n);

        if (order == 0) {
            *out = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Where the rest of two trees differs a little, the next one is nearly always the next node. */
enum { STEPS_MAX = 8 };

bool tree_find_from(const struct tree *t, size_t *at, struct str path)
{
    size_t low = *at;
    size_t high = t->n;

    for (size_t i = 0; i < STEPS_MAX && low < t->n; i++, low++) {
        const struct node *node = &t->nodes[low];
        int order = path_cmp(node->path, node->n_path, path.p, path.n);

        *at = low;
        if (order >= 0)
            return order == 0;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct node *node = &t->nodes[middle];

        if (path_cmp(node->path, node->n_path, path.p, path.n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return low < t->n && str_eq((struct str){t->nodes[low].path, t->nodes[low].n_path}, path);
}

bool tree_child(const struct tree *t, size_t directory, struct str name, size_t *out)
{
    const struct node *above = &t->nodes[directory];
    AUTO(freep)
    char *path = above->n_path ? xasprintf("%s/%.*s", above->path, STR_ARG(name)) : xstrndup(name);

    return tree_find(t, str_from(path), out);
}

static enum tree_found follow(const struct tree *t, size_t from, struct str path, unsigned *links,
                              size_t *steps_left, size_t *out)
{
    struct str part;
    size_t here = from;

    while (str_split(&path, '/', &part)) {
        if (*steps_left == 0)
            return TREE_LOOP;
        --*steps_left;
        if (t->nodes[here].kind != NODE_DIRECTORY)
            return TREE_MISSING;
        if (part.n == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            if (here == 0)
                return TREE_OUTSIDE;
            here = t->nodes[here].parent;
            continue;
        }
        if (!tree_child(t, here, part, &here))
            return TREE_MISSING;
        if (t->nodes[here].kind == NODE_SYMLINK) {
            const struct node *link = &t->nodes[here];
            enum tree_found found;

            if (++*links > TREE_MAX_LINKS)
                return TREE_LOOP;
            if (link->link[0] == '/')
                return TREE_OUTSIDE;
            found = follow(t, link->parent, str_from(link->link), links, steps_left, &here);
            if (found != TREE_FOUND)
                return found;
        }
    }
    *out = here;
    return TREE_FOUND;
}

enum tree_found tree_follow(const struct tree *t, size_t from, struct str path, size_t *out)
{
    unsigned links = 0;
    size_t steps_left = TREE_MAX_LINK_STEPS;

    return follow(t, from, path.p ? path : STR(""), &links, &steps_left, out);
}

static void follow_links(struct tree *t)
{
    size_t steps_left = TREE_MAX_LINK_STEPS;

    for (size_t i = 0; i < t->n; i++) {
        struct node *node = &t->nodes[i];
        unsigned links = 1;

        if (node->kind != NODE_SYMLINK)
            continue;
        if (node->link[0] == '/')
            node->link_state = TREE_OUTSIDE;
        else
            node->link_state =
                follow(t, node->parent, str_from(node->link), &links, &steps_left, &node->target);
    }
    if (steps_left == 0)
        tree_note_incomplete(t, "", "holds symlinks that take too many steps to follow");
}

void tree_drop_last(struct tree *t)
{
    struct node *node = &t->nodes[--t->n];

    free(node->path);
    free(node->link);
    t->n_dropped++;
}

void tree_copy_below(struct tree *t, size_t directory, const struct tree *from, size_t other)
{
    size_t shift = directory - other; /* wraps where it is negative, and back */

    for (size_t i = other + 1; i < from->nodes[other].end; i++) {
        struct node node = from->nodes[i];

        t->nodes = xgrow(t->nodes, t->n, &t->capacity, sizeof *t->nodes);
        node.path = xstrndup((struct str){node.path, node.n_path});
        node.link = node.link ? xstrdup(node.link) : NULL;
        node.parent += shift;
        node.end += shift;
        node.link_state = TREE_MISSING;
        t->nodes[t->n++] = node;
        if (node.kind == NODE_SYMLINK && !t->out_of_bounds && is_out_of_bounds(&node))
            t->out_of_bounds = xstrdup(node.path);
    }
}

bool tree_key_eq(const struct tree_key *a, const struct tree_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool tree_key_is_known(const struct tree_key *key)
{
    static const struct tree_key none;

    return !tree_key_eq(key, &none);
}

struct tree *tree_new(void)
{
    struct tree *t = xcalloc(1, sizeof *t);

    (void)tree_add(t, 0, "", NODE_DIRECTORY);
    return t;
}

void tree_finish(struct tree *t)
{
    t->nodes[0].end = t->n;
    follow_links(t);
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++) {
        free(t->nodes[i].path);
        free(t->nodes[i].link);
    }
    free(t->nodes);
    free(t->incomplete);
    free(t->out_of_bounds);
    free(t);
}

void tree_freep(struct tree **t)
{
    tree_free(*t);
}

struct str node_name(const struct node *node)
{
    return (struct str){node->path + node->name_at, node->n_path - node->name_at};
}

struct str node_below(const struct node *node, const struct node *above)
{
    size_t skip = above->n_path ? above->n_path + 1 : 0;

    return (struct str){node->path + skip, node->n_path - skip};
}
