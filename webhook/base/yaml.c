#include "base/yaml.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/yaml_lines.h"
#include "base/yaml_node.h"
#include "base/yaml_value.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/*
 * libyaml by events. go-yaml v2 is a port of an older libyaml; the two scanners differ in a few
 * places (checked against 0.2.5, differences marked "differs" below), and there we answer what Go
 * would, or that we do not know.
 */

/* The nodes of the largest document and its text, with the arena's padding. */
static const size_t ARENA_MAX =
    (size_t)YAML_MAX_NODES * (sizeof(struct yaml_node) + 48) + (size_t)3 * YAML_MAX_BYTES;

/* What a name stood for when it was last given. */
struct anchored {
    struct yaml_node *node;
};

struct reader {
    yaml_parser_t parser;
    struct str text; /* UTF-8 without a mark */
    unsigned first_line;
    struct err *err;
    struct arena *keep;
    json_t *anchors; /* name → index into `anchored`, the latest node of that name */
    struct anchored *anchored;
    size_t n_anchored;
    size_t anchored_capacity;
    struct yaml_node *root;
    struct yaml_node *newest;
    struct yaml_node *open[YAML_MAX_DEPTH];
    size_t n_open;
    size_t n_flow; /* of the open containers, those written with brackets and what is below */
    size_t n_nodes;
    size_t n_aliases;
    bool has_properties; /* the text holds a '!': properties have to be looked at as written */
    bool has_slashes;    /* it holds a "\/" */
    bool ended;
    /* libyaml counts characters; where the last looked-up one lies in bytes. */
    size_t seen_characters;
    size_t seen_bytes;
};

static bool not_known(struct reader *r, const yaml_mark_t *at, const char *why)
{
    err_what(r->err, ERR_LIMIT, "YAML whose meaning to Argo CD is not known");
    err_where(r->err, "line %zu, column %zu", at->line + r->first_line, at->column + 1);
    err_why(r->err, "%s", why);
    return false;
}

static bool malformed(struct reader *r, const yaml_mark_t *at, const char *by, const char *why)
{
    err_what(r->err, ERR_INPUT, "malformed YAML");
    err_where(r->err, "line %zu, column %zu", at->line + r->first_line, at->column + 1);
    err_why(r->err, "%s: %s", by, why);
    return false;
}

static bool too_much(struct reader *r, const yaml_mark_t *at, const char *what, unsigned limit)
{
    err_what(r->err, ERR_LIMIT, "YAML document too large to read");
    err_where(r->err, "line %zu, column %zu", at->line + r->first_line, at->column + 1);
    err_why(r->err, "more than %u %s", limit, what);
    return false;
}

/* What is written from `mark` on. */
static struct str source_at(struct reader *r, const yaml_mark_t *mark)
{
    const char *p = r->text.p ? r->text.p : "";

    while (r->seen_characters < mark->index && r->seen_bytes < r->text.n) {
        r->seen_bytes++;
        while (r->seen_bytes < r->text.n && ((unsigned char)p[r->seen_bytes] & 0xC0) == 0x80)
            r->seen_bytes++;
        r->seen_characters++;
    }
    while (r->seen_characters > mark->index) {
        r->seen_bytes--;
        while (((unsigned char)p[r->seen_bytes] & 0xC0) == 0x80)
            r->seen_bytes--;
        r->seen_characters--;
    }
    return (struct str){p + r->seen_bytes, r->text.n - r->seen_bytes};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str skip_spaces(struct str s)
{
    while (s.n && (is_space(s.p[0]) || s.p[0] == '#')) {
        size_t n = s.p[0] == '#' ? str_find_char(s, '\n') : 1;

        s = str_sub(s, n, s.n);
    }
    return s;
}

static bool is_anchor_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-';
}

/* Cuts one property (&anchor or !tag) and the blanks behind it off *s. */
static struct str cut_property(struct str *s)
{
    bool is_anchor = s->n && s->p[0] == '&';
    size_t n = s->n ? 1 : 0;
    struct str property;

    while (n < s->n && (is_anchor ? is_anchor_char(s->p[n]) : !is_space(s->p[n])))
        n++;
    property = str_sub(*s, 0, n);
    *s = skip_spaces(str_sub(*s, n, s->n));
    return property;
}

/* differs: libyaml drops the tag "!", go-yaml keeps it and so takes the text as it is; and Go reads
 * , [ ] as part of a tag. So tags are looked at as they are written. */
