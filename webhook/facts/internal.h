/* internal.h: the inside of struct facts, for the files of this room only. */
#pragma once
#include "facts/facts.h"
#include <stdatomic.h>

/* An index that several generations of facts may hold; it is immutable. */
struct shared_repository {
    atomic_uint references;
    struct repository *repository;
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

struct repository_fact {
    struct shared_repository *shared; /* NULL: not loaded */
    int64_t seen_at;                  /* Unix seconds; 0 never */
    bool kept;                        /* cannot be read now; held as it was */
    struct probe probe;               /* when it could not be read */
};

struct application_fact {
    struct known_application known;
    struct application *app; /* owned; `known` borrows both */
    struct output *output;
};

struct facts {
    atomic_uint references;
    const struct settings *settings;
    struct repository_fact *repositories; /* as many as settings->n_repositories */
    bool starting;                        /* the repositories have not been looked at yet */
    struct application_fact *applications;
    size_t n_applications;
    size_t capacity_applications;
    struct facts_note *notes;
    size_t n_notes;
    size_t capacity_notes;
    struct tracking_facts tracking;
};

/* Takes over both texts. */
void facts_add_note(struct facts *f, char *where, char *text);
/* Fills f->tracking from the settings and what the known Applications render (design 3.5). */
void facts_find_tracking(struct facts *f, bool assume_label);
