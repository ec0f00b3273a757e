/* Patches in their three forms (kustomize 5.7 api/internal/builtins, Patch*Transformer.go). */
#include "base/json.h"
#include "base/mem.h"
#include "repository/kustomize_level.h"
#include "repository/kustomize_merge.h"
#include "repository/kustomize_selector.h"
#include "repository/kustomize_shape.h"
#include "repository/kustomize_text.h"
#include <string.h>

/* One patch, being applied. */
struct patch {
    const json_t *document; /* a resource, or a list of operations */
    bool is_json;
    bool may_rename;
    bool may_change_kind;
    bool is_copied;       /* its labels and annotations become texts before */
    bool stores_previous; /* JSON patches of `patches` only */
    const char *field;
};

static bool says(const json_t *options, const char *name)
{
    return json_bool_at(options, name, false);
}

static bool touches(struct str path, const char *member)
{
    struct str name = str_from(member);

    return str_starts(path, name) && (path.n == name.n || path.p[name.n] == '/');
}

/* Whether an operation may give an object another identity; `path` is a JSON pointer. */
static bool is_identity_path(struct str path)
{
    return path.n < 2 || str_is(path, "/metadata") || touches(path, "/metadata/name") ||
           touches(path, "/metadata/namespace") || touches(path, "/kind") ||
           touches(path, "/apiVersion") || path.p[0] != '/';
}

static bool operations_touch_identity(const json_t *operations)
{
    size_t index;
    json_t *operation;

    json_array_foreach(operations, index, operation)
    {
        if (str_is(json_str_at(operation, "op"), "test"))
            continue;
        if (is_identity_path(json_str_at(operation, "path")) ||
            (str_is(json_str_at(operation, "op"), "move") &&
             is_identity_path(json_str_at(operation, "from"))))
            return true;
    }
    return false;
}

static bool is_mark_path(struct str path)
{
    return touches(path, "/metadata/labels") || touches(path, "/metadata/annotations");
}

/* Whether it changes more than labels and annotations. */
static bool operations_touch_more(const json_t *operations)
{
    size_t index;
    json_t *operation;

    json_array_foreach(operations, index, operation)
    {
        if (!str_is(json_str_at(operation, "op"), "test") &&
            (!is_mark_path(json_str_at(operation, "path")) ||
             str_is(json_str_at(operation, "op"), "move")))
            return true;
    }
    return false;
}

static bool merge_touches_more(const json_t *document)
{
    const json_t *metadata = json_object_get(document, "metadata");
    const char *key;
    json_t *value;

    json_object_foreach(json_unconst(document), key, value)
    {
        if (strcmp(key, "apiVersion") != 0 && strcmp(key, "kind") != 0 &&
            strcmp(key, "metadata") != 0)
            return true;
    }
    json_object_foreach(json_unconst(metadata), key, value)
    {
        if (strcmp(key, "name") != 0 && strcmp(key, "namespace") != 0 &&
            strcmp(key, "labels") != 0 && strcmp(key, "annotations") != 0)
            return true;
    }
    return false;
}

static bool touches_more(const struct patch *p)
{
    return p->is_json ? operations_touch_more(p->document) : merge_touches_more(p->document);
}

static enum item_keeps what_stays(const struct patch *p)
{
    if (p->is_json)
        return operations_touch_identity(p->document) ? KEEPS_NOTHING : KEEPS_IDENTITY;
    if (p->may_change_kind)
        return KEEPS_NOTHING;
    return p->may_rename ? KEEPS_KIND : KEEPS_IDENTITY;
}

static void report(struct level *l, const struct patch *p, const struct item *item,
                   enum patched result, const char *why)
{
    struct quoted kind = quote(item->id.kind);
    struct quoted name = quote(item->id.name);

    if (result == PATCH_FAILS)
        level_fails(l, "has in %s a patch of %s %s that %s", p->field, kind.text, name.text, why);
    else
        level_may_fail(l, "has in %s a patch of %s %s that %s", p->field, kind.text, name.text,
                       why);
}

