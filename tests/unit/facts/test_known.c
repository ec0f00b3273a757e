/* test_known.c: which Applications are known, from what is live and what repositories define. */
#include "base/buf.h"
#include "base/mem.h"
#include "fixture.h"
#include <stdlib.h>
#include <string.h>

#define CONFIG CONFIG_REPOSITORY CONFIG_SNAPSHOT

/* "argocd/a live p; argocd/b b.yaml:3 q": name, where it stands, its source path. */
static char *known_text(const struct facts *f)
{
    struct buf b;

    buf_init(&b, 4096);
    for (size_t i = 0; i < facts_n_applications(f); i++) {
        const struct known_application *known = facts_application(f, i);
        const struct application *app = known->app;

        buf_printf(&b, "%s%.*s/%.*s ", i ? "; " : "", STR_ARG(app->id.namespace),
                   STR_ARG(app->id.name));
        if (known->manifest)
            buf_printf(&b, "%s:%u", known->manifest->file, known->manifest->line);
        else
            buf_adds(&b, "live");
        buf_printf(&b, " %.*s", STR_ARG(app->sources[0].path));
        if (known->other)
            buf_printf(&b, " or %s", known->other->file);
        if (known->is_kustomized)
            buf_adds(&b, " kustomized");
        assert_int_equal(known->manifest != NULL, known->repository != NULL);
        assert_non_null(known->output);
    }
    return buf_take(&b);
}

struct file {
    const char *path;
    const char *text;
};

static const struct {
    const char *what;
    const char *live; /* NULL: no snapshot is configured */
    struct file files[3];
    const char *webhook;
    const char *check;
} rows[] = {
    {"live and defined alike",
     LIVE_APPLICATION("argocd", "a", "p"),
     {{"a.yaml", DEFINITION("a", "p")}},
     "argocd/a live p",
     "argocd/a a.yaml:3 p"},
    {"live and defined differently",
     LIVE_APPLICATION("argocd", "a", "p"),
     {{"a.yaml", DEFINITION("a", "q")}},
     "argocd/a live p",
     "argocd/a a.yaml:3 q"},
    {"defined and not live, where all live ones were seen",
     LIVE_APPLICATION("argocd", "b", "p"),
     {{"a.yaml", DEFINITION("a", "q")}},
     "argocd/b live p",
     "argocd/b live p; argocd/a a.yaml:3 q"},
    {"the same, and a live one renders it",
     LIVE_APPLICATION("argocd", "b", "apps"),
     {{"apps/a.yaml", DEFINITION("a", "q")}},
     "argocd/b live apps; argocd/a apps/a.yaml:3 q",
     "argocd/b live apps; argocd/a apps/a.yaml:3 q"},
    {"the same through another that is not live",
     LIVE_APPLICATION("argocd", "b", "apps"),
     {{"apps/a.yaml", DEFINITION("a", "more")}, {"more/c.yaml", DEFINITION("c", "q")}},
     "argocd/b live apps; argocd/a apps/a.yaml:3 more; argocd/c more/c.yaml:3 q",
     "argocd/b live apps; argocd/a apps/a.yaml:3 more; argocd/c more/c.yaml:3 q"},
    {"two that render each other, and nothing live renders either",
     LIVE_APPLICATION("argocd", "b", "p"),
     {{"left/a.yaml", DEFINITION("a", "right")}, {"right/c.yaml", DEFINITION("c", "left")}},
     "argocd/b live p",
     "argocd/b live p; argocd/a left/a.yaml:3 right; argocd/c right/c.yaml:3 left"},
    {"rendered by a live one under another name",
     LIVE_APPLICATION("argocd", "b", "apps"),
     {{"apps/a.yaml", DEFINITION("a", "q")},
      {"apps/kustomization.yaml", "namePrefix: x-\nresources: [a.yaml]\n"}},
     "argocd/b live apps; argocd/x-a apps/a.yaml:3 q",
     "argocd/b live apps; argocd/a apps/a.yaml:3 q kustomized; argocd/x-a apps/a.yaml:3 q"},
    {"rendered by a live one as it is written, beside a kustomization",
     LIVE_APPLICATION("argocd", "b", "apps"),
     {{"apps/a.yaml", DEFINITION("a", "q")}, {"apps/kustomization.yaml", "resources: [a.yaml]\n"}},
     "argocd/b live apps; argocd/a apps/a.yaml:3 q",
     "argocd/b live apps; argocd/a apps/a.yaml:3 q"},
    {"a snapshot that shows no Applications says nothing of them",
     "{apiVersion: v1, kind: Secret, metadata: {namespace: n, name: s}}",
     {{"a.yaml", DEFINITION("a", "q")}},
     "argocd/a a.yaml:3 q",
     "argocd/a a.yaml:3 q"},
    {"no snapshot",
     NULL,
     {{"a.yaml", DEFINITION("a", "q")}},
     "argocd/a a.yaml:3 q",
     "argocd/a a.yaml:3 q"},
    {"two definitions that differ",
     NULL,
     {{"a.yaml", DEFINITION("a", "p")}, {"b.yaml", DEFINITION("a", "q")}},
     "argocd/a a.yaml:3 p or b.yaml; argocd/a b.yaml:3 q or a.yaml",
     "argocd/a a.yaml:3 p or b.yaml; argocd/a b.yaml:3 q or a.yaml"},
    {"two definitions that differ, and the live one",
     LIVE_APPLICATION("argocd", "a", "r"),
     {{"a.yaml", DEFINITION("a", "p")}, {"b.yaml", DEFINITION("a", "q")}},
     "argocd/a live r",
     "argocd/a live r"},
    {"two definitions that are alike",
     NULL,
     {{"a.yaml", DEFINITION("a", "p")}, {"b.yaml", DEFINITION("a", "p")}},
     "argocd/a a.yaml:3 p; argocd/a b.yaml:3 p",
     "argocd/a a.yaml:3 p; argocd/a b.yaml:3 p"},
    {"two definitions that are alike, and the live one",
     LIVE_APPLICATION("argocd", "a", "r"),
     {{"a.yaml", DEFINITION("a", "p")}, {"b.yaml", DEFINITION("a", "p")}},
     "argocd/a live r",
     "argocd/a a.yaml:3 p; argocd/a b.yaml:3 p"},
    {"live ones in order of namespace and name",
     LIVE_APPLICATION("team", "a", "p") "," LIVE_APPLICATION(
         "argocd", "z", "p") "," LIVE_APPLICATION("argocd", "b", "p"),
     {{0}},
     "argocd/b live p; argocd/z live p; team/a live p",
     "argocd/b live p; argocd/z live p; team/a live p"},
};

