#include "oracle.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* The extents of one scan. */
struct extents {
    struct scan_extent *rows;
    size_t n;
    size_t capacity;
};

static void keep_extent(void *closure, const struct scan_extent *extent)
{
    struct extents *e = closure;

    e->rows = xgrow(e->rows, e->n, &e->capacity, sizeof *e->rows);
    e->rows[e->n++] = *extent;
}

static bool feed_keeping(struct str document, struct feeding how, struct extents *extents,
                         struct review **out, struct err *err)
{
    AUTO(scan_freep)
    struct scan *s = scan_new(&(struct scan_options){
        .path = how.path, .on_extent = extents ? keep_extent : NULL, .closure = extents});
    AUTO(freep) char *copy = NULL;
    size_t n_copy = 0;
    size_t at = 0;

    while (at < document.n) {
        size_t n = how.chunk ? how.chunk : document.n;

        if (how.seed)
            n = 1 + next_random(&how.seed) % how.chunk;
        if (n > document.n - at)
            n = document.n - at;
        /* A copy of exactly its size, so that the sanitizers see a look beyond the chunk. */
        if (n != n_copy) {
            free(copy);
            copy = xmalloc(n);
            n_copy = n;
        }
        memcpy(copy, document.p + at, n);
        (void)scan_feed(s, (struct str){copy, n});
        at += n;
    }
    return scan_finish(s, out, err);
}

bool feed(struct str document, struct feeding how, struct review **out, struct err *err)
{
    return feed_keeping(document, how, NULL, out, err);
}

static bool same_tree(const json_t *a, const json_t *b)
{
    return (!a && !b) || (a && b && json_equal(a, b));
}

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool same_review(const struct review *a, const struct review *b)
{
    return str_eq(a->uid, b->uid) && a->operation == b->operation && a->kind == b->kind &&
           str_eq(a->kind_text, b->kind_text) && str_eq(a->operation_text, b->operation_text) &&
           str_eq(a->namespace, b->namespace) && str_eq(a->name, b->name) &&
           str_eq(a->resource, b->resource) && str_eq(a->sub_resource, b->sub_resource) &&
           a->dry_run == b->dry_run && str_eq(a->user, b->user) &&
           same_tree(a->groups, b->groups) && a->unchanged == b->unchanged &&
           same_tree(a->object, b->object) && same_tree(a->old_object, b->old_object) &&
           same_text(a->object_unreadable, b->object_unreadable) &&
           same_text(a->old_object_unreadable, b->old_object_unreadable);
}

/* What jansson's tree of the whole document says: written without the scanner's table. */

static bool is_object_or_absent(const json_t *parent, const char *key)
{
    const json_t *value = json_value_at(parent, key);

    return !value || json_is_object(value);
}

static bool is_text_or_absent(const json_t *parent, const char *key)
{
    const json_t *value = json_value_at(parent, key);

    return !value || json_is_string(value);
}

static bool is_review(const json_t *document)
{
    static const char *const texts[] = {"uid", "subResource", "operation", "namespace", "name"};
    const json_t *request = json_object_at(document, "request");
    const json_t *user = json_object_at(request, "userInfo");
    const json_t *groups = json_value_at(user, "groups");
    const json_t *dry_run = json_value_at(request, "dryRun");
    const json_t *group;
    size_t i;

    if (!str_is(json_str_at(document, "apiVersion"), "admission.k8s.io/v1") ||
        !str_is(json_str_at(document, "kind"), "AdmissionReview") ||
        !is_object_or_absent(request, "kind") || !is_object_or_absent(request, "resource") ||
        !is_object_or_absent(request, "userInfo") || json_str_at(request, "uid").n == 0)
        return false;
    for (i = 0; i < ARRAY_LEN(texts); i++) {
        if (!is_text_or_absent(request, texts[i]))
            return false;
    }
    if (!is_text_or_absent(json_object_at(request, "kind"), "group") ||
        !is_text_or_absent(json_object_at(request, "kind"), "kind") ||
        !is_text_or_absent(json_object_at(request, "resource"), "resource") ||
        !is_text_or_absent(user, "username") || (dry_run && !json_is_boolean(dry_run)) ||
        (groups && !json_is_array(groups)))
        return false;
    json_array_foreach(groups, i, group)
    {
        if (!json_is_string(group))
            return false;
    }
    return true;
}

static bool is_unreadable(const json_t *object)
{
    const json_t *metadata = json_value_at(object, "metadata");

    return object && (!json_is_object(object) || (metadata && !json_is_object(metadata)) ||
                      !is_object_or_absent(metadata, "annotations"));
}

static const char *const annotations_read[] = {"argocd.argoproj.io/tracking-id",
                                               "argocd.argoproj.io/installation-id",
                                               "argocd.argoproj.io/hook",
                                               "argocd.argoproj.io/sync-options",
                                               "helm.sh/hook",
                                               "syncguard.dev/exempt"};
static const char *const metadata_read[] = {"name",      "namespace",       "generateName",
                                            "labels",    "ownerReferences", "deletionTimestamp",
                                            "finalizers"};