/* What only the options of a patch let it change. */
static void restore(struct item *item, const struct identity *was, const struct patch *p)
{
    json_t *object = item->object;
    json_t *metadata = json_object_at(object, "metadata");

    if (!metadata) {
        (void)json_object_set_new(object, "metadata", json_object());
        metadata = json_object_at(object, "metadata");
    }
    if (!p->may_change_kind)
        (void)json_object_set_new(object, "kind", json_stringn(was->kind.p, was->kind.n));
    if (!p->may_rename)
        (void)json_object_set_new(metadata, "name", json_stringn(was->name.p, was->name.n));
    if (was->namespace.n)
        (void)json_object_set_new(metadata, "namespace",
                                  json_stringn(was->namespace.p, was->namespace.n));
    else
        (void)json_object_del(metadata, "namespace");
}

/*
 * resmap's ApplySmPatch() takes the patch's labels and annotations out and puts them back as texts:
 * null, which else takes one out, is "null" then, and a mapping that says nothing is gone.
 */
static void make_texts(json_t *metadata, const char *member)
{
    json_t *map = json_object_get(metadata, member);
    AUTO(json_unrefp) json_t *texts = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(map, key, value)
    {
        if (json_is_string(value))
            (void)json_object_set(texts, key, value);
        else
            (void)json_object_set_new(texts, key,
                                      json_string(json_is_null(value) ? "null" : SHAPE_SCALAR));
    }
    if (json_object_size(texts))
        (void)json_object_set(metadata, member, texts);
    else if (map)
        (void)json_object_del(metadata, member);
}

static void make_metadata_texts(json_t *document)
{
    json_t *metadata = json_copy(json_object_get(document, "metadata"));

    make_texts(metadata, "labels");
    make_texts(metadata, "annotations");
    (void)json_object_set_new(document, "metadata", metadata);
}

/* apiVersion of a patch with a target, or of one that names the object, is the object's. */
static json_t *merge_document(const struct patch *p, const struct item *item)
{
    json_t *copy = json_copy(json_unconst(p->document));

    if (item->object && json_object_get(item->object, "apiVersion"))
        (void)json_object_set(copy, "apiVersion", json_object_get(item->object, "apiVersion"));
    else
        (void)json_object_del(copy, "apiVersion");
    if (p->is_copied)
        make_metadata_texts(copy);
    return copy;
}

static bool resets_annotations(const json_t *document)
{
    const json_t *metadata = json_object_get(document, "metadata");
    const json_t *annotations = json_object_get(metadata, "annotations");

    return json_object_get(document, "$patch") || json_is_null(metadata) ||
           json_object_get(metadata, "$patch") || json_is_null(annotations) ||
           json_object_get(annotations, "$patch");
}

static void apply_merge(struct level *l, const struct patch *p, struct item *item)
{
    AUTO(json_unrefp) json_t *document = NULL;
    struct identity was = item->id;
    const char *why = NULL;
    enum patched result;

    if (p->may_rename || p->may_change_kind)
        items_store_previous(item);
    (void)items_own(item);
    document = merge_document(p, item);
    result = kustomize_merge(&item->object, document,
                             l->build->has_schema || items_has_schema(&item->id), &why);
    if (result == PATCH_DELETES) {
        if (item->has_var)
            level_may_fail(l, "has in %s a patch that deletes what a var refers to", p->field);
        item->gone = true;
        return;
    }
    if (result != PATCHED) {
        report(l, p, item, result, why);
        if (result == PATCH_NOT_KNOWN)
            items_open(&l->build->items, item, what_stays(p));
        return;
    }
    restore(item, &was, p);
    item->changed |= touches_more(p);
    if (!items_reread(&l->build->items, item)) {
        level_may_fail(l, "has in %s a patch that leaves %s %s without usable name", p->field,
                       quote(was.kind).text, quote(was.name).text);
        items_open(&l->build->items, item, KEEPS_NOTHING);
    } else if (resets_annotations(document)) {
        /* the names it bore before, which later patches go by, are kept among its annotations */
        level_partial(l, "has in %s a patch that takes annotations from %s %s", p->field,
                      quote(was.kind).text, quote(was.name).text);
        /* an object that is replaced as a whole may be taken for a second one */
        if (json_object_get(document, "$patch"))
            level_may_fail(l, "has in %s a patch with $patch", p->field);
        items_open(&l->build->items, item, KEEPS_IDENTITY);
    } else {
        level_check_shape(l, item);
    }
}

