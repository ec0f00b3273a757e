/* internal.h: the inside of struct facts, for the files of this room only. */
#pragma once
#include "cluster/cluster.h"
#include "facts/facts.h"
#include "facts/set_expansion.h"
#include "facts/wishes.h"
#include <stdatomic.h>

/* An index that several generations of facts may hold; it is immutable. */
struct shared_repository {
    atomic_uint references;
    struct repository *repository;
};

/* The same of what was seen of the cluster. */
struct shared_cluster {
    atomic_uint references;
    struct cluster *cluster;
};

/* What a path looked like when it could not be read: another look is worth while once it differs.
 */
struct probe {
    int error;
    uint64_t device;
    uint64_t inode;
    int64_t changed_s;
    int64_t changed_ns;
};

/* One name of a Git repository, resolved. */
struct revision_fact {
    struct wish wish;
    struct shared_repository *shared; /* NULL: not read, and `why` says why */
    char *why;
    int64_t seen_at; /* Unix seconds at which the name last led there; 0: it leads nowhere */
    bool kept;       /* it cannot be resolved or read now, and `shared` is what it led to */
};

/* When the keeper of a clone last fetched, Unix seconds; 0: not known. Looked at between loads, and
 * no part of what facts say otherwise. */
struct fetched {
    atomic_uint references;
    _Atomic int64_t at;
};

struct repository_fact {
    /* What stands for every revision, or the remote's HEAD; NULL: not loaded. */
    struct shared_repository *shared;
    int64_t seen_at;    /* Unix seconds; 0 never */
    bool kept;          /* cannot be read now; held as it was */
    struct probe probe; /* when it could not be read */
    /* A Git repository that is read at the revisions which sources name. */
    bool is_exact;
    uint64_t signature; /* of its references, when they were resolved */
    struct revision_fact *revisions;
    size_t n_revisions;
    struct fetched *fetched;
};

struct cluster_fact {
    struct shared_cluster *shared; /* NULL: none configured, or not read yet */
    int64_t seen_at;               /* Unix seconds at which all of it was read; 0 never */
    /* Not all of it can be read now: this is what was whole before, and `failed` how it looks. */
    struct shared_cluster *failed;
};

struct application_fact {
    struct known_application known;
    struct application *app; /* owned; `known` borrows both */
    struct output *output;
    char *instance; /* what Argo CD calls it */
};

struct set_fact {
    struct known_set known;
    struct application_set *set; /* owned; `known` borrows it */
    char *why;                   /* the same */
};

struct made_fact {
    struct made_application made;
    struct application *app; /* owned; `made` borrows it */
    bool is_looked_at;       /* whether it is to be a known Application */
};

/* Something known under a text; sorted by it, then in the order it was found. */
struct named {
    struct str name;
    const void *item;
    size_t order;
};

struct external_secret_fact {
    struct known_external_secret known;
    struct external_secret *es; /* owned; `known` borrows it */
    struct identity target;     /* the Secret it writes to; name empty: none */
    size_t order;               /* in which it was found */
};

struct facts {
    atomic_uint references;
    const struct settings *settings;
    struct repository_fact *repositories; /* as many as settings->n_repositories */
    struct cluster_fact cluster;
    struct git_memo *memo; /* of packs; shared likewise */
    struct wishes *wishes; /* shared with the facts before and after these */
    bool parse_all;        /* facts_options */
    bool exact_revisions;  /* Git repositories are read at the revisions that sources name */
    bool loading;          /* not handed out yet: who asks is a known Application */
    bool starting;         /* nothing has been looked at yet */
    struct application_fact *applications;
    size_t n_kept_objects; /* of all their outputs together */
    size_t n_applications;
    size_t capacity_applications;
    struct facts_note *notes;
    size_t n_notes;
    size_t capacity_notes;
    struct tracking_facts tracking;
    struct argocd_cm *argocd_cm; /* owned; NULL: not known */

    /* Sorted, for searching. */
    struct renderer *renderers; /* by identity */
    size_t n_renderers;
    size_t capacity_renderers;
    bool skips;              /* some of them left files unparsed: facts_renderer_holds() */
    struct named *instances; /* struct known_application */
    size_t n_instances;
    struct external_secret_fact **by_target; /* by target */
    size_t n_by_target;
    struct named *marked; /* struct known_external_secret */
    size_t n_marked;
    size_t capacity_marked;

    /* ApplicationSets, and what they make; each stays where it is. */
    struct set_fact **sets;
    size_t n_sets;
    size_t capacity_sets;
    struct made_fact **made;
    size_t n_made;
    size_t capacity_made;
    struct expansion_budget budget;

    struct external_secret_fact **external_secrets;
    size_t n_external_secrets;
    size_t capacity_external_secrets;
    struct secret **secrets; /* in the order of the cluster's */
    size_t n_secrets;
};

