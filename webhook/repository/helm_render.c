#include "repository/helm_render.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/helm_functions.h"
#include "repository/helm_values.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A call with more arguments, or an expression with more parentheses, is not known. */
enum { ARGS_MAX = 24, EXPRESSION_MAX_DEPTH = 32 };

struct variable {
    struct str name; /* without its $ */
    struct helm_value value;
};

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct eval {
    struct helm_release *release;
    struct helm_text *text; /* NULL in a template that another includes */
    struct buf *out;
    bool is_rough; /* what `out` holds */
    struct variable *variables;
    size_t n_variables;
    size_t capacity_variables;
    size_t frame;    /* the first variable of this template; it is $ */
    size_t floor;    /* those before it are not known once they are set */
    unsigned depth;  /* of templates that include others */
    unsigned unsure; /* bodies around that may be left out */
    enum flow flow;
    unsigned loop_unsure; /* of the innermost loop */
    unsigned n_harmless;  /* changes of what nobody else sees */
    bool discards;        /* the action's value goes nowhere: $_ := */
    bool has_given_up;
    unsigned line;
};

/* An expression under way. */
struct cursor {
    struct str rest;
    bool is_bad;
    unsigned depth;
};

static struct helm_value read_pipeline(struct eval *e, struct cursor *c, const json_t *dot);
static void run_list(struct eval *e, const struct helm_template *t, size_t from, size_t to,
                     const json_t *dot);

/* --- output --- */

static void note_line(struct eval *e, unsigned line)
{
    struct helm_text *t = e->text;

    t->lines = xgrow(t->lines, t->n_lines, &t->capacity_lines, sizeof *t->lines);
    t->lines[t->n_lines++] = line;
}

/* is_source: the text stands like that in the template, line by line. */
static void write_text(struct eval *e, struct str text, bool is_source)
{
    unsigned line = e->line;

    buf_add(e->out, text);
    for (size_t i = 0; e->text && i < text.n; i++) {
        if (text.p[i] != '\n')
            continue;
        line += is_source;
        note_line(e, line);
    }
}

