/* facts.h: everything known about the world, immutable, and the questions rules may ask of it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/tri.h"
#include "config/settings.h"
#include "objects/application.h"
#include "objects/argocd_cm.h"
#include "objects/external_secret.h"
#include "objects/secret.h"
#include "objects/tracking.h"
#include "repository/repository.h"
#include <stdint.h>

/*
 * One state of settings, repositories and the cluster. Built by background work, never changed
 * afterwards, shared by reference count; judging only reads it.
 */
struct facts;

struct facts_options {
    const struct settings *settings; /* the facts take a reference of their own */
    bool assume_label_tracking;      /* `check`: a method that is not known is taken as label */
    /* `check`: what the repositories define counts as applied, before what is live; else what is
     * live counts, and a definition that is not live counts where something live renders it. */
    bool definitions_apply;
    /* The facts before these, or NULL: a repository that looks unchanged is shared with them, and
     * one that cannot be read now is kept as it was for FACTS_KEEP_SECONDS. Its settings may be
     * others: then that holds for the repositories that both name alike. */
    const struct facts *former;
    /* A Git repository is read at each revision that a source names; else its work tree, or its one
     * configured revision, stands for all of them. */
    bool exact_revisions;
    /* `check`, `explain`: parse every manifest of the repositories, to list and note them all. */
    bool parse_all;
    bool settings_alone; /* at start: nothing has been read yet, every question is not known */
};

/* How long a repository or snapshot that can no longer be read stands in for itself: a failing
 * mirror must not turn denials into guesses at once, nor freeze what is long gone. */
enum { FACTS_KEEP_SECONDS = 600 };

/* What could not be loaded, e.g. a repository whose directory is missing. */
struct facts_note {
    char *where; /* URL, path or file:line; without userinfo, escaped */
    char *text;
};

/*
 * Loads every repository and snapshot of the settings. Never fails: what cannot be read is a note,
 * and every question that needs it is not known. now: Unix seconds.
 * Returns with one reference, given back by facts_unref().
 */
struct facts *facts_load(const struct facts_options *options, int64_t now);
struct facts *facts_ref(struct facts *f); /* thread-safe */
void facts_unref(struct facts *f);        /* thread-safe; NULL is fine */
void facts_unrefp(struct facts **f);
/* Whether loading again would give other facts: a repository or snapshot looks different on disk,
 * or has been kept for long enough although it cannot be read. */
bool facts_changed(const struct facts *f, int64_t now);

/* The directories in which inotify(7) sees most of what facts_changed() would; of a plain directory
 * its top alone. The argument lives for the call. */
void facts_directories(const struct facts *f, void (*visit)(const char *directory, void *closure),
                       void *closure);

const struct settings *facts_settings(const struct facts *f);
size_t facts_n_repositories(const struct facts *f);
/* What stands for every revision, else what the remote's HEAD holds. NULL when it could not be
 * loaded; the index is that of settings.repositories. */
const struct repository *facts_repository(const struct facts *f, size_t index);
/* The revisions that were asked for, where each counts for itself; none where one stands for all.
 */
size_t facts_n_revisions(const struct facts *f, size_t index);
struct facts_revision {
    struct str name;                     /* as sources write it: "HEAD", "main", "1.x" */
    struct str tag_prefix;               /* of tags that a range is looked for among; "" is none */
    const struct repository *repository; /* NULL: it leads nowhere, or could not be read */
    const char *why;                     /* then */
};
struct facts_revision facts_revision_at(const struct facts *f, size_t index, size_t revision);
/* Whether a revision was asked for that has not been read: loading again would read it. */
bool facts_wants_more(const struct facts *f);
/* When loading last found that repository readable and as it is held; Unix seconds, 0 never. A poll
 * that finds nothing changed has seen it again: an unchanged repository is not an old one. */
int64_t facts_repository_seen_at(const struct facts *f, size_t index);
/* When its keeper last fetched into it (FETCH_HEAD, heartbeat); Unix seconds, 0: not known. */
int64_t facts_repository_fetched_at(const struct facts *f, size_t index);
/* The repository of the settings that this is a state of; their number where it is none. */
size_t facts_index_of(const struct facts *f, const struct repository *r);
/* Whether it is read at the revisions that sources name, which move. */
bool facts_is_moving(const struct facts *f, const struct repository *r);
/* Whether it is, and was fetched longer ago than repositories[].fresh allows (design 3.6). */
bool facts_is_stale(const struct facts *f, const struct repository *r, int64_t now);

