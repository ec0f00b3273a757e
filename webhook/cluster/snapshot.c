#include "base/json.h"
#include "base/mem.h"
#include "cluster/internal.h"
#include "cluster/select.h"
#include "objects/names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* One file: a JSON object whose members are read one by one, and those of `items` too. */
struct walk {
    struct cluster *c;
    const char *file;
    struct str text;
    size_t at;
    json_t *top;      /* the members but `items` */
    size_t top_bytes; /* of text; as much as one object may take */
    size_t items_at;  /* of the '['; 0 when there is none */
    size_t n_items;
    size_t n_looked_at;          /* of a kind that is looked at, kept or not */
    bool kinds[N_CLUSTER_KINDS]; /* that stood there */
    bool nameless;               /* items without a kind were met before the list's own was */
};

/* Line feeds before the byte; asked once a file, where the reading ends. */
static size_t line_of(const struct walk *w, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < w->text.n; i++)
        if (w->text.p[i] == '\n')
            line++;
    return line;
}

static bool tear(struct walk *w, size_t at, const char *complaint)
{
    size_t line = line_of(w, at);
    char *where = xasprintf("%s:%zu", w->file, line);

    notes_add(w->c, where, "%s (byte %zu)%s", complaint, at,
              w->items_at ? "; what stands before it is kept" : "");
    free(where);
    w->c->torn = true;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next byte that is no blank; NUL at the end of the text, where `at` is text.n. */
static char peek(struct walk *w)
{
    while (w->at < w->text.n && is_blank(w->text.p[w->at]))
        w->at++;
    return w->at < w->text.n ? w->text.p[w->at] : '\0';
}

static bool unexpected(struct walk *w, const char *wanted)
{
    char complaint[128];

    (void)peek(w);
    (void)snprintf(complaint, sizeof complaint, "%s: %s was expected",
                   w->at >= w->text.n ? "the file is cut off" : "malformed JSON", wanted);
    return tear(w, w->at, complaint);
}

static bool take(struct walk *w, char c, const char *wanted)
{
    if (peek(w) != c)
        return unexpected(w, wanted);
    w->at++;
    return true;
}

/* The value that stands next, at most max_bytes of it. */
static bool read_value(struct walk *w, size_t max_bytes, json_t **out)
{
    struct err err = {0};
    struct str rest;
    size_t used;
    char complaint[160];

    (void)peek(w);
    rest = str_sub(w->text, w->at, w->text.n);
    if (json_read_first(str_sub(rest, 0, max_bytes), out, &used, &err)) {
        w->at += used;
        return true;
    }
    /* A character that the ceiling cut in two is at most four bytes before it. */
    if (rest.n > max_bytes && used + 4 >= max_bytes)
        (void)snprintf(complaint, sizeof complaint, "an object of more than %zu bytes",
                       CLUSTER_MAX_OBJECT_BYTES);
    else if (used >= rest.n)
        (void)snprintf(complaint, sizeof complaint, "the file is cut off");
    else
        (void)snprintf(complaint, sizeof complaint, "malformed JSON: %.100s", err.why);
    return tear(w, w->at + used, complaint);
}

static void wipe(json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;

    json_object_foreach(value, key, member) wipe(member);
    json_array_foreach(value, index, member) wipe(member);
    if (json_is_string(value)) /* jansson shows its own bytes as const */
        explicit_bzero((void *)(uintptr_t)json_string_value(value), json_string_length(value));
}

/* Whatever an object says of itself, what a Secret hides is gone before its memory is, as far as
 * jansson lets us: what its lexer grows out of on the way to a string is its own. Of a ConfigMap
 * `data` may have been kept. */
static void forget(json_t *object, bool is_config_map)
{
    const json_t *metadata = json_object_get(object, "metadata");

    if (!is_config_map)
        wipe(json_object_get(object, "data"));
    wipe(json_object_get(object, "stringData"));
    wipe(json_object_get(json_object_get(metadata, "annotations"), LAST_APPLIED));
}

/* Where an object stands in its file. */
struct place {
    bool in_list;
    size_t index;
};

static char *place_text(const struct walk *w, struct place place)
{
    return place.in_list ? xasprintf("%s: items[%zu]", w->file, place.index) : xstrdup(w->file);
}

static void leave_out(struct walk *w, struct place place, enum cluster_kind kind, const char *text)
{
    char *where = place_text(w, place);

    notes_add(w->c, where, "%s is left out: %s", cluster_kind_name(kind), text);
    free(where);
    w->c->sets[kind].incomplete = true;
}

static bool refuse_name(struct walk *w, struct place place, enum cluster_kind kind,
                        const char *field, struct str value, const char *wanted)
{
    char *shown = notes_escape(str_sub(value, 0, 300));
    char *text = value.p ? xasprintf("metadata.%s \"%s\" is no %s", field, shown, wanted)
                         : xasprintf("it has no metadata.%s", field);

    leave_out(w, place, kind, text);
    free(text);
    free(shown);
    return false;
}

static bool check_names(struct walk *w, struct place place, enum cluster_kind kind,
                        const json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");
    struct str name = json_str_at(metadata, "name");
    struct str namespace = json_str_at(metadata, "namespace");

    if (!names_is_subdomain(name))
        return refuse_name(w, place, kind, "name", name, "DNS-1123 subdomain");
    if (select_is_namespaced(kind) && !names_is_label(namespace))
        return refuse_name(w, place, kind, "namespace", namespace, "DNS-1123 label");
    if (!select_is_namespaced(kind) && namespace.n) {
        leave_out(w, place, kind, "it has a metadata.namespace, and its kind has none");
        return false;
    }
    return true;
}

static void keep(struct walk *w, struct place place, enum cluster_kind kind, const json_t *object)
{
    AUTO(json_unrefp) json_t *fields = NULL;
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    if (!check_names(w, place, kind, object))
        return;
    if (!select_wants(kind, json_str_at(json_object_get(object, "metadata"), "name")))
        return;
    fields = select_fields(kind, object);
    if (!select_check(kind, fields, &err)) {
        leave_out(w, place, kind, err_text(&err, text));
        return;
    }
    cluster_add(w->c, kind, steal(&fields),
                json_str_at(json_object_get(object, "metadata"), "resourceVersion"), w->file);
}

/* False when the object does not say what it is. */
static bool look_at(struct walk *w, struct place place, json_t *object)
{
    struct str version = json_str_at(object, "apiVersion");
    struct str name = json_str_at(object, "kind");
    enum cluster_kind kind;
    bool looked_at;

    if (!version.n || !name.n) {
        forget(object, false);
        return false;
    }
    cluster_see_version(w->c, json_str_at(json_object_get(object, "metadata"), "resourceVersion"));
    looked_at = select_kind(version, name, &kind);
    if (looked_at) {
        w->n_looked_at++;
        w->kinds[kind] = true;
        if (place.in_list)
            w->c->sets[kind].listed = true;
        keep(w, place, kind, object);
    }
    forget(object, looked_at && kind == CLUSTER_CONFIG_MAP);
    return true;
}

/* "ApplicationList" gives "Application"; STR_NONE for "List", whose items say what they are. */
static struct str kind_of_items(const struct walk *w)
{
    struct str kind = json_str_at(w->top, "kind");

    if (!str_ends(kind, STR("List")) || kind.n == strlen("List"))
        return STR_NONE;
    return str_sub(kind, 0, kind.n - strlen("List"));
}

static void note_nameless(struct walk *w, struct place place)
{
    char *where = place_text(w, place);

    notes_add(w->c, where, "is left out: it does not say of what kind it is");
    free(where);
    cluster_nothing_is_complete(w->c);
}

/* An item without a kind has that of its list, which kubectl writes behind the items: then they
 * are walked once more. */
static void look_at_item(struct walk *w, json_t *item, bool again)
{
    struct place place = {.in_list = true, .index = w->n_items++};
    struct str kind = kind_of_items(w);
    bool is_nameless = json_is_object(item) && !json_value_at(item, "kind");

    if (again && !is_nameless)
        return;
    if (is_nameless && !again && !json_object_get(w->top, "kind")) {
        w->nameless = true;
        forget(item, false);
        return;
    }
    if (is_nameless && kind.p) {
        (void)json_object_set_new(item, "kind", json_stringn(kind.p, kind.n));
        (void)json_object_set(item, "apiVersion", json_object_get(w->top, "apiVersion"));
    }
    if (!look_at(w, place, item))
        note_nameless(w, place);
}

/* The items from the '[' at which the walk stands. */
static bool read_items(struct walk *w, bool again)
{
    w->items_at = w->at++;
    w->n_items = 0;
    if (peek(w) == ']') {
        w->at++;
        return true;
    }
    for (;;) {
        AUTO(json_unrefp) json_t *item = NULL;

        if (!read_value(w, CLUSTER_MAX_OBJECT_BYTES, &item))
            return false;
        look_at_item(w, item, again);
        if (peek(w) != ',')
            return take(w, ']', "\",\" or \"]\"");
        w->at++;
    }
}

/* A value that counts towards what the members of the top may take together. */
static bool read_top_value(struct walk *w, json_t **out)
{
    size_t from = w->at;

    if (!read_value(w, CLUSTER_MAX_OBJECT_BYTES - w->top_bytes, out))
        return false;
    w->top_bytes += w->at - from;
    return true;
}

/* Refuses what jansson refuses as well. */
static bool read_key(struct walk *w, json_t **out)
{
    AUTO(json_unrefp) json_t *key = NULL;
    size_t from;

    if (peek(w) != '"')
        return unexpected(w, "a key");
    from = w->at;
    if (!read_top_value(w, &key))
        return false;
    if (memchr(json_string_value(key), '\0', json_string_length(key)))
        return tear(w, from, "malformed JSON: a NUL character in a key");
    if (json_object_get(w->top, json_string_value(key)))
        return tear(w, from, "malformed JSON: a key that stands twice in one object");
    *out = steal(&key);
    return take(w, ':', "\":\"");
}

static bool read_member(struct walk *w)
{
    AUTO(json_unrefp) json_t *key = NULL;
    json_t *value = NULL;

    if (!read_key(w, &key))
        return false;
    if (str_is(json_view(key), "items") && peek(w) == '[') {
        if (!read_items(w, false))
            return false;
        value = json_null();
    } else if (!read_top_value(w, &value))
        return false;
    (void)json_object_set_new_nocheck(w->top, json_string_value(key), value);
    return true;
}

static bool read_members(struct walk *w)
{
    if (peek(w) != '{')
        return w->at >= w->text.n
                   ? tear(w, w->at, "the file is empty")
                   : tear(w, w->at, "it is no JSON object as \"kubectl get -o json\" writes it");
    w->at++;
    if (peek(w) == '}') {
        w->at++;
        return true;
    }
    for (;;) {
        if (!read_member(w))
            return false;
        if (peek(w) != ',')
            return take(w, '}', "\",\" or \"}\"");
        w->at++;
    }
}

/* A kind that is not looked at, or none. */
static void refuse_kind(struct walk *w)
{
    struct str kind = json_str_at(w->top, "kind");
    char *shown = notes_escape(str_sub(kind, 0, 300));

    if (kind.n)
        notes_add(w->c, w->file, "kind %s is none that is looked at, nor a list of such", shown);
    else
        notes_add(w->c, w->file, "it does not say of what kind it is");
    free(shown);
    w->c->torn = true;
}

/* The API server answers a request with a limit piece by piece. */
static void check_continued(const struct walk *w)
{
    if (!json_str_at(json_object_get(w->top, "metadata"), "continue").n)
        return;
    notes_add(w->c, w->file, "the list goes on (metadata.continue): it was fetched with a limit");
    for (size_t i = 0; i < N_CLUSTER_KINDS; i++)
        if (w->kinds[i])
            w->c->sets[i].incomplete = true;
}

static void finish_list(struct walk *w)
{
    const json_t *items = json_object_get(w->top, "items");

    if (json_value_at(w->top, "items") || (!items && !w->items_at)) {
        (void)tear(w, w->at, items ? "its items are no list" : "it is a list without items");
        return;
    }
    if (w->nameless) {
        w->at = w->items_at;
        (void)read_items(w, true); /* as it was read before */
    }
    cluster_see_version(w->c, json_str_at(json_object_get(w->top, "metadata"), "resourceVersion"));
    check_continued(w);
    if (!w->n_items || w->n_looked_at)
        return;
    notes_add(w->c, w->file, "none of its items is of a kind that is looked at");
    w->c->torn = true;
}

static void finish(struct walk *w)
{
    if (str_ends(json_str_at(w->top, "kind"), STR("List"))) {
        finish_list(w);
        return;
    }
    if (!w->items_at)
        (void)look_at(w, (struct place){.in_list = false}, w->top);
    if (!w->n_looked_at || w->items_at)
        refuse_kind(w);
}

static bool read_document(struct walk *w)
{
    if (!read_members(w))
        return false;
    (void)peek(w);
    if (w->at < w->text.n)
        return tear(w, w->at, "something follows the JSON document: a file holds one");
    return true;
}

void snapshot_read_text(struct cluster *c, const char *file, struct str text)
{
    struct walk w = {.c = c, .file = file, .text = text, .top = json_object()};

    if (read_document(&w))
        finish(&w);
    else
        forget(w.top, false);
    json_decref(w.top);
}
