#include "repository/git.h"
#include "base/mem.h"
#include "repository/repository.h"
#include <git2.h>
#include <stdlib.h>

/*
 * libgit2's settings are the process's own; each use sets the same ones. Owner validation is off
 * because nothing of the repository is run: no hook, no filter, only its configuration and objects
 * are read. Nothing outside the repository is read either.
 */
static bool start(void)
{
    static const git_config_level_t levels[] = {
        GIT_CONFIG_LEVEL_PROGRAMDATA,
        GIT_CONFIG_LEVEL_SYSTEM,
        GIT_CONFIG_LEVEL_XDG,
        GIT_CONFIG_LEVEL_GLOBAL,
    };
    const char *extensions[] = {"worktreeconfig", "partialclone"};
    bool good;

    if (git_libgit2_init() < 0)
        return false;
    good = git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) == 0 &&
           git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, ARRAY_LEN(extensions)) == 0;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        good = good && git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") == 0;
    if (!good)
        (void)git_libgit2_shutdown();
    return good;
}

bool git_is_bare(const char *path)
{
    git_repository *repository = NULL;
    bool is_bare;

    if (!start())
        return false;
    is_bare = git_repository_open_bare(&repository, path) == 0;
    git_repository_free(repository);
    (void)git_libgit2_shutdown();
    return is_bare;
}

static char *read_origin(git_repository *repository)
{
    git_config *config = NULL;
    git_config *snapshot = NULL;
    const char *url = NULL;
    char *origin;

    if (git_repository_config(&config, repository) == 0 &&
        git_config_snapshot(&snapshot, config) == 0 &&
        git_config_get_string(&url, snapshot, "remote.origin.url") != 0)
        url = NULL;
    origin = xstrdup(url ? url : "");
    git_config_free(snapshot);
    git_config_free(config);
    return origin;
}

bool repository_git_origin(const char *path, char **out)
{
    git_repository *repository = NULL;
    bool is_work_tree;

    if (!start())
        return false;
    is_work_tree =
        git_repository_open_ext(&repository, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0 &&
        !git_repository_is_bare(repository);
    if (is_work_tree)
        *out = read_origin(repository);
    git_repository_free(repository);
    (void)git_libgit2_shutdown();
    return is_work_tree;
}