size_t facts_n_notes(const struct facts *f);
const struct facts_note *facts_note_at(const struct facts *f, size_t index);

/*
 * The ways Argo CD may track its objects here: one when it is known, several to judge under when
 * it is not (a rule whose answers differ is undecided). why: what is missing, when n > 1.
 */
struct tracking_facts {
    struct tracking hypotheses[6];
    size_t n;
    bool assumed; /* `check` took label; messages say so */
    const char *why;
};
const struct tracking_facts *facts_tracking(const struct facts *f);

/* Whether the destination is the cluster this Argo CD runs in; NOT_KNOWN for any name or URL that
 * is not listed (reference/argocd.md 1.2). */
enum tri facts_is_this_cluster(const struct facts *f, const struct destination *d);
/* Whether this Argo CD is at least that version; NOT_KNOWN where argocd.version is not set. */
enum tri facts_version_at_least(const struct facts *f, unsigned major, unsigned minor);
/* The two numbers of argocd.version; false, and 0.0, where it is not set. */
bool facts_argocd_version(const struct facts *f, unsigned *major, unsigned *minor);
/* Whether Applications of that namespace are this Argo CD's. */
bool facts_is_application_namespace(const struct facts *f, struct str namespace);

/* What one effective source of an Application renders. */
struct source_output {
    const struct source *source;
    const struct repository *repository; /* NULL: not among the repositories */
    struct rendering *rendering;         /* NULL: not known, `why` says why */
    char *why;
    bool shared; /* the rendering belongs to an equal source before it */
    /* Of the chart argo-cd, or one in Git that depends on it: whether it makes Secret
     * argocd-secret, and where; STR_NONE for any other source, or where a value may change the
     * place. */
    enum tri makes_argocd_secret;
    struct str argocd_secret_namespace;
    bool annotates_argocd_secret; /* with more than is known here, such as Prune=false */
    struct rendering *by_values;  /* of a chart in no repository: what its values may make */
};
/* The rendering that a verdict may rest on, every file of it parsed; NULL where there is none. What
 * known Applications render leaves unparsed what rules do not ask for, and so `rendering` may hold
 * what would fail to generate. */
const struct rendering *source_rendering(const struct source_output *s);

/* What all of them render together. */
struct output {
    struct source_output *sources;
    size_t n;
    struct render_reference *references; /* what `ref` names among the sources; owned */
    size_t n_references;
};
/* How Argo CD asks for a source of the Application. instance: facts_instance_name(), borrowed. */
struct render_request facts_request(const struct facts *f, const struct application *app,
                                    const struct source *source, const char *instance);
/* Never fails. The caller frees it with output_free(). Bounded by the size of the indices. */
struct output *facts_render(const struct facts *f, const struct application *app);
/* The same of the sources that the Application's operation brings; NULL when it brings none that
 * differ from the Application's own. */
struct output *facts_render_operation(const struct facts *f, const struct application *app);
void output_free(struct output *o); /* NULL is fine */
void output_freep(struct output **o);

/*
 * Whether the output holds the object. Where YES, *found and *by are set; where NOT_KNOWN, *by is
 * the source that leaves it open and *why a phrase borrowed from `o` naming what is missing.
 * Objects annotated hook: Skip do not count.
 */
enum tri output_has(const struct output *o, const struct identity *id,
                    const struct rendered **found, const struct source_output **by,
                    const char **why);

/*
 * The same about an Application's own definition: where a source fails because its path does not
 * exist, the definition cannot lie there, whatever becomes of the rest.
 */
enum tri output_defines(const struct output *o, const struct identity *id,
                        const struct rendered **found, const struct source_output **by,
                        const char **why);

/*
 * Whether the object is among the targets, so that it is not pruned: hook: Skip leaves it one, any
 * other hook does not (reference/argocd.md 5.2, 6.4). NOT_KNOWN as output_has() has it.
 */
enum tri output_keeps(const struct output *o, const struct identity *id, const char **why);

/* An Application the facts know: a live object, a definition some repository holds, or what an
 * ApplicationSet makes. */
