/* git_commit.c: the names and files of one commit. */
#include "base/mem.h"
#include "repository/git.h"
#include "repository/git_library.h"
#include "repository/git_objects.h"
#include "repository/repository.h"
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Names and symlinks together; real repositories take some 100 bytes a file, and objects that
     * lead to each other could name gigabytes in a few kilobytes. */
    NAMES_MAX_BYTES = 256 * 1024 * 1024,
};

struct git_snapshot {
    struct git_objects objects;
    git_oid id;
    pthread_mutex_t reading; /* one thread at a time asks libgit2 */
};

/* One reading of the names. */
struct walk {
    struct git_snapshot *snapshot;
    struct tree *tree;
    const struct tree *const *former;
    size_t n_former;
    size_t entries_left;
    size_t bytes_left;
    bool ended; /* a checkout would fail, or a budget ran out: the rest does not matter */
};

bool git_open(const char *path, const char *revision, struct git_memo *memo,
              struct git_snapshot **out, struct err *err)
{
    AUTO(git_closep) struct git_snapshot *s = NULL;

    if (!git_start()) {
        err_what(err, ERR_SYSTEM, "libgit2 cannot be started");
        return false;
    }
    s = xcalloc(1, sizeof *s); /* git_close() stops the library */
    (void)pthread_mutex_init(&s->reading, NULL);
    if (!git_objects_init(&s->objects, path, memo, err) ||
        !git_find_commit(&s->objects, path, revision, &s->id, err))
        return false;
    *out = steal(&s);
    return true;
}

void git_close(struct git_snapshot *s)
{
    if (!s)
        return;
    git_objects_clear(&s->objects);
    git_stop();
    (void)pthread_mutex_destroy(&s->reading);
    free(s);
}

void git_closep(struct git_snapshot **s)
{
    git_close(*s);
}

struct git_id git_snapshot_id(const struct git_snapshot *s)
{
    struct git_id id;

    (void)git_oid_tostr(id.text, sizeof id.text, &s->id);
    return id;
}

static bool read_size(struct git_snapshot *s, const git_oid *id, git_object_t wanted,
                      size_t *n_bytes, const char **why)
{
    git_object_t type;

    if (!git_objects_look(&s->objects, id, n_bytes, &type, why))
        return false;
    if (type != wanted)
        *why = "its object is of another type";
    return type == wanted;
}

/* libgit2 verifies it against its id. */
static git_odb_object *read_verified(const struct git_snapshot *s, const git_oid *id,
                                     const char **why)
{
    git_odb_object *object = NULL;

    if (git_odb_read(&object, s->objects.odb, id) == 0)
        return object;
    *why = "its object is damaged";
    return NULL;
}

static git_odb_object *read_object(struct git_snapshot *s, const git_oid *id, git_object_t wanted,
                                   size_t max_bytes, const char **why)
{
    size_t n_bytes = 0;

    if (!read_size(s, id, wanted, &n_bytes, why))
        return NULL;
    if (n_bytes > max_bytes) {
        *why = "it is too large";
        return NULL;
    }
    return read_verified(s, id, why);
}

static void end_walk(struct walk *w, size_t directory, const char *why)
{
    tree_note_incomplete(w->tree, w->tree->nodes[directory].path, why);
    w->ended = true;
}

/* What Git refuses to check out (read-cache.c, verify_path), and Linux to hold. */
static bool is_possible_name(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && !str_eq_nocase((struct str){name, n}, STR(".git"));
}

static struct tree_key key_of(const git_oid *id)
{
    struct tree_key key = {0};

    _Static_assert(sizeof key >= sizeof *id, "a key holds an id");
    memcpy(&key, id, sizeof *id);
    return key;
}

static git_oid id_of(const struct node *node)
{
    git_oid id;

    memcpy(&id, &node->key, sizeof id);
    return id;
}

static size_t add(struct walk *w, size_t parent, const git_tree_entry *entry, enum node_kind kind)
{
    size_t index = tree_add(w->tree, parent, git_tree_entry_name(entry), kind);

    w->tree->nodes[index].key = key_of(git_tree_entry_id(entry));
    return index;
}

