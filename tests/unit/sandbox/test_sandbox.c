/* What is given up is really gone: each forbidden thing is tried from inside, in a process of its
 * own; and what serving needs still works. */
#include "base/mem.h"
#include "sandbox/files.h"
#include "sandbox/sandbox.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory that may be read and one beside it that may not, a listener, and what is in force. */
struct fixture {
    char top[PATH_MAX / 4];
    char inside[PATH_MAX / 2];  /* top/readable/file */
    char outside[PATH_MAX / 2]; /* top/other/file */
    int listener;
    struct sockaddr_in address;
    struct sandbox_files files;
};

static void make_file(char *path, size_t size, const char *top, const char *directory)
{
    FILE *file;

    (void)snprintf(path, size, "%s/%s", top, directory);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, size, "%s/%s/file", top, directory);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("text", file);
    (void)fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    socklen_t n = sizeof f->address;

    (void)strcpy(f->top, "/tmp/syncguard-sandbox.XXXXXX");
    assert_non_null(mkdtemp(f->top));
    make_file(f->inside, sizeof f->inside, f->top, "readable");
    make_file(f->outside, sizeof f->outside, f->top, "other");
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    f->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(f->listener, (struct sockaddr *)&f->address, n), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&f->address, &n), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char *command = xasprintf("rm -rf %s", f->top);

    (void)close(f->listener);
    assert_int_equal(system(command), 0); /* NOLINT: a name of our own */
    free(command);
    free(f);
    return 0;
}

/* Each returns 0, or the errno with which it was refused. */
typedef int (*attempt_fn)(struct fixture *f);

static int result(long returned)
{
    return returned < 0 ? errno : 0;
}

static int run_program(struct fixture *f)
{
    (void)f;
    return result(execl("/bin/true", "true", (char *)NULL));
}

static int split(struct fixture *f)
{
    pid_t child = fork();

    (void)f;
    if (child == 0)
        _exit(0);
    return result(child);
}

