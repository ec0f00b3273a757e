#include "repository/glob.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * gobwas/glob does not always match what a glob means: it searches for the first hit of a part,
 * takes common parts out of braces, tests literal*literal without looking whether they overlap,
 * takes counts of characters for counts of bytes, and more. So its matchers are modelled, in three
 * steps as it takes them: a pattern becomes a tree of terms, the tree a tree of matchers, and a
 * matcher is asked either whether it matches a text, or where in a text it matches first and how
 * far that may reach. Where the library panics, or would take too long, nothing is known. Source:
 * gobwas/glob v0.2.3 syntax/lexer, syntax/ast, compiler, match.
 */

enum kind { PATTERN, ANY_OF, TEXT, ANY, SUPER, SINGLE, LIST, RANGE, NOTHING };

/* A term of the pattern. Without separators * (ANY) and ** (SUPER) mean the same, but do not count
 * as the same where common parts are looked for. */
struct node {
    enum kind kind;
    bool negated;    /* LIST, RANGE */
    struct str text; /* TEXT, LIST: unescaped */
    uint32_t low;    /* RANGE */
    uint32_t high;   /* RANGE */
    struct node *parent;
    struct node **children;
    size_t n_children;
};

enum matcher_kind {
    MATCH_NOTHING,
    MATCH_TEXT,
    MATCH_SUPER,
    MATCH_SINGLE,
    MATCH_LIST,
    MATCH_RANGE,
    MATCH_MIN,
    MATCH_MAX,
    MATCH_CONTAINS,
    MATCH_PREFIX,
    MATCH_SUFFIX,
    MATCH_PREFIX_SUFFIX,
    MATCH_ROW,
    MATCH_EVERY_OF,
    MATCH_ANY_OF,
    MATCH_TREE,
};

enum { VARIES = -1 }; /* the length of a matcher that may match texts of several */

struct matcher {
    enum matcher_kind kind;
    bool negated;
    struct str text;   /* TEXT, LIST, CONTAINS, PREFIX, SUFFIX; the prefix of PREFIX_SUFFIX */
    struct str suffix; /* PREFIX_SUFFIX */
    uint32_t low;
    uint32_t high;
    size_t limit; /* MIN, MAX */
    long length;  /* in characters, or VARIES; as the library has it, which is not always right */
    const struct matcher **parts; /* ROW, EVERY_OF, ANY_OF */
    size_t n_parts;
    const struct matcher *value; /* TREE: what is looked for first */
    const struct matcher *left;  /* TREE: what has to match before it; NULL for nothing */
    const struct matcher *right;
    long left_length;
    long right_length;
};

/*
 * MAX_NESTING, of braces: the trees are walked by recursion. A step of compiling allocates 16 bytes
 * or compares two terms; the library's own way is cubic in the number of terms.
 */
enum { MAX_NESTING = 64, MAX_COMPILE_STEPS = 1000000, MAX_MEMORY = 64 * 1024 * 1024 };

struct glob {
    struct arena *keep;
    const struct matcher *root;
};

struct parser {
    struct arena *keep;
    char *text; /* the unescaped literals */
    size_t n_text;
    struct str rest;
    struct node *at;
    unsigned nesting;
    size_t n_steps;
    bool failed;    /* the library refuses the pattern */
    bool not_known; /* past our limits, or it panics */
};

static bool take_steps(struct parser *p, size_t n)
{
    p->n_steps += n;
    if (p->n_steps > MAX_COMPILE_STEPS)
        p->not_known = true;
    return !p->not_known;
}

/* The steps run out before the memory does. */
static void *allocate(struct parser *p, size_t n_bytes)
{
    (void)take_steps(p, n_bytes / 16 + 1);
    return xneed(arena_alloc(p->keep, n_bytes));
}

static struct node *new_node(struct parser *p, enum kind kind)
{
    struct node *n = allocate(p, sizeof *n);

    n->kind = kind;
    return n;
}

static void append(struct parser *p, struct node *parent, struct node *child)
{
    size_t n = parent->n_children;

    if ((n & (n - 1)) == 0) { /* full: 0, 1, 2, 4, 8 … */
        struct node **more = allocate(p, (n ? 2 * n : 1) * sizeof(struct node *));

        if (n)
            memcpy(more, parent->children, n * sizeof(struct node *));
        parent->children = more;
    }
    parent->children[parent->n_children++] = child;
    child->parent = parent;
}

