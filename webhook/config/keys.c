#include "config/keys.h"
#include "base/attr.h"
#include "config/values.h"
#include "objects/names.h"
#include <stdlib.h>

#define SECOND ((uint64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define MIB ((uint64_t)1024 * 1024)

/* Each is an exception that somebody remembers; all are looked through for every finding. */
enum { EXEMPTIONS_MAX = 1000 };
/* A file a kind and namespace; all are read again whenever one changes. */
enum { SNAPSHOTS_MAX = 100 };
/* Each is compared with each name of a certificate, once a connection. */
enum { CLIENT_NAMES_MAX = 64 };
/* A sentence, which every message that it lets through carries. */
enum { REASON_MAX_BYTES = 200 };

/* The rows write through offsets: an enumeration and an unsigned must look the same there. */
_Static_assert(sizeof(enum rule_mode) == sizeof(unsigned), "choices are kept as unsigned");
_Static_assert(sizeof(enum undecided_mode) == sizeof(unsigned), "choices are kept as unsigned");
_Static_assert(sizeof(enum tracking_setting) == sizeof(unsigned), "choices are kept as unsigned");
_Static_assert(sizeof(enum rule_id) == sizeof(unsigned), "choices are kept as unsigned");

static const struct choice tls_versions[] = {{.name = "1.2", .value = false},
                                             {.name = "1.3", .value = true}};
static const struct choice modes[] = {
    {.name = "deny", .value = MODE_DENY},
    {.name = "warn", .value = MODE_WARN},
    {.name = "off", .value = MODE_OFF},
};
static const struct choice warning_modes[] = {
    {.name = "warn", .value = MODE_WARN},
    {.name = "off", .value = MODE_OFF},
};
static const struct choice undecided[] = {
    {.name = "deny", .value = UNDECIDED_DENY},
    {.name = "warn", .value = UNDECIDED_WARN},
    {.name = "allow", .value = UNDECIDED_ALLOW},
};
static const struct choice warning_undecided[] = {
    {.name = "warn", .value = UNDECIDED_WARN},
    {.name = "allow", .value = UNDECIDED_ALLOW},
};
static const struct choice tracking[] = {
    {.name = "auto", .value = TRACKING_SETTING_AUTO},
    {.name = "label", .value = TRACKING_SETTING_LABEL},
    {.name = "annotation", .value = TRACKING_SETTING_ANNOTATION},
    {.name = "annotation+label", .value = TRACKING_SETTING_ANNOTATION_AND_LABEL},
};
static const struct choice rule_ids[] = {
    {.name = "self-reference", .value = RULE_SELF_REFERENCE},
    {.name = "self-prune", .value = RULE_SELF_PRUNE},
    {.name = "merge-on-pruned-target", .value = RULE_MERGE_ON_PRUNED_TARGET},
    {.name = "protected-secret-prune", .value = RULE_PROTECTED_SECRET_PRUNE},
};
static const struct choice cluster_sources[] = {
    {.name = "auto"},
    {.name = "none"},
    {.name = "in-cluster", .not_yet = true},
};
/* What syncguard would ask an API server for. A snapshot is somebody else's answer: the metadata of
 * the Secrets in it is read under both. */
static const struct choice cluster_secrets[] = {
    {.name = "none"},
    {.name = "metadata"},
};

static bool is_application_namespace(struct str text)
{
    return str_is(text, "*") || names_is_label(text);
}

static bool is_given(struct str text)
{
    return text.n > 0;
}

static bool is_reason(struct str text)
{
    return str_trim(text).n > 0 && text.n <= REASON_MAX_BYTES;
}

/* All that protected-secret-prune finds is about protected Secrets, where no annotation counts. */
static bool is_rule_for_annotations(struct str text)
{
    enum rule_id rule;

    return rule_id_find(text, &rule) && rule != RULE_PROTECTED_SECRET_PRUNE;
}

static void drop_protected(struct settings *s)
{
    for (size_t i = 0; i < s->n_protected; i++) {
        free(s->protected_secrets[i].namespace);
        free(s->protected_secrets[i].name);
    }
    free(s->protected_secrets);
    s->protected_secrets = NULL;
    s->n_protected = 0;
}

