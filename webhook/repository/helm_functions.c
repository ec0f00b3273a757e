#include "repository/helm_functions.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/helm_values.h"
#include "repository/helm_yaml.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Text that templates make of text; far more than an identity needs. */
enum { TEXT_MAX_BYTES = 1024 * 1024 };

struct helm_value helm_value_unknown(void)
{
    return (struct helm_value){.json = helm_not_known()};
}

struct helm_value helm_value_text(struct str text, bool is_rough)
{
    return (struct helm_value){.json = xneed(json_stringn_nocheck(text.n ? text.p : "", text.n)),
                               .is_rough = is_rough};
}

/* Text with actions in it for what is not known. */
static struct helm_value partial_text(struct str text)
{
    struct helm_value v = helm_value_text(text, true);

    v.is_partial = true;
    return v;
}

static struct helm_value borrowed(const json_t *json)
{
    return (struct helm_value){.json = json_incref(json_unconst(json))};
}

static struct helm_value truth(bool is_true)
{
    return borrowed(json_boolean(is_true));
}

void helm_value_clear(struct helm_value *v)
{
    json_decref(v->json);
    v->json = NULL;
}

void helm_value_clearp(struct helm_value *v)
{
    helm_value_clear(v);
}

bool helm_value_is_known(const struct helm_value *v)
{
    return helm_is_known(v->json);
}

/* Numbers are written as they look while Go needs no exponent for them. */
static bool show_number(const json_t *number, char **owned)
{
    double value = json_number_value(number);

    if (!(value > -1e6 && value < 1e6) || value != (double)(long)value)
        return false;
    *owned = xasprintf("%ld", (long)value);
    return true;
}

bool helm_value_show(const struct helm_value *v, struct str *out, char **owned)
{
    *owned = NULL;
    if (!helm_value_is_known(v))
        return false;
    if (json_is_string(v->json)) {
        *out = json_view(v->json);
        return true;
    }
    if (json_is_boolean(v->json)) {
        *out = json_is_true(v->json) ? STR("true") : STR("false");
        return true;
    }
    if (!json_is_number(v->json) || !show_number(v->json, owned))
        return false;
    *out = str_from(*owned);
    return true;
}

/* --- text --- */

static bool is_text(const struct helm_value *v)
{
    return json_is_string(v->json) && helm_value_is_known(v);
}

static struct str text_of(const struct helm_value *v)
{
    return json_view(v->json);
}

/* A literal of a template, which is an int in every version. */
static bool read_int(const struct helm_value *v, long *out)
{
    if (!json_is_integer(v->json))
        return false;
    *out = (long)json_integer_value(v->json);
    return *out > -100000 && *out < 100000;
}

static bool quote_into(struct buf *b, struct str text)
{
    buf_addc(b, '"');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '\n')
            buf_adds(b, "\\n");
        else if ((unsigned char)c < ' ' || (unsigned char)c > '~')
            return false;
        else if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else
            buf_addc(b, c);
    }
    buf_addc(b, '"');
    return true;
}

static struct helm_value take(struct buf *b, bool is_rough)
{
    struct helm_value v = buf_ok(b) ? helm_value_text(buf_str(b), is_rough) : helm_value_unknown();

    buf_clear(b);
    return v;
}

/* quote, squote: each value in quotes, with blanks between; nulls are left out. */
static struct helm_value quote_all(const struct helm_value *args, size_t n, bool is_single)
{
    bool is_partial = false;
    struct helm_value v;
    struct buf b;

    buf_init(&b, TEXT_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        AUTO(freep) char *owned = NULL;
        struct str text;
        bool is_good;

        is_partial = is_partial || args[i].is_partial;
        if (json_is_null(args[i].json))
            continue;
        is_good = helm_value_show(&args[i], &text, &owned);
        if (b.n)
            buf_addc(&b, ' ');
        if (is_good && is_single)
            buf_printf(&b, "'%.*s'", STR_ARG(text));
        else
            is_good = is_good && quote_into(&b, text);
        if (!is_good) {
            buf_clear(&b);
            return helm_value_unknown();
        }
    }
    v = take(&b, is_partial);
    v.is_partial = is_partial;
    return v;
}

static struct helm_value fn_quote(const struct helm_value *a, size_t n)
{
    return quote_all(a, n, false);
}

static struct helm_value fn_squote(const struct helm_value *a, size_t n)
{
    return quote_all(a, n, true);
}

