#include "repository/overrides.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/quote.h"
#include <stdlib.h>
#include <string.h>

/* Nested deeper, an option is nothing that Argo CD has. */
enum { OVERRIDES_MAX_DEPTH = 50 };

static const char *const options[] = {"directory", "helm", "kustomize", "plugin"};

struct overridden {
    struct render_request request;
    struct source source;
    json_t *options; /* the merged ones, by name: what `source` points into */
    unsigned set;    /* bit i: a file sets options[i] */
};

bool overridden_sets(const struct overridden *o, const char *option)
{
    for (size_t i = 0; o && i < ARRAY_LEN(options); i++)
        if (strcmp(options[i], option) == 0)
            return o->set & (1U << i);
    return false;
}

void overridden_free(struct overridden *o)
{
    if (!o)
        return;
    json_decref(o->options);
    free(o);
}

static json_t *directory_options(const struct source *s)
{
    json_t *d = json_object();

    if (s->directory.recurse)
        (void)json_object_set_new(d, "recurse", json_true());
    if (s->directory.include.n)
        (void)json_object_set_new(
            d, "include", json_stringn_nocheck(s->directory.include.p, s->directory.include.n));
    if (s->directory.exclude.n)
        (void)json_object_set_new(
            d, "exclude", json_stringn_nocheck(s->directory.exclude.p, s->directory.exclude.n));
    return d;
}

static struct overridden *overridden_new(const struct render *r)
{
    struct overridden *o = xcalloc(1, sizeof *o);
    const struct source *s = r->request->source;

    o->request = *r->request;
    o->source = *s;
    o->request.source = &o->source;
    o->options = json_object();
    if (s->directory.present)
        (void)json_object_set_new(o->options, "directory", directory_options(s));
    if (s->helm)
        (void)json_object_set_new(o->options, "helm", json_deep_copy(s->helm));
    if (s->kustomize)
        (void)json_object_set_new(o->options, "kustomize", json_deep_copy(s->kustomize));
    if (s->plugin)
        (void)json_object_set_new(o->options, "plugin", json_deep_copy(s->plugin));
    return o;
}

/*
 * A JSON merge patch (RFC 7396) whose result Argo CD decodes over the source it started from
 * (mergeSourceParameters): what a null takes away stays as it was. Only valuesObject, which is
 * kept as text, loses what a null takes away.
 */
static void merge(json_t *into, const char *key, json_t *value, bool nulls_delete, unsigned depth)
{
    json_t *old = json_object_get(into, key);
    const char *inner;
    json_t *one;

    if (depth > OVERRIDES_MAX_DEPTH)
        return;
    if (json_is_null(value)) {
        if (nulls_delete)
            (void)json_object_del(into, key);
        return;
    }
    if (!json_is_object(value)) {
        (void)json_object_set_new(into, key, json_deep_copy(value));
        return;
    }
    if (!json_is_object(old)) {
        old = json_object();
        (void)json_object_set_new(into, key, old);
    }
    json_object_foreach(value, inner, one)
        merge(old, inner, one, nulls_delete || strcmp(key, "valuesObject") == 0, depth + 1);
}

/* Go's decoder takes a key in any case; then which of two wins is not known here. */
static bool is_misspelt(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(key, options[i]) != 0 && str_eq_nocase(str_from(key), str_from(options[i])))
            return true;
    return false;
}

static bool check_member(struct render *r, struct quoted file, const char *key, const json_t *value)
{
    static const char *const texts[] = {"repoURL", "path", "targetRevision",
                                        "chart",   "ref",  "name"};

    if (is_misspelt(key)) {
        output_partial(r->output, "%s spells %s in another case", file.text,
                       quote(str_from(key)).text);
        output_uncertain(r->output);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(key, options[i]) == 0 && !json_is_object(value) && !json_is_null(value)) {
            output_fails(r->output, "%s sets %s to what is no mapping", file.text, key);
            return false;
        }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(key, texts[i]) == 0 && !json_is_string(value) && !json_is_null(value)) {
            output_fails(r->output, "%s sets %s to what is no text", file.text, key);
            return false;
        }
    return true;
}

/* Depth and type of all that is merged; the rest of a broken override is Helm's or kustomize's. */
static bool check_document(struct render *r, struct quoted file, json_t *document)
{
    const char *key;
    json_t *value;

    json_object_foreach(document, key, value)
    {
        if (!check_member(r, file, key, value))
            return false;
    }
    return true;
}

static bool read_text(struct render *r, const json_t *directory, const char *key, struct str *out)
{
    const json_t *value = json_value_at(directory, key);

    if (value && !json_is_string(value)) {
        output_fails(r->output, "an override sets directory.%s to what is no text", key);
        return false;
    }
    *out = json_view(value);
    return true;
}

/* From the merged options back into the source. */
static bool read_back(struct render *r, struct overridden *o)
{
    const json_t *directory = json_object_at(o->options, "directory");
    const json_t *recurse = json_value_at(directory, "recurse");

    if (recurse && !json_is_boolean(recurse)) {
        output_fails(r->output, "an override sets directory.recurse to neither true nor false");
        return false;
    }
    o->source.directory.present = directory != NULL;
    o->source.directory.recurse = json_is_true(recurse);
    o->source.directory.jsonnet =
        o->source.directory.jsonnet || json_object_size(json_object_at(directory, "jsonnet")) != 0;
    o->source.helm = json_object_at(o->options, "helm");
    o->source.kustomize = json_object_at(o->options, "kustomize");
    o->source.plugin = json_object_at(o->options, "plugin");
    return read_text(r, directory, "include", &o->source.directory.include) &&
           read_text(r, directory, "exclude", &o->source.directory.exclude);
}

static bool merge_document(struct render *r, struct quoted file, json_t *document)
{
    if (!check_document(r, file, document))
        return false;
    if (!r->overridden)
        r->overridden = overridden_new(r);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        json_t *patch = json_object_at(document, options[i]);

        if (!patch)
            continue;
        r->overridden->set |= 1U << i;
        merge(r->overridden->options, options[i], patch, false, 0);
    }
    r->request = &r->overridden->request;
    return read_back(r, r->overridden);
}

/* True also where there is no such file, or a directory of that name. */
static bool apply_file(struct render *r, const char *name)
{
    const struct document *document;
    struct quoted file;
    size_t node;

    if (tree_follow(r->tree, r->directory, str_from(name), &node) != TREE_FOUND ||
        r->tree->nodes[node].kind == NODE_DIRECTORY)
        return true;
    file = quote(str_from(r->tree->nodes[node].path));
    document = contents_document(r->contents, node);
    if (!document || (!document->json && !document->what)) {
        output_partial(r->output, "%s %s", file.text, document ? "is empty" : "cannot be read");
        output_uncertain(r->output);
        return false;
    }
    if (document->what) {
        output_fails(r->output, "%s %s", file.text, document->what);
        return false;
    }
    return merge_document(r, file, document->json);
}

bool overrides_apply(struct render *r)
{
    const struct render_request *q = r->request;
    struct str instance = q->instance_name.n ? q->instance_name : q->app_name;
    AUTO(freep) char *own = xasprintf(".argocd-source-%.*s.yaml", STR_ARG(instance));

    return apply_file(r, ".argocd-source.yaml") && apply_file(r, own);
}
