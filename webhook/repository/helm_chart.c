#include "repository/helm_chart.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/helm_values.h"
#include "repository/quote.h"
#include "repository/semver.h"
#include <stdlib.h>
#include <string.h>

/* Charts in charts/ of charts; each is a directory or an archive, so HELM_MAX_DEPTH and
 * HELM_ARCHIVE_MAX_DEPTH bound them, too. */
struct loading {
    struct helm_charts *out;
    const struct render *render;
    const struct helm_files *files;
};

static void add_chart(struct loading *l, struct str prefix, size_t parent, bool is_certain);

/* In the repository, for messages. */
static struct quoted place_of(const struct loading *l, struct str below, const char *name)
{
    const char *folder =
        l->files->label ? l->files->label : l->render->tree->nodes[l->files->directory].path;
    AUTO(freep)
    char *path = xasprintf("%s%s%.*s%s", folder, *folder ? "/" : "", STR_ARG(below), name);

    return quote(str_from(path));
}

bool helm_chart_is_document(struct str path)
{
    return str_ends(path, STR("Chart.yaml")) || str_ends(path, STR("requirements.yaml")) ||
           str_ends(path, STR("values.yaml"));
}

/* NULL where there is none, or it is empty or broken. */
static const json_t *document_of(const struct render *r, const struct helm_files *files,
                                 struct str prefix, const char *name, bool *is_clear)
{
    const struct helm_file *file = helm_files_at(files, prefix, name);
    const struct document *d = file ? helm_file_document(r, file) : NULL;

    *is_clear = !file || (!file->may_be_ignored && d && !d->is_not_known);
    return d ? d->json : NULL;
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

static void drop_last(struct helm_charts *charts)
{
    struct helm_chart *last = &charts->charts[--charts->n];

    free(last->owned);
    json_decref(last->values);
}

/* A chart packed as .tgz. False where it is not looked into. */
static bool add_archive(struct loading *l, const struct helm_file *file, size_t parent)
{
    struct helm_charts *out = l->out;
    struct helm_files *files = xcalloc(1, sizeof *files);
    struct loading inner = {.out = out, .render = l->render, .files = files};
    bool is_certain = !file->may_be_ignored && out->charts[parent].is_certain;
    size_t n = out->n;

    helm_files_unpack(l->render, file, files);
    out->unpacked =
        xgrow(out->unpacked, out->n_unpacked, &out->capacity_unpacked, sizeof(struct helm_files *));
    out->unpacked[out->n_unpacked++] = files;
    if (!files->incomplete)
        add_chart(&inner, STR(""), parent, is_certain);
    if (files->incomplete || (out->why && file->may_be_ignored)) {
        while (out->n > n)
            drop_last(out);
        free(steal(&out->why));
        out->unread = xgrow(out->unread, out->n_unread, &out->capacity_unread, sizeof *out->unread);
        out->unread[out->n_unread++] = *file;
        return false;
    }
    return true;
}

/* What charts/ holds under one name. False for what Helm leaves alone. */
static bool add_entry(struct loading *l, const struct helm_file *file, struct str entry,
                      struct str below, size_t parent)
{
    struct helm_charts *out = l->out;
    bool is_file = entry.n == below.n;

    if (entry.p[0] == '_' || entry.p[0] == '.' || (is_file && str_ends(entry, STR(".prov"))))
        return false;
    if (is_file && str_ends(entry, STR(".tgz")))
        return add_archive(l, file, parent);
    if (is_file) {
        if (!file->may_be_ignored)
            out->why =
                xasprintf("%s lies in charts/ and is no chart", place_of(l, file->path, "").text);
        return false;
    }
    add_chart(l, str_sub(file->path, 0, file->path.n - below.n + entry.n + 1), parent,
              out->charts[parent].is_certain);
    return true;
}

static void add_subcharts(struct loading *l, size_t parent)
{
    AUTO(freep) char *folder = xasprintf("%.*scharts/", STR_ARG(l->out->charts[parent].prefix));
    struct str last = STR_NONE;

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
        (void)add_entry(l, file, entry, below, parent);
    }
}

