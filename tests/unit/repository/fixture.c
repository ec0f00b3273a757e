#include "fixture.h"
#include "base/buf.h"
#include "base/mem.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants the standard headers above it. */
#include <setjmp.h>

#include <cmocka.h>

static char last_text[65536];

/* Whatever a test left behind: directories closed to their owner are opened first. `path` has room
 * for PATH_MAX bytes. */
static void remove_tree(char *path)
{
    size_t n = strlen(path);
    const struct dirent *entry;
    DIR *directory;

    if (unlink(path) == 0)
        return;
    (void)chmod(path, 0700);
    directory = opendir(path);
    while (directory && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path + n, PATH_MAX - n, "/%s", entry->d_name);
        remove_tree(path);
        path[n] = '\0';
    }
    if (directory)
        (void)closedir(directory);
    assert_int_equal(rmdir(path), 0);
}

void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.directory = "/tmp/syncguard-repository-XXXXXX"};
    assert_non_null(mkdtemp(f->directory));
}

void fixture_clear(struct fixture *f)
{
    char path[PATH_MAX];

    repository_free(f->repository);
    f->repository = NULL;
    if (getuid() == 0) /* a test that failed as somebody else */
        assert_int_equal(seteuid(0), 0);
    (void)snprintf(path, sizeof path, "%s", f->directory);
    remove_tree(path);
    (void)snprintf(path, sizeof path, "%s.git", f->directory);
    if (access(path, F_OK) == 0)
        remove_tree(path);
}

char *fixture_path(const struct fixture *f, const char *path)
{
    return xasprintf("%s/%s", f->directory, path);
}

void mkdirs(const struct fixture *f, const char *path)
{
    AUTO(freep) char *whole = fixture_path(f, path);

    for (char *slash = whole + strlen(f->directory) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(whole, 0755);
        *slash = '/';
    }
    (void)mkdir(whole, 0755);
}

static void mkparent(const struct fixture *f, const char *path)
{
    AUTO(freep) char *parent = xstrdup(path);
    char *slash = strrchr(parent, '/');

    if (slash) {
        *slash = '\0';
        mkdirs(f, parent);
    }
}

void mkbytes(const struct fixture *f, const char *path, const void *bytes, size_t n)
{
    AUTO(freep) char *whole = fixture_path(f, path);
    FILE *file;

    mkparent(f, path);
    file = fopen(whole, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

void mkfile(const struct fixture *f, const char *path, const char *text)
{
    mkbytes(f, path, text, strlen(text));
}

void mkfiles(const struct fixture *f, const char *path, ...)
{
    va_list pairs;

    va_start(pairs, path);
    for (; path; path = va_arg(pairs, const char *))
        mkfile(f, path, va_arg(pairs, const char *));
    va_end(pairs);
}

void mklink(const struct fixture *f, const char *path, const char *target)
{
    AUTO(freep) char *whole = fixture_path(f, path);

    mkparent(f, path);
    assert_int_equal(symlink(target, whole), 0);
}

void let_the_clock_move(void)
{
    struct timespec precise;
    struct timespec coarse;
    const struct timespec pause = {.tv_nsec = 1000000};

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &precise), 0);
    do {
        (void)nanosleep(&pause, NULL);
        assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &coarse), 0);
    } while (coarse.tv_sec < precise.tv_sec ||
             (coarse.tv_sec == precise.tv_sec && coarse.tv_nsec <= precise.tv_nsec));
}

static void run_child(const struct fixture *f, int out, const char *script, const char *argument)
{
    static const char *const environment[][2] = {
        {"GIT_CONFIG_GLOBAL", "/dev/null"},
        {"GIT_CONFIG_SYSTEM", "/dev/null"},
        {"GIT_AUTHOR_NAME", "a"},
        {"GIT_AUTHOR_EMAIL", "a@example.com"},
        {"GIT_AUTHOR_DATE", "1700000000 +0000"},
        {"GIT_COMMITTER_NAME", "c"},
        {"GIT_COMMITTER_EMAIL", "c@example.com"},
        {"GIT_COMMITTER_DATE", "1700000000 +0000"},
        {"LC_ALL", "C"},
    };
    bool ready = dup2(out, 1) == 1 && chdir(f->directory) == 0;

    for (size_t i = 0; i < ARRAY_LEN(environment); i++)
        ready = ready && setenv(environment[i][0], environment[i][1], 1) == 0;
    if (ready)
        (void)execl("/bin/sh", "sh", "-euc", script, "sh", argument, (char *)NULL);
    _exit(127);
}

