/* world.c: a small pair of repositories and random settings over them. */
#include "base/mem.h"
#include "config/config.h"
#include "fields.h"
#include "property.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void die(const char *what, const char *detail)
{
    (void)fprintf(stderr, "%s: %s\n", what, detail);
    exit(2);
}

#define DEPLOY "https://git.example.com/deploy.git"
#define APPLICATION(namespace, name, path, policy)                                                 \
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"                                        \
    "metadata: {name: " name                                                                       \
    ", namespace: " namespace "}\n"                                                                \
                              "spec:\n  project: default\n  source: {repoURL: '" DEPLOY            \
                              "', path: " path "}\n"                                               \
                              "  destination: {server: 'https://kubernetes.default.svc', "         \
                              "namespace: " namespace "}\n"                                        \
                                                      "  syncPolicy: {automated: " policy "}\n"
#define EXTERNAL_SECRET(namespace, name, target)                                                   \
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"                                   \
    "metadata: {name: " name ", namespace: " namespace "}\n"                                       \
                                                       "spec: {target: " target "}\n"

#define LABEL_OF_PRUNER "\"labels\":{\"app.kubernetes.io/instance\":\"pruner\"}"
#define ID_OF_PRUNER                                                                               \
    "\"annotations\":{\"argocd.argoproj.io/tracking-id\":\"pruner:/Secret:argocd/argocd-secret\"}"
#define SETTINGS(method)                                                                           \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"argocd-cm\","          \
    "\"namespace\":\"argocd\"},\"data\":{\"application.resourceTrackingMethod\":\"" method "\","   \
    "\"resource.customizations.health.argoproj.io_Application\":\"hs = {}\\nhs.status = "          \
    "\\\"Progressing\\\"\\nif obj.status.sync.status == \\\"Synced\\\" then\\nhs.status = "        \
    "obj.status.health.status\\nend\\nreturn hs\"}}"
/* Live: Argo CD's settings, an Application that prunes, a protected Secret with its mark, and an
 * ExternalSecret on another Secret. */
#define SNAPSHOT(method, mark)                                                                     \
    "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[" SETTINGS(                               \
        method) ",{\"apiVersion\":\"argoproj.io/"                                                  \
                "v1alpha1\",\"kind\":\"Application\",\"metadata\":{"                               \
                "\"name\":\"pruner\",\"namespace\":\"argocd\",\"finalizers\":["                    \
                "\"resources-finalizer.argocd.argoproj.io\"]},\"spec\":{\"project\":\"default\","  \
                "\"source\":{\"repoURL\":\"" DEPLOY "\",\"path\":\"elsewhere\"},\"destination\":{" \
                "\"server\":\"https://kubernetes.default.svc\",\"namespace\":\"argocd\"},"         \
                "\"syncPolicy\":{\"automated\":{\"prune\":true}}}},"                               \
                "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":"               \
                "\"argocd-secret\",\"namespace\":\"argocd\"," mark "}},"                           \
                "{\"apiVersion\":\"external-secrets.io/v1\",\"kind\":\"ExternalSecret\","          \
                "\"metadata\":{\"name\":\"db\",\"namespace\":\"payments\",\"labels\":{"            \
                "\"app.kubernetes.io/instance\":\"payments\"}},\"spec\":{\"target\":{\"name\":"    \
                "\"db\",\"creationPolicy\":\"Merge\"}}}]}"

