/* console.h: how a command speaks to the person who typed it. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "commands/options.h"

/* "syncguard check: …" on standard error. Returns EXIT_UNABLE, to be returned. */
int console_unable(const struct command *command, const struct err *err);
/* All of `out` to standard output, then `status`; EXIT_UNABLE when it could not be written whole (a
 * full disk, a buffer that passed its ceiling). */
int console_print(const struct command *command, const struct buf *out, int status);
/* The command's --help. */
int console_help(const struct command *command);
