#include "certs/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static bool read_all(int fd, char *into, size_t n)
{
    size_t have = 0;

    while (have < n) {
        ssize_t got = read(fd, into + have, n - have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0) {
            errno = EIO; /* it shrank while we read: not the file we measured */
            return false;
        }
        have += (size_t)got;
    }
    return true;
}

static bool write_all(int fd, struct str text)
{
    while (text.n) {
        ssize_t put = write(fd, text.p, text.n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text = str_sub(text, (size_t)put, text.n);
    }
    return true;
}

static bool not_read(const char *path, int number, struct err *err)
{
    err_what(err, ERR_SYSTEM, "the file could not be read");
    err_where(err, "%s", path);
    err_why_errno(err, number);
    return false;
}

bool certs_file_load(const char *path, struct certs_file *out, struct err *err)
{
    /* O_NONBLOCK: a FIFO at this path must not hang us before fstat() can refuse it. */
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    memset(out, 0, sizeof *out);
    if (fd < 0 || fstat(fd, &st) != 0)
        return not_read(path, errno, err);
    if (!S_ISREG(st.st_mode)) {
        err_why(err, "%s", S_ISDIR(st.st_mode) ? "it is a directory" : "it is no regular file");
        return not_read(path, EINVAL, err);
    }
    if (st.st_size > CERTS_FILE_MAX) {
        err_what(err, ERR_LIMIT, "the file is larger than %d bytes", CERTS_FILE_MAX);
        err_where(err, "%s", path);
        return false;
    }
    out->n = (size_t)st.st_size;
    out->mode = st.st_mode;
    out->text = xmalloc(out->n + 1);
    out->text[out->n] = '\0';
    if (!read_all(fd, out->text, out->n))
        return not_read(path, errno, err);
    return true;
}

void certs_file_clear(struct certs_file *file)
{
    if (file->text)
        explicit_bzero(file->text, file->n);
    free(file->text);
    memset(file, 0, sizeof *file);
}

static bool not_written(const char *path, struct err *err)
{
    int number = errno;

    err_what(err, ERR_SYSTEM, "the file could not be written");
    err_where(err, "%s", path);
    err_why_errno(err, number);
    return false;
}

bool certs_file_stage(const char *directory, const char *name, struct str text, mode_t mode,
                      struct certs_staged *out, struct err *err)
{
    AUTO(close_fd) int fd = -1;

    out->path = xasprintf("%s/%s", directory, name);
    out->temporary = xasprintf("%s/.%s.XXXXXX", directory, name);
    fd = mkostemp(out->temporary, O_CLOEXEC); /* mode 0600 from its first moment */
    if (fd < 0) {
        free(steal(&out->temporary)); /* nothing to remove */
        return not_written(out->path, err);
    }
    if (fchmod(fd, mode) != 0 || !write_all(fd, text) || fsync(fd) != 0)
        return not_written(out->path, err);
    return true;
}

static bool exists_already(const char *path, struct err *err)
{
    err_what(err, ERR_CONFIG, "the file exists already");
    err_where(err, "%s", path);
    err_remedy(err, "choose another directory, or pass --overwrite");
    return false;
}

static bool sync_directory_of(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    AUTO(freep) char *directory = xstrndup((struct str){path, (size_t)(slash - path)});
    AUTO(close_fd) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return not_written(directory, err);
    return true;
}

bool certs_file_publish(struct certs_staged *staged, bool overwrite, struct err *err)
{
    int done = renameat2(AT_FDCWD, staged->temporary, AT_FDCWD, staged->path,
                         overwrite ? 0 : RENAME_NOREPLACE);

    if (done != 0 && errno == EEXIST)
        return exists_already(staged->path, err);
    if (done != 0 && errno == EINVAL && !overwrite) {
        /* A file system that knows no RENAME_NOREPLACE: link() refuses an existing name too. */
        done = link(staged->temporary, staged->path);
        if (done != 0 && errno == EEXIST)
            return exists_already(staged->path, err);
        if (done == 0)
            (void)unlink(staged->temporary);
    }
    if (done != 0)
        return not_written(staged->path, err);
    free(steal(&staged->temporary));
    return sync_directory_of(staged->path, err);
}

void certs_staged_clear(struct certs_staged *staged)
{
    if (staged->temporary)
        (void)unlink(staged->temporary);
    free(staged->temporary);
    free(staged->path);
    memset(staged, 0, sizeof *staged);
}

bool certs_file_is_free(const char *directory, const char *name, struct err *err)
{
    AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
    struct stat st;

    /* lstat: a dangling link is an existing name too. */
    if (lstat(path, &st) == 0)
        return exists_already(path, err);
    if (errno == ENOENT || errno == ENOTDIR)
        return true; /* ENOTDIR is reported when the directory is made */
    return not_written(path, err);
}
