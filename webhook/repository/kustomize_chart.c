/* helmCharts: what Helm makes of a chart on behalf of kustomize, without rendering it. That
 * --enable-helm is given is taken for granted: without it nobody's build of it succeeds. */
#include "base/json.h"
#include "base/mem.h"
#include "repository/helm.h"
#include "repository/helm_words.h"
#include "repository/kustomize_level.h"
#include <string.h>

/* What values can put into the output of a chart that does not lie in Git. */
struct mentions {
    struct level *level;
    bool found;
    bool unread;
};

static void look_at(struct mentions *m, const struct helm_words *words)
{
    m->found = m->found || words->of[HELM_ARGOPROJ].group_line;
}

static void look_at_inline(struct mentions *m, const json_t *chart)
{
    const json_t *values = json_object_get(chart, "valuesInline");
    AUTO(freep) char *text = values ? json_dumps(values, JSON_COMPACT) : NULL;
    struct helm_words *words = text ? helm_words_read(str_from(text)) : NULL;

    if (words)
        look_at(m, words);
    helm_words_free(words);
}

static void look_at_file(struct mentions *m, struct str path)
{
    const struct render *r = m->level->build->render;
    const struct helm_words *words = NULL;
    size_t node;

    if (!path.n || !level_has_file(m->level, path))
        return;
    if (tree_follow(r->tree, m->level->directory, path, &node) == TREE_FOUND)
        words = contents_helm(r->contents, node);
    if (words)
        look_at(m, words);
    else
        m->unread = true;
}

static void look_at_files(struct mentions *m, const json_t *chart)
{
    size_t index;
    json_t *path;

    look_at_file(m, json_str_at(chart, "valuesFile"));
    json_array_foreach(json_object_get(chart, "additionalValuesFiles"), index, path)
        look_at_file(m, json_view(path));
}

/* A chart from elsewhere holds no definition of an Application (design 3.5) unless values bring it
 * along, as those of argocd-apps do. */
static void add_fetched(struct level *l, const json_t *chart)
{
    struct mentions m = {.level = l};
    struct str name = json_str_at(chart, "name");

    look_at_inline(&m, chart);
    look_at_files(&m, chart);
    l->build->has_remote = true; /* patches may be meant for what it makes */
    level_partial(l, "uses the chart %s, which is not in Git", quote(name).text);
    if (m.unread || m.found || str_is(name, "argocd-apps") || helm_is_of_applications(name))
        items_add_hole(&l->build->items);
    else
        items_add_hole_but_argoproj(&l->build->items);
}

static void add_value_file(const struct level *l, json_t *files, struct str path)
{
    const struct node *directory = &l->build->render->tree->nodes[l->directory];
    AUTO(freep) char *whole = NULL;

    if (!path.n)
        return;
    whole = xasprintf("/%s/%.*s", directory->path, STR_ARG(path));
    (void)json_array_append_new(files, json_string(whole));
}

static bool holds_null(const json_t *value)
{
    size_t index;
    const char *key;
    json_t *child;

    json_array_foreach(value, index, child)
    {
        if (holds_null(child))
            return true;
    }
    json_object_foreach(json_unconst(value), key, child)
    {
        if (holds_null(child))
            return true;
    }
    return json_is_null(value);
}

/* Of two files, or of what stands there and a file, kustomize makes a third by rules of its own:
 * beyond the plainest case its values are not known. */
static bool are_values_plain(const json_t *chart)
{
    const json_t *values = json_object_get(chart, "valuesInline");
    struct str how = json_str_at(chart, "valuesMerge");

    return !json_object_size(values) ||
           ((!how.n || str_is(how, "override") || str_is(how, "replace")) &&
            !json_array_size(json_object_get(chart, "additionalValuesFiles")) &&
            !holds_null(values));
}

static json_t *files_of(const struct level *l, const json_t *chart)
{
    json_t *files = json_array();
    size_t index;
    json_t *path;

    if (!are_values_plain(chart))
        (void)json_array_append_new(files, json_string("$values")); /* helm.h: not known */
    if (!str_is(json_str_at(chart, "valuesMerge"), "replace") ||
        !json_object_size(json_object_get(chart, "valuesInline")))
        add_value_file(l, files, json_str_at(chart, "valuesFile"));
    json_array_foreach(json_object_get(chart, "additionalValuesFiles"), index, path)
        add_value_file(l, files, json_view(path));
    return files;
}

/* The settings as an Application has them (reference/argocd.md 2.5). */
static json_t *options_of(const struct level *l, const json_t *chart)
{
    static const char *const same[] = {"releaseName", "namespace"};
    json_t *options = json_object();

    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        if (json_object_get(chart, same[i]))
            (void)json_object_set(options, same[i], json_object_get(chart, same[i]));
    (void)json_object_set_new(options, "valueFiles", files_of(l, chart));
    (void)json_object_set_new(options, "skipCrds",
                              json_boolean(!json_bool_at(chart, "includeCRDs", false)));
    if (json_object_get(chart, "valuesInline"))
        (void)json_object_set(options, "valuesObject", json_object_get(chart, "valuesInline"));
    return options;
}

