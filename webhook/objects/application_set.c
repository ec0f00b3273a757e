#include "objects/application_set.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "objects/fields.h"
#include "objects/names.h"
#include "objects/set_path.h"
#include "objects/tracking.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool application_set_parse(json_t *object, struct str namespace, struct str name,
                           struct application_set **out, struct err *err)
{
    AUTO(application_set_freep) struct application_set *set = xcalloc(1, sizeof *set);
    json_t *metadata;
    json_t *spec;
    json_t *options;
    struct str patch;

    if (!field_object(object, "", "metadata", &metadata, err) ||
        !field_object(object, "", "spec", &spec, err) ||
        !field_bool(spec, "/spec", "goTemplate", &set->go_template, err) ||
        !field_array(spec, "/spec", "goTemplateOptions", &options, err) ||
        !field_array(spec, "/spec", "generators", &set->generators, err) ||
        !field_object(spec, "/spec", "template", &set->template, err) ||
        !field_str(spec, "/spec", "templatePatch", &patch, err))
        return false;
    set->object = json_incref(object);
    set->id = (struct identity){
        .group = STR(GROUP_ARGOPROJ),
        .kind = STR("ApplicationSet"),
        .namespace = namespace.p ? namespace : json_str_at(metadata, "namespace"),
        .name = name.p ? name : json_str_at(metadata, "name"),
    };
    set->has_patch = patch.n != 0;
    for (size_t i = 0; i < json_array_size(options); i++)
        if (str_is(json_view(json_array_get(options, i)), "missingkey=error"))
            set->missing_key_fails = true;
    *out = steal(&set);
    return true;
}

void application_set_free(struct application_set *set)
{
    if (!set)
        return;
    json_decref(set->object);
    free(set);
}

void application_set_freep(struct application_set **set)
{
    application_set_free(*set);
}

void set_filler_clear(struct set_filler *f)
{
    free(f->not_known);
    free(f->fails);
    f->not_known = f->fails = NULL;
}

static bool say(char **where, const char *before, struct str text, const char *after)
{
    struct buf b;

    if (*where)
        return false;
    buf_init(&b, 1024);
    buf_adds(&b, before);
    text_escape(&b, text, 100);
    buf_adds(&b, after);
    *where = buf_take(&b);
    return false;
}

/* One text under way. */
struct text_fill {
    struct set_filler *filler;
    const json_t *params;
    struct buf out;
};

/* Integers of up to six digits print as they are; Go has its own ways with others (%v of a
 * float64).
 */
static bool add_number(struct buf *out, double value)
{
    if (!(fabs(value) < 1e6) || value != floor(value))
        return false;
    buf_printf(out, "%ld", (long)value);
    return true;
}

static bool add_value(struct text_fill *t, const json_t *value, struct str expression)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        buf_add(&t->out, json_view(value));
        return true;
    case JSON_TRUE:
        buf_adds(&t->out, "true");
        return true;
    case JSON_FALSE:
        buf_adds(&t->out, "false");
        return true;
    case JSON_INTEGER:
    case JSON_REAL:
        if (add_number(&t->out, json_number_value(value)))
            return true;
        break;
    default:
        break;
    }
    return say(&t->filler->not_known, "how its parameter {{", expression, "}} is printed");
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '|' || c == '(' || c == ')' ||
           c == '"';
}

/* How long the piece of an action is that the text starts with: a quoted text, a word, or a mark.
 */
static size_t word_length(struct str text)
{
    size_t n = 0;

    if (text.n && text.p[0] == '"') {
        for (n = 1; n < text.n && text.p[n] != '"' && text.p[n] != '\\';)
            n++;
        return n + (n < text.n);
    }
    while (n < text.n && !ends_word(text.p[n]))
        n++;
    return n ? n : (size_t)(text.n != 0);
}

static struct str take_word(struct str *rest)
{
    struct str text = str_trim(*rest);
    size_t n = word_length(text);

    *rest = str_sub(text, n, text.n);
    return str_sub(text, 0, n);
}