static void add_chart(struct loading *l, struct str prefix, size_t parent, bool is_certain)
{
    struct helm_charts *out = l->out;
    struct helm_chart chart = {.files = l->files, .parent = parent, .values = helm_not_known()};
    size_t index = out->n;
    const char *fault;
    bool is_clear;
    bool is_clear_too;

    chart.metadata = document_of(l->render, l->files, prefix, "Chart.yaml", &is_clear);
    chart.requirements =
        document_of(l->render, l->files, prefix, "requirements.yaml", &is_clear_too);
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
    add_subcharts(l, index);
    out->charts[index].end = out->n;
}

void helm_charts_add(struct helm_charts *charts, const struct render *r,
                     const struct helm_files *files, size_t parent, bool is_certain)
{
    struct loading l = {.out = charts, .render = r, .files = files};

    add_chart(&l, STR(""), parent, is_certain);
    if (!charts->why && parent < charts->n)
        charts->charts[parent].end = charts->n;
}

void helm_charts_clear(struct helm_charts *charts)
{
    while (charts->n)
        drop_last(charts);
    for (size_t i = 0; i < charts->n_unpacked; i++) {
        helm_files_clear(charts->unpacked[i]);
        free(charts->unpacked[i]);
    }
    free(charts->charts);
    free(charts->unread);
    free(charts->unpacked);
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

/* --- which subcharts are rendered, and with what --- */

static void leave_out(struct helm_charts *charts, size_t chart)
{
    for (size_t i = chart; i < charts->charts[chart].end; i++) {
        charts->charts[i].is_off = true;
        charts->charts[i].is_certain = false;
    }
}

static void doubt(struct helm_charts *charts, size_t chart)
{
    for (size_t i = chart; i < charts->charts[chart].end; i++)
        charts->charts[i].is_certain = false;
}

/* The value at a path, as Values.PathValue finds it: maps are none. */
static const json_t *at_path(const json_t *values, struct str path)
{
    struct str key;

    while (str_split(&path, '.', &key))
        values = helm_is_known(values) && !json_is_object(values) ? json_null()
                                                                  : helm_values_get(values, key);
    return values;
}

/* The first condition that leads to a truth value decides. NOT_KNOWN: *decides says whether one
 * may. */
static enum tri by_condition(const json_t *values, struct str condition, bool *decides)
{
    struct str rest = str_trim(condition);
    struct str path;

    *decides = true;
    while (rest.n && str_split(&rest, ',', &path)) {
        const json_t *value = path.n ? at_path(values, path) : json_null();

        if (!helm_is_known(value))
            return TRI_NOT_KNOWN;
        if (json_is_boolean(value))
            return json_is_true(value) ? TRI_YES : TRI_NO;
    }
    *decides = false;
    return TRI_YES;
}

static enum tri by_tags(const json_t *values, const json_t *tags)
{
    const json_t *all = helm_values_get(values, STR("tags"));
    bool has_true = false;
    bool has_false = false;

    if (!json_array_size(tags))
        return TRI_YES;
    if (helm_is_known(all) && !json_is_object(all))
        return TRI_YES;
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const json_t *value = helm_values_get(all, json_view(json_array_get(tags, i)));

        if (!helm_is_known(value))
            return TRI_NOT_KNOWN;
        has_true = has_true || json_is_true(value);
        has_false = has_false || json_is_false(value);
    }
    return has_false && !has_true ? TRI_NO : TRI_YES;
}

enum tri helm_chart_wants(const struct helm_charts *charts, size_t chart, const json_t *dependency)
{
    const struct helm_chart *c = &charts->charts[chart];
    const json_t *condition = json_value_at(dependency, "condition");
    const json_t *tags = json_value_at(dependency, "tags");
    enum tri tagged = by_tags(c->values, tags);
    bool decides;
    enum tri wanted;

    if ((condition && !json_is_string(condition)) || (tags && !json_is_array(tags)) ||
        (!condition && has_field(dependency, "condition")) ||
        (!tags && has_field(dependency, "tags")))
        return TRI_NOT_KNOWN;
    wanted = by_condition(c->values, json_view(condition), &decides);
    if (decides)
        return wanted;
    /* tags are looked up among the first chart's values, with more below them */
    return json_array_size(tags) && chart ? TRI_NOT_KNOWN : tagged;
}