static void apply_operations(struct level *l, const struct patch *p, struct item *item)
{
    const char *why = NULL;
    enum patched result;

    if (p->stores_previous)
        items_store_previous(item);
    /* where kustomize keeps notes of its own, the annotations are there */
    if (item->n_previous || l->build->annotates)
        (void)items_own_map(item, "annotations");
    result = kustomize_merge_operations(items_own(item), p->document, &why);
    if (result != PATCHED) {
        report(l, p, item, result, why);
        if (result == PATCH_NOT_KNOWN)
            items_open(&l->build->items, item, what_stays(p));
        return;
    }
    item->changed |= touches_more(p);
    if (!items_reread(&l->build->items, item)) {
        level_may_fail(l, "has in %s a patch that leaves an object without usable name", p->field);
        items_open(&l->build->items, item, KEEPS_NOTHING);
    } else {
        level_check_shape(l, item);
    }
}

static void apply(struct level *l, const struct patch *p, struct item *item)
{
    if (p->is_json)
        apply_operations(l, p, item);
    else
        apply_merge(l, p, item);
}

/* regex of a target against a value it has or had first. */
static enum tri either(struct str pattern, struct str first, struct str now)
{
    enum tri a = kustomize_selector_regex(pattern, first);
    enum tri b = str_eq(first, now) ? a : kustomize_selector_regex(pattern, now);

    if (a == TRI_YES || b == TRI_YES)
        return TRI_YES;
    return a == TRI_NO && b == TRI_NO ? TRI_NO : TRI_NOT_KNOWN;
}

static enum tri both(enum tri a, enum tri b)
{
    if (a == TRI_NO || b == TRI_NO)
        return TRI_NO;
    return a == TRI_YES && b == TRI_YES ? TRI_YES : TRI_NOT_KNOWN;
}

enum tri level_select(const struct item *item, const json_t *target)
{
    struct str namespace = items_namespace(&item->id, item->version);
    struct str first_namespace = item->n_previous ? item->previous[0].namespace : namespace;
    struct str first_name = item->n_previous ? item->previous[0].name : item->id.name;
    enum tri answer;

    answer = either(json_str_at(target, "namespace"), first_namespace, namespace);
    answer = both(answer, either(json_str_at(target, "name"), first_name, item->id.name));
    answer = both(answer, kustomize_selector_regex(json_str_at(target, "group"), item->id.group));
    answer = both(answer, kustomize_selector_regex(json_str_at(target, "version"), item->version));
    answer = both(answer, kustomize_selector_regex(json_str_at(target, "kind"), item->id.kind));
    answer = both(answer, kustomize_selector_labels(json_str_at(target, "labelSelector"),
                                                    items_labels(item)));
    return both(answer, kustomize_selector_labels(json_str_at(target, "annotationSelector"),
                                                  items_annotations(item)));
}

/* What is possible besides may be meant, too: what was known of its name is gone then. */
static void widen_holes(struct level *l, const struct patch *p)
{
    struct items *t = &l->build->items;
    enum item_keeps keeps = what_stays(p);

    for (size_t i = l->first_hole; keeps != KEEPS_IDENTITY && i < t->n_holes; i++) {
        struct open_end *hole = &t->holes[i];

        if (keeps == KEEPS_NOTHING)
            *hole = (struct open_end){.argoproj = true, .external_secrets = true, .others = true};
        hole->prefix = hole->suffix = hole->namespace = STR("");
        hole->is_whole_name = false;
    }
}

/* A pattern that Go's regexp may refuse, or a selector: the build fails whatever it is tried on. */
static bool is_doubtful(const json_t *target)
{
    static const char *const members[] = {"group", "version", "kind", "name", "namespace"};

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (kustomize_selector_regex(json_str_at(target, members[i]), STR("x")) == TRI_NOT_KNOWN)
            return true;
    return kustomize_selector_labels(json_str_at(target, "labelSelector"), NULL) == TRI_NOT_KNOWN ||
           kustomize_selector_labels(json_str_at(target, "annotationSelector"), NULL) ==
               TRI_NOT_KNOWN;
}

