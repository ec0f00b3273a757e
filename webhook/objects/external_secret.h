/* external_secret.h: an ExternalSecret, read-only, as the rules ask about it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "objects/identity.h"
#include "objects/tracking.h"
#include <jansson.h>

enum creation_policy {
    CREATION_OWNER,
    CREATION_ORPHAN,
    CREATION_MERGE,
    CREATION_CREATE_OR_MERGE,
    CREATION_NONE,
    CREATION_OTHER, /* a value this program does not know */
};

struct external_secret {
    json_t *object; /* a reference of its own; everything else is a view into it */
    struct identity id;
    struct str target_name; /* spec.target.name, else the object's own name */
    bool targets_secret;    /* false when target.manifest names another kind */
    enum creation_policy creation_policy;
    struct str creation_policy_text; /* as written; "Owner" when absent */
    const json_t *template;          /* NULL when absent or null; its presence decides copying */
    bool template_metadata_from;     /* templateFrom with target Labels or Annotations */
    bool immutable;
    bool deleting;
    struct marks marks;          /* the ExternalSecret's own */
    struct marks template_marks; /* of spec.target.template.metadata */
};

/* As application_parse(). Every served version has the same spec.target (reference 1.2). */
bool external_secret_parse(json_t *object, struct str namespace, struct str name,
                           struct external_secret **out, struct err *err) MUST_CHECK;
void external_secret_free(struct external_secret *es); /* NULL is fine */
void external_secret_freep(struct external_secret **es);

/* Merge, Orphan or CreateOrMerge: the target gets no ownerReference (reference 2.2). */
bool external_secret_leaves_unowned(const struct external_secret *es);
/* The marks the target Secret gets from this object: the template's when there is one, else its
 * own (reference 3.2). */
const struct marks *external_secret_effective_marks(const struct external_secret *es);
