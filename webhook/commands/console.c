#include "commands/console.h"
#include <errno.h>
#include <stdio.h>

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

int console_help(const struct command *command)
{
    AUTO(buf_clearp) struct buf help;

    buf_init(&help, HELP_MAX);
    options_help(command, &help);
    return console_print(command, &help, EXIT_OK);
}
