#include "base/mem.h"
#include "cluster/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_file(struct cluster *c, const char *path)
{
    c->files[c->n_files++] = (struct file){
        .path = xstrdup(path),
        .shown = notes_escape(str_from(path)),
    };
}

static struct cluster *new_cluster(size_t n_files, int64_t now)
{
    struct cluster *c = xcalloc(1, sizeof *c);

    c->files = xcalloc(n_files, sizeof *c->files);
    c->loaded_at = now;
    c->version = xstrdup("");
    return c;
}

static void refuse(struct cluster *c, const struct file *file, const char *complaint, int number)
{
    notes_add(c, file->shown, "%s%s%s", complaint, number ? ": " : "",
              number ? strerror(number) : "");
    c->torn = true;
}

/* At most n_bytes: what a file gains while it is read belongs to its next state. */
static bool read_all(int fd, char *bytes, size_t n_bytes, size_t *n_out)
{
    size_t n = 0;

    while (n < n_bytes) {
        ssize_t got = read(fd, bytes + n, n_bytes - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *n_out = n;
    return true;
}

static void read_bytes(struct cluster *c, struct file *file, int fd, size_t n_bytes)
{
    char *bytes = xmalloc(n_bytes + 1);
    size_t n = 0;

    if (read_all(fd, bytes, n_bytes, &n))
        snapshot_read_text(c, file->shown, (struct str){bytes, n});
    else {
        refuse(c, file, "could not be read", errno);
        file->present = false; /* to be tried again: a network's file may come back as it was */
    }
    explicit_bzero(bytes, n_bytes); /* Secrets may stand in it */
    free(bytes);
}

static void read_open_file(struct cluster *c, struct file *file, int fd)
{
    if (fstat(fd, &file->status) != 0) {
        refuse(c, file, "could not be looked at", errno);
        return;
    }
    file->present = true;
    if (!S_ISREG(file->status.st_mode))
        refuse(c, file, "is no regular file", 0);
    else if ((uint64_t)file->status.st_size > CLUSTER_MAX_FILE_BYTES)
        refuse(c, file, "is larger than 1 GiB", 0);
    else
        read_bytes(c, file, fd, (size_t)file->status.st_size);
}

/* Whether the same file could be opened a moment later: it did not exist then, or this process had
 * too many. Then what stat() says now was not looked at, and has to count as a change. */
static bool may_open_later(int number)
{
    return number == ENOENT || number == EMFILE || number == ENFILE;
}

/* Without O_NONBLOCK the opening of a FIFO waits for somebody who writes. */
static void read_file(struct cluster *c, struct file *file)
{
    int fd = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int number = errno;

    if (fd < 0) {
        refuse(c, file, "could not be opened", number);
        file->present = !may_open_later(number) && stat(file->path, &file->status) == 0;
        return;
    }
    read_open_file(c, file, fd);
    (void)close(fd);
}

struct cluster *cluster_read_snapshots(char *const *paths, size_t n_paths, int64_t now)
{
    struct cluster *c = new_cluster(n_paths, now);

    for (size_t i = 0; i < n_paths; i++) {
        add_file(c, paths[i]);
        read_file(c, &c->files[i]);
    }
    cluster_finish(c);
    return c;
}

struct cluster *cluster_read_snapshot_text(const char *name, struct str text, int64_t now)
{
    struct cluster *c = new_cluster(1, now);

    add_file(c, name);
    snapshot_read_text(c, c->files[0].shown, text);
    cluster_finish(c);
    return c;
}

int64_t cluster_written_at(const struct cluster *c)
{
    int64_t oldest = 0;

    for (size_t i = 0; i < c->n_files; i++) {
        const struct file *file = &c->files[i];

        if (file->present && (!oldest || file->status.st_mtim.tv_sec < oldest))
            oldest = file->status.st_mtim.tv_sec;
    }
    return oldest;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool looks_the_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

bool cluster_changed(const struct cluster *c)
{
    for (size_t i = 0; i < c->n_files; i++) {
        const struct file *file = &c->files[i];
        struct stat now;
        bool present = stat(file->path, &now) == 0;

        if (present != file->present || (present && !looks_the_same(&file->status, &now)))
            return true;
    }
    return false;
}