/* Of partial text what stands before its first action, but for the last n_less bytes. */
static struct helm_value keep_start(struct str text, size_t n_less)
{
    size_t n = 0;
    AUTO(freep) char *kept = NULL;

    while (!str_starts(str_sub(text, n, text.n), STR("{{")) && n < text.n)
        n++;
    n = n > n_less ? n - n_less : 0;
    kept = xasprintf("%.*s{{ ? }}", (int)n, text.p);
    return partial_text(str_from(kept));
}

static struct helm_value fn_trunc(const struct helm_value *a, size_t n)
{
    struct str text = text_of(&a[n - 1]);
    long most;

    if (!read_int(&a[0], &most) || !is_text(&a[1]))
        return helm_value_unknown();
    if (a[1].is_partial)
        return most < 0 || (size_t)most < text.n ? helm_value_unknown() : keep_start(text, 0);
    if (most >= 0)
        return helm_value_text(str_sub(text, 0, (size_t)most), false);
    if ((size_t)-most >= text.n)
        return borrowed(a[1].json);
    return helm_value_text(str_sub(text, text.n - (size_t)-most, text.n), false);
}

static struct helm_value fn_trim_suffix(const struct helm_value *a, size_t n)
{
    struct str text = text_of(&a[n - 1]);

    if (!is_text(&a[0]) || !is_text(&a[1]))
        return helm_value_unknown();
    if (a[0].is_rough || a[1].is_rough)
        return a[0].is_rough ? helm_value_unknown() : keep_start(text, text_of(&a[0]).n);
    if (str_ends(text, text_of(&a[0])))
        text = str_sub(text, 0, text.n - text_of(&a[0]).n);
    return helm_value_text(text, false);
}

static struct helm_value fn_trim_prefix(const struct helm_value *a, size_t n)
{
    struct str text = text_of(&a[n - 1]);

    if (!is_text(&a[0]) || !is_text(&a[1]))
        return helm_value_unknown();
    if (str_starts(text, text_of(&a[0])))
        text = str_sub(text, text_of(&a[0]).n, text.n);
    return helm_value_text(text, false);
}

/* strings.TrimSpace takes more away than ASCII's blanks. */
static struct helm_value fn_trim(const struct helm_value *a, size_t n)
{
    struct str text = str_trim(text_of(&a[n - 1]));

    if (!is_text(&a[0]) ||
        (text.n && ((unsigned char)text.p[0] >= 0x80 || (unsigned char)text.p[text.n - 1] >= 0x80)))
        return helm_value_unknown();
    return helm_value_text(text, a[0].is_rough);
}

static struct helm_value change_case(const struct helm_value *a, int (*change)(int))
{
    struct str text = text_of(a);
    struct buf b;

    if (!is_text(a))
        return helm_value_unknown();
    buf_init(&b, TEXT_MAX_BYTES);
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] >= 0x80) {
            buf_clear(&b);
            return helm_value_unknown();
        }
        buf_addc(&b, (char)change((unsigned char)text.p[i]));
    }
    return take(&b, false);
}

static struct helm_value fn_lower(const struct helm_value *a, size_t n)
{
    return change_case(&a[n - 1], tolower);
}

static struct helm_value fn_upper(const struct helm_value *a, size_t n)
{
    return change_case(&a[n - 1], toupper);
}

static struct helm_value fn_replace(const struct helm_value *a, size_t n)
{
    struct str old = text_of(&a[0]);
    struct str new = text_of(&a[1]);
    struct str text = text_of(&a[n - 1]);
    struct buf b;

    if (!is_text(&a[0]) || !is_text(&a[1]) || !is_text(&a[2]) || !old.n)
        return helm_value_unknown();
    buf_init(&b, TEXT_MAX_BYTES);
    for (size_t i = 0; i < text.n;) {
        if (str_starts(str_sub(text, i, text.n), old)) {
            buf_add(&b, new);
            i += old.n;
        } else {
            buf_addc(&b, text.p[i++]);
        }
    }
    return take(&b, false);
}

static void add_indented(struct buf *b, struct str text, size_t n_blanks)
{
    struct str line;
    bool is_first = true;

    while (str_split(&text, '\n', &line)) {
        if (!is_first)
            buf_addc(b, '\n');
        for (size_t i = 0; i < n_blanks; i++)
            buf_addc(b, ' ');
        buf_add(b, line);
        is_first = false;
    }
}

