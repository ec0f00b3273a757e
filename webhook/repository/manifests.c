/* manifests.c: bytes become objects: parsed once, and named by each file that holds them. */
#include "repository/manifests.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "repository/decode.h"
#include "repository/kustomize_shape.h"
#include "repository/quote.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far Argo CD looks for a leading '{' (NewYAMLOrJSONDecoder(reader, 4096)). */
enum { JSON_GUESS_BYTES = 4096 };

const char manifests_too_many_nodes[] = "exceeds what is kept of one repository (10000000 values)";

/* kubectl keeps the whole applied object there, a Secret's data included. */
static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration";

/* An object of it. */
struct object {
    unsigned line;
    struct identity id; /* views into `json` */
    json_t *json;
    char *shape; /* where `json` is not all of it (kustomize_shape.h) */
};

struct parse {
    atomic_uint references;
    enum parse_state state;
    char *what;           /* unless PARSE_OBJECTS: a phrase to stand behind the file's name */
    unsigned line;        /* where; 0 when not known */
    bool worth_a_note;    /* see struct parsed */
    char *kustomize_what; /* NULL, or in what kustomize differs: a phrase like `what` */
    unsigned kustomize_line;
    bool kustomize_fails;
    struct object *objects;
    size_t n;
    size_t capacity;
    size_t n_nodes;
};

struct parser {
    struct str text; /* the whole file */
    struct parse *out;
    size_t n_objects; /* read so far, nameless ones included */
    size_t nodes_left;
};

/* What Argo CD makes of it may not be what kustomize does. The first thing is kept. */
static void differ(struct parser *p, bool fails, unsigned line, const char *what)
{
    struct parse *out = p->out;

    if (out->kustomize_what)
        return;
    out->kustomize_fails = fails;
    out->kustomize_line = line;
    out->kustomize_what = xstrdup(what);
}

/* Where a document comes from: its tree once more with the lines of its values. */
struct origin {
    const json_t *tree;
    const struct yaml_lines *lines; /* NULL: not known */
    unsigned line;                  /* where the document starts */
};

static bool stop(struct parser *p, enum parse_state state, unsigned line, const char *what)
{
    p->out->state = state;
    p->out->line = line;
    p->out->what = xstrdup(what);
    differ(p, state != PARSE_NOT_KNOWN, line, what);
    return false;
}

/* Counts up to `limit`; jansson and yaml.c bound the depth. */
static size_t count_nodes(json_t *value, size_t limit)
{
    size_t n = 1;
    size_t index;
    const char *key;
    json_t *child;

    if (json_is_array(value)) {
        json_array_foreach(value, index, child)
        {
            if (n > limit)
                break;
            n += count_nodes(child, limit - n);
        }
    } else {
        json_object_foreach(value, key, child)
        {
            if (n > limit)
                break;
            n += count_nodes(child, limit - n);
        }
    }
    return n;
}

static bool is_kept_whole(const struct identity *id)
{
    static const char *const kinds[] = {"Application", "AppProject", "ApplicationSet"};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (identity_is_kind(id, GROUP_ARGOPROJ, kinds[i]))
            return true;
    return str_is(id->group, GROUP_EXTERNAL_SECRETS) ||
           (identity_is_kind(id, "", "ConfigMap") && str_is(id->name, "argocd-cm"));
}

/* apiVersion, kind and metadata alone: nothing of a Secret's values stays in memory. */
static json_t *slim(const json_t *object)
{
    static const char *const fields[] = {"name", "namespace", "labels", "ownerReferences"};
    const json_t *metadata = json_object_at(object, "metadata");
    json_t *annotations = json_object_at(metadata, "annotations");
    json_t *less = json_object();
    json_t *kept = json_object();

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (json_object_get(metadata, fields[i]))
            (void)json_object_set(kept, fields[i], json_object_get(metadata, fields[i]));
    if (annotations) {
        json_t *copy = json_copy(annotations);

        (void)json_object_del(copy, last_applied);
        (void)json_object_set_new(kept, "annotations", copy);
    }
    if (json_object_get(object, "apiVersion"))
        (void)json_object_set(less, "apiVersion", json_object_get(object, "apiVersion"));
    (void)json_object_set(less, "kind", json_object_get(object, "kind"));
    (void)json_object_set_new(less, "metadata", kept);
    return less;
}

