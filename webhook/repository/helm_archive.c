#include "repository/helm_archive.h"
#include "base/mem.h"
#include "repository/blob.h"
#include "repository/helm_chart.h"
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* tar(5), ustar. */
enum {
    BLOCK = 512,
    NAME_AT = 0,
    NAME_BYTES = 100,
    SIZE_AT = 124,
    CHECKSUM_AT = 148,
    CHECKSUM_BYTES = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_BYTES = 155,
    NUMBER_BYTES = 12,
    EXTENSION_MAX_BYTES = 64 * 1024, /* of a pax header */
};

struct unpacker {
    z_stream z;
    struct helm_archive *out;
    unsigned depth;
    size_t n_left;   /* of HELM_ARCHIVE_MAX_BYTES */
    char *long_name; /* of the next entry, from a pax header */
    size_t n_headers;
};

/* Exactly n bytes. False where there are fewer, or the stream is damaged. */
static bool read_bytes(struct unpacker *u, void *to, size_t n)
{
    if (n > u->n_left)
        return false;
    u->n_left -= n;
    u->z.next_out = to;
    u->z.avail_out = (uInt)n;
    while (u->z.avail_out) {
        int state = inflate(&u->z, Z_NO_FLUSH);

        if (state == Z_STREAM_END && u->z.avail_out)
            return false;
        if (state != Z_OK && state != Z_STREAM_END)
            return false;
    }
    return true;
}

static bool read_octal(const unsigned char *at, size_t n, size_t *out)
{
    size_t value = 0;
    size_t i = 0;

    while (i < n && at[i] == ' ')
        i++;
    for (; i < n && at[i] != ' ' && at[i] != '\0'; i++) {
        if (at[i] < '0' || at[i] > '7' || value > SIZE_MAX / 16)
            return false;
        value = value * 8 + (size_t)(at[i] - '0');
    }
    *out = value;
    return true;
}

static bool is_sound(const unsigned char *header)
{
    size_t wanted;
    size_t sum = 0;

    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES ? ' ' : header[i];
    return read_octal(header + CHECKSUM_AT, CHECKSUM_BYTES, &wanted) && sum == wanted;
}

static bool is_zero(const unsigned char *header)
{
    for (size_t i = 0; i < BLOCK; i++)
        if (header[i])
            return false;
    return true;
}

static struct str field(const unsigned char *header, size_t at, size_t n)
{
    struct str text = {(const char *)header + at, n};

    return str_sub(text, 0, str_find_char(text, '\0'));
}

/* One record of a pax header: "length key=value\n" (POSIX, pax). */
static bool read_record(struct str *rest, struct str *key, struct str *value)
{
    size_t blank = str_find_char(*rest, ' ');
    size_t n = 0;
    struct str record;
    size_t equals;

    for (size_t i = 0; i < blank; i++) {
        if (rest->p[i] < '0' || rest->p[i] > '9' || n > EXTENSION_MAX_BYTES)
            return false;
        n = n * 10 + (size_t)(rest->p[i] - '0');
    }
    if (n < blank + 3 || n > rest->n || rest->p[n - 1] != '\n')
        return false;
    record = str_sub(*rest, blank + 1, n - 1);
    equals = str_find_char(record, '=');
    if (equals == record.n)
        return false;
    *key = str_sub(record, 0, equals);
    *value = str_sub(record, equals + 1, record.n);
    *rest = str_sub(*rest, n, rest->n);
    return true;
}

/* Only names are taken from it; a size, or what is sparse, would change how the rest is read. */
static bool take_extension(struct unpacker *u, struct str text)
{
    while (text.n) {
        struct str key;
        struct str value;

        if (!read_record(&text, &key, &value) || str_is(key, "size") ||
            str_starts(key, STR("GNU.")) || memchr(value.p, '\0', value.n))
            return false;
        if (str_is(key, "path")) {
            free(u->long_name);
            u->long_name = xstrndup(value);
        }
    }
    return true;
}

/* What charts are asked for, made while the bytes are there. */
static struct blob *make_blob(struct unpacker *u, struct str path, struct str bytes)
{
    struct blob *b = blob_new(bytes);

    if (str_ends(path, STR(".tgz"))) {
        blob_add_archive(b, bytes, u->depth + 1);
        return b;
    }
    blob_add(b, BLOB_HELM, bytes);
    if (helm_chart_is_document(path))
        blob_add(b, BLOB_DOCUMENT, bytes);
    else if (str_contains(path, STR("templates/")) || str_contains(path, STR("crds/")))
        blob_add(b, BLOB_TEMPLATE, bytes);
    return b;
}

