#include "server/steady.h"
#include <stdio.h>
#include <string.h>

enum sight steady_look(struct steady *s, const char *state, int64_t now_ms, bool at_once)
{
    if (strcmp(s->state, state) != 0) {
        (void)snprintf(s->state, sizeof s->state, "%s", state);
        s->since_ms = now_ms;
        s->acted = false;
    }
    if (!at_once && s->acted)
        return SIGHT_KNOWN;
    if (!at_once && now_ms - s->since_ms < STEADY_MS)
        return SIGHT_NEW;
    s->acted = true;
    return SIGHT_STEADY;
}

void steady_clear(struct steady *s)
{
    memset(s, 0, sizeof *s);
}
