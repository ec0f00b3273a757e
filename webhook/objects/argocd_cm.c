#include "objects/argocd_cm.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "objects/pattern.h"
#include "objects/tri_logic.h"
#include <stdlib.h>

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
    if (c == '.' && l->last.p && !l->awaits_name)
        l->awaits_name = true;
    else if (c == '[' && l->last.p && !l->awaits_name)
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
    if (!text.n)
        return APPLICATION_HEALTH_NONE;
    return wants_synced(text) ? APPLICATION_HEALTH_WANTS_SYNCED : APPLICATION_HEALTH_PRESENT;
}

/* The tree of a YAML text under `key`; NULL where absent or empty. */
static bool read_tree(const json_t *data, const char *key, json_t **out)
{
    const json_t *value = json_value_at(data, key);
    struct err err = {0};

    *out = NULL;
    if (!value)
        return true;
    return json_is_string(value) && yaml_read(json_view(value), 1, out, NULL, &err);
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
        if (one == APPLICATION_HEALTH_NONE || takes == TRI_NO || str_from(key).p == NULL ||
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
static enum application_health_check read_application_health(const json_t *data)
{
    struct str exact = json_str_at(data, HEALTH_OF_APPLICATION);
    AUTO(json_unrefp) json_t *tree = NULL;
    enum application_health_check found;

    if (!read_tree(data, CUSTOMIZATIONS, &tree) || (tree && !json_is_object(tree)))
        return APPLICATION_HEALTH_NOT_KNOWN;
    if (!exact.p && json_object_get(tree, KEY_APPLICATION) &&
        !read_health(json_object_get(tree, KEY_APPLICATION), &exact))
        return APPLICATION_HEALTH_NOT_KNOWN;
    found = classify(exact);
    return found != APPLICATION_HEALTH_NONE ? found
                                            : find_wildcard(tree, json_str_at(data, HEALTH_OF_ALL));
}

/* The member of that name as Go's JSON decoder finds it: letters of either case. */
static bool find_member(json_t *entry, const char *name, const json_t **out)
{
    const char *key;
    json_t *value;

    *out = NULL;
    json_object_foreach(entry, key, value)
    {
        if (!str_eq_nocase(str_from(key), str_from(name)))
            continue;
        if (*out)
            return false; /* the last one wins there; here their order is lost */
        *out = value;
    }
    if (json_is_null(*out))
        *out = NULL;
    return true;
}

static bool is_list_of_texts(json_t *entry, const char *name)
{
    const json_t *list;

    if (!find_member(entry, name, &list))
        return false;
    if (!list)
        return true;
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return true;
}

static bool is_filter(const json_t *list)
{
    if (list && !json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *entry = json_array_get(list, i);

        if (!json_is_object(entry) || !is_list_of_texts(entry, "apiGroups") ||
            !is_list_of_texts(entry, "kinds") || !is_list_of_texts(entry, "clusters"))
            return false;
    }
    return true;
}

struct argocd_cm *argocd_cm_parse(json_t *object)
{
    struct argocd_cm *cm = xcalloc(1, sizeof *cm);
    const json_t *data = json_object_at(object, "data");

    cm->object = json_incref(object);
    cm->method = json_str_at(data, "application.resourceTrackingMethod");
    cm->label_key = json_str_at(data, "application.instanceLabelKey");
    cm->installation_id = json_str_at(data, "installationID");
    cm->has_global_projects = str_trim(json_str_at(data, "globalProjects")).n != 0;
    cm->application_health = read_application_health(data);
    cm->filters_unreadable = !read_tree(data, "resource.exclusions", &cm->exclusions) ||
                             !read_tree(data, "resource.inclusions", &cm->inclusions) ||
                             !is_filter(cm->exclusions) || !is_filter(cm->inclusions);
    return cm;
}

void argocd_cm_free(struct argocd_cm *cm)
{
    if (!cm)
        return;
    json_decref(cm->exclusions);
    json_decref(cm->inclusions);
    json_decref(cm->object);
    free(cm);
}

void argocd_cm_freep(struct argocd_cm **cm)
{
    argocd_cm_free(*cm);
}

typedef enum tri (*match_fn)(struct str pattern, struct str text);

static enum tri match_kind(struct str pattern, struct str kind)
{
    return str_is(pattern, "*") || str_eq(pattern, kind) ? TRI_YES : TRI_NO;
}

/*
 * What Argo CD compares is the URL its client calls (gitops-engine, kube/ctl.go: config.Host). Of
 * its own cluster that is the address in KUBERNETES_SERVICE_HOST, which nobody sees here.
 */
static enum tri match_cluster(struct str pattern, struct str cluster)
{
    if (pattern_is_any(pattern))
        return TRI_YES;
    if (!cluster.n || str_is(cluster, "https://kubernetes.default.svc"))
        return TRI_NOT_KNOWN;
    return pattern_matches_glob(pattern, cluster);
}

/* An empty list takes in everything. */
static enum tri match_list(json_t *entry, const char *name, match_fn match, struct str text)
{
    enum tri answer = TRI_NO;
    const json_t *list;

    if (!find_member(entry, name, &list))
        return TRI_NOT_KNOWN;
    if (!json_array_size(list))
        return TRI_YES;
    for (size_t i = 0; i < json_array_size(list) && answer != TRI_YES; i++)
        answer = tri_or(answer, match(json_view(json_array_get(list, i)), text));
    return answer;
}

static enum tri match_filter(const json_t *filter, struct str group, struct str kind,
                             struct str cluster)
{
    enum tri answer = TRI_NO;

    for (size_t i = 0; i < json_array_size(filter) && answer != TRI_YES; i++) {
        json_t *entry = json_array_get(filter, i);

        answer =
            tri_or(answer, tri_and(match_list(entry, "apiGroups", pattern_matches_glob, group),
                                   tri_and(match_list(entry, "kinds", match_kind, kind),
                                           match_list(entry, "clusters", match_cluster, cluster))));
    }
    return answer;
}

static enum tri filter_names_cluster(const json_t *filter, struct str cluster)
{
    enum tri answer = TRI_NO;

    for (size_t i = 0; i < json_array_size(filter) && answer != TRI_YES; i++)
        answer = tri_or(answer,
                        match_list(json_array_get(filter, i), "clusters", match_cluster, cluster));
    return answer;
}

/* What no setting brings back (coreExcludedResources). */
static bool is_never_watched(struct str group, struct str kind)
{
    return str_is(group, "events.k8s.io") || str_is(group, "metrics.k8s.io") ||
           (str_is(group, "") && str_is(kind, "Event")) ||
           (str_is(group, "coordination.k8s.io") && str_is(kind, "Lease"));
}

enum tri argocd_cm_watches(const struct argocd_cm *cm, struct str group, struct str kind,
                           struct str cluster)
{
    enum tri excluded;
    enum tri included;

    if (is_never_watched(group, kind))
        return TRI_NO;
    if (cm->filters_unreadable)
        return TRI_NOT_KNOWN;
    excluded = match_filter(cm->exclusions, group, kind, cluster);
    /* Inclusions bind the clusters they name; any other is watched whole. */
    included = tri_or(match_filter(cm->inclusions, group, kind, cluster),
                      tri_not(filter_names_cluster(cm->inclusions, cluster)));
    return tri_and(tri_not(excluded), included);
}
