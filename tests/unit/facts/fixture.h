/* fixture.h: a small world on disk, a repository and a snapshot of the cluster, and its facts. */
#pragma once
#include "facts/facts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

/* The repository is https://h/r in repo/, the snapshot cluster.json. */
#define CONFIG_REPOSITORY "repositories: [{url: 'https://h/r', path: repo}]\n"
#define CONFIG_SNAPSHOT "cluster: {source: {snapshot: [cluster.json]}}\n"

struct world {
    char *root;
    struct settings *settings;
};

/* config: paths in it are relative to the world's own directory, where repo/ is empty. */
void world_init(struct world *w, const char *config);
void world_clear(struct world *w); /* removes all of it */
/* path: relative; its directories are made. */
void world_write(const struct world *w, const char *path, const char *text);
/* A List of objects; each text is one in flow YAML (in which n and y are booleans), or several with
 * commas between them. */
#define WORLD_SNAPSHOT(w, ...) world_snapshot((w), (const char *const[]){__VA_ARGS__, NULL})
void world_snapshot(const struct world *w, const char *const *items);
void world_remove(const struct world *w, const char *path);
/* former may be NULL. Given back with facts_unref(). */
struct facts *world_load(const struct world *w, const struct facts *former, int64_t now);
struct facts *world_check(const struct world *w); /* as `check` loads them */

/* A List item: an Application in `namespace` with that source path. */
#define LIVE_APPLICATION(namespace, name, path)                                                       \
    "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {namespace: " namespace ", "     \
                                                                                             "nam"    \
                                                                                             "e:"     \
                                                                                             " " name \
                                                                                             "}, "    \
                                                                                             "spe"    \
                                                                                             "c: "    \
                                                                                             "{so"    \
                                                                                             "urc"    \
                                                                                             "e: "    \
                                                                                             "{re"    \
                                                                                             "poU"    \
                                                                                             "RL:"    \
                                                                                             " '"     \
                                                                                             "htt"    \
                                                                                             "ps:"    \
                                                                                             "//"     \
                                                                                             "h/"     \
                                                                                             "r',"    \
                                                                                             " pa"    \
                                                                                             "th:"    \
                                                                                             " " path \
                                                                                             "}, "    \
                                                                                             "des"    \
                                                                                             "tin"    \
                                                                                             "ati"    \
                                                                                             "on:"    \
                                                                                             " {"     \
                                                                                             "ser"    \
                                                                                             "ver"    \
                                                                                             ": "     \
                                                                                             "'ht"    \
                                                                                             "tps"    \
                                                                                             "://"    \
                                                                                             "kub"    \
                                                                                             "ern"    \
                                                                                             "ete"    \
                                                                                             "s."     \
                                                                                             "def"    \
                                                                                             "aul"    \
                                                                                             "t."     \
                                                                                             "svc"    \
                                                                                             "', "    \
                                                                                             "nam"    \
                                                                                             "esp"    \
                                                                                             "ace"    \
                                                                                             ": "     \
                                                                                             "arg"    \
                                                                                             "ocd"    \
                                                                                             "}}}"
/* The same as a document of a manifest, named in its third line. */
#define DEFINITION(name, path)                                                                     \
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {namespace: argocd, "          \
    "name: " name "}\nspec: {source: {repoURL: 'https://h/r', path: " path                         \
    "}, destination: {server: 'https://kubernetes.default.svc', namespace: argocd}}\n"
