#include "repository/pattern_use.h"
#include "repository/directory.h"
#include "repository/glob.h"
#include "repository/index.h"
#include "repository/overrides.h"
#include "repository/source_type.h"

static bool is_candidate(const struct node *node)
{
    enum parse_syntax syntax;

    return node->kind != NODE_DIRECTORY && (contents_syntax(node_name(node), &syntax) ||
                                            str_ends(node_name(node), STR(".jsonnet")));
}

static void try_all(const struct render *r, const struct glob *glob, struct pattern_use *out)
{
    const struct node *nodes = r->tree->nodes;
    size_t steps_left = DIRECTORY_MAX_GLOB_STEPS;
    size_t next;

    for (size_t i = r->directory + 1; i < nodes[r->directory].end; i = next) {
        enum tri matches;

        next = r->request->source->directory.recurse ? i + 1 : nodes[i].end;
        if (!is_candidate(&nodes[i]))
            continue;
        out->n_files++;
        matches =
            glob ? glob_match_within(glob, node_below(&nodes[i], &nodes[r->directory]), &steps_left)
                 : TRI_NO;
        out->n_matched += matches == TRI_YES;
        out->in_doubt |= matches == TRI_NOT_KNOWN;
    }
}

bool repository_try_pattern(const struct repository *r, const struct render_request *q,
                            struct str pattern, struct pattern_use *out)
{
    struct render render = {.repository = r,
                            .tree = r->tree,
                            .contents = r->contents,
                            .request = q,
                            .output = output_new(STR(""))};
    struct glob *glob = NULL;
    enum glob_compiled compiled = glob_compile(pattern, &glob);
    bool found = source_find_path(&render) && !render.ends_in_link &&
                 source_find_type(&render) == SOURCE_DIRECTORY;

    *out = (struct pattern_use){.compiles = compiled == GLOB_OK,
                                .in_doubt = compiled == GLOB_NOT_KNOWN};
    if (found)
        try_all(&render, glob, out);
    glob_free(glob);
    overridden_free(render.overridden);
    rendering_free(output_finish(render.output));
    return found;
}
