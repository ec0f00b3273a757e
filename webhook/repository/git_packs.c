#include "repository/git_packs.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "repository/git.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ID = 20, /* bytes of a SHA-1, as libgit2 1.5 reads repositories */
    FANOUT = 256 * 4,
    PACK_HEADER = 12,
    ENDS = 2 * ID, /* the pack's sum and the index's own, at the end of an index */
};

static const unsigned char version_2[8] = {0xFF, 't', 'O', 'c', 0, 0, 0, 2};

/* Which file it is, and that nobody has written to it since. */
struct file_key {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
};

/* An index, and the pack beside it; a multi-pack-index has none. */
struct seen {
    struct file_key index;
    struct file_key pack;
};

enum { SEEN_MAX = 4096 }; /* packs of all repositories together; where there are more, all go */

struct git_memo {
    atomic_uint references;
    pthread_mutex_t lock;
    struct seen *seen; /* found whole; under the lock */
    size_t n;
    size_t capacity;
};

struct git_memo *git_memo_new(void)
{
    struct git_memo *m = xcalloc(1, sizeof *m);

    atomic_init(&m->references, 1);
    (void)pthread_mutex_init(&m->lock, NULL);
    return m;
}

struct git_memo *git_memo_ref(struct git_memo *m)
{
    if (m)
        (void)atomic_fetch_add_explicit(&m->references, 1, memory_order_relaxed);
    return m;
}

void git_memo_unref(struct git_memo *m)
{
    if (!m || atomic_fetch_sub_explicit(&m->references, 1, memory_order_acq_rel) != 1)
        return;
    (void)pthread_mutex_destroy(&m->lock);
    free(m->seen);
    free(m);
}

/* False where there is none. */
static bool read_key(int directory, const char *name, struct file_key *out)
{
    struct stat st;

    if (fstatat(directory, name, &st, 0) != 0)
        return false;
    memset(out, 0, sizeof *out); /* they are compared whole */
    out->device = st.st_dev;
    out->inode = st.st_ino;
    out->size = st.st_size;
    out->modified = st.st_mtim;
    out->changed = st.st_ctim;
    return true;
}

static void read_seen(int directory, const char *name, bool is_index, struct seen *out)
{
    struct str text = str_from(name);

    memset(out, 0, sizeof *out);
    (void)read_key(directory, name, &out->index);
    if (is_index) {
        AUTO(freep)
        char *pack =
            xasprintf("%.*s.pack", STR_ARG(str_sub(text, 0, text.n - (sizeof ".idx" - 1))));

        (void)read_key(directory, pack, &out->pack);
    }
}

static bool was_seen(struct git_memo *m, const struct seen *seen)
{
    bool found = false;

    if (!m)
        return false;
    (void)pthread_mutex_lock(&m->lock);
    for (size_t i = 0; !found && i < m->n; i++)
        found = memcmp(&m->seen[i], seen, sizeof *seen) == 0;
    (void)pthread_mutex_unlock(&m->lock);
    return found;
}

/* The clock of files stood at now_ns before it was read: what has that time may be written again
 * without another one. */
static bool is_settled(const struct file_key *key, uint64_t now_ns)
{
    return (uint64_t)key->changed.tv_sec * 1000000000U + (uint64_t)key->changed.tv_nsec < now_ns;
}

static void add_seen(struct git_memo *m, const struct seen *seen, uint64_t now_ns)
{
    if (!m || !is_settled(&seen->index, now_ns) || !is_settled(&seen->pack, now_ns))
        return;
    (void)pthread_mutex_lock(&m->lock);
    if (m->n == SEEN_MAX)
        m->n = 0;
    m->seen = xgrow(m->seen, m->n, &m->capacity, sizeof *m->seen);
    m->seen[m->n++] = *seen;
    (void)pthread_mutex_unlock(&m->lock);
}

/* An index, and what is beside it. */
struct index {
    const unsigned char *p;
    size_t n;
    uint64_t n_pack; /* bytes of the pack */
    unsigned char pack_end[ID];
};

static uint64_t number(const unsigned char *p, unsigned n_bytes)
{
    uint64_t value = 0;

    while (n_bytes--)
        value = value << 8 | *p++;
    return value;
}

static bool grows(const unsigned char *fanout)
{
    for (unsigned i = 1; i < 256; i++)
        if (number(fanout + (size_t)4 * i, 4) < number(fanout + (size_t)4 * (i - 1), 4))
            return false;
    return true;
}

static bool is_in_pack(const struct index *x, uint64_t offset)
{
    return offset >= PACK_HEADER && offset < x->n_pack - ID;
}

