/* console.h: how a command reads what a person names and says what it found. */
#pragma once
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "commands/options.h"
#include <stdbool.h>

/* "syncguard check: …" on standard error. Returns EXIT_UNABLE, to be returned. */
int console_unable(const struct command *command, const struct err *err);
/* All of `out` to standard output, then `status`; EXIT_UNABLE when it could not be written whole (a
 * full disk, a buffer that passed its ceiling). */
int console_print(const struct command *command, const struct buf *out, int status);
/*
 * All of a file, or of standard input for "-"; console_shown() is its name in messages.
 * out  its max is the largest file that is taken.
 */
bool console_read(const char *file, struct buf *out, struct err *err) MUST_CHECK;
const char *console_shown(const char *file);
/* The command's --help. */
int console_help(const struct command *command);
