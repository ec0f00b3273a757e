/* internal.h: the inside of struct facts, for the files of this room only. */
#pragma once
#include "facts/facts.h"
#include <stdatomic.h>

struct application_fact {
    struct known_application known;
    struct application *app; /* owned; `known` borrows both */
    struct output *output;
};

struct facts {
    atomic_uint references;
    const struct settings *settings;
    struct repository **repositories; /* as many as settings->n_repositories; NULL: not loaded */
    struct application_fact *applications;
    size_t n_applications;
    size_t capacity_applications;
    struct facts_note *notes;
    size_t n_notes;
    size_t capacity_notes;
    struct tracking_facts tracking;
};

/* Takes over `text`. */
void facts_add_note(struct facts *f, char *where, char *text);
/* Fills f->tracking from the settings and what the known Applications render (design 3.5). */
void facts_find_tracking(struct facts *f, bool assume_label);
