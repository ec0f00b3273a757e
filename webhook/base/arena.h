/* arena.h: a bounded store that copies bytes in and frees them all at once. */
#pragma once
#include "base/attr.h"
#include "base/str.h"

struct arena;

/* limit_bytes: at most so many bytes are ever held. The caller frees it with arena_free(). */
struct arena *arena_new(size_t limit_bytes);
void arena_free(struct arena *a); /* NULL is fine */
void arena_freep(struct arena **a);
/* Returns NULL when the budget is used up; the memory is zeroed and aligned for any type. */
void *arena_alloc(struct arena *a, size_t n_bytes) MUST_CHECK;
/* NUL-terminated copy. False when the budget is used up; *out is untouched then. */
bool arena_copy(struct arena *a, struct str text, struct str *out) MUST_CHECK;
size_t arena_used(const struct arena *a);
