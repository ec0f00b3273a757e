/* settings.h: every setting of the program as plain values. */
#pragma once
#include "base/attr.h"
#include "base/digest.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rule_mode { MODE_DENY, MODE_WARN, MODE_OFF };
enum undecided_mode { UNDECIDED_DENY, UNDECIDED_WARN, UNDECIDED_ALLOW };
enum tracking_setting {
    TRACKING_SETTING_AUTO,
    TRACKING_SETTING_LABEL,
    TRACKING_SETTING_ANNOTATION,
    TRACKING_SETTING_ANNOTATION_AND_LABEL,
};
/* One per rule, in the order of the rule table; settings.c holds the ids. */
enum rule_id {
    RULE_SELF_REFERENCE,
    RULE_SELF_PRUNE,
    RULE_MERGE_ON_PRUNED_TARGET,
    RULE_PROTECTED_SECRET_PRUNE,
    N_RULES,
};
const char *rule_id_name(enum rule_id id); /* "self-reference", … */
/* False when no rule has that name. */
bool rule_id_find(struct str name, enum rule_id *out) MUST_CHECK;

struct rule_settings {
    enum rule_mode mode;
    enum undecided_mode undecided;
    enum undecided_mode undecided_protected; /* merge-on-pruned-target only */
};

struct repository_settings {
    char *url;
    char **aliases;
    size_t n_aliases;
    char *path;          /* absolute, or relative to the working directory: already resolved */
    char *revision;      /* of the Git repository at `path`; NULL: the files as they lie there */
    bool stands_for_all; /* what is at `path` stands for every revision, also where it is Git's */
    /* A denial that rests on what was fetched longer ago than this is undecided (design 3.6);
     * 0: whatever is there is trusted. */
    unsigned fresh_ms;
    char *heartbeat; /* a file that the clone's keeper touches after each fetch; NULL or "": none */
};

struct protected_secret {
    char *namespace;
    char *name;
};

/* When something ends; text is NULL where it never does. */
struct expiry {
    char *text; /* as it was written: "2027-06-30" */
    int64_t at; /* Unix seconds: the first second at which it has ended */
};

/* Exact names: a pattern would exempt what does not exist yet. */
struct exemption {
    enum rule_id rule;
    char *namespace;
    char *name;
    char *reason;
    struct expiry expires;
};

/* After the listener was closed, kept connections get this long to send a request and learn from
 * its answer that the connection ends; limits.drain is at least this much longer than drainDelay.
 * Stopping at once cost 9 of 25 an EOF (design 6). */
enum { DRAIN_LEAVE_MS = 2000 };

/* A duration in milliseconds, a size in bytes. */
struct limits {
    size_t body_bytes;
    unsigned connections;
    unsigned request_timeout_ms;
    unsigned idle_timeout_ms;
    unsigned drain_delay_ms;
    unsigned drain_ms;
};

struct settings_owner;

/* Once read they do not change; a reload makes others. Shared by reference count. */
struct settings {
    struct settings_owner *owner; /* counts the references */
    char digest[DIGEST_HEX_MAX];  /* of the text they were read from; "" for the defaults */
    char *listen;                 /* host:port */
    char *admin;
    struct {
        char *certificate;
        char *key;
        bool tls13_only; /* minVersion "1.3" */
        char **names;    /* what the certificate has to be for; none: anything */
        size_t n_names;
        char *client_ca;     /* "": whoever reaches us may call */
        char **client_names; /* whose certificates count; at least one where there is a CA */
        size_t n_client_names;
    } tls;
    struct {
        char *namespace;
        char **application_namespaces; /* glob-free names; "*" is all */
        size_t n_application_namespaces;
        char **this_cluster; /* names or URLs */
        size_t n_this_cluster;
        char *version; /* "" when not known */
        enum tracking_setting tracking;
        char *instance_label_key; /* "" for auto */
        char *installation_id;
    } argocd;
    struct {
        char **snapshots; /* files of live objects, already resolved; none: nothing is known */
        size_t n_snapshots;
    } cluster;
    struct repository_settings *repositories;
    size_t n_repositories;
    struct protected_secret *protected_secrets;
    size_t n_protected;
    bool enforce;
    struct rule_settings rules[N_RULES];
    struct exemption *exemptions;
    size_t n_exemptions;
    struct {
        char **rules; /* ids */
        size_t n_rules;
        char **namespaces; /* exact names */
        size_t n_namespaces;
    } exempt_annotation; /* where the author of an object may exempt it by an annotation */
    bool log_allowed;
    struct limits limits;
};

/* The defaults of design 5, with one reference, which settings_free() gives back. */
struct settings *settings_new(void);
const struct settings *settings_ref(const struct settings *s);
void settings_free(const struct settings *s); /* the last one frees; NULL is fine */
void settings_freep(struct settings **s);
/* Both copy their arguments. */
void settings_add_repository(struct settings *s, struct str url, struct str path);
bool settings_is_protected(const struct settings *s, struct str namespace, struct str name);
/* Whether exemptions.annotation lists the rule, the namespace. */
bool settings_annotation_lists_rule(const struct settings *s, enum rule_id rule);
bool settings_annotation_lists_namespace(const struct settings *s, struct str namespace);
