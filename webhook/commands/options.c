#include "commands/options.h"
#include "base/mem.h"
#include "config/nearest.h"
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 24, HELP_COLUMN = 28, HELP_WIDTH = 96 };

static const struct option_row help_row = {"--help", NULL, OPTION_FLAG, "show this help"};

struct given {
    const struct option_row *row;
    const char *value; /* NULL for a flag */
};

struct options {
    struct given *given;
    size_t n_given;
    const char **arguments;
    size_t n_arguments;
};

void options_free(struct options *o)
{
    if (!o)
        return;
    free(o->given);
    free(o->arguments);
    free(o);
}

void options_freep(struct options **o)
{
    options_free(*o);
}

static const struct option_row *find_row(const struct command *command, struct str name)
{
    if (str_is(name, help_row.name))
        return &help_row;
    for (size_t i = 0; i < command->n_options; i++)
        if (str_is(name, command->options[i].name))
            return &command->options[i];
    return NULL;
}

static bool unknown_option(const struct command *command, struct str name, struct err *err)
{
    const char *names[OPTIONS_MAX] = {help_row.name};
    size_t n = 1;
    const char *meant;

    for (size_t i = 0; i < command->n_options && n < OPTIONS_MAX; i++)
        names[n++] = command->options[i].name;
    err_what(err, ERR_CONFIG, "unknown option %.*s", STR_ARG(str_sub(name, 0, 100)));
    meant = nearest_word(name, names, n);
    if (meant)
        err_remedy(err, "did you mean %s?", meant);
    else
        err_remedy(err, "syncguard %s --help lists them", command->name);
    return false;
}

/* Reads argv[*i] and, where the option wants one, the value behind it. */
static bool read_option(const struct command *command, int argc, char **argv, int *i,
                        struct given *out, struct err *err)
{
    const char *equals = strchr(argv[*i], '=');
    struct str name = str_from(argv[*i]);

    if (equals)
        name = str_sub(name, 0, (size_t)(equals - argv[*i]));
    *out = (struct given){.row = find_row(command, name)};
    if (!out->row)
        return unknown_option(command, name, err);
    if (out->row->kind == OPTION_FLAG) {
        if (equals)
            err_what(err, ERR_CONFIG, "%s takes no value", out->row->name);
        return !equals;
    }
    if (equals) {
        out->value = equals + 1;
    } else if (*i + 1 < argc) {
        out->value = argv[++*i];
    } else {
        err_what(err, ERR_CONFIG, "%s wants a value: %s", out->row->name, out->row->value);
        return false;
    }
    return true;
}

bool options_parse(const struct command *command, int argc, char **argv, struct options **out,
                   struct err *err)
{
    AUTO(options_freep) struct options *o = xcalloc(1, sizeof *o);
    bool ended = false;

    /* argv bounds both: no option and no argument takes less than one word. */
    o->given = xcalloc((size_t)argc, sizeof *o->given);
    o->arguments = xcalloc((size_t)argc, sizeof *o->arguments);
    for (int i = 1; i < argc; i++) {
        /* A single "-" is standard input. */
        if (ended || argv[i][0] != '-' || argv[i][1] == '\0')
            o->arguments[o->n_arguments++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            ended = true;
        else if (!read_option(command, argc, argv, &i, &o->given[o->n_given++], err))
            return false;
    }
    *out = steal(&o);
    return true;
}

bool options_has(const struct options *o, const char *name)
{
    return options_n_values(o, name) > 0;
}

const char *options_value(const struct options *o, const char *name)
{
    size_t n = options_n_values(o, name);

    return n ? options_value_at(o, name, n - 1) : NULL;
}

size_t options_n_values(const struct options *o, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < o->n_given; i++)
        n += strcmp(o->given[i].row->name, name) == 0;
    return n;
}

const char *options_value_at(const struct options *o, const char *name, size_t index)
{
    for (size_t i = 0; i < o->n_given; i++)
        if (strcmp(o->given[i].row->name, name) == 0 && index-- == 0)
            return o->given[i].value;
    return NULL;
}

size_t options_n_arguments(const struct options *o)
{
    return o->n_arguments;
}

const char *options_argument(const struct options *o, size_t index)
{
    return index < o->n_arguments ? o->arguments[index] : NULL;
}

/* Words of `text` in lines of at most HELP_WIDTH, each starting at `column`; the cursor stands
 * at `at` now. */
static void add_wrapped(struct buf *out, const char *text, size_t at, size_t column)
{
    struct str rest = str_from(text);
    struct str word;
    bool first = true;

    while (str_split(&rest, ' ', &word)) {
        if (!first && at + 1 + word.n > HELP_WIDTH) {
            buf_printf(out, "\n%*s", (int)column, "");
            at = column;
            first = true;
        }
        buf_printf(out, "%s%.*s", first ? "" : " ", STR_ARG(word));
        at += word.n + (first ? 0 : 1);
        first = false;
    }
    buf_addc(out, '\n');
}

static void add_row(struct buf *out, const struct option_row *row)
{
    size_t start = out->n;
    size_t used;

    buf_printf(out, "  %s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
    used = out->n - start;
    /* A name that is too long for its column stands on a line of its own. */
    if (used >= HELP_COLUMN) {
        buf_adds(out, "\n");
        used = 0;
    }
    buf_printf(out, "%*s", (int)(HELP_COLUMN - used), "");
    add_wrapped(out, row->says, HELP_COLUMN, HELP_COLUMN);
}

void options_help(const struct command *command, struct buf *out)
{
    const char *synopsis = command->synopsis ? command->synopsis : "";

    buf_printf(out, "usage: syncguard %s%s%s\n\n  ", command->name, synopsis[0] ? " " : "",
               synopsis);
    add_wrapped(out, command->says, 2, 2);
    if (command->details) {
        buf_adds(out, "\n  ");
        add_wrapped(out, command->details, 2, 2);
    }
    buf_adds(out, "\noptions:\n");
    for (size_t i = 0; i < command->n_options; i++)
        add_row(out, &command->options[i]);
    add_row(out, &help_row);
}