struct known_application {
    const struct application *app;
    /* Where the definition stands; both NULL for a live object, whose marks and status are
     * evidence. In a file they are the author's to write. */
    const struct repository *repository;
    const struct manifest *manifest;
    const struct output *output; /* rendered when the facts were loaded */
    /* A kustomization may change it, and nothing known renders it as it is written. */
    bool is_kustomized;
    /* Another definition of it that differs: then neither is certain. NULL when there is none. */
    const struct manifest *other;
    /* The ApplicationSet that makes it, which is not live itself; then `manifest` and `repository`
     * are the set's. NULL for any other. */
    const struct known_set *set;
};
/* Whether its marks and status are evidence: it was seen in the cluster. */
bool known_is_live(const struct known_application *known);
size_t facts_n_applications(const struct facts *f);
const struct known_application *facts_application(const struct facts *f, size_t index);

/* An ApplicationSet the facts know. */
struct known_set {
    struct identity id;
    /* Where its definition stands; both NULL for a live one. */
    const struct repository *repository;
    const struct manifest *manifest;
    /* It is there, or a known Application renders it: then the Applications it makes are known ones
     * where nothing else defines them. Else it is a file that nobody is known to render, or one of
     * several that differ. */
    bool is_certain;
    const char *why; /* NULL: what it makes is all; else a phrase: why more is not known */
};
size_t facts_n_sets(const struct facts *f);
const struct known_set *facts_set(const struct facts *f, size_t index);

/* An Application that a set makes, whether or not something else defines it as well. */
struct made_application {
    const struct application *app;
    const struct known_set *set;
};
/* In order of identity. */
size_t facts_n_made(const struct facts *f);
const struct made_application *facts_made(const struct facts *f, size_t index);
/* The set that makes that Application and whose definition stands there; NULL for none. */
const struct known_set *facts_set_making(const struct facts *f, const struct identity *app,
                                         const char *file, unsigned line);

/*
 * The questions below take `i` from 0 up and answer NULL where there is no i-th: usually one or
 * none. Each is a search in a sorted list.
 */
/* The name Argo CD tracks by: `name` in its own namespace, else `ns_name` (reference/argocd.md
 * 4.2). The caller frees it. */
char *facts_instance_name(const struct facts *f, const struct identity *id);
/* The Applications of that instance name. */
const struct known_application *facts_instance(const struct facts *f, struct str instance,
                                               size_t i);

/* What a known Application certainly renders: kinds that rules ask for, hook: Skip left out. */
struct renderer {
    const struct known_application *application;
    const struct rendered *rendered;
    const struct source_output *source;
};
const struct renderer *facts_renderer(const struct facts *f, const struct identity *id, size_t i);

/* An ExternalSecret the facts know. */
struct known_external_secret {
    const struct external_secret *es;
    /* NULL for one that was seen in the cluster, or that a ClusterExternalSecret stamps there. */
    const struct renderer *renderer;
};
/* Those that write to the Secret; first those with creationPolicy Owner. */
const struct known_external_secret *
facts_external_secret_on(const struct facts *f, const struct identity *secret, size_t i);
/* The live ones whose mark, or whose template's, names that instance under any hypothesis. */
const struct known_external_secret *facts_external_secret_of(const struct facts *f,
                                                             struct str instance, size_t i);

/* The live Secret; NULL where none was seen, which does not say that there is none. */
const struct secret *facts_secret(const struct facts *f, const struct identity *id);
/* Argo CD's settings: live, or as an Application renders them; NULL where neither is known. */
const struct argocd_cm *facts_argocd_cm(const struct facts *f);
/*
 * Whether Argo CD touches objects of that identity for the Application: NO where it does not watch
 * their kind, or the AppProject forbids them (reference/argocd.md 5.1); NOT_KNOWN where the
 * AppProject does and global projects, which argocd-cm names, may permit them all the same.
 */
enum tri facts_reaches(const struct facts *f, const struct application *app,
                       const struct identity *id);

/* Whether the Secret is certainly not there: others of its namespace were seen, and all Secrets. */
bool facts_secret_is_absent(const struct facts *f, const struct identity *id);

/* What was read of the cluster: its greatest resourceVersion ("" when it shows none), NULL where
 * nothing is configured or could be read. */
const char *facts_cluster_version(const struct facts *f);
/* Whether every snapshot could be read to its end; true where none is configured. */
bool facts_cluster_is_whole(const struct facts *f);
/* How many objects of the kinds that rules ask for were seen. */
size_t facts_n_live_objects(const struct facts *f);
/* When all of it was last read, or found as it was; Unix seconds, 0 never. */
int64_t facts_cluster_seen_at(const struct facts *f);
/* When the oldest snapshot was written; Unix seconds, 0 where none was read. It is as old as that,
 * however often it was looked at since. */
int64_t facts_cluster_written_at(const struct facts *f);
