/* replacements (kustomize 5.7 api/filters/replacement). */
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_schema.h"
#include "repository/kustomize_selector.h"
#include "repository/kustomize_shape.h"
#include "repository/kustomize_text.h"
#include "repository/source_type.h"
#include <ctype.h>
#include <string.h>

enum {
    PATH_MAX_PARTS = 32,
    VALUE_MAX_BYTES = 1000, /* one that is put behind itself doubles each time; names end at 253 */
};

/* a.b.[c.d/e].f, of names only. */
struct path {
    struct str parts[PATH_MAX_PARTS];
    size_t n;
};

static bool is_name(struct str part)
{
    bool has_other = false;

    for (size_t i = 0; i < part.n; i++) {
        if (!isalnum((unsigned char)part.p[i]) && !strchr("_-/", part.p[i]))
            return false;
        has_other |= !isdigit((unsigned char)part.p[i]);
    }
    return part.n && has_other && part.p[0] != '-';
}

/* [a.b]: one key with dots. Without a dot it would be an index, with = an element of a list. */
static bool read_bracketed(struct str *rest, struct path *out)
{
    size_t end = str_find_char(*rest, ']');
    struct str key = str_sub(*rest, 1, end);

    if (end == rest->n || str_find_char(key, '.') == key.n || str_find_char(key, '=') < key.n ||
        str_find_char(key, '[') < key.n || str_find_char(key, '\\') < key.n ||
        (end + 1 < rest->n && rest->p[end + 1] != '.') || out->n == PATH_MAX_PARTS)
        return false;
    out->parts[out->n++] = key;
    *rest = end + 1 < rest->n ? str_sub(*rest, end + 2, rest->n) : STR_NONE;
    return true;
}

/* False where the path is more than names. */
static bool read_path(struct str text, struct path *out)
{
    struct str rest = text;
    struct str part;

    out->n = 0;
    while (rest.p) {
        if (rest.n && rest.p[0] == '[') {
            if (!read_bracketed(&rest, out))
                return false;
            continue;
        }
        (void)str_split(&rest, '.', &part);
        if (!is_name(part) || out->n == PATH_MAX_PARTS)
            return false;
        out->parts[out->n++] = part;
    }
    return out->n > 0;
}

static json_t *member(const json_t *object, struct str key)
{
    AUTO(freep) char *name = xstrndup(key);

    return json_object_get(object, name);
}

/* The value at the path. NULL with NO: it is missing; with NOT_KNOWN: whether it is. */
static enum tri look_up(json_t *object, const struct path *path, json_t **out)
{
    json_t *at = object;

    for (size_t i = 0; i < path->n; i++) {
        json_t *next = member(at, path->parts[i]);

        if (!json_is_object(at) || (!next && kustomize_shape_may_have_more(at)) ||
            str_is(json_view(next), SHAPE_ANYTHING) || json_is_null(next))
            return TRI_NOT_KNOWN;
        if (!next)
            return TRI_NO;
        at = next;
    }
    *out = at;
    return TRI_YES;
}

enum tri level_look_up(json_t *object, struct str path, json_t **out)
{
    struct path parts;

    return read_path(path, &parts) ? look_up(object, &parts, out) : TRI_NOT_KNOWN;
}

static bool is_selected(const struct identity *id, struct str version, struct str namespace,
                        const json_t *selector)
{
    struct str name = json_str_at(selector, "name");
    struct str wanted = json_str_at(selector, "namespace");
    struct str kind = json_str_at(selector, "kind");
    struct str group = json_str_at(selector, "group");
    struct str of_version = json_str_at(selector, "version");

    if (!namespace.n)
    namespace = STR("default");
    return (!name.n || str_eq(name, id->name)) && (!wanted.n || str_eq(wanted, namespace)) &&
           (!kind.n || str_eq(kind, id->kind)) && (!group.n || str_eq(group, id->group)) &&
           (!of_version.n || str_eq(of_version, version));
}

/* By what it is, or was. */
static bool is_meant(const struct item *item, const json_t *selector)
{
    if (is_selected(&item->id, item->version, item->id.namespace, selector))
        return true;
    for (size_t i = 0; i < item->n_previous; i++) {
        struct identity was = {item->id.group, item->previous[i].kind, item->previous[i].namespace,
                               item->previous[i].name};

        if (is_selected(&was, item->version, was.namespace, selector))
            return true;
    }
    return false;
}

