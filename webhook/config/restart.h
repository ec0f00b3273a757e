/* restart.h: what a configuration asks for that a running server cannot change. */
#pragma once
#include "base/buf.h"
#include "config/settings.h"

/*
 * Puts the addresses, the version of TLS and the limits (rows of keys.h that count at the start
 * only) of `next` back to what they are in `running`. names: appended to, "listen, limits.body":
 * the keys that differed.
 */
void settings_keep_running(struct settings *next, const struct settings *running,
                           struct buf *names);
