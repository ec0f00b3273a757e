/*
 * random_repository.c: writes a repository of random objects into a directory, the requests that
 * create them, and configurations to judge them under; tests/cases/front-doors-agree asks every
 * front door about them.
 */
#include "base/json.h"
#include "base/mem.h"
#include "property.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_CONFIGURATIONS = 5 };

/* A folder of the repository for each object, so that sources can render one another. */
static char *folder_of(uint64_t i)
{
    return xasprintf("own/%02u", (unsigned)i);
}

static char *name_of(const char *kind, uint64_t i)
{
    return xasprintf("%s-%02u", strcmp(kind, "Application") == 0 ? "app" : "es", (unsigned)i);
}

/* Often its own folder, or another's. */
static void point_source(struct rng *r, json_t *object, uint64_t i, uint64_t n)
{
    AUTO(freep) char *path = folder_of(rng_chance(r, 50) ? i : rng_below(r, (unsigned)n));

    set_at(object, (const char *[]){"spec", "source", "path", NULL}, json_string(path));
}

static void add_mark(struct rng *r, json_t *object, uint64_t n)
{
    AUTO(freep) char *mark = name_of("Application", rng_below(r, (unsigned)n));

    set_at(object, (const char *[]){"metadata", "labels", "app.kubernetes.io/instance", NULL},
           json_string(mark));
}

static json_t *make_object(struct rng *r, uint64_t i, uint64_t n)
{
    json_t *object = random_object(r);
    AUTO(freep) char *name = name_of(json_string_value(json_object_get(object, "kind")), i);

    set_at(object, (const char *[]){"metadata", "name", NULL}, json_string(name));
    if (is_application(object) && rng_chance(r, 60))
        point_source(r, object, i, n);
    if (rng_chance(r, is_application(object) ? 20 : 60))
        add_mark(r, object, n);
    return object;
}

/* The request that creates it: what a file does not say of a live object is not in it. */
static void write_request(const char *root, const json_t *object, uint64_t i)
{
    struct rng r = {i};
    struct request q = {
        .operation = "CREATE", .sub_resource = "", .object = json_deep_copy(object)};
    AUTO(freep) char *path = xasprintf("reviews/%02u.json", (unsigned)i);
    AUTO(freep) char *uid = xasprintf("u-%02u", (unsigned)i);
    AUTO(freep) char *text = NULL;
    AUTO(freep) char *out = NULL;
    AUTO(json_unrefp) json_t *review = NULL;

    (void)json_object_del(q.object, "status");
    set_at(q.object, (const char *[]){"metadata", "ownerReferences", NULL}, NULL);
    set_at(q.object, (const char *[]){"metadata", "deletionTimestamp", NULL}, NULL);
    text = request_text(&r, &q, STYLE_API_SERVER);
    review = json_loads(text, JSON_ALLOW_NUL, NULL);
    set_at(review, (const char *[]){"request", "uid", NULL}, json_string(uid));
    out = json_dumps(review, JSON_SORT_KEYS | JSON_COMPACT);
    fixture_write_file(root, path, out);
    request_clear(&q);
}

/* JSON is YAML too; both names are read. */
static void write_manifest(const char *root, const json_t *object, uint64_t i)
{
    AUTO(freep) char *folder = folder_of(i);
    AUTO(freep) char *path = xasprintf("deploy/%s/object.%s", folder, i % 2 ? "json" : "yaml");
    AUTO(freep) char *text = json_dumps(object, JSON_INDENT(2));

    fixture_write_file(root, path, text);
}

/* Entries that count, and ones that have expired, for some of the objects. */
static json_t *make_exemptions(json_t *const *objects, uint64_t n)
{
    static const char *const rules[] = {"self-reference", "protected-secret-prune",
                                        "merge-on-pruned-target"};
    json_t *list = json_array();

    for (uint64_t i = 0; i < n; i += 2)
        for (size_t k = 0; k < ARRAY_LEN(rules); k++) {
            const json_t *metadata = json_object_get(objects[i], "metadata");

            (void)json_array_append_new(
                list, json_pack("{s:s, s:O, s:O, s:s, s:s}", "rule", rules[k], "namespace",
                                json_object_get(metadata, "namespace"), "name",
                                json_object_get(metadata, "name"), "reason", "on purpose",
                                "expires", i % 6 ? "9999-12-31" : "2020-02-29"));
        }
    return json_pack("{s:o, s:{s:[s, s], s:[s]}}", "list", list, "annotation", "rules",
                     "self-reference", "merge-on-pruned-target", "namespaces", "argocd");
}

/* The ways in which the configurations differ; the method is known in all, because check alone
 * assumes one where it is not (design 3.5). */
static void set_variant(json_t *config, unsigned variant, json_t *const *objects, uint64_t n)
{
    static const char *const methods[] = {"label", "annotation", "annotation+label", "label",
                                          "label"};
    static const char *const rules[] = {"self-reference", "merge-on-pruned-target",
                                        "protected-secret-prune"};

    (void)json_object_del(config, "cluster");
    (void)json_object_del(config, "exemptions");
    set_at(config, (const char *[]){"argocd", "tracking", NULL}, json_string(methods[variant]));
    if (variant == 1 || variant == 2)
        (void)json_object_set_new(config, "exemptions", make_exemptions(objects, n));
    if (variant == 3)
        (void)json_object_set_new(config, "enforce", json_false());
    for (size_t i = 0; i < ARRAY_LEN(rules) && variant == 4; i++) {
        set_at(config, (const char *[]){"rules", rules[i], "mode", NULL},
               json_string(i == 1 ? "warn" : "deny"));
        set_at(config, (const char *[]){"rules", rules[i], "undecided", NULL},
               json_string(i == 2 ? "allow" : "deny"));
    }
}

static void resolve_paths(json_t *config, const char *root)
{
    json_t *repository;
    size_t i;

    json_array_foreach(json_object_get(config, "repositories"), i, repository)
    {
        AUTO(freep)
        char *path =
            xasprintf("%s/%s", root, json_string_value(json_object_get(repository, "path")));

        (void)json_object_set_new(repository, "path", json_string(path));
    }
}

static void write_configurations(struct rng *r, const char *root, json_t *const *objects,
                                 uint64_t n)
{
    for (unsigned variant = 0; variant < N_CONFIGURATIONS; variant++) {
        AUTO(json_unrefp) json_t *config = random_config(r);
        AUTO(freep) char *path = xasprintf("configurations/%u.json", variant);
        AUTO(freep) char *text = NULL;

        set_variant(config, variant, objects, n);
        resolve_paths(config, root);
        text = json_dumps(config, JSON_COMPACT);
        fixture_write_file(root, path, text);
    }
}

int main(int argc, char **argv)
{
    struct property_run run = property_options(argc - 1, argv, 60);
    const char *root = argc > 1 ? argv[argc - 1] : "";
    struct rng r = {run.seed};
    json_t **objects;

    if (root[0] != '/' || run.count == 0 || run.count > 99) {
        (void)fprintf(stderr, "usage: %s [--seed N] [--count 1..99] /DIRECTORY\n", argv[0]);
        return 2;
    }
    objects = xcalloc(run.count, sizeof *objects);
    fixture_write(root);
    for (uint64_t i = 0; i < run.count; i++) {
        objects[i] = make_object(&r, i, run.count);
        write_manifest(root, objects[i], i);
        write_request(root, objects[i], i);
    }
    write_configurations(&r, root, objects, run.count);
    for (uint64_t i = 0; i < run.count; i++)
        json_decref(objects[i]);
    free(objects);
    return 0;
}
