#include "certs/certs.h"
#include "base/buf.h"
#include "base/mem.h"
#include "commands/console.h"
#include "commands/options.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DESCRIPTION_MAX = 256 * 1024, /* 16 certificates a file, each with its names, escaped */
    DEFAULT_DAYS = 365,
    DEFAULT_CA_DAYS = 3650,
};

static const struct option_row issue_options[] = {
    {"--name", "NAME", OPTION_LIST, "a DNS name or IP address to serve as; give one for each"},
    {"--days", "N", OPTION_VALUE, "validity of the certificate in days, 1 to 825 (365)"},
    {"--ca-days", "N", OPTION_VALUE, "validity of the CA in days, --days to 36500 (3650)"},
    {"--overwrite", NULL, OPTION_FLAG, "replace the files in DIR that exist already"},
};

static int run_issue(const struct command *command, int argc, char **argv);
static int run_inspect(const struct command *command, int argc, char **argv);

static const struct command parts[] = {
    {
        .name = "certs issue",
        .synopsis = "--name NAME [--name NAME]... [--days N] [--ca-days N] [--overwrite] DIR",
        .says = "make a CA and a serving certificate",
        .details = "Writes ca.key, ca.crt, tls.key and tls.crt into DIR, which is made when it is "
                   "missing. Keys get mode 0600. The API server wants ca.crt as caBundle and the "
                   "name SERVICE.NAMESPACE.svc; keep ca.key away from the cluster.",
        .options = issue_options,
        .n_options = ARRAY_LEN(issue_options),
        .run = run_issue,
    },
    {
        .name = "certs inspect",
        .synopsis = "FILE...",
        .says = "show what certificates say",
        .details = "Shows each certificate of PEM files: subject, issuer, names, validity, key, "
                   "kind and fingerprint. Never prints a key; a file with one in it is refused.",
        .run = run_inspect,
    },
};

/* The number of `option`, or `otherwise` when it was not given. */
static bool read_days(const struct options *o, const char *option, unsigned otherwise,
                      unsigned *out, struct err *err)
{
    const char *text = options_value(o, option);
    char *end = NULL;
    unsigned long value;

    *out = otherwise;
    if (!text)
        return true;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno || end == text || *end || text[0] < '0' || text[0] > '9' ||
        value > CERTS_MAX_CA_DAYS) {
        err_what(err, ERR_CONFIG, "%s wants a number of days up to %d, found \"%s\"", option,
                 CERTS_MAX_CA_DAYS, text);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool issue(const struct options *o, struct err *err)
{
    size_t n = options_n_values(o, "--name");
    AUTO(freep) const char **names = xcalloc(n, sizeof *names);
    struct certs_issue_options wanted = {
        .names = names,
        .n_names = n,
        .now = time(NULL),
        .overwrite = options_has(o, "--overwrite"),
    };

    for (size_t i = 0; i < n; i++)
        names[i] = options_value_at(o, "--name", i);
    if (options_n_arguments(o) != 1) {
        err_what(err, ERR_CONFIG, "one directory is wanted, found %zu", options_n_arguments(o));
        return false;
    }
    wanted.directory = options_argument(o, 0);
    if (!read_days(o, "--days", DEFAULT_DAYS, &wanted.days, err) ||
        !read_days(o, "--ca-days", wanted.days > DEFAULT_CA_DAYS ? wanted.days : DEFAULT_CA_DAYS,
                   &wanted.ca_days, err))
        return false;
    return certs_issue(&wanted, err);
}

static int run_issue(const struct command *command, int argc, char **argv)
{
    AUTO(options_freep) struct options *o = NULL;
    struct err err = {0};

    if (!options_parse(command, argc, argv, &o, &err))
        return console_unable(command, &err);
    if (options_has(o, "--help"))
        return console_help(command);
    return issue(o, &err) ? EXIT_OK : console_unable(command, &err);
}

static int run_inspect(const struct command *command, int argc, char **argv)
{
    AUTO(options_freep) struct options *o = NULL;
    struct err err = {0};
    int status = EXIT_OK;

    if (!options_parse(command, argc, argv, &o, &err))
        return console_unable(command, &err);
    if (options_has(o, "--help"))
        return console_help(command);
    if (options_n_arguments(o) == 0) {
        err_what(&err, ERR_CONFIG, "at least one file is wanted");
        return console_unable(command, &err);
    }
    /* One bad file does not hide the others. */
    for (size_t i = 0; i < options_n_arguments(o); i++) {
        AUTO(buf_clearp) struct buf text = {0};
        int one;

        err_clear(&err);
        buf_init(&text, DESCRIPTION_MAX);
        one = certs_inspect(options_argument(o, i), time(NULL), &text, &err)
                  ? console_print(command, &text, EXIT_OK)
                  : console_unable(command, &err);
        status = one > status ? one : status;
    }
    return status;
}

static int list_parts(FILE *to)
{
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        (void)fprintf(to, "  syncguard %s %s\n      %s\n", parts[i].name, parts[i].synopsis,
                      parts[i].says);
    return fflush(to) == 0 ? EXIT_OK : EXIT_UNABLE;
}

static int run_certs(const struct command *command, int argc, char **argv)
{
    (void)command;
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(parts); i++)
        if (strcmp(argv[1], strchr(parts[i].name, ' ') + 1) == 0)
            return parts[i].run(&parts[i], argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        (void)fprintf(stdout, "usage: syncguard certs %s\n\n", command->synopsis);
        return list_parts(stdout);
    }
    (void)fprintf(stderr, "syncguard certs: %s; these are known:\n",
                  argc > 1 ? "there is no such part" : "issue or inspect is wanted");
    (void)list_parts(stderr);
    return EXIT_UNABLE;
}

const struct command command_certs = {
    .name = "certs",
    .synopsis = "issue|inspect ...",
    .says = "issue and inspect serving certificates",
    .run = run_certs,
};
