/* helm_files.h: the files Helm loads of a chart: of its directory, or of an archive. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include "repository/index.h"

/* Symlinks may lead round in circles: Helm follows each, until a path is too long for the system.
 * Far more than a chart has; past them nothing of it is known. */
enum { HELM_MAX_FILES = 50000, HELM_MAX_DEPTH = 32 };

struct helm_file {
    struct str path; /* below the chart, through the symlinks that lead there; in `owned` */
    char *owned;
    size_t node;         /* of the tree; no symlink */
    struct blob *blob;   /* of an archive, borrowed; `node` is then the archive's */
    const char *archive; /* NULL, or the path to show before its own; in the list's `label` */
    bool may_be_ignored; /* .helmignore is not clear about it */
};

/* In Helm's own order, in which the files of a directory stand together. */
struct helm_files {
    struct helm_file *files;
    size_t n;
    size_t capacity;
    size_t directory; /* that was walked; of an archive, its file */
    char *label;      /* of an archive; NULL of a directory */
    bool incomplete;  /* the budget ran out */
    char *why;        /* not NULL: Helm does not load the chart; a phrase that names the file */
};

/*
 * Walks the directory as Helm's loader does (sympath.Walk, .helmignore of that directory alone).
 * Never fails: what Helm would stop at is said in `why`. The caller ends with helm_files_clear().
 */
void helm_files_find(const struct render *r, size_t directory, struct helm_files *out);
/* The same of an archive; `from` is the file it is. */
void helm_files_unpack(const struct render *r, const struct helm_file *from,
                       struct helm_files *out);
void helm_files_clear(struct helm_files *files);

/* The file of exactly that path below `prefix`, which is "" or ends in a slash; NULL where there is
 * none. */
const struct helm_file *helm_files_at(const struct helm_files *files, struct str prefix,
                                      const char *path);

/* The path in the repository, for messages; the caller frees it. */
char *helm_file_shown(const struct render *r, const struct helm_file *file);
/* What its text could turn into. NULL where its bytes are not known; so it is of the others. */
const struct helm_words *helm_file_words(const struct render *r, const struct helm_file *file);
/* Its first YAML document. */
const struct document *helm_file_document(const struct render *r, const struct helm_file *file);
/* Cut into text and actions: of templates and CRDs. */
const struct helm_template *helm_file_template(const struct render *r,
                                               const struct helm_file *file);
