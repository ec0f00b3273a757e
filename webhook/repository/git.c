#include "repository/git.h"
#include "base/mem.h"
#include "repository/git_layout.h"
#include "repository/git_library.h"
#include "repository/git_setup.h"
#include "repository/repository.h"
#include <string.h>

/* Design 9. A window is small enough that the limit counts: the default maps whole packs. */
#define CACHE_MAX_BYTES ((ssize_t)16 * 1024 * 1024)
#define WINDOW_BYTES ((size_t)4 * 1024 * 1024)
#define WINDOWS_MAX_BYTES ((size_t)32 * 1024 * 1024)

/* Nothing of the repository is run: no hook, no filter, only its objects are read, so it does not
 * matter who owns it. */
static bool set_options(void)
{
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) == 0 &&
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
    struct git_layout l;
    bool found = git_layout_find(path, &l) && !l.is_work_tree;

    git_layout_clear(&l);
    return found;
}

bool git_is_repository(const char *path)
{
    struct git_layout l;
    bool found = git_layout_find(path, &l);

    git_layout_clear(&l);
    return found;
}

bool repository_git_origin(const char *path, char **out)
{
    struct git_layout l;
    struct git_setup setup = {0};
    struct err err = {0};
    /* another Git may be able to read what we cannot: it is a work tree all the same */
    bool found = git_layout_find(path, &l);
    bool is_read = found && git_setup_read(l.common, path, &setup, &err);
    bool has_origin = is_read && setup.remote && strcmp(setup.remote, "origin") == 0;

    found = found && (l.is_work_tree || setup.is_work_tree);
    if (found)
        *out = xstrdup(has_origin ? setup.url : "");
    git_setup_clear(&setup);
    git_layout_clear(&l);
    return found;
}
