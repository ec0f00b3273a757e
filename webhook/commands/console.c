#include "commands/console.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { HELP_MAX = 16 * 1024 };

int console_unable(const struct command *command, const struct err *err)
{
    char text[ERR_TEXT_MAX];

    (void)fprintf(stderr, "syncguard %s: %s\n", command->name, err_text(err, text));
    return EXIT_UNABLE;
}

int console_print(const struct command *command, const struct buf *out, int status)
{
    struct str text = buf_str(out);
    struct err err = {0};

    if (!buf_ok(out)) {
        err_what(&err, ERR_LIMIT, "the output passes %zu bytes", out->max);
        return console_unable(command, &err);
    }
    if (fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0)
        return status;
    err_what(&err, ERR_SYSTEM, "standard output could not be written");
    err_why_errno(&err, errno);
    return console_unable(command, &err);
}

const char *console_shown(const char *file)
{
    return strcmp(file, "-") == 0 ? "standard input" : file;
}

bool console_read(const char *file, struct buf *out, struct err *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(file, "re");
    char piece[16384];
    size_t n;
    int problem = stream ? 0 : errno;

    while (stream && (n = fread(piece, 1, sizeof piece, stream)) > 0 && buf_ok(out))
        buf_add(out, (struct str){piece, n});
    if (stream && ferror(stream))
        problem = errno;
    if (stream && !is_stdin)
        (void)fclose(stream);
    if (!problem && buf_ok(out))
        return true;
    if (problem) {
        err_what(err, ERR_SYSTEM, "the file could not be read");
        err_why_errno(err, problem);
    } else {
        err_what(err, ERR_LIMIT, "the file is larger than %zu bytes", out->max);
    }
    err_where(err, "%s", console_shown(file));
    return false;
}

int console_help(const struct command *command)
{
    AUTO(buf_clearp) struct buf help = {0};

    buf_init(&help, HELP_MAX);
    options_help(command, &help);
    return console_print(command, &help, EXIT_OK);
}
