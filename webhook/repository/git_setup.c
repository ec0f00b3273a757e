#include "repository/git_setup.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "repository/git_layout.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX_BYTES = 4 * 1024 * 1024 }; /* a remote takes some 100 bytes */

/* One reading of the file, as Git's config.c goes through it. */
struct reader {
    const char *at;
    const char *end;
    struct buf section;    /* without what stands in quotes, or behind a dot */
    struct buf subsection; /* which is this */
    struct buf key;
    struct buf value;
    struct git_setup *out;
    unsigned version;  /* core.repositoryformatversion */
    char *extension;   /* the first that changes how objects or references are stored */
    char *extension_1; /* the first that matters from version 1 on, and is none we know */
    size_t n_remotes;  /* with a URL, up to origin */
    bool has_origin;
};

/* The next byte; '\n' at the end, where a last line may lack it. */
static char next(struct reader *r)
{
    if (r->at == r->end)
        return '\n';
    if (r->at[0] == '\r' && (r->at + 1 == r->end || r->at[1] == '\n')) {
        r->at++;
        return next(r);
    }
    return *r->at++;
}

static void skip_line(struct reader *r)
{
    while (r->at < r->end && *r->at++ != '\n')
        continue;
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '-';
}

static bool read_quoted(struct reader *r)
{
    char c;

    while ((c = next(r)) != '"') {
        if (c == '\n')
            return false;
        if (c == '\\' && (c = next(r)) == '\n')
            return false;
        buf_addc(&r->subsection, c);
    }
    return next(r) == ']';
}

/* Behind the '['. */
static bool read_section(struct reader *r)
{
    struct buf *to = &r->section;
    char c;

    buf_reset(&r->section);
    buf_reset(&r->subsection);
    while ((c = next(r)) != ']') {
        if (c == ' ' || c == '\t') {
            while (c == ' ' || c == '\t')
                c = next(r);
            return c == '"' && read_quoted(r);
        }
        if (c == '.' && to == &r->section)
            to = &r->subsection;
        else if (is_name(c) || c == '.')
            buf_addc(to, c);
        else
            return false;
    }
    return true;
}

static bool read_escape(struct reader *r)
{
    char c = next(r);

    switch (c) {
    case '\n':
        return true; /* the value goes on */
    case 't':
        c = '\t';
        break;
    case 'b':
        c = '\b';
        break;
    case 'n':
        c = '\n';
        break;
    case '\\':
    case '"':
        break;
    default:
        return false;
    }
    buf_addc(&r->value, c);
    return true;
}

static bool read_value(struct reader *r)
{
    bool is_quoted = false;
    size_t blanks = 0; /* which count only where something follows */
    char c;

    while ((c = next(r)) != '\n') {
        if (!is_quoted && (c == ' ' || c == '\t')) {
            blanks += buf_str(&r->value).n != 0;
            continue;
        }
        if (!is_quoted && (c == '#' || c == ';')) {
            skip_line(r);
            return true;
        }
        for (; blanks; blanks--)
            buf_addc(&r->value, ' ');
        if (c == '"')
            is_quoted = !is_quoted;
        else if (c != '\\')
            buf_addc(&r->value, c);
        else if (!read_escape(r))
            return false;
    }
    return !is_quoted;
}

static bool read_key(struct reader *r, char first)
{
    char c = first;

    buf_reset(&r->key);
    buf_reset(&r->value);
    for (; is_name(c); c = next(r))
        buf_addc(&r->key, c);
    while (c == ' ' || c == '\t')
        c = next(r);
    if (c == '#' || c == ';') {
        skip_line(r);
        c = '\n';
    }
    if (c == '\n') { /* the key alone is a yes */
        buf_adds(&r->value, "true");
        return true;
    }
    return c == '=' && read_value(r);
}

static bool is_in(const struct reader *r, const char *section, const char *key)
{
    return str_eq_nocase(buf_str(&r->section), str_from(section)) &&
           str_eq_nocase(buf_str(&r->key), str_from(key));
}

static void take_remote(struct reader *r)
{
    struct git_setup *out = r->out;
    struct str name = buf_str(&r->subsection);
    bool is_origin = str_is(name, "origin");

    if (r->has_origin || (out->remote && str_is(name, out->remote)))
        return;
    r->n_remotes++;
    r->has_origin = is_origin;
    free(out->remote);
    free(out->url);
    out->remote = xstrndup(name);
    out->url = xstrndup(buf_str(&r->value));
}

/* Those that leave objects and references where they are, and what they are. */
static bool is_harmless(const struct reader *r)
{
    static const char *const harmless[] = {
        "noop", "noop-v1", "partialclone", "preciousobjects", "worktreeconfig", "relativeworktrees",
    };

    for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
        if (str_eq_nocase(buf_str(&r->key), str_from(harmless[i])))
            return true;
    return false;
}

