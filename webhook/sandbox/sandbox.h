/* sandbox.h: gives up, for good, what a running server does not need. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Three steps of one process that has a single thread until the last of them. None of them fails
 * for want of a system's support: what is not available is said, for the program log.
 *
 * The sanitizers' runtimes read /proc, trace their own process and start programs, so a sanitized
 * build leaves out the second and the third step; sandbox_is_left_out() says so.
 */
bool sandbox_is_left_out(void);

/*
 * First, before a key is read: no core dumps, no new privileges, not to be traced or read by others
 * of the same user (PR_SET_DUMPABLE), no capabilities but two that the next call takes.
 * Fails with ERR_SYSTEM.
 */
bool sandbox_drop_privileges(struct err *err) MUST_CHECK;
/* Those as well. low_port: all but CAP_NET_BIND_SERVICE, to listen below 1024. */
bool sandbox_drop_last(bool low_port, struct err *err) MUST_CHECK;

/*
 * Second, before the first thread: landlock(7). Nothing can be written, made, removed or run any
 * more, no TCP connection made (profile permitting), and only these paths and the system's
 * libraries and settings be read.
 * paths  files or directories. Each may be read with all beside and below it, since Kubernetes and
 *        git-sync exchange links and directories by rename; so may every directory with a symbolic
 *        link on the way, and where a path ends early the last directory that is there. Never all
 *        of "/".
 */
struct sandbox_files {
    int landlock;      /* the version that is in force; 0: not available */
    int number;        /* the errno of that */
    size_t n_readable; /* places, the system's included */
};
enum sandbox_network {
    SANDBOX_ACCEPTS,  /* connections are only taken */
    SANDBOX_CONNECTS, /* and made: to an API server */
};
void sandbox_limit_files(const char *const *paths, size_t n, enum sandbox_network network,
                         struct sandbox_files *out);

/*
 * Third, once listeners and threads are there: seccomp(2), for every thread. Allows what serving,
 * loading facts and reloading take: reading files, memory that is not both written and run, more
 * threads, connections as the profile has it. Everything else is ENOSYS, and EPERM what is
 * forbidden by name: to run a program, trace, mount, change identity, write files. Returns 0, or
 * the errno for which it is not available.
 */
int sandbox_limit_calls(enum sandbox_network network);
