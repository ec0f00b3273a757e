/* globs.c: directory.include and directory.exclude that match no file, and how they are meant. */
#include "advice/internal.h"
#include "base/mem.h"
#include "base/text.h"
#include "repository/pattern_use.h"
#include <stdlib.h>
#include <string.h>

/* People write lists of a dozen names. */
enum { PATTERN_MAX = 2000 };

/* What was found wrong with a pattern. */
enum fault {
    FAULT_LINES = 1,     /* a list with one name a line */
    FAULT_COMMAS = 2,    /* a list without braces */
    FAULT_BLANKS = 4,    /* blanks beside a name */
    FAULT_ROOT = 8,      /* "./x", "/x" */
    FAULT_PATH = 16,     /* begins with the source's own path */
    FAULT_NEGATION = 32, /* "!x" */
    FAULT_REGEX = 64,    /* ".*" */
};

static const struct {
    enum fault fault;
    const char *text;
} faults[] = {
    {FAULT_LINES, "a line break is a character like any other, and a list stands in braces"},
    {FAULT_COMMAS, "a list stands in braces"},
    {FAULT_BLANKS, "a blank beside a comma belongs to the name"},
    {FAULT_ROOT, "a file's path begins without ./ or / there"},
    {FAULT_PATH, "a file's path begins below the source path there"},
    {FAULT_NEGATION, "there is no negation with !"},
    {FAULT_REGEX, "it is a glob and no regular expression"},
};

/* A pattern as it was probably meant. */
struct meant {
    struct str path; /* the source's */
    struct buf text;
    size_t n; /* of names */
    unsigned faults;
};

static struct str drop(struct meant *m, struct str name, struct str prefix, enum fault fault)
{
    if (!str_starts(name, prefix) || name.n == prefix.n)
        return name;
    m->faults |= fault;
    return str_sub(name, prefix.n, name.n);
}

static void add_name(struct meant *m, struct str name)
{
    struct str trimmed = str_trim(name);
    struct str path = m->path;

    if (!trimmed.n)
        return;
    if (trimmed.n != name.n)
        m->faults |= FAULT_BLANKS;
    name = drop(m, trimmed, STR("!"), FAULT_NEGATION);
    name = drop(m, name, STR("./"), FAULT_ROOT);
    name = drop(m, name, STR("/"), FAULT_ROOT);
    while (str_starts(path, STR("./")))
        path = str_sub(path, 2, path.n);
    while (path.n && path.p[path.n - 1] == '/')
        path.n--;
    if (path.n && str_starts(name, path) && name.n > path.n + 1 && name.p[path.n] == '/') {
        name = str_sub(name, path.n + 1, name.n);
        m->faults |= FAULT_PATH;
    }
    if (m->n++)
        buf_addc(&m->text, ',');
    while (name.n) {
        size_t n = str_find_char(name, '.');

        buf_add(&m->text, str_sub(name, 0, n));
        name = str_sub(name, n, name.n);
        if (str_starts(name, STR(".*"))) {
            buf_addc(&m->text, '*');
            name = str_sub(name, 2, name.n);
            m->faults |= FAULT_REGEX;
        } else if (name.n) {
            buf_addc(&m->text, '.');
            name = str_sub(name, 1, name.n);
        }
    }
}

/* Cuts at `separator` outside braces. */
static void add_names(struct meant *m, struct str list, char separator)
{
    unsigned depth = 0;
    size_t from = 0;

    for (size_t i = 0; i < list.n; i++) {
        depth += list.p[i] == '{';
        depth -= list.p[i] == '}' && depth;
        if (list.p[i] != separator || depth)
            continue;
        add_name(m, str_sub(list, from, i));
        from = i + 1;
    }
    add_name(m, str_sub(list, from, list.n));
}

static bool has_outside_braces(struct str text, char c)
{
    unsigned depth = 0;

    for (size_t i = 0; i < text.n; i++) {
        depth += text.p[i] == '{';
        depth -= text.p[i] == '}' && depth;
        if (text.p[i] == c && !depth)
            return true;
    }
    return false;
}

/* The one pair of braces around the whole pattern. */
static bool is_braced(struct str text)
{
    unsigned depth = 0;

    for (size_t i = 0; i < text.n; i++) {
        depth += text.p[i] == '{';
        depth -= text.p[i] == '}' && depth;
        if (!depth && i + 1 < text.n)
            return false;
    }
    return text.n > 2 && text.p[0] == '{' && text.p[text.n - 1] == '}';
}

static void read_meaning(struct meant *m, struct str pattern)
{
    struct str whole = str_trim(pattern);
    AUTO(buf_clearp) struct buf braced = {.max = PATTERN_MAX + 2};

    if (has_outside_braces(whole, '\n')) {
        m->faults |= FAULT_LINES;
        add_names(m, whole, '\n');
        m->faults &= ~(unsigned)FAULT_BLANKS; /* the indentation of a block */
    } else if (has_outside_braces(whole, ',')) {
        m->faults |= FAULT_COMMAS;
        add_names(m, whole, ',');
    } else if (is_braced(whole)) {
        add_names(m, str_sub(whole, 1, whole.n - 1), ',');
    } else {
        if (whole.n != pattern.n)
            m->faults |= memchr(pattern.p, '\n', pattern.n) ? FAULT_LINES : FAULT_BLANKS;
        add_name(m, whole);
    }
    if (m->n < 2)
        return;
    buf_printf(&braced, "{%.*s}", STR_ARG(buf_str(&m->text)));
    buf_reset(&m->text);
    buf_add(&m->text, buf_str(&braced));
}