/* On one line, so that it is looked at as one. */
static void write_raw(struct eval *e, struct str raw)
{
    AUTO(freep) char *line = xstrndup(raw);
    char *open = memmem(line, raw.n, "{{", 2);
    char *close =
        open && !strchr(open, '`') ? memrchr(open, '}', raw.n - (size_t)(open - line)) : open;

    for (char *p = open; p && p < close; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    e->is_rough = true;
    write_text(e, (struct str){line, raw.n}, false);
}

/* --- variables --- */

static void push_variable(struct eval *e, struct str name, const struct helm_value *value)
{
    e->variables =
        xgrow(e->variables, e->n_variables, &e->capacity_variables, sizeof *e->variables);
    e->variables[e->n_variables] = (struct variable){.name = name, .value = *value};
    json_incref(value->json);
    e->n_variables++;
}

static void drop_variables(struct eval *e, size_t n)
{
    while (e->n_variables > n)
        helm_value_clear(&e->variables[--e->n_variables].value);
}

static struct variable *find_variable(struct eval *e, struct str name)
{
    for (size_t i = e->n_variables; i-- > e->frame;)
        if (str_eq(e->variables[i].name, name))
            return &e->variables[i];
    return NULL;
}

static void set_variable(struct eval *e, struct str name, const struct helm_value *value)
{
    struct variable *v = find_variable(e, name);

    if (!v) {
        e->has_given_up = true;
        return;
    }
    helm_value_clear(&v->value);
    v->value = (size_t)(v - e->variables) < e->floor ? helm_value_unknown() : *value;
    json_incref(v->value.json);
}

/* --- expressions --- */

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static char peek(const struct cursor *c)
{
    return c->rest.n ? c->rest.p[0] : '\0';
}

static void skip(struct cursor *c, size_t n)
{
    c->rest = str_sub(c->rest, n, c->rest.n);
}

static void skip_blanks(struct cursor *c)
{
    c->rest = str_trim(c->rest);
}

static struct str read_word(struct cursor *c)
{
    size_t n = 0;
    struct str word;

    while (n < c->rest.n && is_word_char(c->rest.p[n]))
        n++;
    word = str_sub(c->rest, 0, n);
    skip(c, n);
    return word;
}

static struct helm_value bad(struct cursor *c)
{
    c->is_bad = true;
    return helm_value_unknown();
}

/* The usual escapes; the rest is not known. */
static struct helm_value read_quoted(struct cursor *c)
{
    struct helm_value v;
    struct buf b;
    size_t at = 1;

    buf_init(&b, HELM_TEMPLATE_MAX_BYTES);
    for (; at < c->rest.n && c->rest.p[at] != '"'; at++) {
        char ch = c->rest.p[at];

        if (ch != '\\') {
            buf_addc(&b, ch);
            continue;
        }
        ch = ++at < c->rest.n ? c->rest.p[at] : '\0';
        if (ch == 'n' || ch == 't')
            buf_addc(&b, ch == 'n' ? '\n' : '\t');
        else if (ch == '"' || ch == '\\')
            buf_addc(&b, ch);
        else
            c->is_bad = true;
    }
    v = c->is_bad || at >= c->rest.n ? bad(c) : helm_value_text(buf_str(&b), false);
    buf_clear(&b);
    skip(c, at + 1);
    return v;
}

static struct helm_value read_backquoted(struct cursor *c)
{
    size_t end = str_find_char(str_sub(c->rest, 1, c->rest.n), '`') + 1;
    struct helm_value v;

    if (end >= c->rest.n)
        return bad(c);
    v = helm_value_text(str_sub(c->rest, 1, end), false);
    skip(c, end + 1);
    return v;
}

static struct helm_value read_number(struct cursor *c)
{
    bool is_negative = peek(c) == '-';
    size_t n = peek(c) == '-' || peek(c) == '+';
    long value = 0;

    for (; n < c->rest.n && isdigit((unsigned char)c->rest.p[n]) && value < 1000000; n++)
        value = value * 10 + (c->rest.p[n] - '0');
    if (n < c->rest.n && (is_word_char(c->rest.p[n]) || c->rest.p[n] == '.'))
        return bad(c);
    skip(c, n);
    return (struct helm_value){.json = xneed(json_integer(is_negative ? -value : value))};
}

/* .a.b behind a value. */
static struct helm_value read_fields(struct cursor *c, struct helm_value from)
{
    while (peek(c) == '.' && c->rest.n > 1 && is_word_char(c->rest.p[1])) {
        const json_t *member;
        struct str key;

        skip(c, 1);
        key = read_word(c);
        member = from.is_rough ? helm_not_known() : helm_values_get(from.json, key);
        json_incref(json_unconst(member));
        helm_value_clear(&from);
        from = (struct helm_value){.json = json_unconst(member)};
    }
    return from;
}

static struct helm_value read_variable(struct eval *e, struct cursor *c)
{
    struct variable *v;

    skip(c, 1);
    v = find_variable(e, read_word(c));
    if (!v)
        return bad(c);
    if (peek(c) != '.')
        v->value.is_fresh = v->value.is_deep = false; /* who reads it may keep it */
    json_incref(v->value.json);
    return v->value;
}

/* The variable with a map of its own that a command is to change; n_variables: there is none. */
static size_t find_target(struct eval *e, struct cursor *c)
{
    struct cursor ahead = *c;
    const struct variable *v;

    if (peek(c) != '$')
        return e->n_variables;
    skip(&ahead, 1);
    v = find_variable(e, read_word(&ahead));
    if (!v || !v->value.is_fresh || !isspace((unsigned char)peek(&ahead)))
        return e->n_variables;
    *c = ahead;
    skip_blanks(c);
    return (size_t)(v - e->variables);
}

/* What the map is after the change. NULL: others may see it. args: the first is the map. */
static json_t *run_change(struct str name, const struct helm_value *args, size_t n)
{
    bool is_known = n == 3 && !args[1].is_rough && helm_value_is_known(&args[1]) &&
                    json_is_string(args[1].json);

    if (str_is(name, "set") && n == 3 && is_known) {
        AUTO(freep) char *key = xstrndup(json_view(args[1].json));

        return helm_values_with(args[0].json, key,
                                args[2].is_rough ? helm_not_known() : args[2].json);
    }
    if (str_is(name, "set") || str_is(name, "unset"))
        return helm_open_map();
    for (size_t i = 1; i < n; i++)
        if (args[i].is_rough || !json_is_object(args[i].json) || json_object_size(args[i].json))
            return NULL;
    return json_incref(args[0].json);
}

/* Of a variable's own map. is_kept: somebody gets to see what the function returns. */
static struct helm_value change_variable(struct eval *e, size_t target, struct str name,
                                         const struct helm_value *args, size_t n, bool is_kept)
{
    struct helm_value *value = &e->variables[target].value;
    json_t *changed = value->is_fresh ? run_change(name, args, n) : NULL;

    if (!changed)
        return helm_value_unknown();
    e->release->n_steps += json_object_size(changed) / HELM_RENDER_STEP_KEYS; /* it was copied */
    e->n_harmless++;
    if (target < e->floor) {
        json_decref(changed);
        changed = helm_open_map();
    }
    json_decref(value->json);
    value->json = changed;
    value->is_deep = false;
    value->is_fresh = !is_kept;
    return (struct helm_value){.json = json_incref(changed)};
}

/* Of a copy: what comes out is a map nobody knows much of. */
static struct helm_value merge_copy(struct eval *e, const struct helm_value *args, size_t n)
{
    if (n != 2 || !args[0].is_deep)
        return helm_value_unknown();
    e->n_harmless++;
    return (struct helm_value){.json = helm_open_map()};
}

static struct helm_value read_parentheses(struct eval *e, struct cursor *c, const json_t *dot)
{
    struct helm_value v;

    if (++c->depth > EXPRESSION_MAX_DEPTH)
        return bad(c);
    skip(c, 1);
    v = read_pipeline(e, c, dot);
    c->depth--;
    skip_blanks(c);
    if (peek(c) != ')') {
        helm_value_clear(&v);
        return bad(c);
    }
    skip(c, 1);
    return v;
}

static struct helm_value run_function(struct eval *e, struct str name, struct helm_value *args,
                                      size_t n);

static struct helm_value read_constant(struct eval *e, struct cursor *c)
{
    struct str word = read_word(c);

    if (str_is(word, "true") || str_is(word, "false"))
        return (struct helm_value){.json = json_boolean(str_is(word, "true"))};
    if (str_is(word, "nil"))
        return (struct helm_value){.json = json_null()};
    return run_function(e, word, NULL, 0);
}

static struct helm_value read_operand(struct eval *e, struct cursor *c, const json_t *dot)
{
    struct helm_value v;
    char first = peek(c);

    if (first == '"')
        return read_quoted(c);
    if (first == '`')
        return read_backquoted(c);
    if (isdigit((unsigned char)first) ||
        ((first == '-' || first == '+') && c->rest.n > 1 && isdigit((unsigned char)c->rest.p[1])))
        return read_number(c);
    if (first == '(') {
        v = read_parentheses(e, c, dot);
    } else if (first == '$') {
        v = read_variable(e, c);
    } else if (first == '.') {
        v = (struct helm_value){.json = json_incref(json_unconst(dot))};
        if (c->rest.n == 1 || !is_word_char(c->rest.p[1]))
            skip(c, 1);
    } else if (isalpha((unsigned char)first) || first == '_') {
        v = read_constant(e, c);
    } else {
        return bad(c);
    }
    return read_fields(c, v);
}

static bool ends_command(const struct cursor *c)
{
    return !c->rest.n || peek(c) == '|' || peek(c) == ')';
}

/* No key that anybody writes. */
static const char get_key[] = "\001get";

json_t *helm_render_files(size_t chart)
{
    json_t *files = helm_open_map();

    (void)json_object_set_new(files, "Get", xneed(json_pack("{s:I}", get_key, (json_int_t)chart)));
    return files;
}

/* .Files.Get "path" */
static struct helm_value run_get(struct eval *e, const struct helm_value *get,
                                 const struct helm_value *path)
{
    const json_t *chart = json_object_get(get->json, get_key);
    const struct helm_template *t;
    bool is_known = false;
    size_t n_looked;

    if (!json_is_integer(chart) || get->is_rough || path->is_rough || !json_is_string(path->json))
        return helm_value_unknown();
    t = e->release->get(e->release->get_from, (size_t)json_integer_value(chart),
                        json_view(path->json), &is_known, &n_looked);
    e->release->n_steps += n_looked / HELM_RENDER_STEP_KEYS;
    e->release->n_steps += (t ? t->n_text : 0) / HELM_RENDER_STEP_BYTES;
    if (!is_known)
        return helm_value_unknown();
    return helm_value_text(t ? (struct str){t->text, t->n_text} : STR(""), false);
}

/* piped: what stood before a |; NULL: nothing did. It is cleared. */
static struct helm_value read_command(struct eval *e, struct cursor *c, const json_t *dot,
                                      struct helm_value *piped)
{
    struct helm_value args[ARGS_MAX];
    struct helm_value out;
    struct str name = STR("");
    bool is_function;
    size_t target = e->n_variables;
    size_t n = 0;

    skip_blanks(c);
    is_function = isalpha((unsigned char)peek(c)) || peek(c) == '_';
    if (is_function) {
        struct cursor ahead = *c;

        name = read_word(&ahead);
        is_function = !str_is(name, "true") && !str_is(name, "false") && !str_is(name, "nil");
        if (is_function)
            *c = ahead;
    }
    skip_blanks(c);
    if (is_function && helm_template_is_change(name))
        target = find_target(e, c);
    if (target < e->n_variables) {
        args[n] = e->variables[target].value;
        json_incref(args[n++].json);
    }
    while (!c->is_bad && !ends_command(c) && n < ARGS_MAX - 1) {
        args[n++] = read_operand(e, c, dot);
        if (c->rest.n && !ends_command(c) && !isspace((unsigned char)peek(c)))
            c->is_bad = true;
        skip_blanks(c);
    }
    c->is_bad = c->is_bad || !ends_command(c);
    if (piped) {
        args[n++] = *piped;
        json_incref(piped->json);
    }
    if (!c->is_bad && !is_function && n == 2) {
        out = run_get(e, &args[0], &args[1]); /* a method, of which one is known */
    } else if (c->is_bad || (!is_function && n != 1)) {
        out = helm_value_unknown();
        c->is_bad = c->is_bad || piped;
    } else if (target < e->n_variables) {
        out = change_variable(e, target, name, args, n, !e->discards || c->depth || c->rest.n);
    } else if (is_function && helm_template_is_change(name)) {
        out = merge_copy(e, args, n);
    } else if (is_function) {
        out = run_function(e, name, args, n);
    } else {
        out = args[0];
        json_incref(out.json);
    }
    while (n)
        helm_value_clear(&args[--n]);
    return out;
}

static struct helm_value read_pipeline(struct eval *e, struct cursor *c, const json_t *dot)
{
    struct helm_value v = read_command(e, c, dot, NULL);

    skip_blanks(c);
    while (!c->is_bad && peek(c) == '|') {
        struct helm_value next;

        skip(c, 1);
        next = read_command(e, c, dot, &v);
        helm_value_clear(&v);
        v = next;
        skip_blanks(c);
    }
    return v;
}

static struct helm_value evaluate(struct eval *e, struct str text, const json_t *dot)
{
    struct cursor c = {.rest = str_trim(text)};
    struct helm_value v = read_pipeline(e, &c, dot);

    if (c.is_bad || c.rest.n) {
        helm_value_clear(&v);
        v = helm_value_unknown();
    }
    return v;
}

/* --- templates that others include --- */

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct helm_definition *)a)->name,
                   ((const struct helm_definition *)b)->name);
}

