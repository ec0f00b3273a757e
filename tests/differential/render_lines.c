/*
 * render_lines: what repository_render() says of directories, for the comparisons with real tools.
 *
 * Standard input: one JSON object a line, {"directory": DIR, "application": an Application,
 * "references": {NAME: DIR}}. DIR stands for the repository of every source, or of what $NAME means
 * in value files. Standard output: one JSON object a line,
 * {"sources": [{"state": "complete|partial|fails", "why": …, "noMoreArgoproj": bool,
 * "noMoreExternalSecrets": bool, "noMoreSecrets": bool, "openEnds": [what may come further],
 * "objects": [{"group", "kind", "namespace", "name", "file", "hook"}]}]}, or {"error": …} where the
 * input cannot be read.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "repository/repository.h"
#include <stdio.h>
#include <stdlib.h>

static const char *const states[] = {
    [RENDER_COMPLETE] = "complete",
    [RENDER_PARTIAL] = "partial",
    [RENDER_FAILS] = "fails",
};

static void set_str(json_t *object, const char *key, struct str text)
{
    (void)json_object_set_new(object, key, json_stringn_nocheck(text.n ? text.p : "", text.n));
}

static json_t *show_object(const struct rendered *o)
{
    json_t *shown = json_object();

    set_str(shown, "group", o->id.group);
    set_str(shown, "kind", o->id.kind);
    set_str(shown, "namespace", o->id.namespace);
    set_str(shown, "name", o->id.name);
    set_str(shown, "file", str_from(o->manifest->file));
    (void)json_object_set_new(shown, "hook", json_boolean(o->hook));
    return shown;
}

static json_t *show_open_end(const struct open_end *end)
{
    json_t *shown = json_object();

    (void)json_object_set_new(shown, "argoproj", json_boolean(end->argoproj));
    (void)json_object_set_new(shown, "externalSecrets", json_boolean(end->external_secrets));
    (void)json_object_set_new(shown, "others", json_boolean(end->others));
    (void)json_object_set_new(shown, "isWholeName", json_boolean(end->is_whole_name));
    set_str(shown, "kind", end->kind);
    set_str(shown, "prefix", end->prefix);
    set_str(shown, "suffix", end->suffix);
    set_str(shown, "namespace", end->namespace);
    return shown;
}

static json_t *show(const struct rendering *r)
{
    json_t *shown = json_object();
    json_t *objects = json_array();
    json_t *ends = json_array();

    for (size_t i = 0; i < r->n_open_ends; i++)
        (void)json_array_append_new(ends, show_open_end(&r->open_ends[i]));
    for (size_t i = 0; i < r->n_objects; i++)
        (void)json_array_append_new(objects, show_object(&r->objects[i]));
    set_str(shown, "state", str_from(states[r->state]));
    set_str(shown, "why", r->why ? str_from(r->why) : STR(""));
    (void)json_object_set_new(shown, "noMoreArgoproj", json_boolean(r->no_more_argoproj));
    (void)json_object_set_new(shown, "noMoreExternalSecrets",
                              json_boolean(r->no_more_external_secrets));
    (void)json_object_set_new(shown, "noMoreSecrets", json_boolean(r->no_more_secrets));
    (void)json_object_set_new(shown, "openEnds", ends);
    (void)json_object_set_new(shown, "objects", objects);
    return shown;
}

static json_t *render(const struct repository *r, const struct application *app,
                      const struct render_reference *references, size_t n_references)
{
    json_t *sources = json_array();

    for (size_t i = 0; i < app->n_sources; i++) {
        struct render_request q = {
            .source = &app->sources[i],
            .references = references,
            .n_references = n_references,
            .app_name = app->id.name,
            .destination_namespace = app->destination.namespace,
            .skips_marked_files = TRI_YES,
        };
        AUTO(rendering_freep) struct rendering *rendering = repository_render(r, &q);

        (void)json_array_append_new(sources, show(rendering));
    }
    return json_pack("{s:o}", "sources", sources);
}

enum { REFERENCES_MAX = 4 };

/* How many there are. */
static size_t load_references(const json_t *question, struct repository *loaded[REFERENCES_MAX],
                              struct render_reference *out)
{
    json_t *directories = json_object_get(question, "references");
    struct err err = {0};
    size_t n = 0;
    const char *name;
    json_t *directory;

    json_object_foreach(directories, name, directory)
    {
        struct repository_spec spec = {.path = json_string_value(directory)};

        if (n == REFERENCES_MAX || !repository_load(&spec, 0, &loaded[n], &err))
            break;
        out[n] = (struct render_reference){str_from(name), loaded[n]};
        n++;
    }
    return n;
}

static json_t *answer(struct str line, struct err *err)
{
    struct repository *loaded[REFERENCES_MAX] = {0};
    struct render_reference references[REFERENCES_MAX];
    json_t *shown;
    size_t n;

    AUTO(json_unrefp) json_t *question = NULL;
    AUTO(application_freep) struct application *app = NULL;
    AUTO(repository_freep) struct repository *r = NULL;
    AUTO(freep) char *path = NULL;
    struct repository_spec spec = {0};

    if (!json_read(line, &question, err))
        return NULL;
    path = xstrndup(json_str_at(question, "directory"));
    spec.path = path;
    if (!application_parse(json_object_get(question, "application"), STR_NONE, STR_NONE, &app,
                           err) ||
        !repository_load(&spec, 0, &r, err))
        return NULL;
    n = load_references(question, loaded, references);
    shown = render(r, app, references, n);
    while (n)
        repository_free(loaded[--n]);
    return shown;
}

int main(void)
{
    AUTO(freep) char *line = NULL;
    size_t capacity = 0;
    ssize_t n;

    while ((n = getline(&line, &capacity, stdin)) > 0) {
        struct err err = {0};
        char text[ERR_TEXT_MAX];
        json_t *shown = answer((struct str){line, (size_t)n}, &err);

        if (!shown)
            shown = json_pack("{s:s}", "error", err_text(&err, text));
        if (json_dumpf(shown, stdout, JSON_COMPACT) != 0 || puts("") < 0 || fflush(stdout) != 0)
            return 1;
        json_decref(shown);
    }
    return 0;
}
