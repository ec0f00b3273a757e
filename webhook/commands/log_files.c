#include "commands/log_files.h"
#include "commands/console.h"
#include "config/nearest.h"
#include "config/values.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 64 * 1024, DAY_SECONDS = 24 * 60 * 60 };

bool log_files_read_format(const struct options *o, bool *json, struct err *err)
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

bool log_files_read_since(const struct options *o, int64_t now, int64_t *since, struct err *err)
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

static bool read_log(struct log_lines *lines, const char *file, struct err *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(file, "re");
    char piece[PIECE_BYTES];
    size_t n;
    int problem = stream ? 0 : errno;

    log_lines_begin(lines, console_shown(file));
    while (stream && (n = fread(piece, 1, sizeof piece, stream)) > 0)
        log_lines_add(lines, (struct str){piece, n});
    if (stream && ferror(stream))
        problem = errno;
    if (stream && !is_stdin)
        (void)fclose(stream);
    log_lines_end(lines);
    if (!problem)
        return true;
    err_what(err, ERR_SYSTEM, "the file could not be read");
    err_where(err, "%s", console_shown(file));
    err_why_errno(err, problem);
    return false;
}

bool log_files_read(const struct options *o, struct log_lines *lines, struct err *err)
{
    if (!options_n_arguments(o))
        return read_log(lines, "-", err);
    for (size_t i = 0; i < options_n_arguments(o); i++)
        if (!read_log(lines, options_argument(o, i), err))
            return false;
    return true;
}

bool log_files_can_be_read_again(const struct options *o)
{
    for (size_t i = 0; i < options_n_arguments(o); i++)
        if (strcmp(options_argument(o, i), "-") == 0)
            return false;
    return options_n_arguments(o) > 0;
}