static void doubt_target(struct level *l, const struct patch *p, const json_t *target)
{
    if (is_doubtful(target))
        level_may_fail(l, "has in %s a target that is not evaluated", p->field);
}

/* Whether the target may select what is possible there. */
static bool may_select(const json_t *target, const struct open_end *hole)
{
    struct str kind = json_str_at(target, "kind");

    if (hole->kind.n)
        return kustomize_selector_regex(kind, hole->kind) != TRI_NO;
    if (str_is(kind, "Application") || str_is(kind, "ApplicationSet") || str_is(kind, "AppProject"))
        return hole->argoproj;
    return !str_is(kind, "ExternalSecret") || hole->external_secrets;
}

void level_doubt_holes(struct level *l, const char *field, const json_t *target)
{
    for (size_t i = l->first_hole; !l->build->has_remote && i < l->build->items.n_holes; i++)
        if (may_select(target, &l->build->items.holes[i])) {
            level_may_fail(l, "has in %s a target that is not known", field);
            return;
        }
}

static void apply_to_selected(struct level *l, const struct patch *p, const json_t *target)
{
    struct items *t = &l->build->items;

    doubt_target(l, p, target);
    if (json_array_size(p->document) || !p->is_json)
        level_doubt_holes(l, p->field, target);
    for (size_t i = l->first; i < t->n && !level_has_failed(l) && items_work(t); i++) {
        switch (level_select(&t->list[i], target)) {
        case TRI_YES:
            apply(l, p, &t->list[i]);
            break;
        case TRI_NO:
            break;
        case TRI_NOT_KNOWN:
            level_may_fail(l, "has in %s a target that is not evaluated", p->field);
            items_open(t, &t->list[i], what_stays(p));
            break;
        }
    }
    widen_holes(l, p);
    items_sweep(t, l->first);
    if (!p->is_json && !level_has_failed(l))
        level_check_repeated(l);
}

/* A patch that names its object: exactly one has, or had, that identity. */
static void apply_to_named(struct level *l, const struct patch *p)
{
    struct items *t = &l->build->items;
    struct item *found = NULL;
    struct identity id;
    struct str version = json_str_at(p->document, "apiVersion");
    size_t slash = str_find_char(version, '/');

    if (slash < version.n)
        version = str_sub(version, slash + 1, version.n);
    if (!identity_read(p->document, &id)) {
        level_may_fail(l, "has in %s a patch without usable name", p->field);
        return;
    }
    for (size_t i = l->first; i < t->n && items_work(t); i++) {
        if (!items_had_id(&t->list[i], &id, version))
            continue;
        if (found) {
            level_fails(l, "has in %s a patch that fits several %s %s", p->field,
                        quote(id.kind).text, quote(id.name).text);
            return;
        }
        found = &t->list[i];
    }
    if (found)
        apply(l, p, found);
    else
        level_misses(l, p->field, id.name);
    widen_holes(l, p);
    items_sweep(t, l->first);
}

static void apply_resources(struct level *l, struct patch *p, const json_t *documents,
                            const json_t *target)
{
    size_t index;
    json_t *document;

    if (target && json_array_size(documents) > 1) {
        level_fails(l, "has in %s several patches with one target", p->field);
        return;
    }
    json_array_foreach(documents, index, document)
    {
        p->document = document;
        /* a note of an option is written among its annotations */
        p->is_copied |= target || p->may_rename || p->may_change_kind;
        if (target)
            apply_to_selected(l, p, target);
        else
            apply_to_named(l, p);
        if (level_has_failed(l))
            return;
    }
}

/* Operations as they must be to be read at all. */
static bool are_operations(const json_t *operations)
{
    size_t index;
    json_t *operation;

    json_array_foreach(operations, index, operation)
    {
        if (!json_is_object(operation))
            return false;
    }
    return json_is_array(operations);
}

