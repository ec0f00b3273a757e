/* set_git.c: the git generator, of directories or of files. */
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "facts/internal.h"
#include "facts/set_params.h"
#include "objects/set_path.h"
#include <stdlib.h>
#include <string.h>

/* Parameters are written by hand. */
enum { FILE_MAX_BYTES = 256 * 1024, WORK_OF_A_FILE = 1000 };

static bool is_hidden(struct str path)
{
    return (path.n && path.p[0] == '.') || str_contains(path, STR("/."));
}

static json_t *text_of(struct str text)
{
    return json_stringn_nocheck(text.p ? text.p : "", text.n);
}

/* Outside ASCII what Go makes of it is not known. */
static json_t *normalized(struct str text)
{
    AUTO(freep) char *name = set_path_normalize(text);

    return name ? json_string_nocheck(name) : json_null();
}

static json_t *segments(struct str path)
{
    json_t *out = json_array();
    struct str part;

    while (str_split(&path, '/', &part))
        (void)json_array_append_new(out, text_of(part));
    return out;
}

/* file: STR_NONE for a directory. */
static json_t *path_tree(struct str directory, struct str file)
{
    json_t *out = json_object();

    (void)json_object_set_new_nocheck(out, "path", text_of(directory));
    (void)json_object_set_new_nocheck(out, "basename", text_of(set_path_base(directory)));
    (void)json_object_set_new_nocheck(out, "basenameNormalized",
                                      normalized(set_path_base(directory)));
    (void)json_object_set_new_nocheck(out, "segments", segments(directory));
    if (file.p) {
        (void)json_object_set_new_nocheck(out, "filename", text_of(file));
        (void)json_object_set_new_nocheck(out, "filenameNormalized", normalized(file));
    }
    return out;
}

static void set_flat(json_t *params, const char *prefix, const char *suffix, json_t *value)
{
    AUTO(freep) char *key = xasprintf("%s%s", prefix, suffix);

    (void)json_object_set_new_nocheck(params, key, value);
}

static void add_flat_path(json_t *params, const char *prefix, struct str directory, struct str file)
{
    struct str rest = directory;
    struct str part;

    set_flat(params, prefix, "", text_of(directory));
    set_flat(params, prefix, ".basename", text_of(set_path_base(directory)));
    set_flat(params, prefix, ".basenameNormalized", normalized(set_path_base(directory)));
    if (file.p) {
        set_flat(params, prefix, ".filename", text_of(file));
        set_flat(params, prefix, ".filenameNormalized", normalized(file));
    }
    for (size_t i = 0; str_split(&rest, '/', &part); i++) {
        AUTO(freep) char *index = xasprintf("[%zu]", i);

        if (part.n)
            set_flat(params, prefix, index, text_of(part));
    }
}

static void add_path(const struct expander *e, json_t *params, const json_t *git,
                     struct str directory, struct str file)
{
    struct str prefix = json_str_at(git, "pathParamPrefix");

    if (!e->set->go_template) {
        AUTO(freep)
        char *key = prefix.n ? xasprintf("%.*s.path", STR_ARG(prefix)) : xstrdup("path");

        add_flat_path(params, key, directory, file);
    } else if (prefix.n) {
        (void)json_object_setn_new_nocheck(params, prefix.p, prefix.n,
                                           json_pack("{s:o}", "path", path_tree(directory, file)));
    } else {
        (void)json_object_set_new_nocheck(params, "path", path_tree(directory, file));
    }
}

/* `values` may name the parameters that stand beside them. */
static bool add_values(struct expander *e, json_t *params, const json_t *git)
{
    json_t *values = json_object_at(git, "values");
    AUTO(json_unrefp) json_t *made = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(values, key, value)
    {
        AUTO(freep) char *text = NULL;
        AUTO(freep) char *name = e->set->go_template ? xstrdup(key) : xasprintf("values.%s", key);

        if (!json_is_string(value)) {
            (void)expander_fails(e, "its git generator's value ", str_from(key), " is no text");
            return false;
        }
        text = set_fill_text(&e->filler, json_view(value), params);
        if (!text)
            return false;
        (void)json_object_set_new_nocheck(made, name, json_string_nocheck(text));
    }
    if (json_object_size(made) == 0)
        return true;
    return (e->set->go_template ? json_object_set_nocheck(params, "values", made)
                                : json_object_update(params, made)) == 0;
}

static json_t *unprintable(struct expander *e)
{
    return expander_not_known(e, "its git generator meets a name that is no UTF-8", STR(""), "");
}

static bool is_selected(struct expander *e, const json_t *directories, struct str path)
{
    bool included = false;

    for (size_t i = 0; i < json_array_size(directories); i++) {
        const json_t *item = json_array_get(directories, i);

        if (!expander_work(e, 1) || !set_path_match(json_str_at(item, "path"), path))
            continue;
        if (json_bool_at(item, "exclude", false))
            return false;
        included = true;
    }
    return included;
}

