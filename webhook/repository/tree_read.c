/* tree_read.c: the names of a directory, and its files. */
#include "base/mem.h"
#include "repository/repository.h"
#include "repository/tree.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_BYTES = 64 * 1024 }; /* that getdents64(2) gives at a time */

static int open_beneath(int directory, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
    };

    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int tree_root(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int probe;

    if (fd < 0) {
        err_what(err, errno == ENOTDIR ? ERR_INPUT : ERR_SYSTEM, "repository %s cannot be read",
                 path);
        err_why_errno(err, errno);
        err_remedy(err, "give a directory this user may read");
        return -1;
    }
    probe = open_beneath(fd, ".", O_DIRECTORY);
    if (probe < 0) {
        err_what(err, ERR_SYSTEM, "repository %s cannot be read safely", path);
        err_why(err, "openat2: %s", strerrordesc_np(errno));
        err_remedy(err, "Linux 5.6 or later is needed, and a seccomp profile that knows openat2");
        (void)close(fd);
        return -1;
    }
    (void)close(probe);
    return fd;
}

static struct tree_key stat_key(const struct stat *st)
{
    return (struct tree_key){{
        (uint64_t)st->st_dev,
        (uint64_t)st->st_ino,
        (uint64_t)st->st_mtim.tv_sec * 1000000000U + (uint64_t)st->st_mtim.tv_nsec,
        (uint64_t)st->st_ctim.tv_sec * 1000000000U + (uint64_t)st->st_ctim.tv_nsec,
    }};
}

/* Why what was read is not what was found, or NULL. Both writing and replacing change the ctime; an
 * inode's number is not asked for, which some network file systems make up at each look. */
static const char *why_other(int fd, const struct node *file)
{
    struct tree_key key;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return strerrordesc_np(errno);
    if (!S_ISREG(st.st_mode))
        return strerrordesc_np(ESTALE);
    key = stat_key(&st);
    return key.part[2] != file->key.part[2] || key.part[3] != file->key.part[3] ||
                   (uint64_t)st.st_size != file->size_bytes
               ? "it changed while it was read"
               : NULL;
}

/* Up to `wanted` bytes. Non-blocking, for what replaced the file may be a pipe. */
static const char *read_up_to(int fd, char *buffer, size_t wanted, size_t *n_bytes)
{
    size_t n = 0;
    ssize_t got = 1;

    while (n < wanted && got != 0) {
        got = read(fd, buffer + n, wanted - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return strerrordesc_np(errno);
        n += (size_t)got;
    }
    *n_bytes = n;
    return NULL;
}

bool tree_read_file(void *root_fd, const struct tree *t, size_t node, size_t limit_bytes,
                    struct file_bytes *out, const char **why)
{
    const struct node *file = &t->nodes[node];
    const char *failed;
    int fd;

    out->size_bytes = file->size_bytes;
    out->is_too_large = file->size_bytes > limit_bytes;
    if (out->is_too_large)
        return false;
    fd = open_beneath(*(const int *)root_fd, file->path, O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *why = strerrordesc_np(errno);
        return false;
    }
    file_bytes_reserve(out, file->size_bytes);
    failed = read_up_to(fd, out->p, file->size_bytes, &out->n);
    *why = why_other(fd, file);
    if (!*why)
        *why = failed;
    (void)close(fd);
    return !*why;
}

/* FNV-1a, eight bytes at a time: a change detector, no defence against forgery. */
static void sign_number(struct tree *t, uint64_t value)
{
    t->signature = (t->signature ^ value) * 0x100000001b3U;
    t->signature ^= t->signature >> 32;
}

static void sign_text(struct tree *t, const char *text, size_t n)
{
    uint64_t part = 0;

    for (size_t i = 0; i < n; i += sizeof part) {
        part = 0;
        memcpy(&part, text + i, n - i < sizeof part ? n - i : sizeof part);
        sign_number(t, part);
    }
    sign_number(t, n);
}

static void sign_node(struct tree *t, const struct node *node)
{
    sign_text(t, node->path, node->n_path);
    sign_number(t, node->kind);
    if (node->kind == NODE_FILE) {
        /* The inode and ctime as well: a copy that kept sizes and mtimes is another tree. */
        for (size_t i = 0; i < ARRAY_LEN(node->key.part); i++)
            sign_number(t, node->key.part[i]);
        sign_number(t, node->size_bytes);
    }
    if (node->link)
        sign_text(t, node->link, strlen(node->link));
}

/* --- the names of one directory --- */

/* One name of a directory that is being read. */
struct entry {
    size_t name_at; /* in struct walk */
    unsigned char type;
};

/* One reading of the names. Names wait on a stack: those of a directory, then those below the
 * subdirectory that is just being read. */
struct walk {
    struct tree *tree;
    int root_fd;
    const struct tree *former; /* NULL: nothing is known of before */
    char *buffer;              /* of NAMES_BYTES */
    struct entry *entries;
    size_t n;
    size_t capacity;
    char *names;
    size_t n_names;
    size_t capacity_names;
};

static void push_name(struct walk *w, const struct dirent64 *entry)
{
    size_t n = strlen(entry->d_name) + 1;

    while (w->capacity_names - w->n_names < n) {
        w->capacity_names = w->capacity_names ? 2 * w->capacity_names : NAMES_BYTES;
        w->names = xrealloc(w->names, w->capacity_names);
    }
    w->entries = xgrow(w->entries, w->n, &w->capacity, sizeof *w->entries);
    w->entries[w->n++] = (struct entry){w->n_names, entry->d_type};
    memcpy(w->names + w->n_names, entry->d_name, n);
    w->n_names += n;
}

static bool is_left_out(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0;
}

/* Up to one more than there is room for. False when the listing broke off. */
static bool push_names(struct walk *w, int fd)
{
    size_t limit = w->n + (REPOSITORY_MAX_FILES - w->tree->n);
    ssize_t got;

    while ((got = getdents64(fd, w->buffer, NAMES_BYTES)) > 0)
        for (ssize_t at = 0; at < got;) {
            const struct dirent64 *entry = (const void *)(w->buffer + at);

            at += entry->d_reclen;
            if (!is_left_out(entry->d_name))
                push_name(w, entry);
            if (w->n > limit)
                return true;
        }
    return got == 0;
}

static int by_name(const void *a, const void *b, void *names)
{
    return strcmp((const char *)names + ((const struct entry *)a)->name_at,
                  (const char *)names + ((const struct entry *)b)->name_at);
}

/* --- nodes --- */

static enum node_kind kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return NODE_DIRECTORY;
    if (S_ISREG(mode))
        return NODE_FILE;
    return S_ISLNK(mode) ? NODE_SYMLINK : NODE_OTHER;
}

