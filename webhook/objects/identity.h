/* identity.h: what makes two Kubernetes objects the same one. */
#pragma once
#include "base/str.h"
#include <jansson.h>

#define GROUP_ARGOPROJ "argoproj.io"
#define GROUP_EXTERNAL_SECRETS "external-secrets.io"

/*
 * Group, kind, namespace and name; the version is not compared (reference/argocd.md 3).
 * `group` is "" for the core group; `namespace` is "" where none is given.
 */
struct identity {
    struct str group;
    struct str kind;
    struct str namespace;
    struct str name;
};

/* Reads apiVersion, kind, metadata.namespace, metadata.name; views into `object`. False when kind
 * or a usable (string, non-empty) name is missing. */
bool identity_read(const json_t *object, struct identity *out);
bool identity_eq(const struct identity *a, const struct identity *b);
/* An order over identities: group, kind, namespace, name. Below, equal to or above 0 as strcmp().
 */
int identity_cmp(const struct identity *a, const struct identity *b);
bool identity_is_kind(const struct identity *id, const char *group, const char *kind);
