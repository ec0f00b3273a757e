#include "repository/helm_template.h"
#include "base/attr.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct helm_template *out;
    struct str text;
    size_t at;      /* what was read */
    size_t line_at; /* where `line` was counted up to */
    unsigned line;
};

/* One action, delimiters and all. */
struct action {
    size_t from; /* with the blanks before it that it takes away */
    size_t to;
    struct str text; /* inside, trimmed */
    bool is_comment;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

struct str helm_template_word(struct str *text)
{
    size_t n = 0;
    struct str word;

    *text = str_trim(*text);
    while (n < text->n && is_word_char(text->p[n]))
        n++;
    if (n && isdigit((unsigned char)text->p[0]))
        n = 0;
    word = str_sub(*text, 0, n);
    *text = str_trim(str_sub(*text, n, text->n));
    return word;
}

/* Past the quoted text that starts at `at`; beyond the end where it is not closed. */
static size_t skip_quoted(struct str text, size_t at)
{
    char quote = text.p[at++];

    while (at < text.n && text.p[at] != quote) {
        if (quote != '`' && text.p[at] == '\\')
            at++;
        else if (quote != '`' && text.p[at] == '\n')
            return text.n + 1;
        at++;
    }
    return at + 1;
}

/* Where the closing delimiter stands, or past the end. */
static size_t find_close(struct str text, size_t at)
{
    while (at + 1 < text.n) {
        char c = text.p[at];

        if (c == '}' && text.p[at + 1] == '}')
            return at;
        if (c == '"' || c == '`' || c == '\'')
            at = skip_quoted(text, at);
        else
            at++;
    }
    return text.n + 1;
}

static size_t find_comment_close(struct str text, size_t at)
{
    const char *end = memmem(text.p + at, text.n - at, "*/", 2);
    size_t close = end ? (size_t)(end - text.p) + 2 : text.n + 1;

    if (close + 3 < text.n && is_blank(text.p[close]) && text.p[close + 1] == '-')
        close += 2;
    return close + 1 < text.n && text.p[close] == '}' && text.p[close + 1] == '}' ? close
                                                                                  : text.n + 1;
}

/* The next action from r->at on. found: false at the end of the text. False where it is broken. */
static bool read_action(const struct reader *r, struct action *out, bool *found)
{
    struct str text = r->text;
    const char *open = text.n > r->at ? memmem(text.p + r->at, text.n - r->at, "{{", 2) : NULL;
    size_t inside;
    size_t close;
    size_t inside_end;

    *found = open != NULL;
    if (!open)
        return true;
    out->from = (size_t)(open - text.p);
    inside = out->from + 2;
    if (inside + 1 < text.n && text.p[inside] == '-' && is_blank(text.p[inside + 1])) {
        inside += 2;
        while (out->from > r->at && is_blank(text.p[out->from - 1]))
            out->from--;
    }
    out->is_comment = str_starts(str_sub(text, inside, text.n), STR("/*"));
    close = out->is_comment ? find_comment_close(text, inside) : find_close(text, inside);
    if (close > text.n)
        return false;
    out->to = close + 2;
    inside_end = close;
    if (close >= inside + 2 && text.p[close - 1] == '-' && is_blank(text.p[close - 2])) {
        inside_end = close - 2;
        while (out->to < text.n && is_blank(text.p[out->to]))
            out->to++;
    } else if (close == inside + 1 && text.p[inside] == '-' && is_blank(text.p[inside - 1])) {
        return false; /* {{- -}} */
    }
    out->text = str_trim(str_sub(text, inside, inside_end));
    return true;
}

static unsigned line_at(struct reader *r, size_t at)
{
    for (; r->line_at < at; r->line_at++)
        r->line += r->text.p[r->line_at] == '\n';
    return r->line;
}

static size_t add(struct reader *r, const struct helm_node *node)
{
    struct helm_template *t = r->out;

    t->nodes = xgrow(t->nodes, t->n, &t->capacity, sizeof *t->nodes);
    t->nodes[t->n] = *node;
    t->nodes[t->n].other = t->nodes[t->n].end = t->n + 1;
    return t->n++;
}

bool helm_template_is_change(struct str name)
{
    static const char *const words[] = {"set",       "unset",          "merge",
                                        "mustMerge", "mergeOverwrite", "mustMergeOverwrite"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(name, words[i]))
            return true;
    return false;
}

/* The words of the action that change what they are given. */
static unsigned count_changes(struct str text)
{
    unsigned n = 0;

    for (size_t at = 0; at < text.n;) {
        size_t from = at;

        if (text.p[at] == '"' || text.p[at] == '`' || text.p[at] == '\'') {
            at = skip_quoted(text, at);
            continue;
        }
        while (at < text.n && is_word_char(text.p[at]))
            at++;
        if (helm_template_is_change(str_sub(text, from, at)))
            n += from == 0 || (text.p[from - 1] != '.' && text.p[from - 1] != '$');
        if (at == from)
            at++;
    }
    return n;
}

static size_t add_action(struct reader *r, const struct action *a, enum helm_node_kind kind,
                         struct str text)
{
    size_t open = a->from;
    struct helm_node node = {.kind = kind, .raw = str_sub(r->text, a->from, a->to), .text = text};

