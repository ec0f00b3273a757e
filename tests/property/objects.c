/* objects.c: random Applications and ExternalSecrets, and what may happen to them. */
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "fields.h"
#include "property.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 64 * 1024 };

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define DEPLOY "\"https://git.example.com/deploy.git\""
#define SECRET "\"kind\": \"Secret\", \"namespace\": \"argocd\", \"name\": \"argocd-secret\""
#define CONFIG_MAP "\"kind\": \"ConfigMap\", \"name\": \"cm\""
#define OWN_RESOURCE                                                                               \
    "{\"group\": \"argoproj.io\", \"kind\": \"Application\", \"namespace\": \"$S\", \"name\": "    \
    "\"$N\"}"

/* What rules read of an Application. Some values an API server with the CRD would refuse: a request
 * for another version of it may carry them. */
static const struct field application_fields[] = {
    {{"spec", "project"}, 80, VALUES("\"default\"", "\"other\"", "\"\"")},
    {{"spec", "source", "repoURL"},
     95,
     VALUES(DEPLOY, DEPLOY, DEPLOY, DEPLOY, "\"https://git.example.com/deploy\"",
            "\"git@git.example.com:deploy.git\"", "\"https://git.example.com/second.git\"",
            "\"https://git.example.com/unseen.git\"")},
    {{"spec", "source", "path"},
     92,
     VALUES("\"apps\"", "\"apps\"", "\"services/payments\"", "\"config\"", "\"config\"", "\"seed\"",
            "\"bootstrap\"", "\"kept\"", "\"marked\"", "\"waves\"", "\"ring-b\"", "\"overlay\"",
            "\"broken\"", "\"kustomized\"", "\"chart\"", "\"nested\"", "\"skipped\"",
            "\"elsewhere\"", "\"none\"", "\".\"", "\"./apps\"", "\"../apps\"", "null")},
    {{"spec", "source", "targetRevision"}, 40, VALUES("\"main\"", "\"HEAD\"", "\"next\"", "7")},
    {{"spec", "source", "directory"},
     35,
     VALUES("{}", "{\"recurse\": true}", "{\"include\": \"root.yaml\"}",
            "{\"exclude\": \"root.yaml\"}", "{\"exclude\": \"{root,config,es}.yaml\"}",
            "{\"jsonnet\": {}}", "{\"recurse\": true, \"exclude\": \"**\"}", "null")},
    {{"spec", "source", "kustomize"}, 8, VALUES("{}", "{\"namePrefix\": \"x-\"}", "null")},
    {{"spec", "source", "helm"}, 6, VALUES("{}", "{\"releaseName\": \"x\"}", "null")},
    {{"spec", "source", "plugin"}, 3, VALUES("{\"name\": \"x\"}", "null")},
    {{"spec", "source", "chart"}, 3, VALUES("\"argo-cd\"")},
    {{"spec", "sources"},
     12,
     VALUES("[]",
            "[{\"repoURL\": " DEPLOY ", \"path\": \"apps\"}, {\"repoURL\": " DEPLOY
            ", \"path\": \"config\", \"directory\": {}}]",
            "[{\"repoURL\": " DEPLOY ", \"path\": \"elsewhere\"}]",
            "[{\"repoURL\": " DEPLOY ", \"ref\": \"values\"}, {\"repoURL\": " DEPLOY
            ", \"path\": \"kustomized\", \"kustomize\": {}}]")},
    {{"spec", "sourceHydrator"},
     3,
     VALUES("{\"drySource\": {\"repoURL\": " DEPLOY ", \"path\": \"apps\"}, \"syncSource\": "
            "{\"targetBranch\": \"main\", \"path\": \"apps\"}}")},
    {{"spec", "destination", "server"},
     85,
     VALUES("\"https://kubernetes.default.svc\"", "\"https://kubernetes.default.svc\"",
            "\"https://kubernetes.default.svc/\"", "\"https://10.0.0.1\"", "\"https://10.9.9.9\"",
            "\"\"")},
    {{"spec", "destination", "name"}, 10, VALUES("\"in-cluster\"", "\"prod\"", "\"edge\"", "\"\"")},
    {{"spec", "destination", "namespace"}, 90, VALUES("\"argocd\"", "\"argocd\"", "\"payments\"")},
    {{"spec", "syncPolicy", "automated"},
     75,
     VALUES("{}", "{\"prune\": true}", "{\"prune\": true}", "{\"prune\": true, \"selfHeal\": true}",
            "{\"prune\": true, \"enabled\": false}", "{\"prune\": false}", "null", "\"yes\"")},
    {{"spec", "syncPolicy", "syncOptions"},
     20,
     VALUES("[\"Prune=false\"]", "[\"CreateNamespace=true\"]", "[]", "[\"Prune=confirm\"]")},
    {{"spec", "syncPolicy", "retry"}, 10, VALUES("{\"limit\": 2}", "{}")},
    {{"operation"},
     25,
     VALUES("{\"sync\": {\"prune\": true}}", "{\"sync\": {}}", "{}", "null",
            "{\"sync\": {\"prune\": true, \"dryRun\": true}}",
            "{\"sync\": {\"prune\": true, \"revision\": \"3f5c\"}}",
            "{\"sync\": {\"prune\": true, \"resources\": [{" SECRET "}]}}",
            "{\"sync\": {\"prune\": true, \"resources\": [{" CONFIG_MAP "}]}}",
            "{\"sync\": {\"prune\": true}, \"initiatedBy\": {\"automated\": true}}",
            "{\"sync\": {\"prune\": true, \"source\": {\"repoURL\": " DEPLOY
            ", \"path\": \"config\"}}}",
            "{\"sync\": {\"prune\": true, \"source\": {\"repoURL\": " DEPLOY
            ", \"path\": \"elsewhere\"}}}")},
    {{"metadata", "annotations", "argocd.argoproj.io/tracking-id"},
     30,
     VALUES("\"$N:argoproj.io/Application:$S/$N\"", "\"$S_$N:argoproj.io/Application:$S/$N\"",
            "\"seed:argoproj.io/Application:$S/$N\"", "\"root:argoproj.io/Application:$S/$N\"",
            "\"$N:argoproj.io/Application:argocd/other\"", "\"nonsense\"", "\"\"")},
    {{"status", "resources"},
     40,
     VALUES("[{" SECRET ", \"requiresPruning\": true}]", "[" OWN_RESOURCE "]",
            "[{" SECRET ", \"requiresPruning\": true}, " OWN_RESOURCE "]", "[{" SECRET "}]", "[]",
            "null")},
    {{"metadata", "finalizers"},
     30,
     VALUES("[\"resources-finalizer.argocd.argoproj.io\"]",
            "[\"resources-finalizer.argocd.argoproj.io/background\"]", "[\"example.com/wait\"]",
            "[]")},
};

