/* How a command line is read, and what --help says. */
#include "commands/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

static const struct option_row rows[] = {
    {"--config", "FILE", OPTION_VALUE, "settings"},
    {"--repository", "URL=DIR", OPTION_LIST,
     "a directory and the name that Applications call it by, of which any number may be given, one "
     "behind the other"},
    {"--overwrite", NULL, OPTION_FLAG, "replace"},
    {"--longer-than-its-column", "FILE", OPTION_VALUE, "a line below"},
};

static const struct command command = {
    .name = "test",
    .synopsis = "[--config FILE] [DIR]",
    .says = "try options",
    .details = "A paragraph.",
    .options = rows,
    .n_options = ARRAY_LEN(rows),
};

enum { WORDS_MAX = 12 };

/* Parses "test" and the words up to NULL. */
static bool parse(const char *const *words, struct options **out, struct err *err)
{
    char *argv[WORDS_MAX + 1];
    int argc = 0;
    static char name[] = "test";

    argv[argc++] = name;
    for (size_t i = 0; words[i]; i++) {
        assert_true(argc < WORDS_MAX);
        /* options_parse() borrows and never writes. */
        memcpy(&argv[argc++], &words[i], sizeof(char *));
    }
    argv[argc] = NULL;
    return options_parse(&command, argc, argv, out, err);
}

static void values_come_in_both_spellings(void **state)
{
    static const char *const words[] = {
        "--config",     "a.yaml", "--repository=u=d", "--overwrite", "dir",
        "--repository", "v=e",    "--config=b.yaml",  NULL};
    AUTO(options_freep) struct options *o = NULL;
    struct err err = {0};

    (void)state;
    assert_true(parse(words, &o, &err));
    assert_string_equal(options_value(o, "--config"), "b.yaml");
    assert_int_equal(options_n_values(o, "--config"), 2);
    assert_int_equal(options_n_values(o, "--repository"), 2);
    assert_string_equal(options_value_at(o, "--repository", 0), "u=d");
    assert_string_equal(options_value_at(o, "--repository", 1), "v=e");
    assert_null(options_value_at(o, "--repository", 2));
    assert_true(options_has(o, "--overwrite"));
    assert_false(options_has(o, "--help"));
    assert_int_equal(options_n_arguments(o), 1);
    assert_string_equal(options_argument(o, 0), "dir");
    assert_null(options_argument(o, 1));
}

static void two_dashes_end_options_and_one_is_an_argument(void **state)
{
    static const char *const words[] = {"-", "--", "--config", "--", NULL};
    AUTO(options_freep) struct options *o = NULL;
    struct err err = {0};

    (void)state;
    assert_true(parse(words, &o, &err));
    assert_int_equal(options_n_arguments(o), 3);
    assert_string_equal(options_argument(o, 0), "-");
    assert_string_equal(options_argument(o, 1), "--config");
    assert_string_equal(options_argument(o, 2), "--");
    assert_null(options_value(o, "--config"));
}

static void help_is_known_everywhere(void **state)
{
    static const char *const words[] = {"--help", NULL};
    AUTO(options_freep) struct options *o = NULL;
    struct err err = {0};

    (void)state;
    assert_true(parse(words, &o, &err));
    assert_true(options_has(o, "--help"));
}

static void wrong_options_are_named(void **state)
{
    static const struct {
        const char *words[3];
        const char *message;
    } cases[] = {
        {{"--confg", "a"}, "unknown option --confg; did you mean --config?"},
        {{"--confg=secret"}, "unknown option --confg; did you mean --config?"},
        {{"--frobnicate"}, "unknown option --frobnicate; syncguard test --help lists them"},
        {{"-x"}, "unknown option -x; syncguard test --help lists them"},
        {{"--config"}, "--config wants a value: FILE"},
        {{"--overwrite=yes"}, "--overwrite takes no value"},
        {{"--help=x"}, "--help takes no value"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct options *o = NULL;
        struct err err = {0};
        char message[ERR_TEXT_MAX];

        assert_false(parse(cases[i].words, &o, &err));
        assert_null(o);
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_string_equal(err_text(&err, message), cases[i].message);
    }
}

static void help_is_made_from_the_table(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = 4096};

    (void)state;
    options_help(&command, &out);
    assert_string_equal(buf_str(&out).p,
                        "usage: syncguard test [--config FILE] [DIR]\n"
                        "\n"
                        "  try options\n"
                        "\n"
                        "  A paragraph.\n"
                        "\n"
                        "options:\n"
                        "  --config FILE             settings\n"
                        "  --repository URL=DIR      a directory and the name that Applications "
                        "call it by, of which "
                        "any\n"
                        "                            number may be given, one behind the other\n"
                        "  --overwrite               replace\n"
                        "  --longer-than-its-column FILE\n"
                        "                            a line below\n"
                        "  --help                    show this help\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_in_both_spellings),
        cmocka_unit_test(two_dashes_end_options_and_one_is_an_argument),
        cmocka_unit_test(help_is_known_everywhere),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(help_is_made_from_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
