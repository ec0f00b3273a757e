#include "repository/helm.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "repository/helm_chart.h"
#include "repository/helm_known.h"
#include "repository/helm_options.h"
#include "repository/helm_render.h"
#include "repository/helm_values.h"
#include "repository/quote.h"
#include <stdlib.h>
#include <string.h>

/* Values of one template's output, kept as JSON. */
enum { RENDERED_MAX_NODES = 1000000 };

/* A line of a file, for the reason. */
struct spot {
    const char *file; /* NULL: nowhere */
    unsigned line;    /* 0: the file as a whole */
};

/* What the output of one chart is put together from. */
struct helm {
    struct render *render;
    struct helm_options options;
    const struct helm_charts *charts;
    struct helm_release release;
    bool renders; /* templates are looked at by what they write, not as they are written */
    struct spot open_template; /* may write whatever is mentioned elsewhere */
    struct spot group[N_HELM_GROUPS];
    struct spot kind[N_HELM_GROUPS];
    struct spot named[N_HELM_GROUPS]; /* a document that writes the kind */
    bool is_own_name;                 /* which `named` of Applications may be the one that asks */
    struct spot unread;               /* may hold both, and a template */
    struct spot fetched;              /* a chart that does not lie in Git */
    bool is_given;                    /* which may write an Application that values bring along */
    const json_t **dependencies;      /* all of those */
    size_t n_dependencies;
    size_t capacity_dependencies;
    bool may_write_secret; /* something that is not certain */
    bool has_argocd;       /* which writes Secrets of its own, under other names */
    bool reads_files;
    bool is_murky; /* what templates are there is not certain */
};

static const char *const kind_names[N_HELM_GROUPS] = {
    [HELM_ARGOPROJ] = "an Application",
    [HELM_EXTERNAL_SECRETS] = "an ExternalSecret",
};

static void note(struct spot *first, const char *file, unsigned line)
{
    if (!first->file)
        *first = (struct spot){file, line};
}

/* As long as the rendering. */
static const char *path_of(const struct helm *h, const struct helm_file *file)
{
    AUTO(freep) char *shown = NULL;

    if (!file->archive)
        return h->render->tree->nodes[file->node].path;
    shown = helm_file_shown(h->render, file);
    return output_keep(h->render->output, str_from(shown)).p;
}

static void add_end(struct helm *h, size_t group, const struct helm_name *name)
{
    struct open_end end = {
        .argoproj = group == HELM_ARGOPROJ,
        .external_secrets = group == HELM_EXTERNAL_SECRETS,
        .is_whole_name = name && name->is_whole,
        .any_namespace = true,
    };

    if (name) {
        end.prefix = output_keep(h->render->output, name->before);
        end.suffix = output_keep(h->render->output, name->behind);
    }
    output_add_open_end(h->render->output, &end);
}

static bool may_be_named(const struct helm_name *name, struct str own)
{
    if (name->is_whole)
        return str_eq(name->before, own);
    return own.n >= name->before.n + name->behind.n && str_starts(own, name->before) &&
           str_ends(own, name->behind);
}

/* A file whose bytes are not known may say anything, and be a template that does. */
static void look_at_unread(struct helm *h, const char *file)
{
    note(&h->unread, file, 0);
    h->may_write_secret = true;
}

static void look_at_words(struct helm *h, const char *file, const struct helm_words *words)
{
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        const struct helm_words_of *of = &words->of[g];

        if (of->group_line)
            note(&h->group[g], file, of->group_line);
        if (of->kind_line)
            note(&h->kind[g], file, of->kind_line);
    }
}

/* Values, helpers and what else templates may put into the output. */
static void look_at_mentions(struct helm *h, const struct helm_file *file)
{
    const struct helm_words *words = helm_file_words(h->render, file);

    if (words)
        look_at_words(h, path_of(h, file), words);
    else
        look_at_unread(h, path_of(h, file));
}

