/* fixture.h: snapshots as short texts, and what was made of them as others. */
#pragma once
#include "cluster/cluster.h"
#include <stdint.h>

/* What every test's file is called. */
#define FILE_NAME "s.json"

#define API_APPLICATION "\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\""
#define API_PROJECT "\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"AppProject\""
#define API_EXTERNAL "\"apiVersion\":\"external-secrets.io/v1\",\"kind\":\"ExternalSecret\""
#define API_CLUSTER_EXTERNAL                                                                       \
    "\"apiVersion\":\"external-secrets.io/v1\",\"kind\":\"ClusterExternalSecret\""
#define API_CONFIG_MAP "\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\""
#define API_SECRET "\"apiVersion\":\"v1\",\"kind\":\"Secret\""
#define LIST(items) "{\"apiVersion\":\"v1\",\"items\":[" items "],\"kind\":\"List\"}"
#define META(namespace, name) "\"metadata\":{\"namespace\":\"" namespace "\",\"name\":\"" name "\"}"
#define META_VERSION(namespace, name, version)                                                     \
    "\"metadata\":{\"namespace\":\"" namespace "\",\"name\":\"" name                               \
                                               "\",\"resourceVersion\":\"" version "\"}"

struct cluster *cluster_of(const char *text);
/* Every note as "where: text", a line each. */
void assert_notes(const struct cluster *c, const char *wanted);
/* The objects of a kind as "namespace/name", blanks between them. */
void assert_objects(const struct cluster *c, enum cluster_kind kind, const char *wanted);
/* The kinds that are complete by name, blanks between them. */
void assert_complete(const struct cluster *c, const char *wanted);
/* The only object of the kind, as JSON with sorted keys. */
void assert_kept(const struct cluster *c, enum cluster_kind kind, const char *wanted);
/* Everything that is kept or noted, as one text; freed by the caller. */
char *everything(const struct cluster *c);