static bool has_selectors(const json_t *selector)
{
    return json_str_at(selector, "labelSelector").n ||
           json_str_at(selector, "annotationSelector").n;
}

/* Its labels and annotations against those two selectors. */
static enum tri matches_marks(const struct item *item, const json_t *selector)
{
    enum tri a =
        kustomize_selector_labels(json_str_at(selector, "labelSelector"), items_labels(item));
    enum tri b = kustomize_selector_labels(json_str_at(selector, "annotationSelector"),
                                           items_annotations(item));

    if (a == TRI_NO || b == TRI_NO)
        return TRI_NO;
    return a == TRI_YES && b == TRI_YES ? TRI_YES : TRI_NOT_KNOWN;
}

static bool is_empty_id(const json_t *selector)
{
    static const char *const members[] = {"group", "version", "kind", "name", "namespace"};

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (json_str_at(selector, members[i]).n)
            return false;
    return true;
}

static enum tri is_target(const struct item *item, const json_t *target)
{
    const json_t *select = json_object_get(target, "select");
    enum tri answer;
    size_t index;
    json_t *reject;

    if (!is_meant(item, select))
        return TRI_NO;
    answer = matches_marks(item, select);
    json_array_foreach(json_object_get(target, "reject"), index, reject)
    {
        enum tri one = has_selectors(reject) ? matches_marks(item, reject) : TRI_NO;

        if (answer == TRI_NO)
            break;
        if (one == TRI_YES || (!is_empty_id(reject) && is_meant(item, reject)))
            answer = TRI_NO;
        else if (one == TRI_NOT_KNOWN)
            answer = TRI_NOT_KNOWN;
    }
    return answer;
}

/* One replacement being carried out. */
struct replacement {
    struct level *level;
    char *value; /* NULL: not known, or no text */
};

static void read_options(const json_t *options, struct str *delimiter, long *index)
{
    *delimiter = json_str_at(options, "delimiter");
    *index = (long)json_number_value(json_object_get(options, "index"));
}

/* The part of the source's value that is meant; false where there is no such part. */
static bool take_part(struct str value, const json_t *options, struct str *out)
{
    struct str delimiter;
    struct str rest = value;
    long index;

    read_options(options, &delimiter, &index);
    *out = value;
    if (!delimiter.n)
        return true;
    for (long i = 0; i <= index && str_split(&rest, delimiter.p[0], out); i++)
        if (i == index)
            return true;
    return false;
}

static struct item *find_source(struct level *l, const json_t *source)
{
    struct items *t = &l->build->items;
    struct item *found = NULL;

    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        if (!is_meant(&t->list[i], source))
            continue;
        if (found) {
            level_fails(l, "has a replacement whose source fits several objects");
            return NULL;
        }
        found = &t->list[i];
    }
    if (!found)
        level_misses(l, "a replacement", json_str_at(source, "name"));
    return found;
}

static void read_source(struct replacement *r, const json_t *source)
{
    struct level *l = r->level;
    struct item *item = find_source(l, source);
    const json_t *options = json_object_get(source, "options");
    struct str text = json_str_at(source, "fieldPath");
    struct str part;
    struct path path;
    json_t *value = NULL;

    if (!item)
        return;
    if (json_str_at(options, "delimiter").n > 1 ||
        !read_path(text.n ? text : STR("metadata.name"), &path)) {
        level_may_fail(l, "has a replacement whose source is not followed");
        return;
    }
    switch (look_up(items_own(item), &path, &value)) {
    case TRI_NO:
        level_fails(l, "has a replacement whose source lacks the field");
        return;
    case TRI_NOT_KNOWN:
        level_may_fail(l, "has a replacement whose source is not kept");
        return;
    case TRI_YES:
        break;
    }
    if (kustomize_shape_is_open(value) || !json_is_string(value) || !json_string_length(value)) {
        if (json_str_at(options, "delimiter").n || !json_is_string(value) ||
            !json_string_length(value))
            level_may_fail(l, "has a replacement whose source is not kept");
        return;
    }
    if (!take_part(json_view(value), options, &part))
        level_fails(l, "has a replacement whose source has no such part");
    else
        r->value = xstrndup(part);
}