static const struct field external_secret_fields[] = {
    {{"spec", "target", "name"}, 75, VALUES("\"argocd-secret\"", "\"db\"", "\"$N\"", "\"\"", "8")},
    {{"spec", "target", "creationPolicy"},
     90,
     VALUES("\"Merge\"", "\"Merge\"", "\"Orphan\"", "\"CreateOrMerge\"", "\"Owner\"", "\"None\"",
            "\"Future\"")},
    {{"spec", "target", "template"},
     35,
     VALUES("{}", "{\"mergePolicy\": \"Merge\", \"metadata\": {}}",
            "{\"metadata\": {\"labels\": {\"app.kubernetes.io/instance\": \"config\"}}}",
            "{\"metadata\": {\"labels\": {\"app.kubernetes.io/instance\": \"{{ .app }}\"}}}",
            "{\"templateFrom\": [{\"target\": \"Labels\"}]}", "null")},
    {{"spec", "target", "template", "metadata", "annotations"},
     8,
     VALUES("{\"argocd.argoproj.io/tracking-id\": \"payments:/Secret:$S/db\"}", "{}")},
    {{"spec", "target", "immutable"}, 8, VALUES("true", "false")},
    {{"spec", "target", "manifest"},
     5,
     VALUES("{\"apiVersion\": \"v1\", \"kind\": \"Secret\"}",
            "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\"}")},
    {{"spec", "refreshInterval"}, 60, VALUES("\"1h\"", "\"5m\"")},
    {{"metadata", "annotations", "argocd.argoproj.io/tracking-id"},
     30,
     VALUES("\"payments:external-secrets.io/ExternalSecret:$S/$N\"",
            "\"config:external-secrets.io/ExternalSecret:$S/$N\"",
            "\"unseen:external-secrets.io/ExternalSecret:$S/$N\"", "\"nonsense\"", "\"\"")},
};

