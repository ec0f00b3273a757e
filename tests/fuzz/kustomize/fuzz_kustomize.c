/* A tree of kustomizations whose files are the parts of the input, in the order of `files`, the
 * last part being the Application's own options: rendered twice alike, with every object named, and
 * no object certain of a build that fails. */
#include "base/json.h"
#include "base/mem.h"
#include "repository/index.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As filepath.Walk has them. */
static const struct {
    const char *directory;
    const char *name;
} files[] = {
    {"base", "app.yaml"},
    {"base", "kustomization.yaml"},
    {"part", "kustomization.yaml"},
    {"top", "app.yaml"},
    {"top", "cm"},
    {"top", "kustomization.yaml"},
    {"top", "patch.yaml"},
};

struct input {
    struct str parts[ARRAY_LEN(files) + 1];
    size_t node_of[ARRAY_LEN(files)];
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Parts end with a line of an equals sign. */
static void split(struct str text, struct input *out)
{
    for (size_t i = 0; i <= ARRAY_LEN(files); i++) {
        size_t n = 0;

        while (n + 3 <= text.n && memcmp(text.p + n, "\n=\n", 3) != 0)
            n++;
        out->parts[i] = n + 3 <= text.n ? str_sub(text, 0, n + 1) : text;
        text = n + 3 <= text.n ? str_sub(text, n + 3, text.n) : STR("");
    }
}

static struct tree *make_tree(struct input *in)
{
    struct tree *t = tree_new();
    size_t directory = 0;

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (i == 0 || strcmp(files[i].directory, files[i - 1].directory) != 0)
            directory = tree_add(t, 0, files[i].directory, NODE_DIRECTORY);
        in->node_of[i] = tree_add(t, directory, files[i].name, NODE_FILE);
        t->nodes[in->node_of[i]].size_bytes = in->parts[i].n;
        t->nodes[directory].end = t->n;
    }
    t->nodes[0].end = t->n;
    tree_finish(t);
    return t;
}

static bool read_part(void *from, const struct tree *t, size_t node, size_t limit_bytes,
                      struct file_bytes *out, const char **why)
{
    const struct input *in = from;

    (void)t;
    (void)why;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct str part = in->parts[i];

        if (in->node_of[i] != node)
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

static void check(const struct rendering *r, const struct rendering *again)
{
    require(r->state == again->state && r->n_objects == again->n_objects);
    require((r->state == RENDER_COMPLETE) == !r->why);
    require(r->state != RENDER_FAILS || r->n_objects == 0);
    for (size_t i = 0; i < r->n_objects; i++) {
        require(identity_eq(&r->objects[i].id, &again->objects[i].id));
        require(r->objects[i].id.name.n && r->objects[i].id.kind.n && r->objects[i].manifest);
    }
    if (r->state == RENDER_PARTIAL && r->n_open_ends == 1 && r->open_ends[0].is_whole_name) {
        struct identity id = {STR("example.com"), STR("Other"), STR("n"), STR("another")};

        require(!rendering_may_hold(r, &id) || str_is(r->open_ends[0].prefix, "another"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in;
    AUTO(json_unrefp) json_t *options = NULL;
    struct err err = {0};
    struct source source = {.path = STR("top")};
    struct render_request q = {.source = &source, .app_name = STR("a")};
    struct repository r = {.root_fd = -1};

    split((struct str){(const char *)data, size}, &in);
    r.tree = make_tree(&in);
    r.contents =
        contents_read(&(struct contents_options){.tree = r.tree, .read = read_part, .from = &in});
    if (json_read(in.parts[ARRAY_LEN(files)], &options, &err) && json_is_object(options))
        source.kustomize = options;
    {
        AUTO(rendering_freep) struct rendering *first = repository_render(&r, &q);
        AUTO(rendering_freep) struct rendering *second = repository_render(&r, &q);

        check(first, second);
    }
    contents_free(r.contents);
    tree_free(r.tree);
    return 0;
}
