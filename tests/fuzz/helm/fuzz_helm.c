/* A chart with a subchart whose files are the parts of the input, the last part being the
 * Application's own `helm`: rendered twice alike, with every object named. */
#include "../fuzz_tree.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {
    "c/.helmignore",
    "c/Chart.yaml",
    "c/charts/sub/Chart.yaml",
    "c/charts/sub/templates/b.yaml",
    "c/charts/sub/values.yaml",
    "c/templates/_h.tpl",
    "c/templates/a.yaml",
    "c/values.yaml",
    "c/x.yaml",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_tree t;
    AUTO(json_unrefp) json_t *options = NULL;
    struct err err = {0};
    struct source source = {.path = STR("c")};

    fuzz_tree_read(data, size, paths, ARRAY_LEN(paths), &t);
    if (json_read(t.rest, &options, &err) && json_is_object(options))
        source.helm = options;
    fuzz_tree_render(&t, &(struct render_request){.source = &source,
                                                  .app_name = STR("a"),
                                                  .destination_namespace = STR("d")});
    fuzz_tree_clear(&t);
    return 0;
}
