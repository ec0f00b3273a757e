#include "repository/kustomize_text.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "repository/decode.h"
#include "repository/kustomize_schema.h"
#include <string.h>

/* Documents of one text; nobody writes more by hand. */
enum { DOCUMENTS_MAX = 1000 };

static enum tri say(char **why, enum tri answer, const char *what)
{
    *why = xstrdup(what);
    return answer;
}

/* Scalars only: keys and structure are what patches can fail on. null takes a member out. */
static void blank(json_t *object, const char *member)
{
    json_t *values = json_object_at(object, member);
    void *at;
    const char *key;
    json_t *value;

    json_object_foreach_safe(values, at, key, value)
    {
        if (!json_is_null(value))
            (void)json_object_set_new(values, key, json_string(""));
    }
}

/* The same for the operations of a JSON patch. */
static void blank_operation(json_t *operation)
{
    struct str path = json_str_at(operation, "path");

    if ((str_starts(path, STR("/data")) || str_starts(path, STR("/stringData"))) &&
        json_object_get(operation, "value"))
        (void)json_object_set_new(operation, "value", json_string(""));
}

static json_t *without_secrets(const json_t *document)
{
    json_t *copy = json_deep_copy(document); /* what aliases share must not be written to */
    size_t index;
    json_t *operation;

    blank(copy, "data");
    blank(copy, "stringData");
    json_array_foreach(copy, index, operation) blank_operation(operation);
    return copy;
}

static void compile_plugin(json_t *settings);

static bool is_empty(const json_t *document)
{
    return !document || json_is_null(document) ||
           (json_is_object(document) && json_object_size(document) == 0) ||
           (json_is_array(document) && json_array_size(document) == 0);
}

/* One text being read. */
struct reading {
    bool holds_plugins; /* the texts among their settings are read as well, but not what plugins
                           they hold */
    json_t *documents;
    bool has_begun; /* Go's YAML decoder takes the first document for the whole text */
    bool begins_with_empty_mapping;
};

static enum tri read_chunk(struct reading *r, struct str chunk, char **why)
{
    AUTO(json_unrefp) json_t *document = NULL;
    AUTO(yaml_lines_freep) struct yaml_lines *lines = NULL;
    struct err err = {0};

    if (!yaml_read(chunk, 1, &document, &lines, &err)) {
        *why = xasprintf("is malformed YAML (%s)", err.where);
        return err.kind == ERR_LIMIT ? TRI_NOT_KNOWN : TRI_NO;
    }
    if (document && !r->has_begun) {
        r->has_begun = true;
        r->begins_with_empty_mapping = json_is_object(document) && is_empty(document);
    }
    if (is_empty(document))
        return TRI_YES;
    if (lines && yaml_has_repeats(lines))
        return say(why, TRI_NOT_KNOWN, "repeats a key");
    if (lines && yaml_has_merges(lines))
        return say(why, TRI_NOT_KNOWN, "merges keys");
    if (json_array_size(r->documents) == DOCUMENTS_MAX)
        return say(why, TRI_NOT_KNOWN, "holds more than 1000 documents");
    (void)json_array_append_new(r->documents, without_secrets(document));
    if (r->holds_plugins)
        compile_plugin(json_array_get(r->documents, json_array_size(r->documents) - 1));
    return TRI_YES;
}

/* Text after a separator: blanks or a comment. */
static bool is_separator(struct str line)
{
    struct str behind = str_trim(str_sub(line, 3, line.n));

    return behind.n == 0 || behind.p[0] == '#';
}

static enum tri read_all(struct reading *r, struct str text, char **why)
{
    size_t start = 0;
    enum tri answer = TRI_YES;