/* It is taken for operations: nothing is none of them, a mapping is refused by the first object. */
static void apply_nothing(struct level *l, struct patch *p, const json_t *documents,
                          const json_t *target)
{
    const struct items *t = &l->build->items;
    AUTO(json_unrefp) json_t *none = json_array();
    bool selects = false;

    for (size_t i = l->first; json_array_size(documents) && i < t->n; i++)
        selects = selects || level_select(&t->list[i], target) == TRI_YES;
    if (selects && !is_doubtful(target)) {
        level_fails(l, "has in %s a patch that is an empty mapping", p->field);
        return;
    }
    if (json_array_size(documents))
        level_doubt_holes(l, p->field, target);
    p->document = none;
    p->is_json = true;
    apply_to_selected(l, p, target);
}

void level_patch(struct level *l, const json_t *entry)
{
    const json_t *options = json_object_get(entry, "options");
    const json_t *inline_text = json_object_get(entry, "patch");
    struct str path = json_str_at(entry, "path");
    const json_t *target = json_object_get(entry, "target");
    struct patch p = {
        .may_rename = says(options, "allowNameChange"),
        .may_change_kind = says(options, "allowKindChange"),
        .stores_previous = true,
        .field = "patches",
    };
    const json_t *documents;

    if (!inline_text == !path.n) {
        level_fails(l, "has a patch with %s", path.n ? "both patch and path" : "no text");
        return;
    }
    documents = level_documents(l, path.n ? json_object_get(entry, "path") : inline_text);
    if (!documents)
        return;
    if (kustomize_text_says_nothing(documents)) {
        if (target)
            apply_nothing(l, &p, documents, target);
        else
            level_fails(l, "has a patch without content");
        return;
    }
    if (json_is_array(json_array_get(documents, 0))) {
        p.document = json_array_get(documents, 0);
        p.is_json = true;
        if (json_array_size(documents) > 1 || !are_operations(p.document))
            level_may_fail(l, "has a patch that is no plain list of operations");
        else if (!target)
            level_fails(l, "has a JSON patch without target");
        else
            apply_to_selected(l, &p, target);
        return;
    }
    switch (kustomize_text_is_resources(documents)) {
    case TRI_YES:
        apply_resources(l, &p, documents, target);
        break;
    case TRI_NO:
        level_fails(l, "has a patch that is neither a resource nor a list of operations");
        break;
    case TRI_NOT_KNOWN:
        level_anything(l, "has a patch whose kind or name is no plain text");
        break;
    }
}

void level_patch_strategic(struct level *l, const json_t *list)
{
    struct patch p = {.field = "patchesStrategicMerge", .is_copied = true};
    size_t index;
    json_t *entry;
    size_t n = 0;

    json_array_foreach(list, index, entry)
    {
        const json_t *documents = level_documents(l, entry);

        if (level_has_failed(l))
            return;
        if (kustomize_text_says_nothing(documents))
            continue;
        n += json_array_size(documents);
        switch (kustomize_text_is_resources(documents)) {
        case TRI_YES:
            apply_resources(l, &p, documents, NULL);
            break;
        case TRI_NO:
            level_fails(l, "has in patchesStrategicMerge what is no resource");
            return;
        case TRI_NOT_KNOWN:
            level_anything(l, "has a patch whose kind or name is no plain text");
            break;
        }
    }
    if (json_array_size(list) && !n && !l->build->items.may_fail)
        level_fails(l, "has patchesStrategicMerge without content");
}

void level_patch_json(struct level *l, const json_t *entry)
{
    const json_t *inline_text = json_object_get(entry, "patch");
    struct str path = json_str_at(entry, "path");
    const json_t *target = json_object_get(entry, "target");
    struct patch p = {.is_json = true, .field = "patchesJson6902"};
    const json_t *documents;

    if (!target) {
        level_may_fail(l, "has in patchesJson6902 no target");
        return;
    }
    if (!json_str_at(target, "name").n || !inline_text == !path.n) {
        level_fails(l, "has in patchesJson6902 a patch without name, path or text");
        return;
    }
    documents = level_documents(l, path.n ? json_object_get(entry, "path") : inline_text);
    if (!documents)
        return;
    p.document = json_array_get(documents, 0);
    if (kustomize_text_says_nothing(documents))
        level_fails(l, "has in patchesJson6902 a patch without content");
    else if (json_array_size(documents) == 1 && are_operations(p.document))
        apply_to_selected(l, &p, target);
    else
        level_may_fail(l, "has in patchesJson6902 no plain list of operations");
}
