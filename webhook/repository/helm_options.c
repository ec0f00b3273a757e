#include "repository/helm_options.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "repository/helm_values.h"
#include "repository/quote.h"
#include <stdlib.h>
#include <string.h>

static void add_input(struct helm_options *o, const char *file, const struct helm_words *words)
{
    o->inputs = xgrow(o->inputs, o->n, &o->capacity, sizeof *o->inputs);
    o->inputs[o->n++] = (struct helm_input){file, words};
}

/* json: over what there is so far; NULL: nothing. */
static void put_over(struct helm_options *o, const json_t *json)
{
    json_t *before = o->values;

    if (!json)
        return;
    o->values = helm_values_merge(json, before);
    json_decref(before);
}

/* Any of them may have been set anew. */
static void forget(struct helm_options *o)
{
    json_decref(o->values);
    o->values = helm_open_map();
}

/* Text Argo CD or Helm expands, or an address: where it leads is not known here. */
static bool is_beyond_us(struct str file)
{
    return str_find_char(file, '$') < file.n || str_contains(file, STR("://")) ||
           str_find_char(file, '*') < file.n || str_find_char(file, '?') < file.n ||
           str_find_char(file, '[') < file.n;
}

/* A file of a repository: this one, or the one that a `ref` names. */
struct place {
    const struct tree *tree;
    const struct contents *contents;
    size_t from;
    struct str file;
};

/* False where it is not known where the file lies. */
static bool find_place(const struct render *r, struct str file, struct place *out)
{
    size_t slash = str_find_char(file, '/');
    bool is_absolute = file.n && file.p[0] == '/';

    *out = (struct place){r->tree, r->contents, is_absolute ? 0 : r->directory, file};
    if (file.n && file.p[0] == '$' && slash < file.n) {
        struct str name = str_sub(file, 1, slash);

        out->file = str_sub(file, slash + 1, file.n);
        out->tree = NULL;
        for (size_t i = 0; i < r->request->n_references; i++) {
            const struct render_reference *reference = &r->request->references[i];

            if (!str_eq(reference->name, name) || !reference->repository)
                continue;
            *out = (struct place){reference->repository->tree, reference->repository->contents, 0,
                                  out->file};
        }
    }
    return out->tree && !out->tree->incomplete && out->file.n && !is_beyond_us(out->file);
}

static bool is_outside(enum tree_found found)
{
    return found == TREE_OUTSIDE || found == TREE_LOOP;
}

/* False where it is not there, and need not be. *node: NOT a file where it is not known. */
static bool find_file(const struct render *r, struct str file, bool may_be_missing,
                      struct place *place, size_t *node, bool *is_known)
{
    enum tree_found found;

    *is_known = find_place(r, file, place);
    if (!*is_known)
        return true;
    found = tree_follow(place->tree, place->from, place->file, node);
    if (found == TREE_FOUND && place->tree->nodes[*node].kind == NODE_FILE)
        return true;
    if (!may_be_missing || is_outside(found))
        output_fails(r->output, "the value file %s does not exist", quote_reference(file).text);
    else if (found == TREE_FOUND)
        *is_known = false; /* a directory */
    return !*is_known;
}

static void read_value_file(const struct render *r, struct helm_options *o, struct str file,
                            bool may_be_missing)
{
    const struct helm_words *words;
    const struct document *document;
    struct place place;
    bool is_known;
    size_t node;

    if (!find_file(r, file, may_be_missing, &place, &node, &is_known))
        return;
    words = is_known ? contents_helm(place.contents, node) : NULL;
    add_input(o, words ? place.tree->nodes[node].path : output_keep(r->output, file).p, words);
    document = words ? contents_document(place.contents, node) : NULL;
    if (!document || document->what)
        forget(o);
    else
        put_over(o, document->json);
}

static void read_inline(const struct render *r, struct helm_options *o)
{
    const json_t *helm = r->request->source->helm;
    const json_t *object = json_object_at(helm, "valuesObject");
    struct str text = json_str_at(helm, "values");
    AUTO(json_unrefp) json_t *parsed = NULL;
    struct err err = {0};

    if (object) {
        put_over(o, object);
    } else if (str_trim(text).n) {
        if (!yaml_read(text, 1, &parsed, NULL, &err) || (parsed && !json_is_object(parsed)))
            forget(o);
        else
            put_over(o, parsed);
    }
}

/* --- parameters --- */

enum {
    PARAMETERS_MAX = 1000, /* each is held against each */
    NAME_MAX_BYTES = 512,  /* and that is what holding two takes */
    NAME_MAX_LEVELS = 30,  /* Helm's strvals, MaxNestedNameLevel: more is an error there */
};