static void read_link(struct walk *w, int directory, const char *name, size_t index)
{
    char text[TREE_MAX_LINK_BYTES + 1];
    struct node *node = &w->tree->nodes[index];
    ssize_t n = readlinkat(directory, name, text, sizeof text);

    if (n < 0 || (size_t)n >= sizeof text) {
        node->link = xstrdup("");
        tree_note_incomplete(w->tree, node->path, "is a symlink that cannot be read");
        return;
    }
    tree_set_link(w->tree, index, (struct str){text, (size_t)n});
}

/* --- directories that hold what they held --- */

/* Of which it is known that adding or removing a name gives a directory another ctime. */
static bool tells_by_ctime(int root_fd)
{
    struct statfs fs;

    if (fstatfs(root_fd, &fs) != 0)
        return false;
    switch ((unsigned long)fs.f_type) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
        return true;
    default:
        return false;
    }
}

/* Whether the directory holds the names that `former` held, of the tree before. */
static bool is_as_before(const struct walk *w, const struct tree_key *key, size_t former)
{
    const struct node *then = &w->former->nodes[former];

    return then->kind == NODE_DIRECTORY && tree_key_eq(key, &then->key) &&
           key->part[0] == w->former->nodes[0].key.part[0] && /* of the same file system */
           key->part[3] < w->former->settled_ns;
}

static void read_names(struct walk *w, int fd, size_t index, unsigned depth);
static void read_known(struct walk *w, size_t index, size_t former, unsigned depth);

/* One name. It is not used any more once names below it are read, which move it. */
struct found {
    int at; /* a directory, and the path from there */
    const char *path;
    const char *name; /* the last component of it */
    size_t parent;
    size_t former; /* the node of that path in the tree before; NOWHERE: it is to be looked for */
};

#define NOWHERE SIZE_MAX

/* False where it has vanished. */
static bool open_directory(struct walk *w, const struct found *found, size_t index, unsigned depth)
{
    struct tree *t = w->tree;
    struct stat st;
    int fd = open_beneath(found->at, found->path, O_DIRECTORY);
    bool is_gone = fd < 0 && errno == ENOENT;

    if (fd >= 0 && fstat(fd, &st) == 0) {
        t->nodes[index].key = stat_key(&st);
        read_names(w, fd, index, depth);
    } else if (!is_gone) {
        tree_note_incomplete(t, t->nodes[index].path, "is a directory that cannot be read");
    }
    if (fd >= 0)
        (void)close(fd);
    return !is_gone;
}

