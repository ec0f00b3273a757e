#include "repository/helm_files.h"
#include "base/mem.h"
#include "repository/helm_ignore.h"
#include "repository/quote.h"
#include <stdlib.h>

struct walk {
    const struct render *render;
    struct helm_ignore *ignore;
    struct helm_files *out;
};

/* What may be left out, and all below it, is marked; it counts as possible. */
static void walk(struct walk *w, size_t directory, struct str prefix, bool unclear, unsigned depth);

static void add_file(struct walk *w, size_t node, struct str path, bool unclear)
{
    struct helm_files *out = w->out;
    char *owned;

    if (out->n == HELM_MAX_FILES) {
        out->incomplete = true;
        return;
    }
    owned = xstrndup(path);
    out->files = xgrow(out->files, out->n, &out->capacity, sizeof *out->files);
    out->files[out->n++] = (struct helm_file){
        .path = {owned, path.n}, .owned = owned, .node = node, .may_be_ignored = unclear};
}

static void visit(struct walk *w, size_t index, struct str path, bool unclear, unsigned depth)
{
    const struct node *nodes = w->render->tree->nodes;
    size_t at = index;
    enum tri left_out;

    if (nodes[index].kind == NODE_SYMLINK) {
        /* before any line of .helmignore is asked */
        if (nodes[index].link_state != TREE_FOUND) {
            w->out->why = xasprintf("%s is a symlink that leads nowhere",
                                    quote(str_from(nodes[index].path)).text);
            return;
        }
        at = nodes[index].target;
    }
    left_out = helm_ignore_has(w->ignore, path, nodes[at].kind == NODE_DIRECTORY);
    if (left_out == TRI_YES)
        return;
    unclear = unclear || left_out == TRI_NOT_KNOWN;
    if (nodes[at].kind == NODE_DIRECTORY)
        walk(w, at, path, unclear, depth + 1);
    else
        add_file(w, at, path, unclear);
}

static void walk(struct walk *w, size_t directory, struct str prefix, bool unclear, unsigned depth)
{
    const struct node *nodes = w->render->tree->nodes;

    if (depth > HELM_MAX_DEPTH)
        w->out->incomplete = true;
    for (size_t i = directory + 1; i < nodes[directory].end; i = nodes[i].end) {
        struct str name = node_name(&nodes[i]);
        AUTO(freep) char *path = NULL;

        if (w->out->why || w->out->incomplete)
            return;
        path = prefix.n ? xasprintf("%.*s/%.*s", STR_ARG(prefix), STR_ARG(name)) : xstrndup(name);
        visit(w, i, str_from(path), unclear, depth);
    }
}

/* The text of .helmignore, NULL where there is none. unclear: it is not read. */
static const char *read_ignore(const struct render *r, size_t directory, bool *unclear)
{
    const struct content *content;
    size_t node;

    *unclear = false;
    if (!tree_child(r->tree, directory, STR(".helmignore"), &node))
        return NULL;
    content = contents_at(r->contents, node);
    *unclear = !content || !content->text;
    return content ? content->text : NULL;
}

void helm_files_find(const struct render *r, size_t directory, struct helm_files *out)
{
    struct walk w = {.render = r, .out = out};
    bool unclear;
    const char *text = read_ignore(r, directory, &unclear);

    *out = (struct helm_files){.directory = directory};
    if (!helm_ignore_new(text, &w.ignore)) {
        out->why = xasprintf("%s/.helmignore holds a line that Helm refuses",
                             quote(str_from(r->tree->nodes[directory].path)).text);
        return;
    }
    walk(&w, directory, STR(""), unclear, 0);
    helm_ignore_free(w.ignore);
}

void helm_files_clear(struct helm_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->files[i].owned);
    free(files->files);
    free(files->label);
    free(files->why);
    *files = (struct helm_files){0};
}

const struct helm_file *helm_files_at(const struct helm_files *files, struct str prefix,
                                      const char *path)
{
    for (size_t i = 0; i < files->n; i++) {
        struct str at = files->files[i].path;

        if (str_starts(at, prefix) && str_is(str_sub(at, prefix.n, at.n), path))
            return &files->files[i];
    }
    return NULL;
}

/* NULL where its bytes are not known. */
static const struct blob *blob_of(const struct render *r, const struct helm_file *file,
                                  enum blob_part part)
{
    return file->blob ? file->blob : contents_blob(r->contents, file->node, part);
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct helm_file *)a)->path, ((const struct helm_file *)b)->path);
}

void helm_files_unpack(const struct render *r, const struct helm_file *from, struct helm_files *out)
{
    const struct blob *b = blob_of(r, from, BLOB_ARCHIVE);
    const struct helm_archive *archive = b ? blob_archive(b) : NULL;

    *out = (struct helm_files){.directory = from->node};
    if (!archive || archive->is_not_known) {
        out->incomplete = true;
        return;
    }
    out->label = helm_file_shown(r, from);
    out->files = xcalloc(archive->n, sizeof *out->files);
    out->n = out->capacity = archive->n;
    for (size_t i = 0; i < archive->n; i++)
        out->files[i] = (struct helm_file){.path = str_from(archive->files[i].path),
                                           .node = from->node,
                                           .blob = archive->files[i].blob,
                                           .archive = out->label};
    qsort(out->files, out->n, sizeof *out->files, by_path);
    for (size_t i = 1; i < out->n; i++)
        if (str_eq(out->files[i - 1].path, out->files[i].path))
            out->incomplete = true; /* twice: which counts is not known */
}

char *helm_file_shown(const struct render *r, const struct helm_file *file)
{
    if (file->archive)
        return xasprintf("%s/%.*s", file->archive, STR_ARG(file->path));
    return xstrdup(r->tree->nodes[file->node].path);
}

const struct helm_words *helm_file_words(const struct render *r, const struct helm_file *file)
{
    const struct blob *b = blob_of(r, file, BLOB_HELM);

    return b ? blob_helm(b) : NULL;
}

const struct document *helm_file_document(const struct render *r, const struct helm_file *file)
{
    const struct blob *b = blob_of(r, file, BLOB_DOCUMENT);

    return b ? blob_document(b, BLOB_DOCUMENT) : NULL;
}

const struct helm_template *helm_file_template(const struct render *r, const struct helm_file *file)
{
    const struct blob *b = blob_of(r, file, BLOB_TEMPLATE);

    return b ? blob_template(b) : NULL;
}
