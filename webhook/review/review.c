#include "review/review.h"
#include "base/json.h"
#include "objects/identity.h"
#include "review/decode.h"
#include "review/held.h"
#include <stdlib.h>

void review_free(struct review *r)
{
    if (!r)
        return;
    json_decref(r->object);
    json_decref(r->old_object);
    held_free(r->owned);
    free(r);
}

void review_freep(struct review **r)
{
    review_free(*r);
}

/* The object that holds the fields of a level; NULL when absent or of another type. */
static const json_t *holder(const json_t *object, enum path_level level)
{
    const json_t *metadata = json_object_at(object, "metadata");

    switch (level) {
    case LEVEL_OBJECT:
        return object;
    case LEVEL_METADATA:
        return metadata;
    case LEVEL_ANNOTATIONS:
        return json_object_at(metadata, "annotations");
    default:
        return NULL;
    }
}

/* The same projection as a review's, from the same table. */
static json_t *project(const json_t *object)
{
    json_t *root = json_object();

    for (unsigned id = 0; id < N_PATHS; id++) {
        const struct path_row *row = &path_table[id];
        const json_t *value = json_value_at(holder(object, row->level), row->key.p);

        /* A copy: the manifest is shared between threads, and hash tables are not meant to be. */
        if (value && row->action == PATH_CAPTURE && row->in_manifest)
            held_place(root, row, json_deep_copy(value));
    }
    return root;
}

static struct str keep_text(struct held *h, struct str text)
{
    return json_view(held_keep(h, json_stringn_nocheck(text.p ? text.p : "", text.n)));
}

bool review_from_manifest(const json_t *object, struct str namespace, const char *file,
                          unsigned line, struct review **out, struct err *err)
{
    const json_t *metadata = json_object_at(object, "metadata");
    const json_t *annotations = json_value_at(metadata, "annotations");
    struct str api_version = json_str_at(object, "apiVersion");
    struct str kind = json_str_at(object, "kind");
    struct str name = json_str_at(metadata, "name");
    const char *missing = !api_version.n ? "apiVersion"
                          : !kind.n      ? "kind"
                          : !name.n      ? "metadata.name"
                                         : NULL;
    size_t slash = str_find_char(api_version, '/');
    struct str group = slash < api_version.n ? str_sub(api_version, 0, slash) : STR("");
    struct review *r;

    if (missing) {
        err_what(err, ERR_INPUT, "the manifest has no %s", missing);
        if (file)
            err_where(err, "%s:%u", file, line);
        return false;
    }
    r = held_review_new();
    r->uid = r->sub_resource = r->resource = r->user = STR("");
    r->operation = OPERATION_CREATE;
    r->operation_text = STR("CREATE");
    r->kind = decode_kind(group, kind);
    r->kind_text = keep_text(r->owned, kind);
    r->namespace = keep_text(r->owned, namespace);
    r->name = keep_text(r->owned, name);
    if (annotations && !json_is_object(annotations))
        r->object_unreadable = "its annotations are not an object";
    else
        r->object = project(object);
    r->file = file;
    r->line = line;
    *out = r;
    return true;
}

/* Only a kind that rules judge has the member. */
static enum review_kind kind_of_line(const json_t *line)
{
    struct str kind = json_str_at(line, "kind");

    if (!json_object_get(line, "object") && !json_bool_at(line, "unchanged", false))
        return REVIEW_OTHER;
    if (str_is(kind, "Application"))
        return REVIEW_APPLICATION;
    return str_is(kind, "ExternalSecret") ? REVIEW_EXTERNAL_SECRET : REVIEW_OTHER;
}

/* One of the two objects of a line; null has none. */
static bool read_logged(const json_t *line, const char *key, struct held *h, json_t **out,
                        const char **unreadable, struct err *err)
{
    const json_t *logged = json_value_at(line, key);
    json_t *fields = json_object_at(logged, "fields");
    struct str why = json_str_at(logged, "unreadable");

    if (!logged)
        return true;
    if (why.p)
        *unreadable = json_string_value(held_keep(h, json_stringn_nocheck(why.p, why.n)));
    else if (fields)
        *out = json_deep_copy(fields);
    if (why.p || fields)
        return true;
    err_what(err, ERR_INPUT, "the line shows %s in an older form", key);
    return false;
}

/* What differed and is not shown differs here too, in a member that no rule reads. */
static void add_other_changes(const json_t *line, json_t *object)
{
    json_t *spec = json_value_at(object, "spec");

    if (!json_bool_at(line, "otherChanges", false) || !object)
        return;
    if (!spec) {
        spec = json_object();
        (void)json_object_set_new(object, "spec", spec);
    }
    (void)json_object_set_new(spec, "syncguard.dev/otherChanges", json_true());
}

bool review_from_line(const json_t *line, struct review **out, struct err *err)
{
    AUTO(review_freep) struct review *r = held_review_new();
    struct held *h = held_of(r);
    struct str operation = json_str_at(line, "operation");

    if (!operation.n) {
        err_what(err, ERR_INPUT, "the line has no operation");
        return false;
    }
    r->uid = keep_text(h, json_str_at(line, "uid"));
    r->operation = decode_operation(operation);
    r->operation_text = keep_text(h, operation);
    r->kind = kind_of_line(line);
    r->kind_text = keep_text(h, json_str_at(line, "kind"));
    r->namespace = keep_text(h, json_str_at(line, "namespace"));
    r->name = keep_text(h, json_str_at(line, "name"));
    r->sub_resource = keep_text(h, json_str_at(line, "subResource"));
    r->user = keep_text(h, json_str_at(line, "user"));
    r->resource = STR("");
    r->dry_run = json_bool_at(line, "dryRun", false);
    r->unchanged = json_bool_at(line, "unchanged", false);
    if (!read_logged(line, "object", h, &r->object, &r->object_unreadable, err) ||
        !read_logged(line, "oldObject", h, &r->old_object, &r->old_object_unreadable, err))
        return false;
    add_other_changes(line, r->object);
    *out = steal(&r);
    return true;
}