/* The part below the first folder, as Helm takes names; "" where it refuses it. */
static struct str below_folder(struct unpacker *u, struct str name)
{
    size_t slash = str_find_char(name, '/');
    struct str folder = str_sub(name, 0, slash);
    struct str below = str_sub(name, slash + 1, name.n);

    if (!folder.n || !below.n || str_is(folder, ".") || str_is(folder, "..") ||
        str_contains(below, STR("./")) || str_contains(below, STR("//")) ||
        str_find_char(name, '\\') < name.n || str_find_char(name, ':') < name.n ||
        below.p[0] == '/')
        return STR("");
    if (!u->out->owned) {
        u->out->owned = xstrndup(folder);
        u->out->folder = (struct str){u->out->owned, folder.n};
    }
    return str_eq(u->out->folder, folder) ? below : STR("");
}

static bool add_file(struct unpacker *u, struct str name, struct str bytes)
{
    struct helm_archive *a = u->out;
    struct str path = below_folder(u, name);

    if (!path.n || a->n == HELM_ARCHIVE_MAX_FILES)
        return false;
    if (str_starts(bytes, STR("\xEF\xBB\xBF")))
        bytes = str_sub(bytes, 3, bytes.n);
    a->files = xgrow(a->files, a->n, &a->capacity, sizeof *a->files);
    a->files[a->n++] = (struct helm_archived){xstrndup(path), make_blob(u, path, bytes)};
    return true;
}

static char *read_name(struct unpacker *u, const unsigned char *header)
{
    struct str name = field(header, NAME_AT, NAME_BYTES);
    struct str prefix = memcmp(header + MAGIC_AT, "ustar\0", 6) == 0
                            ? field(header, PREFIX_AT, PREFIX_BYTES)
                            : STR("");

    if (u->long_name)
        return steal(&u->long_name);
    return prefix.n ? xasprintf("%.*s/%.*s", STR_ARG(prefix), STR_ARG(name)) : xstrndup(name);
}

/* An entry behind its header. False where the archive is not read on. */
static bool take_entry(struct unpacker *u, const unsigned char *header)
{
    char type = (char)header[TYPE_AT];
    bool is_extension = type == 'x';
    AUTO(freep) char *name = is_extension ? NULL : read_name(u, header);
    AUTO(freep) char *bytes = NULL;
    size_t padded;
    size_t n;

    if (!read_octal(header + SIZE_AT, NUMBER_BYTES, &n))
        return false;
    if (n >
        (size_t)(is_extension || type == 'g' ? EXTENSION_MAX_BYTES : HELM_ARCHIVE_MAX_FILE_BYTES))
        return false;
    if (!strchr("0g5x", type) && type != '\0')
        return false; /* links, devices, what GNU and others added */
    padded = (n + BLOCK - 1) / BLOCK * BLOCK;
    bytes = xmalloc(padded + 1);
    if (padded && !read_bytes(u, bytes, padded))
        return false;
    if (is_extension)
        return take_extension(u, (struct str){bytes, n});
    if (type == 'g' || type == '5' || str_ends(str_from(name), STR("/")))
        return n == 0 || type == 'g';
    return add_file(u, str_from(name), (struct str){bytes, n});
}

static bool unpack(struct unpacker *u)
{
    unsigned char header[BLOCK];

    while (read_bytes(u, header, BLOCK)) {
        if (is_zero(header))
            return true;
        if (!is_sound(header) || ++u->n_headers / 4 > HELM_ARCHIVE_MAX_FILES ||
            !take_entry(u, header))
            return false;
    }
    return false; /* cut off */
}

struct helm_archive *helm_archive_read(struct str bytes, unsigned depth)
{
    struct helm_archive *a = xcalloc(1, sizeof *a);
    struct unpacker u = {.out = a, .depth = depth, .n_left = HELM_ARCHIVE_MAX_BYTES};

    a->is_not_known = true;
    if (depth > HELM_ARCHIVE_MAX_DEPTH || bytes.n > UINT_MAX)
        return a;
    u.z.next_in = (unsigned char *)(uintptr_t)bytes.p;
    u.z.avail_in = (uInt)bytes.n;
    if (inflateInit2(&u.z, 15 + 16) == Z_OK) /* gzip alone */
        a->is_not_known = !unpack(&u) || !a->n;
    (void)inflateEnd(&u.z);
    free(u.long_name);
    return a;
}

void helm_archive_free(struct helm_archive *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n; i++) {
        free(a->files[i].path);
        blob_unref(a->files[i].blob);
    }
    free(a->files);
    free(a->owned);
    free(a);
}