static bool starts_with(const struct path *path, const char *first, const char *second)
{
    return path->n && str_is(path->parts[0], first) &&
           (!second || path->n == 1 || str_is(path->parts[1], second));
}

static enum item_keeps what_stays(const struct path *path, bool followed)
{
    if (!followed || starts_with(path, "kind", NULL) || starts_with(path, "apiVersion", NULL) ||
        (path->n == 1 && str_is(path->parts[0], "metadata")))
        return KEEPS_NOTHING;
    return starts_with(path, "metadata", "name") || starts_with(path, "metadata", "namespace")
               ? KEEPS_KIND
               : KEEPS_IDENTITY;
}

static bool is_mark(const struct path *path)
{
    return starts_with(path, "metadata", "labels") || starts_with(path, "metadata", "annotations");
}

/* A member that may not be there yet, with the objects above it. */
static bool set_at(json_t *object, const struct path *path, bool creates, json_t *value)
{
    json_t *at = object;

    for (size_t i = 0; i < path->n; i++) {
        AUTO(freep) char *key = xstrndup(path->parts[i]);
        json_t *next = json_object_get(at, key);

        if (i + 1 == path->n) {
            (void)json_object_set(at, key, value);
            return true;
        }
        if (!next && creates) {
            (void)json_object_set_new(at, key, json_object());
            next = json_object_get(at, key);
        }
        if (!json_is_object(next))
            return false;
        at = next;
    }
    return false;
}

/* Whether the field is there, or will be made. */
static bool check_field(struct replacement *r, struct item *item, const struct path *path,
                        bool creates, json_t **was)
{
    switch (look_up(items_own(item), path, was)) {
    case TRI_YES:
        return true;
    case TRI_NO:
        if (creates)
            return true;
        level_fails(r->level, "has a replacement of a field that %s %s lacks",
                    quote(item->id.kind).text, quote(item->id.name).text);
        return false;
    default:
        level_may_fail(r->level, "has a replacement of a field that is not kept");
        return true;
    }
}

/* Where the delimiter next stands; text.n without. */
static size_t find_delimiter(struct str text, struct str delimiter)
{
    for (size_t i = 0; i + delimiter.n <= text.n; i++)
        if (memcmp(text.p + i, delimiter.p, delimiter.n) == 0)
            return i;
    return text.n;
}

/* setFieldValue(): one of the parts between delimiters, or a part more at one end. */
static char *put_part(struct str was, struct str part, struct str delimiter, long index)
{
    size_t start = 0;
    size_t end = find_delimiter(was, delimiter);

    if (index < 0)
        return xasprintf("%.*s%.*s%.*s", STR_ARG(part), STR_ARG(delimiter), STR_ARG(was));
    for (; index && end < was.n; index--) {
        start = end + delimiter.n;
        end = start + find_delimiter(str_sub(was, start, was.n), delimiter);
    }
    if (index)
        return xasprintf("%.*s%.*s%.*s", STR_ARG(was), STR_ARG(delimiter), STR_ARG(part));
    return xasprintf("%.*s%.*s%.*s", STR_ARG(str_sub(was, 0, start)), STR_ARG(part),
                     STR_ARG(str_sub(was, end, was.n)));
}

static bool is_short(struct str text)
{
    return text.n <= VALUE_MAX_BYTES && (!text.n || !memchr(text.p, '\0', text.n));
}

/* What the field holds then; NULL where that is not known. */
static char *new_value(const struct replacement *r, const json_t *was, const json_t *options)
{
    struct str delimiter;
    long index;

    read_options(options, &delimiter, &index);
    if (!r->value || !is_short(str_from(r->value)))
        return NULL;
    if (!delimiter.n)
        return xstrdup(r->value);
    if (was && (!json_is_string(was) || !is_short(json_view(was)) || kustomize_shape_is_open(was)))
        return NULL;
    return put_part(json_view(was), str_from(r->value), delimiter, index);
}

static bool is_plain_integer(const char *text)
{
    size_t n = strspn(text, "0123456789");

    return n && n <= 9 && !text[n] && (*text != '0' || n == 1);
}

static bool is_integer(const json_t *value)
{
    return json_is_integer(value) || str_is(json_view(value), SHAPE_INTEGER);
}

