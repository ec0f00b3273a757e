/* git_refs.c: a look at a repository's references that opens nothing and reads no object. */
#include "base/mem.h"
#include "base/str.h"
#include "repository/git.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    /* Loose references; `git gc` packs them, and a mirror of 10,000 branches has packed ones. */
    ENTRIES_MAX = 20000,
    DEPTH_MAX = 16, /* "refs/remotes/origin/team/feature/…" */
};

/* Where a repository keeps what is its own, and what linked work trees share. */
struct places {
    char *own;    /* .git, or .git/worktrees/NAME */
    char *common; /* the same, or .git */
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

/* The path in a file of one line, behind `prefix`, relative to `directory`. NULL when it is none.
 * gitrepository-layout(5): "gitdir: PATH" in a .git file, PATH in commondir. */
static char *read_path(const char *file, const char *prefix, const char *directory)
{
    char line[PATH_MAX];
    FILE *stream = fopen(file, "re");
    bool read = stream && fgets(line, sizeof line, stream);
    const char *path = line + strlen(prefix);

    if (stream)
        (void)fclose(stream);
    if (!read || strncmp(line, prefix, strlen(prefix)) != 0)
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return path[0] == '/' ? xstrdup(path) : below(directory, path);
}

static struct places find_places(const char *path)
{
    struct places p = {.own = below(path, ".git")};
    AUTO(freep) char *common = NULL;

    if (!is_directory(p.own)) {
        char *linked = read_path(p.own, "gitdir: ", path);

        free(p.own);
        p.own = linked ? linked : xstrdup(path); /* bare */
    }
    common = below(p.own, "commondir");
    p.common = read_path(common, "", p.own);
    if (!p.common)
        p.common = xstrdup(p.own);
    return p;
}

static void places_clear(struct places *p)
{
    free(p->own);
    free(p->common);
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

/* A reference is written to a new file that is renamed: its directory changes as well. */
static void sign_tree(uint64_t *signature, const char *directory, unsigned depth, size_t *left)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    uint64_t sum = 0; /* readdir(3) knows no order */

    while (dir && *left && (entry = readdir(dir)) != NULL) {
        AUTO(freep) char *path = NULL;
        uint64_t one = 0xcbf29ce484222325U;
        struct stat st;

        if (entry->d_name[0] == '.')
            continue;
        --*left;
        path = below(directory, entry->d_name);
        sign(&one, entry->d_name, strlen(entry->d_name));
        if (sign_stat(&one, path, &st) && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            sign_tree(&one, path, depth + 1, left);
        sum += one;
    }
    if (dir)
        (void)closedir(dir);
    sign(signature, &sum, sizeof sum);
}

uint64_t git_refs_signature(const char *path)
{
    static const char *const own[] = {"HEAD", "FETCH_HEAD"};
    static const char *const common[] = {"HEAD",    "FETCH_HEAD",   "packed-refs",
                                         "shallow", "objects/pack", "objects/info/alternates"};
    struct places p = find_places(path);
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
    places_clear(&p);
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
    struct places p = find_places(path);
    int64_t own = fetched_at(p.own);
    int64_t common = fetched_at(p.common);

    places_clear(&p);
    if (own <= 0 && common <= 0)
        return own < common ? own : common;
    return own > common ? own : common;
}

void git_refs_directories(const char *path, void (*visit)(const char *directory, void *closure),
                          void *closure)
{
    static const char *const below_common[] = {"refs", "refs/heads", "refs/tags", "refs/remotes",
                                               "refs/remotes/origin"};
    struct places p = find_places(path);

    visit(p.own, closure);
    if (strcmp(p.own, p.common) != 0)
        visit(p.common, closure);
    for (size_t i = 0; i < ARRAY_LEN(below_common); i++) {
        AUTO(freep) char *directory = below(p.common, below_common[i]);

        if (is_directory(directory))
            visit(directory, closure);
    }
    places_clear(&p);
}
