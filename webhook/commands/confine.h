/* confine.h: what a serving process may still do, from its settings; and says so. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "config/settings.h"
#include "log/program_log.h"
#include "sandbox/sandbox.h"

/*
 * Before the first thread starts: files can only be read, where the settings lead. A path that is
 * configured later and lies elsewhere cannot be read until the next start.
 * config_file  as given on the command line.
 * Fails with ERR_SYSTEM.
 */
bool confine_files(const struct settings *settings, const char *config_file,
                   struct sandbox_files *out, struct err *err) MUST_CHECK;
/* Once everything runs: the system calls of every thread. Logs what holds from now on. */
void confine_calls(const struct sandbox_files *files, struct program_log *log);
