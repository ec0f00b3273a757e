#include "repository/tree.h"
#include "base/mem.h"
#include "repository/quote.h"
#include "repository/repository.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

void file_bytes_reserve(struct file_bytes *b, size_t n)
{
    if (n <= b->capacity)
        return;
    free(b->p);
    b->p = xmalloc(n);
    b->capacity = n;
}

void file_bytes_clear(struct file_bytes *b)
{
    free(b->p);
    *b = (struct file_bytes){0};
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

/* FNV-1a: a change detector, no defence against forgery. */
static void sign_byte(struct tree *t, unsigned byte)
{
    t->signature = (t->signature ^ byte) * 0x100000001b3U;
}

static void sign_text(struct tree *t, const char *text)
{
    for (; *text; text++)
        sign_byte(t, (unsigned char)*text);
    sign_byte(t, 0);
}

static void sign_number(struct tree *t, int64_t value)
{
    for (unsigned shift = 0; shift < 64; shift += 8)
        sign_byte(t, (unsigned)((uint64_t)value >> shift) & 0xFF);
}

static void sign_stat(struct tree *t, const struct node *node, const struct stat *st)
{
    sign_text(t, node->path);
    sign_number(t, node->kind);
    if (node->kind == NODE_FILE) {
        /* The inode and ctime as well: a copy that kept sizes and mtimes is another tree. */
        sign_number(t, (int64_t)st->st_ino);
        sign_number(t, (int64_t)st->st_dev);
        sign_number(t, st->st_size);
        sign_number(t, st->st_mtim.tv_sec);
        sign_number(t, st->st_mtim.tv_nsec);
        sign_number(t, st->st_ctim.tv_sec);
        sign_number(t, st->st_ctim.tv_nsec);
    }
    if (node->link)
        sign_text(t, node->link);
}

void tree_note_incomplete(struct tree *t, const char *path, const char *why)
{
    if (!t->incomplete)
        t->incomplete =
            xasprintf("%s %s", path[0] ? shorten(path).text : "the repository's root", why);
}

size_t tree_add(struct tree *t, size_t parent, const char *name, enum node_kind kind)
{
    struct node *node;
    const char *above = t->n ? t->nodes[parent].path : "";

    t->nodes = xgrow(t->nodes, t->n, &t->capacity, sizeof *t->nodes);
    node = &t->nodes[t->n];
    *node = (struct node){.kind = kind, .parent = parent, .end = t->n + 1};
    node->path = above[0] ? xasprintf("%s/%s", above, name) : xstrdup(name);
    node->n_path = strlen(node->path);
    node->name_at = node->n_path - strlen(name);
    node->link_state = TREE_MISSING;
    return t->n++;
}

/* Whether a symlink leaves the repository by the letters of its text, as Argo CD's
 * CheckOutOfBoundsSymlinks decides it (util/app/path/path.go): absolute, or more ".." than there
 * are directories above it. */
static bool is_out_of_bounds(const struct node *node)
{
    struct str rest = {node->path, node->name_at};
    struct str text = str_from(node->link);
    struct str part;
    size_t depth = 0;

    if (str_starts(text, STR("/")))
        return true;
    for (size_t i = 0; i < rest.n; i++)
        depth += rest.p[i] == '/';
    while (str_split(&text, '/', &part)) {
        if (part.n == 0 || str_is(part, "."))
            continue;
        if (!str_is(part, ".."))
            depth++;
        else if (depth-- == 0)
            return true;
    }
    return false;
}

void tree_set_link(struct tree *t, size_t symlink, struct str text)
{
    struct node *node = &t->nodes[symlink];

    node->link = xstrndup(text);
    if (!t->out_of_bounds && is_out_of_bounds(node))
        t->out_of_bounds = xstrdup(node->path);
}

static void read_link(struct tree *t, int directory, size_t index)
{
    char text[TREE_MAX_LINK_BYTES + 1];
    struct node *node = &t->nodes[index];
    ssize_t n = readlinkat(directory, node->path + node->name_at, text, sizeof text);

    if (n < 0 || (size_t)n >= sizeof text) {
        node->link = xstrdup("");
        tree_note_incomplete(t, node->path, "is a symlink that cannot be read");
        return;
    }
    tree_set_link(t, index, (struct str){text, (size_t)n});
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    char **names;
    size_t n;
    size_t capacity;
};

static void names_clear(struct names *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->names[i]);
    free(list->names);
}