static struct node *add_node(struct parser *p, enum kind kind)
{
    struct node *n = new_node(p, kind);

    append(p, p->at, n);
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
    char *start = p->text + p->n_text;
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
    p->n_text += n;
    return (struct str){start, n};
}

/* Behind '[': one range or one list, so that [a-zA-Z] is refused. */
static void parse_brackets(struct parser *p)
{
    struct node *n;
    struct str ahead;
    uint32_t low;

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
        p->not_known |= ++p->nesting > MAX_NESTING;
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
        (void)add_node(p, SINGLE);
    } else if (c == '*') {
        bool is_double = p->rest.n > 1 && p->rest.p[1] == '*';

        skip(p, is_double ? 2 : 1);
        (void)add_node(p, is_double ? SUPER : ANY);
    } else {
        struct str text = take_text(p, inside ? "?*[{}," : "?*[{");

        if (text.n)
            add_node(p, TEXT)->text = text;
    }
}

static size_t rune_at(struct str s, size_t at, uint32_t *c)
{
    size_t n = utf8_decode(str_sub(s, at, s.n), c);

    if (n)
        return n;
    *c = 0xFFFD; /* as Go decodes the end, and bytes that are no UTF-8 */
    return at < s.n;
}

static long count_runes(struct str s)
{
    uint32_t c;
    long n = 0;

    for (size_t at = 0; at < s.n; n++)
        at += rune_at(s, at, &c);
    return n;
}

static const struct matcher *simple(struct parser *p, enum matcher_kind kind, struct str text,
                                    long length)
{
    struct matcher *m = allocate(p, sizeof *m);

    m->kind = kind;
    m->text = text;
    m->length = length;
    return m;
}

static const struct matcher *text_matcher(struct parser *p, struct str text)
{
    return simple(p, MATCH_TEXT, text, count_runes(text));
}

static const struct matcher *prefix_suffix(struct parser *p, struct str prefix, struct str suffix)
{
    struct matcher *m = allocate(p, sizeof *m);

    *m = (struct matcher){
        .kind = MATCH_PREFIX_SUFFIX, .text = prefix, .suffix = suffix, .length = VARIES};
    return m;
}

static const struct matcher *class_matcher(struct parser *p, const struct node *n)
{
    struct matcher *m = allocate(p, sizeof *m);

    *m = (struct matcher){.kind = n->kind == LIST    ? MATCH_LIST
                                  : n->kind == RANGE ? MATCH_RANGE
                                                     : MATCH_SINGLE,
                          .negated = n->negated,
                          .text = n->text,
                          .low = n->low,
                          .high = n->high,
                          .length = 1};
    return m;
}

static const struct matcher *limited(struct parser *p, enum matcher_kind kind, size_t limit)
{
    struct matcher *m = allocate(p, sizeof *m);

    *m = (struct matcher){.kind = kind, .limit = limit, .length = VARIES};
    return m;
}

static const struct matcher *compound(struct parser *p, enum matcher_kind kind,
                                      const struct matcher *const *parts, size_t n, long length)
{
    struct matcher *m = allocate(p, sizeof *m);
    const struct matcher **own = allocate(p, n * sizeof(const struct matcher *));

    if (n)
        memcpy(own, parts, n * sizeof(const struct matcher *));
    *m = (struct matcher){.kind = kind, .parts = own, .n_parts = n, .length = length};
    return m;
}

/* AnyOf.Len() takes "varies" for "not set yet". */
static long length_of_any(const struct matcher *const *parts, size_t n)
{
    long length = VARIES;

    for (size_t i = 0; i < n; i++) {
        if (length == VARIES)
            length = parts[i]->length;
        else if (length != parts[i]->length)
            return VARIES;
    }
    return length;
}

static const struct matcher *tree(struct parser *p, const struct matcher *value,
                                  const struct matcher *left, const struct matcher *right)
{
    struct matcher *m = allocate(p, sizeof *m);

    *m = (struct matcher){.kind = MATCH_TREE,
                          .value = value,
                          .left = left,
                          .right = right,
                          .left_length = left ? left->length : 0,
                          .right_length = right ? right->length : 0,
                          .length = VARIES};
    if (value->length != VARIES && m->left_length != VARIES && m->right_length != VARIES)
        m->length = value->length + m->left_length + m->right_length;
    return m;
}

static bool is_kind(const struct matcher *m, enum matcher_kind kind)
{
    return m && m->kind == kind;
}

