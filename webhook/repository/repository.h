/* repository.h: what one repository holds, and what Argo CD would render from a path of it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/tri.h"
#include "objects/application.h"
#include "objects/identity.h"
#include <jansson.h>
#include <stdint.h>

/*
 * A repository is read once into an immutable index (its tree of names and every manifest's
 * objects), so that rendering a path is a bounded walk in memory and judging needs no I/O.
 * It is the same whether it was read from a directory or from the commit that the directory is a
 * checkout of, but for sizes and line ends where gitattributes(5) ask for others.
 */
struct parsed;
struct repository;
struct git_memo;

struct repository_spec {
    struct str url;            /* as Applications write it; may be empty for `check DIR` */
    const struct str *aliases; /* other spellings of the same repository */
    size_t n_aliases;
    const char *path; /* a plain directory or a Git work tree (its .git is left out) */
    /* NULL: the files as they lie there, HEAD where `path` is bare. Else they are read from that
     * commit of the Git repository at `path`, which may then be bare; what names a commit is
     * git_open()'s business. */
    const char *revision;
    /* Parse every manifest at once, also where rules ask for nothing in it: for those who list and
     * note what a repository holds. What is rendered does not depend on it. */
    bool parse_all;
    /* Indices to share with: of an older commit, of other revisions. What is the same there is
     * neither read nor parsed again. Borrowed for the call; they may be freed before the new one.
     * NULL among them is fine. */
    const struct repository *const *former;
    size_t n_former;
    struct git_memo *memo; /* git.h; NULL: none. The repository holds a reference of its own. */
};

/* Budgets of one repository; past them the questions that need the rest are not known. */
enum {
    REPOSITORY_MAX_FILES = 200000,
    REPOSITORY_MAX_DEPTH = 64,                    /* directories below each other */
    REPOSITORY_MAX_FILE_BYTES = 10 * 1024 * 1024, /* Argo CD's own limit for one source */
    REPOSITORY_MAX_BYTES = 1024 * 1024 * 1024,
};

/*
 * Reads the directory: openat2(RESOLVE_BENEATH), regular files only, symlinks as Argo CD treats
 * them (reference/argocd.md 2.1, 2.2). Or the commit, through libgit2, without a checkout:
 * submodules are empty directories there, and what is missing or damaged is not known.
 * now  Unix seconds, kept as repository_loaded_at().
 * out  owned by the caller (repository_free()); immutable, may be read by several threads.
 * Fails with ERR_SYSTEM or ERR_INPUT when the directory itself cannot be read, or the revision not
 * found; anything wrong inside it is a note.
 */
bool repository_load(const struct repository_spec *spec, int64_t now, struct repository **out,
                     struct err *err) MUST_CHECK;
void repository_free(struct repository *r); /* NULL is fine */
void repository_freep(struct repository **r);

/* What reading it took so far; what is asked for later counts as well. */
struct repository_cost {
    size_t n_files;   /* regular files it holds */
    size_t n_read;    /* whose bytes were read */
    uint64_t n_bytes; /* of those together */
    size_t n_shared;  /* taken from a former index, or from an equal file, without being read */
    size_t n_parsed;  /* files that were parsed */
    size_t n_skipped; /* manifests that were left unparsed: they hold no word that rules ask for */
};
struct repository_cost repository_cost(const struct repository *r);

/* Whether every name, and every file that was looked into, could be read. What could not may be
 * there the next time: a clone is fetched into, descriptors are free again. */
bool repository_is_whole(const struct repository *r);

/* Whether a file could be read once, and not again when somebody asked for more of it: it is not
 * known then, and loading again tells. */
bool repository_has_lost(const struct repository *r);

/* Whether the directory looks different from what was read (names, sizes, mtimes), or the revision
 * now leads to another commit, or a file was lost; for a poll. */
bool repository_changed(const struct repository *r);
/* Whether `repo_url` names this repository: its URL or an alias, compared as Argo CD compares. */
bool repository_matches(const struct repository *r, struct str repo_url);

/* For messages: the last path component of the URL without ".git", else of the directory. */
const char *repository_label(const struct repository *r);
/* What was read, for messages and logs: 12 digits of the commit's id, or "work tree". */
const char *repository_revision(const struct repository *r);
/* The commit's whole id; "" for a directory. */
const char *repository_commit(const struct repository *r);
const char *repository_path(const struct repository *r);
struct str repository_url(const struct repository *r);
int64_t repository_loaded_at(const struct repository *r);

