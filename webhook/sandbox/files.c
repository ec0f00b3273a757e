#include "sandbox/files.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As many as the kernel follows. Source: path_resolution(7). */
enum { LINKS_MAX = 40 };

/* Newer than Debian 12's header. Source: include/uapi/linux/landlock.h of Linux 6.12. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* since version 4 */
    uint64_t scoped;             /* since version 6 */
};
enum {
    FS_REFER = 13,     /* version 2 */
    FS_TRUNCATE = 14,  /* version 3 */
    FS_IOCTL_DEV = 15, /* version 5 */
    NET_CONNECT_TCP = 1,
    SCOPE_ABSTRACT_UNIX_SOCKET = 0,
    SCOPE_SIGNAL = 1,
};

static const uint64_t read_file = LANDLOCK_ACCESS_FS_READ_FILE;
static const uint64_t read_directory = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

/* What the libraries read while serving: more of themselves (a thread that ends wants libgcc),
 * names and their settings, time zones, how many processors there are. */
static const char *const of_the_system[] = {
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ssl/openssl.cnf",
    "/etc/gnutls",
    "/dev/null",
    "/dev/urandom",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
};

static bool is_root(const char *path)
{
    return path[0] == '/' && path[1] == '\0';
}

/* The next name of *path, "" at its end. */
static struct str next_name(const char **path)
{
    struct str name;

    *path += strspn(*path, "/");
    name = (struct str){*path, strcspn(*path, "/")};
    *path += name.n;
    return name;
}

/* Goes up from "/a/b" to "/a". */
static void leave(char *place)
{
    char *slash = strrchr(place, '/');

    slash[slash == place ? 1 : 0] = '\0';
}

/* There is room. */
static void set(char *out, const char *text)
{
    memcpy(out, text, strlen(text) + 1);
}

/* The way of a path, name by name. */
struct way {
    char place[2 * PATH_MAX]; /* absolute, without links: where it has come to */
    char rest[2 * PATH_MAX];
    unsigned n_links;
};

/* Puts what the link names before the rest of the way. */
static bool follow(struct way *w, const char *link, const char *rest)
{
    char target[PATH_MAX];
    char all[sizeof w->rest];
    ssize_t n = readlink(link, target, sizeof target - 1);

    if (n <= 0 || ++w->n_links > LINKS_MAX)
        return false;
    target[n] = '\0';
    if (strlen(target) + 1 + strlen(rest) >= sizeof all)
        return false;
    (void)stpcpy(stpcpy(stpcpy(all, target), "/"), rest);
    set(w->rest, all);
    if (target[0] == '/')
        set(w->place, "/");
    return true;
}

/* One step. False at the end: of the path, or of what is there. */
static bool step(struct way *w, void (*visit)(const char *, void *), void *closure)
{
    const char *rest = w->rest;
    struct str name = next_name(&rest);
    char next[sizeof w->place + NAME_MAX + 2];
    struct stat st;

    if (name.n == 0)
        return false;
    if (str_is(name, "..") || str_is(name, ".")) {
        if (name.n == 2)
            leave(w->place);
        memmove(w->rest, rest, strlen(rest) + 1);
        return true;
    }
    if (name.n > NAME_MAX || strlen(w->place) + name.n + 2 > sizeof w->place)
        return false;
    (void)snprintf(next, sizeof next, "%s/%.*s", is_root(w->place) ? "" : w->place, STR_ARG(name));
    if (lstat(next, &st) != 0)
        return false;
    if (S_ISLNK(st.st_mode)) {
        visit(w->place, closure);
        return follow(w, next, rest);
    }
    set(w->place, next);
    memmove(w->rest, rest, strlen(rest) + 1);
    return true;
}

void files_of_path(const char *path, void (*visit)(const char *place, void *closure), void *closure)
{
    struct way *w = xcalloc(1, sizeof *w);
    AUTO(freep) char *all = NULL;

    if (path[0] != '/') {
        AUTO(freep) char *here = getcwd(NULL, 0);

        all = xasprintf("%s/%s", here ? here : "", path);
    } else {
        all = xstrdup(path);
    }
    set(w->place, "/");
    if (strlen(all) < sizeof w->rest) {
        set(w->rest, all);
        while (step(w, visit, closure))
            continue;
        visit(w->place, closure);
        if (w->rest[strspn(w->rest, "/")] == '\0') { /* all of it is there */
            leave(w->place);
            visit(w->place, closure);
        }
    }
    free(w);
}

struct rules {
    int fd;
    size_t n;
};

static void allow(const char *place, void *closure)
{
    struct rules *rules = closure;
    struct landlock_path_beneath_attr rule = {.parent_fd = -1};
    struct stat st;

    if (is_root(place))
        return;
    rule.parent_fd = open(place, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return;
    if (fstat(rule.parent_fd, &st) == 0) {
        rule.allowed_access = S_ISDIR(st.st_mode) ? read_directory : read_file;
        if (syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
            rules->n++;
    }
    (void)close(rule.parent_fd);
}

/* All that a version knows is handled, so all that no rule allows is forbidden. */
static struct ruleset handled(int version, enum sandbox_network network)
{
    unsigned n = version >= 5   ? FS_IOCTL_DEV
                 : version >= 3 ? FS_TRUNCATE
                 : version >= 2 ? FS_REFER
                                : FS_REFER - 1;
    struct ruleset r = {.handled_access_fs = (UINT64_C(2) << n) - 1};

    if (version >= 4 && network == SANDBOX_ACCEPTS)
        r.handled_access_net = UINT64_C(1) << NET_CONNECT_TCP;
    if (version >= 6)
        r.scoped = UINT64_C(1) << SCOPE_ABSTRACT_UNIX_SOCKET | UINT64_C(1) << SCOPE_SIGNAL;
    return r;
}

static size_t size_of(int version)
{
    return version >= 6   ? sizeof(struct ruleset)
           : version >= 4 ? offsetof(struct ruleset, scoped)
                          : offsetof(struct ruleset, handled_access_net);
}

void sandbox_limit_files(const char *const *paths, size_t n, enum sandbox_network network,
                         struct sandbox_files *out)
{
    struct rules rules = {0};
    struct ruleset set;
    int version =
        (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    *out = (struct sandbox_files){0};
    if (version < 1) {
        out->number = errno;
        return;
    }
    set = handled(version, network);
    rules.fd = (int)syscall(SYS_landlock_create_ruleset, &set, size_of(version), 0);
    if (rules.fd < 0) {
        out->number = errno;
        return;
    }
    for (size_t i = 0; i < sizeof of_the_system / sizeof of_the_system[0]; i++)
        allow(of_the_system[i], &rules);
    for (size_t i = 0; i < n; i++)
        files_of_path(paths[i], allow, &rules);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_landlock_restrict_self, rules.fd, 0) == 0)
        out->landlock = version;
    else
        out->number = errno;
    out->n_readable = rules.n;
    (void)close(rules.fd);
}
