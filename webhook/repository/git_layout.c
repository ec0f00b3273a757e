#include "repository/git_layout.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_whole(int fd, char *out, size_t wanted)
{
    size_t n = 0;

    while (n < wanted) {
        ssize_t got = read(fd, out + n, wanted - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false; /* cut off meanwhile */
        n += (size_t)got;
    }
    return true;
}

static enum git_file read_open(int fd, size_t limit_bytes, char **out, size_t *n_bytes)
{
    AUTO(freep) char *bytes = NULL;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return GIT_FILE_DAMAGED;
    if (S_ISDIR(st.st_mode))
        return GIT_FILE_MISSING;
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uintmax_t)st.st_size > limit_bytes)
        return GIT_FILE_DAMAGED;
    bytes = xmalloc((size_t)st.st_size + 1);
    if (!read_whole(fd, bytes, (size_t)st.st_size))
        return GIT_FILE_DAMAGED;
    bytes[st.st_size] = '\0';
    *n_bytes = (size_t)st.st_size;
    *out = steal(&bytes);
    return GIT_FILE_READ;
}

enum git_file git_file_read(const char *path, size_t limit_bytes, char **out, size_t *n_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    enum git_file found;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ? GIT_FILE_MISSING
                                                                            : GIT_FILE_DAMAGED;
    found = read_open(fd, limit_bytes, out, n_bytes);
    (void)close(fd);
    return found;
}

bool git_layout_is_shallow(const struct git_layout *l)
{
    AUTO(freep) char *path = xasprintf("%s/shallow", l->common);
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static char *below(const char *directory, const char *name)
{
    return xasprintf("%s/%s", directory, name);
}

static bool is_directory(const char *directory, const char *name)
{
    AUTO(freep) char *path = below(directory, name);
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *directory, const char *name)
{
    AUTO(freep) char *path = below(directory, name);
    struct stat st;

    /* HEAD was a symlink once, and may be one to a branch that has no commit yet */
    return lstat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
}

/* The path in a file of one line, behind `prefix`, relative to `directory`. NULL when it is none:
 * "gitdir: PATH" in a .git file, PATH in commondir. */
static char *read_path(const char *file, const char *prefix, const char *directory)
{
    AUTO(freep) char *line = NULL;
    const char *path;
    size_t n;

    if (git_file_read(file, PATH_MAX, &line, &n) != GIT_FILE_READ ||
        strncmp(line, prefix, strlen(prefix)) != 0)
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    path = line + strlen(prefix);
    return path[0] == '/' ? xstrdup(path) : below(directory, path);
}

static void find_own(const char *path, struct git_layout *out)
{
    char *linked;

    out->own = below(path, ".git");
    out->is_work_tree = true;
    if (is_directory(path, ".git"))
        return;
    linked = read_path(out->own, "gitdir: ", path);
    free(out->own);
    out->own = linked ? linked : xstrdup(path); /* bare */
    out->is_work_tree = linked != NULL;
}

bool git_layout_find(const char *path, struct git_layout *out)
{
    AUTO(freep) char *common = NULL;

    *out = (struct git_layout){0};
    find_own(path, out);
    common = below(out->own, "commondir");
    out->common = read_path(common, "", out->own);
    if (!out->common)
        out->common = xstrdup(out->own);
    return is_file(out->own, "HEAD") && is_directory(out->common, "objects") &&
           is_directory(out->common, "refs");
}

void git_layout_clear(struct git_layout *l)
{
    free(l->own);
    free(l->common);
    *l = (struct git_layout){0};
}
