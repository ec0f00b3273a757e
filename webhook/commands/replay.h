/* replay.h: explain --replay, the decisions of a log judged again. */
#pragma once
#include "commands/log_files.h"
#include "commands/options.h"

/* The options that --replay goes with, for explain's table. */
#define REPLAY_OPTIONS                                                                             \
    {"--replay", NULL, OPTION_FLAG,                                                                \
     "FILE is a decision log; show which of its decisions would be others now"},                   \
        LOG_FILES_SINCE, LOG_FILES_FORMAT,                                                         \
    {                                                                                              \
        "--verbose", NULL, OPTION_FLAG,                                                            \
            "with --replay, also show what stays the same on other "                               \
            "findings"                                                                             \
    }

/* Returns the exit status of the command. */
int replay_run(const struct command *command, const struct options *o);