/* One option of one source, tried. */
struct trial {
    const struct known_application *known;
    const struct source_output *source;
    const char *option;
    struct str pattern;
    struct render_request request;
    struct pattern_use use;
};

static void add_faults(struct buf *message, unsigned found)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        if (found & faults[i].fault)
            buf_printf(message, "; %s", faults[i].text);
}

/* As it is meant, where that matches more; or what is certainly wrong with it. */
static bool add_remedy(const struct trial *t, struct buf *message)
{
    struct meant meant = {.path = t->source->source->path, .text = {.max = PATTERN_MAX}};
    AUTO(buf_clearp) struct buf text = {.max = PATTERN_MAX};
    struct pattern_use use;
    bool is_better;

    read_meaning(&meant, t->pattern);
    text = meant.text;
    is_better = meant.faults && buf_ok(&text) && text.n &&
                repository_try_pattern(t->source->repository, &t->request, buf_str(&text), &use) &&
                !use.in_doubt && use.n_matched > t->use.n_matched;
    if (!is_better && t->use.n_matched)
        return false;
    if (!t->use.compiles)
        buf_adds(message, "; it is no valid pattern");
    if (is_better || (meant.faults & ~(unsigned)FAULT_PATH))
        add_faults(message, meant.faults);
    if (is_better && !(meant.faults & FAULT_NEGATION)) {
        buf_adds(message, ": write ");
        text_field(message, buf_str(&text));
    }
    return true;
}

/* Whether the pattern would match if subdirectories were looked into. */
static bool matches_below(const struct trial *t)
{
    struct source deep = *t->source->source;
    struct render_request request = t->request;
    struct pattern_use use;

    if (deep.directory.recurse)
        return false;
    deep.directory.recurse = true;
    request.source = &deep;
    return repository_try_pattern(t->source->repository, &request, t->pattern, &use) &&
           use.n_matched;
}

static void begin(const struct trial *t, struct buf *message)
{
    buf_printf(message, "directory.%s ", t->option);
    text_field(message, t->pattern);
    buf_adds(message, " of Application ");
    advice_put_id(message, &t->known->app->id);
    if (t->use.n_matched)
        buf_printf(message, " matches only %zu", t->use.n_matched);
    else
        buf_adds(message, " matches none");
    buf_printf(message, " of the %zu file%s that its path ", t->use.n_files,
               t->use.n_files == 1 ? "" : "s");
    text_field(message, t->source->source->path);
    buf_adds(message, " holds");
    if (!t->use.n_matched && matches_below(t))
        buf_adds(message, "; it would match below, but directory.recurse is not set");
}

/* A pattern that many Applications share is told of once. */
static bool is_told(const struct advice_list *out, size_t first, const struct buf *about)
{
    for (size_t i = first; i < out->n; i++)
        if (str_is(buf_str(about), out->items[i].about))
            return true;
    return false;
}

static void try_option(struct trial *t, size_t first, struct advice_list *out)
{
    AUTO(buf_clearp) struct buf about = {.max = ADVICE_MAX};
    AUTO(buf_clearp) struct buf message = {.max = ADVICE_MAX};

    buf_printf(&about, "%s ", t->option);
    text_field(&about, t->pattern);
    if (!t->pattern.n || t->pattern.n > PATTERN_MAX || is_told(out, first, &about) ||
        !repository_try_pattern(t->source->repository, &t->request, t->pattern, &t->use) ||
        t->use.in_doubt || !t->use.n_files)
        return;
    begin(t, &message);
    if (add_remedy(t, &message))
        advice_add(out, ADVICE_GLOB_MATCHES_NOTHING, t->known->manifest->file,
                   t->known->manifest->line, &about, &message);
}

void advise_globs(const struct facts *f, struct advice_list *out)
{
    size_t first = out->n;

    for (size_t i = 0; i < facts_n_applications(f); i++) {
        const struct known_application *known = facts_application(f, i);

        for (size_t k = 0; known->manifest && k < known->output->n; k++) {
            const struct source_output *s = &known->output->sources[k];
            struct trial t = {.known = known, .source = s, .option = "include"};
            AUTO(freep) char *instance = NULL;

            if (!s->repository || !s->rendering || s->rendering->type != SOURCE_DIRECTORY)
                continue;
            instance = facts_instance_name(f, &known->app->id);
            t.request = facts_request(f, known->app, s->source, instance);
            t.pattern = s->source->directory.include;
            try_option(&t, first, out);
            t.option = "exclude";
            t.pattern = s->source->directory.exclude;
            try_option(&t, first, out);
        }
    }
}
