/* kustomize_items.h: the objects of one kustomize build while it is under way. */
#pragma once
#include "base/attr.h"
#include "base/tri.h"
#include "repository/index.h"

/* Names an object bore before: patches and generators find it by them, too. */
struct previous {
    struct str namespace; /* "default" for none, as kustomize keeps it */
    struct str name;
    struct str kind;
};

/* One object whose identity is known. */
struct item {
    const struct manifest *manifest; /* NULL for what a generator makes */
    struct identity id;              /* namespace as it stands there, "" for none */
    struct str version;              /* of apiVersion, behind the slash */
    json_t *object;      /* owned: as patches left it; NULL while it is the manifest's */
    json_t *labels;      /* owned: in place of the manifest's, while `object` is NULL */
    json_t *annotations; /* the same */
    struct previous *previous;
    size_t n_previous;
    size_t previous_capacity;
    bool gains_hash; /* generated: "-" and a hash are appended at the end */
    bool changed;    /* a patch touched more than names, labels and annotations */
    bool vague;      /* and `object` does not say all of it */
    bool has_var;    /* a var refers to it */
    bool gone;       /* deleted; items_sweep() takes it out */
};

/* Steps of one build: entries read, objects renamed or compared. Diamonds double per level. */
enum { KUSTOMIZE_MAX_WORK = 200000 };

struct items {
    struct output_builder *output; /* borrowed: keeps names, takes what is said */
    struct item *list;
    size_t n;
    size_t capacity;
    /* what else may come out: only the groups, kind, name and namespace given there */
    struct open_end *holes;
    size_t n_holes;
    size_t holes_capacity;
    bool may_fail; /* whether the build succeeds is not known: nothing is certain */
    size_t work_left;
};

void items_clear(struct items *t);
/* Uses a unit of the budget; false once it is gone, and the output says so. */
bool items_work(struct items *t);

void items_add(struct items *t, const struct manifest *manifest);
/* An object without manifest; `object` is taken over. */
void items_add_generated(struct items *t, json_t *object, bool gains_hash);
/* Whatever Argo CD may make of it: nothing is known of the name. */
void items_add_hole(struct items *t);
/* The same, but no object of the group argoproj.io. */
void items_add_hole_but_argoproj(struct items *t);
/* The item is taken out; what is left is that something may come of it: of that identity if it
 * keeps it, else of that kind if it keeps that. */
enum item_keeps { KEEPS_IDENTITY, KEEPS_KIND, KEEPS_NOTHING };
void items_open(struct items *t, struct item *item, enum item_keeps keeps);
/* The same for what is a hole already. */
void items_widen_hole(struct open_end *hole, enum item_keeps keeps);
/* As items_open() for all from `first` on, and the holes lose what was known of them. */
void items_open_all(struct items *t, size_t first, size_t first_hole);
/* Takes out what is gone. */
void items_sweep(struct items *t, size_t first);

/* kustomize's own notion of a namespace: "default" for none, one of its own for what it knows to
 * be no namespaced kind. */
struct str items_namespace(const struct identity *id, struct str version);
/* Whether kustomize knows the kind for one outside namespaces. */
enum tri items_is_cluster_scoped(const struct identity *id, struct str version);
/* Whether it is of a kind that generators make, which end in "-" and a hash. */
bool items_may_gain_hash(const struct identity *id);
/* Whether kustomize has a schema of the kind: it belongs to Kubernetes itself. */
bool items_has_schema(const struct identity *id);

/* The item's own object to change, with all that is known of it. */
json_t *items_own(struct item *item);
/* The same to look at; the caller's. */
json_t *items_whole(const struct item *item);
/* Reads identity and version from the item's object again, after a patch. False when it has no
 * usable kind or name any more. */
bool items_reread(struct items *t, struct item *item);
const json_t *items_labels(const struct item *item);
const json_t *items_annotations(const struct item *item);
/* metadata.labels or metadata.annotations, the item's own to write to. */
json_t *items_own_map(struct item *item, const char *member);
/* Something is written to a field other than name, namespace, labels and annotations: `object` does
 * not say it. */
void items_change(struct item *item);
void items_set_name(struct items *t, struct item *item, struct str name);
void items_set_namespace(struct items *t, struct item *item, struct str namespace);
/* StorePreviousId() of kustomize. */
void items_store_previous(struct item *item);

/* Whether the item has, or had, exactly that identity (resmap, GetMatchingResourcesByAnyId). */
bool items_had_id(const struct item *item, const struct identity *id, struct str version);

/* The first two items from `first` on with one identity; NULL without. "may not add resource with
 * an already registered id": kustomize knows no "the last wins". *may_part: whether one of them
 * gets another name in the end, or is left out. */
const struct item *items_find_repeated(struct items *t, size_t first, bool *may_part);

/* Hands everything to the output. */
void items_finish(struct items *t);
