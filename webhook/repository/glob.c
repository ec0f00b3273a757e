#include "repository/glob.h"
#include "base/attr.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * The pattern becomes a tree as gobwas/glob's parser builds one, and the tree a set of states that
 * are followed side by side: time is states times characters, whatever the pattern. That is what a
 * glob means. The library's matchers mean the same except where they take shortcuts; those are
 * told from the tree: one (literal*literal) is imitated, the others are answered "not known".
 * Source: gobwas/glob v0.2.3 syntax/lexer, syntax/ast, compiler, match.
 */

enum kind { PATTERN, ANY_OF, TEXT, STAR, SINGLE, LIST, RANGE };

struct node {
    enum kind kind;
    bool negated;    /* LIST, RANGE */
    struct str text; /* TEXT, LIST: unescaped, in the glob's own memory */
    uint32_t low;    /* RANGE */
    uint32_t high;   /* RANGE */
    size_t n_children;
    struct node *first;
    struct node *last;
    struct node *next;
    struct node *previous;
    struct node *parent;
};

/* One step of the state machine, over bytes. */
struct state {
    enum { BYTE, CLASS, SPLIT, END } kind;
    unsigned char byte;
    const struct node *set; /* CLASS: SINGLE, LIST or RANGE; text is ASCII when one is asked */
    size_t next;
    size_t other; /* SPLIT */
};

enum { MAX_NESTING = 64 }; /* of braces: the tree is walked by recursion */

struct glob {
    struct node *nodes; /* room for one per pattern byte; never moved */
    size_t n_nodes;
    char *text; /* the unescaped literals */
    size_t n_text;
    struct node *root;
    struct state *states;
    size_t n_states;
    size_t start;
    bool has_classes;
    bool has_braces;
    bool is_ascii;
    bool is_clear; /* the library does what a glob means, the overlap aside */
};

struct parser {
    struct glob *g;
    struct str rest;
    struct node *at;
    unsigned nesting;
    bool failed; /* the library refuses the pattern */
    bool too_deep;
};

static struct node *add_node(struct parser *p, enum kind kind)
{
    struct node *n = &p->g->nodes[p->g->n_nodes++];

    n->kind = kind;
    n->parent = p->at;
    if (!p->at)
        return n;
    n->previous = p->at->last;
    if (p->at->last)
        p->at->last->next = n;
    else
        p->at->first = n;
    p->at->last = n;
    p->at->n_children++;
    return n;
}

static bool peek_is(const struct parser *p, char c)
{
    return p->rest.n && p->rest.p[0] == c;
}

static void skip(struct parser *p, size_t n)
{
    p->rest = str_sub(p->rest, n, p->rest.n);
}

static uint32_t take_rune(struct parser *p)
{
    uint32_t code = 0;
    size_t n = utf8_decode(p->rest, &code);

    if (n == 0)
        p->failed = true; /* the end of the pattern; it is valid UTF-8 */
    skip(p, n);
    return code;
}

/* Text up to one of `stops`; a backslash makes the next character ordinary, at the end it is
 * dropped. */
static struct str take_text(struct parser *p, const char *stops)
{
    char *start = p->g->text + p->g->n_text;
    bool escaped = false;
    size_t n = 0;

    for (; p->rest.n; skip(p, 1)) {
        char c = p->rest.p[0];

        if (!escaped && c == '\\') {
            escaped = true;
            continue;
        }
        if (!escaped && strchr(stops, c))
            break;
        escaped = false;
        start[n++] = c;
    }
    p->g->n_text += n;
    return (struct str){start, n};
}

/* Behind '[': one range or one list, so that [a-zA-Z] is refused. */
static void parse_brackets(struct parser *p)
{
    struct node *n;
    struct str ahead;
    uint32_t low;

    p->g->has_classes = true;
    n = add_node(p, LIST);
    if (peek_is(p, '!')) {
        n->negated = true;
        skip(p, 1);
    }
    ahead = p->rest;
    low = take_rune(p);
    if (p->failed)
        return;
    if (peek_is(p, '-')) {
        skip(p, 1);
        n->kind = RANGE;
        n->low = low;
        n->high = take_rune(p);
        if (n->high < n->low)
            p->failed = true;
    } else {
        p->rest = ahead;
        n->text = take_text(p, "]");
        if (n->text.n == 0)
            p->failed = true;
    }
    if (!peek_is(p, ']'))
        p->failed = true;
    skip(p, 1);
}