/* load.c */
/* Reads the repository as `revision` has it (NULL: as configured). former: to share with. */
bool facts_read_repository(const struct facts *f, size_t index, const char *revision,
                           const struct repository_fact *former, int64_t now,
                           struct shared_repository **out, struct err *err) MUST_CHECK;
struct shared_repository *facts_share(struct shared_repository *s);
void facts_unshare(struct shared_repository *s); /* NULL is fine */

/* revisions.c: Git repositories at several revisions. */
/* Whether sources of it are looked up by revision. */
bool facts_is_exact(const struct facts *f, const struct repository_settings *s);
/* Fills f->repositories[index] from what is wished for. False when the repository cannot be read.
 */
bool facts_read_revisions(struct facts *f, const struct repository_fact *former, size_t index,
                          int64_t now, struct err *err) MUST_CHECK;
/* The same again, where nothing has moved and nothing new is wished for. */
void facts_copy_revisions(struct repository_fact *out, const struct repository_fact *from);
/* Whether a reference may lead elsewhere than it did, or what one led to was kept long enough. */
bool facts_revisions_moved(const struct facts *f, size_t index, int64_t now);
/* Notes the revisions that known Applications name, and there is no room for. */
void facts_note_refused(struct facts *f);
/* Sets fact->fetched, shared with the fact before it. */
void facts_watch_fetch(struct facts *f, const struct repository_fact *former, size_t index);
/* Notes when the keeper fetched last. */
void facts_look_at_fetch(const struct facts *f, size_t index);
void facts_clear_revisions(struct repository_fact *fact);
/* The index of the source's revision. NULL with *why, which the caller frees: it is not there, and
 * has been asked for. */
const struct repository *facts_at_revision(const struct facts *f, size_t index,
                                           const struct source *source, char **why);

/* facts.c: what it holds */
/* Takes over both texts. */
void facts_add_note(struct facts *f, char *where, char *text);
/* NULL where nothing was seen. */
const struct cluster *facts_cluster(const struct facts *f);

/* applications.c: fills f->applications, each rendered, from what is live and what is defined. */
void facts_find_applications(struct facts *f, bool definitions_apply);

/* output.c: facts_render(), but what rules do not ask for may be left unparsed. */
struct output *facts_render_known(const struct facts *f, const struct application *app);
/* Whether a source of it would fail to generate. */
bool output_would_fail(const struct output *o);
/* output.c: the content that the source's repository has at its revision. NULL with *why, a phrase
 * the caller frees. */
const struct repository *facts_find_content(const struct facts *f, const struct source *source,
                                            bool hydrated, char **why);

/* The kinds that rules ask for by identity; an index of everything would be mostly Deployments. */
bool facts_is_asked_for(const struct identity *id);
/* renderers.c: fills f->renderers and f->instances; to be called again when Applications go. */
void facts_index_applications(struct facts *f);
void facts_clear_index(struct facts *f);
/* Whether a verdict may rest on it: all that its Application renders is parsed now. */
bool facts_renderer_holds(const struct renderer *by);

/* Takes over `app`; the caller says where it comes from. Valid until the next one is added. */
struct known_application *facts_add_application(struct facts *f, struct application *app);
/* The Application becomes another object, of the same identity; the index is out of date then.
 * Takes over `app`. */
void facts_replace_application(struct facts *f, struct application_fact *fact,
                               struct application *app);
/* Whether something is known of that identity. */
bool facts_knows_application(const struct facts *f, const struct identity *id);

/* applications.c: finds is_kustomized of what is known and indexed. */
void facts_find_kustomized(struct facts *f);

/* What the rendered Application says: its manifest's object, or what a kustomization made of it;
 * NULL: not known. */
json_t *facts_rendered_object(const struct rendered *rendered);
/* Whether it says the same as the Application. */
bool facts_says(const struct rendered *rendered, const struct application *app);

/* effective.c */
/* Whether what the Application renders is certain, and lands in this cluster. */
bool facts_renders_here(const struct facts *f, const struct known_application *known);
/* Adds the Applications that only exist through another one: what known Applications
 * render under another name or namespace than is written, and what ApplicationSets make. */
void facts_add_effective(struct facts *f, bool definitions_apply);

/* application_sets.c: the ApplicationSets of the cluster, of what is rendered, and of files that
 * nobody is known to render. Whether there was one more. */
bool facts_find_live_sets(struct facts *f);
bool facts_find_rendered_sets(struct facts *f);
bool facts_find_defined_sets(struct facts *f);
void facts_clear_sets(struct facts *f);

/* tracking_method.c: fills f->argocd_cm and f->tracking (design 3.5). */
void facts_find_tracking(struct facts *f, bool assume_label);

/* live.c: fills the ExternalSecrets and Secrets and their lists. */
void facts_find_live(struct facts *f);
void facts_clear_live(struct facts *f);

/* search.c */
void facts_sort_named(struct named *list, size_t n);
/* The i-th of that name, NULL where there is none. */
const void *facts_find_named(const struct named *list, size_t n, struct str name, size_t i);