static const char *const object_read[] = {"spec", "operation"};

static void take(json_t *into, const json_t *from, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (json_value_at(from, keys[i]))
            (void)json_object_set(into, keys[i], json_value_at(from, keys[i]));
    }
}

static void put_unless_empty(json_t *into, const char *key, json_t *value)
{
    if (json_object_size(value))
        (void)json_object_set(into, key, value);
    json_decref(value);
}

/* Without status. NULL when absent or unreadable. */
static json_t *expected_projection(const json_t *object)
{
    json_t *root;
    json_t *metadata;
    json_t *annotations;

    if (!object || is_unreadable(object))
        return NULL;
    root = json_object();
    metadata = json_object();
    annotations = json_object();
    take(annotations, json_object_at(json_object_at(object, "metadata"), "annotations"),
         annotations_read, ARRAY_LEN(annotations_read));
    take(metadata, json_object_at(object, "metadata"), metadata_read, ARRAY_LEN(metadata_read));
    put_unless_empty(metadata, "annotations", annotations);
    put_unless_empty(root, "metadata", metadata);
    take(root, object, object_read, ARRAY_LEN(object_read));
    return root;
}

static json_t *without(const json_t *metadata_owner, const char *const *keys, size_t n)
{
    json_t *copy = json_deep_copy(metadata_owner);
    json_t *metadata = json_object_get(copy, "metadata");

    for (size_t i = 0; i < n; i++)
        (void)json_object_del(metadata, keys[i]);
    if (metadata && json_object_size(metadata) == 0)
        (void)json_object_del(copy, "metadata");
    return copy;
}

/* The projection's fields that rules compare. */
static json_t *compared_part(const json_t *projection)
{
    static const char *const others[] = {"name", "namespace", "generateName", "finalizers"};

    return without(projection, others, ARRAY_LEN(others));
}

static json_t *expected_resources(const json_t *object, struct str name)
{
    const json_t *resources = json_array_at(json_object_at(object, "status"), "resources");
    json_t *out = json_array();
    json_t *entry;
    size_t i;

    json_array_foreach(resources, i, entry)
    {
        struct str kind = json_str_at(entry, "kind");

        if (str_is(kind, "Secret") || str_is(kind, "ExternalSecret") ||
            (str_is(kind, "Application") && str_eq(json_str_at(entry, "name"), name)))
            (void)json_array_append(out, entry);
    }
    return out;
}

static bool same_request(const struct review *r, const json_t *request)
{
    const json_t *kind = json_object_at(request, "kind");
    const json_t *user = json_object_at(request, "userInfo");

    return str_eq(r->uid, json_str_at(request, "uid")) &&
           str_eq(r->operation_text, json_str_at(request, "operation")) &&
           str_eq(r->namespace, json_str_at(request, "namespace")) &&
           str_eq(r->name, json_str_at(request, "name")) &&
           str_eq(r->sub_resource, json_str_at(request, "subResource")) &&
           str_eq(r->resource, json_str_at(json_object_at(request, "resource"), "resource")) &&
           str_eq(r->kind_text, json_str_at(kind, "kind")) &&
           str_eq(r->user, json_str_at(user, "username")) &&
           r->dry_run == json_bool_at(request, "dryRun", false) &&
           same_tree(r->groups, json_value_at(user, "groups"));
}

/* status.resources of the stored object, then the rest of it. */
static bool same_old_object(const struct review *r, const json_t *old, json_t *expected,
                            bool must_have_resources)
{
    AUTO(json_unrefp) json_t *found = json_deep_copy(r->old_object);
    AUTO(json_unrefp) json_t *resources = expected_resources(old, r->name);
    const json_t *status = json_object_get(r->old_object, "status");

    if (status && !same_tree(json_object_get(status, "resources"), resources))
        return false;
    if (!status && must_have_resources && json_array_at(json_object_at(old, "status"), "resources"))
        return false;
    if (found)
        (void)json_object_del(found, "status");
    return same_tree(found, expected);
}

static bool same_decoded(const struct review *r, const json_t *document, bool in_order,
                         const char **what)
{
    const json_t *request = json_object_at(document, "request");
    const json_t *object = json_value_at(request, "object");
    const json_t *old = json_value_at(request, "oldObject");
    AUTO(json_unrefp) json_t *expected = expected_projection(object);
    AUTO(json_unrefp) json_t *expected_old = expected_projection(old);
    AUTO(json_unrefp) json_t *compared = expected ? compared_part(expected) : NULL;
    AUTO(json_unrefp) json_t *compared_old = expected_old ? compared_part(expected_old) : NULL;
    bool differ = !same_tree(compared, compared_old);

    *what = "a field of the request";
    if (!same_request(r, request))
        return false;
    if (r->unchanged) {
        *what = "the shortcut";
        return expected && expected_old && !differ && r->operation == OPERATION_UPDATE &&
               r->sub_resource.n == 0 && !r->object && !r->old_object;
    }
    *what = "what is unreadable";
    if ((r->object_unreadable != NULL) != is_unreadable(object) ||
        (r->old_object_unreadable != NULL) != is_unreadable(old))
        return false;
    *what = "object";
    if (!same_tree(r->object, expected))
        return false;
    *what = "oldObject";
    return same_old_object(r, old, expected_old, in_order && expected && expected_old && differ);
}