/* What is known of the release. */
struct release {
    bool has_name; /* else Helm makes one up */
    bool has_namespace;
};

static void add_end(struct items *t, const struct release *release, struct open_end end)
{
    struct open_end *hole;

    items_add_hole(t);
    hole = &t->holes[t->n_holes - 1];
    end.kind = output_keep(t->output, end.kind);
    end.prefix = output_keep(t->output, release->has_name ? end.prefix : STR(""));
    end.suffix = output_keep(t->output, release->has_name ? end.suffix : STR(""));
    end.is_whole_name &= release->has_name;
    end.namespace = output_keep(t->output, release->has_namespace ? end.namespace : STR(""));
    end.any_namespace = true;
    *hole = end;
}

/* The first object that somebody may ask for. */
static void say_what(struct level *l, const struct rendering *r)
{
    for (size_t i = 0; i < r->n_objects; i++) {
        const struct manifest *m = r->objects[i].manifest;

        if (str_is(m->id.group, GROUP_ARGOPROJ)) {
            level_partial(l, "uses a chart in which %s:%u writes an object of kind %s",
                          quote(str_from(m->file)).text, m->line, quote(m->id.kind).text);
            return;
        }
    }
    level_partial(l, "uses a chart: %s", r->why ? r->why : "Helm output is not rendered");
}

/* What Helm copies as it stands is possible rather than certain: kustomize reads it once more. */
static void add_rendering(struct level *l, const struct release *release, const struct rendering *r)
{
    struct items *t = &l->build->items;

    say_what(l, r);
    if (r->state == RENDER_FAILS) {
        t->may_fail = true;
        items_add_hole(t);
    }
    for (size_t i = 0; i < r->n_open_ends; i++)
        add_end(t, release, r->open_ends[i]);
    for (size_t i = 0; i < r->n_objects && items_work(t); i++)
        add_end(t, release, output_open_end(&r->objects[i].manifest->id));
    if (r->state == RENDER_PARTIAL && !r->n_open_ends)
        items_add_hole(t);
}

static void add_local(struct level *l, const json_t *chart, size_t directory)
{
    const struct render *r = l->build->render;
    AUTO(json_unrefp) json_t *options = options_of(l, chart);
    AUTO(rendering_freep) struct rendering *rendering = NULL;
    struct source source = *r->request->source;
    struct render_request request = *r->request;
    struct render inner = *r;
    struct release release = {
        .has_name = json_str_at(chart, "releaseName").n && !json_str_at(chart, "nameTemplate").n,
        .has_namespace = json_str_at(chart, "namespace").n,
    };

    source.kustomize = NULL;
    source.helm = options;
    request.source = &source;
    request.may_skip = false;
    inner.asked = inner.request = &request;
    inner.path = r->tree->nodes[directory].path;
    inner.directory = directory;
    inner.overridden = NULL;
    inner.output = output_new(STR(""));
    helm_render(&inner);
    rendering = output_finish(inner.output);
    add_rendering(l, &release, rendering);
}

/* absChartHome(): what was fetched lies in a directory of its version. */
static char *path_of(const json_t *chart, const json_t *globals)
{
    struct str home = json_str_at(globals, "chartHome");
    struct str name = json_str_at(chart, "name");
    struct str version = json_str_at(chart, "version");

    if (!home.n)
        home = STR("charts");
    if (version.n && json_str_at(chart, "repo").n)
        return xasprintf("%.*s/%.*s-%.*s/%.*s", STR_ARG(home), STR_ARG(name), STR_ARG(version),
                         STR_ARG(name));
    return xasprintf("%.*s/%.*s", STR_ARG(home), STR_ARG(name));
}

void level_chart(struct level *l, const json_t *chart, const json_t *globals)
{
    const struct tree *t = l->build->render->tree;
    AUTO(freep) char *path = path_of(chart, globals);
    enum tree_found found = TREE_OUTSIDE;
    size_t node;

    if (!json_str_at(chart, "name").n) {
        level_fails(l, "has a chart without name");
        return;
    }
    if (path[0] != '/')
        found = tree_follow(t, l->directory, str_from(path), &node);
    if (found == TREE_FOUND && t->nodes[node].kind == NODE_DIRECTORY) {
        add_local(l, chart, node);
    } else if (json_str_at(chart, "repo").n) {
        add_fetched(l, chart);
    } else if (found == TREE_MISSING) {
        level_fails(l, "uses the chart %s, which does not exist",
                    quote_reference(str_from(path)).text);
    } else {
        level_partial(l, "uses the chart %s, which cannot be followed",
                      quote_reference(str_from(path)).text);
        items_add_hole(&l->build->items);
    }
}
