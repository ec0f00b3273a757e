/* block.h: skips one JSON string or container, 64 bytes at a time. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which implementation does the work; both give the same result byte for byte. */
enum scan_path {
    SCAN_BEST,     /* SSE2 or NEON where built (baseline, no dispatch), else the portable twin */
    SCAN_PORTABLE, /* 64-bit integers only */
};

/*
 * Where a skip stands between two chunks. Only structure is looked at: quotes, the backslashes
 * that hide them, and bracket depth, both kinds of bracket counted alike. What that leaves
 * unseen (a missing comma, a "[}") is a fault wholly inside the skipped value.
 */
struct block_skip {
    uint64_t in_string; /* all ones inside a string, else 0 */
    uint64_t escaped;   /* 1 when the next byte stands behind a backslash that escapes it */
    uint64_t depth;     /* brackets open; 0 for a skipped string */
};

/* Call with the opening quote, or the opening bracket, already consumed. */
void block_begin_string(struct block_skip *b);
void block_begin_container(struct block_skip *b);

/*
 * Skips up to the end of the value. p..p+n is borrowed for the call; any n gives the same result.
 * *ended  set to whether the closing quote or bracket was among the bytes.
 * Returns how many bytes belong to the value: n while it has not ended.
 */
size_t block_skip_string(struct block_skip *b, enum scan_path path, const char *p, size_t n,
                         bool *ended);
size_t block_skip_container(struct block_skip *b, enum scan_path path, const char *p, size_t n,
                            bool *ended);
