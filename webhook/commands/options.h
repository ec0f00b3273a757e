/* options.h: command-line options as rows of a table; --help is made from the same rows. */
#pragma once
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>

enum option_kind { OPTION_FLAG, OPTION_VALUE, OPTION_LIST };

struct option_row {
    const char *name;  /* "--config" */
    const char *value; /* "FILE", NULL for a flag */
    enum option_kind kind;
    const char *says; /* one line for --help */
};

struct command {
    const char *name;     /* "check" */
    const char *synopsis; /* "[--config FILE] [DIR]" */
    const char *says;     /* one line for the list of commands */
    const char *details;  /* a paragraph for its own --help, or NULL */
    const struct option_row *options;
    size_t n_options;
    /* Returns the exit status. argv[0] is the command's name. */
    int (*run)(const struct command *command, int argc, char **argv);
};

/* Parsed options; values are borrowed from argv. */
struct options;

/*
 * Accepts --name value and --name=value; "--" ends options. An unknown or incomplete option fails
 * with ERR_CONFIG naming it. --help is known to every command.
 * out  owned by the caller (options_free()).
 */
bool options_parse(const struct command *command, int argc, char **argv, struct options **out,
                   struct err *err) MUST_CHECK;
void options_free(struct options *o); /* NULL is fine */
void options_freep(struct options **o);
bool options_has(const struct options *o, const char *name);
/* The last value given, or NULL. */
const char *options_value(const struct options *o, const char *name);
size_t options_n_values(const struct options *o, const char *name);
const char *options_value_at(const struct options *o, const char *name, size_t index);
size_t options_n_arguments(const struct options *o);
const char *options_argument(const struct options *o, size_t index);
void options_help(const struct command *command, struct buf *out);

/* Exit statuses of every command: nothing denied, something denied, could not run. */
enum { EXIT_OK = 0, EXIT_DENIED = 1, EXIT_UNABLE = 2 };

/* One file each: commands/<name>.c. */
extern const struct command command_serve;
extern const struct command command_check;
extern const struct command command_explain;
extern const struct command command_audit;
extern const struct command command_certs;
extern const struct command command_version;