static const struct helm_definition *find_definition(const struct helm_release *r, struct str name)
{
    struct helm_definition wanted = {.name = name};

    return r->n ? bsearch(&wanted, r->definitions, r->n, sizeof *r->definitions, by_name) : NULL;
}

static struct helm_value run_apart(struct eval *e, const struct helm_template *t, size_t from,
                                   size_t to, const json_t *dot)
{
    AUTO(buf_clearp) struct buf out = {0};
    struct helm_value context = {.json = json_unconst(dot)};
    struct eval inner = *e;

    if (e->depth == HELM_RENDER_MAX_DEPTH)
        return helm_value_unknown();
    buf_init(&out, HELM_RENDER_MAX_BYTES);
    inner.out = &out;
    inner.text = NULL;
    inner.is_rough = inner.discards = false;
    inner.depth++;
    inner.frame = inner.floor = inner.n_variables;
    inner.flow = FLOW_ON;
    push_variable(&inner, STR(""), &context);
    run_list(&inner, t, from, to, dot);
    drop_variables(&inner, inner.frame);
    e->variables = inner.variables;
    e->capacity_variables = inner.capacity_variables;
    e->has_given_up = e->has_given_up || inner.has_given_up || !buf_ok(&out);
    if (e->has_given_up)
        return helm_value_unknown();
    return helm_value_text(buf_str(&out), inner.is_rough);
}