static void look_at_documents(struct helm *h, const char *file, const struct helm_words_of *of,
                              size_t g)
{
    if (of->open_group_line)
        note(&h->group[g], file, of->open_group_line);
    if (of->open_kind_line)
        note(&h->kind[g], file, of->open_kind_line);
    for (size_t i = 0; i < of->n_names; i++) {
        bool is_own =
            g == HELM_ARGOPROJ && may_be_named(&of->names[i], h->render->request->app_name);

        add_end(h, g, &of->names[i]);
        if (is_own && !h->is_own_name) {
            h->is_own_name = true;
            h->named[g] = (struct spot){file, of->names[i].line};
        }
        note(&h->named[g], file, of->names[i].line);
    }
}

/* A template whose output is not certain. written: what of it is, NULL: nothing. */
static void look_at_template(struct helm *h, const struct helm_file *file,
                             const struct helm_words *written)
{
    const struct helm_words *words = helm_file_words(h->render, file);
    const char *path = path_of(h, file);

    if (!words) {
        look_at_unread(h, path);
        return;
    }
    if (words->defines || words->is_changed)
        look_at_mentions(h, file);
    if (written && written->is_changed)
        look_at_words(h, path, written);
    if (written)
        words = written;
    if (words->open_line)
        note(&h->open_template, path, words->open_line);
    h->may_write_secret = h->may_write_secret || words->open_line || words->names_secrets;
    for (size_t g = 0; g < N_HELM_GROUPS; g++)
        look_at_documents(h, path, &words->of[g], g);
}

static bool is_known_hook(struct str event)
{
    static const char *const events[] = {
        "pre-install",  "post-install", "pre-delete",    "post-delete", "pre-upgrade",
        "post-upgrade", "pre-rollback", "post-rollback", "test",        "test-success"};

    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (str_eq_nocase(event, str_from(events[i])))
            return true;
    return false;
}

static bool is_test(struct str event)
{
    return str_eq_nocase(event, STR("test")) || str_eq_nocase(event, STR("test-success"));
}

/* Whether Helm prints the object: hooks of an event it does not know are left out, so crd-install
 * of Helm 2, and tests where the source asks for it. */
static bool is_printed(const struct helm *h, const struct manifest *m)
{
    const json_t *annotations =
        json_object_at(json_object_at(m->object, "metadata"), "annotations");
    const json_t *hook = json_object_get(annotations, "helm.sh/hook");
    bool skips_tests = json_bool_at(h->render->request->source->helm, "skipTests", false);
    struct str rest = json_view(hook);
    struct str event;

    if (!hook)
        return true;
    while (str_split(&rest, ',', &event))
        if (!is_known_hook(str_trim(event)) || (skips_tests && is_test(str_trim(event))))
            return false;
    return true;
}

static void add_possible(struct helm *h, const struct manifest *m, const char *file)
{
    h->may_write_secret = h->may_write_secret || str_ends(m->id.kind, STR("Secret"));
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        const char *group = g == HELM_ARGOPROJ ? GROUP_ARGOPROJ : GROUP_EXTERNAL_SECRETS;
        struct helm_name name = {.before = m->id.name, .behind = STR(""), .is_whole = true};

        if (!str_is(m->id.group, group))
            continue;
        add_end(h, g, &name);
        note(&h->named[g], file, m->line);
    }
}

static void add_objects(struct helm *h, const struct helm_file *file, const struct parsed *parsed,
                        const struct helm_words *words, bool is_certain)
{
    bool has_hook = words && words->has_hook;

    /* the annotation of a list counts for its items, and those of its items do not */
    if (has_hook && words->has_items)
        is_certain = false;
    for (size_t i = 0; i < parsed->n; i++) {
        const struct manifest *m = &parsed->manifests[i];

        if (!is_certain)
            add_possible(h, m, path_of(h, file));
        else if (!has_hook || is_printed(h, m))
            output_add(h->render->output, m);
    }
}

/* What Helm prints as it is, and is read here as it is read there. False where it is looked at as a
 * template. */