static enum tri fits(struct str range, struct str version)
{
    struct semver_question q = {.revision = range, .tags = &version, .n_tags = 1};
    bool taken = false;

    if (str_eq(range, version) || str_is(range, "*"))
        return TRI_YES;
    if (!range.n || !version.n || semver_pick(&q, &taken) != SEMVER_TAGS)
        return TRI_NOT_KNOWN;
    return taken ? TRI_YES : TRI_NOT_KNOWN;
}

static bool imports_values(const struct helm_chart *chart)
{
    const json_t *d;

    for (size_t i = 0; (d = helm_chart_dependency(chart, i)) != NULL; i++)
        if (has_field(d, "import-values"))
            return true;
    return false;
}

/* values.yaml. The caller owns it. */
static json_t *defaults_of(const struct render *r, const struct helm_chart *chart)
{
    bool is_clear;
    const struct helm_file *file = helm_files_at(chart->files, chart->prefix, "values.yaml");
    const struct document *d = file ? helm_file_document(r, file) : NULL;
    const json_t *json = document_of(r, chart->files, chart->prefix, "values.yaml", &is_clear);

    if (!is_clear || (d && d->what) || imports_values(chart))
        return helm_not_known();
    return helm_values_default(json);
}

/* The map of a subchart's values, and what stands above the chart's own `global`. */
static json_t *values_above(const struct helm_charts *charts, size_t chart)
{
    const json_t *parent = charts->charts[charts->charts[chart].parent].values;
    struct str name = charts->charts[chart].name;
    const json_t *own = name.n ? helm_values_get(parent, name) : helm_not_known();
    const json_t *global = helm_values_get(parent, STR("global"));
    AUTO(json_unrefp) json_t *merged = NULL;

    if (!helm_is_known(own) || (!json_is_null(own) && !json_is_object(own)))
        own = helm_not_known();
    if (helm_is_known(own) && json_is_null(own))
        own = NULL;
    if (helm_is_known(global) && json_is_null(global)) {
        AUTO(json_unrefp) json_t *none = xneed(json_object());
        const json_t *there = own && helm_is_known(own) ? json_object_get(own, "global") : NULL;

        return helm_values_with(own, "global", there ? json_unconst(there) : none);
    }
    merged = helm_values_merge(global, own && helm_is_known(own) ? json_object_get(own, "global")
                                       : own                     ? helm_not_known()
                                                                 : NULL);
    return helm_values_with(own, "global", merged);
}

static void find_values(struct helm_charts *charts, const struct render *r, size_t chart,
                        const json_t *values)
{
    struct helm_chart *c = &charts->charts[chart];
    AUTO(json_unrefp) json_t *defaults = defaults_of(r, c);
    AUTO(json_unrefp) json_t *above = values ? NULL : values_above(charts, chart);

    json_decref(c->values);
    c->values = helm_values_merge(values ? values : above, defaults);
}

/* What the parent's templates see of the subchart's values. */
static void show_values(struct helm_charts *charts, size_t chart)
{
    const struct helm_chart *c = &charts->charts[chart];
    struct helm_chart *parent = &charts->charts[c->parent];
    AUTO(json_unrefp) json_t *before = parent->values;
    AUTO(freep) char *name = c->name.n ? xstrndup(c->name) : NULL;

    if (!name || !helm_is_known(before)) {
        parent->values = helm_not_known();
        return;
    }
    parent->values = helm_values_with(before, name, c->is_certain ? c->values : helm_not_known());
}

static bool is_below(const struct helm_charts *charts, size_t chart, size_t parent)
{
    return chart != parent && charts->charts[chart].parent == parent;
}

/* The dependency that is about the subchart; n: how many there are. */
static const json_t *dependency_of(const struct helm_charts *charts, size_t chart, size_t *n)
{
    const struct helm_chart *c = &charts->charts[chart];
    const json_t *found = NULL;
    const json_t *d;

    *n = 0;
    for (size_t i = 0; (d = helm_chart_dependency(&charts->charts[c->parent], i)) != NULL; i++) {
        bool is_it = str_eq(json_str_at(d, "name"), json_str_at(c->metadata, "name"));

        /* one that another is called as is taken out along with it */
        if (!is_it && !str_eq(json_str_at(d, "alias"), json_str_at(c->metadata, "name")))
            continue;
        found = is_it ? d : found;
        ++*n;
    }
    return found;
}