static bool is_field(struct str name)
{
    if (name.n == 0 || (name.p[0] >= '0' && name.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= 'A' && name.p[i] <= 'Z') &&
            !(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '_')
            return false;
    return true;
}

enum found { FOUND, FOUND_NOT_KNOWN, FOUND_MISSING };

static enum found find_field(const json_t *value, struct str name, const json_t **out)
{
    if (!json_is_object(value))
        return FOUND_NOT_KNOWN;
    *out = json_object_getn(value, name.p, name.n);
    return *out ? FOUND : FOUND_MISSING;
}

/* .a.b.c */
static enum found find_chain(const json_t *params, struct str word, const json_t **out)
{
    struct str rest;
    struct str name;

    if (word.n < 2 || word.p[0] != '.')
        return FOUND_NOT_KNOWN;
    rest = str_sub(word, 1, word.n);
    *out = params;
    while (str_split(&rest, '.', &name)) {
        enum found found = is_field(name) ? find_field(*out, name, out) : FOUND_NOT_KNOWN;

        if (found != FOUND)
            return found;
    }
    return FOUND;
}

enum { INDEX_MAX_DIGITS = 6 };

static enum found find_index(const json_t *value, struct str word, const json_t **out)
{
    size_t index = 0;

    if (word.n > 2 && word.p[0] == '"' && word.p[word.n - 1] == '"')
        return find_field(value, str_sub(word, 1, word.n - 1), out) == FOUND ? FOUND
                                                                             : FOUND_NOT_KNOWN;
    if (word.n == 0 || word.n > INDEX_MAX_DIGITS || !json_is_array(value))
        return FOUND_NOT_KNOWN;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9' || (i && word.p[0] == '0'))
            return FOUND_NOT_KNOWN;
        index = index * 10 + (size_t)(word.p[i] - '0');
    }
    *out = json_array_get(value, index);
    return *out ? FOUND : FOUND_NOT_KNOWN;
}

static bool is_function(struct str word)
{
    return str_is(word, "normalize") || str_is(word, "lower");
}

/* `.a.b` or `index .a.b 1`, up to a pipe. function: in front, as in `lower .a`. */
static enum found evaluate(const json_t *params, struct str *rest, struct str *function,
                           const json_t **out)
{
    struct str word = take_word(rest);
    enum found found;

    if (is_function(word)) {
        *function = word;
        word = take_word(rest);
    }
    if (!str_is(word, "index") || function->n)
        return find_chain(params, word, out);
    word = take_word(rest);
    found = find_chain(params, word, out);
    if (found != FOUND)
        return found;
    return find_index(*out, take_word(rest), out);
}

/* What a pipe makes of a text; NULL for what is not imitated. */
static char *piped(struct str function, struct str text)
{
    char *out;

    if (str_is(function, "normalize"))
        return set_path_normalize(text);
    if (!str_is(function, "lower"))
        return NULL;
    out = xstrndup(text);
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)out[i] >= 0x80) {
            free(out);
            return NULL;
        }
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = (char)(out[i] - 'A' + 'a');
    }
    return out;
}

static bool add_piped(struct text_fill *t, const json_t *value, struct str function,
                      struct str rest, struct str expression)
{
    AUTO(freep) char *text = NULL;

    if (json_is_string(value))
        text = function.n ? piped(function, json_view(value)) : xstrndup(json_view(value));
    while (text && rest.n && rest.p[0] == '|') {
        char *next;

        (void)take_word(&rest);
        next = piped(take_word(&rest), str_from(text));
        free(text);
        text = next;
        rest = str_trim(rest);
    }
    if (!text || rest.n)
        return say(&t->filler->not_known, "what {{", expression, "}} in its template makes");
    buf_adds(&t->out, text);
    return true;
}

static bool add_action(struct text_fill *t, struct str action)
{
    struct str expression = str_trim(action);
    struct str rest = expression;
    const json_t *value = NULL;
    struct str function = STR("");
    enum found found = evaluate(t->params, &rest, &function, &value);

    rest = str_trim(rest);
    if (found == FOUND && (rest.n || function.n))
        return add_piped(t, value, function, rest, expression);
    if (found == FOUND)
        return add_value(t, value, expression);
    if (found == FOUND_MISSING && rest.n == 0 && !function.n && t->filler->set->missing_key_fails)
        return say(&t->filler->fails, "no generator gives its template {{", expression,
                   "}}, and goTemplateOptions has missingkey=error");
    return say(&t->filler->not_known, "what {{", expression, "}} in its template makes");
}

/* One tag of the plain kind (github.com/valyala/fasttemplate). */
static bool add_tag(struct text_fill *t, struct str tag)
{
    struct str name = str_trim(tag);
    const json_t *value = name.n ? json_object_getn(t->params, name.p, name.n) : NULL;

    if (value)
        return add_value(t, json_is_string(value) ? value : NULL, name);
    buf_adds(&t->out, "{{");
    buf_add(&t->out, tag);
    buf_adds(&t->out, "}}");
    return true;
}