static int trace(struct fixture *f)
{
    (void)f;
    return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int read_memory_of_parent(struct fixture *f)
{
    (void)f;
    return result(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int mount_something(struct fixture *f)
{
    return result(mount("none", f->top, "tmpfs", 0, NULL));
}

static int enter_namespace(struct fixture *f)
{
    (void)f;
    return result(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}

static int become_somebody(struct fixture *f)
{
    (void)f;
    return result(syscall(SYS_setuid, 12345));
}

static int make_a_file(struct fixture *f)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/readable/new", f->top);
    return result(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int write_to_a_file(struct fixture *f)
{
    return result(open(f->inside, O_WRONLY | O_CLOEXEC));
}

static int empty_a_file(struct fixture *f)
{
    return result(open(f->inside, O_RDONLY | O_TRUNC | O_CLOEXEC));
}

/* The filter cannot look at these flags. */
static int write_by_another_call(struct fixture *f)
{
    struct open_how how = {.flags = O_WRONLY | O_CLOEXEC};

    return result(syscall(SYS_openat2, AT_FDCWD, f->inside, &how, sizeof how));
}

static int rename_a_file(struct fixture *f)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/readable/other", f->top);
    return result(rename(f->inside, path));
}

static int remove_a_file(struct fixture *f)
{
    return result(unlink(f->inside));
}

static int make_a_directory(struct fixture *f)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/readable/new", f->top);
    return result(mkdir(path, 0700));
}

static int change_a_mode(struct fixture *f)
{
    return result(chmod(f->inside, 0777));
}

static int read_elsewhere(struct fixture *f)
{
    return result(open(f->outside, O_RDONLY | O_CLOEXEC));
}

static int read_passwords(struct fixture *f)
{
    (void)f;
    return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int open_a_socket(struct fixture *f)
{
    (void)f;
    return result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int connect_somewhere(struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&f->address, sizeof f->address));
}

static int signal_parent(struct fixture *f)
{
    (void)f;
    return result(kill(getppid(), 0));
}

static int write_code(struct fixture *f)
{
    (void)f;
    return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED
               ? errno
               : 0;
}

static int make_code(struct fixture *f)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)f;
    return p == MAP_FAILED ? 0 : result(mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static int make_a_program_in_memory(struct fixture *f)
{
    (void)f;
    return result(memfd_create("x", 0));
}

static int allow_dumps(struct fixture *f)
{
    (void)f;
    return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int allow_core_files(struct fixture *f)
{
    const struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};

    (void)f;
    return result(syscall(SYS_setrlimit, RLIMIT_CORE, &limit));
}

static int use_the_kernels_queue(struct fixture *f)
{
    (void)f;
    return result(syscall(SYS_io_uring_setup, 1, NULL));
}

static void *write_from_thread(void *f)
{
    static int number;

    number = write_to_a_file(f);
    return &number;
}

static int write_from_a_new_thread(struct fixture *f)
{
    pthread_t thread;
    void *number = NULL;
    int failed = pthread_create(&thread, NULL, write_from_thread, f);

    if (failed)
        return -failed;
    (void)pthread_join(thread, &number);
    return *(int *)number;
}

static const struct {
    const char *what;
    attempt_fn attempt;
    int number;
    bool needs_landlock;
} forbidden[] = {
    {"run a program", run_program, EPERM, false},
    {"fork", split, ENOSYS, false},
    {"trace", trace, EPERM, false},
    {"read another process", read_memory_of_parent, EPERM, false},
    {"mount", mount_something, EPERM, false},
    {"enter a namespace", enter_namespace, EPERM, false},
    {"change the user", become_somebody, EPERM, false},
    {"make a file", make_a_file, EPERM, false},
    {"write to a file", write_to_a_file, EPERM, false},
    {"empty a file", empty_a_file, EPERM, false},
    {"write with openat2", write_by_another_call, EACCES, true},
    {"rename", rename_a_file, EPERM, false},
    {"remove", remove_a_file, EPERM, false},
    {"make a directory", make_a_directory, EPERM, false},
    {"change a mode", change_a_mode, EPERM, false},
    {"read elsewhere", read_elsewhere, EACCES, true},
    {"read /etc/passwd", read_passwords, EACCES, true},
    {"open a socket", open_a_socket, ENOSYS, false},
    {"signal the parent", signal_parent, EPERM, false},
    {"map code to write to", write_code, EPERM, false},
    {"make data code", make_code, EPERM, false},
    {"make a program in memory", make_a_program_in_memory, EPERM, false},
    {"allow dumps", allow_dumps, ENOSYS, false},
    {"allow core files", allow_core_files, ENOSYS, false},
    {"io_uring", use_the_kernels_queue, EPERM, false},
    {"write from a new thread", write_from_a_new_thread, EPERM, false},
};

static int read_inside(struct fixture *f)
{
    return result(open(f->inside, O_RDONLY | O_CLOEXEC));
}

static int read_by_another_call(struct fixture *f)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    int top = open(f->top, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return result(syscall(SYS_openat2, top, "readable/file", &how, sizeof how));
}

static int watch_inside(struct fixture *f)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/readable", f->top);
    return result(inotify_add_watch(inotify_init1(IN_CLOEXEC), path, IN_CREATE));
}

static int take_a_connection(struct fixture *f)
{
    int status = fcntl(f->listener, F_SETFL, O_NONBLOCK);

    (void)status;
    return accept4(f->listener, NULL, NULL, SOCK_CLOEXEC) < 0 && errno != EAGAIN ? errno : 0;
}

static int use_memory(struct fixture *f)
{
    char *p = malloc(64 * 1024 * 1024);

    (void)f;
    if (!p)
        return ENOMEM;
    memset(p, 1, 64 * 1024 * 1024);
    p = realloc(p, 128 * 1024 * 1024);
    free(p);
    return p ? 0 : ENOMEM;
}

static void *nothing(void *p)
{
    return p;
}

static int start_a_thread(struct fixture *f)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, nothing, f);

    return failed ? failed : pthread_join(thread, NULL);
}