/* A scalar keeps its type, and the build fails in the end where the new text is of another. */
static void check_type(const struct replacement *r, const json_t *was, const char *written)
{
    bool is_typed = json_is_number(was) || json_is_boolean(was) || is_integer(was) ||
                    str_is(json_view(was), SHAPE_TYPED);

    if (is_typed && !(is_integer(was) && written && is_plain_integer(written)))
        level_may_fail(r->level, "has a replacement of what is no text");
}

/* Whether an object whose name or more is not known may come to bear another one's. */
static bool may_collide(const struct level *l, const struct item *item, enum item_keeps keeps)
{
    const struct items *t = &l->build->items;

    for (size_t i = l->first; keeps != KEEPS_IDENTITY && i < t->n; i++)
        if (&t->list[i] != item &&
            (keeps == KEEPS_NOTHING || str_eq(t->list[i].id.kind, item->id.kind)))
            return true;
    return false;
}

static void replace_by_unknown(struct replacement *r, struct item *item, enum item_keeps keeps)
{
    struct level *l = r->level;

    if (may_collide(l, item, keeps))
        level_may_fail(l, "has a replacement of a part of %s %s", quote(item->id.kind).text,
                       quote(item->id.name).text);
    else
        level_partial(l, "has a replacement of a part of %s %s", quote(item->id.kind).text,
                      quote(item->id.name).text);
    items_open(&l->build->items, item, keeps);
}

static void replace(struct replacement *r, struct item *item, struct str text,
                    const json_t *options)
{
    struct items *t = &r->level->build->items;
    bool creates = json_bool_at(options, "create", false);
    struct path path;
    bool followed = read_path(text, &path);
    enum item_keeps keeps = what_stays(&path, followed);
    json_t *was = NULL;
    AUTO(json_unrefp) json_t *value = NULL;
    AUTO(freep) char *written = NULL;

    if (!followed) {
        bool in_spec = str_starts(text, STR("spec.")) || str_starts(text, STR("data."));

        level_may_fail(r->level, "has a replacement of a field that is not followed");
        if (!in_spec)
            items_open(t, item, KEEPS_NOTHING);
        else
            (void)json_object_set_new(items_own(item),
                                      str_starts(text, STR("spec.")) ? "spec" : "data",
                                      json_string(SHAPE_ANYTHING));
        item->changed = true;
        return;
    }
    if (!check_field(r, item, &path, creates, &was))
        return;
    item->changed |= keeps == KEEPS_NOTHING || (keeps == KEEPS_IDENTITY && !is_mark(&path));
    if (json_str_at(options, "delimiter").n && (json_is_object(was) || json_is_array(was))) {
        level_fails(r->level, "has a replacement of a part of what is no text");
        return;
    }
    written = new_value(r, was, options);
    check_type(r, was, written);
    if (!written && (keeps != KEEPS_IDENTITY || is_mark(&path))) {
        replace_by_unknown(r, item, keeps);
        return;
    }
    value = json_string(is_integer(was) ? SHAPE_INTEGER : written ? written : SHAPE_SCALAR);
    if (!set_at(items_own(item), &path, creates, value))
        level_may_fail(r->level, "has a replacement of a field that is not kept");
    if (!items_reread(t, item)) {
        level_may_fail(r->level, "has a replacement that leaves an object without usable name");
        items_open(t, item, KEEPS_NOTHING);
    } else {
        level_check_shape(r->level, item);
    }
}

static void replace_fields(struct replacement *r, struct item *item, const json_t *target)
{
    const json_t *paths = json_object_get(target, "fieldPaths");
    size_t index;
    json_t *path;

    if (json_array_size(paths) == 0)
        replace(r, item, STR("metadata.name"), json_object_get(target, "options"));
    json_array_foreach(paths, index, path)
    {
        if (!level_has_failed(r->level) && !item->gone)
            replace(r, item, json_view(path), json_object_get(target, "options"));
    }
}

/* What the fields of a target leave of an object that may be one. */
static enum item_keeps what_all_leave(const json_t *paths)
{
    enum item_keeps least = json_array_size(paths) ? KEEPS_IDENTITY : KEEPS_KIND; /* the name */
    size_t index;
    json_t *text;

    json_array_foreach(paths, index, text)
    {
        struct str one = json_view(text);
        struct path path;
        enum item_keeps keeps = KEEPS_IDENTITY;

        if (!str_starts(one, STR("spec.")) && !str_starts(one, STR("data.")))
            keeps = what_stays(&path, read_path(one, &path));
        if (keeps > least)
            least = keeps;
    }
    return least;
}