/* What rules read of both. */
static const struct field common_fields[] = {
    {{"metadata", "labels", "app.kubernetes.io/instance"},
     40,
     VALUES("\"$N\"", "\"$S_$N\"", "\"root\"", "\"config\"", "\"payments\"", "\"unseen\"", "\"\"")},
    {{"metadata", "labels", "argocd.argoproj.io/instance"},
     15,
     VALUES("\"$N\"", "\"$S_$N\"", "\"root\"", "\"config\"", "\"seed\"")},
    {{"metadata", "labels", "example.com/instance"}, 5, VALUES("\"$N\"", "\"config\"")},
    {{"metadata", "annotations", "argocd.argoproj.io/installation-id"},
     8,
     VALUES("\"one\"", "\"two\"", "\"\"")},
    {{"metadata", "annotations", "argocd.argoproj.io/hook"},
     6,
     VALUES("\"Skip\"", "\"PreSync\"", "\"PreSync,Skip\"")},
    {{"metadata", "annotations", "helm.sh/hook"}, 4, VALUES("\"crd-install\"", "\"pre-install\"")},
    {{"metadata", "annotations", "argocd.argoproj.io/sync-options"},
     12,
     VALUES("\"Prune=false\"", "\"Prune=true\"", "\"Delete=false\"", "\"Prune=confirm\"",
            "\"Prune=false,Delete=false\"")},
    {{"metadata", "annotations", "syncguard.dev/exempt"},
     12,
     VALUES("\"self-reference: on purpose\"", "\"merge-on-pruned-target: on purpose\"",
            "\"protected-secret-prune: on purpose\"", "\"self-reference\"", "\"nonsense: x\"")},
    {{"metadata", "ownerReferences"},
     8,
     VALUES("[{\"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"ApplicationSet\", \"name\": "
            "\"set\", \"uid\": \"1\"}]",
            "[]")},
};

/* No rule reads these (design 3.6): no change of them is refused, or found anything about. */
static const struct field harmless_fields[] = {
    {{"status"}, 0, VALUES("{}", "null", "{\"sync\": {\"status\": \"Synced\"}}", "[1, {}]", "7")},
    {{"status", "resources"},
     0,
     VALUES("[{" SECRET ", \"requiresPruning\": true}, " OWN_RESOURCE "]", "[]", "[{\"kind\": 5}]",
            "\"many\"")},
    {{"status", "operationState", "phase"}, 0, VALUES("\"Terminating\"", "\"Running\"", "7")},
    {{"status", "conditions"}, 0, VALUES("[{\"type\": \"Ready\", \"status\": \"True\"}]", "{}")},
    {{"status", "reconciledAt"}, 0, VALUES("\"2026-01-01T00:00:00Z\"", "\"\\u0000\\\"}]\"")},
    {{"metadata", "annotations", "argocd.argoproj.io/refresh"},
     0,
     VALUES("\"hard\"", "\"normal\"")},
    {{"metadata", "annotations", "argocd.argoproj.io/hydrate"}, 0, VALUES("\"normal\"")},
    {{"metadata", "annotations", "notified.notifications.argoproj.io"},
     0,
     VALUES("\"{\\\"a\\\": 1}\"", "\"{}\"")},
    {{"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"},
     0,
     VALUES("\"{\\\"spec\\\": {\\\"syncPolicy\\\": {\\\"automated\\\": {\\\"prune\\\": "
            "true}}}}\"")},
    {{"metadata", "annotations", "argocd.argoproj.io/sync-wave"}, 0, VALUES("\"3\"")},
    {{"metadata", "labels", "team"}, 0, VALUES("\"platform\"", "\"\"")},
    {{"metadata", "labels", "app.kubernetes.io/name"}, 0, VALUES("\"$N\"")},
    {{"metadata", "managedFields"},
     0,
     VALUES("[{\"manager\": \"argocd-controller\", \"fieldsV1\": {\"f:spec\": {}}}]", "[]")},
    {{"metadata", "generation"}, 0, VALUES("2", "9223372036854775807")},
    {{"metadata", "resourceVersion"}, 0, VALUES("\"1\"", "\"184467\"")},
    {{"metadata", "creationTimestamp"}, 0, VALUES("\"2025-01-01T00:00:00Z\"", "null")},
    {{"metadata", "uid"}, 0, VALUES("\"705ab4f5-6393-11e8-b7cc-42010a800002\"")},
    {{"metadata", "finalizers"},
     0,
     VALUES("[\"post-delete-finalizer.argocd.argoproj.io\"]", "[\"example.com/wait\"]", "[]")},
};