#define AT(member) .offset = offsetof(struct settings, member)
#define IN_REPOSITORY(member) .offset = offsetof(struct repository_settings, member)
#define IN_PROTECTED(member) .offset = offsetof(struct protected_secret, member)
#define IN_EXEMPTION(member) .offset = offsetof(struct exemption, member)
#define CHOICES(rows) .choices = (rows), .n_choices = ARRAY_LEN(rows)
#define WANTED_ADDRESS "host:port, such as 0.0.0.0:8443 or [::1]:8443 (port 0 takes a free one)"
#define WANTED_MODE "deny, warn or off"
#define WANTED_UNDECIDED "deny, warn or allow"
#define WANTED_NAMESPACE "the name of a namespace"

#define RULE_ROWS(name, id)                                                                        \
    {.path = "rules." name, .type = KEY_MAP},                                                      \
        {.path = "rules." name ".mode",                                                            \
         .type = KEY_CHOICE,                                                                       \
         .wanted = WANTED_MODE,                                                                    \
         CHOICES(modes),                                                                           \
         AT(rules[id].mode)},                                                                      \
    {                                                                                              \
        .path = "rules." name ".undecided", .type = KEY_CHOICE, .wanted = WANTED_UNDECIDED,        \
        CHOICES(undecided), AT(rules[id].undecided)                                                \
    }