const char *run_in(const struct fixture *f, const char *script, const char *argument)
{
    int ends[2];
    pid_t child;
    int status = -1;
    size_t n = 0;
    ssize_t got;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(f, ends[1], script, argument);
    (void)close(ends[1]);
    while ((got = read(ends[0], last_text + n, sizeof last_text - 1 - n)) > 0)
        n += (size_t)got;
    (void)close(ends[0]);
    while (n > 0 && last_text[n - 1] == '\n')
        n--;
    last_text[n] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        fail_msg("status %d of: %s", status, script);
    return last_text;
}

const char commit_beside[] = "export GIT_DIR=$PWD.git GIT_WORK_TREE=.\n"
                             "[ -e \"$GIT_DIR\" ] || git init -q -b main\n"
                             "git add -A -f .\n"
                             "git commit -q --allow-empty -m x\n";

struct repository *fixture_index(const struct fixture *f, bool parse_all,
                                 const struct repository *former)
{
    struct repository_spec spec = {
        .url = STR("https://git.example.com/platform/deploy.git"),
        .path = f->directory,
        .parse_all = parse_all,
        .former = &former,
        .n_former = former != NULL,
    };
    struct repository *r = NULL;
    struct err err = {0};

#ifdef FIXTURE_AT_COMMIT
    char beside[sizeof f->directory + sizeof ".git"];

    (void)snprintf(beside, sizeof beside, "%s.git", f->directory);
    (void)run_in(f, commit_beside, "");
    spec.path = beside;
    spec.revision = "main";
#endif
    if (!repository_load(&spec, 1000, &r, &err))
        fail_msg("%s: %s", err.what, err.why);
    return r;
}

void fixture_load(struct fixture *f)
{
    repository_free(f->repository);
    f->repository = NULL;
    f->repository = fixture_index(f, true, NULL);
}

static void add_object(struct buf *text, const struct rendered *o)
{
    buf_printf(text, " | %.*s %.*s/%.*s%s", STR_ARG(o->id.kind), STR_ARG(o->id.namespace),
               STR_ARG(o->id.name), o->hook_skip ? " skip" : (o->hook ? " hook" : ""));
}

static const char *finish(struct buf *text)
{
    assert_true(buf_ok(text));
    memcpy(last_text, text->p ? text->p : "", text->n);
    last_text[text->n] = '\0';
    buf_clear(text);
    return last_text;
}

const char *rendering_text(const struct rendering *r)
{
    static const char *const states[] = {"COMPLETE", "PARTIAL", "FAILS"};
    struct buf text;

    buf_init(&text, sizeof last_text - 1);
    buf_printf(&text, "%s%s%s", states[r->state], r->why ? " " : "", r->why ? r->why : "");
    for (size_t i = 0; i < r->n_objects; i++)
        add_object(&text, &r->objects[i]);
    buf_adds(&text, r->no_more_argoproj ? " | no more argoproj" : "");
    buf_adds(&text, r->no_more_external_secrets ? " | no more external-secrets" : "");
    return finish(&text);
}

const char *rendered_with(const struct fixture *f, const struct source *source,
                          enum tri skips_marked_files)
{
    struct render_request q = {.source = source,
                               .app_name = STR("root"),
                               .destination_namespace = STR("default"),
                               .skips_marked_files = skips_marked_files};
    AUTO(rendering_freep) struct rendering *r = repository_render(f->repository, &q);

    return rendering_text(r);
}

const char *rendered(const struct fixture *f, const struct source *source)
{
    return rendered_with(f, source, TRI_YES);
}

const char *rendered_path(const struct fixture *f, const char *path)
{
    struct source source = {.path = str_from(path)};

    return rendered(f, &source);
}

const char *listed(const struct fixture *f)
{
    struct buf text;

    buf_init(&text, sizeof last_text - 1);
    for (size_t i = 0; i < repository_n_manifests(f->repository); i++) {
        const struct manifest *m = repository_manifest(f->repository, i);

        buf_printf(&text, "%s%s:%u %.*s %.*s/%.*s", i ? "|" : "", m->file, m->line,
                   STR_ARG(m->id.kind), STR_ARG(m->id.namespace), STR_ARG(m->id.name));
    }
    return finish(&text);
}

const char *noted(const struct fixture *f)
{
    struct buf text;

    buf_init(&text, sizeof last_text - 1);
    for (size_t i = 0; i < repository_n_notes(f->repository); i++) {
        const struct repository_note *n = repository_note_at(f->repository, i);

        buf_printf(&text, "%s%s:%u %s", i ? "|" : "", n->file, n->line, n->text);
    }
    return finish(&text);
}

void fixture_renew(struct fixture *f)
{
    fixture_clear(f);
    fixture_init(f);
}

int fixture_setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);

    fixture_init(f);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_clear(*state);
    free(*state);
    return 0;
}