static const struct {
    const char *what;
    attempt_fn attempt;
} needed[] = {
    {"read inside", read_inside},   {"read with openat2", read_by_another_call},
    {"watch inside", watch_inside}, {"take a connection", take_a_connection},
    {"use memory", use_memory},     {"start a thread", start_a_thread},
};

static bool confine(struct fixture *f, enum sandbox_network network)
{
    char *paths[] = {f->inside};
    struct err err = {0};

    if (!sandbox_drop_privileges(&err) || !sandbox_drop_last(false, &err))
        return false;
    if (sandbox_is_left_out())
        return true;
    sandbox_limit_files((const char *const *)paths, 1, network, &f->files);
    return sandbox_limit_calls(network) == 0;
}

/* The attempt's result in a process that is confined. */
static int tried(struct fixture *f, enum sandbox_network network, attempt_fn attempt)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(confine(f, network) ? attempt(f) : 255);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        print_error("ended by signal %d\n", WTERMSIG(status));
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int has_landlock(struct fixture *f)
{
    return f->files.landlock > 0;
}

static void what_is_forbidden_cannot_be_done(void **state)
{
    struct fixture *f = *state;
    bool landlock;

    if (sandbox_is_left_out())
        skip();
    landlock = tried(f, SANDBOX_ACCEPTS, has_landlock);
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
        int number;

        if (forbidden[i].needs_landlock && !landlock)
            continue;
        number = tried(f, SANDBOX_ACCEPTS, forbidden[i].attempt);
        if (number != forbidden[i].number)
            print_error("%s: %s\n", forbidden[i].what, number ? strerror(number) : "done");
        assert_int_equal(number, forbidden[i].number);
    }
}

static void what_serving_needs_can_be_done(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        int number = tried(f, SANDBOX_ACCEPTS, needed[i].attempt);

        if (number)
            print_error("%s: %s\n", needed[i].what, strerror(number));
        assert_int_equal(number, 0);
    }
}

static void connections_are_made_only_in_the_profile_for_it(void **state)
{
    struct fixture *f = *state;

    if (sandbox_is_left_out())
        skip();
    assert_int_equal(tried(f, SANDBOX_CONNECTS, connect_somewhere), 0);
    assert_int_equal(tried(f, SANDBOX_ACCEPTS, connect_somewhere), ENOSYS);
    assert_int_equal(tried(f, SANDBOX_CONNECTS, write_to_a_file), EPERM);
}

/* Before the system calls are limited, too. */
static int connect_early(struct fixture *f)
{
    return connect_somewhere(f);
}

static void landlock_alone_forbids_connections_and_writing(void **state)
{
    struct fixture *f = *state;
    static const attempt_fn attempts[] = {connect_early, write_to_a_file, make_a_file,
                                          remove_a_file, rename_a_file,   run_program};

    if (sandbox_is_left_out() || !tried(f, SANDBOX_ACCEPTS, has_landlock))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
            char *paths[] = {f->inside};

            sandbox_limit_files((const char *const *)paths, 1, SANDBOX_ACCEPTS, &f->files);
            _exit(i == 0 && f->files.landlock < 4 ? EACCES : attempts[i](f));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EACCES);
    }
}

/* Started before the filter, as a server's threads are. */
struct early {
    struct fixture *f;
    pthread_barrier_t ready;
    int number;
};

static void *write_late(void *p)
{
    struct early *e = p;

    (void)pthread_barrier_wait(&e->ready);
    e->number = write_to_a_file(e->f);
    return NULL;
}

static int limit_a_running_thread(struct fixture *f)
{
    static struct early e;
    pthread_t thread;

    e.f = f;
    (void)pthread_barrier_init(&e.ready, NULL, 2);
    if (pthread_create(&thread, NULL, write_late, &e) != 0 ||
        sandbox_limit_calls(SANDBOX_ACCEPTS) != 0)
        return 255;
    (void)pthread_barrier_wait(&e.ready);
    (void)pthread_join(thread, NULL);
    return e.number;
}

