#include "objects/argocd_cm.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "objects/pattern.h"
#include "objects/tri_logic.h"
#include <stdlib.h>

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
    cm->application_health = application_health_read(data);
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
