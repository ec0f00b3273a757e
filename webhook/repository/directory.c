#include "repository/directory.h"
#include "repository/glob.h"
#include "repository/quote.h"

/* directory.include and directory.exclude, compiled. */
struct selection {
    struct str include;
    struct str exclude;
    struct glob *include_glob;
    struct glob *exclude_glob;
    enum glob_compiled include_is;
    enum glob_compiled exclude_is;
    size_t steps_left;
};

static void selection_init(struct selection *s, const struct source *source)
{
    *s = (struct selection){.include = source->directory.include,
                            .exclude = source->directory.exclude,
                            .steps_left = DIRECTORY_MAX_GLOB_STEPS};
    if (s->include.n)
        s->include_is = glob_compile(s->include, &s->include_glob);
    if (s->exclude.n)
        s->exclude_is = glob_compile(s->exclude, &s->exclude_glob);
}

static void selection_clear(struct selection *s)
{
    glob_free(s->include_glob);
    glob_free(s->exclude_glob);
}

static enum tri match(enum glob_compiled compiled, const struct glob *glob, struct str path,
                      size_t *steps_left)
{
    if (compiled == GLOB_OK)
        return glob_match_within(glob, path, steps_left);
    return compiled == GLOB_INVALID ? TRI_NO : TRI_NOT_KNOWN; /* glob.Match gives false */
}

/* exclude first, then include; an empty pattern is none. *pattern: what could not be matched. */
static enum tri selects(struct selection *s, struct str path, struct str *pattern)
{
    enum tri excluded =
        s->exclude.n ? match(s->exclude_is, s->exclude_glob, path, &s->steps_left) : TRI_NO;
    enum tri included =
        s->include.n ? match(s->include_is, s->include_glob, path, &s->steps_left) : TRI_YES;

    if (excluded == TRI_YES || included == TRI_NO)
        return TRI_NO;
    if (excluded == TRI_NO && included == TRI_YES)
        return TRI_YES;
    *pattern = excluded == TRI_NOT_KNOWN ? s->exclude : s->include;
    return TRI_NOT_KNOWN;
}

/* Sums up as the walk goes; a limit counts certain files only. */
struct walk {
    struct render *render;
    struct selection selection;
    uint64_t n_bytes;
    uint64_t n_possible_bytes;
};

static bool holds_group(const struct parsed *parsed, const char *group)
{
    for (size_t i = 0; i < parsed->n; i++)
        if (str_is(parsed->manifests[i].id.group, group))
            return true;
    return false;
}

/* A file that may or may not be among the candidates. */
static void add_possible(struct walk *w, const struct parsed *parsed)
{
    if (!parsed || parsed->state == PARSE_FAILS || parsed->state == PARSE_NOT_KNOWN)
        output_uncertain(w->render->output); /* included, it could stop everything */
    else if (parsed->state == PARSE_OBJECTS)
        output_may_hold(w->render->output, holds_group(parsed, GROUP_ARGOPROJ),
                        holds_group(parsed, GROUP_EXTERNAL_SECRETS));
}

static void add_parsed(struct walk *w, const struct parsed *parsed)
{
    struct output_builder *output = w->render->output;

    switch (parsed->state) {
    case PARSE_OBJECTS:
        for (size_t i = 0; i < parsed->n; i++)
            output_add(output, &parsed->manifests[i]);
        break;
    case PARSE_FAILS:
        output_fails(output, "%s, which stops Argo CD from generating anything",
                     quote_phrase(parsed->why).text);
        break;
    case PARSE_NOT_KNOWN:
        output_partial(output, "%s", quote_phrase(parsed->why).text);
        output_uncertain(output);
        break;
    case PARSE_IGNORED:
    case PARSE_SKIPPED:
        break;
    }
}

static bool is_skip_in_doubt(struct walk *w, const struct content *content,
                             const struct parsed *parsed)
{
    return content->is_marked && w->render->request->skips_marked_files == TRI_NOT_KNOWN &&
           (!parsed || parsed->state == PARSE_FAILS || parsed->state == PARSE_NOT_KNOWN ||
            parsed->n > 0);
}

static void add_jsonnet(struct walk *w, const struct node *node)
{
    output_partial(w->render->output, "%s is jsonnet, which is not evaluated",
                   quote(str_from(node->path)).text);
    output_may_hold(w->render->output, true, true);
}