/* One object of one manifest file. */
struct manifest {
    const char *file;   /* relative to the repository, '/'-separated */
    unsigned line;      /* where its definition stands: the line of metadata.name */
    struct identity id; /* as written: namespace may be "" */
    json_t *object;     /* the whole object for the groups we judge, Secrets excepted; else only
                           apiVersion, kind and metadata. Never a Secret's data. */
    const char
        *shape; /* where it is less than the whole: what kustomize_shape.h makes of the rest */
};

/* Every object of every file that was parsed when the repository was loaded, whether or not a
 * source renders it; in order of file and place. Without `parse_all` these are the files that hold
 * a word of what rules ask for, so none of their kinds is missing. */
size_t repository_n_manifests(const struct repository *r);
const struct manifest *repository_manifest(const struct repository *r, size_t index);

/* What an ApplicationSet's git generator looks through: every name, in filepath.Walk's order; the
 * first is the root, "". */
struct repository_name {
    struct str path;
    bool is_directory; /* which holds a file, or is a submodule; Git knows no others */
    bool is_file;      /* or a symlink that leads to one */
};
size_t repository_n_names(const struct repository *r);
struct repository_name repository_name_at(const struct repository *r, size_t index);
/* NULL, or why not every name is known; as it came. */
const char *repository_names_missing(const struct repository *r);

/*
 * Reads a file once more, for what no manifest says: an ApplicationSet's parameters.
 * index  of a name that is a file.
 * out    its bytes, owned by the caller, with a NUL behind them.
 * False with *why, a phrase that nobody frees: it is larger than limit_bytes, or cannot be read.
 */
bool repository_read_file(const struct repository *r, size_t index, size_t limit_bytes, char **out,
                          size_t *n_bytes, const char **why) MUST_CHECK;

/* Whether a kustomization lies beside the manifest: what reaches a cluster may then be another
 * object than the one written (patches, prefixes). */
bool repository_is_kustomized(const struct repository *r, const struct manifest *m);

/* Whether the manifest is a template of a chart: Helm makes something else of it. */
bool repository_is_template(const struct repository *r, const struct manifest *m);

/* Whether kustomizations use the manifest's file as a patch alone: it is then no object, but a
 * piece of one. */
bool repository_is_patch(const struct repository *r, const struct manifest *m);

/* What could not be read, for `check`: never the end of a run. Both texts are as they came: whoever
 * prints them escapes them. */
struct repository_note {
    const char *file;
    unsigned line; /* 0 when not known */
    const char *text;
};
size_t repository_n_notes(const struct repository *r);
const struct repository_note *repository_note_at(const struct repository *r, size_t index);

/* What `$name/` at the start of a Helm value file stands for: the source with that `ref`. */
struct render_reference {
    struct str name;
    const struct repository *repository; /* NULL: not known */
};

struct render_request {
    const struct source *source;
    /* Of the Application's other sources; both live as long as the rendering. */
    const struct render_reference *references;
    size_t n_references;
    struct str app_name; /* the Application's own */
    /* What Argo CD calls it, for .argocd-source-<name>.yaml: `ns_name` where the Application is not
     * in Argo CD's own namespace; STR_NONE: the same as app_name. */
    struct str instance_name;
    struct str destination_namespace; /* fills manifests that have none */
    enum tri skips_marked_files;      /* +argocd:skip-file-rendering: Argo CD >= 3.1 */
    /* Leave unparsed what holds nothing that rules ask for: the rendering is then good for finding
     * something in it, and rendering_whole() for resting a verdict on it. `source` must live as
     * long as the rendering. */
    bool may_skip;
    /* What following templates took in the Application's renderings before, which this one adds to:
     * they share a limit, so that fifty charts do not take fifty times as long. Lives as long as
     * the call; NULL: nothing before. */
    size_t *steps;
};

/* One object that the source certainly yields. */
struct rendered {
    struct identity id; /* effective namespace and name */
    const struct manifest *manifest;
    bool hook;      /* any argocd or helm hook annotation: not a target (5.2) */
    bool hook_skip; /* argocd.argoproj.io/hook: Skip */
    /* A patch, replacement or transformer may have changed more of it than its name, namespace,
     * labels and annotations: its spec is not as written then. Of the kinds whose content rules
     * read (ExternalSecrets, argocd-cm) there is no such object: the rendering is PARTIAL instead.
     */
    bool changed;
    /* Of an Application that was changed: all of it as it became, where that is known; else NULL.
     * It lives as long as the rendering. */
    json_t *object;
};