static struct helm_value indent(const struct helm_value *a, bool is_below)
{
    struct buf b;
    long n_blanks;

    if (!read_int(&a[0], &n_blanks) || n_blanks < 0 || n_blanks > 1000 || !is_text(&a[1]))
        return helm_value_unknown();
    buf_init(&b, TEXT_MAX_BYTES);
    if (is_below)
        buf_addc(&b, '\n');
    add_indented(&b, text_of(&a[1]), (size_t)n_blanks);
    return take(&b, a[1].is_rough);
}

static struct helm_value fn_indent(const struct helm_value *a, size_t n)
{
    (void)n;
    return indent(a, false);
}

static struct helm_value fn_nindent(const struct helm_value *a, size_t n)
{
    (void)n;
    return indent(a, true);
}

static struct helm_value fn_contains(const struct helm_value *a, size_t n)
{
    (void)n;
    if (!is_text(&a[0]) || !is_text(&a[1]))
        return helm_value_unknown();
    return truth(str_contains(text_of(&a[1]), text_of(&a[0])));
}

static struct helm_value fn_has_prefix(const struct helm_value *a, size_t n)
{
    (void)n;
    if (!is_text(&a[0]) || !is_text(&a[1]))
        return helm_value_unknown();
    return truth(str_starts(text_of(&a[1]), text_of(&a[0])));
}

static struct helm_value fn_has_suffix(const struct helm_value *a, size_t n)
{
    (void)n;
    if (!is_text(&a[0]) || !is_text(&a[1]))
        return helm_value_unknown();
    return truth(str_ends(text_of(&a[1]), text_of(&a[0])));
}

/* %s, %v and %q of text; the rest of fmt's verbs and flags is not known. What %s or %v makes of
 * what is not known stays open. */
static struct helm_value fn_printf(const struct helm_value *a, size_t n)
{
    struct str format = text_of(&a[0]);
    size_t next = 1;
    bool is_good = is_text(&a[0]) && !a[0].is_rough;
    bool is_partial = false;
    struct helm_value v;
    struct buf b;

    buf_init(&b, TEXT_MAX_BYTES);
    for (size_t i = 0; is_good && i < format.n; i++) {
        char verb;

        if (format.p[i] != '%') {
            buf_addc(&b, format.p[i]);
            continue;
        }
        verb = ++i < format.n ? format.p[i] : '\0';
        if (verb == '%') {
            buf_addc(&b, '%');
            continue;
        }
        is_good = next < n && (verb == 's' || verb == 'v' || (verb == 'q' && !a[next].is_rough));
        if (is_good && verb == 'q') {
            is_good = is_text(&a[next]) && quote_into(&b, text_of(&a[next]));
        } else if (is_good && is_text(&a[next])) {
            buf_add(&b, text_of(&a[next]));
            is_partial = is_partial || a[next].is_rough;
        } else if (is_good) {
            is_good = !helm_value_is_known(&a[next]);
            buf_adds(&b, "{{ ? }}");
            is_partial = true;
        }
        next++;
    }
    if (!is_good || next != n) {
        buf_clear(&b);
        return helm_value_unknown();
    }
    v = take(&b, is_partial);
    v.is_partial = is_partial;
    return v;
}

static struct helm_value fn_print(const struct helm_value *a, size_t n)
{
    struct buf b;

    buf_init(&b, TEXT_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (!is_text(&a[i])) {
            buf_clear(&b);
            return helm_value_unknown();
        }
        buf_add(&b, text_of(&a[i]));
    }
    return take(&b, false);
}

static struct helm_value fn_to_string(const struct helm_value *a, size_t n)
{
    AUTO(freep) char *owned = NULL;
    struct str text;

    (void)n;
    if (!(is_text(&a[0]) || json_is_boolean(a[0].json)) || !helm_value_show(&a[0], &text, &owned))
        return helm_value_unknown();
    return helm_value_text(text, false);
}

static struct helm_value fn_join(const struct helm_value *a, size_t n)
{
    struct buf b;

    (void)n;
    if (!is_text(&a[0]) || !json_is_array(a[1].json))
        return helm_value_unknown();
    buf_init(&b, TEXT_MAX_BYTES);
    for (size_t i = 0; i < json_array_size(a[1].json); i++) {
        const json_t *one = json_array_get(a[1].json, i);

        if (!helm_is_known(one) || !json_is_string(one)) {
            buf_clear(&b);
            return helm_value_unknown();
        }
        if (i)
            buf_add(&b, text_of(&a[0]));
        buf_add(&b, json_view(one));
    }
    return take(&b, false);
}