static bool add_parsed(struct helm *h, const struct helm_file *file, const struct parsed *parsed,
                       const struct helm_words *words, bool is_certain)
{
    if (parsed && parsed->state == PARSE_SKIPPED)
        return true; /* nothing rules ask for */
    if (parsed && parsed->state == PARSE_OBJECTS) {
        add_objects(h, file, parsed, words, is_certain);
        return true;
    }
    if (is_certain && words && words->is_nothing)
        return true;
    /* every template is printed as manifests, and Argo CD fails where one is none */
    if (is_certain && parsed && (parsed->state == PARSE_FAILS || parsed->state == PARSE_IGNORED))
        output_fails(h->render->output, "%s", quote_phrase(parsed->why).text);
    return false;
}

/* Text that is no file: what a template writes, or a file of an archive. */
static bool add_text(struct helm *h, const struct helm_file *file, const struct helm_text *text,
                     const struct helm_words *words, bool is_certain)
{
    struct str bytes = {text->p, text->n};
    struct parse *parse;
    struct parsed *parsed;

    if (words->is_templated || words->is_changed)
        return false;
    if (h->render->request->may_skip && words_find(bytes).is_plain) {
        output_skips(h->render->output, h->render->repository, h->render->asked);
        return true;
    }
    parse = parse_new(bytes, SYNTAX_YAML, RENDERED_MAX_NODES);
    parsed = parsed_new(parse, path_of(h, file));
    parse_unref(parse);
    for (size_t i = 0; i < parsed->n; i++)
        parsed->manifests[i].line = helm_text_line(text, parsed->manifests[i].line);
    output_keep_parsed(h->render->output, parsed);
    return add_parsed(h, file, parsed, words, is_certain);
}

static void move_lines(struct helm_words *words, const struct helm_text *text)
{
    words->open_line = helm_text_line(text, words->open_line);
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        struct helm_words_of *of = &words->of[g];

        of->group_line = helm_text_line(text, of->group_line);
        of->kind_line = helm_text_line(text, of->kind_line);
        of->open_group_line = helm_text_line(text, of->open_group_line);
        of->open_kind_line = helm_text_line(text, of->open_kind_line);
        for (size_t i = 0; i < of->n_names; i++)
            of->names[i].line = helm_text_line(text, of->names[i].line);
    }
}

/* What `.` is in the chart's templates. The caller owns it. */
static json_t *make_root(const struct helm *h, const struct helm_chart *chart)
{
    struct str release = helm_options_release(h->render);
    struct str namespace = helm_options_namespace(h->render);
    struct str version = json_str_at(chart->metadata, "version");
    struct str app = json_str_at(chart->metadata, "appVersion");
    json_t *about = helm_open_map();
    json_t *root = helm_open_map();

    if (chart->name.n)
        (void)json_object_set_new(about, "Name", json_stringn(chart->name.p, chart->name.n));
    if (version.n)
        (void)json_object_set_new(about, "Version", json_stringn(version.p, version.n));
    if (app.n)
        (void)json_object_set_new(about, "AppVersion", json_stringn(app.p, app.n));
    (void)json_object_set_new(root, "Chart", about);
    (void)json_object_set_nocheck(root, "Values", chart->values);
    (void)json_object_set_new(root, "Files",
                              helm_render_files((size_t)(chart - h->charts->charts)));
    (void)json_object_set_new(
        root, "Release",
        xneed(json_pack("{s:s%, s:s%, s:s, s:b, s:b}", "Name", release.n ? release.p : "",
                        release.n, "Namespace", namespace.n ? namespace.p : "", namespace.n,
                        "Service", "Helm", "IsInstall", true, "IsUpgrade", false)));
    return root;
}

/* Helm takes the blanks before each document away, and with them what the first line is indented
 * by (releaseutil.SplitManifests). */
static void trim_documents(struct helm_text *text)
{
    size_t to = 0;
    bool is_first = true;

    for (size_t at = 0; at < text->n;) {
        struct str rest = {text->p + at, text->n - at};
        struct str line = str_sub(rest, 0, str_find_char(rest, '\n') + 1);
        size_t n_blanks = 0;

        at += line.n;
        while (is_first && n_blanks < line.n && strchr(" \t", line.p[n_blanks]))
            n_blanks++;
        line = str_sub(line, n_blanks, line.n);
        is_first = (is_first && !str_trim(line).n) || str_starts(line, STR("---"));
        memmove(text->p + to, line.p, line.n);
        to += line.n;
    }
    text->n = to;
    text->p[to] = '\0';
}