bool is_application(const json_t *object)
{
    return str_is(json_str_at(object, "kind"), "Application");
}

void set_at(json_t *object, const char *const *path, json_t *value)
{
    for (; path[1]; path++) {
        json_t *next = json_object_get(object, path[0]);

        if (!json_is_object(next)) {
            if (!value)
                return;
            next = json_object();
            (void)json_object_set_new(object, path[0], next);
        }
        object = next;
    }
    if (value)
        (void)json_object_set_new(object, path[0], value);
    else
        (void)json_object_del(object, path[0]);
}

static json_t *fill_in(const char *value, const char *namespace, const char *name)
{
    json_t *out;
    json_error_t error;
    struct buf text;

    buf_init(&text, VALUE_MAX);
    for (; *value; value++) {
        if (value[0] == '$' && (value[1] == 'N' || value[1] == 'S'))
            buf_adds(&text, *++value == 'N' ? name : namespace);
        else
            buf_addc(&text, *value);
    }
    out = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!out) {
        (void)fprintf(stderr, "%s: %s\n", error.text, text.p);
        exit(2);
    }
    buf_clear(&text);
    return out;
}

void field_set(struct rng *r, const struct field *f, json_t *object, const char *namespace,
               const char *name)
{
    unsigned n = 0;

    while (f->values[n])
        n++;
    set_at(object, f->at, fill_in(f->values[rng_below(r, n)], namespace, name));
}

static void set_field(struct rng *r, const struct field *f, json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");

    field_set(r, f, object, json_string_value(json_object_get(metadata, "namespace")),
              json_string_value(json_object_get(metadata, "name")));
}

struct fields {
    const struct field *rows;
    size_t n;
};

static struct fields fields_of(const json_t *object)
{
    return is_application(object)
               ? (struct fields){application_fields, ARRAY_LEN(application_fields)}
               : (struct fields){external_secret_fields, ARRAY_LEN(external_secret_fields)};
}

static void set_some(struct rng *r, struct fields fields, json_t *object)
{
    for (size_t i = 0; i < fields.n; i++)
        if (rng_chance(r, fields.rows[i].percent))
            set_field(r, &fields.rows[i], object);
}

static json_t *any_object(struct rng *r)
{
    static const char *const applications[] = {"root",     "root",   "pruner", "ring",
                                               "payments", "config", "config", "seed",
                                               "fleet",    "team",   "inner",  "other"};
    static const char *const external_secrets[] = {"argocd-config", "argocd-config", "db", "other"};
    static const char *const namespaces[] = {"argocd", "argocd", "argocd", "payments", "team-a"};
    bool application = rng_chance(r, 65);
    const char *name = application ? applications[rng_below(r, ARRAY_LEN(applications))]
                                   : external_secrets[rng_below(r, ARRAY_LEN(external_secrets))];
    json_t *object =
        json_pack("{s:s, s:s, s:{s:s, s:s}, s:{}}", "apiVersion",
                  application ? "argoproj.io/v1alpha1" : "external-secrets.io/v1", "kind",
                  application ? "Application" : "ExternalSecret", "metadata", "name", name,
                  "namespace", namespaces[rng_below(r, ARRAY_LEN(namespaces))], "spec");

    set_some(r, fields_of(object), object);
    set_some(r, (struct fields){common_fields, ARRAY_LEN(common_fields)}, object);
    if (rng_chance(r, 50))
        change_harmlessly(r, object, 3);
    return object;
}

static void change_one(struct rng *r, struct fields fields, json_t *object)
{
    const struct field *f = &fields.rows[rng_below(r, (unsigned)fields.n)];

    if (rng_chance(r, 25))
        set_at(object, f->at, NULL);
    else
        set_field(r, f, object);
}

void change_object(struct rng *r, json_t *object, unsigned n)
{
    struct fields common = {common_fields, ARRAY_LEN(common_fields)};

    for (n = 1 + rng_below(r, n); n; n--)
        change_one(r, rng_chance(r, 30) ? common : fields_of(object), object);
}

void change_harmlessly(struct rng *r, json_t *object, unsigned n)
{
    struct fields fields = {harmless_fields, ARRAY_LEN(harmless_fields)};

    for (n = 1 + rng_below(r, n); n; n--)
        change_one(r, fields, object);
}