static struct helm_value run_definition(struct eval *e, const struct helm_value *args, size_t n)
{
    const struct helm_definition *d = NULL;

    if (n == 2 && !args[0].is_rough && helm_value_is_known(&args[0]) &&
        json_is_string(args[0].json))
        d = find_definition(e->release, json_view(args[0].json));
    if (!d || !d->is_certain || args[1].is_rough)
        return helm_value_unknown();
    return run_apart(e, d->of, d->node + 1, d->of->nodes[d->node].other, args[1].json);
}

/* tpl: text with actions that has become rough keeps them. */
static struct helm_value run_text(struct eval *e, const struct helm_value *args, size_t n)
{
    AUTO(helm_template_freep) struct helm_template *t = NULL;
    struct str text = n == 2 ? json_view(args[0].json) : STR_NONE;

    if (n != 2 || !helm_value_is_known(&args[0]) || !json_is_string(args[0].json))
        return helm_value_unknown();
    if (args[0].is_rough || !str_contains(text, STR("{{"))) {
        json_incref(args[0].json);
        return args[0];
    }
    t = helm_template_read(text);
    e->release->has_changed = e->release->has_changed || t->changes;
    for (size_t i = 0; i < t->n; i++)
        if (t->nodes[i].kind == HELM_DEFINE)
            return helm_value_unknown();
    if (t->is_broken)
        return helm_value_unknown();
    return run_apart(e, t, 0, t->n, args[1].json);
}