static bool read_tag(struct reader *r, const yaml_event_t *e, const yaml_char_t *tag,
                     struct str *out)
{
    struct str s;
    struct str written = STR_NONE;
    const char *end;

    *out = STR_NONE;
    if (!r->has_properties || e->start_mark.index == e->end_mark.index)
        return true;
    end = source_at(r, &e->end_mark).p;
    s = source_at(r, &e->start_mark);
    if (s.n && s.p[0] == '&')
        (void)cut_property(&s);
    /* Behind the node's end it is the next node's: an anchor may stand for an empty scalar. */
    if (s.n && s.p[0] == '!' && s.p < end)
        written = cut_property(&s);
    if (!written.p && !tag)
        return true;
    if (!written.p ||
        (!str_starts(written, STR("!<")) &&
         (str_find_char(written, ',') < written.n || str_find_char(written, '[') < written.n ||
          str_find_char(written, ']') < written.n)))
        return not_known(r, &e->start_mark, "a tag with a comma or a bracket in it");
    if (arena_copy(r->keep, tag ? str_from((const char *)tag) : STR("!"), out))
        return true;
    return too_much(r, &e->start_mark, "bytes", YAML_MAX_BYTES);
}

/* Hangs a new node on its container. NULL when a budget is used up. */
static struct yaml_node *add_node(struct reader *r, const yaml_event_t *e, enum yaml_node_kind kind)
{
    struct yaml_node *parent = r->n_open ? r->open[r->n_open - 1] : NULL;
    struct yaml_node *node = NULL;

    if (r->n_nodes < YAML_MAX_NODES)
        node = arena_alloc(r->keep, sizeof *node);
    if (!node) {
        (void)too_much(r, &e->start_mark, "values", YAML_MAX_NODES);
        return NULL;
    }
    r->n_nodes++;
    node->kind = kind;
    node->line = (unsigned)(e->start_mark.line + r->first_line);
    node->column = (unsigned)(e->start_mark.column + 1);
    node->n_steps = 1;
    node->made_before = r->newest;
    r->newest = node;
    if (!parent) {
        r->root = node;
        return node;
    }
    node->previous = parent->last;
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return node;
}

static void name_anchor(struct reader *r, struct yaml_node *node, const yaml_char_t *name)
{
    if (!name)
        return;
    r->anchored = xgrow(r->anchored, r->n_anchored, &r->anchored_capacity, sizeof *r->anchored);
    (void)xneed(json_object_set_new_nocheck(r->anchors, (const char *)name,
                                            xneed(json_integer((json_int_t)r->n_anchored))) == 0
                    ? r->anchors
                    : NULL);
    r->anchored[r->n_anchored++].node = node;
}

static bool on_alias(struct reader *r, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;
    const json_t *index = json_object_get(r->anchors, name);
    struct yaml_node *target;
    struct yaml_node *node;
    char why[128];

    if (!index) {
        (void)snprintf(why, sizeof why, "unknown anchor '%s' referenced", name);
        return malformed(r, &e->start_mark, "go-yaml", why);
    }
    target = r->anchored[json_integer_value(index)].node;
    if (target->open) {
        (void)snprintf(why, sizeof why, "anchor '%s' value contains itself", name);
        return malformed(r, &e->start_mark, "go-yaml", why);
    }
    if (++r->n_aliases > YAML_MAX_ALIASES)
        return too_much(r, &e->start_mark, "aliases", YAML_MAX_ALIASES);
    if (r->n_open + target->depth > YAML_MAX_DEPTH)
        return too_much(r, &e->start_mark, "levels", YAML_MAX_DEPTH);
    node = add_node(r, e, YAML_NODE_ALIAS);
    if (!node)
        return false;
    node->alias = target;
    node->depth = target->depth;
    node->n_steps = 1 + target->n_steps;
    node->n_bytes = target->n_bytes;
    return true;
}

/* differs: libyaml reads "\/" as a slash, go-yaml refuses it. */
static bool has_escaped_slash(struct reader *r, const yaml_event_t *e)
{
    struct str s = source_at(r, &e->start_mark);

    while (s.n && s.p[0] != '"')
        (void)cut_property(&s);
    for (size_t i = 1; i + 1 < s.n && s.p[i] != '"'; i++) {
        if (s.p[i] != '\\')
            continue;
        i++;
        if (s.p[i] == '/')
            return true;
    }
    return false;
}