    for (size_t at = 0; at < text.n && answer == TRI_YES;) {
        struct str rest = str_sub(text, at, text.n);
        size_t n = str_find_char(rest, '\n');

        if (at && n < rest.n && n >= 3 && memcmp(rest.p, "---", 3) == 0) {
            if (!is_separator(str_sub(rest, 0, n)))
                return say(why, TRI_NO, "has text after a document separator");
            answer = read_chunk(r, str_sub(text, start, at), why);
            start = at + n + 1;
        }
        at += n + 1;
    }
    if (answer == TRI_YES && start < text.n)
        answer = read_chunk(r, str_sub(text, start, text.n), why);
    return answer;
}

/* A text that starts with a bracket is handed to Go's JSON decoder as it stands. */
static bool is_broken_json(struct str text)
{
    AUTO(json_unrefp) json_t *value = NULL;
    struct err err = {0};

    return text.n && text.p[0] == '[' && !json_read(text, &value, &err);
}

static enum tri read_text(struct str text, bool holds_plugins, json_t **out, char **why)
{
    AUTO(json_unrefp) json_t *documents = json_array();
    AUTO(freep) char *owned = NULL;
    AUTO(buf_clearp) struct buf lines = {0};
    struct reading reading = {.holds_plugins = holds_plugins, .documents = documents};
    struct str decoded;
    enum tri answer;

    decode_text(text, &decoded, &owned);
    if (owned)
        return say(why, TRI_NOT_KNOWN, "is no UTF-8 text");
    buf_init(&lines, decoded.n + 1);
    for (size_t i = 0; i < decoded.n; i++)
        if (decoded.p[i] != '\r' || i + 1 == decoded.n || decoded.p[i + 1] != '\n')
            buf_addc(&lines, decoded.p[i]);
    if (is_broken_json(buf_str(&lines)))
        return say(why, TRI_NOT_KNOWN, "is a list that is no JSON");
    answer = read_all(&reading, buf_str(&lines), why);
    if (!json_array_size(documents) && reading.begins_with_empty_mapping)
        (void)json_array_append_new(documents, json_object());
    if (answer == TRI_YES)
        *out = steal(&documents);
    return answer;
}

enum tri kustomize_text_read(struct str text, json_t **out, char **why)
{
    return read_text(text, true, out, why);
}

json_t *kustomize_text_env_keys(struct str text)
{
    AUTO(json_unrefp) json_t *keys = json_array();
    struct str rest = text;
    struct str line;

    if (!utf8_is_valid(text))
        return NULL;
    if (str_starts(rest, STR("\xef\xbb\xbf")))
        rest = str_sub(rest, 3, rest.n);
    while (str_split(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.n && line.p[0] != '#' && line.p[0] != '=')
            (void)json_array_append_new(keys, json_stringn(line.p, str_find_char(line, '=')));
    }
    return steal(&keys);
}

bool kustomize_text_says_nothing(const json_t *documents)
{
    return !json_array_size(documents) ||
           (json_array_size(documents) == 1 && is_empty(json_array_get(documents, 0)));
}

enum tri kustomize_text_is_resources(const json_t *documents)
{
    size_t index;
    json_t *document;
    enum tri answer = TRI_YES;

    json_array_foreach(documents, index, document)
    {
        const json_t *metadata = json_value_at(document, "metadata");
        const json_t *kind = json_value_at(document, "kind");
        const json_t *name = json_value_at(metadata, "name");

        if (!json_is_object(document) || !kind ||
            (json_is_string(kind) && !json_string_length(kind)))
            return TRI_NO;
        if (str_ends(json_view(kind), STR("List"))) {
            answer = TRI_NOT_KNOWN;
            continue;
        }
        if (!name || (json_is_string(name) && !json_string_length(name)))
            return TRI_NO;
        if (!json_is_string(kind) || !json_is_string(name) ||
            (json_value_at(metadata, "namespace") &&
             !json_is_string(json_value_at(metadata, "namespace"))) ||
            (json_value_at(document, "apiVersion") &&
             !json_is_string(json_value_at(document, "apiVersion"))))
            answer = TRI_NOT_KNOWN;
    }
    return answer;
}