/* Long texts take long: of every function's, what they are beyond a name or a label is counted. */
static void count_text(struct eval *e, const struct helm_value *v)
{
    if (json_is_string(v->json))
        e->release->n_steps += json_string_length(v->json) / HELM_RENDER_STEP_BYTES;
    if (e->release->n_steps > HELM_RENDER_MAX_STEPS)
        e->has_given_up = true;
}

static struct helm_value run_function(struct eval *e, struct str name, struct helm_value *args,
                                      size_t n)
{
    bool is_run = str_is(name, "include") || str_is(name, "tpl");
    struct helm_value out;

    for (size_t i = 0; i < n; i++)
        count_text(e, &args[i]);
    if (e->has_given_up)
        return helm_value_unknown();
    if (!is_run)
        out = helm_function(name, args, n);
    else
        out = str_is(name, "tpl") ? run_text(e, args, n) : run_definition(e, args, n);
    if (!is_run)
        count_text(e, &out);
    else if (!helm_value_is_known(&out) && e->release->may_change)
        e->release->has_changed = true; /* run without being looked at */
    return out;
}

/* --- statements --- */

/* What may have been run without being looked at. */
static void note_unseen(struct eval *e, struct str text)
{
    if (e->release->may_change &&
        (str_contains(text, STR("include")) || str_contains(text, STR("tpl")) ||
         str_contains(text, STR("template"))))
        e->release->has_changed = true;
}

/* `$x := `, `$x = `: cut off. name: STR_NONE where there is none. */
static struct str cut_declaration(struct str *text, bool *is_new)
{
    size_t n = 1;
    struct str rest;
    struct str name;

    if (!text->n || text->p[0] != '$')
        return STR_NONE;
    while (n < text->n && is_word_char(text->p[n]))
        n++;
    name = str_sub(*text, 1, n);
    rest = str_trim(str_sub(*text, n, text->n));
    *is_new = str_starts(rest, STR(":="));
    if (!*is_new && (!str_starts(rest, STR("=")) || str_starts(rest, STR("=="))))
        return STR_NONE;
    *text = str_trim(str_sub(rest, *is_new ? 2 : 1, rest.n));
    return name;
}

static void run_output(struct eval *e, const struct helm_node *node, const json_t *dot)
{
    AUTO(helm_value_clearp) struct helm_value v = helm_value_unknown();
    AUTO(freep) char *owned = NULL;
    struct str text = node->text;
    bool is_new = false;
    struct str name = cut_declaration(&text, &is_new);
    unsigned n_harmless = e->n_harmless;
    struct str shown;

    e->discards = name.p && is_new && str_is(name, "_") && node->n_changes;
    v = evaluate(e, text, dot);
    if (e->discards) {
        helm_value_clear(&v);
        v = helm_value_unknown();
    }
    e->discards = false;
    if (e->n_harmless - n_harmless < node->n_changes)
        e->release->has_changed = true;
    if (!helm_value_is_known(&v))
        note_unseen(e, text);
    if (name.p && is_new) {
        push_variable(e, name, &v);
    } else if (name.p) {
        set_variable(e, name, &v);
    } else if (helm_value_show(&v, &shown, &owned)) {
        e->is_rough = e->is_rough || v.is_rough;
        write_text(e, shown, false);
    } else {
        write_raw(e, node->raw);
    }
}