/* Whether all names below it are known, and were looked at. */
static bool enter_known(struct walk *w, const struct found *found, size_t index, unsigned depth)
{
    struct node *node = &w->tree->nodes[index];
    size_t former = found->former;
    struct stat st;

    if (!w->former ||
        (former == NOWHERE &&
         !tree_find(w->former, (struct str){node->path, node->n_path}, &former)) ||
        fstatat(found->at, found->path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    node->key = stat_key(&st);
    if (!is_as_before(w, &node->key, former))
        return false;
    read_known(w, index, former, depth);
    return true;
}

static void add_directory(struct walk *w, const struct found *found, unsigned depth)
{
    struct tree *t = w->tree;
    size_t index = tree_add(t, found->parent, found->name, NODE_DIRECTORY);

    sign_node(t, &t->nodes[index]);
    if (depth >= REPOSITORY_MAX_DEPTH)
        tree_note_incomplete(t, t->nodes[index].path, "lies deeper than 64 directories");
    else if (enter_known(w, found, index, depth + 1) || open_directory(w, found, index, depth + 1))
        t->nodes[index].end = t->n;
    else
        tree_drop_last(t);
}

static void add_other(struct walk *w, const struct found *found, const struct stat *st)
{
    struct tree *t = w->tree;
    size_t index = tree_add(t, found->parent, found->name, kind_of(st->st_mode));

    t->nodes[index].size_bytes = st->st_size > 0 ? (uint64_t)st->st_size : 0;
    if (t->nodes[index].kind == NODE_FILE)
        t->nodes[index].key = stat_key(st);
    if (t->nodes[index].kind == NODE_SYMLINK)
        read_link(w, found->at, found->path, index);
    sign_node(t, &t->nodes[index]);
}

static void add(struct walk *w, const struct found *found, bool is_directory, unsigned depth)
{
    struct stat st;

    if (!is_directory && fstatat(found->at, found->path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            tree_note_incomplete(w->tree, w->tree->nodes[found->parent].path,
                                 "holds a name that cannot be read");
        return;
    }
    if (is_directory || S_ISDIR(st.st_mode))
        add_directory(w, found, depth);
    else
        add_other(w, found, &st);
}

/* Whether there is room for one more below the directory. */
static bool has_room(struct walk *w, size_t index)
{
    if (w->tree->n < REPOSITORY_MAX_FILES)
        return true;
    tree_note_incomplete(w->tree, w->tree->nodes[index].path,
                         "and what follows exceed 200000 files");
    return false;
}

static void read_names(struct walk *w, int fd, size_t index, unsigned depth)
{
    size_t first = w->n;
    size_t first_name = w->n_names;
    size_t end;

    if (!push_names(w, fd))
        tree_note_incomplete(w->tree, w->tree->nodes[index].path,
                             "is a directory that cannot be read");
    end = w->n;
    if (end > first)
        qsort_r(w->entries + first, end - first, sizeof *w->entries, by_name, w->names);
    for (size_t i = first; i < end && has_room(w, index); i++) {
        const char *name = w->names + w->entries[i].name_at;

        add(w, &(struct found){fd, name, name, index, NOWHERE}, w->entries[i].type == DT_DIR,
            depth);
    }
    w->n = first;
    w->n_names = first_name;
}

/* The names are those of before. What they name is looked at one by one: a file that is written
 * anew leaves its directory as it is. */
static void read_known(struct walk *w, size_t index, size_t former, unsigned depth)
{
    const struct node *nodes = w->former->nodes;

    for (size_t i = former + 1; i < nodes[former].end && has_room(w, index); i = nodes[i].end)
        add(w,
            &(struct found){w->root_fd, nodes[i].path, nodes[i].path + nodes[i].name_at, index, i},
            nodes[i].kind == NODE_DIRECTORY, depth);
}

uint64_t tree_clock_ns(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static const struct tree *choose_former(int root_fd, const struct tree *const *former, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (former[i] && !former[i]->incomplete && former[i]->settled_ns)
            return tells_by_ctime(root_fd) ? former[i] : NULL;
    return NULL;
}

struct tree *tree_read(int root_fd, const struct tree *const *former, size_t n_former)
{
    struct tree *t = tree_new();
    struct walk w = {
        .tree = t,
        .root_fd = root_fd,
        .former = choose_former(root_fd, former, n_former),
        .buffer = xmalloc(NAMES_BYTES),
    };
    const struct found root = {root_fd, ".", "", 0, 0};

    t->settled_ns = tree_clock_ns();
    t->signature = 0xcbf29ce484222325U;
    if (!enter_known(&w, &root, 0, 0) && !open_directory(&w, &root, 0, 0))
        tree_note_incomplete(t, "", "cannot be read");
    tree_finish(t);
    free(w.buffer);
    free(w.entries);
    free(w.names);
    return t;
}