/* --set reads commas, braces and brackets in names; Argo CD escapes the value alone. */
static bool is_plain_name(struct str name)
{
    bool starts = true;
    size_t n_levels = 1;

    for (size_t i = 0; i < name.n; i++) {
        n_levels += name.p[i] == '.';
        if (name.p[i] == '\0' || strchr(",{}[]\\=$\"' \t\n", name.p[i]) ||
            (starts && name.p[i] == '.'))
            return false;
        starts = name.p[i] == '.';
    }
    return name.n && name.n <= NAME_MAX_BYTES && n_levels <= NAME_MAX_LEVELS && !starts;
}

static bool is_above(struct str above, struct str name)
{
    return str_starts(name, above) && (name.n == above.n || name.p[above.n] == '.');
}

/* Helm's strvals, typedVal: what --set makes of text. The caller owns it. */
static json_t *typed(struct str text)
{
    bool is_number = text.n && text.n < 10 && text.p[0] != '0';

    if (str_eq_nocase(text, STR("true")) || str_eq_nocase(text, STR("false")))
        return json_boolean(str_eq_nocase(text, STR("true")));
    if (str_eq_nocase(text, STR("null")) || str_is(text, "0") ||
        (text.n && strchr("+-", text.p[0]) && text.n > 1))
        return helm_not_known();
    for (size_t i = 0; i < text.n; i++)
        is_number = is_number && text.p[i] >= '0' && text.p[i] <= '9';
    if (is_number) {
        json_int_t number = 0;

        for (size_t i = 0; i < text.n; i++)
            number = number * 10 + (text.p[i] - '0');
        return xneed(json_integer(number));
    }
    return xneed(json_stringn_nocheck(text.n ? text.p : "", text.n));
}

/* Argo CD expands variables in it, and Helm lists and escapes. */
static bool is_plain_value(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\0' || strchr("$\\{},", text.p[i]))
            return false;
    return true;
}

static void put_at(struct helm_options *o, struct str name, json_t *value)
{
    json_t *before = o->values;

    o->values = helm_values_with_path(before, name, value);
    json_decref(before);
}

/* They come out of a Go map, in no order, --set before --set-string before --set-file. */
static bool is_alone(const json_t *list, size_t index)
{
    struct str name = json_str_at(json_array_get(list, index), "name");

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str other = json_str_at(json_array_get(list, i), "name");

        if (i != index && (is_above(other, name) || is_above(name, other)))
            return false;
    }
    return true;
}

static void read_parameters(struct helm_options *o, const json_t *list, bool are_files)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct str name = json_str_at(one, "name");
        struct str text = json_str_at(one, "value");
        AUTO(json_unrefp) json_t *value = NULL;

        if (!is_plain_name(name) || json_array_size(list) > PARAMETERS_MAX) {
            forget(o);
            return;
        }
        if (are_files || !is_alone(list, i) || !is_plain_value(text))
            value = helm_not_known();
        else if (json_bool_at(one, "forceString", false))
            value = xneed(json_stringn_nocheck(text.n ? text.p : "", text.n));
        else
            value = typed(text);
        put_at(o, name, value);
    }
}

void helm_options_read(const struct render *r, struct helm_options *out)
{
    const json_t *helm = r->request->source->helm;
    bool may_be_missing = json_bool_at(helm, "ignoreMissingValueFiles", false);
    const json_t *files = json_array_at(helm, "valueFiles");
    const json_t *parameters = json_array_at(helm, "fileParameters");

    *out = (struct helm_options){.values = xneed(json_object())};
    for (size_t i = 0; i < json_array_size(files); i++)
        read_value_file(r, out, json_view(json_array_get(files, i)), may_be_missing);
    read_inline(r, out);
    read_parameters(out, json_array_at(helm, "parameters"), false);
    read_parameters(out, parameters, true);
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        struct str file = json_str_at(json_array_get(parameters, i), "path");
        struct place place;
        bool is_known;
        size_t node;

        if (find_file(r, file, false, &place, &node, &is_known))
            add_input(out, output_keep(r->output, file).p,
                      is_known ? contents_helm(place.contents, node) : NULL);
    }
}

void helm_options_clear(struct helm_options *o)
{
    json_decref(o->values);
    free(o->inputs);
    *o = (struct helm_options){0};
}

struct str helm_options_release(const struct render *r)
{
    struct str name = json_str_at(r->request->source->helm, "releaseName");

    return name.n ? name : r->request->app_name;
}

struct str helm_options_namespace(const struct render *r)
{
    struct str name = json_str_at(r->request->source->helm, "namespace");

    return name.n ? name : r->request->destination_namespace;
}