static void run_call(struct eval *e, const struct helm_node *node, const json_t *dot)
{
    AUTO(helm_value_clearp) struct helm_value v = helm_value_unknown();
    AUTO(freep) char *call = NULL;
    struct cursor c = {.rest = node->text};
    struct helm_value args[2];
    struct str shown;

    e->release->has_changed = e->release->has_changed || node->n_changes;
    args[0] = read_operand(e, &c, dot);
    skip_blanks(&c);
    args[1] = c.rest.n ? evaluate(e, c.rest, dot) : (struct helm_value){.json = json_null()};
    if (!c.is_bad) {
        helm_value_clear(&v);
        v = run_definition(e, args, 2);
    }
    helm_value_clear(&args[0]);
    helm_value_clear(&args[1]);
    if (!helm_value_is_known(&v))
        note_unseen(e, STR("template"));
    if (helm_value_show(&v, &shown, &call)) {
        e->is_rough = e->is_rough || v.is_rough;
        write_text(e, shown, false);
    } else {
        write_raw(e, node->raw);
    }
}

/* A body that may be left out, or run several times. */
static void run_unsure(struct eval *e, const struct helm_template *t, size_t from, size_t to,
                       const json_t *dot)
{
    size_t n_variables = e->n_variables;
    size_t floor = e->floor;

    e->floor = n_variables;
    e->unsure++;
    run_list(e, t, from, to, dot);
    e->unsure--;
    e->floor = floor;
    drop_variables(e, n_variables);
}

static void run_branch(struct eval *e, const struct helm_template *t, size_t from, size_t to,
                       const json_t *dot)
{
    size_t n_variables = e->n_variables;

    run_list(e, t, from, to, dot);
    drop_variables(e, n_variables);
}

/* if, with */
static void run_condition(struct eval *e, const struct helm_template *t, size_t index,
                          const json_t *dot)
{
    const struct helm_node *node = &t->nodes[index];
    AUTO(helm_value_clearp) struct helm_value v = helm_value_unknown();
    struct str text = node->text;
    bool is_new = false;
    struct str name = cut_declaration(&text, &is_new);
    size_t n_variables = e->n_variables;
    const json_t *inner;
    enum tri is_true;

    e->release->has_changed = e->release->has_changed || node->n_changes;
    v = evaluate(e, text, dot);
    v.is_fresh = v.is_deep = false; /* `with` has it as its dot, too */
    is_true = v.is_rough ? TRI_NOT_KNOWN : helm_truth(v.json);
    if (is_true == TRI_NOT_KNOWN)
        note_unseen(e, text);
    if (name.p && is_new)
        push_variable(e, name, &v);
    else if (name.p)
        set_variable(e, name, &v);
    inner = node->kind == HELM_WITH ? (v.is_rough ? helm_not_known() : v.json) : dot;
    if (is_true == TRI_YES) {
        run_branch(e, t, index + 1, node->other, inner);
    } else if (is_true == TRI_NO) {
        run_branch(e, t, node->other, node->end, dot);
    } else {
        write_raw(e, node->raw);
        run_unsure(e, t, index + 1, node->other, inner);
        write_raw(e, node->raw_else);
        run_unsure(e, t, node->other, node->end, dot);
        write_raw(e, node->raw_end);
    }
    drop_variables(e, n_variables);
}