static bool on_scalar(struct reader *r, const yaml_event_t *e)
{
    struct str value = {(const char *)e->data.scalar.value, e->data.scalar.length};
    struct yaml_node *node = add_node(r, e, YAML_NODE_SCALAR);

    if (!node || !read_tag(r, e, e->data.scalar.tag, &node->tag))
        return false;
    if (r->has_slashes && e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE &&
        has_escaped_slash(r, e))
        return malformed(r, &e->start_mark, "go-yaml", "found unknown escape character");
    /* differs: in brackets go-yaml ends a plain scalar at '?', which then stands where it expects
     * a comma or the closing bracket. */
    if (r->n_flow && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        str_find_char(value, '?') < value.n)
        return malformed(r, &e->start_mark, "go-yaml",
                         "did not find expected ',' or a closing bracket");
    if (!arena_copy(r->keep, value, &node->text))
        return too_much(r, &e->start_mark, "bytes", YAML_MAX_BYTES);
    node->plain = e->data.scalar.plain_implicit;
    node->n_bytes = value.n;
    name_anchor(r, node, e->data.scalar.anchor);
    return true;
}

static bool on_start(struct reader *r, const yaml_event_t *e, enum yaml_node_kind kind,
                     const yaml_char_t *anchor, const yaml_char_t *tag, bool is_flow)
{
    struct yaml_node *node;
    struct str ignored;

    if (r->n_open == YAML_MAX_DEPTH)
        return too_much(r, &e->start_mark, "levels", YAML_MAX_DEPTH);
    node = add_node(r, e, kind);
    if (!node || !read_tag(r, e, tag, &ignored))
        return false;
    node->open = true;
    name_anchor(r, node, anchor);
    r->open[r->n_open++] = node;
    if (is_flow)
        r->n_flow++;
    return true;
}

/* Adds up what the container costs to decode, counted the way go-yaml decodes: the key of a merge
 * and the list behind one take no step of their own. */
static bool on_end(struct reader *r, const yaml_event_t *e)
{
    struct yaml_node *node = r->open[--r->n_open];
    bool is_mapping = node->kind == YAML_NODE_MAPPING;
    bool is_key = true;
    unsigned depth = 0;

    node->open = false;
    if (r->n_flow)
        r->n_flow--;
    for (const struct yaml_node *n = node->first; n; n = n->next, is_key = !is_key) {
        const struct yaml_node *key = is_key ? n : n->previous;
        size_t n_free = 0;

        if (is_mapping && yaml_node_is_merge(key))
            n_free = n == key || n->kind == YAML_NODE_SEQUENCE;
        if (n->depth > depth)
            depth = n->depth;
        node->n_steps += n->n_steps - n_free;
        node->n_bytes += n->n_bytes;
        if (node->n_steps > YAML_MAX_NODES)
            return too_much(r, &e->start_mark, "values", YAML_MAX_NODES);
        if (node->n_bytes > YAML_MAX_BYTES)
            return too_much(r, &e->start_mark, "bytes", YAML_MAX_BYTES);
    }
    node->depth = depth + 1;
    return true;
}

/* Whether all that is written from the line of `at` on can be cut into tokens, and `at` is the
 * first of them. */
static bool is_readable(const struct reader *r, const char *at)
{
    const char *start = at;
    yaml_parser_t parser;
    bool done = false;
    bool ended = false;

    /* go-yaml reads those in ways of its own */
    if (r->has_slashes || r->has_properties)
        return false;
    while (start > r->text.p && start[-1] != '\n')
        if (!is_space(*--start))
            return false;
    if (!yaml_parser_initialize(&parser))
        (void)xneed(NULL);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)start,
                                 (size_t)(r->text.p + r->text.n - start));
    while (!done) {
        yaml_token_t token;

        if (!yaml_parser_scan(&parser, &token))
            break;
        done = ended = token.type == YAML_STREAM_END_TOKEN;
        yaml_token_delete(&token);
    }
    yaml_parser_delete(&parser);
    return ended;
}

/* differs: text behind the only value, without a new document, is ignored by both, but they look at
 * different amounts of it first. Where there is no fault in it that does not matter. */
static bool on_document_end(struct reader *r, const yaml_event_t *e)
{
    struct str behind;

    if (!e->data.document_end.implicit)
        return true;
    behind = skip_spaces(source_at(r, &e->end_mark));
    if (behind.n == 0 ||
        (str_starts(behind, STR("---")) && (behind.n == 3 || is_space(behind.p[3]))))
        return true;
    if (!is_readable(r, source_at(r, &e->end_mark).p))
        return not_known(r, &e->end_mark, "text behind the end of the document");
    return true;
}

