/* kustomize_level.h: one kustomization of a build, for the files that carry out its fields. */
#pragma once
#include "repository/kustomize_fields.h"
#include "repository/kustomize_items.h"
#include "repository/quote.h"

enum { KUSTOMIZE_MAX_DEPTH = 32 }; /* kustomizations naming each other; people stay below 6 */

/* One build under way. */
struct build {
    const struct render *render;
    struct items items;
    size_t stack[KUSTOMIZE_MAX_DEPTH]; /* directories being built, outermost first */
    size_t depth;
    json_t *top; /* owned: the source's own kustomization with the Application's options */
    bool has_remote;
    bool annotates; /* buildMetadata: every object has annotations */
    /* openapi: which lists of which kinds patches merge, and how, is not known */
    bool has_schema;
    json_t *fields;      /* owned: what configurations name, [{key, spec}] */
    bool has_odd_fields; /* of which some may change identities */
    json_t *vars;        /* owned: the names of vars, as members */
};

/* One kustomization of it. */
struct level {
    struct build *build;
    const json_t *document; /* as kustomize_text_compile() made it */
    size_t directory;
    struct quoted where; /* the file, for reasons */
    size_t first;        /* its objects are the items from here on */
    size_t first_hole;
};

/* The build fails for certain: "<file> <what>". */
void level_fails(struct level *l, const char *format, ...) PRINTF_LIKE(2, 3);
/* Whether it fails is not known: nothing is certain, but no name is changed by it either. */
void level_may_fail(struct level *l, const char *format, ...) PRINTF_LIKE(2, 3);
/* More is possible, as the caller adds it to the holes. */
void level_partial(struct level *l, const char *format, ...) PRINTF_LIKE(2, 3);
/* The field is for an object that is not there: it fails, unless what is not known may hold it.
 * That a remote resource holds what is meant for it is taken for granted, as that it can be
 * fetched. */
void level_misses(struct level *l, const char *field, struct str name);
/* Anything may have become of the level's objects, or the build fails. */
void level_anything(struct level *l, const char *format, ...) PRINTF_LIKE(2, 3);
bool level_has_failed(const struct level *l);
/* Fails where two objects have one identity now. */
void level_check_repeated(struct level *l);

/*
 * The documents of a file that the kustomization names, or that stand in it: `value` is a path or
 * what kustomize_text_compile() put in its place. NULL when the level says why there are none: it
 * fails, or may.
 */
const json_t *level_documents(struct level *l, const json_t *value);
/* The keys of an env file; NULL as above. */
const json_t *level_env_keys(struct level *l, struct str path);
/* Whether the path names a file that kustomize can load; else as above. */
bool level_has_file(struct level *l, struct str path);

/* patches, patchesStrategicMerge, patchesJson6902: one entry of the list each. */
void level_patch(struct level *l, const json_t *entry);
void level_patch_strategic(struct level *l, const json_t *list);
void level_patch_json(struct level *l, const json_t *entry);
/* What is possible besides may not take what the target says; of a remote resource it is taken for
 * granted that it does. */
void level_doubt_holes(struct level *l, const char *field, const json_t *target);
/* A PatchTransformer's own settings, whose target may be missing. */
enum tri level_select(const struct item *item, const json_t *target);

/* Names and namespaces of all objects from l->first on. */
enum namespace_how {
    NAMESPACE_AND_ITS_OBJECT, /* a Namespace is renamed with it */
    NAMESPACE_ALONE,
    NAMESPACE_UNSET_ONLY,
};
void level_set_namespace(struct level *l, struct str namespace, enum namespace_how how);
/* spec  which kinds (kustomize_fields.h); NULL for all. */
void level_rename(struct level *l, const json_t *spec, struct str prefix, struct str suffix);
/* Pairs of texts, as labels and annotations are, to all fields that the list names. */
void level_set_map(struct level *l, const json_t *specs, const json_t *pairs);
/* Something other than labels and annotations is written there. */
void level_change_fields(struct level *l, const json_t *spec, enum field_type type);
void level_labels(struct level *l);
void level_annotations(struct level *l);
void level_replicas(struct level *l);
/* images: whether they fail on an object. */
void level_images(struct level *l);
void level_check_images(struct level *l);
void level_replacements(struct level *l, const json_t *list);
/* The value at a.b.[c.d] of an object; NOT_KNOWN where the path is more than names. */
enum tri level_look_up(json_t *object, struct str path, json_t **out);
/* The same of an object that was changed, whatever the fields. */
void level_check_shape(struct level *l, const struct item *item);

void level_generators(struct level *l);
/* One generator of a kind, by its settings. */
void level_generate(struct level *l, const char *kind, const char *field, const json_t *args);
/* A chart that kustomize has Helm render; globals: chartHome, or NULL. */
void level_chart(struct level *l, const json_t *chart, const json_t *globals);

/* generators, transformers: plugins, of which the built-in ones are followed. */
void level_external_generators(struct level *l);
void level_external_transformers(struct level *l);

/* configurations, openapi, crds, validators; vars come last of all. */
void level_settings(struct level *l);
void level_vars(struct level *l);
/* The fields that configurations name are written to whenever the build is done. */
void build_settings_end(struct build *b);
