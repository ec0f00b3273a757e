/* questions.c: what the settings and Argo CD's own configuration answer. */
#include "facts/internal.h"
#include "objects/app_project.h"
#include <stdlib.h>

/* A trailing slash is ignored (reference/argocd.md 1.2). */
static struct str without_slash(struct str url)
{
    return str_ends(url, STR("/")) ? str_sub(url, 0, url.n - 1) : url;
}

enum tri facts_is_this_cluster(const struct facts *f, const struct destination *d)
{
    struct str server = without_slash(d->server);

    /* Exactly one of the two is valid; with both or neither Argo CD refuses the Application. */
    if ((server.n != 0) == (d->name.n != 0))
        return TRI_NOT_KNOWN;
    if (str_is(server, "https://kubernetes.default.svc") || str_is(d->name, "in-cluster"))
        return TRI_YES;
    for (size_t i = 0; i < f->settings->argocd.n_this_cluster; i++) {
        struct str here = without_slash(str_from(f->settings->argocd.this_cluster[i]));

        if (str_eq(here, server) || str_eq(here, d->name))
            return TRI_YES;
    }
    return TRI_NOT_KNOWN;
}

bool facts_is_application_namespace(const struct facts *f, struct str namespace)
{
    if (str_is(namespace, f->settings->argocd.namespace))
        return true;
    for (size_t i = 0; i < f->settings->argocd.n_application_namespaces; i++) {
        struct str allowed = str_from(f->settings->argocd.application_namespaces[i]);

        if (str_is(allowed, "*") || str_eq(allowed, namespace))
            return true;
    }
    return false;
}

bool facts_argocd_version(const struct facts *f, unsigned *major, unsigned *minor)
{
    const char *version = f->settings->argocd.version;
    char *end;

    *major = *minor = 0;
    if (!version[0])
        return false;
    /* The configuration accepted it as [v]X.Y[.Z]. */
    *major = (unsigned)strtoul(version[0] == 'v' ? version + 1 : version, &end, 10);
    *minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
    return true;
}

enum tri facts_version_at_least(const struct facts *f, unsigned major, unsigned minor)
{
    unsigned have_major;
    unsigned have_minor;

    if (!facts_argocd_version(f, &have_major, &have_minor))
        return TRI_NOT_KNOWN;
    if (have_major != major)
        return have_major > major ? TRI_YES : TRI_NO;
    return have_minor >= minor ? TRI_YES : TRI_NO;
}

/* Argo CD's own cluster, as resource filters know it (reference/argocd.md 1.2). */
static const char this_cluster[] = "https://kubernetes.default.svc";

static bool is_unwatched(const struct facts *f, const struct application *app,
                         const struct identity *id)
{
    return f->argocd_cm && facts_is_this_cluster(f, &app->destination) == TRI_YES &&
           argocd_cm_watches(f->argocd_cm, id->group, id->kind, str_from(this_cluster)) == TRI_NO;
}

/* AppProjects lie in Argo CD's namespace. A spec without one means `default`. */
static bool is_forbidden(const struct facts *f, const struct application *app,
                         const struct identity *id)
{
    const struct cluster *c = facts_cluster(f);
    const struct cluster_object *project =
        c ? cluster_find(c, CLUSTER_APP_PROJECT, str_from(f->settings->argocd.namespace),
                         app->project.n ? app->project : STR("default"))
          : NULL;

    return project && app_project_permits(project->object, id, &app->destination) == TRI_NO;
}

enum tri facts_reaches(const struct facts *f, const struct application *app,
                       const struct identity *id)
{
    if (is_unwatched(f, app, id))
        return TRI_NO;
    if (!is_forbidden(f, app, id))
        return TRI_YES;
    return f->argocd_cm && !f->argocd_cm->has_global_projects ? TRI_NO : TRI_NOT_KNOWN;
}
