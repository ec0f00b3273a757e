/* spans.h: the bytes of an AdmissionReview that were kept, by path. */
#pragma once
#include "base/attr.h"
#include "base/budget.h"
#include "base/str.h"
#include "review/paths.h"
#include <stdint.h>

/* request.object and request.oldObject; a field of the request itself goes with OBJECT_NEW. */
enum which_object { OBJECT_NEW, OBJECT_OLD, N_OBJECTS };

/* A range of `bytes`; a value has at least one byte, so n 0 means absent (or null). */
struct span {
    uint32_t from;
    uint32_t n;
};

/*
 * One growing buffer with a ceiling, written at its end only: what turns out not to be wanted is
 * taken back by shortening it (base/arena.h cannot take back). Offsets, because it moves.
 */
struct spans {
    struct budget *budget; /* borrowed, asked before the buffer grows; NULL: none */
    bool starved;          /* it said no, so bytes are missing */
    char *bytes;
    size_t n;
    size_t capacity;
    size_t max;
    struct span at[N_OBJECTS][N_PATHS];
    struct {
        bool present;           /* neither absent nor null */
        const char *unreadable; /* static text, or NULL */
        size_t mark;            /* spans.n when it began */
    } objects[N_OBJECTS];
};

void spans_init(struct spans *s, size_t max_bytes, struct budget *budget);
void spans_clear(struct spans *s);
/* Appends; false when the ceiling is reached or the budget used up, nothing is appended then. */
bool spans_add(struct spans *s, struct str bytes) MUST_CHECK;
/* A value's raw JSON text; STR_NONE when absent or null. Valid until the next spans_add(). */
struct str spans_get(const struct spans *s, enum which_object which, enum path_id id);
/* Gives up on an object: its fields are forgotten and their bytes taken back. */
void spans_give_up(struct spans *s, enum which_object which, const char *why);
/* Whether any compared field differs, byte for byte, in what has been kept so far. */
bool spans_differ(const struct spans *s);