static int by_place(const void *a, const void *b)
{
    const struct scan_extent *x = a;
    const struct scan_extent *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? 1 : x->to > y->to ? -1 : 0; /* the outer one first */
}

static bool was_not_read(const struct review *r, const struct scan_extent *e)
{
    const char *unreadable = e->object == 0 ? r->object_unreadable : r->old_object_unreadable;

    if (e->kind == SCAN_EXTENT_SKIPPED)
        return true;
    return e->object >= 0 && (unreadable || (e->kind == SCAN_EXTENT_CAPTURED && r->unchanged));
}

/* The document with everything that was not read replaced by null. */
static void substitute(struct str document, const struct review *r, struct extents *extents,
                       struct buf *out)
{
    uint64_t at = 0;

    if (extents->n)
        qsort(extents->rows, extents->n, sizeof *extents->rows, by_place);
    for (size_t i = 0; i < extents->n; i++) {
        const struct scan_extent *e = &extents->rows[i];

        if (!was_not_read(r, e) || e->from < at)
            continue;
        if (e->kind == SCAN_EXTENT_OBJECT || e->key_from == e->from) {
            buf_add(out, str_sub(document, at, e->from));
            buf_adds(out, "null");
        } else { /* two skipped members may bear the same key */
            buf_add(out, str_sub(document, at, e->key_from));
            buf_printf(out, "\"not read %zu\":null", i);
        }
        at = e->to;
    }
    buf_add(out, str_sub(document, at, document.n));
}

static bool fault_was_not_read(struct str document, const struct review *r, struct extents *extents,
                               char why[COMPLAINT_MAX])
{
    AUTO(buf_clearp) struct buf text = {0};
    AUTO(json_unrefp) json_t *tree = NULL;
    struct err err = {0};

    buf_init(&text, 2 * document.n + 64 * (extents->n + 1));
    substitute(document, r, extents, &text);
    if (json_read(buf_str(&text), &tree, &err))
        return true;
    (void)snprintf(why, COMPLAINT_MAX, "jansson rejects what was read: %.300s", err.why);
    /* A span may be as deep as jansson allows, which is deeper than its place in the document. */
    return strstr(err.why, "maximum parsing depth") != NULL;
}

static bool feedings_agree(struct str document, struct oracle_options options,
                           const struct review *first, const struct err *first_err,
                           char complaint[COMPLAINT_MAX])
{
    const struct feeding ways[] = {
        {SCAN_PORTABLE, 0, 0},
        {SCAN_BEST, 1, 0},
        {SCAN_PORTABLE, 1, 0},
        {SCAN_BEST, 200, options.seed | 1},
        {SCAN_PORTABLE, 200, options.seed | 1},
        {SCAN_BEST, 1 + options.seed % 70, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        AUTO(review_freep) struct review *r = NULL;
        struct err err = {0};

        if (options.quick && i != options.seed % ARRAY_LEN(ways))
            continue;
        (void)feed(document, ways[i], &r, &err);
        if ((r != NULL) != (first != NULL) || (r && !same_review(r, first)) ||
            strcmp(err.what, first_err->what) != 0) {
            (void)snprintf(complaint, COMPLAINT_MAX, "feeding %zu: \"%.200s\", whole: \"%.200s\"",
                           i, err.what, first_err->what);
            return false;
        }
    }
    return true;
}

static bool has_nul_byte(struct str document)
{
    return str_find_char(document, '\0') < document.n;
}

bool oracle_holds(struct str document, struct oracle_options options, char complaint[COMPLAINT_MAX])
{
    AUTO(review_freep) struct review *r = NULL;
    AUTO(json_unrefp) json_t *tree = NULL;
    struct extents extents = {0};
    struct err err = {0};
    struct err jansson_err = {0};
    const char *what = "";
    bool good = true;

    (void)feed_keeping(document, (struct feeding){.path = SCAN_BEST}, &extents, &r, &err);
    if (!feedings_agree(document, options, r, &err, complaint)) {
        good = false;
    } else if (!json_read(document, &tree, &jansson_err)) {
        good = !r || fault_was_not_read(document, r, &extents, complaint);
    } else if (!r && has_nul_byte(document)) {
        /* jansson 2.14 loses a NUL byte behind a number or a literal; it is no JSON (RFC 8259). */
        good = true;
    } else if ((r != NULL) != is_review(tree)) {
        good = false;
        (void)snprintf(complaint, COMPLAINT_MAX, "jansson accepts, the scanner: %.300s",
                       r ? "accepts what is no review" : err.what);
    } else if (r && !same_decoded(r, tree, options.in_order, &what)) {
        good = false;
        (void)snprintf(complaint, COMPLAINT_MAX, "%s is not what jansson read", what);
    }
    free(extents.rows);
    return good;
}
