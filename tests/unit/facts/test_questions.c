/* test_questions.c: what the facts answer by name, in which order, and where an answer ends. */
#include "base/buf.h"
#include "base/mem.h"
#include "fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG CONFIG_REPOSITORY CONFIG_SNAPSHOT
#define LABEL "argocd: {tracking: label, instanceLabelKey: argocd.argoproj.io/instance}\n"

/* An ExternalSecret in namespace ns; extra: further members of metadata, with a comma before. */
#define EXTERNAL_SECRET(name, extra, target)                                                       \
    "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {namespace: ns, "        \
    "name: " name extra "}, spec: {target: " target "}}"
#define ARGOCD "argocd.argoproj.io/instance"
#define UPSTREAM "app.kubernetes.io/instance"
#define LABELS(labels) ", labels: " labels
#define COPIED_ID                                                                                  \
    ", annotations: {argocd.argoproj.io/tracking-id: "                                             \
    "'app:external-secrets.io/ExternalSecret:ns/id'}"

static struct identity identity_of(const char *group, const char *kind, const char *namespace,
                                   const char *name)
{
    return (struct identity){.group = str_from(group),
                             .kind = str_from(kind),
                             .namespace = str_from(namespace),
                             .name = str_from(name)};
}

static void add_name(struct buf *b, const struct identity *id, const char *more)
{
    buf_printf(b, "%s%.*s/%.*s%s", b->n ? " " : "", STR_ARG(id->namespace), STR_ARG(id->name),
               more);
}

static void assert_text(struct buf *b, const char *wanted)
{
    AUTO(freep) char *text = buf_take(b);

    assert_string_equal(text ? text : "", wanted);
}

static void assert_instances(const struct facts *f, const char *instance, const char *wanted)
{
    const struct known_application *known;
    struct buf b;

    buf_init(&b, 4096);
    for (size_t i = 0; (known = facts_instance(f, str_from(instance), i)); i++)
        add_name(&b, &known->app->id, "");
    assert_text(&b, wanted);
}

static void applications_by_what_argo_cd_calls_them(void **state)
{
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG);
    WORLD_SNAPSHOT(&w, LIVE_APPLICATION("team", "a", "p"), LIVE_APPLICATION("argocd", "a", "p"));
    f = world_load(&w, NULL, 1);
    assert_instances(f, "a", "argocd/a");
    assert_instances(f, "team_a", "team/a");
    assert_instances(f, "team_", "");
    assert_instances(f, "", "");
    assert_instances(f, "A", "");
    assert_instances(f, "b", "");
    assert_null(facts_instance(f, STR("a"), 1));
    assert_null(facts_instance(f, STR("a"), SIZE_MAX));
    assert_null(facts_instance(f, STR_NONE, 0));
    facts_unref(f);
    world_clear(&w);
}

static void no_facts_answer_nothing(void **state)
{
    const struct identity secret = identity_of("", "Secret", "ns", "s");
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, "{}");
    f = world_load(&w, NULL, 1);
    assert_null(facts_instance(f, STR("a"), 0));
    assert_null(facts_renderer(f, &secret, 0));
    assert_null(facts_external_secret_on(f, &secret, 0));
    assert_null(facts_external_secret_of(f, STR("a"), 0));
    assert_null(facts_secret(f, &secret));
    assert_null(facts_argocd_cm(f));
    assert_int_equal(facts_n_live_objects(f), 0);
    facts_unref(f);
    world_clear(&w);
}

static void assert_renderers(const struct facts *f, const struct identity *id, const char *wanted)
{
    const struct renderer *by;
    struct buf b;

    buf_init(&b, 4096);
    for (size_t i = 0; (by = facts_renderer(f, id, i)); i++) {
        AUTO(freep) char *more = xasprintf("=%s", by->rendered->manifest->file);

        add_name(&b, &by->application->app->id, more);
        assert_true(identity_eq(&by->rendered->id, id));
        assert_non_null(by->source->repository);
    }
    assert_text(&b, wanted);
}