static void read_link(struct walk *w, size_t index)
{
    const char *why = NULL;
    git_oid id = id_of(&w->tree->nodes[index]);
    git_odb_object *object =
        read_object(w->snapshot, &id, GIT_OBJECT_BLOB, TREE_MAX_LINK_BYTES, &why);
    struct str text = STR("");

    if (object)
        text = (struct str){git_odb_object_data(object), git_odb_object_size(object)};
    /* symlink(2) takes no empty text, and ends at a NUL */
    if (text.n == 0 || text.n > w->bytes_left || memchr(text.p, '\0', text.n)) {
        tree_note_incomplete(w->tree, w->tree->nodes[index].path,
                             "is a symlink that cannot be read");
        text = STR("");
    }
    w->bytes_left -= text.n;
    tree_set_link(w->tree, index, text);
    git_odb_object_free(object);
}

/* Whether all of it was read. */
static bool read_directory(struct walk *w, size_t index, const git_oid *id, unsigned depth);

/* As check_entry() and read_link() count. */
static size_t counted(const struct node *node)
{
    return node->n_path + (node->parent == 0) + (node->link ? strlen(node->link) : 0);
}

/* Whether the whole of a former commit's subtree could be taken. Nothing was counted there that is
 * not in it, so the budgets come out as if it had been read. */
static bool copy_from(struct walk *w, size_t index, const struct tree *former)
{
    const struct node *node = &w->tree->nodes[index];
    size_t n_bytes = 0;
    size_t other;

    if (former->incomplete || former->n_dropped ||
        !tree_find(former, (struct str){node->path, node->n_path}, &other) ||
        former->nodes[other].kind != NODE_DIRECTORY ||
        !tree_key_eq(&former->nodes[other].key, &node->key))
        return false;
    for (size_t i = other + 1; i < former->nodes[other].end; i++)
        n_bytes += counted(&former->nodes[i]);
    if (former->nodes[other].end - other - 1 > w->entries_left || n_bytes > w->bytes_left)
        return false;
    w->entries_left -= former->nodes[other].end - other - 1;
    w->bytes_left -= n_bytes;
    tree_copy_below(w->tree, index, former, other);
    return true;
}

static bool copy_former(struct walk *w, size_t index)
{
    for (size_t i = 0; i < w->n_former; i++)
        if (copy_from(w, index, w->former[i]))
            return true;
    return false;
}

static void read_subtree(struct walk *w, size_t index, unsigned depth)
{
    struct tree *t = w->tree;
    git_oid id = id_of(&t->nodes[index]);

    if (depth >= REPOSITORY_MAX_DEPTH) {
        tree_note_incomplete(t, t->nodes[index].path, "lies deeper than 64 directories");
        return;
    }
    if (!copy_former(w, index) && read_directory(w, index, &id, depth + 1) && t->n == index + 1)
        tree_drop_last(t); /* Git checks out files; directories only for them */
    else
        t->nodes[index].end = t->n;
}

static void read_entry(struct walk *w, size_t parent, const git_tree_entry *entry, unsigned depth)
{
    size_t index;

    switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE:
        index = add(w, parent, entry, NODE_DIRECTORY);
        read_subtree(w, index, depth);
        break;
    case GIT_FILEMODE_COMMIT:
        index = add(w, parent, entry, NODE_DIRECTORY);
        w->tree->nodes[index].is_submodule = true;
        break;
    case GIT_FILEMODE_LINK:
        index = add(w, parent, entry, NODE_SYMLINK);
        read_link(w, index);
        break;
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        (void)add(w, parent, entry, NODE_FILE);
        break;
    case GIT_FILEMODE_UNREADABLE:
    default:
        end_walk(w, parent, "holds an entry of a mode that Git does not check out");
    }
}