/* What a source is rendered as (reference/argocd.md 2.1). */
enum source_type {
    SOURCE_UNSETTLED, /* it renders nothing, or what would settle its type is missing or broken */
    SOURCE_DIRECTORY,
    SOURCE_KUSTOMIZE,
    SOURCE_HELM,
    SOURCE_PLUGIN,
};

/* Something further that a PARTIAL rendering may yield, as far as that can be narrowed down. */
struct open_end {
    bool argoproj;         /* of the group argoproj.io: an Application or ApplicationSet */
    bool external_secrets; /* of external-secrets.io */
    bool others;           /* of any other group */
    struct str kind;       /* "": any */
    struct str prefix;     /* what its name starts with */
    struct str suffix;     /* and ends with */
    bool is_whole_name;    /* `prefix` is all of the name */
    struct str namespace;  /* "": any; with a whole name the destination's */
    bool any_namespace;    /* an action may write it, whole name or not */
};

enum render_state {
    RENDER_COMPLETE, /* `objects` is the whole output */
    RENDER_PARTIAL,  /* `objects` are certain; more is possible, `why` says what is not known */
    RENDER_FAILS,    /* Argo CD would fail to generate: nothing syncs, nothing is pruned */
};

/* Secret argocd-secret as the chart argo-cd makes it, which is not in Git. */
struct argocd_secret {
    struct str namespace; /* of the release; STR_NONE where a value may change the place */
    bool is_annotated;    /* with more than is known here, such as Prune=false */
};

struct rendering {
    enum render_state state;
    enum source_type type;
    /* for PARTIAL and FAILS: one phrase naming the file or feature, no full stop; at most about 600
     * bytes, without userinfo, and already escaped: print it as it is */
    char *why;
    bool is_nowhere; /* it FAILS because there is no such directory: nothing to be rendered */
    struct rendered *objects;
    size_t n_objects;
    /* In a PARTIAL rendering: certain to yield nothing further of the group, although the rest is
     * not known (reference/argocd.md 2.5, "No"). */
    bool no_more_argoproj;
    bool no_more_external_secrets;
    /* Of a chart in Git: nothing further is a Secret, or one that is called argocd-secret. */
    bool no_more_secrets;
    bool no_more_argocd_secret;
    bool makes_argocd_secret; /* by a dependency on argo-cd; not among the objects */
    struct argocd_secret argocd_secret;
    struct open_end *open_ends; /* of a PARTIAL rendering, all that is possible further */
    size_t n_open_ends;
    /* The request left files unparsed: NULL where there was none. See rendering_whole(). */
    struct rendering_rest *rest;
    json_t *patched; /* owned: the objects of `objects` */
    char **names;    /* what `objects` needs beyond the repository; rendering_free() frees them */
    size_t n_names;
    struct parsed **made; /* of templates: what is in no file of the repository */
    size_t n_made;
};

/*
 * What Argo CD would render from the source. Never fails: what cannot be known is said in the
 * rendering. The source's path is taken relative to this repository; its URL is not compared.
 * Work is bounded by the size of the index. The caller frees it with rendering_free(); it borrows
 * manifests from `r`, and names that are not in `r` it owns.
 */
struct rendering *repository_render(const struct repository *r, const struct render_request *q);
/*
 * What the values of a source with `chart` make of a chart that is in no repository, as far as that
 * is about Applications: a PARTIAL rendering without objects. The caller frees it.
 */
struct rendering *repository_render_chart(const struct render_request *q);
/*
 * The same without may_skip: `rendering` itself where nothing was left out; else files are read and
 * parsed now, once for all who ask. Thread-safe; lives as long as `rendering`, and so must the
 * repository. Objects that rendering_keep() dropped are not in it either.
 */
const struct rendering *rendering_whole(const struct rendering *rendering);
/* Drops objects nobody will ask for. To be called before rendering_whole(). */
void rendering_keep(struct rendering *rendering, bool (*is_kept)(const struct identity *id));
/* Whether the rendering may yield the object although it is not among `objects`. */
bool rendering_may_hold(const struct rendering *rendering, const struct identity *id);
void rendering_free(struct rendering *rendering); /* NULL is fine */
void rendering_freep(struct rendering **rendering);

/* The origin of a Git work tree at `path` ("" when it has none). *out is freed by the caller.
 * False when `path` is no Git work tree; nothing else fails. */
bool repository_git_origin(const char *path, char **out);