/* The next `mark`, or text.n. */
static size_t find(struct str text, size_t from, const char *mark)
{
    for (; from + 2 <= text.n; from++)
        if (text.p[from] == mark[0] && text.p[from + 1] == mark[1])
            return from;
    return text.n;
}

static bool add_parts(struct text_fill *t, struct str text)
{
    size_t at = 0;

    while (at < text.n) {
        size_t open = find(text, at, "{{");
        size_t close = find(text, open, "}}");
        struct str tag;

        buf_add(&t->out, str_sub(text, at, open));
        if (open == text.n)
            return true;
        if (close == text.n)
            return say(&t->filler->fails, "its template has a {{ without }} in ", text, "");
        tag = str_sub(text, open + 2, close);
        if (!(t->filler->set->go_template ? add_action(t, tag) : add_tag(t, tag)))
            return false;
        at = close + 2;
    }
    return true;
}

/* Without goTemplate only a text with both marks on one line is a template (isTemplatedRegex). */
static bool is_template(const struct application_set *set, struct str text)
{
    size_t open = find(text, 0, "{{");

    if (set->go_template || open == text.n)
        return open != text.n;
    while (open != text.n) {
        size_t close = find(text, open + 2, "}}");
        size_t line = open;

        if (close == text.n)
            return false;
        while (line < close && text.p[line] != '\n')
            line++;
        if (line == close)
            return true;
        open = find(text, line, "{{");
    }
    return false;
}

char *set_fill_text(struct set_filler *f, struct str text, const json_t *params)
{
    struct text_fill t = {.filler = f, .params = params};

    buf_init(&t.out, f->bytes_left);
    if (!is_template(f->set, text))
        buf_add(&t.out, text);
    else if (!add_parts(&t, text)) {
        buf_clear(&t.out);
        return NULL;
    }
    if (!buf_ok(&t.out) || (t.out.n && memchr(t.out.p, '\0', t.out.n))) {
        (void)say(&f->not_known,
                  buf_ok(&t.out) ? "its template makes a text with a NUL"
                                 : "its Applications take more than 64 MiB",
                  STR(""), "");
        buf_clear(&t.out);
        return NULL;
    }
    f->bytes_left -= t.out.n;
    return buf_take(&t.out);
}

/* Where a value stands in the template: what no rule reads need not be known. */
enum place {
    PLACE_DECIDES,
    PLACE_INDIFFERENT,
    PLACE_TEMPLATE,
    PLACE_METADATA,
    PLACE_ANNOTATIONS,
    PLACE_SPEC,
    PLACE_SOURCES,
    PLACE_KUSTOMIZE,
};

static const struct place_row {
    const char *key; /* NULL: any other */
    enum place in;
    enum place is;
} places[] = {
    {"metadata", PLACE_TEMPLATE, PLACE_METADATA},
    {"spec", PLACE_TEMPLATE, PLACE_SPEC},
    {"labels", PLACE_METADATA, PLACE_INDIFFERENT},
    {"annotations", PLACE_METADATA, PLACE_ANNOTATIONS},
    {ANNOTATION_HOOK, PLACE_ANNOTATIONS, PLACE_DECIDES},
    {ANNOTATION_HELM_HOOK, PLACE_ANNOTATIONS, PLACE_DECIDES},
    {ANNOTATION_SYNC_OPTIONS, PLACE_ANNOTATIONS, PLACE_DECIDES},
    {ANNOTATION_EXEMPT, PLACE_ANNOTATIONS, PLACE_DECIDES},
    {NULL, PLACE_ANNOTATIONS, PLACE_INDIFFERENT},
    {"info", PLACE_SPEC, PLACE_INDIFFERENT},
    {"ignoreDifferences", PLACE_SPEC, PLACE_INDIFFERENT},
    {"source", PLACE_SPEC, PLACE_SOURCES},
    {"sources", PLACE_SPEC, PLACE_SOURCES},
    {"kustomize", PLACE_SOURCES, PLACE_KUSTOMIZE},
    {"images", PLACE_KUSTOMIZE, PLACE_INDIFFERENT},
    {"commonLabels", PLACE_KUSTOMIZE, PLACE_INDIFFERENT},
    {"commonAnnotations", PLACE_KUSTOMIZE, PLACE_INDIFFERENT},
    {NULL, PLACE_INDIFFERENT, PLACE_INDIFFERENT},
};