/* `$k, $v := ` of a range. False where it is written in a way that is not understood. */
static bool cut_range(struct str *text, struct str *key, struct str *value)
{
    size_t comma = str_find_char(*text, ',');
    struct str first = str_trim(str_sub(*text, 0, comma));
    struct str rest = str_sub(*text, comma + 1, text->n);
    bool is_new = true;

    *key = *value = STR_NONE;
    if (!text->n || text->p[0] != '$')
        return true;
    for (size_t i = 1; i < first.n; i++)
        if (!is_word_char(first.p[i]))
            comma = text->n;
    if (comma < text->n) {
        rest = str_trim(rest);
        *key = str_sub(first, 1, first.n);
        *text = rest;
        *value = cut_declaration(text, &is_new);
        return value->p && is_new;
    }
    rest = *text;
    *value = cut_declaration(&rest, &is_new);
    if (value->p)
        *text = rest;
    return !value->p || is_new; /* $.Values.apps, or $list */
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct loop {
    const struct helm_template *t;
    size_t index;
    struct str key;
    struct str value;
};

static void run_once(struct eval *e, const struct loop *l, const json_t *key, const json_t *element)
{
    const struct helm_node *node = &l->t->nodes[l->index];
    struct helm_value k = {.json = json_unconst(key)};
    struct helm_value v = {.json = json_unconst(element)};
    size_t n_variables = e->n_variables;

    if (l->key.p)
        push_variable(e, l->key, &k);
    if (l->value.p)
        push_variable(e, l->value, &v);
    run_list(e, l->t, l->index + 1, node->other, element);
    drop_variables(e, n_variables);
    if (e->flow == FLOW_CONTINUE)
        e->flow = FLOW_ON;
}

static void run_over_map(struct eval *e, const struct loop *l, const json_t *map)
{
    AUTO(freep) const char **keys = xcalloc(json_object_size(map), sizeof *keys);
    size_t n = 0;
    const char *key;
    json_t *member;

    json_object_foreach(json_unconst(map), key, member) keys[n++] = key;
    qsort(keys, n, sizeof *keys, by_text);
    e->release->n_steps += n / HELM_RENDER_STEP_KEYS; /* a loop may be left at once */
    for (size_t i = 0; i < n && e->flow == FLOW_ON && !e->has_given_up; i++) {
        AUTO(json_unrefp) json_t *name = xneed(json_string_nocheck(keys[i]));

        run_once(e, l, name, json_object_get(map, keys[i]));
    }
}

static void run_over_list(struct eval *e, const struct loop *l, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list) && e->flow == FLOW_ON && !e->has_given_up; i++) {
        AUTO(json_unrefp) json_t *number = xneed(json_integer((json_int_t)i));

        run_once(e, l, number, json_array_get(list, i));
    }
}

/* A loop over what is not known. Its body is run twice, because what one round sets the next one
 * reads; only what the second writes counts. */
static void run_unknown_loop(struct eval *e, const struct loop *l, const json_t *dot)
{
    const struct helm_node *node = &l->t->nodes[l->index];
    struct helm_value none = helm_value_unknown();
    size_t from = e->out->n;
    unsigned loop_unsure = e->loop_unsure;
    struct helm_text *text = e->text;
    bool is_rough = e->is_rough;

    for (int round = 0; round < 2 && !e->has_given_up; round++) {
        size_t n_variables = e->n_variables;

        if (l->key.p)
            push_variable(e, l->key, &none);
        if (l->value.p)
            push_variable(e, l->value, &none);
        e->loop_unsure = e->unsure + 1;
        e->text = round ? text : NULL;
        if (round)
            write_raw(e, node->raw);
        /* the loop's own variables are new in each round */
        run_unsure(e, l->t, l->index + 1, node->other, helm_not_known());
        e->loop_unsure = loop_unsure;
        e->flow = FLOW_ON;
        drop_variables(e, n_variables);
        if (round) {
            write_raw(e, node->raw_else);
            run_unsure(e, l->t, node->other, node->end, dot);
            write_raw(e, node->raw_end);
        } else {
            e->out->n = from;
            e->is_rough = is_rough;
        }
    }
    e->text = text;
}

static void run_range(struct eval *e, const struct helm_template *t, size_t index,
                      const json_t *dot)
{
    const struct helm_node *node = &t->nodes[index];
    struct loop l = {.t = t, .index = index};
    AUTO(helm_value_clearp) struct helm_value over = helm_value_unknown();
    struct str text = node->text;
    unsigned loop_unsure = e->loop_unsure;
    enum tri has_any;

    e->release->has_changed = e->release->has_changed || node->n_changes;
    if (!cut_range(&text, &l.key, &l.value)) {
        e->has_given_up = true;
        return;
    }
    over = evaluate(e, text, dot);
    has_any = over.is_rough ? TRI_NOT_KNOWN : helm_truth(over.json);
    if (!json_is_null(over.json) && !json_is_array(over.json) && !json_is_object(over.json))
        has_any = TRI_NOT_KNOWN;
    if (json_is_object(over.json) && helm_is_open(over.json))
        has_any = TRI_NOT_KNOWN;
    if (has_any == TRI_NOT_KNOWN) {
        note_unseen(e, text);
        run_unknown_loop(e, &l, dot);
        return;
    }
    if (has_any == TRI_NO) {
        run_branch(e, t, node->other, node->end, dot);
        return;
    }
    e->loop_unsure = e->unsure;
    if (json_is_object(over.json))
        run_over_map(e, &l, over.json);
    else
        run_over_list(e, &l, over.json);
    e->loop_unsure = loop_unsure;
    e->flow = FLOW_ON;
}

static void leave_loop(struct eval *e, enum flow flow)
{
    if (e->unsure != e->loop_unsure)
        e->has_given_up = true;
    e->flow = flow;
}