/* False where the template is looked at as it is written. */
static bool render_text(struct helm *h, const struct helm_chart *chart,
                        const struct helm_file *file, bool is_certain)
{
    const struct helm_template *template = helm_file_template(h->render, file);
    AUTO(json_unrefp) json_t *root = make_root(h, chart);
    struct helm_words *words;
    struct helm_text text;

    if (!template || !helm_render_template(&h->release, template, root, &text))
        return false;
    trim_documents(&text);
    words = helm_words_read((struct str){text.p, text.n});
    if (!add_text(h, file, &text, words, is_certain)) {
        move_lines(words, &text);
        look_at_template(h, file, words);
    }
    helm_words_free(words);
    helm_text_clear(&text);
    return true;
}

/* A template that nothing can be made of but what it says. */
static bool is_settled(const struct helm *h, const struct helm_file *file,
                       const struct helm_words *words)
{
    const struct blob *blob =
        file->blob ? file->blob : contents_blob(h->render->contents, file->node, BLOB_HELM);

    return !words->open_line && blob && blob_words(blob)->is_plain;
}

static void render_template(struct helm *h, const struct helm_chart *chart,
                            const struct helm_file *file)
{
    const char *slash = memrchr(file->path.p, '/', file->path.n);
    bool is_certain = chart->is_certain && !file->may_be_ignored && !h->is_murky;
    const struct helm_words *words = helm_file_words(h->render, file);
    bool is_literal = words && !words->is_templated && !words->is_changed;

    if (slash[1] == '_' || chart->is_library) {
        look_at_mentions(h, file);
        return;
    }
    if (str_ends(file->path, STR("NOTES.txt"))) {
        if (!words || words->defines)
            look_at_mentions(h, file);
        return;
    }
    if (is_literal && !file->blob &&
        add_parsed(h, file, render_manifests(h->render, file->node, SYNTAX_YAML), words,
                   is_certain))
        return;
    if (words && (is_literal || words->is_templated) && !is_settled(h, file, words) &&
        (h->renders || (is_literal && file->blob)) && render_text(h, chart, file, is_certain))
        return;
    look_at_template(h, file, NULL);
}

static void render_crd(struct helm *h, const struct helm_chart *chart, const struct helm_file *file)
{
    static const char *const ends[] = {".yaml", ".yml", ".json"};
    const struct helm_words *words;
    const struct parsed *parsed = NULL;
    bool is_manifest = false;

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        size_t n = strlen(ends[i]);

        is_manifest =
            is_manifest ||
            (file->path.n > n &&
             str_eq_nocase(str_sub(file->path, file->path.n - n, file->path.n), str_from(ends[i])));
    }
    if (!is_manifest || json_bool_at(h->render->request->source->helm, "skipCrds", false))
        return;
    words = helm_file_words(h->render, file);
    if (words && !words->is_changed && !file->blob)
        parsed = render_manifests(h->render, file->node, SYNTAX_YAML);
    if (parsed && parsed->state == PARSE_SKIPPED)
        return;
    if (parsed && parsed->state == PARSE_OBJECTS)
        add_objects(h, file, parsed, NULL, chart->is_certain && !file->may_be_ignored);
    else
        look_at_template(h, file, NULL);
}

static void render_file(struct helm *h, const struct helm_chart *chart,
                        const struct helm_file *file)
{
    struct str below;

    if (!helm_chart_has(chart, file, &below))
        return;
    if (str_starts(below, STR("templates/")))
        render_template(h, chart, file);
    else if (str_is(below, "values.yaml") || str_is(below, "Chart.yaml") || h->reads_files)
        look_at_mentions(h, file);
    if (str_starts(below, STR("crds/")))
        render_crd(h, chart, file);
}

typedef void (*file_fn)(struct helm *h, const struct helm_chart *chart,
                        const struct helm_file *file);