#define PRUNING_APPLICATION(namespace, name, path)                                                 \
    "{\"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"Application\", \"metadata\": "         \
    "{\"name\": \"" name                                                                           \
    "\", \"namespace\": \"" namespace "\", \"annotations\": {}, "                                  \
                                      "\"labels\": {}}, \"spec\": {\"project\": \"default\", "     \
                                      "\"source\": {\"repoURL\": " DEPLOY ", \"path\": \"" path    \
                                      "\"}, \"destination\": {\"server\": "                        \
                                      "\"https://kubernetes.default.svc\", "                       \
                                      "\"namespace\": \"" namespace "\"}, \"syncPolicy\": "        \
                                                                    "{\"automated\": {\"prune\": " \
                                                                    "true}}}}"
#define UNOWNED_TARGET(namespace, name, target, mark)                                              \
    "{\"apiVersion\": \"external-secrets.io/v1\", \"kind\": \"ExternalSecret\", \"metadata\": "    \
    "{\"name\": \"" name                                                                           \
    "\", \"namespace\": \"" namespace "\", \"labels\": "                                           \
                                      "{\"app.kubernetes.io/instance\": \"" mark                   \
                                      "\"}}, \"spec\": {\"target\": {\"name\": "                   \
                                      "\"" target "\", \"creationPolicy\": \"Merge\"}}}"

/* Each has a fault that its kind's rules refuse, in most worlds. */
static const char *const faulty_objects[] = {
    PRUNING_APPLICATION("argocd", "root", "apps"),
    PRUNING_APPLICATION("argocd", "root", "kustomized"),
    PRUNING_APPLICATION("argocd", "root", "overlay"),
    PRUNING_APPLICATION("team-a", "team", "apps"),
    PRUNING_APPLICATION("argocd", "root", "chart"),
    PRUNING_APPLICATION("argocd", "root", "waves"),
    PRUNING_APPLICATION("argocd", "ring", "ring-b"),
    PRUNING_APPLICATION("argocd", "pruner", "elsewhere"),
    PRUNING_APPLICATION("argocd", "config", "config"),
    PRUNING_APPLICATION("argocd", "root", "marked"),
    PRUNING_APPLICATION("payments", "payments", "services/payments"),
    UNOWNED_TARGET("argocd", "argocd-config", "argocd-secret", "config"),
    UNOWNED_TARGET("payments", "db", "db", "payments"),
    UNOWNED_TARGET("payments", "other", "db", "unseen"),
};

static json_t *faulty_object(struct rng *r)
{
    json_t *object = fill_in(faulty_objects[rng_below(r, ARRAY_LEN(faulty_objects))], "", "");

    if (rng_chance(r, 70))
        change_object(r, object, 3);
    return object;
}

json_t *random_object(struct rng *r)
{
    return rng_chance(r, 50) ? faulty_object(r) : any_object(r);
}

/* Absent, null and empty in turn. */
static void respell_empty(struct rng *r, json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_object(object) || (value && !json_is_null(value) && json_object_size(value)))
        return;
    if (value && !json_is_null(value) && !json_is_object(value))
        return;
    switch (rng_below(r, 3)) {
    case 0:
        (void)json_object_del(object, key);
        break;
    case 1:
        (void)json_object_set_new(object, key, json_null());
        break;
    default:
        (void)json_object_set_new(object, key, json_object());
    }
}

static void drop_empty(json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_null(value) || (json_is_object(value) && json_object_size(value) == 0))
        (void)json_object_del(object, key);
}

static void normalise_source(struct rng *r, json_t *source)
{
    respell_empty(r, json_object_get(source, "directory"), "jsonnet");
    if (rng_chance(r, 50))
        respell_empty(r, source, "directory");
    /* One way alone: nobody's controller adds `helm: {}`, which makes the source a chart. */
    drop_empty(source, "kustomize");
    drop_empty(source, "helm");
}

void normalise(struct rng *r, json_t *object)
{
    json_t *spec = json_object_get(object, "spec");
    json_t *sources = json_array_at(spec, "sources");
    json_t *source;
    size_t i;

    if (!is_application(object))
        return;
    if (!json_str_at(spec, "project").n)
        (void)json_object_set_new(spec, "project", json_string("default"));
    if (json_is_object(json_object_get(spec, "source")))
        normalise_source(r, json_object_get(spec, "source"));
    json_array_foreach(sources, i, source) normalise_source(r, source);
    respell_empty(r, spec, "syncPolicy");
}
