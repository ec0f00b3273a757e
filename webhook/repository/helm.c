#include "repository/helm.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/helm_chart.h"
#include "repository/quote.h"
#include <stdlib.h>
#include <string.h>

/* A line of a file, for the reason. */
struct spot {
    const char *file; /* NULL: nowhere */
    unsigned line;    /* 0: the file as a whole */
};

/* What the output of one chart is put together from. */
struct helm {
    struct render *render;
    struct spot open_template; /* may write whatever is mentioned elsewhere */
    struct spot group[N_HELM_GROUPS];
    struct spot kind[N_HELM_GROUPS];
    struct spot named[N_HELM_GROUPS]; /* a document that writes the kind */
    bool is_own_name;                 /* which `named` of Applications may be the one that asks */
    struct spot unread;               /* may hold both, and a template */
    struct spot fetched;              /* a chart that does not lie in Git */
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

static const char *path_of(const struct helm *h, size_t node)
{
    return h->render->tree->nodes[node].path;
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
}

/* Values, helpers and what else templates may put into the output. */
static void look_at_mentions(struct helm *h, size_t node)
{
    const struct helm_words *words = contents_helm(h->render->contents, node);

    if (!words) {
        look_at_unread(h, path_of(h, node));
        return;
    }
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        const struct helm_words_of *of = &words->of[g];

        if (of->group_line)
            note(&h->group[g], path_of(h, node), of->group_line);
        if (of->kind_line)
            note(&h->kind[g], path_of(h, node), of->kind_line);
    }
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

/* A template whose output is not certain. */
static void look_at_template(struct helm *h, size_t node)
{
    const struct helm_words *words = contents_helm(h->render->contents, node);

    if (!words) {
        look_at_unread(h, path_of(h, node));
        return;
    }
    if (words->open_line)
        note(&h->open_template, path_of(h, node), words->open_line);
    if (words->defines || words->is_changed)
        look_at_mentions(h, node);
    for (size_t g = 0; g < N_HELM_GROUPS; g++)
        look_at_documents(h, path_of(h, node), &words->of[g], g);
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
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        const char *group = g == HELM_ARGOPROJ ? GROUP_ARGOPROJ : GROUP_EXTERNAL_SECRETS;
        struct helm_name name = {.before = m->id.name, .behind = STR(""), .is_whole = true};

        if (!str_is(m->id.group, group))
            continue;
        add_end(h, g, &name);
        note(&h->named[g], file, m->line);
    }
}

static void add_objects(struct helm *h, size_t node, bool is_certain, bool is_template)
{
    const struct parsed *parsed = render_manifests(h->render, node, SYNTAX_YAML);
    const struct helm_words *words = contents_helm(h->render->contents, node);
    bool has_hook = is_template && words && words->has_hook;

    /* the annotation of a list counts for its items, and those of its items do not */
    if (has_hook && words->has_items)
        is_certain = false;
    for (size_t i = 0; i < parsed->n; i++) {
        const struct manifest *m = &parsed->manifests[i];

        if (!is_certain)
            add_possible(h, m, path_of(h, node));
        else if (!has_hook || is_printed(h, m))
            output_add(h->render->output, m);
    }
}

/* A template that Helm copies as it is, and that is read here as it is read there; NULL where it is
 * none. */
static const struct parsed *read_literal(const struct helm *h, size_t node)
{
    const struct helm_words *words = contents_helm(h->render->contents, node);

    if (!words || words->is_templated || words->is_changed)
        return NULL;
    return render_manifests(h->render, node, SYNTAX_YAML);
}

