/* blob.h: what a file's bytes hold, wherever it lies: shared by paths, commits and revisions. */
#pragma once
#include "repository/helm_archive.h"
#include "repository/helm_template.h"
#include "repository/helm_words.h"
#include "repository/manifests.h"
#include "repository/tree.h"
#include "repository/words.h"
#include <jansson.h>
#include <stdatomic.h>
#include <stddef.h>

/* What can be made of the bytes; each once, when somebody first asks. */
enum blob_part {
    BLOB_YAML, /* manifests */
    BLOB_JSON,
    BLOB_DOCUMENT,       /* the first YAML document, whole */
    BLOB_TEXT,           /* the bytes, where they are few */
    BLOB_HELM,           /* helm_words.h */
    BLOB_KUSTOMIZATION,  /* kustomize_text_compile() of the first document */
    BLOB_KUSTOMIZE_TEXT, /* kustomize_text_read() */
    BLOB_ENV_KEYS,       /* kustomize_text_env_keys() */
    BLOB_TEMPLATE,       /* helm_template.h */
    BLOB_ARCHIVE,        /* helm_archive.h */
    N_BLOB_PARTS,
};

enum { BLOB_TEXT_MAX_BYTES = 64 * 1024 }; /* .helmignore is written by hand; more is not read */

/* A YAML mapping, kept whole, or what kustomize makes of a text. Both NULL: it is empty. */
struct document {
    json_t *json;
    char *what;        /* why it is none: a phrase to stand behind the file's name */
    bool is_not_known; /* and whether others could read it is not known */
};

struct blob;

/* Looks into the bytes, which are not kept. Returns with one reference. */
struct blob *blob_new(struct str bytes);
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is fine */

const struct words *blob_words(const struct blob *b);
size_t blob_n_bytes(const struct blob *b);
/* What Git LFS leaves in place of content that lies elsewhere. */
bool blob_is_lfs_pointer(const struct blob *b);

/* Thread-safe; several may add the same part, one of them wins. */
bool blob_has(const struct blob *b, enum blob_part part);
/* bytes: those of blob_new(). */
void blob_add(struct blob *b, enum blob_part part, struct str bytes);
/* NULL before the part was added; borrowed from the blob. */
struct parse *blob_parse(const struct blob *b, enum parse_syntax syntax);
const struct document *blob_document(const struct blob *b, enum blob_part part);
const struct helm_words *blob_helm(const struct blob *b);
const char *blob_text(const struct blob *b); /* NULL as well where the bytes are too many */
const struct helm_template *blob_template(const struct blob *b);
const struct helm_archive *blob_archive(const struct blob *b);
/* BLOB_ARCHIVE of what lies in other archives. depth: how many. */
void blob_add_archive(struct blob *b, struct str bytes, unsigned depth);