/* Symlinks have been followed: `content` is the file's own or the target's. */
static void add_candidate(struct walk *w, size_t index, enum tri selected, struct str pattern)
{
    struct render *r = w->render;
    const struct node *node = &r->tree->nodes[index];
    const struct content *content;
    const struct parsed *parsed;
    enum parse_syntax syntax;

    if (!contents_syntax(node_name(node), &syntax)) {
        add_jsonnet(w, node);
        return;
    }
    content = contents_at(r->contents, index);
    w->n_possible_bytes += content->size_bytes;
    if (selected == TRI_YES)
        w->n_bytes += content->size_bytes;
    /* what may or may not count is parsed at once */
    parsed = selected == TRI_YES && !content->is_marked
                 ? render_manifests(r, index, syntax)
                 : contents_parsed(r->contents, index, syntax);
    if (selected == TRI_NOT_KNOWN) {
        output_partial(r->output, "whether the pattern %s matches %s", quote(pattern).text,
                       quote(str_from(node->path)).text);
        add_possible(w, parsed);
    } else if (content->is_marked && r->request->skips_marked_files == TRI_YES) {
        return;
    } else if (content->unread) {
        output_partial(r->output, "%s", quote_phrase(content->unread).text);
        output_uncertain(r->output);
    } else if (is_skip_in_doubt(w, content, parsed)) {
        output_partial(r->output,
                       "whether this Argo CD skips %s, which is marked "
                       "+argocd:skip-file-rendering (3.1 and later do)",
                       quote(str_from(node->path)).text);
        add_possible(w, parsed);
    } else if (parsed) {
        add_parsed(w, parsed);
    }
}

static bool is_candidate_name(struct str name)
{
    enum parse_syntax syntax;

    return contents_syntax(name, &syntax) || str_ends(name, STR(".jsonnet"));
}

static bool leads_to_file(const struct render *r, const struct node *node, size_t index,
                          size_t *file)
{
    *file = node->kind == NODE_SYMLINK && node->link_state == TREE_FOUND ? node->target : index;
    return r->tree->nodes[*file].kind == NODE_FILE;
}

static void visit(struct walk *w, size_t index)
{
    struct render *r = w->render;
    const struct node *node = &r->tree->nodes[index];
    struct str pattern = STR_NONE;
    enum tri selected;
    size_t file;

    if (!is_candidate_name(node_name(node)))
        return;
    if (node->kind == NODE_SYMLINK &&
        (node->link_state == TREE_LOOP || node->link_state == TREE_OUTSIDE)) {
        output_fails(r->output, "%s is a symlink that cannot be followed",
                     quote(str_from(node->path)).text);
        return;
    }
    if (!leads_to_file(r, node, index, &file))
        return; /* a missing target or no regular file: Argo CD warns and goes on */
    selected = selects(&w->selection, node_below(node, &r->tree->nodes[r->directory]), &pattern);
    if (selected == TRI_NO)
        return;
    add_candidate(w, index, selected, pattern);
}

static void check_size(const struct walk *w)
{
    struct output_builder *output = w->render->output;

    if (w->n_bytes > DIRECTORY_MAX_BYTES) {
        output_fails(output,
                     "the manifests in %s are larger than 10M together, Argo CD's default limit",
                     quote(str_from(w->render->path)).text);
    } else if (w->n_possible_bytes > DIRECTORY_MAX_BYTES) {
        output_partial(output,
                       "whether the manifests in %s are larger than 10M together, Argo CD's "
                       "default limit",
                       quote(str_from(w->render->path)).text);
        output_uncertain(output);
    }
}

void directory_render(struct render *r)
{
    const struct node *nodes = r->tree->nodes;
    bool recurse = r->request->source->directory.recurse;
    struct walk w = {.render = r};
    size_t next;

    if (r->ends_in_link)
        return; /* filepath.Walk looks at the path with Lstat and never enters a symlink */
    selection_init(&w.selection, r->request->source);
    for (size_t i = r->directory + 1; i < nodes[r->directory].end; i = next) {
        next = i + 1;
        if (nodes[i].kind != NODE_DIRECTORY)
            visit(&w, i);
        else if (!recurse)
            next = nodes[i].end;
    }
    check_size(&w);
    selection_clear(&w.selection);
}