static bool is_word(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!isalnum((unsigned char)text.p[i]))
            return false;
    return text.n > 0;
}

/* What is possible besides may be a target, too. */
static void widen_holes(struct level *l, const json_t *target)
{
    struct items *t = &l->build->items;
    struct str kind = json_str_at(json_object_get(target, "select"), "kind"); /* an expression */
    enum item_keeps keeps = what_all_leave(json_object_get(target, "fieldPaths"));

    for (size_t i = l->first_hole; keeps != KEEPS_IDENTITY && i < t->n_holes; i++)
        if (!t->holes[i].kind.n || !is_word(kind) || str_eq(kind, t->holes[i].kind))
            items_widen_hole(&t->holes[i], keeps);
}

static void replace_in(struct replacement *r, const json_t *target)
{
    struct items *t = &r->level->build->items;

    if (!json_object_get(target, "select")) {
        level_fails(r->level, "has a replacement without target");
        return;
    }
    if (has_selectors(json_object_get(target, "select")) &&
        (kustomize_selector_labels(json_str_at(json_object_get(target, "select"), "labelSelector"),
                                   NULL) == TRI_NOT_KNOWN ||
         kustomize_selector_labels(
             json_str_at(json_object_get(target, "select"), "annotationSelector"), NULL) ==
             TRI_NOT_KNOWN))
        level_may_fail(r->level, "has a replacement whose target is not evaluated");
    level_doubt_holes(r->level, "replacements", json_object_get(target, "select"));
    for (size_t i = r->level->first; i < t->n && items_work(t) && !level_has_failed(r->level);
         i++) {
        switch (is_target(&t->list[i], target)) {
        case TRI_YES:
            replace_fields(r, &t->list[i], target);
            break;
        case TRI_NO:
            break;
        case TRI_NOT_KNOWN:
            level_may_fail(r->level, "has a replacement whose target is not evaluated");
            items_open(t, &t->list[i], KEEPS_NOTHING);
            break;
        }
    }
    widen_holes(r->level, target);
    items_sweep(t, r->level->first);
}

static void carry_out(struct level *l, const json_t *entry)
{
    struct replacement r = {.level = l};
    const json_t *source = json_object_get(entry, "source");
    const json_t *value = json_object_get(entry, "sourceValue");
    const json_t *targets = json_object_get(entry, "targets");
    size_t index;
    json_t *target;

    if (!source == !value || !targets) {
        level_fails(l, "has a replacement without source or targets");
        return;
    }
    if (value)
        r.value = xstrndup(json_view(value));
    else
        read_source(&r, source);
    json_array_foreach(targets, index, target)
    {
        if (!level_has_failed(l))
            replace_in(&r, target);
    }
    freep(&r.value);
}

static void carry_out_document(struct level *l, const json_t *document)
{
    AUTO(json_unrefp) json_t *copy = json_deep_copy(document);
    AUTO(freep) char *why = NULL;

    if (json_is_object(copy) &&
        kustomize_schema_check_as(SCHEMA_REPLACEMENT, copy, &why) == TRI_YES)
        carry_out(l, copy);
    else
        level_anything(l, "names a replacement that is not followed");
}

static void carry_out_file(struct level *l, const json_t *path)
{
    const json_t *documents = level_documents(l, path);
    const json_t *first = json_array_get(documents, 0);
    size_t index;
    json_t *entry;

    if (!documents)
        return;
    if (json_array_size(documents) != 1 || kustomize_text_says_nothing(documents))
        level_anything(l, "names a replacement that is not followed");
    else if (json_is_array(first))
        json_array_foreach(first, index, entry) carry_out_document(l, entry);
    else
        carry_out_document(l, first);
}

void level_replacements(struct level *l, const json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (level_has_failed(l) || !items_work(&l->build->items))
            return;
        if (json_str_at(entry, "path").n && (json_object_get(entry, "source") ||
                                             json_array_size(json_object_get(entry, "targets"))))
            level_fails(l, "has a replacement with both path and source");
        else if (json_str_at(entry, "path").n)
            carry_out_file(l, json_object_get(entry, "path"));
        else
            carry_out(l, entry);
    }
}
