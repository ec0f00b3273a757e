/* select.h: what is kept of an object: the fields that rules read. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "cluster/cluster.h"

/* False when objects of that kind are not looked at. version: "argoproj.io/v1alpha1". */
bool select_kind(struct str version, struct str kind, enum cluster_kind *out) MUST_CHECK;
/* Whether rules ask for the object: of ConfigMaps, argocd-cm alone. */
bool select_wants(enum cluster_kind kind, struct str name);
bool select_is_namespaced(enum cluster_kind kind);

/*
 * The fields that struct cluster_object promises, shared with `object`; owned by the caller. What
 * has another type than expected is kept as it is, so that select_check() refuses it.
 */
json_t *select_fields(enum cluster_kind kind, const json_t *object);
/*
 * Whether the fields of what select_fields() made have the types that rules read.
 * Fails with ERR_INPUT or ERR_LIMIT, `what` naming the field but nothing of its content.
 */
bool select_check(enum cluster_kind kind, json_t *fields, struct err *err) MUST_CHECK;