/* Every way in which a path may hold a definition, or not (design 3.1 to 3.4). */
static const struct {
    const char *path;
    const char *text;
} files[] = {
    {"deploy/apps/root.yaml", APPLICATION("argocd", "root", "apps", "{prune: true}")},
    {"deploy/apps/payments.yaml",
     APPLICATION("argocd", "payments", "services/payments", "{prune: true}")},
    {"deploy/apps/config.yaml", APPLICATION("argocd", "config", "config", "{prune: true}")},
    {"deploy/apps/team.yaml", APPLICATION("team-a", "team", "team", "{}")},
    {"deploy/seed/seed.yaml", APPLICATION("argocd", "fleet", "fleet", "{prune: true}")},
    {"deploy/bootstrap/seed.yaml", APPLICATION("argocd", "seed", "seed", "{}")},
    {"deploy/services/payments/es.yaml",
     EXTERNAL_SECRET("payments", "db", "{name: db, creationPolicy: Merge}")},
    {"deploy/services/payments/inner.yaml",
     APPLICATION("argocd", "inner", "services/inner", "{prune: true}")},
    {"deploy/config/es.yaml",
     EXTERNAL_SECRET("argocd", "argocd-config", "{name: argocd-secret, creationPolicy: Merge}")},
    {"deploy/config/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n"},
    {"deploy/kept/es.yaml",
     EXTERNAL_SECRET("argocd", "argocd-config", "{name: argocd-secret, creationPolicy: Merge}")},
    {"deploy/kept/secret.yaml",
     "apiVersion: v1\nkind: Secret\nmetadata: {name: argocd-secret, namespace: argocd}\n"},
    {"deploy/marked/es.yaml",
     EXTERNAL_SECRET("argocd", "argocd-config",
                     "{name: argocd-secret, creationPolicy: Orphan, template: {metadata: "
                     "{labels: {app.kubernetes.io/instance: root}}}}")},
    {"deploy/broken/root.yaml", APPLICATION("argocd", "root", "apps", "{}")},
    {"deploy/broken/other.yaml", "apiVersion: v1\nkind: [ConfigMap\n"},
    {"deploy/kustomized/kustomization.yaml", "resources: [root.yaml]\n"},
    {"deploy/kustomized/root.yaml", APPLICATION("argocd", "root", "kustomized", "{}")},
    {"deploy/kustomized/config.yaml", APPLICATION("argocd", "config", "config", "{}")},
    {"deploy/overlay/kustomization.yaml", "resources: [../kustomized]\n"},
    {"deploy/chart/Chart.yaml", "name: chart\nversion: 1.0.0\n"},
    {"deploy/chart/templates/app.yaml", APPLICATION("argocd", "'{{ .Values.name }}'", "x", "{}")},
    {"deploy/nested/deep/root.yaml", APPLICATION("argocd", "root", "nested", "{}")},
    {"deploy/skipped/root.yaml",
     "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: "
     "argocd, annotations: {argocd.argoproj.io/hook: Skip}}\nspec: {}\n"},
    {"deploy/elsewhere/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n"},
    {"deploy/waves/root.yaml", APPLICATION("argocd", "root", "waves", "{}")},
    {"deploy/waves/late.yaml",
     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late, annotations: "
     "{argocd.argoproj.io/sync-wave: '12'}}\n"},
    {"deploy/ring-b/b.yaml", APPLICATION("argocd", "ring-back", "ring-a", "{}")},
    {"deploy/ring-a/a.yaml", APPLICATION("argocd", "ring", "ring-b", "{}")},
    {"second/apps/root.yaml", APPLICATION("argocd", "root", "apps", "{}")},
    {"label.json", SNAPSHOT("label", LABEL_OF_PRUNER)},
    {"annotation.json", SNAPSHOT("annotation", ID_OF_PRUNER)},
    {"settings.json",
     "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[" SETTINGS("label") "]}"},
};

static void make_parents(char *path, size_t from)
{
    for (char *p = strchr(path + from, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            die(path, strerror(errno));
        *p = '/';
    }
}

void fixture_write_file(const char *root, const char *path, const char *text)
{
    AUTO(freep) char *full = xasprintf("%s/%s", root, path);
    FILE *file;

    make_parents(full, strlen(root) + 1);
    file = fopen(full, "wb");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        die(full, strerror(errno));
}

void fixture_write(const char *root)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        fixture_write_file(root, files[i].path, files[i].text);
}

