/* helm_archive.h: the files of a chart that is packed as .tgz. */
#pragma once
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Read with zlib, which is linked already, and a reader of tar's headers: names of ustar and pax
 * are all that Helm packs, and libarchive would bring readers of two dozen formats to what anybody
 * may commit. Nothing is written anywhere; links are never followed.
 *
 * What Helm reads is bounded by the compressed file (10 MiB, REPOSITORY_MAX_FILE_BYTES) and by
 * these, so that no bomb takes longer than a second.
 */
enum {
    HELM_ARCHIVE_MAX_FILES = 5000,
    HELM_ARCHIVE_MAX_FILE_BYTES = 5 * 1024 * 1024, /* Helm's own limit for one file */
    HELM_ARCHIVE_MAX_BYTES = 64 * 1024 * 1024,     /* unpacked; Helm's is 100 MiB */
    HELM_ARCHIVE_MAX_DEPTH = 4,                    /* of archives in archives */
};

struct blob;

struct helm_archived {
    char *path; /* below the chart */
    struct blob *blob;
};

struct helm_archive {
    struct helm_archived *files; /* in the order of the archive */
    size_t n;
    size_t capacity;
    struct str folder; /* the chart's, in `owned` */
    char *owned;
    bool is_not_known; /* not read: too large, damaged, or not what is understood here */
};

/* depth  of archives around it. The caller frees it with helm_archive_free(). */
struct helm_archive *helm_archive_read(struct str bytes, unsigned depth);
void helm_archive_free(struct helm_archive *a); /* NULL is fine */