static void for_each_file(struct helm *h, const struct helm_charts *charts, file_fn run)
{
    for (size_t i = 0; i < charts->n; i++)
        for (size_t k = 0; !charts->charts[i].is_off && k < charts->charts[i].files->n; k++)
            run(h, &charts->charts[i], &charts->charts[i].files->files[k]);
}

static bool is_template(const struct helm_chart *chart, const struct helm_file *file)
{
    struct str below;

    return helm_chart_has(chart, file, &below) && str_starts(below, STR("templates/"));
}

/* What templates do to each other. */
static void look_ahead(struct helm *h, const struct helm_chart *chart, const struct helm_file *file)
{
    const struct helm_words *words;
    const struct helm_template *template;

    if (!is_template(chart, file))
        return;
    words = helm_file_words(h->render, file);
    h->reads_files = h->reads_files || !words || words->reads_files;
    h->is_murky = h->is_murky || !words || words->names_templates;
    if (words && !words->is_templated)
        return;
    template = words ? helm_file_template(h->render, file) : NULL;
    if (template)
        helm_release_add(&h->release, template, chart->is_certain && !file->may_be_ignored);
    else
        h->is_murky = true;
}

/* Whether any template changes values, which others then see. */
static void look_for_changes(struct helm *h, const struct helm_chart *chart,
                             const struct helm_file *file)
{
    const char *slash = memrchr(file->path.p, '/', file->path.n);
    const struct helm_template *template;
    struct helm_text text;

    if (!is_template(chart, file) || slash[1] == '_' || chart->is_library || h->release.has_changed)
        return;
    template = helm_file_template(h->render, file);
    if (template) {
        AUTO(json_unrefp) json_t *root = make_root(h, chart);

        if (!helm_render_template(&h->release, template, root, &text))
            h->release.has_changed = true;
        helm_text_clear(&text);
    }
}

/* The files that make a chart are not among .Files, but for some of the older kind. */
static bool makes_chart(struct str path)
{
    static const char *const names[] = {"Chart.yaml",        "Chart.lock",
                                        "values.yaml",       "values.schema.json",
                                        "requirements.yaml", "requirements.lock"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(path, names[i]))
            return true;
    return str_starts(path, STR("templates/")) || str_starts(path, STR("charts/"));
}

static const struct helm_template *get_file(const void *from, size_t index, struct str path,
                                            bool *is_known, size_t *n_looked)
{
    const struct helm *h = from;
    const struct helm_chart *chart = index < h->charts->n ? &h->charts->charts[index] : NULL;

    *is_known = chart && !makes_chart(path);
    *n_looked = chart ? chart->files->n : 0;
    for (size_t i = 0; *is_known && i < chart->files->n; i++) {
        const struct helm_file *file = &chart->files->files[i];
        const struct helm_template *text;
        struct str below;

        if (!helm_chart_has(chart, file, &below) || !str_eq(below, path))
            continue;
        text = helm_file_template(h->render, file);
        *is_known = !file->may_be_ignored && text && text->text &&
                    utf8_is_valid((struct str){text->text, text->n_text});
        return text;
    }
    return NULL;
}

static void render_charts(struct helm *h, const struct helm_charts *charts)
{
    h->charts = charts;
    h->release.get = get_file;
    h->release.get_from = h;
    for_each_file(h, charts, look_ahead);
    helm_release_settle(&h->release);
    if (h->release.may_change && !h->is_murky)
        for_each_file(h, charts, look_for_changes);
    h->renders = !h->is_murky && !h->release.has_changed;
    h->release.may_change = false;
    for_each_file(h, charts, render_file);
    for (size_t i = 0; i < charts->n_unread; i++)
        look_at_unread(h, path_of(h, &charts->unread[i]));
}

static void look_at_unknown_values(struct helm *h, const char *what)
{
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        note(&h->group[g], what, 0);
        note(&h->kind[g], what, 0);
    }
}

static void look_at_inputs(struct helm *h)
{
    for (size_t i = 0; i < h->options.n; i++) {
        const struct helm_input *input = &h->options.inputs[i];

        if (input->words)
            look_at_words(h, input->file, input->words);
        else
            look_at_unknown_values(h, input->file);
    }
}