static unsigned name_line(const struct origin *origin)
{
    const json_t *metadata = json_object_at(origin->tree, "metadata");
    unsigned line = 0;

    if (origin->lines && metadata)
        line = yaml_line_of(origin->lines, metadata, "name");
    return line ? line : origin->line;
}

static bool add_object(struct parser *p, json_t *object, const struct origin *origin)
{
    struct parse *out = p->out;
    struct object kept;
    size_t n_nodes;
    const char *why;

    switch (kustomize_shape_check(object, &why)) {
    case TRI_YES:
        break;
    case TRI_NO:
        differ(p, true, origin->line, why);
        break;
    case TRI_NOT_KNOWN:
        differ(p, false, origin->line, why);
        break;
    }
    if (!identity_read(object, &kept.id))
        return true;
    kept.shape = is_kept_whole(&kept.id) ? NULL : kustomize_shape_of(object);
    kept.json = is_kept_whole(&kept.id) ? json_incref(object) : slim(object);
    n_nodes = count_nodes(kept.json, p->nodes_left);
    if (n_nodes > p->nodes_left) {
        json_decref(kept.json);
        free(kept.shape);
        return stop(p, PARSE_NOT_KNOWN, origin->line, manifests_too_many_nodes);
    }
    p->nodes_left -= n_nodes;
    out->n_nodes += n_nodes;
    (void)identity_read(kept.json, &kept.id); /* views into what is kept */
    kept.line = name_line(origin);
    out->objects = xgrow(out->objects, out->n, &out->capacity, sizeof *out->objects);
    out->objects[out->n++] = kept;
    return true;
}

static bool add_items(struct parser *p, const json_t *items, const struct origin *list)
{
    const json_t *line_items = json_array_at(list->tree, "items");
    size_t index;
    json_t *item;

    json_array_foreach(items, index, item)
    {
        struct origin origin = {json_array_get(line_items, index), list->lines, list->line};
        unsigned line =
            list->lines && line_items ? yaml_line_at(list->lines, line_items, index) : 0;

        origin.line = line ? line : list->line;
        /* the list counts as read, so this fails the app for certain */
        if (!json_is_object(item))
            differ(p, false, origin.line, "has a list item that is no object");
        if (!json_is_object(item))
            return stop(p, PARSE_FAILS, origin.line, "has a list item that is no object");
        if (!add_object(p, item, &origin))
            return false;
    }
    return true;
}

/* Unstructured refuses an object without kind; and where apiVersion has two slashes it finds none.
 * Source: apimachinery unstructured.go (GroupVersionKind), schema.ParseGroupVersion. */
static bool has_kind(const json_t *object)
{
    struct str version = json_str_at(object, "apiVersion");
    size_t slash = str_find_char(version, '/');

    version = str_sub(version, slash + 1, version.n);
    return json_str_at(object, "kind").n > 0 && str_find_char(version, '/') == version.n;
}

/* The bytes of the blank (as Go's unicode.IsSpace has them) that `text` starts with; 0 for none. */
static size_t blank_at(struct str text)
{
    uint32_t c = 0;
    size_t n = utf8_decode(text, &c);
    bool is_blank = (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
                    (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
                    c == 0x205F || c == 0x3000;

    return is_blank ? n : 0;
}

static struct str skip_blanks(struct str text)
{
    size_t n;

    while ((n = blank_at(text)) > 0)
        text = str_sub(text, n, text.n);
    return text;
}

/* An object as UnstructuredJSONScheme takes it; `document` has a kind. */
static bool add_document(struct parser *p, json_t *document, const struct origin *origin)
{
    const json_t *items = json_object_get(document, "items");

    p->n_objects++; /* an empty list counts as read, too */
    if (items && !str_ends(json_str_at(document, "kind"), STR("List")))
        differ(p, false, origin->line, "has items, and is of a kind that is no List");
    if (json_is_array(items))
        return add_items(p, items, origin);
    if (json_is_null(items) && !json_object_get(document, "spec") &&
        !json_object_get(document, "status"))
        return true; /* isNullList: items: null is no object */
    return add_object(p, document, origin);
}

static bool is_plain_line(struct str line)
{
    for (size_t i = 0; i < line.n; i++)
        if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] >= 0x7F)
            return false;
    return true;
}