/* Whether the entry can be added; ends the walk where not. */
static bool check_entry(struct walk *w, size_t parent, const git_tree_entry *entry)
{
    const char *name = git_tree_entry_name(entry);
    size_t n_path = w->tree->nodes[parent].n_path + 1 + strlen(name);

    if (w->entries_left == 0)
        end_walk(w, parent, "and what follows exceed 200000 files");
    else if (!is_possible_name(name) || n_path >= PATH_MAX)
        end_walk(w, parent, "holds a name that Git does not check out");
    else if (n_path > w->bytes_left)
        end_walk(w, parent, "and what follows have names that are too long together");
    if (w->ended)
        return false;
    w->entries_left--;
    w->bytes_left -= n_path;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(git_tree_entry_name(*(const git_tree_entry *const *)a),
                  git_tree_entry_name(*(const git_tree_entry *const *)b));
}

/* Git sorts a directory as if its name ended in '/'; filepath.Walk does not. */
static void read_entries(struct walk *w, size_t index, const git_tree *directory, unsigned depth)
{
    size_t n = git_tree_entrycount(directory);
    AUTO(freep) const git_tree_entry **entries = xcalloc(n, sizeof(git_tree_entry *));

    for (size_t i = 0; i < n; i++)
        entries[i] = git_tree_entry_byindex(directory, i);
    if (n)
        qsort(entries, n, sizeof(git_tree_entry *), by_name);
    for (size_t i = 0; i < n && !w->ended; i++) {
        if (i && by_name(&entries[i - 1], &entries[i]) == 0)
            end_walk(w, index, "holds a name twice");
        else if (check_entry(w, index, entries[i]))
            read_entry(w, index, entries[i], depth);
    }
}

static bool read_directory(struct walk *w, size_t index, const git_oid *id, unsigned depth)
{
    git_tree *directory = NULL;
    size_t n_bytes = 0;
    const char *why = NULL;

    if (!read_size(w->snapshot, id, GIT_OBJECT_TREE, &n_bytes, &why) ||
        n_bytes > GIT_OBJECTS_MAX_BYTES ||
        git_tree_lookup(&directory, w->snapshot->objects.repository, id) != 0) {
        tree_note_incomplete(w->tree, w->tree->nodes[index].path,
                             "is a directory that cannot be read");
        return false;
    }
    read_entries(w, index, directory, depth);
    git_tree_free(directory);
    return !w->ended;
}

struct tree *git_read_tree(struct git_snapshot *s, const struct tree *const *former,
                           size_t n_former)
{
    struct walk w = {
        .snapshot = s,
        .former = former,
        .n_former = n_former,
        .tree = tree_new(),
        .entries_left = REPOSITORY_MAX_FILES - 1, /* the root counts, as in a directory */
        .bytes_left = NAMES_MAX_BYTES,
    };
    git_commit *commit = NULL;

    if (git_commit_lookup(&commit, s->objects.repository, &s->id) != 0) {
        tree_note_incomplete(w.tree, "", "cannot be read");
    } else {
        w.tree->nodes[0].key = key_of(git_commit_tree_id(commit));
        if (!copy_former(&w, 0))
            (void)read_directory(&w, 0, git_commit_tree_id(commit), 0);
    }
    git_commit_free(commit);
    tree_finish(w.tree);
    return w.tree;
}

bool git_read_file(void *snapshot, const struct tree *t, size_t node, size_t limit_bytes,
                   struct file_bytes *out, const char **why)
{
    struct git_snapshot *s = snapshot;
    git_oid id = id_of(&t->nodes[node]);
    git_odb_object *object = NULL;
    size_t n_bytes = 0;

    (void)pthread_mutex_lock(&s->reading);
    if (read_size(s, &id, GIT_OBJECT_BLOB, &n_bytes, why)) {
        out->size_bytes = n_bytes;
        out->is_too_large = n_bytes > limit_bytes;
        if (!out->is_too_large)
            object = read_verified(s, &id, why);
    }
    if (object) {
        out->n = git_odb_object_size(object);
        file_bytes_reserve(out, out->n);
        if (out->n)
            memcpy(out->p, git_odb_object_data(object), out->n);
    }
    git_odb_object_free(object);
    (void)pthread_mutex_unlock(&s->reading);
    return object != NULL;
}
