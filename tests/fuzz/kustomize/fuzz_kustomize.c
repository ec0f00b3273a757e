/* A tree of kustomizations whose files are the parts of the input, the last part being the
 * Application's own options: rendered twice alike, with every object named, and no object certain
 * of a build that fails. */
#include "../fuzz_tree.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {
    "base/app.yaml", "base/kustomization.yaml", "part/kustomization.yaml", "top/app.yaml",
    "top/cm",        "top/kustomization.yaml",  "top/patch.yaml",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_tree t;
    AUTO(json_unrefp) json_t *options = NULL;
    struct err err = {0};
    struct source source = {.path = STR("top")};

    fuzz_tree_read(data, size, paths, ARRAY_LEN(paths), &t);
    if (json_read(t.rest, &options, &err) && json_is_object(options))
        source.kustomize = options;
    fuzz_tree_render(&t, &(struct render_request){.source = &source, .app_name = STR("a")});
    fuzz_tree_clear(&t);
    return 0;
}
