#include "repository/source_type.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/overrides.h"
#include "repository/quote.h"
#include <string.h>

/* filepath.Clean of a relative path, as a view list put together again. False when it leaves the
 * root. *out is kept by the output. */
static bool clean_path(struct render *r, struct str path, const char **out)
{
    AUTO(freep) char *clean = xmalloc(path.n + 2);
    struct str rest = path;
    struct str part;
    size_t n = 0;

    while (str_split(&rest, '/', &part)) {
        if (part.n == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            if (n == 0)
                return false;
            while (n && clean[n - 1] != '/')
                n--;
            n -= n > 0; /* and the '/' before it */
            continue;
        }
        if (n)
            clean[n++] = '/';
        memcpy(clean + n, part.p, part.n);
        n += part.n;
    }
    if (n == 0)
        clean[n++] = '.';
    *out = output_keep(r->output, (struct str){clean, n}).p;
    return true;
}

/* Whether the last component is a symlink: filepath.Walk looks at it with Lstat. */
static bool is_link(const struct tree *t, struct str path)
{
    const char *slash = memrchr(path.p, '/', path.n);
    size_t cut = slash ? (size_t)(slash - path.p) : 0;
    size_t above = 0;
    size_t last;

    return tree_follow(t, 0, str_sub(path, 0, cut), &above) == TREE_FOUND &&
           tree_child(t, above, str_sub(path, slash ? cut + 1 : 0, path.n), &last) &&
           t->nodes[last].kind == NODE_SYMLINK;
}

bool source_find_path(struct render *r)
{
    const struct source *source = r->request->source;
    struct quoted shown = quote_reference(source->path);
    struct str clean;

    if (source->path.n == 0) {
        output_fails(r->output, "the source has no path");
        return false;
    }
    if (source->path.p[0] == '/') {
        output_fails(r->output, "the path %s is absolute", shown.text);
        return false;
    }
    if (source->path.n > TREE_MAX_LINK_BYTES || memchr(source->path.p, '\0', source->path.n)) {
        output_fails(r->output, "the path %s is no path", shown.text);
        return false;
    }
    if (!clean_path(r, source->path, &r->path)) {
        output_fails(r->output, "the path %s leaves the repository", shown.text);
        return false;
    }
    clean = str_from(r->path);
    shown = quote_reference(clean);
    switch (tree_follow(r->tree, 0, clean, &r->directory)) {
    case TREE_OUTSIDE:
        output_fails(r->output, "the path %s leaves the repository through a symlink", shown.text);
        return false;
    case TREE_FOUND:
        if (r->tree->nodes[r->directory].kind == NODE_DIRECTORY)
            break;
        output_fails(r->output, "the path %s is no directory", shown.text);
        output_is_nowhere(r->output);
        return false;
    case TREE_MISSING:
    case TREE_LOOP:
        output_fails(r->output, "the path %s does not exist%s", shown.text,
                     str_trim(clean).n == clean.n ? "" : " (its blank belongs to it)");
        output_is_nowhere(r->output);
        return false;
    }
    r->ends_in_link = is_link(r->tree, clean);
    return true;
}

/* The type discovery.go would find in what lies directly in the path. */
static enum source_type discover(const struct render *r)
{
    const struct node *nodes = r->tree->nodes;
    enum source_type type = SOURCE_DIRECTORY;

    for (size_t i = r->directory + 1; i < nodes[r->directory].end; i = nodes[i].end) {
        struct str name = node_name(&nodes[i]);

        if (nodes[i].kind == NODE_DIRECTORY)
            continue;
        if (str_ends(name, STR("Chart.yaml")))
            type = SOURCE_HELM; /* the lexically last name wins */
        else if (contents_is_kustomization(name))
            type = SOURCE_KUSTOMIZE;
    }
    return r->ends_in_link ? SOURCE_DIRECTORY : type; /* never entered */
}

bool source_is_empty_value(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

/*
 * An empty option is none: the controller drops it (NormalizeSource in util/argo/argo.go, the
 * IsZero() of each option) and discovers the type from then on, so the object is judged as it will
 * be. A directory with jsonnet options alone is not told from an empty one here.
 */
static bool is_set(const json_t *option)
{
    /* jansson iterates over what it may change; the source is not ours to change */
    AUTO(json_unrefp) json_t *members = json_is_object(option) ? json_deep_copy(option) : NULL;
    const char *key;
    json_t *value;

    json_object_foreach(members, key, value)
    {
        if (!source_is_empty_value(value))
            return true;
    }
    return false;
}

static bool is_directory_set(const struct source *s)
{
    return s->directory.present && (s->directory.recurse || s->directory.jsonnet ||
                                    s->directory.include.n || s->directory.exclude.n);
}

/* An option that an override file sets is one even when it is empty: nobody drops it there. */
static bool counts(const struct render *r, const json_t *option, const char *name)
{
    return is_set(option) || overridden_sets(r->overridden, name);
}

enum source_type source_find_type(struct render *r)
{
    const struct source *s;
    bool kustomize;
    bool helm;
    bool directory;

    if (!overrides_apply(r))
        return SOURCE_UNSETTLED;
    s = r->request->source;
    kustomize = counts(r, s->kustomize, "kustomize");
    helm = counts(r, s->helm, "helm");
    directory = is_directory_set(s) || overridden_sets(r->overridden, "directory");
    if (kustomize + helm + directory + !!s->plugin > 1) {
        output_fails(r->output, "the source sets more than one of kustomize, helm, directory "
                                "and plugin");
        return SOURCE_UNSETTLED;
    }
    if (s->plugin) { /* which the controller leaves alone */
        output_partial(r->output, "the output of a config management plugin");
        output_uncertain(r->output);
        return SOURCE_PLUGIN;
    }
    if (helm)
        return SOURCE_HELM;
    if (kustomize)
        return SOURCE_KUSTOMIZE;
    return directory ? SOURCE_DIRECTORY : discover(r);
}
