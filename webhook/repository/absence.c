#include "repository/absence.h"
#include "base/json.h"
#include "repository/glob.h"
#include "repository/index.h"
#include "repository/overrides.h"
#include "repository/quote.h"
#include "repository/source_type.h"

static bool matches(struct str pattern, struct str path)
{
    struct glob *glob = NULL;
    bool hit = glob_compile(pattern, &glob) == GLOB_OK && glob_match(glob, path) == TRI_YES;

    glob_free(glob);
    return hit;
}

static bool absent_from_directory(const struct render *r, size_t node, struct buf *out)
{
    const struct source *s = r->request->source;
    struct str below = node_below(&r->tree->nodes[node], &r->tree->nodes[r->directory]);
    const struct content *content = contents_at(r->contents, node);
    enum parse_syntax syntax;

    if (r->ends_in_link)
        buf_adds(out, "the path is a symlink, which Argo CD never enters");
    else if (!s->directory.recurse && str_find_char(below, '/') < below.n)
        buf_adds(out, "it lies in a subdirectory, and directory.recurse is not set");
    else if (!contents_syntax(node_name(&r->tree->nodes[node]), &syntax))
        buf_adds(out, "its name does not end in .yaml, .yml or .json");
    else if (s->directory.exclude.n && matches(s->directory.exclude, below))
        buf_printf(out, "directory.exclude %s leaves it out", quote(s->directory.exclude).text);
    else if (s->directory.include.n && !matches(s->directory.include, below))
        buf_printf(out, "directory.include %s does not take it in",
                   quote(s->directory.include).text);
    else if (content && content->is_marked && r->request->skips_marked_files == TRI_YES)
        buf_adds(out, "it is marked +argocd:skip-file-rendering");
    else
        return false;
    return true;
}

/* Whether a kustomization lists the file among its resources. */
static bool lists(const struct render *r, size_t kustomization, size_t file)
{
    static const char *const keys[] = {"resources", "bases", "components"};
    const struct content *content = contents_at(r->contents, kustomization);

    for (size_t k = 0; content && k < ARRAY_LEN(keys); k++) {
        const json_t *list = json_array_at(content->document, keys[k]);

        for (size_t i = 0; i < json_array_size(list); i++) {
            size_t found;

            if (tree_follow(r->tree, r->tree->nodes[kustomization].parent,
                            json_view(json_array_get(list, i)), &found) == TREE_FOUND &&
                found == file)
                return true;
        }
    }
    return false;
}

static bool absent_from_kustomization(const struct render *r, size_t node, struct buf *out)
{
    static const char *const names[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
    const struct node *nodes = r->tree->nodes;
    size_t top = 0;

    for (size_t i = 0; i < r->tree->n; i++)
        if (nodes[i].kind == NODE_FILE && contents_is_kustomization(node_name(&nodes[i])) &&
            lists(r, i, node)) {
            buf_printf(out, "what %s leads to does not yield it",
                       r->directory ? quote(str_from(nodes[r->directory].path)).text
                                    : "the kustomization");
            return true;
        }
    for (size_t i = 0; !top && i < ARRAY_LEN(names); i++)
        if (!tree_child(r->tree, r->directory, str_from(names[i]), &top))
            top = 0;
    if (!top)
        return false;
    buf_printf(out, "%s does not list it", quote(str_from(nodes[top].path)).text);
    return true;
}

static bool absent_from_chart(const struct render *r, size_t node, struct buf *out)
{
    struct str below = node_below(&r->tree->nodes[node], &r->tree->nodes[r->directory]);

    if (str_starts(below, STR("templates/")))
        return false;
    buf_adds(out, "Helm renders a chart's templates, and it is none");
    return true;
}

static bool explain(struct render *r, size_t node, struct buf *out)
{
    switch (source_find_type(r)) {
    case SOURCE_DIRECTORY:
        return absent_from_directory(r, node, out);
    case SOURCE_KUSTOMIZE:
        return absent_from_kustomization(r, node, out);
    case SOURCE_HELM:
        return absent_from_chart(r, node, out);
    case SOURCE_PLUGIN:
    case SOURCE_UNSETTLED:
        break;
    }
    return false;
}

bool repository_why_absent(const struct repository *r, const struct render_request *q,
                           const struct manifest *m, struct buf *out)
{
    struct render render = {.repository = r,
                            .tree = r->tree,
                            .contents = r->contents,
                            .request = q,
                            .output = output_new(STR(""))};
    size_t node;
    bool is_explained = source_find_path(&render) && tree_find(r->tree, str_from(m->file), &node) &&
                        node > render.directory && node < r->tree->nodes[render.directory].end &&
                        explain(&render, node, out);

    overridden_free(render.overridden);
    rendering_free(output_finish(render.output));
    return is_explained;
}
