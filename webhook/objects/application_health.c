#include "objects/application_health.h"
#include "base/json.h"
#include "base/yaml.h"
#include "objects/identity.h"
#include "objects/pattern.h"

#define CUSTOMIZATIONS "resource.customizations"
#define HEALTH_OF_APPLICATION CUSTOMIZATIONS ".health.argoproj.io_Application"
#define HEALTH_OF_ALL CUSTOMIZATIONS ".health.all"
#define KEY_APPLICATION GROUP_ARGOPROJ "/Application"
#define KEY_ALL "*/*" /* what HEALTH_OF_ALL stands for (settings.go) */

/* A dotted chain of a Lua text, as far as its last two names. */
struct lua {
    struct str rest;
    struct str before; /* STR_NONE at the start of a chain */
    struct str last;
    bool awaits_name; /* behind a dot or an opening bracket */
    bool in_bracket;
    bool reads_sync;
    bool names_synced;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void skip(struct lua *l, size_t n)
{
    l->rest = str_sub(l->rest, n, l->rest.n);
}

/* Behind "[" or "--[": the length of a long bracket with what it holds; 0 when there is none. Open
 * ones go to the end. */
static size_t long_bracket(struct str text)
{
    size_t level = 0;

    if (!str_starts(text, STR("[")))
        return 0;
    while (level + 1 < text.n && text.p[level + 1] == '=')
        level++;
    if (level + 1 >= text.n || text.p[level + 1] != '[')
        return 0;
    for (size_t at = level + 2; at < text.n; at++) {
        size_t n = 0;

        if (text.p[at] != ']')
            continue;
        while (at + n + 1 < text.n && text.p[at + n + 1] == '=')
            n++;
        if (n == level && at + n + 1 < text.n && text.p[at + n + 1] == ']')
            return at + n + 2;
        at += n;
    }
    return text.n;
}

static void skip_comment(struct lua *l)
{
    size_t n;

    skip(l, 2);
    n = long_bracket(l->rest);
    skip(l, n ? n : str_find_char(l->rest, '\n'));
}

static void end_chain(struct lua *l)
{
    l->before = STR_NONE;
    l->last = STR_NONE;
    l->awaits_name = false;
    l->in_bracket = false;
}

static void take_name(struct lua *l, struct str name)
{
    if (!l->awaits_name)
        end_chain(l);
    l->awaits_name = false;
    l->before = l->last;
    l->last = name;
    l->reads_sync |= (str_is(l->before, "status") && str_is(l->last, "sync")) ||
                     (str_is(l->before, "sync") && str_is(l->last, "status"));
}

static void take_string(struct lua *l)
{
    char quote = l->rest.p[0];
    struct str text;
    size_t n = 1;

    while (n < l->rest.n && l->rest.p[n] != quote)
        n += l->rest.p[n] == '\\' ? 2 : 1;
    text = str_sub(l->rest, 1, n);
    l->names_synced |= str_is(text, "Synced");
    if (l->in_bracket)
        take_name(l, text);
    else
        end_chain(l);
    skip(l, n + 1);
}

static void take_word(struct lua *l)
{
    size_t n = 1;

    while (n < l->rest.n && is_name(l->rest.p[n]))
        n++;
    if (l->in_bracket)
        end_chain(l); /* indexed by a variable */
    take_name(l, str_sub(l->rest, 0, n));
    skip(l, n);
}

static void take_sign(struct lua *l)
{
    char c = l->rest.p[0];

    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        skip(l, 1);
        return;
    }
    if (c == '.' && !l->awaits_name)
        l->awaits_name = true;
    else if (c == '[' && !l->awaits_name)
        l->awaits_name = l->in_bracket = true;
    else if (c == ']' && l->in_bracket && !l->awaits_name)
        l->in_bracket = false;
    else
        end_chain(l);
    skip(l, 1);
}

/* Whether the check reads status.sync and names "Synced", comments aside: it waits for that. */
static bool wants_synced(struct str text)
{
    struct lua l = {.rest = text};

    while (l.rest.n) {
        size_t n_long = long_bracket(l.rest);

        if (str_starts(l.rest, STR("--"))) {
            skip_comment(&l);
        } else if (n_long) {
            end_chain(&l); /* a long string */
            skip(&l, n_long);
        } else if (l.rest.p[0] == '"' || l.rest.p[0] == '\'') {
            take_string(&l);
        } else if (is_name(l.rest.p[0])) {
            take_word(&l);
        } else {
            take_sign(&l);
        }
    }
    return l.reads_sync && l.names_synced;
}

static enum application_health_check classify(struct str text)
{
    if (!text.p || !text.n)
        return APPLICATION_HEALTH_NONE;
    return wants_synced(text) ? APPLICATION_HEALTH_WANTS_SYNCED : APPLICATION_HEALTH_PRESENT;
}

/* NULL where absent or empty; false where Argo CD would refuse it. */
static bool read_customizations(const json_t *data, json_t **out)
{
    const json_t *value = json_value_at(data, CUSTOMIZATIONS);
    struct err err = {0};

    if (!value)
        return true;
    return json_is_string(value) && yaml_read(json_view(value), 1, out, NULL, &err) &&
           (!*out || json_is_object(*out));
}

/* The check of one entry of resource.customizations. False where Argo CD refuses the entry. */
static bool read_health(const json_t *entry, struct str *out)
{
    const json_t *value = json_value_at(entry, "health.lua");

    *out = json_view(value);
    return (json_is_null(entry) || json_is_object(entry)) && (!value || out->p);
}

/* The one check of the wildcard keys. Of several Argo CD takes any. */
static enum application_health_check find_wildcard(json_t *tree, struct str of_all)
{
    enum application_health_check found = classify(of_all);
    const char *key;
    json_t *entry;

    json_object_foreach(tree, key, entry)
    {
        enum tri takes = pattern_matches_glob(str_from(key), STR(KEY_APPLICATION));
        enum application_health_check one;
        struct str text;

        if (!read_health(entry, &text))
            return APPLICATION_HEALTH_NOT_KNOWN;
        one = classify(text);
        if (one == APPLICATION_HEALTH_NONE || takes == TRI_NO ||
            str_is(STR(KEY_APPLICATION), key) || (of_all.p && str_is(STR(KEY_ALL), key)))
            continue;
        if (takes == TRI_NOT_KNOWN || (found != APPLICATION_HEALTH_NONE && found != one))
            return APPLICATION_HEALTH_NOT_KNOWN;
        found = one;
    }
    return found;
}

/*
 * A key of its own replaces the nested one, even by an empty text; the exact key goes before
 * wildcards. Source: argo-cd util/settings/settings.go (GetResourceOverrides), util/lua/lua.go
 * (GetHealthScript); wildcards since 2.6.
 */
enum application_health_check application_health_read(const json_t *data)
{
    struct str exact = json_str_at(data, HEALTH_OF_APPLICATION);
    AUTO(json_unrefp) json_t *tree = NULL;
    enum application_health_check found;

    if (!read_customizations(data, &tree))
        return APPLICATION_HEALTH_NOT_KNOWN;
    if (!exact.p && json_object_get(tree, KEY_APPLICATION) &&
        !read_health(json_object_get(tree, KEY_APPLICATION), &exact))
        return APPLICATION_HEALTH_NOT_KNOWN;
    found = classify(exact);
    return found != APPLICATION_HEALTH_NONE ? found
                                            : find_wildcard(tree, json_str_at(data, HEALTH_OF_ALL));
}