static void parse_term(struct parser *p)
{
    bool inside = p->nesting > 0;
    char c = p->rest.p[0];

    if (c == '{') {
        skip(p, 1);
        p->g->has_braces = true;
        p->too_deep |= ++p->nesting > MAX_NESTING;
        p->at = add_node(p, ANY_OF);
        p->at = add_node(p, PATTERN);
    } else if (c == ',' && inside) {
        skip(p, 1);
        p->at = p->at->parent;
        p->at = add_node(p, PATTERN);
    } else if (c == '}' && inside) {
        skip(p, 1);
        p->nesting--;
        p->at = p->at->parent->parent;
    } else if (c == '[') {
        skip(p, 1);
        parse_brackets(p);
    } else if (c == '?') {
        skip(p, 1);
        p->g->has_classes = true;
        (void)add_node(p, SINGLE);
    } else if (c == '*') {
        /* Without separators ** means the same; it is one term all the same. */
        skip(p, p->rest.n > 1 && p->rest.p[1] == '*' ? 2 : 1);
        (void)add_node(p, STAR);
    } else {
        struct str text = take_text(p, inside ? "?*[{}," : "?*[{");

        if (text.n)
            add_node(p, TEXT)->text = text;
    }
}

static size_t add_state(struct glob *g, struct state s)
{
    g->states[g->n_states] = s;
    return g->n_states++;
}

/* The state in which the text of `n` is still to be matched, `next` being what follows it. */
static size_t compile_node(struct glob *g, const struct node *n, size_t next)
{
    size_t at = next;

    switch (n->kind) {
    case PATTERN:
        for (const struct node *c = n->last; c; c = c->previous)
            at = compile_node(g, c, at);
        return at;
    case ANY_OF:
        at = compile_node(g, n->first, next);
        for (const struct node *c = n->first->next; c; c = c->next) {
            size_t other = compile_node(g, c, next);

            at = add_state(g, (struct state){.kind = SPLIT, .next = at, .other = other});
        }
        return at;
    case TEXT:
        for (size_t i = n->text.n; i > 0; i--)
            at = add_state(
                g,
                (struct state){.kind = BYTE, .byte = (unsigned char)n->text.p[i - 1], .next = at});
        return at;
    case STAR:
        at = add_state(g, (struct state){.kind = SPLIT, .other = next});
        g->states[at].next = add_state(g, (struct state){.kind = CLASS, .next = at});
        return at;
    case SINGLE:
    case LIST:
    case RANGE:
        break;
    }
    return add_state(g, (struct state){.kind = CLASS, .set = n, .next = next});
}

/* The literal that the library makes of a node, a one-letter list and a brace with one alternative
 * included; STR_NONE for others. */
static struct str literal_of(const struct node *n)
{
    uint32_t code;

    while (n->kind == ANY_OF || n->kind == PATTERN) {
        if (n->n_children != 1)
            return STR_NONE;
        n = n->first;
    }
    if (n->kind == TEXT)
        return n->text;
    if (n->kind == LIST && !n->negated && utf8_decode(n->text, &code) == n->text.n)
        return n->text;
    return STR_NONE;
}

/* literal*literal: tested as prefix and suffix without looking whether they overlap. */
static bool is_prefix_suffix(const struct node *pattern, struct str *prefix, struct str *suffix)
{
    const struct node *n;

    while (pattern->n_children == 1 && pattern->first->kind == ANY_OF &&
           pattern->first->n_children == 1)
        pattern = pattern->first->first;
    if (pattern->n_children < 3)
        return false;
    for (n = pattern->first->next; n->next; n = n->next)
        if (n->kind != STAR)
            return false;
    *prefix = literal_of(pattern->first);
    *suffix = literal_of(pattern->last);
    return prefix->p && suffix->p;
}

static bool is_same(const struct node *a, const struct node *b)
{
    return a->kind == b->kind && a->kind != ANY_OF && a->negated == b->negated &&
           str_eq(a->text, b->text) && a->low == b->low && a->high == b->high;
}

/* Whether all alternatives begin (end) with the same term, which the library then takes out. */
static bool has_common(const struct node *any_of, bool at_end)
{
    const struct node *first = at_end ? any_of->first->last : any_of->first->first;

    if (!first || any_of->n_children < 2)
        return false;
    for (const struct node *c = any_of->first->next; c; c = c->next) {
        const struct node *term = at_end ? c->last : c->first;

        if (!term || !is_same(first, term))
            return false;
    }
    return true;
}

