#include "commands/confine.h"
#include "base/mem.h"
#include "repository/git.h"
#include <stdlib.h>
#include <string.h>

/* Below it a port is the system's (ip(7), ip_unprivileged_port_start). */
enum { FIRST_FREE_PORT = 1024 };

struct list {
    char **items;
    size_t n;
    size_t capacity;
};

static void add(const char *path, void *closure)
{
    struct list *list = closure;

    if (!path || !*path)
        return;
    list->items = xgrow(list->items, list->n, &list->capacity, sizeof *list->items);
    list->items[list->n++] = xstrdup(path);
}

static bool wants_low_port(const char *address)
{
    const char *colon = strrchr(address, ':');
    unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;

    return port > 0 && port < FIRST_FREE_PORT;
}

static void add_settings(struct list *paths, const struct settings *s)
{
    add(s->tls.certificate, paths);
    add(s->tls.key, paths);
    add(s->tls.client_ca, paths);
    for (size_t i = 0; i < s->cluster.n_snapshots; i++)
        add(s->cluster.snapshots[i], paths);
    for (size_t i = 0; i < s->n_repositories; i++) {
        add(s->repositories[i].path, paths);
        add(s->repositories[i].heartbeat, paths);
        git_places(s->repositories[i].path, add, paths);
    }
}

bool confine_files(const struct settings *settings, const char *config_file,
                   struct sandbox_files *out, struct err *err)
{
    struct list paths = {0};

    *out = (struct sandbox_files){0};
    if (!sandbox_drop_last(wants_low_port(settings->listen) || wants_low_port(settings->admin),
                           err))
        return false;
    if (sandbox_is_left_out())
        return true;
    add(config_file, &paths);
    add_settings(&paths, settings);
    sandbox_limit_files((const char *const *)paths.items, paths.n, SANDBOX_ACCEPTS, out);
    for (size_t i = 0; i < paths.n; i++)
        free(paths.items[i]);
    free(paths.items);
    return true;
}

void confine_calls(const struct sandbox_files *files, struct program_log *log)
{
    int number;

    if (sandbox_is_left_out()) {
        program_log_event(log, LOG_INFO, "sandbox", "a sanitized build has none");
        return;
    }
    number = sandbox_limit_calls(SANDBOX_ACCEPTS);
    if (number)
        program_log_event(log, LOG_WARNING, "sandbox",
                          "system calls are not limited, seccomp is not available: %s",
                          strerrordesc_np(number));
    if (!files->landlock)
        program_log_event(log, LOG_WARNING, "sandbox",
                          "files are not limited, landlock is not available: %s",
                          strerrordesc_np(files->number));
    if (!number && files->landlock)
        program_log_event(log, LOG_INFO, "sandbox",
                          "system calls are limited, and files to reading in %zu places "
                          "(landlock version %d)",
                          files->n_readable, files->landlock);
}
