#include "repository/repository.h"
#include "base/mem.h"
#include "repository/directory.h"
#include "repository/git.h"
#include "repository/helm.h"
#include "repository/index.h"
#include "repository/kustomize.h"
#include "repository/overrides.h"
#include "repository/patches.h"
#include "repository/quote.h"
#include "repository/source_type.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Notes are for people to read; more than this nobody does, and the last one says so. */
enum { NOTES_MAX = 1000 };

/* A URL without what may hold a password: everything up to the last @, and a query. */
static struct str without_secrets(struct str url)
{
    for (size_t i = url.n; i > 0; i--)
        if (url.p[i - 1] == '@') {
            url = str_sub(url, i, url.n);
            break;
        }
    return str_sub(url, 0, str_find_char(url, '?'));
}

/* The last component of the URL without ".git", else of the directory. */
static char *make_label(struct str url, const char *path)
{
    AUTO(freep) char *real = url.n ? NULL : realpath(path, NULL);
    struct str text = url.n ? without_secrets(url) : str_from(real ? real : path);

    while (text.n && text.p[text.n - 1] == '/')
        text.n--;
    if (url.n && str_ends(text, STR(".git")))
        text.n -= sizeof ".git" - 1;
    for (size_t i = text.n; i > 0; i--)
        if (text.p[i - 1] == '/' || (url.n && text.p[i - 1] == ':')) {
            text = str_sub(text, i, text.n);
            break;
        }
    return xstrndup(text.n ? text : STR("repository"));
}

static void add_note(struct repository *r, const char *file, unsigned line, const char *text)
{
    if (r->n_notes > NOTES_MAX)
        return;
    if (!r->notes)
        r->notes = xcalloc(NOTES_MAX + 1, sizeof *r->notes);
    if (r->n_notes == NOTES_MAX)
        text = "more could not be read; only the first 1000 files are named";
    r->notes[r->n_notes++] = (struct repository_note){file, line, text};
}

/* A chart's templates are no YAML before Helm has rendered them. */
static bool is_template(const struct tree *t, size_t index)
{
    for (size_t at = t->nodes[index].parent; at != 0; at = t->nodes[at].parent) {
        size_t chart;

        if (str_is(node_name(&t->nodes[at]), "templates") &&
            tree_child(t, t->nodes[at].parent, STR("Chart.yaml"), &chart))
            return true;
    }
    return false;
}

static void note_parsed(struct repository *r, size_t index, const struct parsed *parsed)
{
    const struct node *node = &r->tree->nodes[index];

    if (parsed->state == PARSE_NOT_KNOWN ||
        (parsed->state == PARSE_FAILS && parsed->worth_a_note && !is_template(r->tree, index)))
        add_note(r, node->path, parsed->line, parsed->why);
}

static void collect(struct repository *r)
{
    size_t capacity = 0;

    if (r->tree->incomplete)
        add_note(r, "", 0, r->tree->incomplete);
    if (r->tree->out_of_bounds)
        add_note(r, r->tree->out_of_bounds, 0,
                 "is a symlink that leads out of the repository: Argo CD refuses every source");
    for (size_t i = 0; i < r->tree->n; i++) {
        const struct content *content = contents_read_at(r->contents, i);

        if (r->tree->nodes[i].is_submodule)
            add_note(r, r->tree->nodes[i].path, 0,
                     "is a submodule: what lies in it is not read, as if it were empty");
        if (!content)
            continue;
        /* pictures and archives are what Git LFS is for: nobody asks for those */
        if (content->unread &&
            (!content->is_lfs_pointer || contents_is_parsed(node_name(&r->tree->nodes[i]))))
            add_note(r, r->tree->nodes[i].path, 0, content->unread);
        for (size_t k = 0; k < N_SYNTAXES; k++) {
            const struct parsed *parsed =
                atomic_load_explicit(&content->parsed[k], memory_order_acquire);

            if (!parsed || (k == SYNTAX_YAML && content->is_yaml_extra))
                continue;
            note_parsed(r, i, parsed);
            for (size_t m = 0; m < parsed->n; m++) {
                r->manifests =
                    xgrow(r->manifests, r->n_manifests, &capacity, sizeof(const struct manifest *));
                r->manifests[r->n_manifests++] = &parsed->manifests[m];
            }
        }
    }
}

/* What can be shared with: the others of the same kind. */
struct former {
    const struct tree **trees;
    const struct contents **contents;
    size_t n;
};

