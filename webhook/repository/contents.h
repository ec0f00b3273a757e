/* contents.h: what the files of a tree hold: read once, parsed once, then immutable. */
#pragma once
#include "repository/manifests.h"
#include "repository/tree.h"
#include <jansson.h>

/* JSON values kept of one repository, about 1 GB at jansson's 100 bytes each. */
enum { CONTENTS_MAX_NODES = 10000000 };

/* One regular file. */
struct content {
    char *unread;                      /* NULL, or why its bytes are not known */
    bool is_lfs_pointer;               /* which is then why */
    bool is_marked;                    /* holds +argocd:skip-file-rendering */
    bool is_templated;                 /* holds {{ */
    bool names_argoproj;               /* holds argoproj.io; true when unread */
    bool names_external_secrets;       /* holds external-secrets.io; true when unread */
    struct parsed *parsed[N_SYNTAXES]; /* NULL where nothing asks for that reading */
    bool is_yaml_extra;                /* parsed[SYNTAX_YAML] repeats a .json file */
    json_t *document; /* kustomization, Chart.yaml, requirements.yaml; NULL when empty or broken */
    char *document_why; /* why it is broken */
    char *text;         /* .helmignore */
};

struct contents {
    const struct tree *tree;  /* borrowed */
    struct content **by_node; /* NULL for what is no regular file */
    size_t nodes_left;
};

/*
 * Reads one regular file of a tree whole into `buffer`, which has room for limit_bytes + 1: that
 * one byte more tells that the file is larger. On failure *why is a phrase that nobody frees.
 */
typedef bool file_read_fn(void *from, const struct tree *t, size_t node, size_t limit_bytes,
                          char *buffer, size_t *n_bytes, const char **why);

/*
 * Reads every regular file of the tree, and parses what a source could ask for: .yaml, .yml and
 * .json always; any other file where a kustomization or a symlink with such a name points at it.
 * tree  borrowed; it outlives the result, freed with contents_free().
 * read  gives a file's bytes, with `from`: tree_read_file() or git_read_file().
 * Never fails: what cannot be read is said in `unread`.
 */
struct contents *contents_read(const struct tree *tree, file_read_fn *read, void *from);
void contents_free(struct contents *c); /* NULL is fine */

/* The file's content, symlinks followed; NULL when `node` is not or does not lead to a file. */
const struct content *contents_at(const struct contents *c, size_t node);
/* How a name is read: .json as JSON, .yaml and .yml as YAML. False for other names. */
bool contents_syntax(struct str name, enum parse_syntax *out);
/* kustomization.yaml, kustomization.yml or Kustomization. */
bool contents_is_kustomization(struct str name);
/* Whether a file with such a name is read for what it says, and not only looked into. */
bool contents_is_parsed(struct str name);
