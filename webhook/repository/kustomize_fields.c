#include "repository/kustomize_fields.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_shape.h"
#include <string.h>

/* Parts of a path; one of a CustomResourceDefinition's conversion has 7. */
enum { PATH_MAX_PARTS = 32 };

struct path {
    char *parts[PATH_MAX_PARTS]; /* owned */
    size_t n;
};

static void path_clear(struct path *p)
{
    while (p->n)
        freep(&p->parts[--p->n]);
}

/* Between slashes; "\/" stands for one (api/internal/utils, PathSplitter()). False where a part is
 * empty, or there are too many. */
static bool read_path(struct str text, struct path *out)
{
    AUTO(freep) char *part = xcalloc(1, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i <= text.n; i++) {
        bool is_escaped = i + 1 < text.n && text.p[i] == '\\' && text.p[i + 1] == '/';

        if (i < text.n && (text.p[i] != '/' || is_escaped)) {
            i += is_escaped;
            part[n++] = text.p[i];
            continue;
        }
        if (!n || out->n == PATH_MAX_PARTS)
            return false;
        out->parts[out->n++] = xstrndup((struct str){part, n});
        n = 0;
    }
    return true;
}

enum field kustomize_field(const json_t *spec)
{
    AUTO(path_clear) struct path p = {0};
    static const struct {
        const char *name;
        enum field field;
    } of_metadata[] = {
        {"name", FIELD_NAME},
        {"namespace", FIELD_NAMESPACE},
        {"labels", FIELD_LABELS},
        {"annotations", FIELD_ANNOTATIONS},
    };

    if (!read_path(json_str_at(spec, "path"), &p))
        return FIELD_NOT_FOLLOWED;
    for (size_t i = 0; p.n > 1 && strcmp(p.parts[0], "metadata") == 0 && i < ARRAY_LEN(of_metadata);
         i++)
        if (strcmp(p.parts[1], of_metadata[i].name) == 0)
            return p.n == 2 ? of_metadata[i].field : FIELD_NOT_FOLLOWED;
    if (str_starts(str_from(p.parts[0]), STR("kind")) ||
        str_starts(str_from(p.parts[0]), STR("apiVersion")) ||
        str_starts(str_from(p.parts[0]), STR("metadata")))
        return FIELD_NOT_FOLLOWED;
    return FIELD_OTHER;
}

static bool is_wanted(const json_t *spec, const char *member, struct str value)
{
    struct str wanted = json_str_at(spec, member);

    return !wanted.n || str_eq(wanted, value);
}

bool kustomize_field_selects(const json_t *spec, const struct identity *id, struct str version)
{
    return is_wanted(spec, "group", id->group) && is_wanted(spec, "version", version) &&
           is_wanted(spec, "kind", id->kind);
}

bool kustomize_field_is_for_all(const json_t *spec)
{
    return !json_str_at(spec, "group").n && !json_str_at(spec, "version").n &&
           !json_str_at(spec, "kind").n;
}

struct walk {
    const struct path *path;
    enum field_type type;
    bool creates;
};

static enum tri at_end(const struct walk *w, const json_t *value)
{
    bool fits = w->type == FIELD_IS_ANYTHING || json_is_null(value) ||
                (w->type == FIELD_IS_MAPPING ? json_is_object(value)
                                             : !json_is_object(value) && !json_is_array(value));

    return fits ? TRI_YES : TRI_NOT_KNOWN;
}

static enum tri walk(const struct walk *w, const json_t *value, size_t part);

static enum tri walk_list(const struct walk *w, const json_t *list, size_t part)
{
    enum tri answer = TRI_NO;
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        enum tri one = walk(w, entry, part);

        if (one == TRI_NOT_KNOWN)
            return one;
        if (one == TRI_YES)
            answer = one;
    }
    return answer;
}

/* A list is gone through whatever the path says; only a mapping takes a part of it. */
static enum tri walk(const struct walk *w, const json_t *value, size_t part)
{
    char *name;
    size_t n;

    if (str_is(json_view(value), SHAPE_ANYTHING))
        return TRI_NOT_KNOWN;
    if (part == w->path->n)
        return at_end(w, value);
    if (!value || json_is_null(value))
        return w->creates ? TRI_YES : TRI_NO;
    if (json_is_array(value))
        return walk_list(w, value, part);
    if (!json_is_object(value))
        return TRI_NOT_KNOWN;
    name = w->path->parts[part];
    n = strlen(name);
    if (n > 2 && strcmp(name + n - 2, "[]") == 0) {
        AUTO(freep) char *shorter = xstrndup((struct str){name, n - 2});
        const json_t *list = json_object_get(value, shorter);

        return list ? walk(w, list, part + 1) : TRI_NO;
    }
    if (!json_object_get(value, name))
        return w->creates || json_object_get(value, SHAPE_ANYTHING) ? TRI_YES : TRI_NO;
    return walk(w, json_object_get(value, name), part + 1);
}

enum tri kustomize_field_changes(const json_t *object, const json_t *spec, enum field_type type)
{
    AUTO(path_clear) struct path p = {0};
    struct walk w = {&p, type, json_bool_at(spec, "create", false)};

    return read_path(json_str_at(spec, "path"), &p) ? walk(&w, object, 0) : TRI_NOT_KNOWN;
}