static json_t *directory_params(struct expander *e, const json_t *git, const struct repository *r)
{
    const json_t *directories = json_array_at(git, "directories");
    AUTO(json_unrefp) json_t *out = json_array();

    for (size_t i = 1; i < repository_n_names(r) && e->budget->work; i++) {
        struct repository_name name = repository_name_at(r, i);
        AUTO(json_unrefp) json_t *params = NULL;

        if (!name.is_directory || is_hidden(name.path) || !is_selected(e, directories, name.path))
            continue;
        if (!utf8_is_valid(name.path))
            return unprintable(e);
        params = json_object();
        add_path(e, params, git, name.path, STR_NONE);
        if (!add_values(e, params, git))
            return NULL;
        (void)json_array_append(out, params);
    }
    return e->budget->work ? steal(&out) : NULL;
}

/* Whether a files generator takes the file: 1 yes, 0 no, -1 it is not known. */
static int is_file_selected(struct expander *e, const json_t *files, struct str path)
{
    int selected = 0;

    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *item = json_array_get(files, i);
        struct str pattern = json_str_at(item, "path");
        bool known = true;

        if (!expander_work(e, 1))
            return -1;
        if (set_path_selects(pattern, path, &known) && known && selected >= 0)
            selected = json_bool_at(item, "exclude", false) ? -2 : 1;
        if (!known) {
            (void)expander_not_known(e, "which files its git generator's pattern ", pattern,
                                     " selects");
            return -1;
        }
    }
    return selected == 1;
}

/* Not known what Argo CD finds in the file. */
static json_t *unread(struct expander *e, struct str path, const char *why)
{
    AUTO(freep) char *after = xasprintf(" (%s)", why);

    return expander_not_known(e, "what its git generator reads of ", path, after);
}

/* A list of mappings: one, or as many as the file's list has. */
static json_t *read_objects(struct expander *e, struct str path, struct str text)
{
    json_t *document = NULL;
    AUTO(json_unrefp) json_t *list = NULL;
    struct err err = {0};

    if (str_starts(text, STR("version https://git-lfs.github.com/spec/")))
        return unread(e, path, "a Git LFS pointer");
    if (!yaml_read(text, 1, &document, NULL, &err))
        return err.kind == ERR_LIMIT
                   ? unread(e, path, "it is not read")
                   : expander_fails(e, "its git generator reads ", path, ", which is no YAML");
    if (json_is_array(document)) {
        list = document;
    } else {
        list = json_array();
        (void)json_array_append_new(list, document ? document : json_object());
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_object(json_array_get(list, i)))
            return expander_fails(e, "its git generator reads ", path, ", which holds no mapping");
    return steal(&list);
}

static bool add_file(struct expander *e, const json_t *git, struct str path, struct str text,
                     json_t *out)
{
    AUTO(json_unrefp) json_t *objects = read_objects(e, path, text);

    for (size_t i = 0; i < json_array_size(objects); i++) {
        json_t *object = json_array_get(objects, i);
        AUTO(json_unrefp) json_t *params = NULL;

        if (!expander_work(e, WORK_OF_A_FILE))
            return false;
        if (e->set->go_template) {
            params = json_copy(object);
        } else {
            params = json_object();
            set_params_flatten(params, STR(""), object);
        }
        add_path(e, params, git, set_path_dir(path), set_path_base(path));
        if (!add_values(e, params, git))
            return false;
        (void)json_array_append(out, params);
    }
    return objects != NULL;
}

static bool read_file(struct expander *e, const json_t *git, const struct repository *r,
                      size_t index, json_t *out)
{
    struct repository_name name = repository_name_at(r, index);
    AUTO(freep) char *bytes = NULL;
    const char *why = NULL;
    size_t n = 0;

    if (!utf8_is_valid(name.path)) {
        (void)unprintable(e);
        return false;
    }
    if (!repository_read_file(r, index, FILE_MAX_BYTES, &bytes, &n, &why)) {
        (void)unread(e, name.path, why);
        return false;
    }
    return add_file(e, git, name.path, (struct str){bytes, n}, out);
}

static json_t *file_params(struct expander *e, const json_t *git, const struct repository *r)
{
    const json_t *files = json_array_at(git, "files");
    AUTO(json_unrefp) json_t *out = json_array();

    for (size_t i = 1; i < repository_n_names(r); i++) {
        struct repository_name name = repository_name_at(r, i);
        int selected = name.is_file ? is_file_selected(e, files, name.path) : 0;

        if (selected < 0 || (selected && !read_file(e, git, r, i, out)))
            return NULL;
    }
    return steal(&out);
}

json_t *set_git_params(struct expander *e, const json_t *git)
{
    struct source source = {
        .repo_url = json_str_at(git, "repoURL"),
        .target_revision = json_str_at(git, "revision"),
    };
    AUTO(freep) char *why = NULL;
    const struct repository *r = facts_find_content(e->facts, &source, false, &why);

    if (!r) {
        if (!e->filler.not_known)
            e->filler.not_known = steal(&why);
        return NULL;
    }
    if (repository_names_missing(r))
        return expander_not_known(e, "its git generator's repository was not read whole: ",
                                  str_from(repository_names_missing(r)), "");
    if (json_array_size(json_array_at(git, "directories")))
        return directory_params(e, git, r);
    if (json_array_size(json_array_at(git, "files")))
        return file_params(e, git, r);
    return expander_fails(e, "its git generator has neither directories nor files", STR(""), "");
}