static enum place place_of(enum place in, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (places[i].in == in && (!places[i].key || strcmp(places[i].key, key) == 0))
            return places[i].is;
    return PLACE_DECIDES;
}

static json_t *fill(struct set_filler *f, json_t *value, const json_t *params, enum place place);

/* Nothing that decides is wanted here; but what fails fails the set. */
static char *fill_indifferent(struct set_filler *f, struct str text, const json_t *params)
{
    char *known = f->not_known;
    char *out;

    f->not_known = NULL;
    out = set_fill_text(f, text, params);
    free(f->not_known);
    f->not_known = known;
    return out || f->fails ? out : xstrndup(text);
}

static char *fill_string(struct set_filler *f, struct str text, const json_t *params,
                         enum place place)
{
    return place == PLACE_INDIFFERENT ? fill_indifferent(f, text, params)
                                      : set_fill_text(f, text, params);
}

static bool fill_member(struct set_filler *f, json_t *out, const char *key, json_t *value,
                        const json_t *params, enum place place)
{
    AUTO(freep) char *name = fill_string(f, str_from(key), params, place);
    json_t *filled = name ? fill(f, value, params, place) : NULL;

    return filled && json_object_set_new_nocheck(out, name, filled) == 0;
}

static json_t *fill_object(struct set_filler *f, json_t *value, const json_t *params,
                           enum place place)
{
    AUTO(json_unrefp) json_t *out = xneed(json_object());
    const char *key;
    json_t *member;

    json_object_foreach(value, key, member)
    {
        if (!fill_member(f, out, key, member, params, place_of(place, key)))
            return NULL;
    }
    return steal(&out);
}

static json_t *fill_array(struct set_filler *f, json_t *value, const json_t *params,
                          enum place place)
{
    AUTO(json_unrefp) json_t *out = xneed(json_array());
    size_t index;
    json_t *item;

    json_array_foreach(value, index, item)
    {
        json_t *filled = fill(f, item, params, place);

        if (!filled || json_array_append_new(out, filled) != 0)
            return NULL;
    }
    return steal(&out);
}

enum { VALUE_BYTES = 100 }; /* of memory, for jansson */

static json_t *fill(struct set_filler *f, json_t *value, const json_t *params, enum place place)
{
    AUTO(freep) char *text = NULL;

    /* Values are counted as well as texts: an empty list is as cheap to repeat. */
    if (f->bytes_left < VALUE_BYTES) {
        (void)say(&f->not_known, "its Applications take more than 64 MiB", STR(""), "");
        return NULL;
    }
    f->bytes_left -= VALUE_BYTES;
    if (json_is_object(value))
        return fill_object(f, value, params, place);
    if (json_is_array(value))
        return fill_array(f, value, params, place);
    if (!json_is_string(value))
        return json_incref(value);
    if (find(json_view(value), 0, "{{") == json_string_length(value))
        return json_incref(value);
    text = fill_string(f, json_view(value), params, place);
    return text ? json_string_nocheck(text) : NULL;
}

json_t *set_fill(struct set_filler *f, json_t *value, const json_t *params)
{
    return fill(f, value, params, PLACE_DECIDES);
}

/* The template itself where there are no parameters (RenderTemplateParams). */
static json_t *fill_template(struct set_filler *f, const json_t *params)
{
    return json_object_size(params) == 0 ? json_incref(f->set->template)
                                         : fill(f, f->set->template, params, PLACE_TEMPLATE);
}

json_t *set_fill_application(struct set_filler *f, const json_t *params)
{
    AUTO(json_unrefp) json_t *filled = f->set->template ? fill_template(f, params) : NULL;
    AUTO(json_unrefp) json_t *metadata = NULL;
    struct str namespace = f->set->id.namespace;
    struct str name = json_str_at(json_object_at(filled, "metadata"), "name");

    if (!filled)
        return NULL;
    if (!names_is_subdomain(name)) {
        (void)say(&f->not_known, "its template makes the name ", name, ", which is none");
        return NULL;
    }
    metadata = json_copy(json_object_at(filled, "metadata"));
    (void)json_object_set_new_nocheck(
        metadata, "namespace", json_stringn_nocheck(namespace.n ? namespace.p : "", namespace.n));
    return json_pack("{s:s, s:s, s:O, s:O*}", "apiVersion", "argoproj.io/v1alpha1", "kind",
                     "Application", "metadata", metadata, "spec", json_object_at(filled, "spec"));
}