/* A literal with a star beside it becomes a test of its own. */
static const struct matcher *optimize_tree(struct parser *p, const struct matcher *m);

static const struct matcher *optimize(struct parser *p, const struct matcher *m)
{
    if (!m)
        return NULL;
    if (m->kind == MATCH_ANY_OF && m->n_parts == 1)
        return m->parts[0];
    if (m->kind == MATCH_LIST && !m->negated && count_runes(m->text) == 1)
        return text_matcher(p, m->text);
    return m->kind == MATCH_TREE ? optimize_tree(p, m) : m;
}

static const struct matcher *optimize_tree(struct parser *p, const struct matcher *m)
{
    struct matcher *better = allocate(p, sizeof *better);
    const struct matcher *left = optimize(p, m->left);
    const struct matcher *right = optimize(p, m->right);
    struct str text = m->value->text;

    *better = *m; /* its lengths stay what they were */
    better->left = left;
    better->right = right;
    if (!is_kind(m->value, MATCH_TEXT))
        return better;
    if (!left && !right)
        return m->value;
    if (is_kind(left, MATCH_SUPER) && is_kind(right, MATCH_SUPER))
        return simple(p, MATCH_CONTAINS, text, VARIES);
    if (is_kind(left, MATCH_SUPER) && !right)
        return simple(p, MATCH_SUFFIX, text, VARIES);
    if (is_kind(right, MATCH_SUPER) && !left)
        return simple(p, MATCH_PREFIX, text, VARIES);
    if (!left && is_kind(right, MATCH_SUFFIX))
        return prefix_suffix(p, text, right->text);
    if (!right && is_kind(left, MATCH_PREFIX))
        return prefix_suffix(p, left->text, text);
    return better;
}

/* Stars and single characters in a row, as conditions that all have to hold. NULL for others. */
static const struct matcher *glue_as_every(struct parser *p, const struct matcher *const *parts,
                                           size_t n)
{
    const struct matcher *every[3];
    struct str separator = STR("");
    size_t n_every = 0;
    size_t n_single = 0;
    bool has_super = false;

    for (size_t i = 0; i < n; i++) {
        struct str own = STR("");

        if (parts[i]->kind == MATCH_SUPER)
            has_super = true;
        else if (parts[i]->kind == MATCH_SINGLE ||
                 (parts[i]->kind == MATCH_LIST && parts[i]->negated))
            n_single++;
        else
            return NULL;
        if (parts[i]->kind == MATCH_LIST)
            own = parts[i]->text;
        if (i == 0)
            separator = own;
        if (!str_eq(own, separator))
            return NULL;
    }
    if (has_super && !n_single)
        return simple(p, MATCH_SUPER, STR_NONE, VARIES);
    if (has_super && !separator.n)
        return limited(p, MATCH_MIN, n_single);
    if (n_single)
        every[n_every++] = limited(p, MATCH_MIN, n_single);
    if (n_single && !has_super)
        every[n_every++] = limited(p, MATCH_MAX, n_single);
    if (separator.n) {
        struct matcher *lacks = allocate(p, sizeof *lacks);

        *lacks = (struct matcher){
            .kind = MATCH_CONTAINS, .negated = true, .text = separator, .length = VARIES};
        every[n_every++] = lacks;
    }
    return compound(p, MATCH_EVERY_OF, every, n_every, VARIES);
}

static const struct matcher *glue(struct parser *p, const struct matcher *const *parts, size_t n)
{
    const struct matcher *glued;
    long length = 0;

    if (n <= 1 || !take_steps(p, 1))
        return NULL;
    glued = glue_as_every(p, parts, n);
    if (glued)
        return glued;
    for (size_t i = 0; i < n; i++) {
        if (parts[i]->length == VARIES)
            return NULL;
        length += parts[i]->length;
    }
    (void)take_steps(p, n);
    return compound(p, MATCH_ROW, parts, n, length);
}

/* Glues the longest stretch that can be, until none can. Returns how many are left of *parts. */
static size_t minimize(struct parser *p, const struct matcher **parts, size_t n)
{
    for (;;) {
        const struct matcher *done = NULL;
        size_t from = 0;
        size_t to = 0;

        for (size_t left = 0; left < n; left++)
            for (size_t right = n; right > left && !p->not_known; right--) {
                const struct matcher *glued = glue(p, parts + left, right - left);

                if (!glued)
                    continue;
                if (!done || to - from < right - left ||
                    (done->length != VARIES && glued->length > done->length)) {
                    done = glued;
                    from = left;
                    to = right;
                }
            }
        if (!done || p->not_known)
            return n;
        parts[from] = done;
        memmove(parts + from + 1, parts + to, (n - to) * sizeof(const struct matcher *));
        if (to - from == 1)
            return n;
        n -= to - from - 1;
    }
}