static void threads_that_run_already_are_limited(void **state)
{
    struct fixture *f = *state;
    pid_t child;
    int status = 0;

    if (sandbox_is_left_out())
        skip();
    child = fork();
    if (child == 0)
        _exit(limit_a_running_thread(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EPERM);
}

static int die_aloud(struct fixture *f)
{
    (void)f;
    abort();
}

static int tell_privileges(struct fixture *f)
{
    struct rlimit core;
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    int n = 0;

    (void)f;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
        return 1;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 2;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 3;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "Cap", 3) == 0)
            n += strtoull(line + 7, NULL, 16) == 0;
    return n == 5 || geteuid() != 0 ? 0 : 4;
}

static void no_core_file_is_left(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct err err = {0};

        (void)signal(SIGABRT, SIG_DFL);
        if (chdir(f->top) != 0 || !sandbox_drop_privileges(&err))
            _exit(255);
        _exit(die_aloud(f));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_false(WCOREDUMP(status));
}

static void privileges_are_gone(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct err err = {0};

        _exit(sandbox_drop_privileges(&err) && sandbox_drop_last(false, &err) ? tell_privileges(f)
                                                                              : 255);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

struct places {
    char *text;
};

static void note(const char *place, void *closure)
{
    struct places *p = closure;
    char *more = xasprintf("%s%s%s", p->text ? p->text : "", p->text ? " " : "", place);

    free(p->text);
    p->text = more;
}

/* Links as Kubernetes makes them in a volume, and git-sync beside its work trees. */
static void every_directory_that_may_be_exchanged_stays_readable(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *path;
        const char *places; /* @ is the top */
    } cases[] = {
        {"@/readable/file", "@/readable/file @/readable"},
        {"@/readable/../other/./file", "@/other/file @/other"},
        {"@/tls/tls.crt", "@/tls @/tls @/tls/..1/tls.crt @/tls/..1"},
        {"@/git/current", "@/git @/git/.worktrees/one @/git/.worktrees"},
        {"@/link/file", "@ @/other/file @/other"},
        {"@/missing/deeper/file", "@"},
        {"@/round/file", "@ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ @ "
                         "@ @ @ @ @ @"},
    };
    char path[PATH_MAX];

    assert_int_equal(chdir(f->top), 0);
    assert_int_equal(mkdir("tls", 0700) | mkdir("tls/..1", 0700) | mkdir("git", 0700) |
                         mkdir("git/.worktrees", 0700) | mkdir("git/.worktrees/one", 0700),
                     0);
    (void)snprintf(path, sizeof path, "%s/other", f->top);
    assert_int_equal(symlink("..1", "tls/..data") | symlink("..data/tls.crt", "tls/tls.crt") |
                         symlink("../../other/file", "tls/..1/unused") |
                         symlink(".worktrees/one", "git/current") | symlink(path, "link") |
                         symlink("round", "round"),
                     0);
    (void)close(open("tls/..1/tls.crt", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct places p = {0};
        char *wanted = xstrdup("");

        for (const char *c = cases[i].places; *c; c++) {
            char *more =
                *c == '@' ? xasprintf("%s%s", wanted, f->top) : xasprintf("%s%c", wanted, *c);

            free(wanted);
            wanted = more;
        }
        (void)snprintf(path, sizeof path, "%s%s", f->top, cases[i].path + 1);
        files_of_path(path, note, &p);
        assert_string_equal(p.text, wanted);
        free(p.text);
        p.text = NULL;
        if (i == 0) { /* relative to where we are */
            files_of_path("readable/file", note, &p);
            assert_string_equal(p.text, wanted);
        }
        free(p.text);
        free(wanted);
    }
    assert_int_equal(chdir("/"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_forbidden_cannot_be_done),
        TEST(what_serving_needs_can_be_done),
        TEST(connections_are_made_only_in_the_profile_for_it),
        TEST(landlock_alone_forbids_connections_and_writing),
        TEST(threads_that_run_already_are_limited),
        TEST(no_core_file_is_left),
        TEST(privileges_are_gone),
        TEST(every_directory_that_may_be_exchanged_stays_readable),
    };

    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