/* --- truth --- */

static struct helm_value from_tri(enum tri answer)
{
    return answer == TRI_NOT_KNOWN ? helm_value_unknown() : truth(answer == TRI_YES);
}

static enum tri negate(enum tri answer)
{
    return answer == TRI_NOT_KNOWN ? answer : answer == TRI_YES ? TRI_NO : TRI_YES;
}

static struct helm_value fn_not(const struct helm_value *a, size_t n)
{
    (void)n;
    return from_tri(negate(helm_truth(a[0].json)));
}

static struct helm_value pick_first(const struct helm_value *a, size_t n, enum tri wanted)
{
    for (size_t i = 0; i + 1 < n; i++) {
        enum tri is_true = helm_truth(a[i].json);

        if (is_true == TRI_NOT_KNOWN)
            return helm_value_unknown();
        if (is_true == wanted)
            return borrowed(a[i].json);
    }
    return borrowed(a[n - 1].json);
}

static struct helm_value fn_and(const struct helm_value *a, size_t n)
{
    return pick_first(a, n, TRI_NO);
}

static struct helm_value fn_or(const struct helm_value *a, size_t n)
{
    return pick_first(a, n, TRI_YES);
}

/* Text and truth values: numbers come in several types, which are not equal. */
static enum tri same(const struct helm_value *a, const struct helm_value *b)
{
    if (!helm_value_is_known(a) || !helm_value_is_known(b))
        return TRI_NOT_KNOWN;
    if (json_is_string(a->json) && json_is_string(b->json))
        return str_eq(text_of(a), text_of(b)) ? TRI_YES : TRI_NO;
    if (json_is_boolean(a->json) && json_is_boolean(b->json))
        return json_is_true(a->json) == json_is_true(b->json) ? TRI_YES : TRI_NO;
    return TRI_NOT_KNOWN;
}

static struct helm_value fn_eq(const struct helm_value *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        enum tri is_same = same(&a[0], &a[i]);

        if (is_same != TRI_NO)
            return from_tri(is_same);
    }
    return truth(false);
}

static struct helm_value fn_ne(const struct helm_value *a, size_t n)
{
    (void)n;
    return from_tri(negate(same(&a[0], &a[1])));
}

static struct helm_value fn_default(const struct helm_value *a, size_t n)
{
    enum tri is_set = a[n - 1].is_rough ? TRI_NOT_KNOWN : helm_truth(a[n - 1].json);
    struct helm_value v = a[is_set == TRI_YES ? n - 1 : 0];

    if (is_set == TRI_NOT_KNOWN)
        return helm_value_unknown();
    json_incref(v.json);
    return v;
}

static struct helm_value fn_coalesce(const struct helm_value *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum tri is_set = helm_truth(a[i].json);

        if (is_set == TRI_NOT_KNOWN)
            return helm_value_unknown();
        if (is_set == TRI_YES)
            return borrowed(a[i].json);
    }
    return borrowed(json_null());
}

static struct helm_value fn_ternary(const struct helm_value *a, size_t n)
{
    (void)n;
    if (!json_is_boolean(a[2].json))
        return helm_value_unknown();
    return borrowed(a[json_is_true(a[2].json) ? 0 : 1].json);
}

/* Fails on null and on empty text. */
static struct helm_value fn_required(const struct helm_value *a, size_t n)
{
    (void)n;
    if (!helm_value_is_known(&a[1]) || json_is_null(a[1].json) ||
        (is_text(&a[1]) && !text_of(&a[1]).n))
        return helm_value_unknown();
    return borrowed(a[1].json);
}

static struct helm_value is_of_kind(const struct helm_value *a, const char *map, const char *list)
{
    struct str kind = text_of(&a[0]);

    if (!is_text(&a[0]) || !helm_value_is_known(&a[1]))
        return helm_value_unknown();
    if (json_is_string(a[1].json))
        return truth(str_is(kind, "string"));
    if (json_is_boolean(a[1].json))
        return truth(str_is(kind, "bool"));
    if (json_is_object(a[1].json) && map)
        return truth(str_is(kind, map));
    if (json_is_array(a[1].json) && list)
        return truth(str_is(kind, list));
    if (json_is_object(a[1].json) || json_is_array(a[1].json))
        return str_is(kind, "string") || str_is(kind, "bool") ? truth(false) : helm_value_unknown();
    return helm_value_unknown();
}

