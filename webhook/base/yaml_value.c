#include "base/yaml_value.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/yaml_scalar.h"
#include <math.h>
#include <string.h>

/*
 * A value that Go cannot write as JSON, or of which we cannot know what Go makes, fails the
 * document only if it is still there at the end: a later duplicate of its key may have replaced
 * it. Such a value is a stand-in string, and the number of references to it tells.
 */
struct stand_in {
    json_t *json;
    struct err first; /* why the first one stands there */
};

struct builder {
    struct arena *keep;
    struct yaml_lines *lines;
    struct err *err;
    struct stand_in refused;
    struct stand_in not_known;
    /* go-yaml's defence against alias bombs: steps so far, and those inside aliases. */
    size_t n_steps;
    size_t n_alias_steps;
    unsigned in_alias;
};

/* An object while its members arrive; merges write into it as well. */
struct object {
    json_t *json;
    json_t *kinds; /* the keys that were no strings, by text; NULL until there is one */
    bool refused;
    bool not_known;
};

enum { KEY_STRING = 0, KEY_BOOL = 1, KEY_INT = 2 }; /* a float key counts as its bits */

bool yaml_node_is_merge(const struct yaml_node *key)
{
    return key->kind == YAML_NODE_SCALAR && str_is(key->text, "<<") &&
           (key->plain || str_is(key->tag, "tag:yaml.org,2002:merge"));
}

static void where(const struct yaml_node *node, struct err *err)
{
    err_where(err, "line %u, column %u", node->line, node->column);
}

static bool refuse(struct builder *b, const struct yaml_node *node, const char *why)
{
    err_what(b->err, ERR_INPUT, "malformed YAML");
    where(node, b->err);
    err_why(b->err, "go-yaml: %s", why);
    return false;
}

static json_t *stand_in(struct stand_in *s, enum err_kind kind, const struct yaml_node *node,
                        const char *why)
{
    err_what(&s->first, kind, "%s",
             kind == ERR_LIMIT ? "YAML whose meaning to Argo CD is not known"
                               : "YAML that has no JSON");
    where(node, &s->first);
    err_why(&s->first, "%s", why);
    return json_incref(s->json);
}

static void mark_refused(struct builder *b, struct object *o, const struct yaml_node *node,
                         const char *why)
{
    json_decref(stand_in(&b->refused, ERR_INPUT, node, why));
    o->refused = true;
}

static void mark_not_known(struct builder *b, struct object *o, const struct yaml_node *node,
                           const char *why)
{
    json_decref(stand_in(&b->not_known, ERR_LIMIT, node, why));
    o->not_known = true;
}

/*
 * Counts decoding steps as go-yaml does and refuses what it refuses. Within an alias only the sum
 * matters: the share of alias steps grows with each of them. Source: decode.go, allowedAliasRatio.
 */
static bool count(struct builder *b, const struct yaml_node *node, size_t n, bool in_alias)
{
    double allowed = 0.99;

    b->n_steps += n;
    if (in_alias)
        b->n_alias_steps += n;
    if (b->n_steps > 400000)
        allowed -= 0.89 * ((double)(b->n_steps - 400000) / 3600000.0);
    if (b->n_alias_steps > 100 && b->n_steps > 1000 &&
        (double)b->n_alias_steps / (double)b->n_steps > allowed)
        return refuse(b, node, "document contains excessive aliasing");
    return true;
}

static bool visit(struct builder *b, const struct yaml_node *node)
{
    if (b->in_alias)
        return true; /* counted as a whole where the alias stands */
    if (!count(b, node, 1, false))
        return false;
    return node->kind != YAML_NODE_ALIAS || count(b, node, node->alias->n_steps, true);
}

static bool resolve(struct builder *b, const struct yaml_node *node, struct yaml_scalar *out)
{
    if (yaml_scalar_resolve(node->tag, node->text, node->plain, b->keep, out, b->err))
        return true;
    where(node, b->err);
    return false;
}

static bool build(struct builder *b, struct yaml_node *node, json_t **out);

