/* An ApplicationSet, parameters, a pattern and a path, as the lines of the input: what a template
 * makes has a name and the set's namespace; reasons are given where nothing is made; matching and
 * cutting paths ends. */
#include "base/json.h"
#include "base/mem.h"
#include "objects/application_set.h"
#include "objects/set_path.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fill(const struct application_set *set, const json_t *params)
{
    struct set_filler f = {.set = set, .bytes_left = 1024 * 1024};
    AUTO(json_unrefp) json_t *application = set_fill_application(&f, params);
    const json_t *metadata = json_object_at(application, "metadata");

    require(!application || (!f.fails && json_str_at(metadata, "name").n));
    require(application || f.fails || f.not_known || !set->template);
    set_filler_clear(&f);
}

static void match(struct str pattern, struct str path)
{
    AUTO(freep) char *name = set_path_normalize(path);
    bool known;

    (void)set_path_match(pattern, path);
    (void)set_path_selects(pattern, path, &known);
    require(set_path_base(path).n <= path.n + 1 && set_path_dir(path).n <= path.n + 1);
    require(!name || strlen(name) <= 253);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};
    struct str lines[4] = {STR(""), STR(""), STR(""), STR("")};
    AUTO(json_unrefp) json_t *object = NULL;
    AUTO(json_unrefp) json_t *params = NULL;
    AUTO(application_set_freep) struct application_set *set = NULL;
    struct err err = {0};

    for (size_t i = 0; i < ARRAY_LEN(lines) && rest.p; i++)
        (void)str_split(&rest, '\n', &lines[i]);
    match(lines[2], lines[3]);
    if (!json_read(lines[0], &object, &err) ||
        !application_set_parse(object, STR_NONE, STR_NONE, &set, &err))
        return 0;
    if (json_read(lines[1], &params, &err) && json_is_object(params))
        fill(set, params);
    return 0;
}
