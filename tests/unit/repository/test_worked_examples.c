/* The worked examples of reference/argocd.md 3: app argocd/root in apps/root.yaml. */
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROOT "Application argocd/root"

struct example {
    const char *says;
    const char *files[5]; /* path, text, …; besides apps/root.yaml */
    struct source source;
    const char *expected;
};

static void worked_examples(void **state)
{
    const struct example examples[] = {
        {"path: apps", {0}, {.path = STR("apps")}, "COMPLETE | " ROOT},
        {"exclude: root.yaml",
         {0},
         {.path = STR("apps"), .directory = {.present = true, .exclude = STR("root.yaml")}},
         "COMPLETE"},
        {"exclude: apps/root.yaml, but the subject is root.yaml",
         {0},
         {.path = STR("apps"), .directory = {.present = true, .exclude = STR("apps/root.yaml")}},
         "COMPLETE | " ROOT},
        {"exclude is a newline-separated list",
         {0},
         {.path = STR("apps"),
          .directory = {.present = true, .exclude = STR("a.yaml\nroot.yaml\n")}},
         "COMPLETE | " ROOT},
        {"exclude has a blank in its braces",
         {0},
         {.path = STR("apps"),
          .directory = {.present = true, .exclude = STR("{a.yaml, root.yaml}")}},
         "COMPLETE | " ROOT},
        {"path: . does not recurse", {0}, {.path = STR(".")}, "COMPLETE"},
        {"path: . with recurse",
         {0},
         {.path = STR("."), .directory = {.present = true, .recurse = true}},
         "COMPLETE | " ROOT},
        {"include: '*/application.yaml'",
         {0},
         {.path = STR("."),
          .directory = {.present = true, .recurse = true, .include = STR("*/application.yaml")}},
         "COMPLETE"},
        {"include: '*/application.yaml' for apps/x/application.yaml",
         {"apps/x/application.yaml", APP("x")},
         {.path = STR("."),
          .directory = {.present = true, .recurse = true, .include = STR("*/application.yaml")}},
         "COMPLETE | Application argocd/x"},
        {"path: ./apps/", {0}, {.path = STR("./apps/")}, "COMPLETE | " ROOT},
        {"path: apps/../apps", {0}, {.path = STR("apps/../apps")}, "COMPLETE | " ROOT},
        {"a kustomization that does not list root.yaml",
         {"apps/kustomization.yaml", "resources: [other.yaml]\n", "apps/other.yaml", APP("other")},
         {.path = STR("apps")},
         "COMPLETE | Application argocd/other"},
        {"a kustomization with namePrefix",
         {"apps/kustomization.yaml", "namePrefix: prod-\nresources: [root.yaml]\n"},
         {.path = STR("apps")},
         "COMPLETE | Application argocd/prod-root"},
        {"an overlay of apps",
         {"apps/kustomization.yaml", "resources: [root.yaml]\n", "overlay/kustomization.yaml",
          "resources: [../apps]\n"},
         {.path = STR("overlay")},
         "COMPLETE | " ROOT},
        {"a manifest without namespace gets the destination's",
         {"apps/root.yaml",
          "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: "
          "root\n"},
         {.path = STR("apps")},
         "COMPLETE | Application default/root"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        const struct example *e = &examples[i];
        const char *actual;

        fixture_renew(f);
        mkfile(f, "apps/root.yaml", APP("root"));
        for (size_t k = 0; k + 1 < ARRAY_LEN(e->files) && e->files[k]; k += 2)
            mkfile(f, e->files[k], e->files[k + 1]);
        fixture_load(f);
        actual = rendered(f, &e->source);
        if (strcmp(actual, e->expected) != 0)
            fail_msg("%s\n  expected %s\n  actual   %s", e->says, e->expected, actual);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(worked_examples, fixture_setup, fixture_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