/* What stands for the text. */
static json_t *compiled(struct str text, bool holds_plugins)
{
    json_t *documents = NULL;
    AUTO(freep) char *why = NULL;

    switch (read_text(text, holds_plugins, &documents, &why)) {
    case TRI_YES:
        return json_pack("{s:o}", KUSTOMIZE_DOCUMENTS, documents);
    case TRI_NO:
        return json_pack("{s:s}", KUSTOMIZE_REFUSED, why);
    default:
        return json_pack("{s:s}", KUSTOMIZE_NOT_KNOWN, why);
    }
}

static void compile_member(json_t *object, const char *member)
{
    struct str text = str_trim(json_str_at(object, member));

    if (text.n)
        (void)json_object_set_new(object, member, compiled(text, false));
    else
        (void)json_object_del(object, member);
}

static void compile_patches(json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry) compile_member(entry, "patch");
}

/* Items that are paths or texts: a text is what can be read as resources. */
static void compile_items(json_t *list, bool holds_plugins)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        AUTO(json_unrefp) json_t *item = NULL;
        const json_t *documents;

        if (!json_is_string(entry))
            continue;
        item = compiled(json_view(entry), holds_plugins);
        documents = json_object_get(item, KUSTOMIZE_DOCUMENTS);
        if (json_object_get(item, KUSTOMIZE_NOT_KNOWN) ||
            (documents && (kustomize_text_says_nothing(documents) ||
                           kustomize_text_is_resources(documents) != TRI_NO)))
            (void)json_array_set(list, index, item);
        else if (str_find_char(json_view(entry), '\n') < json_view(entry).n)
            (void)json_array_set_new(list, index,
                                     json_pack("{s:s}", KUSTOMIZE_REFUSED, "is no resource"));
    }
}

/* null in a list of strings is "" to Go. */
static void fill_nulls(json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        if (json_is_null(entry))
            (void)json_array_set_new(list, index, json_string(""));
    }
}

static void drop_literals_of(json_t *generator)
{
    json_t *literals = json_object_get(generator, "literals");
    size_t i;
    json_t *literal;

    json_array_foreach(literals, i, literal)
    {
        struct str text = json_view(literal);
        size_t n = str_find_char(text, '=');

        (void)json_array_set_new(literals, i,
                                 json_stringn(text.n ? text.p : "", n < text.n ? n + 1 : n));
    }
}

static void drop_literals(json_t *generators)
{
    size_t index;
    json_t *generator;

    json_array_foreach(generators, index, generator) drop_literals_of(generator);
}

/* The settings of a built-in plugin, as far as they are texts of kustomize. */
static void compile_plugin(json_t *settings)
{
    struct str kind = json_str_at(settings, "kind");

    if (!str_is(json_str_at(settings, "apiVersion"), "builtin"))
        return;
    if (str_is(kind, "PatchTransformer")) {
        compile_member(settings, "patch");
    } else if (str_is(kind, "PatchJson6902Transformer")) {
        compile_member(settings, "jsonOp");
    } else if (str_is(kind, "PatchStrategicMergeTransformer")) {
        fill_nulls(json_object_get(settings, "paths"));
        compile_items(json_object_get(settings, "paths"), false);
        compile_member(settings, "patches");
    } else if (str_is(kind, "SecretGenerator")) {
        drop_literals_of(settings);
    }
}

enum tri kustomize_text_compile(const json_t *document, json_t **out, char **why)
{
    static const char *const lists[] = {"patchesStrategicMerge", "transformers", "generators",
                                        "validators"};
    AUTO(json_unrefp) json_t *copy = json_deep_copy(document);
    enum tri answer = kustomize_schema_check(copy, why);

    if (answer != TRI_YES)
        return answer;
    compile_patches(json_object_get(copy, "patches"));
    compile_patches(json_object_get(copy, "patchesJson6902"));
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        fill_nulls(json_object_get(copy, lists[i]));
        compile_items(json_object_get(copy, lists[i]), i > 0);
    }
    drop_literals(json_object_get(copy, "secretGenerator"));
    *out = steal(&copy);
    return TRI_YES;
}