/* Whether only blanks, comments and document marks stand there, in letters that end no line and are
 * no fault to YAML: what holds others is parsed. */
static bool is_blank(struct str text, unsigned *n_lines_skipped)
{
    struct str rest = text.p ? text : STR("");
    struct str line;

    *n_lines_skipped = 0;
    while (str_split(&rest, '\n', &line)) {
        if (str_ends(line, STR("\r")))
            line.n--;
        if (str_starts(line, STR("---")))
            line = str_sub(line, 3, line.n);
        while (line.n && line.p[0] == ' ')
            line = str_sub(line, 1, line.n);
        if (line.n && (line.p[0] != '#' || !is_plain_line(line)))
            return false;
        ++*n_lines_skipped;
    }
    return true;
}

static bool read_chunk(struct parser *p, struct str chunk, unsigned line)
{
    struct err err = {0};
    AUTO(json_unrefp) json_t *document = NULL;
    AUTO(yaml_lines_freep) struct yaml_lines *lines = NULL;
    struct origin origin;
    unsigned skipped;

    if (is_blank(chunk, &skipped))
        return true;
    if (!yaml_read(chunk, line, &document, &lines, &err)) {
        char what[sizeof err.what + sizeof err.where + sizeof err.why + 32];

        if (err.kind == ERR_LIMIT) {
            (void)snprintf(what, sizeof what, "is not read: %s (%s)", err.what, err.why);
            return stop(p, PARSE_NOT_KNOWN, line + skipped, what);
        }
        (void)snprintf(what, sizeof what, "is malformed YAML (%s)", err.where);
        return stop(p, PARSE_FAILS, 0, what);
    }
    if (!document || json_is_null(document))
        return true;
    if (yaml_has_merges(lines))
        differ(p, false, line + skipped, "merges keys");
    else if (yaml_has_repeats(lines))
        differ(p, true, line + skipped, "repeats a key");
    if (!json_object_size(document) && !json_array_size(document) && !json_is_string(document))
        differ(p, false, line + skipped, "starts a document that is empty");
    if (json_value_at(document, "kind") && !json_is_string(json_value_at(document, "kind")))
        differ(p, false, line + skipped, "has an object whose kind is no text");
    if (!json_is_object(document))
        return stop(p, PARSE_FAILS, line + skipped, "starts a document that is no object");
    if (!has_kind(document))
        return stop(p, PARSE_FAILS, line + skipped, "starts a document without kind");
    origin = (struct origin){document, lines, line + skipped};
    return add_document(p, document, &origin);
}

/* Each line ends with a line's end, the last one too: a block scalar then ends with it. */
static bool read_last_chunk(struct parser *p, struct str chunk, unsigned line)
{
    AUTO(freep) char *copy = NULL;

    if (str_ends(chunk, STR("\n")))
        return read_chunk(p, chunk, line);
    copy = xmalloc(chunk.n + 1);
    memcpy(copy, chunk.p, chunk.n);
    copy[chunk.n] = '\n';
    return read_chunk(p, (struct str){copy, chunk.n + 1}, line);
}

/* YAMLReader.Read (apimachinery pkg/util/yaml/decoder.go): a line that starts with --- ends the
 * chunk before it; one that comes first belongs to its chunk. */
