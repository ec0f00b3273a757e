#include "repository/helm_chart.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/quote.h"
#include <stdlib.h>
#include <string.h>

/* Charts in charts/ of charts; each is a directory, so HELM_MAX_DEPTH bounds them, too. */
struct loading {
    struct helm_charts *out;
    const struct render *render;
    const struct helm_files *files;
};

static void add_chart(struct loading *l, struct str prefix, bool is_certain);

/* In the repository, for messages. */
static struct quoted place_of(const struct loading *l, struct str below, const char *name)
{
    const char *folder = l->render->tree->nodes[l->files->directory].path;
    AUTO(freep)
    char *path = xasprintf("%s%s%.*s%s", folder, *folder ? "/" : "", STR_ARG(below), name);

    return quote(str_from(path));
}

static const json_t *document_of(const struct loading *l, struct str prefix, const char *name,
                                 bool *is_clear)
{
    const struct helm_file *file = helm_files_at(l->files, prefix, name);
    const struct content *content = file ? contents_at(l->render->contents, file->node) : NULL;

    *is_clear = !file || (!file->may_be_ignored && content && !content->unread);
    return content ? content->document : NULL;
}

/* encoding/json takes a key in any case. */
static bool has_field(const json_t *metadata, const char *field)
{
    /* jansson iterates over what it may change */
    AUTO(json_unrefp) json_t *members = metadata ? json_deep_copy(metadata) : NULL;
    const char *key;
    json_t *value;

    json_object_foreach(members, key, value)
    {
        if (str_eq_nocase(str_from(key), str_from(field)) && !json_is_null(value))
            return true;
    }
    return false;
}

static bool is_known_type(struct str type)
{
    return type.n == 0 || str_is(type, "application") || str_is(type, "library");
}

/* What Metadata.Validate refuses in every version; NULL where it may pass. */
static const char *find_fault(const json_t *metadata)
{
    struct str name = json_str_at(metadata, "name");

    if (!has_field(metadata, "name") || (json_value_at(metadata, "name") && name.p && !name.n))
        return "sets no name";
    if (str_find_char(name, '/') < name.n)
        return "sets a name with a slash";
    if (!has_field(metadata, "version"))
        return "sets no version";
    if (!is_known_type(json_str_at(metadata, "type")))
        return "sets a type that is neither application nor library";
    return NULL;
}

const json_t *helm_chart_dependency(const struct helm_chart *chart, size_t i)
{
    const json_t *list = json_array_at(chart->metadata, "dependencies");
    const json_t *older = json_array_at(chart->requirements, "dependencies");

    if (i < json_array_size(list))
        return json_array_get(list, i);
    return json_array_get(older, i - json_array_size(list));
}

static size_t n_dependencies(const struct helm_chart *chart)
{
    return json_array_size(json_array_at(chart->metadata, "dependencies")) +
           json_array_size(json_array_at(chart->requirements, "dependencies"));
}

static bool is_gated(const json_t *dependency)
{
    return has_field(dependency, "condition") || has_field(dependency, "tags");
}

bool helm_chart_gates(const struct helm_chart *chart, struct str name)
{
    for (size_t i = 0; i < n_dependencies(chart); i++) {
        const json_t *d = helm_chart_dependency(chart, i);
        struct str alias = json_str_at(d, "alias");
        bool is_it = str_eq(json_str_at(d, "name"), name);

        if (str_eq(alias, name) && !is_it)
            return true;
        if ((is_it || str_eq(alias, name)) && is_gated(d))
            return true;
    }
    return false;
}

/* What charts/ holds under one name. False for what Helm leaves alone. */
static bool add_entry(struct loading *l, const struct helm_file *file, struct str entry,
                      struct str below, size_t parent)
{
    struct helm_charts *out = l->out;
    bool is_file = entry.n == below.n;

    if (entry.p[0] == '_' || entry.p[0] == '.' || (is_file && str_ends(entry, STR(".prov"))))
        return false;
    if (str_ends(entry, STR(".tgz"))) {
        out->archives =
            xgrow(out->archives, out->n_archives, &out->capacity_archives, sizeof *out->archives);
        out->archives[out->n_archives++] = file;
        return false;
    }
    if (is_file) {
        if (!file->may_be_ignored)
            out->why =
                xasprintf("%s lies in charts/ and is no chart", place_of(l, file->path, "").text);
        return false;
    }
    add_chart(l, str_sub(file->path, 0, file->path.n - below.n + entry.n + 1),
              out->charts[parent].is_certain);
    return true;
}