static void take_extension(struct reader *r)
{
    struct str value = buf_str(&r->value);
    bool is_format = is_in(r, "extensions", "objectformat");
    bool is_storage = is_in(r, "extensions", "refstorage");
    char **out = is_format || is_storage ? &r->extension : &r->extension_1;

    if (is_harmless(r) || (is_format && str_eq_nocase(value, STR("sha1"))) ||
        (is_storage && str_eq_nocase(value, STR("files"))))
        return;
    if (!*out)
        *out = xasprintf("%.*s", STR_ARG(str_sub(buf_str(&r->key), 0, 100)));
}

static bool is_no(struct str value)
{
    return str_eq_nocase(value, STR("false")) || str_eq_nocase(value, STR("no")) ||
           str_eq_nocase(value, STR("off")) || str_is(value, "0") || value.n == 0;
}

static void take(struct reader *r)
{
    if (r->subsection.n && is_in(r, "remote", "url")) {
        take_remote(r);
    } else if (!r->subsection.n && str_eq_nocase(buf_str(&r->section), STR("extensions"))) {
        take_extension(r);
    } else if (!r->subsection.n && is_in(r, "core", "bare")) {
        r->out->is_work_tree = is_no(buf_str(&r->value));
    } else if (!r->subsection.n && is_in(r, "core", "repositoryformatversion")) {
        AUTO(freep) char *text = xstrndup(buf_str(&r->value));

        r->version = (unsigned)strtoul(text, NULL, 10);
    }
}

static bool read_lines(struct reader *r)
{
    while (r->at < r->end) {
        char c = next(r);

        if (isspace((unsigned char)c))
            continue;
        if (c == '#' || c == ';') {
            skip_line(r);
        } else if (c == '[') {
            if (!read_section(r))
                return false;
        } else {
            if (!isalpha((unsigned char)c) || !read_key(r, c))
                return false;
            take(r);
        }
    }
    return true;
}

/* Where it does, only a later version of Git, or of libgit2, can read the repository. */
static bool is_readable(const struct reader *r, const char *path, struct err *err)
{
    const char *extension = r->extension ? r->extension : r->version >= 1 ? r->extension_1 : NULL;

    if (r->version <= 1 && !extension)
        return true;
    err_what(err, ERR_INPUT, "%.300s cannot be read as a Git repository", path);
    if (extension)
        err_why(err, "its configuration asks for the extension %s, which is not known here",
                extension);
    else
        err_why(err, "its format has version %u, and 1 is the last that is known here", r->version);
    err_remedy(err, "give a clone with SHA-1 ids, and references in files");
    return false;
}

static bool read_text(const char *text, size_t n, const char *path, struct git_setup *out,
                      struct err *err)
{
    struct reader r = {.at = text, .end = text + n, .out = out};
    bool good;

    if (str_starts((struct str){text, n}, STR("\xEF\xBB\xBF")))
        r.at += 3;
    buf_init(&r.section, CONFIG_MAX_BYTES);
    buf_init(&r.subsection, CONFIG_MAX_BYTES);
    buf_init(&r.key, CONFIG_MAX_BYTES);
    buf_init(&r.value, CONFIG_MAX_BYTES);
    good = read_lines(&r);
    if (!good) {
        err_what(err, ERR_INPUT, "%.300s cannot be read as a Git repository", path);
        err_why(err, "its configuration is malformed");
        err_remedy(err, "see git -C DIR config --list");
    }
    good = good && is_readable(&r, path, err);
    if (r.n_remotes > 1 && !r.has_origin) {
        free(out->remote);
        free(out->url);
        out->remote = out->url = NULL;
    }
    buf_clear(&r.section);
    buf_clear(&r.subsection);
    buf_clear(&r.key);
    buf_clear(&r.value);
    free(r.extension);
    free(r.extension_1);
    return good;
}

bool git_setup_read(const char *common, const char *path, struct git_setup *out, struct err *err)
{
    AUTO(freep) char *file = xasprintf("%s/config", common);
    AUTO(freep) char *text = NULL;
    struct git_setup setup = {0};
    size_t n = 0;

    if (git_file_read(file, CONFIG_MAX_BYTES, &text, &n) == GIT_FILE_DAMAGED) {
        err_what(err, ERR_INPUT, "%.300s cannot be read as a Git repository", path);
        err_why(err, "its configuration cannot be read, or is no regular file");
        return false;
    }
    if (!read_text(text ? text : "", n, path, &setup, err)) {
        git_setup_clear(&setup);
        return false;
    }
    *out = setup;
    return true;
}

void git_setup_clear(struct git_setup *s)
{
    free(s->remote);
    free(s->url);
    *s = (struct git_setup){0};
}