static bool on_event(struct reader *r, const yaml_event_t *e)
{
    const yaml_version_directive_t *version;

    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        /* differs: libyaml takes 1.2 as well. */
        version = e->data.document_start.version_directive;
        if (version && version->minor != 1)
            return malformed(r, &e->start_mark, "go-yaml", "found incompatible YAML document");
        return true;
    case YAML_ALIAS_EVENT:
        return on_alias(r, e);
    case YAML_SCALAR_EVENT:
        return on_scalar(r, e);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(r, e, YAML_NODE_SEQUENCE, e->data.sequence_start.anchor,
                        e->data.sequence_start.tag,
                        r->n_flow || e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
    case YAML_MAPPING_START_EVENT:
        return on_start(r, e, YAML_NODE_MAPPING, e->data.mapping_start.anchor,
                        e->data.mapping_start.tag,
                        r->n_flow || e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(r, e);
    case YAML_DOCUMENT_END_EVENT:
        r->ended = true;
        return on_document_end(r, e);
    case YAML_STREAM_END_EVENT:
        r->ended = true;
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
        break;
    }
    return true;
}

static size_t count_characters(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

/* Whether the document is over before the end of `text`. */
static bool ends_within(struct str text)
{
    size_t n_characters = count_characters(text);
    yaml_parser_t parser;
    bool ended = false;
    bool more = true;

    if (!yaml_parser_initialize(&parser))
        (void)xneed(NULL);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    while (more) {
        yaml_event_t e;

        if (!yaml_parser_parse(&parser, &e))
            break;
        if (e.type == YAML_DOCUMENT_END_EVENT)
            ended = !e.data.document_end.implicit || e.end_mark.index < n_characters;
        more = e.type != YAML_DOCUMENT_END_EVENT && e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&parser);
    return ended;
}

/* Turns libyaml's error into ours, unless go-yaml may not share it. */
static bool parser_failed(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "unknown problem";
    yaml_mark_t at = p->problem_mark;

    if (p->error == YAML_MEMORY_ERROR)
        (void)xneed(NULL);
    if (p->error == YAML_READER_ERROR) {
        at = p->mark;
        /* go-yaml reads smaller pieces: it may have seen the document's end before this. */
        if (ends_within(str_sub(r->text, 0, p->problem_offset)))
            return not_known(r, &at, "an unreadable character behind the end of the document");
        return malformed(r, &at, "libyaml", problem);
    }
    /* differs: go-yaml takes "a:," within brackets, the escape \', and commas in tags. */
    if (strcmp(problem, "found unexpected ':'") == 0)
        return not_known(r, &at, "a colon before an indicator within brackets");
    if (strcmp(problem, "found unknown escape character") == 0 && str_contains(r->text, STR("\\'")))
        return not_known(r, &at, "the escape \\'");
    if (p->context && (strcmp(p->context, "while scanning a tag") == 0 ||
                       strcmp(p->context, "while parsing a tag") == 0))
        return not_known(r, &at, "a tag with a comma or a bracket in it");
    return malformed(r, &at, "libyaml", problem);
}

static bool read_events(struct reader *r)
{
    while (!r->ended) {
        yaml_event_t e;
        bool taken;

        if (!yaml_parser_parse(&r->parser, &e))
            return parser_failed(r);
        taken = on_event(r, &e);
        yaml_event_delete(&e);
        if (!taken)
            return false;
    }
    return true;
}

static bool odd_text(struct err *err, const char *why)
{
    err_what(err, ERR_LIMIT, "YAML whose meaning to Argo CD is not known");
    err_why(err, "%s", why);
    return false;
}

static void add_utf8(struct buf *out, uint32_t c)
{
    if (c >= 0x10000)
        buf_addc(out, (char)(0xF0 | c >> 18));
    if (c >= 0x800)
        buf_addc(out, (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3F) : 0xE0 | c >> 12));
    if (c >= 0x80)
        buf_addc(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3F) : 0xC0 | c >> 6));
    buf_addc(out, (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c));
}

/* UTF-16 behind its byte-order mark, `high` being the place of the high byte, as UTF-8. Whether
 * go-yaml reads as far as a fault depends on its buffers. */
