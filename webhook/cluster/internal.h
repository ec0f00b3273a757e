/* internal.h: what the files of this room share: the set of objects while it grows, and its notes.
 */
#pragma once
#include "base/str.h"
#include "cluster/cluster.h"
#include <sys/stat.h>

struct entry {
    struct cluster_object kept; /* a reference of its own */
    char *version;              /* metadata.resourceVersion; "" when absent or no decimal number */
    const char *file;           /* as struct file shows it */
};

/* The objects of one kind; sorted, each identity once, when cluster_finish() is through. */
struct set {
    struct entry *entries;
    size_t n, capacity;
    bool listed;     /* a list held one */
    bool incomplete; /* one was left out, or may have been */
    bool full;       /* CLUSTER_MAX_OBJECTS was reached and noted */
};

/* How a file looked before it was read. */
struct file {
    char *path;
    char *shown; /* the path, escaped */
    bool present;
    struct stat status;
};

struct cluster {
    struct set sets[N_CLUSTER_KINDS];
    struct file *files;
    size_t n_files;
    struct cluster_note *notes;
    size_t n_notes, notes_capacity;
    size_t n_more_notes; /* past NOTES_MAX: counted, not kept */
    bool torn;           /* a file was not read to its end */
    int64_t loaded_at;
    char *version; /* never NULL */
};

/* More have one cause, and nobody reads them all. */
enum { NOTES_MAX = 100 };

/* where: already safe to print; text: formatted from texts that are. Past NOTES_MAX: counted. */
void notes_add(struct cluster *c, const char *where, const char *format, ...) PRINTF_LIKE(3, 4);
/* The last note, which says how many more there were. */
void notes_finish(struct cluster *c);
/* For places and texts of notes: `text` escaped; freed by the caller. */
char *notes_escape(struct str text);
void notes_free(struct cluster *c);

/* object: what select_fields() made; a reference is taken over. */
void cluster_add(struct cluster *c, enum cluster_kind kind, json_t *object, struct str version,
                 const char *file);
/* Remembers the greatest one. */
void cluster_see_version(struct cluster *c, struct str version);
void cluster_nothing_is_complete(struct cluster *c);
/* Sorts and settles what was seen twice. */
void cluster_finish(struct cluster *c);

/* Reads what one file holds; `file` as struct file shows it. */
void snapshot_read_text(struct cluster *c, const char *file, struct str text);