/* Version 1: 4 bytes of offset before each id. */
static bool check_version_1(const struct index *x)
{
    uint64_t n = x->n < FANOUT ? 0 : number(x->p + FANOUT - 4, 4);

    if (x->n != FANOUT + n * (4 + ID) + ENDS || !grows(x->p))
        return false;
    for (uint64_t i = 0; i < n; i++)
        if (!is_in_pack(x, number(x->p + FANOUT + i * (4 + ID), 4)))
            return false;
    return true;
}

/* Version 2: tables of ids, checksums and offsets, and one of the offsets past 2 GB. */
static bool check_version_2(const struct index *x)
{
    const unsigned char *fanout = x->p + sizeof version_2;
    const unsigned char *offsets;
    uint64_t least;
    uint64_t n_large;
    uint64_t n;

    if (x->n < sizeof version_2 + FANOUT)
        return false;
    n = number(fanout + FANOUT - 4, 4);
    least = sizeof version_2 + FANOUT + n * (ID + 4 + 4) + ENDS;
    if (x->n < least || (x->n - least) % 8 != 0 || !grows(fanout))
        return false;
    n_large = (x->n - least) / 8;
    offsets = fanout + FANOUT + n * (ID + 4);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t offset = number(offsets + 4 * i, 4);

        if (offset & 0x80000000U) {
            offset &= 0x7FFFFFFFU;
            if (offset >= n_large)
                return false;
            offset = number(offsets + 4 * n + 8 * offset, 8);
        }
        if (!is_in_pack(x, offset))
            return false;
    }
    return true;
}

/* All but the last 20 bytes, which are their SHA-1. */
static bool is_summed(const unsigned char *p, size_t n)
{
    unsigned char sum[ID];

    return n >= ID && (!digest_sha1((struct str){(const char *)p, n - ID}, sum) ||
                       memcmp(sum, p + n - ID, ID) == 0);
}

static bool is_good_index(const struct index *x)
{
    if (x->n < ENDS || x->n_pack < PACK_HEADER + ID)
        return false;
    if (!(memcmp(x->p, version_2, 4) == 0 ? memcmp(x->p, version_2, 8) == 0 && check_version_2(x)
                                          : check_version_1(x)))
        return false;
    return memcmp(x->p + x->n - (size_t)2 * ID, x->pack_end, ID) == 0 && is_summed(x->p, x->n);
}

/* libgit2 allocates for as many packs as the head says; each has a name in the file. */
static bool is_good_multi(const struct index *x)
{
    enum { N_PACKS = 8, HEADER = 12 };

    return x->n >= HEADER + ID && number(x->p + N_PACKS, 4) <= x->n && is_summed(x->p, x->n);
}

/* The size and last 20 bytes of the pack beside an index. False where there is none, which libgit2
 * passes over. */
static bool read_pack_end(int directory, struct str index, struct index *x)
{
    AUTO(freep)
    char *name = xasprintf("%.*s.pack", STR_ARG(str_sub(index, 0, index.n - (sizeof ".idx" - 1))));
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return false;
    x->n_pack = 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= ID &&
        pread(fd, x->pack_end, ID, st.st_size - ID) == ID)
        x->n_pack = (uint64_t)st.st_size;
    (void)close(fd);
    return true;
}

/* Git renames such a file to its place and never writes it again, so it can be mapped. */
static bool check_file(int directory, const char *name, bool is_index)
{
    struct index x = {0};
    struct stat st;
    void *map;
    bool good;
    int fd;

    if (is_index && !read_pack_end(directory, str_from(name), &x))
        return true;
    fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return true; /* gone meanwhile, or nothing that libgit2 could open */
    good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
    map = good ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    (void)close(fd);
    if (map == MAP_FAILED)
        return false;
    x.p = map;
    x.n = (size_t)st.st_size;
    good = is_index ? is_good_index(&x) : is_good_multi(&x);
    (void)munmap(map, x.n);
    return good;
}

bool git_packs_check(const char *objects, struct git_memo *memo, struct err *err)
{
    AUTO(freep) char *path = xasprintf("%s/pack", objects);
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool good = true;

    while (good && dir && (entry = readdir(dir)) != NULL) {
        struct str name = str_from(entry->d_name);
        bool is_index = str_ends(name, STR(".idx"));
        struct seen seen;
        uint64_t now_ns;

        if (!is_index && !str_is(name, "multi-pack-index"))
            continue;
        now_ns = tree_clock_ns();
        read_seen(dirfd(dir), entry->d_name, is_index, &seen);
        if (was_seen(memo, &seen))
            continue;
        good = check_file(dirfd(dir), entry->d_name, is_index);
        if (good)
            add_seen(memo, &seen, now_ns);
        if (!good) {
            err_what(err, ERR_INPUT, "pack index %.200s in %.200s is damaged", entry->d_name, path);
            err_remedy(err, "run git fsck there, and git index-pack on the pack, or clone anew");
        }
    }
    if (dir)
        (void)closedir(dir);
    return good;
}
