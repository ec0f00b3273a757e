#include "config/settings.h"
#include "base/attr.h"
#include "base/mem.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Beside the settings, so that whoever may only read them can share them. */
struct settings_owner {
    atomic_uint references;
    struct settings *settings;
};

static const char *const rule_names[N_RULES] = {
    [RULE_SELF_REFERENCE] = "self-reference",
    [RULE_SELF_PRUNE] = "self-prune",
    [RULE_MERGE_ON_PRUNED_TARGET] = "merge-on-pruned-target",
    [RULE_PROTECTED_SECRET_PRUNE] = "protected-secret-prune",
};

/* Design 3 and 5. A rule without a default row here would deny. */
static const struct rule_settings rule_defaults[N_RULES] = {
    [RULE_SELF_REFERENCE] = {MODE_DENY, UNDECIDED_WARN, UNDECIDED_WARN},
    [RULE_SELF_PRUNE] = {MODE_WARN, UNDECIDED_WARN, UNDECIDED_WARN},
    [RULE_MERGE_ON_PRUNED_TARGET] = {MODE_DENY, UNDECIDED_WARN, UNDECIDED_DENY},
    [RULE_PROTECTED_SECRET_PRUNE] = {MODE_DENY, UNDECIDED_WARN, UNDECIDED_WARN},
};

static const struct limits limit_defaults = {
    .body_bytes = (size_t)8 * 1024 * 1024, /* etcd takes 1.5 MiB; object and oldObject, escaped */
    .connections = 512,
    .request_timeout_ms = 10 * 1000, /* the API server's own default for webhooks */
    .idle_timeout_ms = 120 * 1000,   /* above the API server's 90 s, so it closes first */
    .drain_delay_ms = 5 * 1000,
    .drain_ms = 15 * 1000,
};

const char *rule_id_name(enum rule_id id)
{
    return (unsigned)id < N_RULES ? rule_names[id] : "unknown-rule";
}

bool rule_id_find(struct str name, enum rule_id *out)
{
    for (unsigned i = 0; i < N_RULES; i++)
        if (str_is(name, rule_names[i])) {
            *out = (enum rule_id)i;
            return true;
        }
    return false;
}

static char **one_text(const char *text)
{
    char **list = xcalloc(1, sizeof *list);

    list[0] = xstrdup(text);
    return list;
}

struct settings *settings_new(void)
{
    struct settings *s = xcalloc(1, sizeof *s);

    s->owner = xcalloc(1, sizeof *s->owner);
    s->owner->settings = s;
    atomic_init(&s->owner->references, 1);
    s->listen = xstrdup("0.0.0.0:8443");
    s->admin = xstrdup("127.0.0.1:8080");
    s->tls.certificate = xstrdup("tls.crt");
    s->tls.key = xstrdup("tls.key");
    s->tls.client_ca = xstrdup("");
    s->argocd.namespace = xstrdup("argocd");
    s->argocd.application_namespaces = one_text("*");
    s->argocd.n_application_namespaces = 1;
    s->argocd.version = xstrdup("");
    s->argocd.tracking = TRACKING_SETTING_AUTO;
    s->argocd.instance_label_key = xstrdup("");
    s->argocd.installation_id = xstrdup("");
    s->protected_secrets = xcalloc(1, sizeof *s->protected_secrets);
    s->protected_secrets[0].namespace = xstrdup("argocd");
    s->protected_secrets[0].name = xstrdup("argocd-secret");
    s->n_protected = 1;
    s->enforce = true;
    memcpy(s->rules, rule_defaults, sizeof s->rules);
    s->limits = limit_defaults;
    return s;
}

static void free_texts(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static void destroy(struct settings *s)
{
    free(s->listen);
    free(s->admin);
    free(s->tls.certificate);
    free(s->tls.key);
    free(s->argocd.namespace);
    free_texts(s->argocd.application_namespaces, s->argocd.n_application_namespaces);
    free_texts(s->tls.names, s->tls.n_names);
    free(s->tls.client_ca);
    free_texts(s->tls.client_names, s->tls.n_client_names);
    free_texts(s->argocd.this_cluster, s->argocd.n_this_cluster);
    free(s->argocd.version);
    free(s->argocd.instance_label_key);
    free(s->argocd.installation_id);
    free_texts(s->cluster.snapshots, s->cluster.n_snapshots);
    for (size_t i = 0; i < s->n_repositories; i++) {
        free(s->repositories[i].url);
        free_texts(s->repositories[i].aliases, s->repositories[i].n_aliases);
        free(s->repositories[i].path);
        free(s->repositories[i].revision);
        free(s->repositories[i].heartbeat);
    }
    free(s->repositories);
    for (size_t i = 0; i < s->n_protected; i++) {
        free(s->protected_secrets[i].namespace);
        free(s->protected_secrets[i].name);
    }
    free(s->protected_secrets);
    for (size_t i = 0; i < s->n_exemptions; i++) {
        free(s->exemptions[i].namespace);
        free(s->exemptions[i].name);
        free(s->exemptions[i].reason);
        free(s->exemptions[i].expires.text);
    }
    free(s->exemptions);
    free_texts(s->exempt_annotation.rules, s->exempt_annotation.n_rules);
    free_texts(s->exempt_annotation.namespaces, s->exempt_annotation.n_namespaces);
    free(s->owner);
    free(s);
}

const struct settings *settings_ref(const struct settings *s)
{
    (void)atomic_fetch_add_explicit(&s->owner->references, 1, memory_order_relaxed);
    return s;
}

void settings_free(const struct settings *s)
{
    if (s && atomic_fetch_sub_explicit(&s->owner->references, 1, memory_order_acq_rel) == 1)
        destroy(s->owner->settings);
}

void settings_freep(struct settings **s)
{
    settings_free(*s);
}

void settings_add_repository(struct settings *s, struct str url, struct str path)
{
    /* One more at a time: repositories are few, named by hand. */
    s->repositories = xrealloc(s->repositories, (s->n_repositories + 1) * sizeof *s->repositories);
    s->repositories[s->n_repositories++] = (struct repository_settings){
        .url = xstrndup(url),
        .path = xstrndup(path),
    };
}

bool settings_is_protected(const struct settings *s, struct str namespace, struct str name)
{
    for (size_t i = 0; i < s->n_protected; i++)
        if (str_is(namespace, s->protected_secrets[i].namespace) &&
            str_is(name, s->protected_secrets[i].name))
            return true;
    return false;
}

static bool holds(char *const *list, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(text, list[i]))
            return true;
    return false;
}

bool settings_annotation_lists_rule(const struct settings *s, enum rule_id rule)
{
    return holds(s->exempt_annotation.rules, s->exempt_annotation.n_rules,
                 str_from(rule_id_name(rule)));
}

bool settings_annotation_lists_namespace(const struct settings *s, struct str namespace)
{
    return holds(s->exempt_annotation.namespaces, s->exempt_annotation.n_namespaces, namespace);
}
