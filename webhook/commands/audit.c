#include "report/audit.h"
#include "commands/console.h"
#include "config/nearest.h"
#include "config/values.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Full tables with escaped names and messages take less. */
#define REPORT_MAX ((size_t)256 * 1024 * 1024)

enum { PIECE_BYTES = 64 * 1024, DAY_SECONDS = 24 * 60 * 60 };

static const struct option_row audit_options[] = {
    {"--format", "text|json", OPTION_VALUE, "how the report is written (text)"},
    {"--since", "TIME", OPTION_VALUE,
     "only decisions from then on: a day (2026-06-09), a time (2026-06-09T12:00:00Z), or how long "
     "ago (24h, 1h30m)"},
};

static bool read_format(const struct options *o, bool *json, struct err *err)
{
    static const char *const formats[] = {"text", "json"};
    const char *format = options_value(o, "--format");
    const char *meant;

    *json = format && strcmp(format, "json") == 0;
    if (!format || *json || strcmp(format, "text") == 0)
        return true;
    err_what(err, ERR_CONFIG, "--format wants text or json, found %.60s", format);
    meant = nearest_word(str_from(format), formats, ARRAY_LEN(formats));
    if (meant)
        err_remedy(err, "did you mean %s?", meant);
    return false;
}

static bool read_since(const struct options *o, int64_t now, int64_t *since, struct err *err)
{
    struct str text = str_from(options_value(o, "--since"));
    uint64_t ms;

    *since = INT64_MIN;
    if (!text.p)
        return true;
    if (value_duration_ms(text, &ms)) {
        *since = now - (int64_t)(ms / 1000);
        return true;
    }
    if (value_expiry(text, since)) {
        /* A day is over when it ends, and is meant from its start here. */
        *since -= text.n == sizeof "2026-06-09" - 1 ? DAY_SECONDS : 0;
        return true;
    }
    err_what(err, ERR_CONFIG, "--since wants a day, a time or how long ago, found %.60s", text.p);
    err_remedy(err, "for instance 2026-06-09, 2026-06-09T12:00:00Z or 24h (49 days at most)");
    return false;
}

/* Piece by piece: a log may be larger than memory. */
static bool read_log(struct audit *audit, const char *file, struct err *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(file, "re");
    char piece[PIECE_BYTES];
    size_t n;
    int problem = stream ? 0 : errno;

    audit_begin(audit, console_shown(file));
    while (stream && (n = fread(piece, 1, sizeof piece, stream)) > 0)
        audit_add(audit, (struct str){piece, n});
    if (stream && ferror(stream))
        problem = errno;
    if (stream && !is_stdin)
        (void)fclose(stream);
    audit_end(audit);
    if (!problem)
        return true;
    err_what(err, ERR_SYSTEM, "the file could not be read");
    err_where(err, "%s", console_shown(file));
    err_why_errno(err, problem);
    return false;
}

static bool read_logs(struct audit *audit, const struct options *o, struct err *err)
{
    if (!options_n_arguments(o))
        return read_log(audit, "-", err);
    for (size_t i = 0; i < options_n_arguments(o); i++)
        if (!read_log(audit, options_argument(o, i), err))
            return false;
    return true;
}

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
    if (!read_format(o, &json, &err) || !read_since(o, time(NULL), &since, &err))
        return console_unable(command, &err);
    audit = audit_new(since);
    if (!read_logs(audit, o, &err))
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
