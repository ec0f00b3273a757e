#include "repository/git_names.h"
#include "base/mem.h"
#include "repository/git.h"
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    LOOSE_MAX_BYTES = 64 * 1024,          /* a name has 4096 at most, an id 40 */
    PACKED_MAX_BYTES = 256 * 1024 * 1024, /* some three million references */
    FETCHED_MAX_BYTES = 64 * 1024 * 1024, /* each fetched branch has a line */
    LOOSE_MAX = 1000000,                  /* files below refs/tags/ */
    DEPTH_MAX = 64,                       /* "refs/tags/team/service/…" */
    LINKS_MAX = 5,                        /* refs.c, SYMREF_MAXDEPTH */
    ID_DIGITS = GIT_OID_HEXSZ,
};

struct packed_name {
    struct str name;
    const char *id; /* 40 digits */
};

/* packed-refs as it was once. */
struct packed {
    char *text;
    struct packed_name *names; /* in byte order */
    size_t n;
    uint64_t signature;    /* of the file before it was read */
    const char *broken;    /* NULL, or why it could not be read */
    struct packed *former; /* whose text others still point into */
};

struct git_names {
    const struct git_layout *layout;
    struct packed *packed; /* NULL: not read yet */
    struct str *tags;      /* NULL: not listed yet */
    size_t n_tags;
    char **loose; /* of `tags`, what does not lie in packed-refs */
    size_t n_loose;
    const char *tags_broken;
    char *fetched[2]; /* FETCH_HEAD: our own, and the main work tree's */
    const char *fetched_broken;
    bool has_fetched; /* both were looked for */
};

static const char not_readable[] = "a reference cannot be read";
static const char not_a_reference[] = "a reference is damaged";
static const char packed_not_readable[] = "packed-refs cannot be read";
static const char packed_damaged[] = "packed-refs is damaged";

struct git_names *git_names_new(const struct git_layout *layout)
{
    struct git_names *n = xcalloc(1, sizeof *n);

    n->layout = layout;
    return n;
}

void git_names_free(struct git_names *n)
{
    if (!n)
        return;
    while (n->packed) {
        struct packed *former = n->packed->former;

        free(n->packed->text);
        free(n->packed->names);
        free(n->packed);
        n->packed = former;
    }
    for (size_t i = 0; i < n->n_loose; i++)
        free(n->loose[i]);
    free(n->loose);
    free(n->tags);
    free(n->fetched[0]);
    free(n->fetched[1]);
    free(n);
}

static bool read_id(const char *text, git_oid *out)
{
    /* it stops at a NUL */
    return git_oid_fromstrn(out, text, ID_DIGITS) == 0;
}

/* --- packed-refs --- */

static uint64_t packed_signature(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return 0;
    return ((uint64_t)st.st_ino * 31 + (uint64_t)st.st_size) * 31 +
           (uint64_t)st.st_mtim.tv_sec * 1000000000U + (uint64_t)st.st_mtim.tv_nsec;
}

static int by_packed_name(const void *a, const void *b)
{
    return str_cmp(((const struct packed_name *)a)->name, ((const struct packed_name *)b)->name);
}

/* "ID NAME", "^ID" for what an annotated tag leads to, "# …". False where it is none of these. */
static bool read_packed_line(struct packed *p, struct str line, size_t *capacity)
{
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == '^')
        return true;
    if (line.n < ID_DIGITS + 2 || line.p[ID_DIGITS] != ' ')
        return false;
    p->names = xgrow(p->names, p->n, capacity, sizeof *p->names);
    p->names[p->n++] = (struct packed_name){str_sub(line, ID_DIGITS + 1, line.n), line.p};
    return true;
}

static void read_packed_names(struct packed *p, size_t n_bytes)
{
    struct str rest = {p->text, n_bytes};
    struct str line;
    size_t capacity = 0;
    bool is_sorted = true;

    while (str_split(&rest, '\n', &line)) {
        if (!read_packed_line(p, line, &capacity)) {
            p->broken = packed_damaged;
            return;
        }
        is_sorted = is_sorted &&
                    (p->n < 2 || by_packed_name(&p->names[p->n - 2], &p->names[p->n - 1]) <= 0);
    }
    if (!is_sorted) /* as Git wrote them once */
        qsort(p->names, p->n, sizeof *p->names, by_packed_name);
}

static struct packed *read_packed(const char *path)
{
    struct packed *p = xcalloc(1, sizeof *p);
    size_t n_bytes = 0;