char *fixture_new(void)
{
    char *root = xstrdup("/tmp/syncguard-property-XXXXXX");

    if (!mkdtemp(root))
        die(root, strerror(errno));
    fixture_write(root);
    return root;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void fixture_free(char *root)
{
    (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(root);
}

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct field config_fields[] = {
    {{"argocd", "tracking"},
     80,
     VALUES("\"label\"", "\"label\"", "\"annotation\"", "\"annotation+label\"", "\"auto\"")},
    {{"argocd", "version"}, 60, VALUES("\"2.10\"", "\"2.14\"", "\"3.0\"", "\"3.1\"", "\"v3.4.2\"")},
    {{"argocd", "instanceLabelKey"},
     30,
     VALUES("\"argocd.argoproj.io/instance\"", "\"app.kubernetes.io/instance\"",
            "\"example.com/instance\"")},
    {{"argocd", "installationID"}, 15, VALUES("\"one\"", "\"two\"")},
    {{"argocd", "applicationNamespaces"}, 15, VALUES("[\"*\"]", "[\"team-a\"]")},
    {{"argocd", "thisCluster"}, 40, VALUES("[\"prod\", \"https://10.0.0.1\"]")},
    {{"cluster", "source", "snapshot"},
     60,
     VALUES("[\"label.json\"]", "[\"annotation.json\"]", "[\"settings.json\"]")},
    {{"protected"},
     40,
     VALUES("[{\"namespace\": \"argocd\", \"name\": \"argocd-secret\"}, {\"namespace\": "
            "\"payments\", \"name\": \"db\"}]",
            "[{\"namespace\": \"payments\", \"name\": \"db\"}]")},
    {{"rules", "self-reference", "undecided"}, 60, VALUES("\"deny\"", "\"warn\"", "\"allow\"")},
    {{"rules", "self-prune", "undecided"}, 20, VALUES("\"warn\"", "\"allow\"")},
    {{"rules", "merge-on-pruned-target", "undecided"},
     60,
     VALUES("\"deny\"", "\"warn\"", "\"allow\"")},
    {{"rules", "merge-on-pruned-target", "undecidedProtected"},
     30,
     VALUES("\"deny\"", "\"warn\"", "\"allow\"")},
    {{"rules", "protected-secret-prune", "undecided"},
     60,
     VALUES("\"deny\"", "\"warn\"", "\"allow\"")},
    {{"exemptions", "list"},
     20,
     VALUES("[{\"rule\": \"self-reference\", \"namespace\": \"argocd\", \"name\": \"root\", "
            "\"reason\": \"manages itself\"}]",
            "[{\"rule\": \"protected-secret-prune\", \"namespace\": \"argocd\", \"name\": "
            "\"config\", \"reason\": \"known\", \"expires\": \"2025-06-30\"}]",
            "[{\"rule\": \"merge-on-pruned-target\", \"namespace\": \"argocd\", \"name\": "
            "\"argocd-config\", \"reason\": \"for now\", \"expires\": \"2027-06-30\"}]")},
    {{"exemptions", "annotation"},
     20,
     VALUES("{\"rules\": [\"self-reference\", \"merge-on-pruned-target\"], \"namespaces\": "
            "[\"argocd\", \"payments\"]}")},
};

json_t *random_config(struct rng *r)
{
    json_t *config =
        json_pack("{s:[{s:s, s:s}, {s:s, s:s}]}", "repositories", "url", DEPLOY, "path", "deploy",
                  "url", "https://git.example.com/second.git", "path", "second");

    for (size_t i = 0; i < ARRAY_LEN(config_fields); i++)
        if (rng_chance(r, config_fields[i].percent))
            field_set(r, &config_fields[i], config, "", "");
    return config;
}

void world_init(struct world *w, const char *root, json_t *config)
{
    AUTO(freep) char *text = json_dumps(config, JSON_COMPACT);
    struct facts_options options = {0};
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    *w = (struct world){.config = config};
    if (!config_parse(str_from(text), "config", root, &w->settings, &err))
        die(text, err_text(&err, reason));
    options.settings = w->settings;
    w->facts = facts_load(&options, PROPERTY_NOW);
    /* Some worlds hold no Secret that is protected, which is a note. */
    for (size_t i = 0; i < facts_n_notes(w->facts); i++)
        if (!strstr(facts_note_at(w->facts, i)->text, "is protected, and is not among"))
            die(facts_note_at(w->facts, i)->where, facts_note_at(w->facts, i)->text);
}

void world_clear(struct world *w)
{
    facts_unref(w->facts);
    settings_free(w->settings);
    json_decref(w->config);
}

void worlds_init(struct world worlds[N_WORLDS], uint64_t seed)
{
    char *root = fixture_new();
    struct rng r = {seed};

    for (size_t i = 0; i < N_WORLDS; i++)
        world_init(&worlds[i], root, random_config(&r));
    fixture_free(root);
}

void worlds_clear(struct world worlds[N_WORLDS])
{
    for (size_t i = 0; i < N_WORLDS; i++)
        world_clear(&worlds[i]);
}
