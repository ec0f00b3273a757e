/* log_files.h: which logs a command reads, and the options for it. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "commands/options.h"
#include "report/log_lines.h"
#include <stdbool.h>
#include <stdint.h>

/* For the tables of the commands that read decision logs. */
#define LOG_FILES_FORMAT                                                                           \
    {                                                                                              \
        "--format", "text|json", OPTION_VALUE, "how the report is written (text)"                  \
    }
#define LOG_FILES_SINCE                                                                            \
    {                                                                                              \
        "--since", "TIME", OPTION_VALUE,                                                           \
            "only decisions from then on: a day (2026-06-09), a time (2026-06-09T12:00:00Z), or "  \
            "how long ago (24h, 1h30m)"                                                            \
    }

/* --format. Fails with ERR_CONFIG on another word. */
bool log_files_read_format(const struct options *o, bool *json, struct err *err) MUST_CHECK;
/* --since as Unix seconds, INT64_MIN without it. now: Unix seconds. Fails with ERR_CONFIG. */
bool log_files_read_since(const struct options *o, int64_t now, int64_t *since,
                          struct err *err) MUST_CHECK;

/*
 * Gives `lines` the files of the command line, standard input when there are none (or for -), piece
 * by piece: a log may be larger than memory. Fails with ERR_SYSTEM at the first that cannot be
 * read.
 */
bool log_files_read(const struct options *o, struct log_lines *lines, struct err *err) MUST_CHECK;
/* Whether none of them is standard input. */
bool log_files_can_be_read_again(const struct options *o);