/* False when the listing broke off. */
static bool list_names(DIR *dir, size_t limit, struct names *list)
{
    const struct dirent *entry;
    bool whole;

    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0)
            continue;
        list->names = xgrow(list->names, list->n, &list->capacity, sizeof *list->names);
        list->names[list->n++] = xstrdup(name);
        if (list->n > limit)
            break;
    }
    whole = entry != NULL || errno == 0;
    if (list->n)
        qsort(list->names, list->n, sizeof *list->names, by_name);
    return whole;
}

static enum node_kind kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return NODE_DIRECTORY;
    if (S_ISREG(mode))
        return NODE_FILE;
    return S_ISLNK(mode) ? NODE_SYMLINK : NODE_OTHER;
}

static void read_directory(struct tree *t, int fd, size_t index, unsigned depth);

static void read_entry(struct tree *t, int directory, size_t parent, const char *name,
                       unsigned depth)
{
    struct stat st;
    size_t index;
    int fd;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            tree_note_incomplete(t, t->nodes[parent].path, "holds a name that cannot be read");
        return;
    }
    index = tree_add(t, parent, name, kind_of(st.st_mode));
    t->nodes[index].size_bytes = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    if (t->nodes[index].kind == NODE_FILE)
        t->nodes[index].key = stat_key(&st);
    if (t->nodes[index].kind == NODE_SYMLINK)
        read_link(t, directory, index);
    sign_stat(t, &t->nodes[index], &st);
    if (t->nodes[index].kind != NODE_DIRECTORY)
        return;
    if (depth >= REPOSITORY_MAX_DEPTH) {
        tree_note_incomplete(t, t->nodes[index].path, "lies deeper than 64 directories");
        return;
    }
    fd = open_beneath(directory, name, O_DIRECTORY);
    if (fd < 0)
        tree_note_incomplete(t, t->nodes[index].path, "is a directory that cannot be read");
    else
        read_directory(t, fd, index, depth + 1);
    t->nodes[index].end = t->n;
}

/* Takes over fd, and keeps it open meanwhile: at most 64 levels. */
static void read_directory(struct tree *t, int fd, size_t index, unsigned depth)
{
    struct names list = {0};
    size_t left = REPOSITORY_MAX_FILES - t->n;
    DIR *dir = fdopendir(fd);

    if (!dir || !list_names(dir, left, &list))
        tree_note_incomplete(t, t->nodes[index].path, "is a directory that cannot be read");
    for (size_t i = 0; i < list.n; i++) {
        if (t->n >= REPOSITORY_MAX_FILES) {
            tree_note_incomplete(t, t->nodes[index].path, "and what follows exceed 200000 files");
            break;
        }
        read_entry(t, fd, index, list.names[i], depth);
    }
    names_clear(&list);
    if (dir)
        (void)closedir(dir);
    else
        (void)close(fd);
}

/* '/' sorts before every other byte, which is what keeps a subtree in one piece. */
static int path_cmp(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t common = n_a < n_b ? n_a : n_b;

    for (size_t i = 0; i < common; i++) {
        unsigned x = a[i] == '/' ? 0 : (unsigned char)a[i];
        unsigned y = b[i] == '/' ? 0 : (unsigned char)b[i];

        if (x != y)
            return x < y ? -1 : 1;
    }
    return (n_a > n_b) - (n_a < n_b);
}