/* The longest of those of one length is looked for first, the others before and behind it. */
static const struct matcher *combine(struct parser *p, const struct matcher *const *parts, size_t n)
{
    const struct matcher *glued;
    long longest = VARIES;
    size_t at = 0;

    if (n == 1)
        return parts[0];
    glued = glue(p, parts, n);
    if (glued || p->not_known)
        return glued ? glued : parts[0];
    for (size_t i = 0; i < n; i++)
        if (parts[i]->length != VARIES && parts[i]->length >= longest) {
            longest = parts[i]->length;
            at = i;
        }
    return tree(p, parts[at], at ? combine(p, parts, at) : NULL,
                at + 1 < n ? combine(p, parts + at + 1, n - at - 1) : NULL);
}

static bool is_same(struct parser *p, const struct node *a, const struct node *b)
{
    (void)take_steps(p, 1);
    if (a->kind != b->kind || a->negated != b->negated || !str_eq(a->text, b->text) ||
        a->low != b->low || a->high != b->high || a->n_children != b->n_children)
        return false;
    for (size_t i = 0; i < a->n_children; i++)
        if (!is_same(p, a->children[i], b->children[i]))
            return false;
    return true;
}

/* How many terms all alternatives begin with, and end with; what counts for the one is not counted
 * again for the other, but in alternatives of different lengths that goes wrong. */
static void count_common(struct parser *p, const struct node *any_of, size_t *n_left,
                         size_t *n_right)
{
    const struct node *least = any_of->children[0];
    bool left_ends = false;
    bool right_ends = false;

    *n_left = *n_right = 0;
    for (size_t i = 1; i < any_of->n_children; i++)
        if (any_of->children[i]->n_children < least->n_children)
            least = any_of->children[i];
    for (size_t i = 0; i < least->n_children && *n_left + *n_right < least->n_children; i++) {
        size_t back = least->n_children - 1 - i;

        for (size_t k = 0; k < any_of->n_children && !(left_ends && right_ends); k++) {
            const struct node *other = any_of->children[k];

            if (other == least)
                continue;
            left_ends = left_ends || !is_same(p, least->children[i], other->children[i]);
            right_ends =
                right_ends || (!left_ends && back <= i) ||
                !is_same(p, least->children[back], other->children[other->n_children - 1 - i]);
        }
        if (left_ends && right_ends)
            return;
        *n_left += !left_ends;
        if (!right_ends)
            *n_right = i + 1;
    }
}

static struct node *new_pattern(struct parser *p, struct node *const *children, size_t n)
{
    struct node *pattern = new_node(p, n ? PATTERN : NOTHING);

    for (size_t i = 0; i < n; i++)
        append(p, pattern, children[i]);
    return pattern;
}

static void append_if_new(struct parser *p, struct node *any_of, struct node *child)
{
    for (size_t i = 0; i < any_of->n_children; i++)
        if (is_same(p, any_of->children[i], child))
            return;
    append(p, any_of, child);
}

/* Braces with the common parts taken out; NULL where there are none. */
static struct node *take_out_common(struct parser *p, const struct node *any_of)
{
    struct node *result = NULL;
    struct node *middle = NULL;
    const struct node *first = any_of->children[0];
    size_t n_left;
    size_t n_right;

    for (size_t i = 0; i < any_of->n_children; i++)
        if (any_of->children[i]->kind != PATTERN)
            return NULL;
    if (any_of->n_children < 2)
        return NULL;
    count_common(p, any_of, &n_left, &n_right);
    if (!n_left && !n_right)
        return NULL;
    result = new_node(p, PATTERN);
    middle = new_node(p, ANY_OF);
    if (n_left)
        append(p, result, new_pattern(p, first->children, n_left));
    for (size_t i = 0; i < any_of->n_children && !p->not_known; i++) {
        const struct node *c = any_of->children[i];

        if (n_left + n_right > c->n_children) {
            p->not_known = true; /* it panics */
            return NULL;
        }
        append_if_new(p, middle,
                      new_pattern(p, c->children + n_left, c->n_children - n_left - n_right));
    }
    if (middle->n_children > 1)
        append(p, result, middle);
    else if (middle->n_children == 1 && middle->children[0]->kind != NOTHING)
        append(p, result, middle->children[0]);
    if (n_right)
        append(p, result, new_pattern(p, first->children + first->n_children - n_right, n_right));
    return result;
}

