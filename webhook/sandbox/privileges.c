#include "sandbox/sandbox.h"
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Clang says it in its own way. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif

bool sandbox_is_left_out(void)
{
#ifdef IS_SANITIZED
    return true;
#else
    return false;
#endif
}

static bool fail(struct err *err, const char *what)
{
    err_what(err, ERR_SYSTEM, "%s", what);
    err_why_errno(err, errno);
    return false;
}

/* Those of `kept` that it has stay, for this thread and those it starts. */
static bool keep_capabilities(uint64_t kept, struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &head, data) != 0)
        return fail(err, "the capabilities cannot be read");
    /* The bounding set is what a program that is run could get; without CAP_SETPCAP it stays, and
     * nothing can be run. */
    for (int one = 0; one <= CAP_LAST_CAP; one++)
        if (!(kept >> one & 1))
            (void)prctl(PR_CAPBSET_DROP, one, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        uint32_t word = (uint32_t)(kept >> (32 * i));

        data[i].permitted &= word;
        data[i].effective &= word;
        data[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &head, data) != 0)
        return fail(err, "the capabilities cannot be dropped");
    return true;
}

static const uint64_t to_listen = UINT64_C(1) << CAP_NET_BIND_SERVICE;
static const uint64_t to_drop = UINT64_C(1) << CAP_SETPCAP;

bool sandbox_drop_privileges(struct err *err)
{
    const struct rlimit none = {0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail(err, "core dumps cannot be switched off");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(err, "new privileges cannot be given up");
    return keep_capabilities(to_listen | to_drop, err);
}

bool sandbox_drop_last(bool low_port, struct err *err)
{
    return keep_capabilities(low_port ? to_listen : 0, err);
}
