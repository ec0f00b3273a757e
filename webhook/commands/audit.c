#include "report/audit.h"
#include "commands/console.h"
#include "commands/log_files.h"
#include <time.h>

/* Full tables with escaped names and messages take less. */
#define REPORT_MAX ((size_t)256 * 1024 * 1024)

static const struct option_row audit_options[] = {LOG_FILES_FORMAT, LOG_FILES_SINCE};

static int run_audit(const struct command *command, int argc, char **argv)
{
    AUTO(options_freep) struct options *o = NULL;
    AUTO(audit_freep) struct audit *audit = NULL;
    AUTO(buf_clearp) struct buf out = {.max = REPORT_MAX};
    struct err err = {0};
    int64_t since;
    bool json;

    if (!options_parse(command, argc, argv, &o, &err))
        return console_unable(command, &err);
    if (options_has(o, "--help"))
        return console_help(command);
    if (!log_files_read_format(o, &json, &err) ||
        !log_files_read_since(o, time(NULL), &since, &err))
        return console_unable(command, &err);
    audit = audit_new(since);
    if (!log_files_read(o, audit_lines(audit), &err))
        return console_unable(command, &err);
    if (json)
        audit_json(audit, &out);
    else
        audit_text(audit, &out);
    return console_print(command, &out, EXIT_OK);
}

const struct command command_audit = {
    .name = "audit",
    .synopsis = "[--since TIME] [--format text|json] [FILE]...",
    .says = "count what a decision log says was denied",
    .details = "Reads decision logs, standard input without FILE (or for -), and prints what was "
               "denied, warned of, undecided and exempted, by rule, object and user, with the "
               "first and the last time. What kubectl logs prints is fine: other lines are passed "
               "over and counted. Dry runs are kept apart. Exits 0 whatever was denied, 2 when it "
               "could not run.",
    .options = audit_options,
    .n_options = ARRAY_LEN(audit_options),
    .run = run_audit,
};
