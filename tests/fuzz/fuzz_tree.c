#include "fuzz_tree.h"
#include "fuzz_parts.h"
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* How much of two paths is directories that they share. */
static size_t shared(const char *a, const char *b)
{
    size_t n = 0;

    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            n = i + 1;
    return n;
}

/* Directories end where the last file below them stands. */
static void close_directories(struct tree *t, size_t node)
{
    for (size_t at = t->nodes[node].parent;; at = t->nodes[at].parent) {
        t->nodes[at].end = t->n;
        if (at == 0)
            return;
    }
}

static size_t ancestor(const struct tree *t, size_t node, size_t n_up)
{
    size_t at = t->nodes[node].parent;

    while (n_up--)
        at = t->nodes[at].parent;
    return at;
}

static size_t count(const char *path, char c)
{
    size_t n = 0;

    for (; *path; path++)
        n += *path == c;
    return n;
}

static size_t add(struct tree *t, const char *former, size_t former_node, const char *path)
{
    size_t known = former ? shared(former, path) : 0;
    size_t at = former ? ancestor(t, former_node, count(former + known, '/')) : 0;
    struct str rest = str_from(path + known);
    struct str part;
    size_t node = 0;

    while (str_split(&rest, '/', &part)) {
        char name[64];

        require(part.n < sizeof name);
        memcpy(name, part.p, part.n);
        name[part.n] = '\0';
        node = tree_add(t, at, name, rest.p ? NODE_DIRECTORY : NODE_FILE);
        at = node;
    }
    close_directories(t, node);
    return node;
}

static bool read_part(void *from, const struct tree *t, size_t node, size_t limit_bytes,
                      struct file_bytes *out, const char **why)
{
    const struct fuzz_tree *f = from;

    (void)t;
    (void)why;
    for (size_t i = 0; i < f->n; i++) {
        struct str part = f->parts[i];

        if (f->node_of[i] != node)
            continue;
        out->size_bytes = part.n;
        out->is_too_large = part.n > limit_bytes;
        file_bytes_reserve(out, part.n + 1);
        if (part.n && !out->is_too_large)
            memcpy(out->p, part.p, part.n);
        out->n = out->is_too_large ? 0 : part.n;
    }
    return !out->is_too_large;
}

void fuzz_tree_read(const uint8_t *data, size_t size, const char *const *paths, size_t n,
                    struct fuzz_tree *out)
{
    struct tree *t = tree_new();

    require(n <= FUZZ_TREE_MAX_FILES);
    *out = (struct fuzz_tree){
        .repository = {.root_fd = -1, .tree = t}, .rest = {(const char *)data, size}, .n = n};
    for (size_t i = 0; i < n; i++) {
        out->parts[i] = fuzz_next_part(&out->rest);
        out->node_of[i] = add(t, i ? paths[i - 1] : NULL, i ? out->node_of[i - 1] : 0, paths[i]);
        t->nodes[out->node_of[i]].size_bytes = out->parts[i].n;
    }
    tree_finish(t);
    out->repository.contents =
        contents_read(&(struct contents_options){.tree = t, .read = read_part, .from = out});
}

void fuzz_tree_clear(struct fuzz_tree *t)
{
    contents_free(t->repository.contents);
    tree_free(t->repository.tree);
}

static void check(const struct rendering *r, const struct rendering *again)
{
    require(r->state == again->state && r->n_objects == again->n_objects);
    require((r->state == RENDER_COMPLETE) == !r->why);
    require(r->state != RENDER_FAILS || r->n_objects == 0);
    for (size_t i = 0; i < r->n_objects; i++) {
        require(identity_eq(&r->objects[i].id, &again->objects[i].id));
        require(r->objects[i].id.name.n && r->objects[i].id.kind.n);
    }
    if (r->state == RENDER_PARTIAL && r->n_open_ends == 1 && r->open_ends[0].is_whole_name) {
        struct identity id = {STR("example.com"), STR("Other"), STR("n"), STR("another")};

        require(!rendering_may_hold(r, &id) || str_is(r->open_ends[0].prefix, "another"));
    }
}

void fuzz_tree_render(const struct fuzz_tree *t, const struct render_request *q)
{
    AUTO(rendering_freep) struct rendering *first = repository_render(&t->repository, q);
    AUTO(rendering_freep) struct rendering *second = repository_render(&t->repository, q);

    check(first, second);
}
