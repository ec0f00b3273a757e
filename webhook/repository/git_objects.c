#include "repository/git_objects.h"
#include "base/mem.h"
#include "base/str.h"
#include "repository/git.h"
#include "repository/git_library.h"
#include "repository/git_packs.h"
#include <errno.h>
#include <fcntl.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    PIECE_BYTES = 16 * 1024,
    HEADER_MAX_BYTES = 32,              /* "commit 18446744073709551615" and a NUL */
    ALTERNATES_MAX_BYTES = 1024 * 1024, /* a path each; 32 of them are followed */
};

/* Takes over `path`. What is there already is left out, so that alternates which lead to each other
 * take no room; libgit2 does the same. */
static void add_directory(struct git_objects *o, char *path)
{
    struct stat new;
    struct stat old;

    if (o->n_directories == ARRAY_LEN(o->directories) || stat(path, &new) != 0) {
        free(path);
        return;
    }
    for (size_t i = 0; i < o->n_directories; i++)
        if (stat(o->directories[i], &old) == 0 && old.st_dev == new.st_dev &&
            old.st_ino == new.st_ino) {
            free(path);
            return;
        }
    o->directories[o->n_directories++] = path;
}

/* gitrepository-layout(5), objects/info/alternates: a path on each line, relative to `objects`.
 * False where libgit2 would wait for such a file, or not end. */
static bool add_alternates(struct git_objects *o, const char *objects)
{
    AUTO(freep) char *file = xasprintf("%s/info/alternates", objects);
    AUTO(freep) char *text = NULL;
    struct str rest;
    struct str line;
    size_t n;
    enum git_file found = git_file_read(file, ALTERNATES_MAX_BYTES, &text, &n);

    if (found == GIT_FILE_DAMAGED)
        return false;
    rest = str_from(text);
    while (found == GIT_FILE_READ && str_split(&rest, '\n', &line))
        if (line.n && line.p[0] != '#')
            add_directory(o, line.p[0] == '/' ? xstrndup(line)
                                              : xasprintf("%s/%.*s", objects, STR_ARG(line)));
    return true;
}

static bool refuse(const char *path, const char *why, struct err *err)
{
    err_what(err, ERR_INPUT, "%.300s cannot be read as a Git repository", path);
    err_why(err, "%s", why);
    err_remedy(err, "give the top of a work tree, or a bare repository");
    return false;
}

static uint64_t packs_signature(const struct git_objects *o)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < o->n_directories; i++) {
        AUTO(freep) char *packs = xasprintf("%s/pack", o->directories[i]);
        struct stat st;

        if (stat(packs, &st) == 0)
            sum = sum * 31 + (uint64_t)st.st_ino + (uint64_t)st.st_mtim.tv_sec * 1000000000U +
                  (uint64_t)st.st_mtim.tv_nsec;
    }
    return sum;
}

/*
 * The objects alone. Of the rest git_setup_read() and git_names.h read what counts: libgit2 1.5.1
 * waits for files that are FIFOs, and loses memory on a configuration that ends too early.
 */
static bool open_objects(struct git_objects *o)
{
    git_config *empty = NULL;
    bool good = git_odb_open(&o->odb, o->directories[0]) == 0 &&
                git_repository_wrap_odb(&o->repository, o->odb) == 0 &&
                git_config_new(&empty) == 0 && git_repository_set_config(o->repository, empty) == 0;

    git_config_free(empty); /* the repository holds its own reference */
    return good;
}

bool git_objects_init(struct git_objects *o, const char *path, struct git_memo *memo,
                      struct err *err)
{
    o->memo = git_memo_ref(memo);
    if (!git_layout_find(path, &o->layout))
        return refuse(path, "it holds no .git, nor a HEAD, refs and objects of its own", err);
    if (!git_setup_read(o->layout.common, path, &o->setup, err))
        return false;
    add_directory(o, xasprintf("%s/objects", o->layout.common));
    for (size_t i = 0; i < o->n_directories; i++) {
        if (!git_packs_check(o->directories[i], o->memo, err))
            return false;
        if (!add_alternates(o, o->directories[i]))
            return refuse(path, "its list of alternates cannot be read", err);
    }
    return open_objects(o) || refuse(path, git_text(), err);
}

void git_objects_clear(struct git_objects *o)
{
    for (size_t i = 0; i < o->n_directories; i++)
        free(o->directories[i]);
    git_odb_free(o->odb);
    git_repository_free(o->repository);
    git_memo_unref(o->memo);
    git_setup_clear(&o->setup);
    git_layout_clear(&o->layout);
}