static void run_node(struct eval *e, const struct helm_template *t, size_t i, const json_t *dot)
{
    const struct helm_node *node = &t->nodes[i];

    if (e->text)
        e->line = node->line;
    switch (node->kind) {
    case HELM_TEXT:
        write_text(e, node->text, true);
        break;
    case HELM_OUTPUT:
        run_output(e, node, dot);
        break;
    case HELM_IF:
    case HELM_WITH:
        run_condition(e, t, i, dot);
        break;
    case HELM_RANGE:
        run_range(e, t, i, dot);
        break;
    case HELM_CALL:
        run_call(e, node, dot);
        break;
    case HELM_BREAK:
        leave_loop(e, FLOW_BREAK);
        break;
    case HELM_CONTINUE:
        leave_loop(e, FLOW_CONTINUE);
        break;
    case HELM_DEFINE:
    case HELM_COMMENT:
        break;
    }
}

static void run_list(struct eval *e, const struct helm_template *t, size_t from, size_t to,
                     const json_t *dot)
{
    for (size_t i = from; i < to && e->flow == FLOW_ON && !e->has_given_up; i = t->nodes[i].end) {
        if (++e->release->n_steps > HELM_RENDER_MAX_STEPS || e->out->failed)
            e->has_given_up = true;
        else
            run_node(e, t, i, dot);
    }
}

bool helm_render_template(struct helm_release *r, const struct helm_template *t, const json_t *root,
                          struct helm_text *out)
{
    struct buf b;
    struct helm_value context = {.json = json_unconst(root)};
    struct eval e = {.release = r, .text = out, .out = &b, .line = 1};

    *out = (struct helm_text){0};
    if (t->is_broken)
        return false;
    buf_init(&b, HELM_RENDER_MAX_BYTES);
    note_line(&e, 1);
    push_variable(&e, STR(""), &context);
    run_list(&e, t, 0, t->n, root);
    drop_variables(&e, 0);
    free(e.variables);
    if (e.has_given_up || !buf_ok(&b)) {
        buf_clear(&b);
        helm_text_clear(out);
        return false;
    }
    out->n = b.n;
    out->p = buf_take(&b);
    return true;
}

void helm_text_clear(struct helm_text *t)
{
    free(t->p);
    free(t->lines);
    *t = (struct helm_text){0};
}

unsigned helm_text_line(const struct helm_text *t, unsigned line)
{
    return line && line <= t->n_lines ? t->lines[line - 1] : line;
}

/* --- definitions --- */

void helm_release_add(struct helm_release *r, const struct helm_template *t, bool is_certain)
{
    r->may_change = r->may_change || t->changes;
    for (size_t i = 0; i < t->n; i++) {
        struct cursor c = {.rest = t->nodes[i].text};
        struct helm_value name;

        if (t->nodes[i].kind != HELM_DEFINE)
            continue;
        name = peek(&c) == '`' ? read_backquoted(&c) : read_quoted(&c);
        helm_value_clear(&name);
        r->definitions = xgrow(r->definitions, r->n, &r->capacity, sizeof *r->definitions);
        r->definitions[r->n++] = (struct helm_definition){
            .name = str_sub(t->nodes[i].text, 1, t->nodes[i].text.n - 1),
            .of = t,
            .node = i,
            .is_certain = is_certain && !c.is_bad && !c.rest.n,
        };
    }
}

/* The text between the actions. */
static struct str body_of(const struct helm_definition *d)
{
    const struct helm_node *node = &d->of->nodes[d->node];
    const char *from = node->raw.p + node->raw.n;

    return (struct str){from, (size_t)(node->raw_end.p - from)};
}

void helm_release_settle(struct helm_release *r)
{
    size_t kept = 0;

    if (r->n)
        qsort(r->definitions, r->n, sizeof *r->definitions, by_name);
    for (size_t i = 0; i < r->n; i++) {
        struct helm_definition *last = kept ? &r->definitions[kept - 1] : NULL;

        if (!last || !str_eq(last->name, r->definitions[i].name)) {
            r->definitions[kept++] = r->definitions[i];
            continue;
        }
        last->differs = last->differs || !str_eq(body_of(last), body_of(&r->definitions[i]));
        last->is_certain = !last->differs && (last->is_certain || r->definitions[i].is_certain);
    }
    r->n = kept;
}

void helm_release_clear(struct helm_release *r)
{
    free(r->definitions);
    *r = (struct helm_release){0};
}