/* values, valuesObject and parameters, whatever they are called: the option as text. */
static void check_inline(struct helm *h)
{
    static const char here[] = "the Application's own values";
    const json_t *helm = h->render->request->source->helm;
    AUTO(freep) char *text = helm ? json_dumps(helm, JSON_COMPACT) : NULL;
    struct helm_words *words = text ? helm_words_read(str_from(text)) : NULL;

    for (size_t g = 0; words && g < N_HELM_GROUPS; g++) {
        if (words->of[g].group_line)
            note(&h->group[g], here, 0);
        if (words->of[g].kind_line)
            note(&h->kind[g], here, 0);
    }
    helm_words_free(words);
}

/* At most a phrase for each group. */
enum { REASON_MAX = 4 * QUOTED_MAX };

static void say_where(struct buf *b, const struct spot *spot)
{
    buf_adds(b, shorten(spot->file).text);
    if (spot->line)
        buf_printf(b, ":%u", spot->line);
}

static bool is_mentioned(const struct helm *h, size_t g)
{
    return h->group[g].file && h->kind[g].file;
}

/* Whether anything of the group is possible, under any name. */
static bool is_open(const struct helm *h, size_t g)
{
    return h->unread.file || (h->fetched.file && g != HELM_ARGOPROJ) ||
           (h->open_template.file && is_mentioned(h, g));
}

static void say_why(const struct helm *h, struct buf *b, size_t g)
{
    if (h->named[g].file && (h->is_own_name || !is_open(h, g))) {
        say_where(b, &h->named[g]);
        buf_printf(b, " writes %s by template", kind_names[g]);
    } else if (h->unread.file) {
        say_where(b, &h->unread);
        buf_adds(b, " is not looked into");
    } else if (is_mentioned(h, g) && h->open_template.file) {
        say_where(b, &h->open_template);
        buf_printf(b, " may write %s, mentioned in ", kind_names[g]);
        say_where(b, &h->kind[g]);
    } else {
        buf_printf(b, "the dependency %s is not in Git", shorten(h->fetched.file).text);
        if (g == HELM_ARGOPROJ && h->is_given && h->kind[g].file) {
            buf_printf(b, " and may write %s, mentioned in ", kind_names[g]);
            say_where(b, &h->kind[g]);
        }
    }
}

static void finish(struct helm *h)
{
    AUTO(buf_clearp) struct buf why = {0};
    const char *before = ": ";

    buf_init(&why, REASON_MAX);
    buf_adds(&why, "Helm output is not rendered");
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        if (is_open(h, g))
            add_end(h, g, NULL);
        else if (!h->named[g].file && !(g == HELM_ARGOPROJ && h->is_given))
            continue;
        buf_adds(&why, before);
        say_why(h, &why, g);
        before = "; ";
        if (h->unread.file)
            break; /* the same for the other group */
    }
    if (h->unread.file)
        add_end(h, HELM_EXTERNAL_SECRETS, NULL);
    if (!h->may_write_secret)
        output_no_more_secrets(h->render->output, !h->has_argocd);
    output_only_open_ends(h->render->output);
    output_add_open_end(h->render->output, &(struct open_end){.others = true});
    output_partial(h->render->output, "%s", buf_ok(&why) ? why.p : "Helm output is not rendered");
}

/* Whether the path is one name below charts/. */
static bool is_direct(struct str path)
{
    struct str below = str_sub(path, sizeof "charts/" - 1, path.n);

    return str_starts(path, STR("charts/")) && str_find_char(below, '/') >= below.n - 1;
}

/* Whether charts/ of the chart itself holds one of that name; if so and where it is a directory,
 * what is built takes its place. */