static void what_renders_an_object(void **state)
{
    const struct identity pay =
        identity_of("external-secrets.io", "ExternalSecret", "argocd", "pay");
    const struct identity skipped =
        identity_of("external-secrets.io", "ExternalSecret", "argocd", "skipped");
    const struct identity map = identity_of("", "ConfigMap", "argocd", "other");
    const struct identity cm = identity_of("", "ConfigMap", "argocd", "argocd-cm");
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG);
    WORLD_SNAPSHOT(&w, LIVE_APPLICATION("argocd", "b", "two"),
                   LIVE_APPLICATION("argocd", "a", "one"),
                   LIVE_APPLICATION("argocd", "broken", "broken"),
                   "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {namespace: "
                   "argocd, name: c}, spec: {sources: [{repoURL: 'https://h/r', path: two}, "
                   "{repoURL: 'https://h/r', path: one}], destination: {name: in-cluster, "
                   "namespace: argocd}}}");
    world_write(&w, "repo/one/es.yaml",
                "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: pay}\n"
                "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: "
                "skipped, annotations: {argocd.argoproj.io/hook: Skip}}\n"
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\n");
    world_write(
        &w, "repo/two/es.yaml",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: pay}\n");
    world_write(&w, "repo/broken/es.yaml",
                "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: pay}\n"
                "---\nkind: [\n");
    f = world_load(&w, NULL, 1);
    /* In order of the Applications, then of their sources; one that fails renders nothing. */
    assert_renderers(f, &pay,
                     "argocd/a=one/es.yaml argocd/b=two/es.yaml argocd/c=two/es.yaml "
                     "argocd/c=one/es.yaml");
    assert_null(facts_renderer(f, &pay, 4));
    assert_null(facts_renderer(f, &pay, SIZE_MAX));
    assert_renderers(f, &skipped, "");
    assert_renderers(f, &map, ""); /* no rule asks for it */
    assert_renderers(f, &cm, "argocd/a=one/es.yaml argocd/c=one/es.yaml");
    facts_unref(f);
    world_clear(&w);
}

static void assert_on(const struct facts *f, const char *secret, const char *wanted)
{
    const struct identity id = identity_of("", "Secret", "ns", secret);
    const struct known_external_secret *known;
    struct buf b;

    buf_init(&b, 4096);
    for (size_t i = 0; (known = facts_external_secret_on(f, &id, i)); i++)
        add_name(&b, &known->es->id, known->renderer ? "(rendered)" : "");
    assert_text(&b, wanted);
}

static void which_external_secrets_write_to_a_secret(void **state)
{
    const struct identity of_another = identity_of("", "Secret", "ms", "s");
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG LABEL);
    world_write(&w, "repo/p/es.yaml",
                "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
                "metadata: {name: a, namespace: ns}\nspec: {target: {name: moved}}\n"
                "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
                "metadata: {name: new, namespace: ns}\nspec: {target: {name: s}}\n"
                "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
                "metadata: {name: hook, namespace: ns, annotations: {helm.sh/hook: x}}\n"
                "spec: {target: {name: s}}\n");
    WORLD_SNAPSHOT(
        &w, EXTERNAL_SECRET("z", "", "{name: s}"), EXTERNAL_SECRET("a", "", "{name: s}"),
        EXTERNAL_SECRET("s", "", "{}"),
        EXTERNAL_SECRET("map", "", "{name: s, manifest: {apiVersion: v1, kind: ConfigMap}}"),
        LIVE_APPLICATION("argocd", "app", "p"),
        "{apiVersion: external-secrets.io/v1, kind: ClusterExternalSecret, metadata: "
        "{name: stamp}, spec: {externalSecretSpec: {target: {name: s}}}, status: "
        "{provisionedNamespaces: [ns, ms]}}");
    f = world_load(&w, NULL, 1);
    /* By name; what is live counts before what is rendered of the same name. */
    assert_on(f, "s", "ns/a ns/new(rendered) ns/s ns/stamp ns/z");
    assert_on(f, "moved", "");
    assert_on(f, "", "");
    assert_on(f, "t", "");
    assert_non_null(facts_external_secret_on(f, &of_another, 0));
    assert_null(facts_external_secret_on(f, &of_another, 1));
    assert_null(facts_external_secret_on(f, &of_another, SIZE_MAX));
    facts_unref(f);
    world_clear(&w);
}

static void assert_of(const struct facts *f, const char *instance, const char *wanted)
{
    const struct known_external_secret *known;
    struct buf b;

    buf_init(&b, 4096);
    for (size_t i = 0; (known = facts_external_secret_of(f, str_from(instance), i)); i++)
        add_name(&b, &known->es->id, "");
    assert_text(&b, wanted);
}