/* Design 5, in its order. */
static const struct key keys[] = {
    {.path = "listen",
     .type = KEY_TEXT,
     .at_start = true,
     .wanted = WANTED_ADDRESS,
     .check = value_is_address,
     AT(listen)},
    {.path = "admin",
     .type = KEY_TEXT,
     .at_start = true,
     .wanted = WANTED_ADDRESS,
     .check = value_is_address,
     AT(admin)},

    {.path = "tls", .type = KEY_MAP},
    {.path = "tls.certificate", .type = KEY_PATH, .wanted = "a file", AT(tls.certificate)},
    {.path = "tls.key", .type = KEY_PATH, .wanted = "a file", AT(tls.key)},
    {.path = "tls.minVersion",
     .type = KEY_CHOICE,
     .at_start = true,
     .wanted = "\"1.2\" or \"1.3\", in quotes",
     CHOICES(tls_versions),
     .as_bool = true,
     AT(tls.tls13_only)},
    {.path = "tls.names",
     .type = KEY_TEXTS,
     .wanted = "DNS names or IP addresses",
     AT(tls.names),
     .count_offset = offsetof(struct settings, tls.n_names)},
    {.path = "tls.clientCA",
     .type = KEY_PATH,
     .wanted = "a file, or \"\"",
     .may_be_empty = true,
     AT(tls.client_ca)},
    {.path = "tls.clientNames",
     .type = KEY_TEXTS,
     .wanted = "names that client certificates bear",
     .max = CLIENT_NAMES_MAX,
     .check = is_given,
     AT(tls.client_names),
     .count_offset = offsetof(struct settings, tls.n_client_names)},

    {.path = "argocd", .type = KEY_MAP},
    {.path = "argocd.namespace",
     .type = KEY_TEXT,
     .wanted = WANTED_NAMESPACE,
     .check = names_is_label,
     AT(argocd.namespace)},
    {.path = "argocd.applicationNamespaces",
     .type = KEY_TEXTS,
     .wanted = "names of namespaces, or \"*\" for all (other patterns are not supported yet)",
     .check = is_application_namespace,
     AT(argocd.application_namespaces),
     .count_offset = offsetof(struct settings, argocd.n_application_namespaces)},
    {.path = "argocd.thisCluster",
     .type = KEY_TEXTS,
     .wanted = "names or URLs of this cluster",
     .check = is_given,
     AT(argocd.this_cluster),
     .count_offset = offsetof(struct settings, argocd.n_this_cluster)},
    {.path = "argocd.version",
     .type = KEY_TEXT,
     .wanted = "a version such as \"2.10\" or \"v3.1.4\", in quotes",
     .check = value_is_version,
     .may_be_empty = true,
     AT(argocd.version)},
    {.path = "argocd.tracking",
     .type = KEY_CHOICE,
     .wanted = "auto, label, annotation or annotation+label",
     CHOICES(tracking),
     AT(argocd.tracking)},
    {.path = "argocd.instanceLabelKey",
     .type = KEY_TEXT,
     .wanted = "auto or a label key such as app.kubernetes.io/instance",
     .check = value_is_label_key,
     .automatic = "auto",
     AT(argocd.instance_label_key)},
    {.path = "argocd.installationID",
     .type = KEY_TEXT,
     .wanted = "a text",
     .may_be_empty = true,
     AT(argocd.installation_id)},

    {.path = "cluster", .type = KEY_MAP},
    {.path = "cluster.source",
     .type = KEY_CHOICE,
     .wanted = "auto, none or {snapshot: [FILE]}",
     CHOICES(cluster_sources),
     .or_map = true,
     .offset = KEY_NOWHERE},
    {.path = "cluster.source.kubeconfig",
     .type = KEY_PATH,
     .wanted = "\"\"",
     .not_yet = true,
     .may_be_empty = true},
    {.path = "cluster.source.snapshot",
     .type = KEY_PATHS,
     .wanted = "a list of at least one file, as kubectl get -o json writes them",
     .max = SNAPSHOTS_MAX,
     AT(cluster.snapshots),
     .count_offset = offsetof(struct settings, cluster.n_snapshots)},
    {.path = "cluster.secrets",
     .type = KEY_CHOICE,
     .wanted = "none or metadata",
     CHOICES(cluster_secrets),
     .offset = KEY_NOWHERE},

    {.path = "repositories",
     .type = KEY_ITEMS,
     AT(repositories),
     .count_offset = offsetof(struct settings, n_repositories),
     .item_size = sizeof(struct repository_settings)},
    {.path = "repositories[].url",
     .type = KEY_TEXT,
     .wanted = "the URL Applications write",
     .check = is_given,
     .required = true,
     IN_REPOSITORY(url)},
    {.path = "repositories[].aliases",
     .type = KEY_TEXTS,
     .wanted = "other URLs of the same repository",
     .check = is_given,
     IN_REPOSITORY(aliases),
     .count_offset = offsetof(struct repository_settings, n_aliases)},
    {.path = "repositories[].path",
     .type = KEY_PATH,
     .wanted = "a directory",
     .required = true,
     IN_REPOSITORY(path)},
    {.path = "repositories[].fresh",
     .type = KEY_DURATION,
     .wanted = "a duration from 0s to 168h, such as 5m",
     .max = 168 * HOUR,
     IN_REPOSITORY(fresh_ms)},
    {.path = "repositories[].heartbeat",
     .type = KEY_PATH,
     .wanted = "a file, or \"\"",
     .may_be_empty = true,
     IN_REPOSITORY(heartbeat)},

    {.path = "protected",
     .type = KEY_ITEMS,
     AT(protected_secrets),
     .count_offset = offsetof(struct settings, n_protected),
     .item_size = sizeof(struct protected_secret),
     .drop = drop_protected},
    {.path = "protected[].namespace",
     .type = KEY_TEXT,
     .wanted = WANTED_NAMESPACE,
     .check = names_is_label,
     .required = true,
     IN_PROTECTED(namespace)},
    {.path = "protected[].name",
     .type = KEY_TEXT,
     .wanted = "the name of a Secret",
     .check = names_is_subdomain,
     .required = true,
     IN_PROTECTED(name)},

    {.path = "enforce", .type = KEY_BOOL, AT(enforce)},

    {.path = "rules", .type = KEY_MAP},
    RULE_ROWS("self-reference", RULE_SELF_REFERENCE),
    {.path = "rules.self-prune", .type = KEY_MAP},
    {.path = "rules.self-prune.mode",
     .type = KEY_CHOICE,
     .wanted = "warn or off (this rule never denies)",
     CHOICES(warning_modes),
     AT(rules[RULE_SELF_PRUNE].mode)},
    {.path = "rules.self-prune.undecided",
     .type = KEY_CHOICE,
     .wanted = "warn or allow (this rule never denies)",
     CHOICES(warning_undecided),
     AT(rules[RULE_SELF_PRUNE].undecided)},
    RULE_ROWS("merge-on-pruned-target", RULE_MERGE_ON_PRUNED_TARGET),
    {.path = "rules.merge-on-pruned-target.undecidedProtected",
     .type = KEY_CHOICE,
     .wanted = WANTED_UNDECIDED,
     CHOICES(undecided),
     AT(rules[RULE_MERGE_ON_PRUNED_TARGET].undecided_protected)},
    RULE_ROWS("protected-secret-prune", RULE_PROTECTED_SECRET_PRUNE),

    {.path = "exemptions", .type = KEY_MAP},
    {.path = "exemptions.list",
     .type = KEY_ITEMS,
     .max = EXEMPTIONS_MAX,
     AT(exemptions),
     .count_offset = offsetof(struct settings, n_exemptions),
     .item_size = sizeof(struct exemption)},
    {.path = "exemptions.list[].rule",
     .type = KEY_CHOICE,
     .wanted = "self-reference, self-prune, merge-on-pruned-target or protected-secret-prune",
     CHOICES(rule_ids),
     .required = true,
     IN_EXEMPTION(rule)},
    {.path = "exemptions.list[].namespace",
     .type = KEY_TEXT,
     .wanted = WANTED_NAMESPACE " (no pattern)",
     .check = names_is_label,
     .required = true,
     IN_EXEMPTION(namespace)},
    {.path = "exemptions.list[].name",
     .type = KEY_TEXT,
     .wanted = "the name of an Application or ExternalSecret (no pattern)",
     .check = names_is_subdomain,
     .required = true,
     IN_EXEMPTION(name)},
    {.path = "exemptions.list[].reason",
     .type = KEY_TEXT,
     .wanted = "why, in at most 200 bytes",
     .check = is_reason,
     .required = true,
     IN_EXEMPTION(reason)},
    {.path = "exemptions.list[].expires",
     .type = KEY_EXPIRY,
     .wanted = "a day such as 2027-06-30 (its end in UTC) or a time such as 2027-06-30T18:00:00Z",
     IN_EXEMPTION(expires)},
    {.path = "exemptions.annotation", .type = KEY_MAP},
    {.path = "exemptions.annotation.rules",
     .type = KEY_TEXTS,
     .wanted = "self-reference, self-prune or merge-on-pruned-target (no annotation exempts from "
               "protected-secret-prune)",
     .check = is_rule_for_annotations,
     AT(exempt_annotation.rules),
     .count_offset = offsetof(struct settings, exempt_annotation.n_rules)},
    {.path = "exemptions.annotation.namespaces",
     .type = KEY_TEXTS,
     .wanted = "names of namespaces (no pattern)",
     .check = names_is_label,
     AT(exempt_annotation.namespaces),
     .count_offset = offsetof(struct settings, exempt_annotation.n_namespaces)},

    {.path = "log", .type = KEY_MAP},
    {.path = "log.allowed", .type = KEY_BOOL, AT(log_allowed)},

    {.path = "limits", .type = KEY_MAP},
    /* Above 32 MiB a body could not be thrown away within its deadline (design 6). */
    {.path = "limits.body",
     .type = KEY_SIZE,
     .at_start = true,
     .wanted = "a size from 1KiB to 32MiB, such as 8MiB",
     .min = 1024,
     .max = 32 * MIB,
     AT(limits.body_bytes)},
    {.path = "limits.connections",
     .type = KEY_COUNT,
     .at_start = true,
     .wanted = "a whole number from 1 to 65536",
     .min = 1,
     .max = 65536,
     AT(limits.connections)},
    /* The API server waits 30 s at most (timeoutSeconds). */
    {.path = "limits.requestTimeout",
     .type = KEY_DURATION,
     .at_start = true,
     .wanted = "a duration from 100ms to 30s, such as 10s",
     .min = 100,
     .max = 30 * SECOND,
     AT(limits.request_timeout_ms)},
    {.path = "limits.idleTimeout",
     .type = KEY_DURATION,
     .at_start = true,
     .wanted = "a duration from 1s to 1h, such as 2m",
     .min = SECOND,
     .max = 60 * MINUTE,
     AT(limits.idle_timeout_ms)},
    {.path = "limits.drainDelay",
     .type = KEY_DURATION,
     .at_start = true,
     .wanted = "a duration from 0s to 10m, such as 5s",
     .max = 10 * MINUTE,
     AT(limits.drain_delay_ms)},
    {.path = "limits.drain",
     .type = KEY_DURATION,
     .at_start = true,
     .wanted = "a duration from 0s to 10m, such as 15s",
     .max = 10 * MINUTE,
     AT(limits.drain_ms)},
};

const struct key *keys_table(size_t *n)
{
    *n = ARRAY_LEN(keys);
    return keys;
}
