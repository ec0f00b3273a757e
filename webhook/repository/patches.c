#include "repository/patches.h"
#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>

struct search {
    const struct tree *tree;
    bool *patches;
    bool *resources;
};

static void mark(const struct search *s, bool *marks, size_t kustomization, struct str path)
{
    size_t node;

    if (path.n &&
        tree_follow(s->tree, s->tree->nodes[kustomization].parent, path, &node) == TREE_FOUND)
        marks[node] = true;
}

/* A list of paths, or of objects with a path. An inline patch leads nowhere. */
static void mark_list(const struct search *s, bool *marks, size_t kustomization, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        mark(s, marks, kustomization,
             json_is_object(entry) ? json_str_at(entry, "path") : json_view(entry));
    }
}

static void look_into(const struct search *s, size_t kustomization, const json_t *document)
{
    static const char *const patches[] = {"patches", "patchesJson6902", "patchesStrategicMerge"};
    static const char *const resources[] = {"resources", "bases", "crds"};

    for (size_t i = 0; i < ARRAY_LEN(patches); i++)
        mark_list(s, s->patches, kustomization, json_array_at(document, patches[i]));
    for (size_t i = 0; i < ARRAY_LEN(resources); i++)
        mark_list(s, s->resources, kustomization, json_array_at(document, resources[i]));
}

bool *patches_find(const struct tree *t, const struct contents *c)
{
    struct search s = {.tree = t,
                       .patches = xcalloc(t->n, sizeof(bool)),
                       .resources = xcalloc(t->n, sizeof(bool))};

    for (size_t i = 0; i < t->n; i++) {
        const struct content *content =
            t->nodes[i].kind == NODE_FILE && contents_is_kustomization(node_name(&t->nodes[i]))
                ? contents_at(c, i)
                : NULL;

        if (content && content->document)
            look_into(&s, i, content->document);
    }
    for (size_t i = 0; i < t->n; i++)
        s.patches[i] = s.patches[i] && !s.resources[i];
    free(s.resources);
    return s.patches;
}