static bool has_chart(struct helm_charts *charts, struct str name, bool is_built)
{
    bool found = false;

    for (size_t i = 1; i < charts->n; i++) {
        struct helm_chart *chart = &charts->charts[i];

        if (chart->parent || !str_eq(json_str_at(chart->metadata, "name"), name))
            continue;
        found = true;
        chart->is_certain = chart->is_certain && !is_built;
    }
    for (size_t i = 0; i < charts->n_unread; i++) {
        struct str path = charts->unread[i].path;
        struct str file = str_sub(path, sizeof "charts/" - 1, path.n);

        if (is_direct(path) && str_starts(file, name) && file.n > name.n && file.p[name.n] == '-')
            found = true;
    }
    return found;
}

/* What others call charts of the kind of argocd-apps, which is known: their values say nothing but
 * names. */
bool helm_is_of_applications(struct str name)
{
    return !str_is(name, "argocd-apps") &&
           (str_ends(name, STR("apps")) || str_contains(name, STR("application")) ||
            str_contains(name, STR("app-of-app")));
}

/* Packed from a directory of the repository, or from somewhere else. */
static void fetch_dependency(struct helm *h, const json_t *dependency, bool is_certain,
                             struct helm_charts *charts, struct helm_files *files)
{
    const struct str local = STR("file://");
    const struct render *r = h->render;
    struct str repository = json_str_at(dependency, "repository");
    struct str path = str_sub(repository, local.n, repository.n);
    size_t directory;

    if (str_starts(repository, local) && path.n && path.p[0] != '/' &&
        tree_follow(r->tree, r->directory, path, &directory) == TREE_FOUND &&
        r->tree->nodes[directory].kind == NODE_DIRECTORY) {
        helm_files_find(r, directory, files);
        if (!files->why && !files->incomplete) {
            helm_charts_add(charts, r, files, 0, is_certain);
            return;
        }
    }
    h->dependencies = xgrow(h->dependencies, h->n_dependencies, &h->capacity_dependencies,
                            sizeof *h->dependencies);
    h->dependencies[h->n_dependencies++] = dependency;
}

static void add_known_end(void *to, const struct open_end *end)
{
    struct helm *h = to;
    struct open_end kept = *end;

    kept.kind = output_keep(h->render->output, end->kind);
    kept.prefix = output_keep(h->render->output, end->prefix);
    kept.suffix = output_keep(h->render->output, end->suffix);
    kept.namespace = output_keep(h->render->output, end->namespace);
    output_add_open_end(h->render->output, &kept);
    h->is_given = true;
}

/* Row 12 of reference/argocd.md 5.4, below another chart. */
static void look_at_argocd(struct helm *h, const json_t *dependency, const json_t *values,
                           enum tri is_wanted)
{
    struct argocd_secret secret;
    enum tri is_made = helm_known_argocd_secret(json_str_at(dependency, "repository"), values,
                                                helm_options_namespace(h->render), &secret);

    h->has_argocd = true;
    if (is_made == TRI_NOT_KNOWN ||
        (is_made == TRI_YES && (is_wanted != TRI_YES || !secret.namespace.n)))
        h->may_write_secret = true;
    else if (is_made == TRI_YES)
        output_makes_argocd_secret(h->render->output, &secret);
}

/* What a dependency that is not in Git may write. */
static void look_at_fetched(struct helm *h, const struct helm_charts *charts, const json_t *d)
{
    struct str name = json_str_at(d, "name");
    struct str alias = json_str_at(d, "alias");
    const json_t *all = charts->charts[0].values;
    const json_t *own = helm_values_get(all, alias.n ? alias : name);
    AUTO(json_unrefp) json_t *given = NULL;

    enum tri is_wanted = helm_chart_wants(charts, 0, d);

    if (is_wanted == TRI_NO)
        return;
    if (!name.n || helm_is_of_applications(name))
        note(&h->unread, output_keep(h->render->output, name).p, 0);
    note(&h->fetched, output_keep(h->render->output, name).p, 0);
    if (!helm_is_known(own) || helm_is_open(own)) {
        if (is_mentioned(h, HELM_ARGOPROJ))
            add_known_end(h, &(struct open_end){.argoproj = true, .any_namespace = true});
        h->may_write_secret = true;
        return;
    }
    given = helm_values_with(own, "global", json_unconst(helm_values_get(all, STR("global"))));
    helm_known_ends(name, given, helm_options_namespace(h->render), add_known_end, h);
    if (str_is(name, "argo-cd"))
        look_at_argocd(h, d, given, is_wanted);
    else
        h->may_write_secret = true;
}