static struct helm_value fn_kind_is(const struct helm_value *a, size_t n)
{
    (void)n;
    return is_of_kind(a, "map", "slice");
}

static struct helm_value fn_type_is(const struct helm_value *a, size_t n)
{
    (void)n;
    return is_of_kind(a, NULL, NULL);
}

/* --- maps and lists --- */

static struct helm_value fn_dict(const struct helm_value *a, size_t n)
{
    json_t *map = xneed(json_object());
    bool is_deep = true;

    for (size_t i = 0; i < n; i += 2) {
        AUTO(freep) char *key = is_text(&a[i]) ? xstrndup(text_of(&a[i])) : NULL;

        if (!key || i + 1 == n || a[i + 1].is_rough) {
            json_decref(map);
            return helm_value_unknown();
        }
        (void)json_object_set_nocheck(map, key, a[i + 1].json);
        is_deep = is_deep && helm_value_is_known(&a[i + 1]) && !json_is_object(a[i + 1].json) &&
                  !json_is_array(a[i + 1].json);
    }
    return (struct helm_value){.json = map, .is_fresh = true, .is_deep = is_deep};
}

static struct helm_value fn_list(const struct helm_value *a, size_t n)
{
    json_t *list = xneed(json_array());

    for (size_t i = 0; i < n; i++)
        (void)json_array_append(list, a[i].is_rough ? helm_not_known() : a[i].json);
    return (struct helm_value){.json = list};
}

static struct helm_value fn_get(const struct helm_value *a, size_t n)
{
    const json_t *found;

    (void)n;
    if (!is_text(&a[1]))
        return helm_value_unknown();
    found = helm_values_get(a[0].json, text_of(&a[1]));
    return helm_is_known(found) && json_is_null(found) ? helm_value_text(STR(""), false)
                                                       : borrowed(found);
}

/* Whether a null is there or not is not known. */
static struct helm_value fn_has_key(const struct helm_value *a, size_t n)
{
    const json_t *found;
    bool is_there;

    (void)n;
    if (!is_text(&a[1]))
        return helm_value_unknown();
    found = helm_values_get(a[0].json, text_of(&a[1]));
    is_there = json_object_getn(a[0].json, text_of(&a[1]).p, text_of(&a[1]).n) != NULL;
    if (!helm_is_known(found) || (is_there && json_is_null(found)))
        return helm_value_unknown();
    return truth(is_there);
}

static struct helm_value fn_index(const struct helm_value *a, size_t n)
{
    const json_t *at = a[0].json;

    for (size_t i = 1; i < n; i++) {
        long number;

        if (!helm_is_known(at))
            return helm_value_unknown();
        if (json_is_array(at) && read_int(&a[i], &number) && number >= 0 &&
            (size_t)number < json_array_size(at))
            at = json_array_get(at, (size_t)number);
        else if (json_is_object(at) && is_text(&a[i]))
            at = helm_values_get(at, text_of(&a[i]));
        else
            return helm_value_unknown();
    }
    return borrowed(at);
}

/* Without a cluster to ask, which Argo CD does not give it. */
static struct helm_value fn_lookup(const struct helm_value *a, size_t n)
{
    (void)a;
    (void)n;
    return (struct helm_value){.json = xneed(json_object())};
}

/* Values are never changed here (helm_values.h), so that one is as good as its copy. */
static struct helm_value fn_deep_copy(const struct helm_value *a, size_t n)
{
    struct helm_value v = borrowed(a[0].json);

    (void)n;
    v.is_fresh = v.is_deep = true;
    return v;
}

static struct helm_value fn_first(const struct helm_value *a, size_t n)
{
    (void)n;
    return json_array_size(a[0].json) ? borrowed(json_array_get(a[0].json, 0))
                                      : helm_value_unknown();
}

static struct helm_value fn_last(const struct helm_value *a, size_t n)
{
    size_t size = json_array_size(a[0].json);

    (void)n;
    return size ? borrowed(json_array_get(a[0].json, size - 1)) : helm_value_unknown();
}

static struct helm_value fn_to_yaml(const struct helm_value *a, size_t n)
{
    struct buf b;

    (void)n;
    buf_init(&b, TEXT_MAX_BYTES);
    if (helm_yaml_write(&b, a[0].json))
        return take(&b, true);
    buf_clear(&b);
    return helm_value_unknown();
}

