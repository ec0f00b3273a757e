#include "server/watch.h"
#include "base/attr.h"
#include "base/mem.h"
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

struct watch {
    int wake_fd;
    int notify_fd; /* -1: there is none */
};

/* Files that appear, vanish, are renamed or have been written: how Git and git-sync change theirs.
 */
static const uint32_t changes = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

struct watch *watch_new(void)
{
    struct watch *w = xcalloc(1, sizeof *w);

    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->wake_fd < 0)
        give_up("no descriptor can be had; check the limit of open files (ulimit -n)");
    w->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return w;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    if (w->notify_fd >= 0)
        (void)close(w->notify_fd);
    (void)close(w->wake_fd);
    free(w);
}

void watch_clear(struct watch *w)
{
    if (w->notify_fd >= 0)
        (void)close(w->notify_fd);
    w->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

void watch_add(struct watch *w, const char *directory)
{
    if (w->notify_fd >= 0)
        (void)inotify_add_watch(w->notify_fd, directory, changes);
}

static void swallow(int fd)
{
    char bytes[4096];

    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

void watch_wait(struct watch *w, unsigned timeout_ms)
{
    struct pollfd fds[] = {
        {.fd = w->wake_fd, .events = POLLIN},
        {.fd = w->notify_fd, .events = POLLIN}, /* a negative one is ignored */
    };

    if (poll(fds, ARRAY_LEN(fds), (int)timeout_ms) <= 0)
        return;
    swallow(w->wake_fd);
    if (w->notify_fd >= 0)
        swallow(w->notify_fd);
}

void watch_wake(struct watch *w)
{
    static const uint64_t one = 1;

    /* It fails only where 2^64 - 2 wakes are waiting already. */
    (void)!write(w->wake_fd, &one, sizeof one);
}
