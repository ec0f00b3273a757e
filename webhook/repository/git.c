#include "repository/git.h"
#include "base/mem.h"
#include "repository/git_library.h"
#include "repository/repository.h"

/* Design 9. A window is small enough that the limit counts: the default maps whole packs. */
#define CACHE_MAX_BYTES ((ssize_t)16 * 1024 * 1024)
#define WINDOW_BYTES ((size_t)4 * 1024 * 1024)
#define WINDOWS_MAX_BYTES ((size_t)32 * 1024 * 1024)

/* Nothing of the repository is run: no hook, no filter, only its configuration and objects are
 * read, so it does not matter who owns it. */
static bool set_options(void)
{
    const char *extensions[] = {"worktreeconfig", "partialclone"};

    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) == 0 &&
           git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, ARRAY_LEN(extensions)) == 0 &&
           git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1) == 0 &&
           git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_MAX_BYTES) == 0 &&
           git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW_BYTES) == 0 &&
           git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, WINDOWS_MAX_BYTES) == 0;
}

bool git_start(void)
{
    /* No configuration but the repository's own is read. */
    static const git_config_level_t levels[] = {
        GIT_CONFIG_LEVEL_PROGRAMDATA,
        GIT_CONFIG_LEVEL_SYSTEM,
        GIT_CONFIG_LEVEL_XDG,
        GIT_CONFIG_LEVEL_GLOBAL,
    };
    bool good;

    if (git_libgit2_init() < 0)
        return false;
    good = set_options();
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        good = good && git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") == 0;
    if (!good)
        git_stop();
    return good;
}

void git_stop(void)
{
    (void)git_libgit2_shutdown();
}

const char *git_text(void)
{
    const git_error *error = git_error_last();

    return error && error->message ? error->message : "libgit2 gives no reason";
}

bool git_is_bare(const char *path)
{
    git_repository *repository = NULL;
    bool is_bare;

    if (!git_start())
        return false;
    is_bare = git_repository_open_bare(&repository, path) == 0;
    git_repository_free(repository);
    git_stop();
    return is_bare;
}

bool git_is_repository(const char *path)
{
    git_repository *repository = NULL;
    bool found;

    if (!git_start())
        return false;
    found = git_repository_open_ext(&repository, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0;
    git_repository_free(repository);
    git_stop();
    return found;
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

    if (!git_start())
        return false;
    is_work_tree =
        git_repository_open_ext(&repository, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0 &&
        !git_repository_is_bare(repository);
    if (is_work_tree)
        *out = read_origin(repository);
    git_repository_free(repository);
    git_stop();
    return is_work_tree;
}