static void settle_subcharts(struct loading *l, size_t parent, size_t *subcharts, size_t n)
{
    struct helm_chart *charts = l->out->charts;

    for (size_t i = 0; i < n; i++) {
        struct helm_chart *sub = &charts[subcharts[i]];
        bool is_certain = sub->name.n && !helm_chart_gates(&charts[parent], sub->name);

        for (size_t k = 0; k < n; k++)
            if (k != i && str_eq(charts[subcharts[k]].name, sub->name))
                is_certain = false;
        if (is_certain)
            continue;
        for (size_t k = subcharts[i]; k < l->out->n; k++)
            if (str_starts(charts[k].prefix, sub->prefix))
                charts[k].is_certain = false;
    }
}

static void add_subcharts(struct loading *l, size_t parent)
{
    AUTO(freep) char *folder = xasprintf("%.*scharts/", STR_ARG(l->out->charts[parent].prefix));
    AUTO(freep) size_t *subcharts = NULL;
    struct str last = STR_NONE;
    size_t n = 0;
    size_t capacity = 0;

    for (size_t i = 0; i < l->files->n && !l->out->why; i++) {
        const struct helm_file *file = &l->files->files[i];
        struct str below;
        struct str entry;

        if (!str_starts(file->path, str_from(folder)))
            continue;
        below = str_sub(file->path, strlen(folder), file->path.n);
        entry = str_sub(below, 0, str_find_char(below, '/'));
        if (last.p && str_eq(last, entry))
            continue;
        last = entry;
        subcharts = xgrow(subcharts, n, &capacity, sizeof *subcharts);
        subcharts[n] = l->out->n;
        n += add_entry(l, file, entry, below, parent);
    }
    if (!l->out->why)
        settle_subcharts(l, parent, subcharts, n);
}

static void add_chart(struct loading *l, struct str prefix, bool is_certain)
{
    struct helm_charts *out = l->out;
    struct helm_chart chart = {.files = l->files};
    const char *fault;
    bool is_clear;
    bool is_clear_too;

    chart.metadata = document_of(l, prefix, "Chart.yaml", &is_clear);
    chart.requirements = document_of(l, prefix, "requirements.yaml", &is_clear_too);
    fault = chart.metadata ? find_fault(chart.metadata) : "is missing or not readable";
    /* requirements.yaml is read over Chart.yaml */
    if (fault && is_clear && is_clear_too && !chart.requirements) {
        out->why = xasprintf("%s %s", place_of(l, prefix, "Chart.yaml").text, fault);
        return;
    }
    chart.is_certain =
        is_certain && is_clear && is_clear_too && !json_value_at(chart.requirements, "name");
    if (chart.is_certain)
        chart.name = json_str_at(chart.metadata, "name");
    chart.is_library = str_is(json_str_at(chart.metadata, "type"), "library");
    chart.owned = xstrndup(prefix);
    chart.prefix = (struct str){chart.owned, prefix.n};
    out->charts = xgrow(out->charts, out->n, &out->capacity, sizeof *out->charts);
    out->charts[out->n++] = chart;
    add_subcharts(l, out->n - 1);
}

void helm_charts_add(struct helm_charts *charts, const struct render *r,
                     const struct helm_files *files, bool is_certain)
{
    struct loading l = {.out = charts, .render = r, .files = files};

    add_chart(&l, STR(""), is_certain);
}

void helm_charts_clear(struct helm_charts *charts)
{
    for (size_t i = 0; i < charts->n; i++)
        free(charts->charts[i].owned);
    free(charts->charts);
    free(charts->archives);
    free(charts->why);
    *charts = (struct helm_charts){0};
}

bool helm_chart_has(const struct helm_chart *chart, const struct helm_file *file, struct str *below)
{
    if (!str_starts(file->path, chart->prefix))
        return false;
    *below = str_sub(file->path, chart->prefix.n, file->path.n);
    return !str_starts(*below, STR("charts/"));
}
