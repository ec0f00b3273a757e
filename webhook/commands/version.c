#include "commands/console.h"

/* SYNCGUARD_VERSION and the libraries' versions come from the build (CMakeLists.txt), so that no
 * library's header is needed here. */
static const struct library {
    const char *name;
    const char *version;
} libraries[] = {
    {"jansson", JANSSON_BUILT_WITH},          {"libyaml", YAML_BUILT_WITH},
    {"libgit2", LIBGIT2_BUILT_WITH},          {"OpenSSL", OPENSSL_BUILT_WITH},
    {"libmicrohttpd", MICROHTTPD_BUILT_WITH},
};

static int run_version(const struct command *command, int argc, char **argv)
{
    AUTO(options_freep) struct options *o = NULL;
    AUTO(buf_clearp) struct buf out = {.max = 4096}; /* a line for each library */
    struct err err = {0};

    if (!options_parse(command, argc, argv, &o, &err))
        return console_unable(command, &err);
    if (options_has(o, "--help"))
        return console_help(command);
    buf_adds(&out, "syncguard " SYNCGUARD_VERSION "\n");
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        buf_printf(&out, "built with %s %s\n", libraries[i].name, libraries[i].version);
    return console_print(command, &out, EXIT_OK);
}

const struct command command_version = {
    .name = "version",
    .synopsis = "",
    .says = "show the version, and the libraries it was built with",
    .run = run_version,
};
