#include "fuzz_git.h"
#include "base/err.h"
#include "base/mem.h"
#include "repository/git.h"
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASKED_MAX = 8, OPEN_DIRECTORIES = 16 };

static struct fuzz_git made;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

static void remove_all(void)
{
    (void)nftw(made.directory, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}

static void commit(git_repository *repository, const git_oid *parent, git_oid *out)
{
    git_treebuilder *builder;
    git_signature *author;
    git_commit *before = NULL;
    git_tree *tree;
    git_oid id;

    require(git_blob_create_from_buffer(&id, repository, parent ? "b" : "a", 1) == 0);
    require(git_treebuilder_new(&builder, repository, NULL) == 0);
    require(git_treebuilder_insert(NULL, builder, "file", &id, GIT_FILEMODE_BLOB) == 0);
    require(git_treebuilder_write(&id, builder) == 0);
    require(git_tree_lookup(&tree, repository, &id) == 0);
    require(git_signature_new(&author, "a", "a@example.com", 1700000000, 0) == 0);
    require(!parent || git_commit_lookup(&before, repository, parent) == 0);
    require(git_commit_create_v(out, repository, NULL, author, author, NULL, "m", tree,
                                parent ? 1 : 0, before) == 0);
    git_commit_free(before);
    git_signature_free(author);
    git_tree_free(tree);
    git_treebuilder_free(builder);
}

const struct fuzz_git *fuzz_git(void)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    git_repository *repository;

    if (made.directory[0])
        return &made;
    (void)snprintf(made.directory, sizeof made.directory, "%s/syncguard-fuzz-XXXXXX", base);
    require(mkdtemp(made.directory) != NULL && atexit(remove_all) == 0);
    require(git_libgit2_init() > 0);
    require(git_repository_init(&repository, made.directory, 1) == 0);
    commit(repository, NULL, &made.commits[0]);
    commit(repository, &made.commits[0], &made.commits[1]);
    git_repository_free(repository);
    return &made;
}

static int remove_loose(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    if (kind == FTW_F && at->level == 2 && !strstr(path, "/pack/"))
        (void)remove(path);
    return 0;
}

void fuzz_git_pack(void)
{
    AUTO(freep) char *objects = xasprintf("%s/objects", fuzz_git()->directory);
    git_packbuilder *builder;
    git_repository *repository;
    git_revwalk *walk;

    require(git_repository_open(&repository, made.directory) == 0);
    require(git_packbuilder_new(&builder, repository) == 0);
    require(git_revwalk_new(&walk, repository) == 0);
    require(git_revwalk_push(walk, &made.commits[1]) == 0);
    require(git_packbuilder_insert_walk(builder, walk) == 0);
    require(git_packbuilder_write(builder, NULL, 0, NULL, NULL) == 0);
    git_revwalk_free(walk);
    git_packbuilder_free(builder);
    git_repository_free(repository);
    require(nftw(objects, remove_loose, OPEN_DIRECTORIES, FTW_PHYS) == 0);
}

void fuzz_git_write(const char *name, struct str text)
{
    AUTO(freep) char *path = xasprintf("%s/%s", fuzz_git()->directory, name);
    int fd;

    for (char *slash = path + strlen(made.directory) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    (void)unlink(path);
    if (text.n == 0)
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    require(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && close(fd) == 0);
}

static bool is_id(const char *text)
{
    return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

static void check_commit(const char *id, bool may_lie)
{
    char text[GIT_OID_HEXSZ + 1];

    require(is_id(id));
    if (may_lie)
        return;
    for (size_t i = 0; i < ARRAY_LEN(made.commits); i++)
        if (strcmp(git_oid_tostr(text, sizeof text, &made.commits[i]), id) == 0)
            return;
    abort();
}

static void check_err(const struct err *err)
{
    require(err->kind == ERR_INPUT && err->what[0]);
}

static void check_name(const struct git_name *name, bool may_lie)
{
    require(!name->id.text[0] == (name->why != NULL));
    require(!name->why || name->why[0]);
    require(!name->is_broken || name->why);
    if (name->id.text[0] && !is_id(name->revision))
        check_commit(name->id.text, may_lie);
}

static void check_open(const char *revision, bool may_lie)
{
    AUTO(git_closep) struct git_snapshot *snapshot = NULL;
    struct git_id id;
    struct err err = {0};

    if (!git_open(made.directory, revision, NULL, &snapshot, &err)) {
        check_err(&err);
        return;
    }
    id = git_snapshot_id(snapshot);
    check_commit(id.text, may_lie);
}

static void count(const char *directory, void *closure)
{
    size_t *n = closure;

    require(directory[0] != '\0');
    ++*n;
}

static void check_places(void)
{
    size_t n = 0;

    require(git_fetched_at(made.directory) >= GIT_FETCH_FAILED);
    require(git_refs_signature(made.directory) == git_refs_signature(made.directory));
    git_places(made.directory, count, &n);
    git_refs_directories(made.directory, count, &n);
}

void fuzz_git_ask(struct str revisions, bool may_lie)
{
    static const struct git_argocd releases[] = {{0, 0}, {3, 2}};
    struct git_name names[ASKED_MAX] = {{.revision = "", .tag_prefix = ""}};
    AUTO(freep) char *text = xstrndup(revisions);
    struct str rest = str_from(text);
    struct str line;
    size_t n = 1;

    while (n < ASKED_MAX && rest.p && str_split(&rest, '\n', &line)) {
        text[line.p - text + line.n] = '\0';
        names[n] = (struct git_name){.revision = line.p, .tag_prefix = n == 2 ? "v" : ""};
        n++;
    }
    check_places();
    for (size_t k = 0; k < ARRAY_LEN(releases); k++) {
        struct err err = {0};
        bool known = git_resolve(made.directory, NULL, &releases[k], names, n, &err);

        if (!known)
            check_err(&err);
        for (size_t i = 0; i < n; i++) {
            if (known)
                check_name(&names[i], may_lie);
            free(names[i].why);
            names[i].why = NULL;
            names[i].id.text[0] = '\0';
            names[i].is_broken = false;
        }
    }
    for (size_t i = 0; i < n; i++)
        check_open(names[i].revision, may_lie);
}