static bool read_yaml(struct parser *p, struct str text, unsigned line)
{
    size_t start = 0;
    unsigned start_line = line;
    bool is_empty = true;

    for (size_t at = 0; at < text.n; line++) {
        struct str rest = str_sub(text, at, text.n);
        size_t n = str_find_char(rest, '\n');
        size_t next = n < rest.n ? at + n + 1 : text.n;

        if (n >= 3 && memcmp(rest.p, "---", 3) == 0) {
            struct str behind = skip_blanks(str_sub(rest, 3, n));

            if (behind.n && behind.p[0] != '#' && at == 0)
                differ(p, false, line, "starts with a document separator and text");
            if (behind.n && behind.p[0] != '#')
                return stop(p, PARSE_FAILS, line, "has text after the document separator");
            if (!is_empty) {
                if (!read_chunk(p, str_sub(text, start, at), start_line))
                    return false;
                start = next;
                start_line = line + 1;
                is_empty = true;
                at = next;
                continue;
            }
        }
        is_empty = false;
        at = next;
    }
    return is_empty || read_last_chunk(p, str_sub(text, start, text.n), start_line);
}

static bool is_json_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_json_blanks(struct str text, size_t at)
{
    while (at < text.n && is_json_blank(text.p[at]))
        at++;
    return at;
}