/*
 * Braces around nothing but literals. Braces within them must be of one length: AnyOf.Len() takes
 * "varies" for "not set yet".
 */
static bool is_of_literals(const struct node *any_of)
{
    for (const struct node *c = any_of->first; c; c = c->next) {
        const struct node *inner = c->first;

        if (c->n_children != 1)
            return false;
        if (inner->kind == TEXT)
            continue;
        if (inner->kind != ANY_OF)
            return false;
        for (const struct node *i = inner->first; i; i = i->next)
            if (i->n_children != 1 || i->first->kind != TEXT ||
                i->first->text.n != inner->first->first->text.n)
                return false;
    }
    return true;
}

/* {*.yaml,*.yml}: one star or literal is taken out at either end, one literal each is left. */
static bool is_star_and_literals(const struct node *any_of)
{
    bool left = has_common(any_of, false);
    bool right = has_common(any_of, true);

    if ((left && any_of->first->first->kind != STAR) ||
        (right && any_of->first->last->kind != STAR))
        return false;
    for (const struct node *c = any_of->first; c; c = c->next) {
        const struct node *middle = left ? c->first->next : c->first;

        if (c->n_children != 1 + (size_t)left + (size_t)right || middle->kind != TEXT)
            return false;
    }
    return true;
}

/* {,x} behind a literal at the very end. */
static bool is_optional_end(const struct node *any_of)
{
    const struct node *before = any_of->previous;

    if (any_of->next || !before || before->kind != TEXT || any_of->n_children < 2)
        return false;
    for (const struct node *c = any_of->first; c; c = c->next)
        if (c->n_children > 1 || (c->first && c->first->kind != TEXT))
            return false;
    for (; before; before = before->previous)
        if (before->kind == ANY_OF)
            return false;
    /* All of them empty have a length, which the library then gets wrong. */
    for (const struct node *c = any_of->first; c; c = c->next)
        if (c->first)
            return true;
    return false;
}

/*
 * Whether the library's matcher for the pattern means what a glob means. Without braces it does;
 * with them its search by the first hit, its common parts and its empty alternatives go wrong in
 * many ways (some panic), so only what people write is let through: braces of literals anywhere, an
 * optional end, and braces around everything.
 */