static void assert_known(const struct facts *f, const char *what, const char *wanted)
{
    AUTO(freep) char *text = known_text(f);

    if (strcmp(text, wanted) != 0)
        fail_msg("%s: wanted %s, got %s", what, wanted, text);
}

static void what_is_live_and_what_is_defined(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct facts *f;

        world_init(&w, rows[i].live ? CONFIG : CONFIG_REPOSITORY);
        if (rows[i].live)
            WORLD_SNAPSHOT(&w, rows[i].live);
        for (size_t k = 0; k < ARRAY_LEN(rows[i].files) && rows[i].files[k].path; k++) {
            AUTO(freep) char *path = xasprintf("repo/%s", rows[i].files[k].path);

            world_write(&w, path, rows[i].files[k].text);
        }
        f = world_load(&w, NULL, 1);
        assert_known(f, rows[i].what, rows[i].webhook);
        facts_unref(f);
        f = world_check(&w);
        assert_known(f, rows[i].what, rows[i].check);
        facts_unref(f);
        world_clear(&w);
    }
}

static void applications_of_another_argo_cd_are_not_known(void **state)
{
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG "argocd: {namespace: argocd, applicationNamespaces: [team-a]}\n");
    WORLD_SNAPSHOT(&w, LIVE_APPLICATION("argocd", "a", "p"), LIVE_APPLICATION("team-a", "a", "p"),
                   LIVE_APPLICATION("team-b", "a", "p"));
    f = world_load(&w, NULL, 1);
    assert_known(f, "live", "argocd/a live p; team-a/a live p");
    facts_unref(f);
    world_clear(&w);
}

static void a_definition_that_no_rule_can_read_is_a_note(void **state)
{
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG_REPOSITORY);
    world_write(&w, "repo/a.yaml",
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
                "metadata: {name: a, namespace: argocd}\nspec: {source: [x]}\n");
    f = world_load(&w, NULL, 1);
    assert_known(f, "unreadable", "");
    assert_int_equal(facts_n_notes(f), 1);
    assert_string_equal(facts_note_at(f, 0)->where, "a.yaml:3");
    assert_string_equal(facts_note_at(f, 0)->text, "/spec/source is a list, not an object");
    facts_unref(f);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_live_and_what_is_defined),
        cmocka_unit_test(applications_of_another_argo_cd_are_not_known),
        cmocka_unit_test(a_definition_that_no_rule_can_read_is_a_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