/* One inflation under way. */
struct inflation {
    z_stream z;
    unsigned char in[PIECE_BYTES];
    unsigned char out[PIECE_BYTES];
    size_t n_out;  /* so far */
    size_t wanted; /* header and content, once the header is known */
};

/* "blob 12" and a NUL: how long header and content are together. */
static bool read_header(struct inflation *i, size_t n)
{
    const char *end = memchr(i->out, '\0', n < HEADER_MAX_BYTES ? n : HEADER_MAX_BYTES);
    const char *blank = end ? memchr(i->out, ' ', (size_t)(end - (const char *)i->out)) : NULL;
    char *rest;
    size_t n_header;

    if (!blank || blank[1] < '0' || blank[1] > '9')
        return false;
    n_header = (size_t)(end - (const char *)i->out) + 1;
    errno = 0;
    i->wanted = strtoul(blank + 1, &rest, 10);
    return errno == 0 && rest == end && !__builtin_add_overflow(i->wanted, n_header, &i->wanted);
}

/* The output is as long as the header says, or longer than what anybody reads. */
static bool inflate_whole(struct inflation *i, int fd)
{
    int state = Z_OK;

    while (state != Z_STREAM_END) {
        size_t n;

        if (i->z.avail_in == 0) {
            ssize_t got = read(fd, i->in, sizeof i->in);

            if (got < 0)
                return false;
            /* at the end zlib may still hold output; without any it says Z_BUF_ERROR */
            i->z.next_in = i->in;
            i->z.avail_in = (unsigned)got;
        }
        i->z.next_out = i->out;
        i->z.avail_out = sizeof i->out;
        state = inflate(&i->z, Z_NO_FLUSH);
        if (state != Z_OK && state != Z_STREAM_END)
            return false;
        n = sizeof i->out - i->z.avail_out;
        if (i->n_out == 0 && n > 0 && !read_header(i, n))
            return false;
        i->n_out += n;
        if (i->n_out > (size_t)GIT_OBJECTS_MAX_BYTES + HEADER_MAX_BYTES)
            return true;
    }
    return i->n_out == i->wanted;
}

static bool is_whole_file(int fd)
{
    struct inflation *i;
    struct stat st;
    bool good;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    i = xcalloc(1, sizeof *i);
    good = inflateInit(&i->z) == Z_OK && inflate_whole(i, fd);
    (void)inflateEnd(&i->z);
    free(i);
    return good;
}

/* True as well when there is no loose file. */
static bool is_whole(const struct git_objects *o, const git_oid *id)
{
    char digits[GIT_OID_HEXSZ + 1];

    (void)git_oid_tostr(digits, sizeof digits, id);
    for (size_t i = 0; i < o->n_directories; i++) {
        AUTO(freep)
        char *file = xasprintf("%s/%.2s/%s", o->directories[i], digits, digits + 2);
        int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        bool good;

        if (fd < 0)
            continue;
        good = is_whole_file(fd);
        (void)close(fd);
        if (!good)
            return false;
    }
    return true;
}

/* libgit2 asks these first (odb.c, backend_sort_cmp), so that it then looks for no loose file. */
static bool is_in_own_pack(const struct git_objects *o, const git_oid *id)
{
    git_odb_backend *first = NULL;

    return git_odb_get_backend(&first, o->odb, 0) == 0 && first->writepack && first->exists &&
           first->exists(first, id) == 1;
}

/* Where the packs are others by now. */
static bool refresh(struct git_objects *o)
{
    uint64_t packs = packs_signature(o);
    struct err err = {0};

    if (packs == o->packs)
        return false;
    o->packs = packs;
    for (size_t i = 0; i < o->n_directories; i++)
        if (!git_packs_check(o->directories[i], o->memo, &err))
            return false;
    return git_odb_refresh(o->odb) == 0;
}

static bool is_there(const struct git_objects *o, const git_oid *id, bool *is_packed)
{
    *is_packed = is_in_own_pack(o, id);
    return *is_packed || git_odb_exists_ext(o->odb, id, GIT_ODB_LOOKUP_NO_REFRESH);
}

bool git_objects_look(struct git_objects *o, const git_oid *id, size_t *n_bytes, git_object_t *type,
                      const char **why)
{
    bool is_packed;

    /* Without looking for new packs each time: a partial clone may lack every file. */
    if (!is_there(o, id, &is_packed) && !(refresh(o) && is_there(o, id, &is_packed)))
        *why = "its object is missing: a partial or damaged clone";
    else if ((!is_packed && !is_whole(o, id)) ||
             git_odb_read_header(n_bytes, type, o->odb, id) != 0)
        *why = "its object is damaged";
    else
        return true;
    return false;
}