static bool from_utf16(struct str text, size_t high, struct buf *out, struct err *err)
{
    uint32_t lead = 0;

    if (text.n % 2)
        return odd_text(err, "UTF-16 with half a character");
    for (size_t i = 0; i < text.n; i += 2) {
        uint32_t unit =
            (uint32_t)((unsigned char)text.p[i + high] << 8 | (unsigned char)text.p[i + 1 - high]);
        bool is_trail = unit >= 0xDC00 && unit <= 0xDFFF;

        if (is_trail != (lead != 0))
            return odd_text(err, "UTF-16 with half a surrogate pair");
        if (unit >= 0xD800 && unit <= 0xDBFF) {
            lead = unit;
            continue;
        }
        add_utf8(out, lead ? 0x10000 + ((lead & 0x3FF) << 10) + (unit & 0x3FF) : unit);
        lead = 0;
    }
    if (lead)
        return odd_text(err, "UTF-16 with half a surrogate pair");
    return true;
}

/* Strips the mark and turns UTF-16 into UTF-8, in `room`. */
static bool decode(struct str text, struct buf *room, struct str *out, struct err *err)
{
    *out = text;
    if (str_starts(text, STR("\xEF\xBB\xBF"))) {
        *out = str_sub(text, 3, text.n);
    } else if (str_starts(text, STR("\xFE\xFF")) || str_starts(text, STR("\xFF\xFE"))) {
        if (!from_utf16(str_sub(text, 2, text.n), text.p[0] == '\xFE' ? 0 : 1, room, err))
            return false;
        *out = buf_str(room);
    }
    if (str_find_char(*out, '!') < out->n &&
        (str_contains(*out, STR("\xC2\x85")) || str_contains(*out, STR("\xE2\x80\xA8")) ||
         str_contains(*out, STR("\xE2\x80\xA9"))))
        return odd_text(err, "tags together with Unicode line breaks");
    /* differs: go-yaml's test for a mark within the text looks at the wrong place. */
    if (str_contains(*out, STR("\xEF\xBB\xBF")))
        return odd_text(err, "a byte-order mark within the text");
    return true;
}

/*
 * differs: behind brackets that hold no simple key, as in "[] x", "{}: x" or "[? a] x", go-yaml
 * forgets that they may be a key themselves, and so stops looking ahead where libyaml finds an
 * error.
 */
static bool has_keyless_brackets(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t end = i + 1;

        if (s.p[i] != '[' && s.p[i] != '{')
            continue;
        while (end < s.n && s.p[end] != '\0' && strchr(" \t?:-", s.p[end])) {
            if (s.p[end] == '?')
                return true;
            end++;
        }
        if (end == s.n || (s.p[end] != ']' && s.p[end] != '}')) {
            i = end - 1;
            continue;
        }
        for (end++; end < s.n && (s.p[end] == ' ' || s.p[end] == '\t');)
            end++;
        if (end < s.n && (s.p[end] == '\0' || !strchr("\r\n,#]}", s.p[end])))
            return true;
    }
    return false;
}

static void reader_clear(struct reader *r)
{
    yaml_parser_delete(&r->parser);
    arena_free(r->keep);
    json_decref(r->anchors);
    free(r->anchored);
}

bool yaml_read(struct str text, unsigned first_line, json_t **out, struct yaml_lines **lines,
               struct err *err)
{
    AUTO(reader_clear) struct reader r = {.first_line = first_line, .err = err};
    AUTO(buf_clearp) struct buf room = {.max = (size_t)2 * YAML_MAX_BYTES};
    AUTO(yaml_lines_freep) struct yaml_lines *found = lines ? yaml_lines_new() : NULL;
    json_t *value = NULL;

    if (text.n > YAML_MAX_BYTES) {
        err_what(err, ERR_LIMIT, "YAML document too large to read");
        err_why(err, "more than %u bytes", (unsigned)YAML_MAX_BYTES);
        return false;
    }
    if (!decode(text, &room, &r.text, err))
        return false;
    r.has_properties = str_find_char(r.text, '!') < r.text.n;
    r.has_slashes = str_contains(r.text, STR("\\/"));
    r.keep = arena_new(ARENA_MAX);
    r.anchors = xneed(json_object());
    if (!yaml_parser_initialize(&r.parser))
        (void)xneed(NULL);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(r.text.p ? r.text.p : ""),
                                 r.text.n);
    if (!read_events(&r) ||
        (r.root && !yaml_value_build(r.root, r.newest, r.keep, found, &value, err))) {
        if (err->kind == ERR_INPUT && has_keyless_brackets(r.text)) {
            err_clear(err);
            return odd_text(err, "text behind brackets that hold no simple key");
        }
        return false;
    }
    *out = json_is_null(value) ? NULL : value;
    if (lines)
        *lines = steal(&found);
    return true;
}