    while (is_blank(r->text.p[open]))
        open++;
    node.line = line_at(r, open);
    node.n_changes = kind == HELM_COMMENT ? 0 : count_changes(a->text);
    r->out->changes = r->out->changes || node.n_changes;
    return add(r, &node);
}

enum stop { AT_END_OF_TEXT, AT_END, AT_ELSE, BROKEN };

static enum stop read_list(struct reader *r, unsigned depth, struct action *last);

static enum helm_node_kind kind_of(struct str word)
{
    static const struct {
        const char *word;
        enum helm_node_kind kind;
    } words[] = {{"if", HELM_IF},
                 {"range", HELM_RANGE},
                 {"with", HELM_WITH},
                 {"define", HELM_DEFINE},
                 {"template", HELM_CALL},
                 {"break", HELM_BREAK},
                 {"continue", HELM_CONTINUE}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(word, words[i].word))
            return words[i].kind;
    return HELM_OUTPUT;
}

/* The body of the node at `index`, its else branch and its end. */
static bool read_body(struct reader *r, size_t index, unsigned depth)
{
    struct action last;
    enum stop stop = read_list(r, depth + 1, &last);
    struct helm_node *node = &r->out->nodes[index];
    struct str text = last.text;

    node->other = r->out->n;
    if (stop == AT_ELSE) {
        struct str word;

        node->raw_else = str_sub(r->text, last.from, last.to);
        (void)helm_template_word(&text);
        word = helm_template_word(&text);
        if (word.n) {
            size_t inner;

            if (!str_is(word, "if") || node->kind != HELM_IF || depth > HELM_TEMPLATE_MAX_DEPTH)
                return false;
            inner = add_action(r, &last, HELM_IF, text);
            if (!read_body(r, inner, depth + 1))
                return false;
            r->out->nodes[index].raw_end = r->out->nodes[inner].raw_end;
            r->out->nodes[index].end = r->out->n;
            return true;
        }
        stop = read_list(r, depth + 1, &last);
        node = &r->out->nodes[index];
    }
    if (stop != AT_END)
        return false;
    node->raw_end = str_sub(r->text, last.from, last.to);
    node->end = r->out->n;
    return true;
}

static bool read_node(struct reader *r, const struct action *a, unsigned depth)
{
    struct str text = a->text;
    struct str word = a->is_comment ? STR("") : helm_template_word(&text);
    enum helm_node_kind kind = a->is_comment ? HELM_COMMENT : kind_of(word);
    size_t index;

    if (str_is(word, "block") || (!a->text.n && !a->is_comment))
        return false;
    index = add_action(r, a, kind, kind == HELM_OUTPUT || kind == HELM_COMMENT ? a->text : text);
    if (kind == HELM_IF || kind == HELM_RANGE || kind == HELM_WITH || kind == HELM_DEFINE)
        return read_body(r, index, depth);
    return true;
}

static enum stop read_list(struct reader *r, unsigned depth, struct action *last)
{
    if (depth > HELM_TEMPLATE_MAX_DEPTH)
        return BROKEN;
    for (;;) {
        struct action a;
        struct str text;
        struct str word;
        bool found;

        if (!read_action(r, &a, &found))
            return BROKEN;
        text = str_sub(r->text, r->at, found ? a.from : r->text.n);
        if (text.n) {
            struct helm_node node = {.kind = HELM_TEXT, .raw = text, .text = text};

            node.line = line_at(r, r->at);
            (void)add(r, &node);
        }
        if (!found)
            return AT_END_OF_TEXT;
        r->at = a.to;
        *last = a;
        text = a.text;
        word = a.is_comment ? STR("") : helm_template_word(&text);
        if (str_is(word, "end"))
            return AT_END;
        if (str_is(word, "else"))
            return AT_ELSE;
        if (!read_node(r, &a, depth))
            return BROKEN;
    }
}

struct helm_template *helm_template_read(struct str text)
{
    struct helm_template *t = xcalloc(1, sizeof *t);
    struct reader r = {.out = t, .line = 1};
    struct action last;

    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_sub(text, 3, text.n); /* Helm's loader takes it away */
    if (text.n > HELM_TEMPLATE_MAX_BYTES || str_starts(text, STR("\xFF\xFE")) ||
        str_starts(text, STR("\xFE\xFF"))) {
        t->is_broken = t->changes = true;
        return t;
    }
    t->text = xstrndup(text);
    t->n_text = text.n;
    r.text = (struct str){t->text, text.n};
    t->is_broken = read_list(&r, 0, &last) != AT_END_OF_TEXT;
    t->changes = t->changes || t->is_broken;
    return t;
}

void helm_template_free(struct helm_template *t)
{
    if (!t)
        return;
    free(t->nodes);
    free(t->text);
    free(t);
}

void helm_template_freep(struct helm_template **t)
{
    helm_template_free(*t);
}