/* Argo CD runs `helm dependency build` where charts/ lacks one: that fetches all of them anew.
 * lists: as many as there are dependencies. */
static void build_dependencies(struct helm *h, struct helm_charts *charts, struct helm_files *lists)
{
    const json_t *d;
    bool is_needed = false;

    for (size_t i = 0; (d = helm_chart_dependency(&charts->charts[0], i)) != NULL; i++) {
        struct str name = json_str_at(d, "name");

        is_needed = is_needed || !name.n || !has_chart(charts, name, false);
    }
    /* what is packed there makes room for what is fetched */
    for (size_t i = 1; is_needed && i < charts->n; i++)
        if (!charts->charts[i].parent && charts->charts[i].files->label)
            charts->charts[i].is_certain = false;
    for (size_t i = 0; is_needed && (d = helm_chart_dependency(&charts->charts[0], i)); i++) {
        bool is_built = json_str_at(d, "repository").n != 0;
        bool is_there = has_chart(charts, json_str_at(d, "name"), is_built);

        if (!charts->why && (is_built || !is_there))
            fetch_dependency(h, d, !is_there, charts, &lists[i]);
    }
}

static void render_chart(struct helm *h, const struct helm_files *files)
{
    struct render *r = h->render;
    struct helm_charts charts = {0};
    struct helm_files *lists = NULL;
    size_t n = 0;

    helm_charts_add(&charts, r, files, 0, true);
    if (!charts.why && charts.charts[0].is_library)
        charts.why = xasprintf("%s is a library chart", quote(str_from(r->path)).text);
    if (!charts.why) {
        while (helm_chart_dependency(&charts.charts[0], n))
            n++;
        lists = xcalloc(n, sizeof *lists);
        build_dependencies(h, &charts, lists);
    }
    if (charts.why) {
        output_fails(r->output, "%s", charts.why);
    } else {
        helm_charts_settle(&charts, r, h->options.values);
        render_charts(h, &charts);
        for (size_t i = 0; i < h->n_dependencies; i++)
            look_at_fetched(h, &charts, h->dependencies[i]);
    }
    while (n)
        helm_files_clear(&lists[--n]);
    free(lists);
    helm_charts_clear(&charts);
}

/* One chart may take all that there is for one, and all of an Application's twice that. */
static size_t steps_before(const struct render *r)
{
    size_t taken = r->request->steps ? *r->request->steps : 0;

    return taken > HELM_RENDER_MAX_STEPS ? taken - HELM_RENDER_MAX_STEPS : 0;
}

void helm_render(struct render *r)
{
    struct helm_files files;
    size_t before = steps_before(r);
    struct helm h = {.render = r, .release.n_steps = before};

    helm_files_find(r, r->directory, &files);
    if (files.why) {
        output_fails(r->output, "%s", files.why);
    } else if (files.incomplete) {
        output_partial(r->output, "%s leads to too many files", quote(str_from(r->path)).text);
        output_uncertain(r->output);
    } else {
        helm_options_read(r, &h.options);
        check_inline(&h);
        look_at_inputs(&h);
        render_chart(&h, &files);
        finish(&h);
    }
    if (r->request->steps)
        *r->request->steps += h.release.n_steps - before;
    helm_files_clear(&files);
    helm_options_clear(&h.options);
    helm_release_clear(&h.release);
    free(h.dependencies);
}

void helm_render_fetched(struct render *r)
{
    struct helm h = {.render = r};

    helm_options_read(r, &h.options);
    output_partial(r->output, "the values of the chart %s may make it",
                   quote(r->request->source->chart).text);
    helm_known_ends(r->request->source->chart, h.options.values, helm_options_namespace(r),
                    add_known_end, &h);
    output_only_open_ends(r->output);
    output_add_open_end(r->output, &(struct open_end){.external_secrets = true, .others = true});
    helm_options_clear(&h.options);
}