static const struct matcher *compile(struct parser *p, const struct node *n);

/* The compiled children, each optimized. */
static const struct matcher **compile_children(struct parser *p, const struct node *n)
{
    const struct matcher **parts = allocate(p, n->n_children * sizeof(const struct matcher *));

    for (size_t i = 0; i < n->n_children; i++)
        parts[i] = optimize(p, compile(p, n->children[i]));
    return parts;
}

static const struct matcher *compile_any_of(struct parser *p, const struct node *n)
{
    const struct node *less = take_out_common(p, n);
    const struct matcher **parts;

    if (less)
        return compile(p, less);
    parts = compile_children(p, n);
    return compound(p, MATCH_ANY_OF, parts, n->n_children, length_of_any(parts, n->n_children));
}

static const struct matcher *compile(struct parser *p, const struct node *n)
{
    const struct matcher **parts;

    if (p->not_known)
        return simple(p, MATCH_NOTHING, STR_NONE, 0);
    switch (n->kind) {
    case ANY_OF:
        return compile_any_of(p, n);
    case PATTERN:
        if (!n->n_children)
            break;
        parts = compile_children(p, n);
        return optimize(p, combine(p, parts, minimize(p, parts, n->n_children)));
    case TEXT:
        return text_matcher(p, n->text);
    case ANY:
    case SUPER:
        return simple(p, MATCH_SUPER, STR_NONE, VARIES);
    case SINGLE:
    case LIST:
    case RANGE:
        return optimize(p, class_matcher(p, n));
    case NOTHING:
        break;
    }
    return simple(p, MATCH_NOTHING, STR_NONE, 0);
}

enum glob_compiled glob_compile(struct str pattern, struct glob **out)
{
    AUTO(arena_freep) struct arena *keep = NULL;
    struct parser p = {.rest = pattern};
    struct node *root;

    if (pattern.n > GLOB_MAX_PATTERN || str_find_char(pattern, '\0') < pattern.n)
        return GLOB_NOT_KNOWN;
    /* U+FFFD is what Go's decoder answers for bad bytes, so the library refuses it as well. */
    if (!utf8_is_valid(pattern) || str_contains(pattern, STR("\xEF\xBF\xBD")))
        return GLOB_INVALID;
    keep = arena_new(MAX_MEMORY);
    p.keep = keep;
    p.text = allocate(&p, pattern.n + 1);
    p.at = root = new_node(&p, PATTERN);
    while (p.rest.n && !p.failed && !p.not_known)
        parse_term(&p); /* braces left open count as closed at the end */
    if (!p.failed && !p.not_known) {
        const struct matcher *matcher = compile(&p, root);

        if (!p.not_known) {
            *out = xcalloc(1, sizeof **out);
            **out = (struct glob){.keep = steal(&keep), .root = matcher};
            return GLOB_OK;
        }
    }
    return p.failed ? GLOB_INVALID : GLOB_NOT_KNOWN;
}

/* How far a match may reach, in bytes from where it begins, ascending. */
struct reach {
    size_t *ends;
    size_t n;
    size_t capacity;
};

struct run {
    size_t steps_left;
    bool not_known; /* the steps are used up, or the library panics */
};

static bool take(struct run *r, size_t n_steps)
{
    if (n_steps > r->steps_left)
        r->not_known = true;
    else
        r->steps_left -= n_steps;
    return !r->not_known;
}

static void reach_clear(struct reach *to)
{
    free(to->ends);
}

static void add_end(struct run *r, struct reach *to, size_t end)
{
    if (!take(r, 1))
        return;
    to->ends = xgrow(to->ends, to->n, &to->capacity, sizeof *to->ends);
    to->ends[to->n++] = end;
}

