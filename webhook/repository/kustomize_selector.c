#include "repository/kustomize_selector.h"
#include "base/json.h"
#include "base/mem.h"
#include <ctype.h>
#include <regex.h>
#include <string.h>

/* Nobody writes longer ones; the matcher's states grow with them. */
enum { PATTERN_MAX_BYTES = 200, SELECTOR_MAX_BYTES = 1000, GROUPS_MAX_DEPTH = 16 };

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || (unsigned char)text.p[i] >= 0x7f)
            return false;
    return true;
}

static bool is_literal(char c)
{
    return isalnum((unsigned char)c) || strchr("-_/:@ ,;=~#%&!<>'\"`", c);
}

/* What both dialects read alike: literals, dots, escaped punctuation, groups, alternatives, simple
 * sets, and one of * + ? behind something. */
static bool is_common_set(struct str pattern, size_t *at)
{
    size_t i = *at + 1;

    if (i < pattern.n && pattern.p[i] == '^')
        i++;
    if (i < pattern.n && pattern.p[i] == ']')
        return false;
    for (; i < pattern.n && pattern.p[i] != ']'; i++)
        if (!isalnum((unsigned char)pattern.p[i]) && !strchr("-_./", pattern.p[i]))
            return false;
    *at = i;
    return i < pattern.n;
}

/*
 * Whether a group is repeated that holds a repetition itself, or may be empty: what glibc's matcher
 * takes for (a*)*(a*)* doubles with each of them, to hours within PATTERN_MAX_BYTES. Of what
 * is_common() takes; sets and escapes hold no groups.
 */
static bool repeats_repeated(struct str pattern)
{
    bool open[GROUPS_MAX_DEPTH + 1] = {false}; /* of each group around: whether it repeats or may
                                                  be empty somewhere */
    size_t depth = 0;
    bool was_open = false; /* the group that has just ended */

    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        bool is_repeat = c == '*' || c == '+' || c == '?';
        bool after_start = i == 0 || strchr("(|", pattern.p[i - 1]);

        if (is_repeat && was_open)
            return true;
        open[depth] = open[depth] || is_repeat || (after_start && (c == '|' || c == ')'));
        was_open = false;
        if (c == '\\') {
            i++;
        } else if (c == '[') {
            i += str_find_char(str_sub(pattern, i, pattern.n), ']');
        } else if (c == '(') {
            if (++depth > GROUPS_MAX_DEPTH)
                return true;
            open[depth] = false;
        } else if (c == ')' && depth) {
            was_open = open[depth];
            depth--;
            open[depth] = open[depth] || was_open;
        }
    }
    return false;
}

static bool is_common(struct str pattern)
{
    bool repeatable = false;

    if (pattern.n > PATTERN_MAX_BYTES || !is_plain(pattern))
        return false;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];

        if (c == '\\') {
            if (++i == pattern.n || isalnum((unsigned char)pattern.p[i]) ||
                strchr("<>'`_", pattern.p[i]))
                return false;
            repeatable = true;
        } else if (c == '[') {
            if (!is_common_set(pattern, &i))
                return false;
            repeatable = true;
        } else if (c == '*' || c == '+' || c == '?') {
            if (!repeatable)
                return false;
            repeatable = false;
        } else if (c == '(' || c == '|') {
            repeatable = false;
        } else if (c == ')') {
            repeatable = true;
        } else if (c == '^' ? i != 0 : c == '$' ? i + 1 != pattern.n : 0) {
            return false;
        } else if (c == '^' || c == '$') {
            repeatable = false;
        } else if (c == '.' || is_literal(c)) {
            repeatable = true;
        } else {
            return false;
        }
    }
    return true;
}

static bool is_all_literal(struct str pattern)
{
    for (size_t i = 0; i < pattern.n; i++)
        if (!is_literal(pattern.p[i]))
            return false;
    return true;
}

enum tri kustomize_selector_regex(struct str pattern, struct str text)
{
    AUTO(freep) char *whole = NULL;
    AUTO(freep) char *subject = NULL;
    regex_t compiled;
    int result;

    if (pattern.n == 0)
        return TRI_YES;
    if (is_plain(pattern) && is_all_literal(pattern))
        return str_eq(pattern, text) ? TRI_YES : TRI_NO;
    if (!is_common(pattern) || repeats_repeated(pattern) || !is_plain(text))
        return TRI_NOT_KNOWN;
    whole = xasprintf("^(%.*s)$", STR_ARG(pattern));
    if (regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) != 0)
        return TRI_NOT_KNOWN;
    subject = xstrndup(text);
    result = regexec(&compiled, subject, 0, NULL, 0);
    regfree(&compiled);
    return result == 0 ? TRI_YES : result == REG_NOMATCH ? TRI_NO : TRI_NOT_KNOWN;
}

/* A label's key or value without the rules for where its punctuation may stand. */
static bool is_word(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!isalnum((unsigned char)text.p[i]) && !strchr("-_./", text.p[i]))
            return false;
    return text.n && isalnum((unsigned char)text.p[0]) &&
           isalnum((unsigned char)text.p[text.n - 1]) && text.n <= 63;
}

/* Scalars that are no strings count by their text, which is not kept. */
static enum tri has(const json_t *labels, struct str key, struct str value)
{
    AUTO(freep) char *name = xstrndup(key);
    const json_t *found = json_object_get(labels, name);

    if (!found)
        return TRI_NO;
    if (!json_is_string(found))
        return TRI_NOT_KNOWN;
    return str_eq(json_view(found), value) ? TRI_YES : TRI_NO;
}

static enum tri negate(enum tri answer)
{
    return answer == TRI_NOT_KNOWN ? answer : answer == TRI_YES ? TRI_NO : TRI_YES;
}

/* key, !key, key=value, key==value, key!=value. */
static enum tri matches_one(struct str part, const json_t *labels)
{
    size_t at = str_find_char(part, '=');
    bool is_negated = part.n && part.p[0] == '!';
    struct str key;
    struct str value;

    if (at == part.n) {
        AUTO(freep) char *name = NULL;

        key = str_trim(str_sub(part, is_negated, part.n));
        if (!is_word(key))
            return TRI_NOT_KNOWN;
        name = xstrndup(key);
        return !json_object_get(labels, name) == is_negated ? TRI_YES : TRI_NO;
    }
    is_negated = at && part.p[at - 1] == '!';
    key = str_trim(str_sub(part, 0, at - is_negated));
    if (at + 1 < part.n && part.p[at + 1] == '=' && !is_negated)
        at++;
    value = str_trim(str_sub(part, at + 1, part.n));
    if (!is_word(key) || !is_word(value))
        return TRI_NOT_KNOWN;
    return is_negated ? negate(has(labels, key, value)) : has(labels, key, value);
}

enum tri kustomize_selector_labels(struct str selector, const json_t *labels)
{
    struct str rest = selector;
    struct str part;
    enum tri answer = TRI_YES;

    if (selector.n == 0)
        return TRI_YES;
    if (selector.n > SELECTOR_MAX_BYTES || !is_plain(selector) ||
        str_find_char(selector, '(') < selector.n)
        return TRI_NOT_KNOWN;
    while (str_split(&rest, ',', &part)) {
        enum tri one = matches_one(str_trim(part), labels);

        if (one == TRI_NOT_KNOWN)
            return one;
        if (one == TRI_NO)
            answer = TRI_NO;
    }
    return answer;
}