/* The name under which it is rendered. */
static void find_name(struct helm_charts *charts, size_t chart)
{
    struct helm_chart *c = &charts->charts[chart];
    size_t n;
    const json_t *d = dependency_of(charts, chart, &n);
    struct str alias = json_str_at(d, "alias");
    bool has_odd_alias = d && !alias.n && has_field(d, "alias");

    if (!c->name.n)
        return;
    if (n > 1 || (n && !d) || has_odd_alias) {
        doubt(charts, chart);
        if (alias.n || n > 1)
            c->name = STR("");
        return;
    }
    if (!alias.n)
        return;
    if (fits(json_str_at(d, "version"), json_str_at(c->metadata, "version")) == TRI_YES) {
        c->name = alias;
    } else {
        c->name = STR("");
        doubt(charts, chart);
    }
}

/* Two of one name are given the same values, which both add to. */
static bool has_twin(const struct helm_charts *charts, size_t chart)
{
    const struct helm_chart *c = &charts->charts[chart];

    for (size_t i = c->parent + 1; i < charts->charts[c->parent].end; i++)
        if (i != chart && is_below(charts, i, c->parent) && str_eq(charts->charts[i].name, c->name))
            return true;
    return false;
}

static void settle_wanted(struct helm_charts *charts, size_t chart, bool is_listed)
{
    struct helm_chart *c = &charts->charts[chart];
    size_t n = 0;
    const json_t *d = is_listed ? dependency_of(charts, chart, &n) : NULL;
    enum tri wanted = TRI_YES;

    if (has_twin(charts, chart))
        doubt(charts, chart);
    if (!c->name.n || !c->is_certain)
        doubt(charts, chart);
    if (d && n == 1)
        wanted = helm_chart_wants(charts, c->parent, d);
    if (wanted == TRI_NO && c->name.n && charts->charts[c->parent].is_certain)
        leave_out(charts, chart);
    else if (wanted != TRI_YES)
        doubt(charts, chart);
}

static bool has_list(const struct helm_chart *chart)
{
    return json_value_at(chart->metadata, "dependencies") ||
           json_value_at(chart->requirements, "dependencies");
}

/* The subcharts of one chart, and below them. Its own values are known. is_listed: Helm looks at
 * its list; below a chart without one it does not, so that nothing is left out or renamed there
 * (processDependencyEnabled). */
static void settle(struct helm_charts *charts, const struct render *r, size_t chart, bool is_listed)
{
    AUTO(json_unrefp) json_t *before = NULL;
    size_t end = charts->charts[chart].end;

    is_listed = is_listed && has_list(&charts->charts[chart]);
    for (size_t i = chart + 1; is_listed && i < end; i++)
        if (is_below(charts, i, chart))
            find_name(charts, i);
    for (size_t i = chart + 1; i < end; i++)
        if (is_below(charts, i, chart) && !has_twin(charts, i))
            find_values(charts, r, i, NULL);
    before = json_incref(charts->charts[chart].values);
    /* conditions see what subcharts say of themselves */
    for (size_t i = chart + 1; i < end; i++)
        if (is_below(charts, i, chart))
            show_values(charts, i);
    for (size_t i = chart + 1; i < end; i++)
        if (is_below(charts, i, chart))
            settle_wanted(charts, i, is_listed);
    json_decref(charts->charts[chart].values);
    charts->charts[chart].values = json_incref(before);
    for (size_t i = chart + 1; i < end; i++)
        if (is_below(charts, i, chart) && !charts->charts[i].is_off)
            settle(charts, r, i, is_listed);
    for (size_t i = chart + 1; i < end; i++)
        if (is_below(charts, i, chart) && !charts->charts[i].is_off)
            show_values(charts, i);
}

void helm_charts_settle(struct helm_charts *charts, const struct render *r, const json_t *values)
{
    find_values(charts, r, 0, values);
    settle(charts, r, 0, true);
}