static void render_template(struct helm *h, const struct helm_chart *chart,
                            const struct helm_file *file)
{
    const char *slash = memrchr(file->path.p, '/', file->path.n);
    bool is_certain = chart->is_certain && !file->may_be_ignored && !h->is_murky;
    const struct helm_words *words = contents_helm(h->render->contents, file->node);
    const struct parsed *parsed;

    if (slash[1] == '_' || chart->is_library) {
        look_at_mentions(h, file->node);
        return;
    }
    if (str_ends(file->path, STR("NOTES.txt"))) {
        if (!words || words->defines)
            look_at_mentions(h, file->node);
        return;
    }
    parsed = read_literal(h, file->node);
    if (parsed && parsed->state == PARSE_SKIPPED)
        return; /* nothing rules ask for */
    if (parsed && parsed->state == PARSE_OBJECTS) {
        add_objects(h, file->node, is_certain, true);
        return;
    }
    /* every template is printed as manifests, and Argo CD fails where one is none */
    if (is_certain && parsed && (parsed->state == PARSE_FAILS || parsed->state == PARSE_IGNORED))
        output_fails(h->render->output, "%s", quote_phrase(parsed->why).text);
    look_at_template(h, file->node);
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
    words = contents_helm(h->render->contents, file->node);
    if (words && !words->is_changed)
        parsed = render_manifests(h->render, file->node, SYNTAX_YAML);
    if (parsed && parsed->state == PARSE_SKIPPED)
        return;
    if (parsed && parsed->state == PARSE_OBJECTS)
        add_objects(h, file->node, chart->is_certain && !file->may_be_ignored, false);
    else
        look_at_template(h, file->node);
}

static void render_file(struct helm *h, const struct helm_chart *chart,
                        const struct helm_file *file)
{
    struct str below;

    if (!helm_chart_has(chart, file, &below))
        return;
    if (str_starts(below, STR("templates/")))
        render_template(h, chart, file);
    else if (str_is(below, "values.yaml") || str_is(below, "Chart.yaml"))
        look_at_mentions(h, file->node);
    else if (h->reads_files)
        look_at_mentions(h, file->node);
    if (str_starts(below, STR("crds/")))
        render_crd(h, chart, file);
}

/* What templates do to each other. */
static void look_ahead(struct helm *h, const struct helm_charts *charts)
{
    for (size_t i = 0; i < charts->n; i++)
        for (size_t k = 0; k < charts->charts[i].files->n; k++) {
            const struct helm_file *file = &charts->charts[i].files->files[k];
            const struct helm_words *words;
            struct str below;

            if (!helm_chart_has(&charts->charts[i], file, &below) ||
                !str_starts(below, STR("templates/")))
                continue;
            words = contents_helm(h->render->contents, file->node);
            h->reads_files = h->reads_files || !words || words->reads_files;
            h->is_murky = h->is_murky || !words || words->names_templates;
        }
}

static void render_charts(struct helm *h, const struct helm_charts *charts)
{
    look_ahead(h, charts);
    for (size_t i = 0; i < charts->n; i++)
        for (size_t k = 0; k < charts->charts[i].files->n; k++)
            render_file(h, &charts->charts[i], &charts->charts[i].files->files[k]);
    for (size_t i = 0; i < charts->n_archives; i++)
        look_at_unread(h, path_of(h, charts->archives[i]->node));
}

/* Text Argo CD or Helm expands, or an address: where it leads is not known here. */
static bool is_beyond_us(struct str file)
{
    return str_find_char(file, '$') < file.n || str_contains(file, STR("://")) ||
           str_find_char(file, '*') < file.n || str_find_char(file, '?') < file.n ||
           str_find_char(file, '[') < file.n;
}

static void look_at_unknown_values(struct helm *h, const char *what)
{
    for (size_t g = 0; g < N_HELM_GROUPS; g++) {
        note(&h->group[g], what, 0);
        note(&h->kind[g], what, 0);
    }
}

/* A path beside the chart, or from the repository's root when it is absolute. */
static void check_value_file(struct helm *h, struct str file, bool may_be_missing)
{
    const struct render *r = h->render;
    bool is_absolute = file.n && file.p[0] == '/';
    size_t node;
    enum tree_found found;

    if (file.n == 0 || is_beyond_us(file)) {
        look_at_unknown_values(h, output_keep(r->output, file).p);
        return;
    }
    found = tree_follow(r->tree, is_absolute ? 0 : r->directory, file, &node);
    if (found == TREE_FOUND && r->tree->nodes[node].kind == NODE_FILE) {
        if (!contents_helm(r->contents, node))
            look_at_unknown_values(h, path_of(h, node));
        else
            look_at_mentions(h, node);
    } else if (!may_be_missing || found != TREE_MISSING) {
        output_fails(r->output, "the value file %s does not exist", quote_reference(file).text);
    }
}

