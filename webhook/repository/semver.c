#include "repository/semver.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * The library reads with regular expressions. They are followed by hand here: each of them has but
 * one way to match, because no piece can begin with what the piece before it may go on with.
 */

/* One version, as written. */
struct written {
    struct str parts[3]; /* STR_NONE: left out */
    struct str prerelease;
    size_t n_bytes; /* of all of it */
};

struct version {
    uint64_t parts[3];
    struct str prerelease; /* empty without */
};

enum read_version {
    VERSION_OK,
    VERSION_INVALID, /* the library's ErrInvalidSemVer */
    VERSION_REFUSED, /* any other of its errors */
};

enum comparison { EQUAL, NOT_EQUAL, GREATER, LESS, GREATER_EQUAL, LESS_EQUAL, TILDE, CARET };

struct condition {
    enum comparison comparison;
    struct version version;
    bool is_open; /* a part is a wildcard or left out; the major one, if neither of these is */
    bool minor_is_open; /* the minor part is */
    bool patch_is_open; /* only the patch is */
    unsigned group;     /* between "||" */
};

struct constraint {
    enum semver_library library;
    struct buf text; /* with "1 - 2" written as two conditions; the conditions are views of it */
    struct condition *conditions;
    size_t n;
    size_t capacity;
};

/* Go's \s. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_wildcard(struct str part)
{
    return str_is(part, "x") || str_is(part, "X") || str_is(part, "*");
}

/* [0-9|x|X|\*]: the bar is a letter of the class, too. */
static bool is_part_letter(char c, bool wild)
{
    return is_digit(c) || (wild && (c == 'x' || c == 'X' || c == '*' || c == '|'));
}

