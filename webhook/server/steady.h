/* steady.h: whether something has looked the same for long enough to be acted on, and was not yet.
 */
#pragma once
#include "base/digest.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * Files are seen while they are being written: half of one, a certificate before its key. What is
 * seen is acted on, taken or refused, once it has stayed the same for STEADY_MS, and then once.
 */
enum { STEADY_MS = 1000 };

struct steady { /* starts with {0} */
    char state[DIGEST_HEX_MAX];
    int64_t since_ms;
    bool acted;
};

enum sight {
    SIGHT_NEW,    /* look again soon */
    SIGHT_STEADY, /* act on it now */
    SIGHT_KNOWN,  /* it was acted on */
};

/* state: a digest of what was seen. now_ms: a clock that is never put back. at_once: somebody says
 * that it is complete, or wants to hear of it again. */
enum sight steady_look(struct steady *s, const char *state, int64_t now_ms, bool at_once);
/* What is seen is what is in use. */
void steady_clear(struct steady *s);
