/* git_refs.c: a look at a repository's references that opens nothing and reads no object. */
#include "base/mem.h"
#include "base/str.h"
#include "repository/git.h"
#include "repository/git_layout.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    /* Loose references that are looked at one by one; `git gc` packs them, and a mirror of 10,000
     * branches has packed ones. */
    ENTRIES_MAX = 20000,
    ALTERNATES_MAX = 32, /* a shared clone has one */
    ALTERNATES_MAX_BYTES = 1024 * 1024,
    DEPTH_MAX = 16, /* "refs/remotes/origin/team/feature/…" */
};

static char *below(const char *directory, const char *name)
{
    return xasprintf("%s/%s", directory, name);
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A repository that is just being made, or is damaged, has one as well. */
static struct git_layout find_places(const char *path)
{
    struct git_layout p;

    (void)git_layout_find(path, &p);
    return p;
}

/* FNV-1a: a change detector, no defence against forgery. */
static void sign(uint64_t *signature, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++)
        *signature = (*signature ^ p[i]) * 0x100000001b3U;
}

static bool sign_stat(uint64_t *signature, const char *path, struct stat *st)
{
    if (stat(path, st) != 0) {
        sign(signature, "", 1);
        return false;
    }
    sign(signature, &st->st_ino, sizeof st->st_ino);
    sign(signature, &st->st_size, sizeof st->st_size);
    sign(signature, &st->st_mtim.tv_sec, sizeof st->st_mtim.tv_sec);
    sign(signature, &st->st_mtim.tv_nsec, sizeof st->st_mtim.tv_nsec);
    return true;
}

static void sign_name(uint64_t *signature, const char *directory, const char *name)
{
    AUTO(freep) char *path = below(directory, name);
    struct stat st;

    (void)sign_stat(signature, path, &st);
}

/* What kind it is, without a look at the file where the directory tells. */
static bool is_file(int above, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type != DT_DIR;
    return fstatat(above, entry->d_name, &st, 0) != 0 || !S_ISDIR(st.st_mode);
}

/* A reference is written to a new file that is renamed: its directory changes as well. So where
 * there are very many, the rest goes without a look at each. */
static void sign_tree(uint64_t *signature, const char *directory, unsigned depth, size_t *left)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    uint64_t sum = 0; /* readdir(3) knows no order */

    while (dir && (entry = readdir(dir)) != NULL) {
        AUTO(freep) char *path = NULL;
        uint64_t one = 0xcbf29ce484222325U;
        struct stat st;
        bool is_one_file;

        if (entry->d_name[0] == '.')
            continue;
        is_one_file = is_file(dirfd(dir), entry);
        sign(&one, entry->d_name, strlen(entry->d_name));
        path = !is_one_file || *left ? below(directory, entry->d_name) : NULL;
        if (path && sign_stat(&one, path, &st) && !is_one_file && depth < DEPTH_MAX)
            sign_tree(&one, path, depth + 1, left);
        *left -= is_one_file && *left;
        sum += one;
    }
    if (dir)
        (void)closedir(dir);
    sign(signature, &sum, sizeof sum);
}

/* gitrepository-layout(5), objects/info/alternates. left: how many more are visited. */
static void visit_objects(const char *objects, unsigned *left,
                          void (*visit)(const char *directory, void *closure), void *closure)
{
    AUTO(freep) char *file = below(objects, "info/alternates");
    AUTO(freep) char *text = NULL;
    struct str rest;
    struct str line;
    size_t n;

    visit(objects, closure);
    if (git_file_read(file, ALTERNATES_MAX_BYTES, &text, &n) != GIT_FILE_READ)
        return;
    rest = str_from(text);
    while (*left && str_split(&rest, '\n', &line)) {
        AUTO(freep) char *other = NULL;

        if (!line.n || line.p[0] == '#')
            continue;
        --*left;
        other = line.p[0] == '/' ? xstrndup(line) : xasprintf("%s/%.*s", objects, STR_ARG(line));
        visit_objects(other, left, visit, closure);
    }
}

void git_places(const char *path, void (*visit)(const char *directory, void *closure),
                void *closure)
{
    struct git_layout p = find_places(path);
    AUTO(freep) char *objects = below(p.common, "objects");
    unsigned left = ALTERNATES_MAX;

    visit(p.own, closure);
    visit(p.common, closure);
    visit_objects(objects, &left, visit, closure);
    git_layout_clear(&p);
}

uint64_t git_refs_signature(const char *path)
{
    static const char *const own[] = {"HEAD", "FETCH_HEAD"};
    static const char *const common[] = {"HEAD",    "FETCH_HEAD",   "packed-refs",
                                         "shallow", "objects/pack", "objects/info/alternates"};
    struct git_layout p = find_places(path);
    AUTO(freep) char *real = realpath(p.own, NULL); /* git-sync exchanges a symlink */
    AUTO(freep) char *refs = below(p.common, "refs");
    uint64_t signature = 0xcbf29ce484222325U;
    size_t left = ENTRIES_MAX;

    if (real)
        sign(&signature, real, strlen(real));
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        sign_name(&signature, p.own, own[i]);
    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        sign_name(&signature, p.common, common[i]);
    sign_tree(&signature, refs, 0, &left);
    git_layout_clear(&p);
    return signature;
}

/* Git empties it before it asks the remote, and fills it when it has the answer. */
static int64_t fetched_at(const char *directory)
{
    AUTO(freep) char *path = below(directory, "FETCH_HEAD");
    struct stat st;

    if (stat(path, &st) != 0)
        return 0;
    return st.st_size ? st.st_mtim.tv_sec : GIT_FETCH_FAILED;
}

int64_t git_fetched_at(const char *path)
{
    struct git_layout p = find_places(path);
    int64_t own = fetched_at(p.own);
    int64_t common = fetched_at(p.common);

    git_layout_clear(&p);
    if (own <= 0 && common <= 0)
        return own < common ? own : common;
    return own > common ? own : common;
}

void git_refs_directories(const char *path, void (*visit)(const char *directory, void *closure),
                          void *closure)
{
    static const char *const below_common[] = {"refs", "refs/heads", "refs/tags", "refs/remotes",
                                               "refs/remotes/origin"};
    struct git_layout p = find_places(path);

    visit(p.own, closure);
    if (strcmp(p.own, p.common) != 0)
        visit(p.common, closure);
    for (size_t i = 0; i < ARRAY_LEN(below_common); i++) {
        AUTO(freep) char *directory = below(p.common, below_common[i]);

        if (is_directory(directory))
            visit(directory, closure);
    }
    git_layout_clear(&p);
}
