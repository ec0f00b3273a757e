/* main.c: the table of subcommands. */
#include "base/digest.h"
#include "base/json.h"
#include "commands/console.h"
#include "config/nearest.h"
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_serve, &command_check, &command_explain,
    &command_audit, &command_certs, &command_version,
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int list_commands(FILE *to, int status)
{
    (void)fprintf(to, "usage: syncguard COMMAND ...\n\n"
                      "Refuses Argo CD and External Secrets mistakes before they are applied.\n\n"
                      "commands:\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        (void)fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->says);
    (void)fprintf(to, "\nsyncguard help COMMAND shows one command's options.\n");
    return fflush(to) == 0 ? status : EXIT_UNABLE;
}

static int unknown_command(const char *name)
{
    const char *names[ARRAY_LEN(commands)];
    const char *meant;
    struct err err = {0};
    char text[ERR_TEXT_MAX];

    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        names[i] = commands[i]->name;
    err_what(&err, ERR_CONFIG, "there is no command %.60s", name);
    meant = nearest_word(str_from(name), names, ARRAY_LEN(names));
    if (meant)
        err_remedy(&err, "did you mean %s?", meant);
    else
        err_remedy(&err, "syncguard --help lists them");
    (void)fprintf(stderr, "syncguard: %s\n", err_text(&err, text));
    return EXIT_UNABLE;
}

static int run(const char *name, int argc, char **argv)
{
    const struct command *command = find_command(name);

    return command ? command->run(command, argc, argv) : unknown_command(name);
}

int main(int argc, char **argv)
{
    json_end_without_memory();
    digest_begin();
    if (argc < 2)
        return list_commands(stderr, EXIT_UNABLE);
    if (strcmp(argv[1], "--help") == 0 || (strcmp(argv[1], "help") == 0 && argc == 2))
        return list_commands(stdout, EXIT_OK);
    if (strcmp(argv[1], "--version") == 0)
        return run("version", 1, argv);
    if (strcmp(argv[1], "help") == 0) {
        char help[] = "--help";
        char *words[] = {argv[2], help, NULL};

        return run(argv[2], 2, words);
    }
    return run(argv[1], argc - 1, argv + 1);
}