bool tree_find(const struct tree *t, struct str path, size_t *out)
{
    size_t low = 0;
    size_t high = t->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = path_cmp(t->nodes[middle].path, t->nodes[middle].n_path, path.p, path.n);

        if (order == 0) {
            *out = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool tree_child(const struct tree *t, size_t directory, struct str name, size_t *out)
{
    const struct node *above = &t->nodes[directory];
    AUTO(freep)
    char *path = above->n_path ? xasprintf("%s/%.*s", above->path, STR_ARG(name)) : xstrndup(name);

    return tree_find(t, str_from(path), out);
}

static enum tree_found follow(const struct tree *t, size_t from, struct str path, unsigned *links,
                              size_t *steps_left, size_t *out)
{
    struct str part;
    size_t here = from;

    while (str_split(&path, '/', &part)) {
        if (*steps_left == 0)
            return TREE_LOOP;
        --*steps_left;
        if (t->nodes[here].kind != NODE_DIRECTORY)
            return TREE_MISSING;
        if (part.n == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            if (here == 0)
                return TREE_OUTSIDE;
            here = t->nodes[here].parent;
            continue;
        }
        if (!tree_child(t, here, part, &here))
            return TREE_MISSING;
        if (t->nodes[here].kind == NODE_SYMLINK) {
            const struct node *link = &t->nodes[here];
            enum tree_found found;

            if (++*links > TREE_MAX_LINKS)
                return TREE_LOOP;
            if (link->link[0] == '/')
                return TREE_OUTSIDE;
            found = follow(t, link->parent, str_from(link->link), links, steps_left, &here);
            if (found != TREE_FOUND)
                return found;
        }
    }
    *out = here;
    return TREE_FOUND;
}

enum tree_found tree_follow(const struct tree *t, size_t from, struct str path, size_t *out)
{
    unsigned links = 0;
    size_t steps_left = TREE_MAX_LINK_STEPS;

    return follow(t, from, path.p ? path : STR(""), &links, &steps_left, out);
}

static void follow_links(struct tree *t)
{
    size_t steps_left = TREE_MAX_LINK_STEPS;

    for (size_t i = 0; i < t->n; i++) {
        struct node *node = &t->nodes[i];
        unsigned links = 1;

        if (node->kind != NODE_SYMLINK)
            continue;
        if (node->link[0] == '/')
            node->link_state = TREE_OUTSIDE;
        else
            node->link_state =
                follow(t, node->parent, str_from(node->link), &links, &steps_left, &node->target);
    }
    if (steps_left == 0)
        tree_note_incomplete(t, "", "holds symlinks that take too many steps to follow");
}

void tree_drop_last(struct tree *t)
{
    struct node *node = &t->nodes[--t->n];

    free(node->path);
    free(node->link);
    t->n_dropped++;
}

void tree_copy_below(struct tree *t, size_t directory, const struct tree *from, size_t other)
{
    size_t shift = directory - other; /* wraps where it is negative, and back */

    for (size_t i = other + 1; i < from->nodes[other].end; i++) {
        struct node node = from->nodes[i];

        t->nodes = xgrow(t->nodes, t->n, &t->capacity, sizeof *t->nodes);
        node.path = xstrndup((struct str){node.path, node.n_path});
        node.link = node.link ? xstrdup(node.link) : NULL;
        node.parent += shift;
        node.end += shift;
        node.link_state = TREE_MISSING;
        t->nodes[t->n++] = node;
        if (node.kind == NODE_SYMLINK && !t->out_of_bounds && is_out_of_bounds(&node))
            t->out_of_bounds = xstrdup(node.path);
    }
}

bool tree_key_eq(const struct tree_key *a, const struct tree_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool tree_key_is_known(const struct tree_key *key)
{
    static const struct tree_key none;

    return !tree_key_eq(key, &none);
}

struct tree *tree_new(void)
{
    struct tree *t = xcalloc(1, sizeof *t);

    (void)tree_add(t, 0, "", NODE_DIRECTORY);
    return t;
}

void tree_finish(struct tree *t)
{
    t->nodes[0].end = t->n;
    follow_links(t);
}

struct tree *tree_read(int root_fd)
{
    struct tree *t = tree_new();
    int fd = open_beneath(root_fd, ".", O_DIRECTORY);

    t->signature = 0xcbf29ce484222325U;
    if (fd < 0)
        tree_note_incomplete(t, "", "cannot be read");
    else
        read_directory(t, fd, 0, 0);
    tree_finish(t);
    return t;
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++) {
        free(t->nodes[i].path);
        free(t->nodes[i].link);
    }
    free(t->nodes);
    free(t->incomplete);
    free(t->out_of_bounds);
    free(t);
}

void tree_freep(struct tree **t)
{
    tree_free(*t);
}

struct str node_name(const struct node *node)
{
    return (struct str){node->path + node->name_at, node->n_path - node->name_at};
}

struct str node_below(const struct node *node, const struct node *above)
{
    size_t skip = above->n_path ? above->n_path + 1 : 0;

    return (struct str){node->path + skip, node->n_path - skip};
}
