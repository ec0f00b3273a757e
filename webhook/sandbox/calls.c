#include "base/attr.h"
#include "sandbox/sandbox.h"
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without a look at their arguments. */
static const int allowed[] = {
    /* descriptors */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(lseek), SCMP_SYS(fcntl),
    SCMP_SYS(dup), SCMP_SYS(fadvise64), SCMP_SYS(pipe2), SCMP_SYS(eventfd2),
    /* names and what they stand for; openat2() is landlock's to judge, its flags lie in memory */
    SCMP_SYS(openat2), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
    SCMP_SYS(getcwd), SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    /* waiting */
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
    SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(restart_syscall),
    /* connections that are there, or come in */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(sendfile),
    SCMP_SYS(shutdown),
    /* threads, memory, signals */
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid),
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(membarrier), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
    SCMP_SYS(mincore), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack),
    /* questions about itself and the system */
    SCMP_SYS(getrandom), SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(times),
    SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups),
    SCMP_SYS(capget)};

/* With SANDBOX_CONNECTS besides: names are asked for over UDP and netlink, a connection is made. */
static const int connecting[] = {SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(socketpair)};

/* Would be ENOSYS as everything else that is not allowed; whoever tries these is told that they are
 * there and forbidden. */
static const int forbidden[] = {
    /* programs and other processes */
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kill), SCMP_SYS(tkill),
    SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(memfd_create), SCMP_SYS(userfaultfd),
    /* the system */
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare),
    SCMP_SYS(setns), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(reboot), SCMP_SYS(keyctl),
    SCMP_SYS(io_uring_setup), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
    /* identity */
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
    SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(capset),
    /* files */
    SCMP_SYS(creat), SCMP_SYS(truncate), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rmdir),
    SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(link),
    SCMP_SYS(linkat), SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(chmod), SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(lchown), SCMP_SYS(fchown), SCMP_SYS(fchownat),
    SCMP_SYS(utimensat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr),
    SCMP_SYS(pwrite64), SCMP_SYS(pwritev)};

/* The flags of open(2) with which something could be written or made. */
static const unsigned writing[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND};

/* What a thread of ours is made with; fork(2) has none of them. clone3() hides its flags in memory:
 * it stays ENOSYS, and glibc then takes clone(). */
static const unsigned long thread_flags =
    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;

static bool allow_all(scmp_filter_ctx c, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (seccomp_rule_add(c, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    return true;
}

static bool forbid(scmp_filter_ctx c)
{
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
        if (seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0) != 0)
            return false;
    return true;
}

/* flags: which argument they are. */
static bool allow_open(scmp_filter_ctx c, int call, unsigned flags)
{
    unsigned all = 0;

    for (size_t i = 0; i < ARRAY_LEN(writing); i++) {
        all |= writing[i];
        if (seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), call, 1,
                             SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, writing[i], writing[i])) != 0)
            return false;
    }
    return seccomp_rule_add(c, SCMP_ACT_ALLOW, call, 1,
                            SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, all, 0)) == 0;
}

/* Memory that can be run is not written to. */
static bool allow_memory(scmp_filter_ctx c, int call)
{
    static const unsigned both = PROT_WRITE | PROT_EXEC;

    return seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), call, 1,
                            SCMP_CMP(2, SCMP_CMP_MASKED_EQ, both, both)) == 0 &&
           seccomp_rule_add(c, SCMP_ACT_ALLOW, call, 1, SCMP_CMP(2, SCMP_CMP_MASKED_EQ, both, 0)) ==
               0 &&
           seccomp_rule_add(c, SCMP_ACT_ALLOW, call, 1,
                            SCMP_CMP(2, SCMP_CMP_MASKED_EQ, both, PROT_WRITE)) == 0 &&
           seccomp_rule_add(c, SCMP_ACT_ALLOW, call, 1,
                            SCMP_CMP(2, SCMP_CMP_MASKED_EQ, both, PROT_EXEC)) == 0;
}

/* One value of one argument. */
static bool allow_value(scmp_filter_ctx c, int call, unsigned argument, unsigned long value)
{
    const struct scmp_arg_cmp is_value = {
        .arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};

    return seccomp_rule_add_array(c, SCMP_ACT_ALLOW, call, 1, &is_value) == 0;
}

static bool allow_some(scmp_filter_ctx c)
{
    return allow_open(c, SCMP_SYS(open), 1) && allow_open(c, SCMP_SYS(openat), 2) &&
           allow_memory(c, SCMP_SYS(mmap)) && allow_memory(c, SCMP_SYS(mprotect)) &&
           seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_CMP(0, SCMP_CMP_MASKED_EQ, thread_flags, thread_flags)) == 0 &&
           allow_value(c, SCMP_SYS(prctl), 0, PR_SET_NAME) &&
           allow_value(c, SCMP_SYS(prlimit64), 0, 0) && /* itself */
           allow_value(c, SCMP_SYS(setrlimit), 0, RLIMIT_NOFILE) &&
           allow_value(c, SCMP_SYS(ioctl), 1, FIONBIO) &&
           allow_value(c, SCMP_SYS(ioctl), 1, FIONREAD) &&
           allow_value(c, SCMP_SYS(ioctl), 1, TCGETS) && /* isatty(3) */
           /* to itself: abort(3) */
           allow_value(c, SCMP_SYS(tgkill), 0, (unsigned long)getpid());
}

static bool allow_connecting(scmp_filter_ctx c)
{
    return allow_all(c, connecting, ARRAY_LEN(connecting)) &&
           allow_value(c, SCMP_SYS(socket), 0, AF_INET) &&
           allow_value(c, SCMP_SYS(socket), 0, AF_INET6) &&
           allow_value(c, SCMP_SYS(socket), 0, AF_NETLINK);
}

static bool add_rules(scmp_filter_ctx c, enum sandbox_network network)
{
    return allow_all(c, allowed, ARRAY_LEN(allowed)) && allow_some(c) && forbid(c) &&
           (network != SANDBOX_CONNECTS || allow_connecting(c));
}

int sandbox_limit_calls(enum sandbox_network network)
{
    scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int status = -EINVAL;

    if (!c)
        return ENOMEM;
    /* A tree of comparisons: a call is looked up in a few steps instead of a hundred. */
    if (seccomp_attr_set(c, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
        seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 && add_rules(c, network))
        status = seccomp_load(c);
    seccomp_release(c);
    return -status;
}