static void check_value_files(struct helm *h)
{
    const json_t *helm = h->render->request->source->helm;
    bool may_be_missing = json_bool_at(helm, "ignoreMissingValueFiles", false);
    size_t index;
    json_t *entry;

    json_array_foreach(json_value_at(helm, "valueFiles"), index, entry)
        check_value_file(h, json_view(entry), may_be_missing);
    json_array_foreach(json_value_at(helm, "fileParameters"), index, entry)
        check_value_file(h, json_str_at(entry, "path"), false);
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

/* Whether anything of the group is possible, under any name. A chart from a Helm repository holds
 * no definition of an Application (design 3.5) unless values bring it along. */
static bool is_open(const struct helm *h, size_t g)
{
    return h->unread.file || (h->fetched.file && g != HELM_ARGOPROJ) ||
           ((h->open_template.file || h->fetched.file) && is_mentioned(h, g));
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
        if (is_mentioned(h, g)) {
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
        else if (!h->named[g].file)
            continue;
        buf_adds(&why, before);
        say_why(h, &why, g);
        before = "; ";
        if (h->unread.file)
            break; /* the same for the other group */
    }
    if (h->unread.file)
        add_end(h, HELM_EXTERNAL_SECRETS, NULL);
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

        if (chart->files != charts->charts[0].files || !is_direct(chart->prefix) ||
            !str_eq(json_str_at(chart->metadata, "name"), name))
            continue;
        found = true;
        chart->is_certain = chart->is_certain && !is_built;
    }
    for (size_t i = 0; i < charts->n_archives; i++) {
        struct str path = charts->archives[i]->path;
        struct str file = str_sub(path, sizeof "charts/" - 1, path.n);

        if (is_direct(path) && str_starts(file, name) && file.n > name.n && file.p[name.n] == '-')
            found = true;
    }
    return found;
}

/* argocd-apps of argo-helm, and what others call charts of that kind: their values say nothing but
 * names. */
static bool is_of_applications(struct str name)
{
    return str_ends(name, STR("apps")) || str_contains(name, STR("application")) ||
           str_contains(name, STR("app-of-app"));
}

/* Packed from a directory of the repository, or from somewhere else. */
static void fetch_dependency(struct helm *h, const json_t *dependency, bool is_certain,
                             struct helm_charts *charts, struct helm_files *files)
{
    const struct str local = STR("file://");
    const struct render *r = h->render;
    struct str repository = json_str_at(dependency, "repository");
    struct str name = json_str_at(dependency, "name");
    struct str path = str_sub(repository, local.n, repository.n);
    size_t directory;

    if (str_starts(repository, local) && path.n && path.p[0] != '/' &&
        tree_follow(r->tree, r->directory, path, &directory) == TREE_FOUND &&
        r->tree->nodes[directory].kind == NODE_DIRECTORY) {
        helm_files_find(r, directory, files);
        if (!files->why && !files->incomplete) {
            helm_charts_add(charts, r, files,
                            is_certain && !helm_chart_gates(&charts->charts[0], name));
            return;
        }
    }
    if (!name.n || is_of_applications(name))
        note(&h->unread, output_keep(r->output, name).p, 0);
    note(&h->fetched, output_keep(r->output, name).p, 0);
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

    helm_charts_add(&charts, r, files, true);
    if (!charts.why && charts.charts[0].is_library)
        charts.why = xasprintf("%s is a library chart", quote(str_from(r->path)).text);
    if (!charts.why) {
        while (helm_chart_dependency(&charts.charts[0], n))
            n++;
        lists = xcalloc(n, sizeof *lists);
        build_dependencies(h, &charts, lists);
    }
    if (charts.why)
        output_fails(r->output, "%s", charts.why);
    else
        render_charts(h, &charts);
    while (n)
        helm_files_clear(&lists[--n]);
    free(lists);
    helm_charts_clear(&charts);
}

void helm_render(struct render *r)
{
    struct helm_files files;
    struct helm h = {.render = r};

    helm_files_find(r, r->directory, &files);
    if (files.why) {
        output_fails(r->output, "%s", files.why);
    } else if (files.incomplete) {
        output_partial(r->output, "%s leads to too many files", quote(str_from(r->path)).text);
        output_uncertain(r->output);
    } else {
        check_inline(&h);
        check_value_files(&h);
        render_chart(&h, &files);
        finish(&h);
    }
    helm_files_clear(&files);
}