static bool is_label_letter(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static size_t count_spaces(struct str s)
{
    size_t n = 0;

    while (n < s.n && is_space(s.p[n]))
        n++;
    return n;
}

static size_t count_part_letters(struct str s, bool wild)
{
    size_t n = 0;

    while (n < s.n && is_part_letter(s.p[n], wild))
        n++;
    return n;
}

/* Behind "-" or "+": labels with dots between them. */
static size_t count_labels(struct str s)
{
    size_t n = 0;

    while (n < s.n &&
           (is_label_letter(s.p[n]) || (s.p[n] == '.' && n > 0 && n + 1 < s.n &&
                                        s.p[n - 1] != '.' && is_label_letter(s.p[n + 1]))))
        n++;
    return n;
}

/* The longest version that `s` starts with. False when it starts with none. */
static bool read_written(struct str s, bool wild, struct written *out)
{
    size_t at = s.n && s.p[0] == 'v';
    size_t n = count_part_letters(str_sub(s, at, s.n), wild);

    *out = (struct written){.parts = {STR_NONE, STR_NONE, STR_NONE}};
    if (!n)
        return false;
    out->parts[0] = str_sub(s, at, at + n);
    at += n;
    for (size_t i = 1; i < ARRAY_LEN(out->parts) && at < s.n && s.p[at] == '.'; i++) {
        n = count_part_letters(str_sub(s, at + 1, s.n), wild);
        if (!n)
            break;
        out->parts[i] = str_sub(s, at + 1, at + 1 + n);
        at += 1 + n;
    }
    if (at < s.n && s.p[at] == '-') {
        n = count_labels(str_sub(s, at + 1, s.n));
        if (n) {
            out->prerelease = str_sub(s, at + 1, at + 1 + n);
            at += 1 + n;
        }
    }
    if (at < s.n && s.p[at] == '+') {
        n = count_labels(str_sub(s, at + 1, s.n));
        at += n ? 1 + n : 0;
    }
    out->n_bytes = at;
    return true;
}

/* strconv.ParseUint: false for other letters than digits, and past 64 bits. */
static bool read_number(struct str s, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
            return false;
    *out = value;
    return s.n > 0;
}

static bool is_all_digits(struct str s)
{
    return count_part_letters(s, false) == s.n;
}

static bool has_leading_zero(struct str s)
{
    return s.n > 1 && s.p[0] == '0' && is_all_digits(s);
}

/* The first n_parts of a version, the others being 0, and its prerelease. */
static enum read_version to_version(enum semver_library library, const struct written *w,
                                    size_t n_parts, struct version *out)
{
    struct str labels = w->prerelease;
    struct str label;
    bool has_zero = false;
    enum read_version result = VERSION_OK;

    *out = (struct version){.prerelease = w->prerelease};
    for (size_t i = 0; i < n_parts && w->parts[i].p; i++) {
        if (!is_all_digits(w->parts[i]))
            return VERSION_INVALID;
        has_zero |= has_leading_zero(w->parts[i]);
        if (!read_number(w->parts[i], &out->parts[i]))
            result = VERSION_REFUSED;
    }
    if (library == SEMVER_3_3_1 && has_zero)
        return VERSION_INVALID;
    while (labels.p && str_split(&labels, '.', &label))
        if (has_leading_zero(label))
            return library == SEMVER_3_3_1 ? VERSION_INVALID : VERSION_REFUSED;
    return result;
}

/* NewVersion(). */
static enum read_version read_version(enum semver_library library, struct str text,
                                      struct version *out)
{
    struct written w;

    if (!read_written(text, false, &w) || w.n_bytes != text.n)
        return VERSION_INVALID;
    return to_version(library, &w, ARRAY_LEN(w.parts), out);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_labels(struct str a, struct str b)
{
    uint64_t number_a = 0;
    uint64_t number_b = 0;
    bool is_number_a = read_number(a, &number_a);
    bool is_number_b = read_number(b, &number_b);
    int order = str_cmp(a, b);

    if (order == 0 || !a.n || !b.n)
        return order;
    if (is_number_a && is_number_b)
        return compare_numbers(number_a, number_b);
    if (is_number_a || is_number_b)
        return is_number_a ? -1 : 1;
    return order;
}

static int compare_prereleases(struct str a, struct str b)
{
    int order = 0;

    while (order == 0 && (a.p || b.p)) {
        struct str label_a = STR("");
        struct str label_b = STR("");

        if (a.p)
            (void)str_split(&a, '.', &label_a);
        if (b.p)
            (void)str_split(&b, '.', &label_b);
        order = compare_labels(label_a, label_b);
    }
    return order;
}

static int compare(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < ARRAY_LEN(a->parts); i++)
        if (a->parts[i] != b->parts[i])
            return compare_numbers(a->parts[i], b->parts[i]);
    if (!a->prerelease.n || !b->prerelease.n)
        return (b->prerelease.n > 0) - (a->prerelease.n > 0);
    return compare_prereleases(a->prerelease, b->prerelease);
}

/* The operator that `s` starts with; *n is its length, 0 for none. False for what is not one. */
static bool read_operator(struct str s, enum comparison *out, size_t *n)
{
    static const struct {
        const char *text;
        enum comparison comparison;
    } operators[] = {
        {"", EQUAL},        {"=", EQUAL},          {"!=", NOT_EQUAL},     {">", GREATER},
        {"<", LESS},        {">=", GREATER_EQUAL}, {"=>", GREATER_EQUAL}, {"<=", LESS_EQUAL},
        {"=<", LESS_EQUAL}, {"~", TILDE},          {"~>", TILDE},         {"^", CARET},
    };

    *n = 0;
    while (*n < s.n && strchr("=!<>~^", s.p[*n]) && s.p[*n])
        ++*n;
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (str_is(str_sub(s, 0, *n), operators[i].text)) {
            *out = operators[i].comparison;
            return true;
        }
    return false;
}

static bool add_condition(struct constraint *c, enum comparison comparison, const struct written *w,
                          unsigned group)
{
    struct condition condition = {.comparison = comparison, .group = group};
    size_t n_parts = ARRAY_LEN(w->parts);

    for (size_t i = 0; i < ARRAY_LEN(w->parts); i++)
        if (!w->parts[i].p || is_wildcard(w->parts[i])) {
            n_parts = i;
            condition.is_open = true;
            condition.minor_is_open = i == 1;
            condition.patch_is_open = i == 2;
            break;
        }
    if (to_version(c->library, w, n_parts, &condition.version) != VERSION_OK)
        return false;
    c->conditions = xgrow(c->conditions, c->n, &c->capacity, sizeof *c->conditions);
    c->conditions[c->n++] = condition;
    return true;
}

/* What stands between two "||": conditions with blanks or one comma between them. */
static bool read_group(struct constraint *c, struct str text, unsigned group)
{
    bool is_first = true;

    text = str_sub(text, count_spaces(text), text.n);
    for (bool has_gap = true; is_first || text.n; is_first = false) {
        enum comparison comparison;
        struct written w;
        size_t n;

        if (!is_first && text.p[0] == ',') {
            text = str_sub(text, 1, text.n);
            text = str_sub(text, count_spaces(text), text.n);
        } else if (!has_gap) {
            return false;
        }
        if (!read_operator(text, &comparison, &n))
            return false;
        text = str_sub(text, n, text.n);
        text = str_sub(text, count_spaces(text), text.n);
        if (!read_written(text, true, &w) || !add_condition(c, comparison, &w, group))
            return false;
        text = str_sub(text, w.n_bytes, text.n);
        n = count_spaces(text);
        has_gap = n > 0;
        text = str_sub(text, n, text.n);
    }
    return true;
}

/* "1.0 - 2.0" somewhere in the text, the blanks around it included. */
struct range {
    struct str whole;
    struct str low;
    struct str high;
};

static bool read_range(struct str s, struct range *out)
{
    size_t at = count_spaces(s);
    struct written w;
    size_t n;

    if (!read_written(str_sub(s, at, s.n), true, &w))
        return false;
    out->low = str_sub(s, at, at + w.n_bytes);
    at += w.n_bytes;
    n = count_spaces(str_sub(s, at, s.n));
    if (!n || at + n >= s.n || s.p[at + n] != '-')
        return false;
    at += n + 1;
    n = count_spaces(str_sub(s, at, s.n));
    at += n;
    if (!n || !read_written(str_sub(s, at, s.n), true, &w))
        return false;
    out->high = str_sub(s, at, at + w.n_bytes);
    at += w.n_bytes;
    at += count_spaces(str_sub(s, at, s.n));
    out->whole = str_sub(s, 0, at);
    return true;
}

static size_t find_text(struct str s, struct str what)
{
    for (size_t at = 0; at + what.n <= s.n; at++)
        if (str_starts(str_sub(s, at, s.n), what))
            return at;
    return s.n;
}

/* rewriteRange(): where the text of a range stands twice, the first is replaced each time. */
static void rewrite_ranges(enum semver_library library, struct str text, struct buf *now)
{
    struct str rest = text;

    /* a range has five letters at least, and six more are written */
    buf_init(now, 3 * (size_t)SEMVER_MAX_REVISION);
    buf_add(now, text);
    while (rest.n) {
        AUTO(freep) char *before = NULL;
        struct range r;
        struct str old;
        size_t n = now->n;
        size_t at;

        if (!read_range(rest, &r)) {
            rest = str_sub(rest, 1, rest.n);
            continue;
        }
        rest = str_sub(rest, r.whole.n, rest.n);
        before = buf_take(now);
        old = (struct str){before, n};
        at = find_text(old, r.whole);
        buf_add(now, str_sub(old, 0, at));
        if (at < old.n)
            buf_printf(now, ">= %.*s, <= %.*s%s", STR_ARG(r.low), STR_ARG(r.high),
                       library == SEMVER_3_2_0 ? "" : " ");
        buf_add(now, str_sub(old, at + r.whole.n, old.n));
    }
}

static void clear_constraint(struct constraint *c)
{
    buf_clear(&c->text);
    free(c->conditions);
    *c = (struct constraint){0};
}

/* NewConstraint(). False when it refuses; c is to be cleared in any case. */
static bool read_constraint(enum semver_library library, struct str text, struct constraint *c)
{
    struct str rest;
    unsigned group = 0;

    *c = (struct constraint){.library = library};
    rewrite_ranges(library, text, &c->text);
    rest = buf_str(&c->text);
    for (;; group++) {
        size_t at = find_text(rest, STR("||"));

        if (!read_group(c, str_sub(rest, 0, at), group))
            return false;
        if (at == rest.n)
            return true;
        rest = str_sub(rest, at + 2, rest.n);
    }
}

static bool fits_tilde(const struct condition *c, const struct version *v)
{
    const struct version *than = &c->version;

    if (compare(v, than) < 0)
        return false;
    /* "*", "x.1" and "~0.0.0" all mean: any */
    if (!than->parts[0] && !than->parts[1] && !than->parts[2] && !c->minor_is_open &&
        !c->patch_is_open)
        return true;
    return v->parts[0] == than->parts[0] && (v->parts[1] == than->parts[1] || c->minor_is_open);
}

static bool fits_caret(const struct condition *c, const struct version *v)
{
    const struct version *than = &c->version;

    if (compare(v, than) < 0 || v->parts[0] != than->parts[0])
        return false;
    if (than->parts[0] || c->minor_is_open)
        return true;
    if (than->parts[1] || c->patch_is_open)
        return v->parts[1] == than->parts[1];
    return v->parts[1] == 0 && v->parts[2] == than->parts[2];
}

static bool fits_greater(const struct condition *c, const struct version *v)
{
    const struct version *than = &c->version;

    if (c->is_open && v->parts[0] != than->parts[0])
        return v->parts[0] > than->parts[0];
    if (c->minor_is_open)
        return false;
    if (c->patch_is_open)
        return v->parts[1] > than->parts[1];
    return compare(v, than) > 0;
}

static bool fits_less_equal(const struct condition *c, const struct version *v)
{
    const struct version *than = &c->version;

    if (!c->is_open)
        return compare(v, than) <= 0;
    return v->parts[0] < than->parts[0] ||
           (v->parts[0] == than->parts[0] && (v->parts[1] <= than->parts[1] || c->minor_is_open));
}

static bool fits_not_equal(const struct condition *c, const struct version *v)
{
    const struct version *than = &c->version;

    if (!c->is_open)
        return compare(v, than) != 0;
    if (v->parts[0] != than->parts[0])
        return true;
    if (c->minor_is_open)
        return false;
    if (v->parts[1] != than->parts[1])
        return true;
    if (v->parts[2] != than->parts[2] && !c->patch_is_open)
        return true;
    if (c->patch_is_open)
        return compare_prereleases(v->prerelease, than->prerelease) != 0;
    return compare(v, than) != 0;
}

static bool fits(const struct condition *c, const struct version *v, bool with_prereleases)
{
    if (v->prerelease.n && !with_prereleases)
        return false;
    switch (c->comparison) {
    case EQUAL:
        return c->is_open ? fits_tilde(c, v) : compare(v, &c->version) == 0;
    case NOT_EQUAL:
        return fits_not_equal(c, v);
    case GREATER:
        return fits_greater(c, v);
    case LESS:
        return compare(v, &c->version) < 0;
    case GREATER_EQUAL:
        return compare(v, &c->version) >= 0;
    case LESS_EQUAL:
        return fits_less_equal(c, v);
    case TILDE:
        return fits_tilde(c, v);
    case CARET:
        break;
    }
    return fits_caret(c, v);
}

/* Whether prereleases may fit the condition at `i` of the group that starts at `first`. */
static bool takes_prereleases(const struct constraint *all, size_t first, size_t i)
{
    const struct condition *c = &all->conditions[i];

    if (all->library != SEMVER_3_4_0)
        return c->version.prerelease.n || (c->comparison == NOT_EQUAL && !c->is_open);
    for (size_t k = first; k < all->n && all->conditions[k].group == c->group; k++)
        if (all->conditions[k].version.prerelease.n)
            return true;
    return false;
}

static bool fits_all_of_a_group(const struct constraint *c, const struct version *v)
{
    for (size_t first = 0, i = 0; i < c->n; first = i) {
        bool joy = true;

        for (; i < c->n && c->conditions[i].group == c->conditions[first].group; i++)
            joy = joy && fits(&c->conditions[i], v, takes_prereleases(c, first, i));
        if (joy)
            return true;
    }
    return false;
}

/* Marks the highest tags that fit; false when there are none. */
static bool mark_highest(const struct semver_practice *p, const struct semver_question *q,
                         const struct constraint *c, bool *taken)
{
    struct version highest = {{0, 0, 0}, STR_NONE};
    bool found = false;

    for (size_t i = 0; i < q->n_tags; i++) {
        struct str tag = q->tags[i];
        struct version v;
        enum read_version read;
        int order;

        taken[i] = false;
        if (!str_starts(tag, q->tag_prefix))
            continue;
        read = read_version(p->library, str_sub(tag, q->tag_prefix.n, tag.n), &v);
        if (read == VERSION_REFUSED && p->is_strict)
            return false;
        if (read != VERSION_OK || !fits_all_of_a_group(c, &v))
            continue;
        order = found || !p->is_strict ? compare(&v, &highest) : 1;
        if (order > 0) {
            memset(taken, 0, i * sizeof *taken);
            highest = v;
            found = true;
        }
        taken[i] = found && order >= 0;
    }
    return found;
}

enum semver_found semver_pick_as(const struct semver_practice *p, const struct semver_question *q,
                                 bool *taken)
{
    AUTO(clear_constraint) struct constraint c = {0};
    struct version v;
    bool found;

    memset(taken, 0, q->n_tags * sizeof *taken);
    if (q->revision.n > SEMVER_MAX_REVISION)
        return SEMVER_NOT_KNOWN;
    if (read_version(p->library, q->revision, &v) == VERSION_OK)
        return q->tag_prefix.n ? SEMVER_PREFIXED : SEMVER_LITERAL;
    found = read_constraint(p->library, q->revision, &c) && mark_highest(p, q, &c, taken);
    if (!found)
        memset(taken, 0, q->n_tags * sizeof *taken);
    return found ? SEMVER_TAGS : SEMVER_LITERAL;
}

/* The releases of Argo CD, each that changed something. */
static const struct release {
    unsigned major;
    unsigned minor;
    struct semver_practice practice;
} releases[] = {
    {2, 12, {SEMVER_3_2_1, false}},
    {2, 14, {SEMVER_3_3_1, false}},
    {3, 1, {SEMVER_3_3_1, true}},
    {3, 2, {SEMVER_3_4_0, true}},
};

static bool is_since(const struct semver_question *q, const struct release *r)
{
    return q->argocd_major > r->major ||
           (q->argocd_major == r->major && q->argocd_minor >= r->minor);
}

/* What all releases agree on, with the tags that any of them takes. */
static enum semver_found pick_as_any(const struct semver_question *q, bool *taken)
{
    AUTO(freep) bool *one = xcalloc(q->n_tags + 1, sizeof *one);
    enum semver_found result = semver_pick_as(&releases[0].practice, q, taken);

    for (size_t i = 1; i < ARRAY_LEN(releases); i++) {
        if (semver_pick_as(&releases[i].practice, q, one) != result) {
            memset(taken, 0, q->n_tags * sizeof *taken);
            return SEMVER_NOT_KNOWN;
        }
        for (size_t k = 0; k < q->n_tags; k++)
            taken[k] |= one[k];
    }
    return result;
}

enum semver_found semver_pick(const struct semver_question *q, bool *taken)
{
    if (!q->argocd_major)
        return pick_as_any(q, taken);
    for (size_t i = ARRAY_LEN(releases); i > 0; i--)
        if (is_since(q, &releases[i - 1]))
            return semver_pick_as(&releases[i - 1].practice, q, taken);
    memset(taken, 0, q->n_tags * sizeof *taken);
    return SEMVER_LITERAL; /* before 2.12 there were no ranges */
}

bool semver_is_constraint(struct str revision)
{
    AUTO(clear_constraint) struct constraint c = {0};
    struct version v;

    return revision.n <= SEMVER_MAX_REVISION &&
           read_version(SEMVER_3_4_0, revision, &v) != VERSION_OK &&
           read_constraint(SEMVER_3_4_0, revision, &c);
}