static unsigned count_lines(struct str text)
{
    unsigned n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

enum json_found { JSON_FOUND, JSON_MALFORMED, JSON_NOT_READ };

/*
 * The JSON value at the start of `text`, as Go's decoder reads it into a map: duplicate keys
 * allowed, the last wins. JSON_NOT_READ: jansson refuses it, but Go may not: half a surrogate pair
 * or bytes that are no UTF-8 (they become U+FFFD), a NUL in a key, more levels.
 */
static enum json_found read_json_value(struct str text, json_t **out, size_t *n_bytes)
{
    json_error_t detail;
    enum json_error_code code;

    *out = json_loadb(text.n ? text.p : "", text.n,
                      JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | JSON_DISABLE_EOF_CHECK, &detail);
    if (*out) {
        *n_bytes = (size_t)detail.position;
        return JSON_FOUND;
    }
    code = json_error_code(&detail);
    if (code == json_error_stack_overflow || code == json_error_null_byte_in_key ||
        str_contains(text, STR("\\ud")) || str_contains(text, STR("\\uD")) || !utf8_is_valid(text))
        return JSON_NOT_READ;
    return JSON_MALFORMED;
}

static bool stop_unread_json(struct parser *p, unsigned line)
{
    return stop(p, PARSE_NOT_KNOWN, line,
                "is not read: JSON whose meaning to Argo CD is not known");
}

static bool wants_lines(const json_t *document)
{
    struct identity id;

    return json_is_array(json_object_get(document, "items")) ||
           (identity_read(document, &id) && is_kept_whole(&id));
}

/* jansson keeps no lines; JSON that matters is read once more as YAML, only for its lines. */
static bool add_json(struct parser *p, json_t *document, struct str text, unsigned line)
{
    struct err err = {0};
    AUTO(json_unrefp) json_t *tree = NULL;
    AUTO(yaml_lines_freep) struct yaml_lines *lines = NULL;
    struct origin origin = {NULL, NULL, line};

    if (wants_lines(document) && yaml_read(text, line, &tree, &lines, &err) && json_is_object(tree))
        origin = (struct origin){tree, lines, line};
    return add_document(p, document, &origin);
}

/* consumeWhitespace(): blanks are eaten up to and including the first line's end, looking four
 * bytes ahead; where there are fewer left, the JSON decoder's error stays. */
static bool read_on_as_yaml(struct parser *p, size_t at, unsigned line)
{
    struct str rest = str_sub(p->text, at, p->text.n);

    for (;;) {
        size_t n = blank_at(rest);
        bool ends_line;

        if (rest.n < 4 || str_starts(rest, STR("\xEF\xBF\xBD")))
            return stop(p, PARSE_FAILS, line, "holds JSON that is no object of a kind");
        ends_line = rest.p[0] == '\n';
        rest = str_sub(rest, n, rest.n);
        line += ends_line;
        if (ends_line || !n)
            return read_yaml(p, rest, line);
    }
}

/* YAMLOrJSONDecoder.Decode: a stream of JSON objects; what fails as the first or second value is
 * read on as YAML. */
static bool read_json_stream(struct parser *p)
{
    size_t at = 0;
    unsigned line = 1;

    for (unsigned count = 0;; count++) {
        AUTO(json_unrefp) json_t *value = NULL;
        size_t start = skip_json_blanks(p->text, at);
        size_t n = 0;
        unsigned start_line = line + count_lines(str_sub(p->text, at, start));
        enum json_found found;

        if (start == p->text.n)
            return true;
        if (str_starts(str_sub(p->text, start, p->text.n), STR("null"))) {
            at = start + 4; /* no object and no error, whatever follows directly */
            line = start_line;
            continue;
        }
        found = read_json_value(str_sub(p->text, start, p->text.n), &value, &n);
        if (found == JSON_NOT_READ)
            return stop_unread_json(p, start_line);
        if (count || ((!json_is_object(value) || !has_kind(value)) &&
                      !str_starts(str_sub(p->text, start, p->text.n), STR("---"))))
            differ(p, false, line, "holds JSON values in a row");
        if (!json_is_object(value) || !has_kind(value)) {
            if (count > 1)
                return stop(p, PARSE_FAILS, start_line,
                            "starts a JSON value that is no object of a kind");
            return read_on_as_yaml(p, at, line);
        }
        if (!add_json(p, value, str_sub(p->text, start, start + n), start_line))
            return false;
        at = start + n;
        line = start_line + count_lines(str_sub(p->text, start, at));
    }
}

static bool looks_like_json(struct str text)
{
    return str_starts(skip_blanks(str_sub(text, 0, JSON_GUESS_BYTES)), STR("{"));
}

static bool has_three_strings(struct str text)
{
    return str_contains(text, STR("apiVersion:")) && str_contains(text, STR("kind:")) &&
           str_contains(text, STR("metadata:"));
}

/* A document of a kind spells the key, or escapes it with a backslash or a tag. Most files of a
 * repository that are no manifests (values, workflows, charts' data) end here without being parsed.
 */
static bool may_hold_objects(struct str text)
{
    return str_contains(text, STR("kind")) || str_find_char(text, '\\') < text.n ||
           str_find_char(text, '!') < text.n;
}

/* A line that is a key at column 0 is one of a mapping that is not empty, or the YAML is broken. */
static bool has_top_level_key(struct str text)
{
    struct str rest = text;
    struct str line;

    while (str_split(&rest, '\n', &line)) {
        size_t colon = str_find_char(line, ':');

        if (colon && colon < line.n && (colon + 1 == line.n || strchr(" \r", line.p[colon + 1])) &&
            ((line.p[0] >= 'a' && line.p[0] <= 'z') || (line.p[0] >= 'A' && line.p[0] <= 'Z')))
            return true;
    }
    return false;
}

static void parse_yaml_file(struct parser *p)
{
    struct parse *out = p->out;
    unsigned skipped;
    bool whole;

    if (!may_hold_objects(p->text)) {
        if (!is_blank(p->text, &skipped)) {
            if (!has_top_level_key(p->text))
                differ(p, false, 0, "holds no object of a kind");
            (void)stop(p, PARSE_IGNORED, 0, "holds no object of a kind");
        }
        return;
    }
    whole = looks_like_json(p->text) ? read_json_stream(p) : read_yaml(p, p->text, 1);
    if (whole || out->state != PARSE_FAILS)
        return;
    out->worth_a_note = p->n_objects > 0 || has_three_strings(p->text);
    if (!out->worth_a_note)
        out->state = PARSE_IGNORED;
}

/* One object, nothing behind it; json.Decoder.More() takes a closing bracket for the end. */
static void parse_json_file(struct parser *p)
{
    struct str text = p->text;
    size_t start = skip_json_blanks(text, 0);
    size_t n = 0;
    AUTO(json_unrefp) json_t *value = NULL;
    enum json_found found = read_json_value(str_sub(text, start, text.n), &value, &n);
    size_t end = skip_json_blanks(text, start + n);
    unsigned line = 1 + count_lines(str_sub(text, 0, start));

    p->out->worth_a_note =
        str_contains(text, STR("\"apiVersion\"")) && str_contains(text, STR("\"kind\""));
    if (found == JSON_NOT_READ)
        (void)stop_unread_json(p, line);
    else if (found == JSON_MALFORMED)
        (void)stop(p, PARSE_FAILS, 0, "is malformed JSON");
    else if (!json_is_object(value) || !has_kind(value))
        (void)stop(p, PARSE_FAILS, 0, "is no Kubernetes object");
    else if (end < text.n && text.p[end] != ']' && text.p[end] != '}')
        (void)stop(p, PARSE_FAILS, 0, "holds more than one JSON value");
    else
        (void)add_json(p, value, str_sub(text, start, start + n), line);
}

static void drop_objects(struct parse *p)
{
    for (size_t i = 0; i < p->n; i++) {
        json_decref(p->objects[i].json);
        free(p->objects[i].shape);
    }
    free(p->objects);
    p->objects = NULL;
    p->n = 0;
    p->n_nodes = 0;
}

struct parse *parse_new(struct str bytes, enum parse_syntax syntax, size_t max_nodes)
{
    AUTO(freep) char *owned = NULL;
    struct parse *out = xcalloc(1, sizeof *out);
    struct parser p = {.out = out, .nodes_left = max_nodes};

    atomic_init(&out->references, 1);
    decode_text(bytes, &p.text, &owned);
    if (owned)
        differ(&p, false, 0, "is no plain UTF-8");
    if (syntax == SYNTAX_JSON)
        parse_json_file(&p);
    else
        parse_yaml_file(&p);
    if (out->state != PARSE_OBJECTS)
        drop_objects(out);
    else if (out->n)
        out->objects = xrealloc(out->objects, out->n * sizeof *out->objects);
    return out;
}

struct parse *parse_ref(struct parse *p)
{
    (void)atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
    return p;
}

void parse_unref(struct parse *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) != 1)
        return;
    drop_objects(p);
    free(p->what);
    free(p->kustomize_what);
    free(p);
}