/* --- */

enum { ANY = 64 };

/* Of text that is rough. */
enum takes { TAKES_NONE, TAKES_PARTIAL, TAKES_ROUGH };

static const struct function {
    const char *name;
    struct helm_value (*run)(const struct helm_value *args, size_t n);
    unsigned char least;
    unsigned char most;
    bool takes_unknown; /* looks at what is not known itself */
    enum takes takes;
} functions[] = {
    {"and", fn_and, 1, ANY, true, TAKES_NONE},
    {"coalesce", fn_coalesce, 1, ANY, true, TAKES_NONE},
    {"contains", fn_contains, 2, 2, false, TAKES_NONE},
    {"deepCopy", fn_deep_copy, 1, 1, true, TAKES_NONE},
    {"default", fn_default, 2, 2, true, TAKES_PARTIAL},
    {"dict", fn_dict, 0, ANY, true, TAKES_ROUGH},
    {"empty", fn_not, 1, 1, false, TAKES_NONE},
    {"eq", fn_eq, 2, ANY, false, TAKES_NONE},
    {"first", fn_first, 1, 1, false, TAKES_NONE},
    {"get", fn_get, 2, 2, false, TAKES_NONE},
    {"hasKey", fn_has_key, 2, 2, false, TAKES_NONE},
    {"hasPrefix", fn_has_prefix, 2, 2, false, TAKES_NONE},
    {"hasSuffix", fn_has_suffix, 2, 2, false, TAKES_NONE},
    {"indent", fn_indent, 2, 2, false, TAKES_ROUGH},
    {"index", fn_index, 1, ANY, false, TAKES_NONE},
    {"join", fn_join, 2, 2, false, TAKES_NONE},
    {"kindIs", fn_kind_is, 2, 2, false, TAKES_NONE},
    {"last", fn_last, 1, 1, false, TAKES_NONE},
    {"list", fn_list, 0, ANY, true, TAKES_ROUGH},
    {"lookup", fn_lookup, 4, 4, true, TAKES_ROUGH},
    {"lower", fn_lower, 1, 1, false, TAKES_NONE},
    {"ne", fn_ne, 2, 2, false, TAKES_NONE},
    {"nindent", fn_nindent, 2, 2, false, TAKES_ROUGH},
    {"not", fn_not, 1, 1, false, TAKES_NONE},
    {"or", fn_or, 1, ANY, true, TAKES_NONE},
    {"print", fn_print, 1, ANY, false, TAKES_NONE},
    {"printf", fn_printf, 1, ANY, true, TAKES_PARTIAL},
    {"quote", fn_quote, 1, ANY, false, TAKES_PARTIAL},
    {"replace", fn_replace, 3, 3, false, TAKES_NONE},
    {"required", fn_required, 2, 2, false, TAKES_NONE},
    {"squote", fn_squote, 1, ANY, false, TAKES_PARTIAL},
    {"ternary", fn_ternary, 3, 3, true, TAKES_NONE},
    {"toString", fn_to_string, 1, 1, false, TAKES_NONE},
    {"toYaml", fn_to_yaml, 1, 1, false, TAKES_NONE},
    {"trim", fn_trim, 1, 1, false, TAKES_ROUGH},
    {"trimPrefix", fn_trim_prefix, 2, 2, false, TAKES_NONE},
    {"trimSuffix", fn_trim_suffix, 2, 2, false, TAKES_PARTIAL},
    {"trunc", fn_trunc, 2, 2, false, TAKES_PARTIAL},
    {"tuple", fn_list, 0, ANY, true, TAKES_ROUGH},
    {"typeIs", fn_type_is, 2, 2, false, TAKES_NONE},
    {"upper", fn_upper, 1, 1, false, TAKES_NONE},
};

static const struct function *find_function(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

struct helm_value helm_function(struct str name, const struct helm_value *args, size_t n)
{
    const struct function *f = find_function(name);

    if (!f || n < f->least || n > f->most)
        return helm_value_unknown();
    for (size_t i = 0; i < n; i++)
        if ((args[i].is_rough && f->takes == TAKES_NONE) ||
            (args[i].is_rough && !args[i].is_partial && f->takes == TAKES_PARTIAL) ||
            (!helm_value_is_known(&args[i]) && !f->takes_unknown))
            return helm_value_unknown();
    return f->run(args, n);
}