/* As many bytes as Go writes the character in; three for what it could not read. */
static size_t rune_length(uint32_t c)
{
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/* `from`, and behind every character of `s` after it. */
static void add_ends_behind(struct run *r, struct reach *to, size_t from, struct str s)
{
    uint32_t c;
    size_t n;

    add_end(r, to, from);
    for (size_t at = 0; at < s.n && !r->not_known; at += n) {
        n = rune_at(s, at, &c);
        add_end(r, to, from + at + rune_length(c));
    }
}

/* At every character of `s`, and its end, counted from `from`. */
static void add_ends_at(struct run *r, struct reach *to, size_t from, struct str s)
{
    uint32_t c;

    for (size_t at = 0; at < s.n && !r->not_known; at += rune_at(s, at, &c))
        add_end(r, to, from + at);
    add_end(r, to, from + s.n);
}

/* The offset of the first (last) occurrence, or s.n + 1. */
static size_t find_text(struct run *r, struct str s, struct str text)
{
    for (size_t at = 0; at + text.n <= s.n && take(r, 1); at++)
        if (memcmp(s.p + at, text.p, text.n) == 0)
            return at;
    return s.n + 1;
}

static size_t find_last_text(struct run *r, struct str s, struct str text)
{
    if (text.n <= s.n)
        for (size_t at = s.n - text.n + 1; at > 0 && take(r, 1); at--)
            if (memcmp(s.p + at - 1, text.p, text.n) == 0)
                return at - 1;
    return s.n + 1;
}

static bool has_rune(struct str list, uint32_t c)
{
    uint32_t own;

    for (size_t at = 0; at < list.n;) {
        at += rune_at(list, at, &own);
        if (own == c)
            return true;
    }
    return false;
}

static bool takes_rune(const struct matcher *m, uint32_t c)
{
    if (m->kind == MATCH_SINGLE)
        return true;
    if (m->kind == MATCH_RANGE)
        return (c >= m->low && c <= m->high) != m->negated;
    return has_rune(m->text, c) != m->negated;
}

static bool matches(struct run *r, const struct matcher *m, struct str s);
static bool find(struct run *r, const struct matcher *m, struct str s, size_t *at,
                 struct reach *to);

/* Row.matchAll(): each part gets as many characters as it is long; the first byte of the last of
 * them only. */
static bool matches_row(struct run *r, const struct matcher *m, struct str s)
{
    size_t at = 0;

    for (size_t i = 0; i < m->n_parts && !r->not_known; i++) {
        struct str rest = str_sub(s, at, s.n);
        size_t last = 0;
        long n = 0;
        uint32_t c;

        for (size_t k = 0; k < rest.n; k += rune_at(rest, k, &c)) {
            last = k;
            if (++n == m->parts[i]->length || !take(r, 1))
                break;
        }
        if (n < m->parts[i]->length)
            return false;
        if (!rest.n) {
            r->not_known = true; /* it panics */
            return false;
        }
        if (!matches(r, m->parts[i], str_sub(rest, 0, last + 1)))
            return false;
        at += last + 1;
    }
    return !r->not_known;
}

static bool matches_tree(struct run *r, const struct matcher *m, struct str s)
{
    size_t from = m->left_length == VARIES ? 0 : (size_t)m->left_length;
    size_t cut = m->right_length == VARIES ? 0 : (size_t)m->right_length;
    size_t to = s.n > cut ? s.n - cut : 0;
    uint32_t c;

    if (m->length != VARIES && (size_t)m->length > s.n)
        return false;
    while (from < to && take(r, 1)) {
        AUTO(reach_clear) struct reach reach = {NULL, 0, 0};
        size_t at;

        if (!find(r, m->value, str_sub(s, from, to), &at, &reach))
            return false;
        at += from;
        if (m->left ? matches(r, m->left, str_sub(s, 0, at)) : at == 0)
            for (size_t i = reach.n; i > 0 && !r->not_known; i--) {
                struct str behind = str_sub(s, at + reach.ends[i - 1], s.n);

                if (m->right ? matches(r, m->right, behind) : behind.n == 0)
                    return !r->not_known;
            }
        from = at + rune_at(s, at, &c);
    }
    return false;
}

static bool matches_parts(struct run *r, const struct matcher *m, struct str s)
{
    bool is_any = m->kind == MATCH_ANY_OF;

    for (size_t i = 0; i < m->n_parts; i++)
        if (matches(r, m->parts[i], s) == is_any)
            return is_any;
    return !is_any;
}

static bool matches(struct run *r, const struct matcher *m, struct str s)
{
    uint32_t c;

    if (!take(r, 1 + s.n / 16))
        return false;
    switch (m->kind) {
    case MATCH_NOTHING:
        return s.n == 0;
    case MATCH_TEXT:
        return str_eq(s, m->text);
    case MATCH_SUPER:
        return true;
    case MATCH_SINGLE:
    case MATCH_LIST:
    case MATCH_RANGE:
        return rune_at(s, 0, &c) == s.n && takes_rune(m, c);
    case MATCH_MIN:
        return (size_t)count_runes(s) >= m->limit;
    case MATCH_MAX:
        return (size_t)count_runes(s) <= m->limit;
    case MATCH_CONTAINS:
        return (find_text(r, s, m->text) <= s.n) != m->negated;
    case MATCH_PREFIX:
        return str_starts(s, m->text);
    case MATCH_SUFFIX:
        return str_ends(s, m->text);
    case MATCH_PREFIX_SUFFIX:
        return str_starts(s, m->text) && str_ends(s, m->suffix);
    case MATCH_ROW:
        return count_runes(s) == m->length && matches_row(r, m, s);
    case MATCH_EVERY_OF:
    case MATCH_ANY_OF:
        return matches_parts(r, m, s);
    case MATCH_TREE:
        break;
    }
    return matches_tree(r, m, s);
}

static bool find_rune(struct run *r, const struct matcher *m, struct str s, size_t *at,
                      struct reach *to)
{
    uint32_t c;
    size_t n;

    for (*at = 0; *at < s.n && take(r, 1); *at += n) {
        n = rune_at(s, *at, &c);
        if (takes_rune(m, c)) {
            add_end(r, to, rune_length(c));
            return true;
        }
    }
    return false;
}

static bool find_min(struct run *r, const struct matcher *m, struct str s, struct reach *to)
{
    size_t count = 0;
    uint32_t c;
    size_t n;

    for (size_t at = 0; at < s.n && take(r, 1); at += n) {
        n = rune_at(s, at, &c);
        if (++count >= m->limit)
            add_end(r, to, at + rune_length(c));
    }
    return to->n > 0;
}

static void find_max(struct run *r, const struct matcher *m, struct str s, struct reach *to)
{
    size_t count = 0;
    uint32_t c;
    size_t n;

    add_end(r, to, 0);
    for (size_t at = 0; at < s.n && ++count <= m->limit && take(r, 1); at += n) {
        n = rune_at(s, at, &c);
        add_end(r, to, at + rune_length(c));
    }
}

static bool find_contains(struct run *r, const struct matcher *m, struct str s, struct reach *to)
{
    size_t at = find_text(r, s, m->text);
    size_t from = 0;

    if (m->negated) {
        s = str_sub(s, 0, at);
    } else if (at > s.n) {
        return false;
    } else {
        from = at + m->text.n;
        s = str_sub(s, from, s.n);
    }
    add_ends_at(r, to, from, s);
    return true;
}

static bool find_prefix_suffix(struct run *r, const struct matcher *m, struct str s, size_t *at,
                               struct reach *to)
{
    struct str rest;
    size_t end;

    *at = find_text(r, s, m->text);
    if (*at > s.n)
        return false;
    for (rest = str_sub(s, *at, s.n); (end = find_last_text(r, rest, m->suffix)) <= rest.n;
         rest = str_sub(rest, 0, end))
        add_end(r, to, end + m->suffix.n);
    for (size_t i = 0; i < to->n / 2; i++) {
        size_t swap = to->ends[i];

        to->ends[i] = to->ends[to->n - 1 - i];
        to->ends[to->n - 1 - i] = swap;
    }
    return to->n > 0;
}

static bool find_row(struct run *r, const struct matcher *m, struct str s, size_t *at,
                     struct reach *to)
{
    uint32_t c;

    for (*at = 0; *at < s.n && s.n - *at >= (size_t)m->length && take(r, 1);
         *at += rune_at(s, *at, &c))
        if (matches_row(r, m, str_sub(s, *at, s.n))) {
            add_end(r, to, (size_t)m->length);
            return true;
        }
    return false;
}

/* Both are ascending. */
static void merge(struct run *r, struct reach *into, const struct reach *more)
{
    struct reach both = {NULL, 0, 0};

    for (size_t i = 0, k = 0; (i < into->n || k < more->n) && !r->not_known;) {
        bool take_first = k >= more->n || (i < into->n && into->ends[i] <= more->ends[k]);
        size_t end = take_first ? into->ends[i] : more->ends[k];

        if (take_first && k < more->n && more->ends[k] == end)
            k++;
        add_end(r, &both, end);
        if (take_first)
            i++;
        else
            k++;
    }
    reach_clear(into);
    *into = both;
}

static bool find_any_of(struct run *r, const struct matcher *m, struct str s, size_t *at,
                        struct reach *to)
{
    bool found = false;

    for (size_t i = 0; i < m->n_parts && !r->not_known; i++) {
        AUTO(reach_clear) struct reach reach = {NULL, 0, 0};
        size_t own;

        if (!find(r, m->parts[i], s, &own, &reach) || (found && own > *at))
            continue;
        if (found && own == *at) {
            merge(r, to, &reach);
            continue;
        }
        reach_clear(to);
        *to = reach;
        reach = (struct reach){NULL, 0, 0};
        *at = own;
        found = true;
    }
    return found;
}

/* EveryOf.Index(): of the ends of the first those that all the others have as well. */
static bool find_every_of(struct run *r, const struct matcher *m, struct str s, size_t *at,
                          struct reach *to)
{
    size_t offset = 0;
    struct str rest = s;

    *at = 0;
    for (size_t i = 0; i < m->n_parts && !r->not_known; i++) {
        AUTO(reach_clear) struct reach reach = {NULL, 0, 0};
        struct reach next = {NULL, 0, 0};
        size_t own;

        if (!find(r, m->parts[i], rest, &own, &reach))
            return false;
        for (size_t k = 0; k < reach.n && i == 0; k++)
            add_end(r, &next, reach.ends[k]);
        for (size_t j = 0; j < to->n && i > 0; j++)
            for (size_t k = 0; k < reach.n && take(r, 1); k++)
                if (to->ends[j] + *at == reach.ends[k] + own + offset)
                    add_end(r, &next, reach.ends[k]);
        reach_clear(to);
        *to = next;
        if (!to->n)
            return false;
        *at = own + offset;
        rest = str_sub(s, *at, s.n);
        offset += own;
    }
    return true;
}

/* Where `s` has the first match, *at, and how far it may reach from there. */
static bool find(struct run *r, const struct matcher *m, struct str s, size_t *at, struct reach *to)
{
    size_t reach;

    if (!take(r, 1))
        return false;
    *at = 0;
    switch (m->kind) {
    case MATCH_NOTHING:
        add_end(r, to, 0);
        return true;
    case MATCH_TEXT:
        *at = find_text(r, s, m->text);
        add_end(r, to, m->text.n);
        return *at <= s.n;
    case MATCH_SUPER:
        add_ends_at(r, to, 0, s);
        return true;
    case MATCH_SINGLE:
    case MATCH_LIST:
    case MATCH_RANGE:
        return find_rune(r, m, s, at, to);
    case MATCH_MIN:
        return find_min(r, m, s, to);
    case MATCH_MAX:
        find_max(r, m, s, to);
        return true;
    case MATCH_CONTAINS:
        return find_contains(r, m, s, to);
    case MATCH_PREFIX:
        *at = find_text(r, s, m->text);
        if (*at <= s.n)
            add_ends_behind(r, to, m->text.n, str_sub(s, *at + m->text.n, s.n));
        return *at <= s.n;
    case MATCH_SUFFIX:
        reach = find_text(r, s, m->text);
        if (reach <= s.n)
            add_end(r, to, reach + m->text.n);
        return reach <= s.n;
    case MATCH_PREFIX_SUFFIX:
        return find_prefix_suffix(r, m, s, at, to);
    case MATCH_ROW:
        return find_row(r, m, s, at, to);
    case MATCH_EVERY_OF:
        return find_every_of(r, m, s, at, to);
    case MATCH_ANY_OF:
        return find_any_of(r, m, s, at, to);
    case MATCH_TREE:
        break;
    }
    return false; /* BTree.Index() never finds anything */
}

enum tri glob_match(const struct glob *g, struct str path)
{
    size_t steps_left = GLOB_MAX_STEPS;

    return glob_match_within(g, path, &steps_left);
}

enum tri glob_match_within(const struct glob *g, struct str path, size_t *steps_left)
{
    size_t limit = *steps_left < GLOB_MAX_STEPS ? *steps_left : GLOB_MAX_STEPS;
    struct run r = {.steps_left = limit};
    bool matched = matches(&r, g->root, path.p ? path : STR(""));

    *steps_left -= limit - r.steps_left;
    if (r.not_known)
        return TRI_NOT_KNOWN;
    return matched ? TRI_YES : TRI_NO;
}

void glob_free(struct glob *g)
{
    if (!g)
        return;
    arena_free(g->keep);
    free(g);
}