static json_int_t kind_of_key(const struct yaml_scalar *s)
{
    json_int_t bits = 0;

    if (s->kind == YAML_SCALAR_BOOL)
        return KEY_BOOL;
    if (s->kind == YAML_SCALAR_INT)
        return KEY_INT;
    if (s->kind != YAML_SCALAR_FLOAT)
        return KEY_STRING;
    memcpy(&bits, &s->number, sizeof bits);
    return bits;
}

/*
 * Go's map keeps 1, "1" and 1.0 apart, and which of them survives the conversion to JSON keys is
 * up to the order of its iteration. False when the key meets one of another kind.
 */
static bool remember_kind(struct object *o, const char *key, const struct yaml_scalar *s)
{
    json_int_t kind = kind_of_key(s);

    if (json_object_get(o->json, key)) {
        json_int_t was = json_integer_value(json_object_get(o->kinds, key));

        return was == kind && !(s->kind == YAML_SCALAR_FLOAT && isnan(s->number));
    }
    if (kind != KEY_STRING) {
        if (!o->kinds)
            o->kinds = xneed(json_object());
        (void)json_object_set_new_nocheck(o->kinds, key, xneed(json_integer(kind)));
    }
    return true;
}

/* Sets one member; `value` is taken over. */
static bool set_member(struct builder *b, struct object *o, const struct yaml_node *key_node,
                       const struct yaml_scalar *key, json_t *value)
{
    AUTO(json_unrefp) json_t *owned = value;
    AUTO(freep) char *copy = NULL;
    char room[YAML_KEY_MAX];
    struct str text;

    if (!yaml_scalar_key(key, room, &text)) {
        mark_refused(b, o, key_node, "sigs.k8s.io/yaml: unsupported map key");
        return true;
    }
    if (str_find_char(text, '\0') < text.n || !utf8_is_valid(text) ||
        (key->kind == YAML_SCALAR_FLOAT && key->number == 0 && signbit(key->number))) {
        mark_not_known(b, o, key_node, "a key that is no ordinary text");
        return true;
    }
    copy = xstrndup(text);
    if (b->lines && json_object_get(o->json, copy))
        yaml_lines_note_repeat(b->lines, key_node->line);
    if (!remember_kind(o, copy, key))
        mark_not_known(b, o, key_node, "keys of different types that become the same text");
    (void)xneed(json_object_set_nocheck(o->json, copy, owned) == 0 ? o->json : NULL);
    if (b->lines)
        yaml_lines_set_member(b->lines, o->json, copy, key_node->line);
    return true;
}

static bool fill(struct builder *b, const struct yaml_node *mapping, struct object *o);

/* The value of `<<`: a mapping, an alias to one, or a list of these, the first taking precedence.
 * Source: decode.go, decoder.merge. */
static bool merge(struct builder *b, const struct yaml_node *from, struct object *o)
{
    const struct yaml_node *mapping = from->kind == YAML_NODE_ALIAS ? from->alias : from;
    bool is_alias = from->kind == YAML_NODE_ALIAS;
    bool done;

    if (from->kind == YAML_NODE_SEQUENCE) {
        for (const struct yaml_node *n = from->last; n; n = n->previous) {
            if (n->kind == YAML_NODE_SEQUENCE)
                return refuse(b, n, "map merge requires map or sequence of maps as the value");
            if (!merge(b, n, o))
                return false;
        }
        return true;
    }
    if (mapping->kind != YAML_NODE_MAPPING)
        return refuse(b, from, "map merge requires map or sequence of maps as the value");
    if (!visit(b, from))
        return false;
    b->in_alias += is_alias;
    done = fill(b, mapping, o);
    b->in_alias -= is_alias;
    return done;
}