size_t parse_n_nodes(const struct parse *p)
{
    return p->n_nodes;
}

static char *name_file(const char *file, unsigned line, const char *what)
{
    struct quoted name = shorten(file);

    return line ? xasprintf("%s:%u %s", name.text, line, what)
                : xasprintf("%s %s", name.text, what);
}

struct parsed *parsed_new(struct parse *parse, const char *file)
{
    struct parsed *out = xcalloc(1, sizeof *out);

    out->parse = parse_ref(parse);
    out->state = parse->state;
    out->line = parse->line;
    out->worth_a_note = parse->worth_a_note;
    if (parse->what)
        out->why = name_file(file, parse->line, parse->what);
    out->kustomize_fails = parse->kustomize_fails;
    if (parse->kustomize_what)
        out->kustomize_why = name_file(file, parse->kustomize_line, parse->kustomize_what);
    if (parse->n)
        out->manifests = xcalloc(parse->n, sizeof *out->manifests);
    for (; out->n < parse->n; out->n++) {
        const struct object *object = &parse->objects[out->n];

        out->manifests[out->n] =
            (struct manifest){file, object->line, object->id, object->json, object->shape};
    }
    return out;
}

struct parsed *parsed_unread(char *why)
{
    struct parsed *out = xcalloc(1, sizeof *out);

    out->state = PARSE_NOT_KNOWN;
    out->why = why;
    return out;
}

struct parsed *parsed_not_known(const char *file, const char *what)
{
    return parsed_unread(name_file(file, 0, what));
}

struct parsed *manifests_parse(const char *file, struct str bytes, enum parse_syntax syntax,
                               size_t *nodes_left)
{
    struct parse *parse = parse_new(bytes, syntax, *nodes_left);
    struct parsed *out = parsed_new(parse, file);

    *nodes_left -= parse->n_nodes;
    parse_unref(parse);
    return out;
}

void parsed_free(struct parsed *p)
{
    if (!p)
        return;
    parse_unref(p->parse);
    free(p->manifests);
    free(p->why);
    free(p->kustomize_why);
    free(p);
}