static void former_init(struct former *f, const struct repository_spec *spec)
{
    *f = (struct former){xcalloc(spec->n_former, sizeof(void *)),
                         xcalloc(spec->n_former, sizeof(void *)), 0};
    for (size_t i = 0; i < spec->n_former; i++) {
        const struct repository *r = spec->former[i];

        if (!r || !r->revision != !spec->revision)
            continue;
        f->trees[f->n] = r->tree;
        f->contents[f->n++] = r->contents;
    }
}

static void former_clear(struct former *f)
{
    free(f->trees);
    free(f->contents);
}

static bool read_directory(struct repository *r, const struct former *former,
                           struct contents_options *options, struct err *err)
{
    r->root_fd = tree_root(r->path, err);
    if (r->root_fd < 0)
        return false;
    r->tree = tree_read(r->root_fd, former->trees, former->n);
    options->read = tree_read_file;
    options->from = &r->root_fd;
    return true;
}

static bool read_commit(struct repository *r, const struct former *former,
                        struct contents_options *options, struct err *err)
{
    if (!git_open(r->path, r->revision, r->memo, &r->snapshot, err))
        return false;
    r->commit = git_snapshot_id(r->snapshot);
    memcpy(r->shown, r->commit.text, sizeof r->shown - 1);
    r->tree = git_read_tree(r->snapshot, former->trees, former->n);
    options->read = git_read_file;
    options->from = r->snapshot;
    options->is_commit = true;
    return true;
}

static bool read_all(struct repository *r, const struct repository_spec *spec, struct err *err)
{
    AUTO(former_clear) struct former former = {0};
    struct contents_options options = {.parse_all = spec->parse_all};

    former_init(&former, spec);
    if (!(r->revision ? read_commit(r, &former, &options, err)
                      : read_directory(r, &former, &options, err)))
        return false;
    options.tree = r->tree;
    options.former = former.contents;
    options.n_former = former.n;
    r->contents = contents_read(&options);
    return true;
}

bool repository_load(const struct repository_spec *spec, int64_t now, struct repository **out,
                     struct err *err)
{
    AUTO(repository_freep) struct repository *r = xcalloc(1, sizeof *r);

    r->url = xstrndup(spec->url);
    r->aliases = xcalloc(spec->n_aliases, sizeof *r->aliases);
    for (; r->n_aliases < spec->n_aliases; r->n_aliases++)
        r->aliases[r->n_aliases] = xstrndup(spec->aliases[r->n_aliases]);
    r->path = xstrdup(spec->path);
    r->memo = git_memo_ref(spec->memo);
    if (spec->revision)
        r->revision = xstrdup(spec->revision);
    else if (git_is_bare(spec->path)) /* which has no other files */
        r->revision = xstrdup("HEAD");
    r->label = make_label(spec->url, spec->path);
    r->loaded_at = now;
    r->root_fd = -1;
    if (!read_all(r, spec, err))
        return false;
    collect(r);
    r->is_patch = patches_find(r->tree, r->contents);
    *out = steal(&r);
    return true;
}

void repository_free(struct repository *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_aliases; i++)
        free(r->aliases[i]);
    free(r->aliases);
    free(r->url);
    free(r->path);
    free(r->revision);
    free(r->label);
    free(r->manifests);
    free(r->is_patch);
    free(r->notes);
    contents_free(r->contents);
    tree_free(r->tree);
    git_close(r->snapshot);
    git_memo_unref(r->memo);
    if (r->root_fd >= 0)
        (void)close(r->root_fd);
    free(r);
}

void repository_freep(struct repository **r)
{
    repository_free(*r);
}

struct repository_cost repository_cost(const struct repository *r)
{
    struct contents_cost c = contents_cost(r->contents);

    return (struct repository_cost){c.n_files,  c.n_read,   c.n_bytes,
                                    c.n_shared, c.n_parsed, c.n_skipped};
}

static bool has_moved(const struct repository *r)
{
    AUTO(git_closep) struct git_snapshot *now = NULL;
    struct err err = {0};

    return !git_open(r->path, r->revision, r->memo, &now, &err) ||
           strcmp(git_snapshot_id(now).text, r->commit.text) != 0;
}

bool repository_changed(const struct repository *r)
{
    struct err err = {0};
    AUTO(tree_freep) struct tree *now = NULL;
    const struct tree *before = r->tree;
    int root_fd;

    if (contents_has_lost(r->contents))
        return true;
    if (r->revision)
        return has_moved(r);
    root_fd = tree_root(r->path, &err);
    if (root_fd < 0)
        return true;
    now = tree_read(root_fd, &before, 1);
    (void)close(root_fd);
    return now->signature != r->tree->signature || now->n != r->tree->n;
}