/* In the order of the text, so that a merge behind a key overrides it, as in go-yaml v2. */
static bool fill(struct builder *b, const struct yaml_node *mapping, struct object *o)
{
    for (struct yaml_node *key = mapping->first; key; key = key->next->next) {
        const struct yaml_node *scalar = key->kind == YAML_NODE_ALIAS ? key->alias : key;
        struct yaml_scalar resolved;
        json_t *value = NULL;

        if (b->lines && scalar->kind == YAML_NODE_SCALAR && str_is(scalar->text, "<<"))
            yaml_lines_note_merge(b->lines);
        if (yaml_node_is_merge(key)) {
            if (!merge(b, key->next, o))
                return false;
            continue;
        }
        if (scalar->kind != YAML_NODE_SCALAR)
            return refuse(b, key, "invalid map key");
        if (!visit(b, key) || !resolve(b, scalar, &resolved) || !build(b, key->next, &value) ||
            !set_member(b, o, key, &resolved, value))
            return false;
    }
    return true;
}

static bool build_mapping(struct builder *b, const struct yaml_node *node, json_t **out)
{
    struct object o = {.json = xneed(json_object())};
    bool done = fill(b, node, &o);

    if (done && (o.refused || o.not_known))
        *out = json_incref(o.refused ? b->refused.json : b->not_known.json);
    else if (done)
        *out = json_incref(o.json);
    json_decref(o.kinds);
    json_decref(o.json);
    return done;
}

static bool build_sequence(struct builder *b, const struct yaml_node *node, json_t **out)
{
    AUTO(json_unrefp) json_t *array = xneed(json_array());

    for (struct yaml_node *n = node->first; n; n = n->next) {
        json_t *value = NULL;

        if (!build(b, n, &value))
            return false;
        (void)xneed(json_array_append_new(array, value) == 0 ? array : NULL);
        if (b->lines)
            yaml_lines_set_item(b->lines, array, json_array_size(array) - 1, n->line);
    }
    *out = steal(&array);
    return true;
}

static bool build_scalar(struct builder *b, const struct yaml_node *node, json_t **out)
{
    struct yaml_scalar s;

    if (!resolve(b, node, &s))
        return false;
    *out = yaml_scalar_json(&s);
    if (!*out)
        *out = stand_in(&b->refused, ERR_INPUT, node, "encoding/json: infinity or not a number");
    return true;
}

/* The recursion is as deep as the document is nested, aliases followed: YAML_MAX_DEPTH. */
static bool build(struct builder *b, struct yaml_node *node, json_t **out)
{
    bool done = false;

    if (!visit(b, node))
        return false;
    if (b->in_alias && node->json) {
        *out = json_incref(node->json);
        return true;
    }
    switch (node->kind) {
    case YAML_NODE_ALIAS:
        b->in_alias++;
        done = build(b, node->alias, out);
        b->in_alias--;
        return done;
    case YAML_NODE_SCALAR:
        done = build_scalar(b, node, out);
        break;
    case YAML_NODE_SEQUENCE:
        done = build_sequence(b, node, out);
        break;
    case YAML_NODE_MAPPING:
        done = build_mapping(b, node, out);
        break;
    }
    if (done) {
        json_decref(node->json);
        node->json = json_incref(*out);
    }
    return done;
}

bool yaml_value_build(struct yaml_node *root, struct yaml_node *nodes, struct arena *keep,
                      struct yaml_lines *lines, json_t **out, struct err *err)
{
    AUTO(json_unrefp) json_t *refused = xneed(json_string(""));
    AUTO(json_unrefp) json_t *not_known = xneed(json_string(""));
    AUTO(json_unrefp) json_t *value = NULL;
    struct builder b = {.keep = keep,
                        .lines = lines,
                        .err = err,
                        .refused.json = refused,
                        .not_known.json = not_known};
    bool done = build(&b, root, &value);

    for (struct yaml_node *n = nodes; n; n = n->made_before) {
        json_decref(n->json);
        n->json = NULL;
    }
    if (!done)
        return false;
    /* Only the tree can still hold one of them. */
    if (refused->refcount > 1) {
        *err = b.refused.first;
        return false;
    }
    if (not_known->refcount > 1) {
        *err = b.not_known.first;
        return false;
    }
    *out = steal(&value);
    return true;
}
