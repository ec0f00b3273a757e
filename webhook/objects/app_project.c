#include "objects/app_project.h"
#include "base/json.h"
#include "objects/pattern.h"
#include "objects/tri_logic.h"

/* The cluster Argo CD runs in (reference/argocd.md 1.2). */
#define SERVER_OWN "https://kubernetes.default.svc"
#define NAME_OWN "in-cluster"

/* What the Application's cluster goes by. */
struct goes_by {
    struct str server; /* STR_NONE: not known */
    struct str name;   /* STR_NONE: not known */
    bool name_assumed; /* a cluster Secret may give it another */
};

static struct str trim_slashes(struct str url)
{
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

/* Argo CD refuses both and neither: false. */
static bool find_cluster(const struct destination *d, struct goes_by *out)
{
    *out = (struct goes_by){.server = STR_NONE, .name = STR_NONE};
    if ((d->server.n != 0) == (d->name.n != 0))
        return false;
    if (d->server.n) {
        out->server = trim_slashes(d->server);
        out->name_assumed = str_is(out->server, SERVER_OWN);
        if (out->name_assumed)
            out->name = STR(NAME_OWN);
    } else {
        out->name = d->name;
        if (str_is(d->name, NAME_OWN))
            out->server = STR(SERVER_OWN);
    }
    return true;
}

static bool is_denial(struct str pattern)
{
    return str_starts(pattern, STR("!"));
}

static enum tri matches(struct str pattern, struct str text)
{
    if (is_denial(pattern))
        return tri_not(pattern_matches_glob(str_sub(pattern, 1, pattern.n), text));
    return pattern_matches_glob(pattern, text);
}

/* `text` is never empty where the cluster has one, which is what "" would match. */
static enum tri matches_unseen(struct str pattern, struct str text, bool assumed)
{
    enum tri answer;

    if (pattern.n == 0)
        return TRI_NO;
    if (pattern_is_any(pattern))
        return TRI_YES;
    if (!text.p)
        return TRI_NOT_KNOWN;
    answer = matches(pattern, text);
    return assumed && answer == TRI_NO ? TRI_NOT_KNOWN : answer;
}

static enum tri as_tri(bool b)
{
    return b ? TRI_YES : TRI_NO;
}

struct verdicts {
    enum tri permits;
    enum tri denies;         /* in every version */
    enum tri denied_at_some; /* before 3.0 a ! denied without looking at the rest of its entry */
};

/* Of one entry. Source: AppProject.isDestinationMatched of 2.6 and later, and of 3.0 and later. */
static struct verdicts judge_destination(const json_t *item, const struct goes_by *cluster,
                                         struct str namespace)
{
    struct str server = json_str_at(item, "server");
    struct str name = json_str_at(item, "name");
    struct str space = json_str_at(item, "namespace");
    enum tri by_server = matches_unseen(server, cluster->server, false);
    enum tri by_name = matches_unseen(name, cluster->name, cluster->name_assumed);
    enum tri in_space = matches(space, namespace);
    enum tri no_name = tri_and(as_tri(is_denial(name)), tri_not(by_name));
    enum tri no_server = tri_and(as_tri(is_denial(server)), tri_not(by_server));
    enum tri no_space = tri_and(as_tri(is_denial(space)), tri_not(in_space));
    enum tri permits = tri_and(tri_or(by_server, by_name), in_space);
    enum tri late =
        tri_or(tri_or(no_name, tri_and(no_server, in_space)), tri_and(no_space, by_server));

    return (struct verdicts){
        .permits = permits,
        .denies = tri_and(tri_not(permits), late),
        .denied_at_some = tri_and(tri_not(permits), tri_or(no_name, tri_or(no_server, no_space))),
    };
}

/* Absent, null and a string are what Argo CD reads. */
static bool is_readable(const json_t *object, const char *const *keys, size_t n_keys)
{
    if (!json_is_object(object))
        return false;
    for (size_t i = 0; i < n_keys; i++) {
        const json_t *value = json_value_at(object, keys[i]);

        if (value && !json_is_string(value))
            return false;
    }
    return true;
}

static bool is_list_of(const json_t *list, const char *const *keys, size_t n_keys)
{
    if (!list)
        return true;
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!is_readable(json_array_get(list, i), keys, n_keys))
            return false;
    return true;
}

static enum tri permits_destination(const json_t *spec, const struct identity *object,
                                    const struct destination *destination)
{
    const json_t *list = json_value_at(spec, "destinations");
    struct verdicts all = {TRI_NO, TRI_NO, TRI_NO};
    struct goes_by cluster;
    enum tri answer;

    if (!find_cluster(destination, &cluster) || !object->namespace.n)
        return TRI_NOT_KNOWN;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct verdicts one =
            judge_destination(json_array_get(list, i), &cluster, object->namespace);

        all.permits = tri_or(all.permits, one.permits);
        all.denies = tri_or(all.denies, one.denies);
        all.denied_at_some = tri_or(all.denied_at_some, one.denied_at_some);
    }
    answer = tri_and(all.permits, tri_not(all.denies));
    if (answer == TRI_YES && all.denied_at_some != TRI_NO)
        return TRI_NOT_KNOWN;
    /* Then a cluster Secret has to name the project. */
    if (answer == TRI_YES && json_value_at(spec, "permitOnlyProjectScopedClusters") &&
        !json_is_false(json_object_get(spec, "permitOnlyProjectScopedClusters")))
        return TRI_NOT_KNOWN;
    return answer;
}

static enum tri lists_kind(const json_t *list, const struct identity *object)
{
    enum tri answer = TRI_NO;

    for (size_t i = 0; i < json_array_size(list) && answer != TRI_YES; i++) {
        const json_t *item = json_array_get(list, i);
        struct str group = json_str_at(item, "group");
        struct str kind = json_str_at(item, "kind");

        answer = tri_or(answer, tri_and(pattern_matches_path(group, object->group),
                                        pattern_matches_path(kind, object->kind)));
    }
    return answer;
}

/* An absent whitelist permits every kind, an empty one none (IsGroupKindNamePermitted). */
static enum tri permits_kind(const json_t *spec, const struct identity *object)
{
    const json_t *only = json_value_at(spec, "namespaceResourceWhitelist");
    const json_t *never = json_value_at(spec, "namespaceResourceBlacklist");

    return tri_and(only ? lists_kind(only, object) : TRI_YES, tri_not(lists_kind(never, object)));
}

enum tri app_project_permits(const json_t *project, const struct identity *object,
                             const struct destination *destination)
{
    static const char *const of_kind[] = {"group", "kind"};
    static const char *const of_destination[] = {"server", "name", "namespace"};
    const json_t *spec = json_object_at(project, "spec");

    if (!spec ||
        !is_list_of(json_value_at(spec, "namespaceResourceWhitelist"), of_kind,
                    ARRAY_LEN(of_kind)) ||
        !is_list_of(json_value_at(spec, "namespaceResourceBlacklist"), of_kind,
                    ARRAY_LEN(of_kind)) ||
        !is_list_of(json_value_at(spec, "destinations"), of_destination, ARRAY_LEN(of_destination)))
        return TRI_NOT_KNOWN;
    return tri_and(permits_kind(spec, object), permits_destination(spec, object, destination));
}