bool repository_is_whole(const struct repository *r)
{
    for (size_t i = 0; i < r->tree->n; i++) {
        const struct content *content = contents_read_at(r->contents, i);

        if (content && content->unread && !content->is_lfs_pointer)
            return false;
    }
    return !r->tree->incomplete && !contents_has_lost(r->contents);
}

bool repository_has_lost(const struct repository *r)
{
    return contents_has_lost(r->contents);
}

bool repository_matches(const struct repository *r, struct str repo_url)
{
    if (r->url[0] && repo_url_eq(str_from(r->url), repo_url))
        return true;
    for (size_t i = 0; i < r->n_aliases; i++)
        if (repo_url_eq(str_from(r->aliases[i]), repo_url))
            return true;
    return false;
}

const char *repository_label(const struct repository *r)
{
    return r->label;
}

const char *repository_revision(const struct repository *r)
{
    return r->revision ? r->shown : "work tree";
}

const char *repository_commit(const struct repository *r)
{
    return r->commit.text;
}

const char *repository_path(const struct repository *r)
{
    return r->path;
}

struct str repository_url(const struct repository *r)
{
    return str_from(r->url);
}

int64_t repository_loaded_at(const struct repository *r)
{
    return r->loaded_at;
}

size_t repository_n_manifests(const struct repository *r)
{
    return r->n_manifests;
}

const struct manifest *repository_manifest(const struct repository *r, size_t index)
{
    return r->manifests[index];
}

size_t repository_n_notes(const struct repository *r)
{
    return r->n_notes;
}

const struct repository_note *repository_note_at(const struct repository *r, size_t index)
{
    return &r->notes[index];
}

static void render_path(struct render *r)
{
    enum source_type type;

    if (!source_find_path(r))
        return;
    type = source_find_type(r);
    output_set_type(r->output, type);
    switch (type) {
    case SOURCE_DIRECTORY:
        directory_render(r);
        break;
    case SOURCE_KUSTOMIZE:
        kustomize_render(r);
        break;
    case SOURCE_HELM:
        helm_render(r);
        break;
    case SOURCE_PLUGIN:
    case SOURCE_UNSETTLED:
        break;
    }
}

const struct parsed *render_manifests(const struct render *r, size_t node, enum parse_syntax syntax)
{
    const struct parsed *parsed = r->request->may_skip ? contents_glance(r->contents, node, syntax)
                                                       : contents_parsed(r->contents, node, syntax);

    if (parsed && parsed->state == PARSE_SKIPPED)
        output_skips(r->output, r->repository, r->asked);
    return parsed;
}

struct rendering *repository_render(const struct repository *r, const struct render_request *q)
{
    struct render render = {
        .repository = r,
        .tree = r->tree,
        .contents = r->contents,
        .asked = q,
        .request = q,
        .output = output_new(q->destination_namespace),
    };

    if (q->source->chart.n) {
        output_partial(render.output, "a chart of a Helm repository is not in Git");
        output_uncertain(render.output);
    } else if (q->source->path.n == 0 && q->source->ref.n) {
        /* only a place for $ref/… value files: it renders nothing (reference/argocd.md 1.1) */
    } else if (r->tree->out_of_bounds) {
        output_fails(render.output,
                     "%s is a symlink that leads out of the repository, which Argo CD refuses",
                     quote(str_from(r->tree->out_of_bounds)).text);
    } else if (r->tree->incomplete) {
        output_partial(render.output, "the repository was not read whole: %s",
                       quote_phrase(r->tree->incomplete).text);
        output_uncertain(render.output);
    } else {
        render_path(&render);
    }
    overridden_free(render.overridden);
    return output_finish(render.output);
}

struct rendering *repository_render_chart(const struct render_request *q)
{
    struct render render = {
        .asked = q,
        .request = q,
        .path = "",
        .output = output_new(q->destination_namespace),
    };

    helm_render_fetched(&render);
    return output_finish(render.output);
}

bool repository_is_kustomized(const struct repository *r, const struct manifest *m)
{
    static const char *const names[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
    const char *slash = strrchr(m->file, '/');
    struct str folder = {m->file, slash ? (size_t)(slash - m->file) : 0};
    size_t directory;
    size_t found;

    if (!tree_find(r->tree, folder, &directory))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (tree_child(r->tree, directory, str_from(names[i]), &found))
            return true;
    return false;
}

bool repository_is_patch(const struct repository *r, const struct manifest *m)
{
    size_t node;

    return tree_find(r->tree, str_from(m->file), &node) && r->is_patch[node];
}