    p->signature = packed_signature(path);
    switch (git_file_read(path, PACKED_MAX_BYTES, &p->text, &n_bytes)) {
    case GIT_FILE_READ:
        read_packed_names(p, n_bytes);
        break;
    case GIT_FILE_MISSING:
        break;
    case GIT_FILE_DAMAGED:
        p->broken = packed_not_readable;
        break;
    }
    return p;
}

static const struct packed *packed_of(struct git_names *n)
{
    if (!n->packed) {
        AUTO(freep) char *path = xasprintf("%s/packed-refs", n->layout->common);

        n->packed = read_packed(path);
    }
    return n->packed;
}

/* Whether it was another by now. */
static bool renew_packed(struct git_names *n)
{
    AUTO(freep) char *path = xasprintf("%s/packed-refs", n->layout->common);
    struct packed *renewed;

    if (packed_signature(path) == packed_of(n)->signature)
        return false;
    renewed = read_packed(path);
    renewed->former = n->packed;
    n->packed = renewed;
    return true;
}

/* The first that does not stand before `name`. */
static size_t packed_at(const struct packed *p, struct str name)
{
    size_t low = 0;
    size_t high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (str_cmp(p->names[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum git_found find_packed(struct git_names *n, const char *name, git_oid *out,
                                  const char **why)
{
    const struct packed *p = packed_of(n);
    struct str text = str_from(name);
    size_t at = packed_at(p, text);

    *why = p->broken ? p->broken : packed_damaged;
    if (p->broken)
        return GIT_BROKEN;
    if (at == p->n || !str_eq(p->names[at].name, text))
        return GIT_NOT_FOUND;
    return read_id(p->names[at].id, out) ? GIT_FOUND : GIT_BROKEN;
}

/* --- files of one reference --- */

/* refs.c, is_per_worktree_ref() and is_pseudoref_syntax(). */
static bool is_own(const char *name)
{
    struct str text = str_from(name);

    return !str_starts(text, STR("refs/")) || str_starts(text, STR("refs/bisect/")) ||
           str_starts(text, STR("refs/worktree/")) || str_starts(text, STR("refs/rewritten/"));
}

/* text  without blanks at its end, owned by the caller; set where it is read. */
static enum git_file read_loose(const struct git_names *n, const char *name, char **text)
{
    AUTO(freep)
    char *path = xasprintf("%s/%s", is_own(name) ? n->layout->own : n->layout->common, name);
    AUTO(freep) char *whole = NULL;
    size_t n_bytes;
    enum git_file found = git_file_read(path, LOOSE_MAX_BYTES, &whole, &n_bytes);

    if (found == GIT_FILE_READ)
        *text = xstrndup(str_trim((struct str){whole, n_bytes}));
    return found;
}

static enum git_found find_once(struct git_names *n, const char *name, char **text, git_oid *out,
                                const char **why)
{
    enum git_file loose = read_loose(n, name, text);

    *why = loose == GIT_FILE_READ ? not_a_reference : not_readable;
    if (loose == GIT_FILE_MISSING)
        return is_own(name) ? GIT_NOT_FOUND : find_packed(n, name, out, why);
    if (loose == GIT_FILE_DAMAGED)
        return GIT_BROKEN;
    if (!*text || str_starts(str_from(*text), STR("ref:")))
        return GIT_FOUND;
    return strlen(*text) == ID_DIGITS && read_id(*text, out) ? GIT_FOUND : GIT_BROKEN;
}

static bool is_possible(const char *name)
{
    int is_valid = 0;

    return git_reference_name_is_valid(&is_valid, name) == 0 && is_valid;
}

/* text  as read_loose() gives it; NULL where the name is packed. */
static enum git_found find_one(struct git_names *n, const char *name, char **text, git_oid *out,
                               const char **why)
{
    enum git_found found;

    *text = NULL;
    if (!is_possible(name))
        return GIT_NOT_FOUND;
    found = find_once(n, name, text, out, why);
    if (found == GIT_NOT_FOUND && !is_own(name) && renew_packed(n))
        found = find_once(n, name, text, out, why);
    return found;
}

/* "ref: refs/heads/main"; NULL where it is no symbolic reference. */
static const char *target_in(const char *text)
{
    if (!text || !str_starts(str_from(text), STR("ref:")))
        return NULL;
    text += sizeof "ref:" - 1;
    return text + strspn(text, " \t");
}

enum git_found git_names_find(struct git_names *n, const char *name, git_oid *out, const char **why)
{
    AUTO(freep) char *here = xstrdup(name);

    for (unsigned i = 0; i <= LINKS_MAX; i++) {
        AUTO(freep) char *text = NULL;
        enum git_found found = find_one(n, here, &text, out, why);
        const char *target = found == GIT_FOUND ? target_in(text) : NULL;

        if (!target)
            return found;
        free(here);
        here = xstrdup(target);
    }
    *why = not_a_reference;
    return GIT_BROKEN;
}

char *git_names_target(struct git_names *n, const char *name)
{
    AUTO(freep) char *text = NULL;
    git_oid id;
    const char *why;

    if (find_one(n, name, &text, &id, &why) != GIT_FOUND || !target_in(text))
        return NULL;
    return xstrdup(target_in(text));
}

/* --- all of them --- */

/* One look through the files below a directory. */
struct listing {
    struct git_names *names;
    bool only_first; /* whether there is any is all that is asked */
    size_t n_seen;
    size_t capacity;
    const char *broken;
};

static bool is_directory(int above, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    return fstatat(above, entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static void add_loose(struct listing *l, const char *name)
{
    struct git_names *n = l->names;

    l->n_seen++;
    if (l->only_first)
        return;
    if (l->n_seen > LOOSE_MAX) {
        l->broken = "there are more than a million tags in files";
        return;
    }
    n->loose = xgrow(n->loose, n->n_loose, &l->capacity, sizeof *n->loose);
    n->loose[n->n_loose++] = xstrdup(name);
}

/* name  of the directory below `root`, with a slash behind it; "" for itself. */
static void list_loose(struct listing *l, const char *root, const char *name, unsigned depth)
{
    AUTO(freep) char *path = xasprintf("%s/%s", root, name);
    DIR *dir = opendir(path);
    const struct dirent *entry;

    if (!dir && errno != ENOENT && errno != ENOTDIR)
        l->broken = not_readable;
    while (dir && !l->broken && !(l->only_first && l->n_seen) && (entry = readdir(dir)) != NULL) {
        AUTO(freep) char *whole = NULL;

        if (entry->d_name[0] == '.' || str_ends(str_from(entry->d_name), STR(".lock")))
            continue; /* check_refname_format(): neither is a name */
        if (!is_directory(dirfd(dir), entry)) {
            whole = xasprintf("%s%s", name, entry->d_name);
            add_loose(l, whole);
        } else if (depth < DEPTH_MAX) {
            whole = xasprintf("%s%s/", name, entry->d_name);
            list_loose(l, root, whole, depth + 1);
        } else {
            l->broken = not_readable;
        }
    }
    if (dir)
        (void)closedir(dir);
}

bool git_names_has(struct git_names *n, const char *prefix)
{
    AUTO(freep) char *root = xasprintf("%s/%s", n->layout->common, prefix);
    struct listing l = {.names = n, .only_first = true};
    const struct packed *p = packed_of(n);
    size_t at = packed_at(p, str_from(prefix));

    if (p->broken || (at < p->n && str_starts(p->names[at].name, str_from(prefix))))
        return true;
    list_loose(&l, root, "", 0);
    return l.n_seen || l.broken;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Loose and packed ones, each name once. The loose are listed first: `git pack-refs` writes the
 * pack before it removes them. */
static void list_tags(struct git_names *n)
{
    static const struct str prefix = {"refs/tags/", sizeof "refs/tags/" - 1};
    AUTO(freep) char *root = xasprintf("%s/refs/tags", n->layout->common);
    struct listing l = {.names = n};
    const struct packed *p;
    size_t n_all = 0;
    size_t first;

    list_loose(&l, root, "", 0);
    (void)renew_packed(n);
    p = packed_of(n);
    n->tags_broken = l.broken ? l.broken : p->broken;
    first = packed_at(p, prefix);
    n->tags = xcalloc(p->n - first + n->n_loose + 1, sizeof *n->tags);
    for (size_t i = first; i < p->n && str_starts(p->names[i].name, prefix); i++)
        n->tags[n_all++] = str_sub(p->names[i].name, prefix.n, p->names[i].name.n);
    for (size_t i = 0; i < n->n_loose; i++)
        n->tags[n_all++] = str_from(n->loose[i]);
    if (n->n_loose)
        qsort(n->tags, n_all, sizeof *n->tags, by_text);
    for (size_t i = 0; i < n_all; i++)
        if (i == 0 || !str_eq(n->tags[i], n->tags[n->n_tags - 1]))
            n->tags[n->n_tags++] = n->tags[i];
}

bool git_names_tags(struct git_names *n, const struct str **out, size_t *n_tags, const char **why)
{
    if (!n->tags)
        list_tags(n);
    *out = n->tags;
    *n_tags = n->n_tags;
    *why = n->tags_broken;
    return !n->tags_broken;
}

/* --- FETCH_HEAD --- */

/* As Git writes it there (transport_anonymize_url(), store_updated_refs()): without the user, a
 * slash at the end and ".git". The scheme goes as well. */
static struct str bare_url(struct str url)
{
    for (size_t i = 0; i + 3 <= url.n; i++)
        if (memcmp(url.p + i, "://", 3) == 0) {
            url = str_sub(url, i + 3, url.n);
            break;
        }
    if (str_find_char(url, '@') < str_find_char(url, '/'))
        url = str_sub(url, str_find_char(url, '@') + 1, url.n);
    while (str_ends(url, STR("/")))
        url.n--;
    if (str_ends(url, STR(".git")))
        url.n -= sizeof ".git" - 1;
    return url;
}

/* One line: "ID, tab, not-for-merge or nothing, tab, what", where what is "branch 'NAME' of URL",
 * "tag 'NAME' of URL", "'FULL NAME' of URL", or "URL" (builtin/fetch.c, store_updated_refs()). */
struct fetched {
    const char *id;
    struct str prefix; /* of the full name */
    struct str name;   /* "": the remote's HEAD */
    struct str url;
};

static bool read_fetched(struct str line, struct fetched *out)
{
    static const struct {
        struct str kind;
        struct str prefix;
    } kinds[] = {
        {{"branch '", 8}, {"refs/heads/", 11}},
        {{"tag '", 5}, {"refs/tags/", 10}},
        {{"remote-tracking branch '", 24}, {"refs/remotes/", 13}},
        {{"'", 1}, {"", 0}},
    };
    struct str part;

    *out = (struct fetched){.id = line.p, .prefix = STR(""), .name = STR("")};
    if (!str_split(&line, '\t', &part) || part.n != ID_DIGITS || !str_split(&line, '\t', &part) ||
        !line.p)
        return false;
    out->url = line;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const char *end;

        if (!str_starts(line, kinds[i].kind))
            continue;
        line = str_sub(line, kinds[i].kind.n, line.n);
        end = memmem(line.p, line.n, "' of ", 5); /* no name holds a blank */
        if (!end)
            return false;
        out->prefix = kinds[i].prefix;
        out->name = (struct str){line.p, (size_t)(end - line.p)};
        out->url = str_sub(line, out->name.n + 5, line.n);
        return true;
    }
    return true;
}

static bool is_asked_for(const struct fetched *f, const char *name, const char *url)
{
    struct str text = name ? str_from(name) : STR("");

    if (url[0] && !str_eq(bare_url(str_from(url)), bare_url(f->url)))
        return false;
    if (!text.n || !f->name.n)
        return !name && !f->name.n;
    if (!str_starts(text, STR("refs/")))
        return str_eq(text, f->name);
    return str_starts(text, f->prefix) && str_eq(str_sub(text, f->prefix.n, text.n), f->name);
}

static void read_fetch_heads(struct git_names *n)
{
    const char *const places[] = {n->layout->own, n->layout->common};

    n->has_fetched = true;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        AUTO(freep) char *path = xasprintf("%s/FETCH_HEAD", places[i]);
        size_t n_bytes;

        if (i && strcmp(places[0], places[1]) == 0)
            break;
        if (git_file_read(path, FETCHED_MAX_BYTES, &n->fetched[i], &n_bytes) == GIT_FILE_DAMAGED)
            n->fetched_broken = "FETCH_HEAD cannot be read";
    }
}

enum git_found git_names_fetched(struct git_names *n, const char *name, const char *url,
                                 git_oid *out, const char **why)
{
    if (!n->has_fetched)
        read_fetch_heads(n);
    for (size_t i = 0; i < ARRAY_LEN(n->fetched); i++) {
        struct str rest = str_from(n->fetched[i]);
        struct str line;

        while (rest.p && str_split(&rest, '\n', &line)) {
            struct fetched f;

            if (!read_fetched(line, &f) || !is_asked_for(&f, name, url))
                continue;
            *why = "FETCH_HEAD is damaged";
            return read_id(f.id, out) ? GIT_FOUND : GIT_BROKEN;
        }
    }
    *why = n->fetched_broken;
    return n->fetched_broken ? GIT_BROKEN : GIT_NOT_FOUND;
}