static void which_external_secrets_bear_a_mark(void **state)
{
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG);
    world_write(&w, "repo/p/es.yaml",
                "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: file, "
                "namespace: ns, labels: {argocd.argoproj.io/instance: app}}\nspec: {}\n");
    WORLD_SNAPSHOT(
        &w, EXTERNAL_SECRET("both", LABELS("{" ARGOCD ": app, " UPSTREAM ": app}"), "{}"),
        EXTERNAL_SECRET("two", LABELS("{" ARGOCD ": app, " UPSTREAM ": other}"), "{}"),
        EXTERNAL_SECRET("id", COPIED_ID, "{}"),
        EXTERNAL_SECRET("template", "", "{template: {metadata: {labels: {" ARGOCD ": app}}}}"),
        EXTERNAL_SECRET("none", "", "{}"), LIVE_APPLICATION("argocd", "app", "p"));
    f = world_load(&w, NULL, 1);
    /* Nothing is known of the method: any mark counts, each ExternalSecret once, in their order;
     * the file's mark is its author's. */
    assert_int_equal(facts_tracking(f)->n, 3);
    assert_of(f, "app", "ns/both ns/id ns/template ns/two");
    assert_of(f, "other", "ns/two");
    assert_of(f, "ap", "");
    assert_of(f, "", "");
    assert_null(facts_external_secret_of(f, STR("app"), 4));
    assert_null(facts_external_secret_of(f, STR("app"), SIZE_MAX));
    facts_unref(f);
    world_clear(&w);

    world_init(&w, CONFIG LABEL);
    WORLD_SNAPSHOT(&w, EXTERNAL_SECRET("own", LABELS("{" ARGOCD ": app}"), "{}"),
                   EXTERNAL_SECRET("id", COPIED_ID, "{}"));
    f = world_load(&w, NULL, 1);
    assert_of(f, "app", "ns/own");
    facts_unref(f);
    world_clear(&w);
}

static void many_of_one_mark_stay_in_their_order(void **state)
{
    struct world w;
    struct facts *f;
    struct buf items;
    struct buf wanted;
    AUTO(freep) char *text = NULL;
    AUTO(freep) char *order = NULL;

    (void)state;
    buf_init(&items, (size_t)1024 * 1024);
    buf_init(&wanted, 4096);
    for (unsigned i = 100; i-- > 0;)
        buf_printf(&items,
                   "%s{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: "
                   "{namespace: ns, name: e%02u, labels: {argocd.argoproj.io/instance: "
                   "app}}, spec: {target: {name: s}}}",
                   items.n ? "," : "", i);
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&wanted, "%sns/e%02u", i ? " " : "", i);
    text = buf_take(&items);
    order = buf_take(&wanted);
    world_init(&w, CONFIG LABEL);
    WORLD_SNAPSHOT(&w, text);
    f = world_load(&w, NULL, 1);
    assert_of(f, "app", order);
    assert_on(f, "s", order);
    facts_unref(f);
    world_clear(&w);
}

static void secrets_and_what_was_seen(void **state)
{
    const struct identity there = identity_of("", "Secret", "ns", "s");
    const struct identity missing[] = {
        identity_of("", "Secret", "ns", "r"), identity_of("", "Secret", "ns", "t"),
        identity_of("", "Secret", "ms", "s"), identity_of("", "ConfigMap", "ns", "s"),
        identity_of("", "Secret", "ns", "")};
    struct world w;
    struct facts *f;

    (void)state;
    world_init(&w, CONFIG);
    WORLD_SNAPSHOT(&w,
                   "{apiVersion: v1, kind: Secret, metadata: {namespace: ns, name: s, "
                   "resourceVersion: '41'}}",
                   "{apiVersion: v1, kind: Secret, metadata: {namespace: ns, name: u, "
                   "resourceVersion: '9'}}",
                   "{apiVersion: v1, kind: ConfigMap, metadata: {namespace: argocd, name: "
                   "argocd-cm, resourceVersion: '40'}, data: {installationID: one}}");
    f = world_load(&w, NULL, 1);
    assert_non_null(facts_secret(f, &there));
    assert_true(identity_eq(&facts_secret(f, &there)->id, &there));
    for (size_t i = 0; i < ARRAY_LEN(missing); i++)
        assert_null(facts_secret(f, &missing[i]));
    assert_int_equal(facts_n_live_objects(f), 3);
    assert_string_equal(facts_cluster_version(f), "41");
    assert_non_null(facts_argocd_cm(f));
    assert_true(str_is(facts_argocd_cm(f)->installation_id, "one"));
    facts_unref(f);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(applications_by_what_argo_cd_calls_them),
        cmocka_unit_test(no_facts_answer_nothing),
        cmocka_unit_test(what_renders_an_object),
        cmocka_unit_test(which_external_secrets_write_to_a_secret),
        cmocka_unit_test(which_external_secrets_bear_a_mark),
        cmocka_unit_test(many_of_one_mark_stay_in_their_order),
        cmocka_unit_test(secrets_and_what_was_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
