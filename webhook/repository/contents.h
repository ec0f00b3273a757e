/* contents.h: what the files of a tree hold: read once, parsed once, shared with other trees. */
#pragma once
#include "repository/blob.h"
#include "repository/manifests.h"
#include "repository/tree.h"
#include <jansson.h>
#include <stdint.h>

/* JSON values kept of one repository, about 1 GB at jansson's 100 bytes each. */
enum { CONTENTS_MAX_NODES = 10000000 };

/* One regular file that was looked into. */
struct content {
    uint64_t size_bytes;         /* 0 where it is not known */
    char *unread;                /* NULL, or why its bytes are not known */
    bool is_lfs_pointer;         /* which is then why */
    bool is_marked;              /* holds +argocd:skip-file-rendering */
    bool is_templated;           /* holds {{ */
    bool names_argoproj;         /* holds argoproj.io; true when unread */
    bool names_external_secrets; /* holds external-secrets.io; true when unread */
    bool is_yaml_extra;          /* read as YAML, too, although its name ends in .json */
    json_t *document; /* kustomization, Chart.yaml, requirements.yaml; NULL when empty or broken */
    bool document_not_known; /* broken, and whether for kustomize as well is not known */
    char *document_why;      /* why it is broken */
    const char *text;        /* .helmignore */
    struct blob *blob;       /* NULL when unread, LFS pointers excepted */
    _Atomic(struct parsed *) parsed[N_SYNTAXES]; /* contents_parsed() */
};

/*
 * Reads one regular file of a tree whole, unless it is larger than limit_bytes. On failure *why is
 * a phrase that nobody frees, where it is not `is_too_large`. Thread-safe.
 */
typedef bool file_read_fn(void *from, const struct tree *t, size_t node, size_t limit_bytes,
                          struct file_bytes *out, const char **why);

struct contents_options {
    const struct tree *tree; /* borrowed; it outlives the contents */
    /* Gives a file's bytes, with `from`: tree_read_file() or git_read_file(). Asked later, too. */
    file_read_fn *read;
    void *from;
    bool is_commit; /* a node's key names its bytes, wherever it lies */
    bool parse_all; /* nothing is left PARSE_SKIPPED */
    /* Contents to share what has not changed with; borrowed for the call. */
    const struct contents *const *former;
    size_t n_former;
};

/* Immutable for those who ask: what is made when first asked for is what would have been made at
 * once. Thread-safe. */
struct contents;

/*
 * Reads the files whose names a source could ask for (.yaml, .yml, .json, kustomizations and what
 * describes a chart), and parses those that hold words of ours (words.h); any other file as well
 * where a kustomization or a symlink with such a name points at it. The rest is read and parsed
 * when it is asked for.
 * The result is freed with contents_free(). Never fails: what cannot be read is said in `unread`.
 */
struct contents *contents_read(const struct contents_options *options);
void contents_free(struct contents *c); /* NULL is fine */

/* The file's content, symlinks followed; NULL when `node` is not or does not lead to a file. */
const struct content *contents_at(const struct contents *c, size_t node);
/* The file as manifests, symlinks followed; read as that syntax whatever its name. NULL where
 * contents_at() gives none, or one that is unread. */
const struct parsed *contents_parsed(const struct contents *c, size_t node,
                                     enum parse_syntax syntax);
/* The same, but it may be PARSE_SKIPPED. */
const struct parsed *contents_glance(const struct contents *c, size_t node,
                                     enum parse_syntax syntax);
/* The file's first YAML document, whole, symlinks followed, whatever its name. NULL where
 * contents_at() gives none, or one that is unread. It stays in memory: for files that say how
 * others are rendered, not for manifests. */
const struct document *contents_document(const struct contents *c, size_t node);
/* The same of another part that is a document. */
const struct document *contents_part(const struct contents *c, size_t node, enum blob_part part);
/* The file with that part made, symlinks followed. NULL where contents_at() gives none, or one that
 * is unread. */
const struct blob *contents_blob(const struct contents *c, size_t node, enum blob_part part);
/* What its text could turn into as part of a chart, symlinks followed. NULL where contents_at()
 * gives none, or one that is unread. */
const struct helm_words *contents_helm(const struct contents *c, size_t node);
/* What was parsed when the contents were read; NULL where nothing was. No symlinks are followed. */
const struct content *contents_read_at(const struct contents *c, size_t node);

/* Whether a file that had been read could not be read again when somebody asked for more of it.
 * What was asked for is not known, and stays so in these contents. */
bool contents_has_lost(const struct contents *c);

struct contents_cost {
    size_t n_files;   /* regular files of the tree */
    size_t n_read;    /* whose bytes were read, also later */
    uint64_t n_bytes; /* of those together */
    size_t n_shared;  /* of those that were looked into: from former contents, or an equal file */
    size_t n_parsed;  /* readings of files as manifests or documents */
    size_t n_skipped; /* parsed when somebody asks */
    size_t n_nodes_left; /* JSON values that may still be kept */
};
struct contents_cost contents_cost(const struct contents *c);

/* How a name is read: .json as JSON, .yaml and .yml as YAML. False for other names. */
bool contents_syntax(struct str name, enum parse_syntax *out);
/* kustomization.yaml, kustomization.yml or Kustomization. */
bool contents_is_kustomization(struct str name);
/* Whether a file with such a name is read for what it says, and not only looked into. */
bool contents_is_parsed(struct str name);