static bool is_clear(const struct node *pattern)
{
    const struct node *n = pattern->first;

    if (pattern->n_children == 1 && n->kind == ANY_OF) {
        if (is_of_literals(n) || is_star_and_literals(n))
            return true;
        if (has_common(n, false) || has_common(n, true))
            return false;
        for (const struct node *c = n->first; c; c = c->next)
            if (c->n_children == 0 || !is_clear(c))
                return false;
        return true;
    }
    for (; n; n = n->next)
        if (n->kind == ANY_OF && !is_of_literals(n) && !is_optional_end(n))
            return false;
    return true;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

enum glob_compiled glob_compile(struct str pattern, struct glob **out)
{
    struct parser p = {.rest = pattern};
    struct glob *g;

    if (pattern.n > GLOB_MAX_PATTERN || str_find_char(pattern, '\0') < pattern.n)
        return GLOB_NOT_KNOWN;
    /* U+FFFD is what Go's decoder answers for bad bytes, so the library refuses it as well. */
    if (!utf8_is_valid(pattern) || str_contains(pattern, STR("\xEF\xBF\xBD")))
        return GLOB_INVALID;
    g = xcalloc(1, sizeof *g);
    g->nodes = xcalloc(2 * pattern.n + 1, sizeof *g->nodes);
    g->text = xmalloc(pattern.n + 1);
    g->states = xcalloc(2 * pattern.n + 1, sizeof *g->states);
    g->is_ascii = is_ascii(pattern);
    p.g = g;
    p.at = g->root = add_node(&p, PATTERN);
    while (p.rest.n && !p.failed && !p.too_deep)
        parse_term(&p); /* braces left open count as closed at the end */
    if (p.failed || p.too_deep) {
        glob_free(g);
        return p.failed ? GLOB_INVALID : GLOB_NOT_KNOWN;
    }
    g->start = compile_node(g, g->root, add_state(g, (struct state){.kind = END}));
    g->is_clear = is_clear(g->root);
    *out = g;
    return GLOB_OK;
}

static bool in_class(const struct node *set, unsigned char c)
{
    if (!set || set->kind == SINGLE)
        return true;
    if (set->kind == RANGE)
        return (c >= set->low && c <= set->high) != set->negated;
    return (str_find_char(set->text, (char)c) < set->text.n) != set->negated;
}

/* The states reached without reading a byte, each once. */
struct set {
    size_t *states;
    size_t n;
};

struct run {
    const struct glob *g;
    size_t *seen; /* the position at which a state was last entered, plus one */
    size_t *todo;
    size_t position;
    size_t n_steps;
};

static void enter(struct run *r, struct set *into, size_t first)
{
    size_t n_todo = 0;

    r->todo[n_todo++] = first;
    while (n_todo) {
        size_t i = r->todo[--n_todo];

        if (r->seen[i] == r->position + 1)
            continue;
        r->seen[i] = r->position + 1;
        r->n_steps++;
        if (r->g->states[i].kind == SPLIT) {
            r->todo[n_todo++] = r->g->states[i].next;
            r->todo[n_todo++] = r->g->states[i].other;
        } else {
            into->states[into->n++] = i;
        }
    }
}

/* Whether the pattern, as globs are meant, matches. */
static enum tri match_states(const struct glob *g, struct str path, size_t *steps_left)
{
    size_t limit = *steps_left < GLOB_MAX_STEPS ? *steps_left : GLOB_MAX_STEPS;
    AUTO(freep) size_t *room = NULL;
    struct run r = {.g = g, .n_steps = g->n_states}; /* the room is cleared, too */
    struct set now = {NULL, 0};
    struct set then = {NULL, 0};
    enum tri result = TRI_NO;

    if (r.n_steps > limit)
        return TRI_NOT_KNOWN;
    room = xcalloc(5 * g->n_states + 1, sizeof *room);
    r.seen = room;
    r.todo = room + g->n_states;
    now.states = room + 3 * g->n_states + 1;
    then.states = room + 4 * g->n_states + 1;
    enter(&r, &now, g->start);
    for (size_t i = 0; i < path.n && now.n && r.n_steps <= limit; i++) {
        struct set swap = now;

        r.position = i + 1;
        then.n = 0;
        for (size_t k = 0; k < now.n; k++) {
            const struct state *s = &g->states[now.states[k]];
            unsigned char c = (unsigned char)path.p[i];

            if ((s->kind == BYTE && s->byte == c) || (s->kind == CLASS && in_class(s->set, c)))
                enter(&r, &then, s->next);
        }
        now = then;
        then = swap;
    }
    for (size_t k = 0; k < now.n; k++)
        if (g->states[now.states[k]].kind == END)
            result = TRI_YES;
    if (r.n_steps > limit)
        result = TRI_NOT_KNOWN;
    *steps_left -= r.n_steps < *steps_left ? r.n_steps : *steps_left;
    return result;
}

/* Whether the shortcut answers yes for the pattern or, in braces around everything, for one of the
 * alternatives. */
static bool overlaps(const struct node *pattern, struct str path)
{
    struct str prefix;
    struct str suffix;

    if (is_prefix_suffix(pattern, &prefix, &suffix))
        return str_starts(path, prefix) && str_ends(path, suffix);
    if (pattern->n_children != 1 || pattern->first->kind != ANY_OF)
        return false;
    for (const struct node *c = pattern->first->first; c; c = c->next)
        if (overlaps(c, path))
            return true;
    return false;
}

enum tri glob_match(const struct glob *g, struct str path)
{
    size_t steps_left = GLOB_MAX_STEPS;

    return glob_match_within(g, path, &steps_left);
}

enum tri glob_match_within(const struct glob *g, struct str path, size_t *steps_left)
{
    enum tri meant;

    /* The library takes counts of characters for counts of bytes. */
    if ((g->has_classes || g->has_braces) && !(g->is_ascii && is_ascii(path)))
        return TRI_NOT_KNOWN;
    /* One class alone matches nothing at all as well: Go decodes that as a bad character. */
    if (!g->is_clear || (g->has_classes && path.n == 0))
        return TRI_NOT_KNOWN;
    meant = match_states(g, path, steps_left);
    if (meant == TRI_NO && overlaps(g->root, path))
        return TRI_YES;
    return meant;
}

void glob_free(struct glob *g)
{
    if (!g)
        return;
    free(g->nodes);
    free(g->text);
    free(g->states);
    free(g);
}
