/* What the decision log shows of an object: enough to judge it again, and no secret. */
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "facts/argocd_chart.h"
#include "report/json_out.h"
#include "report/logged.h"
#include "report/projection.h"
#include "report/shape.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

enum { LINE_MAX = 2 * 1024 * 1024 }; /* validate.c */

static json_t *json(const char *text)
{
    json_t *value = NULL;
    struct err err = {0};

    if (!json_read(str_from(text), &value, &err))
        fail_msg("%s: %s", err.why, text);
    return value;
}

/* The members that a line gets, as an object. */
static json_t *project(const struct review *review, const struct facts *facts)
{
    AUTO(buf_clearp) struct buf out = {.max = LINE_MAX};

    json_out_open(&out, NULL, '{');
    projection_write(&out, review, facts);
    json_out_close(&out, '}');
    assert_true(buf_ok(&out));
    return json(buf_str(&out).p);
}

static json_t *project_pair(enum review_kind kind, const char *object, const char *old)
{
    AUTO(json_unrefp) json_t *now = object ? json(object) : NULL;
    AUTO(json_unrefp) json_t *before = old ? json(old) : NULL;
    const struct review review = {.kind = kind,
                                  .operation = old ? OPERATION_UPDATE : OPERATION_CREATE,
                                  .object = now,
                                  .old_object = before};

    return project(&review, NULL);
}

static void assert_json(const json_t *actual, const char *wanted)
{
    AUTO(json_unrefp) json_t *tree = json(wanted);
    /* An absent list is an empty one. */
    AUTO(freep)
    char *text = actual ? json_dumps(actual, JSON_COMPACT | JSON_SORT_KEYS) : xstrdup("[]");
    AUTO(freep) char *wanted_text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);

    assert_string_equal(text, wanted_text);
}

/* fields, omitted and cut of an Application; NULL: no such member. */
static void assert_application(const char *object, const char *fields, const char *omitted,
                               const char *cut)
{
    AUTO(json_unrefp) json_t *line = project_pair(REVIEW_APPLICATION, object, NULL);
    const json_t *logged = json_object_get(line, "object");
    AUTO(freep) char *text = projection_text(json_object_get(logged, "fields"));
    char digest[DIGEST_HEX_MAX];

    assert_json(json_object_get(logged, "fields"), fields);
    assert_json(json_object_get(logged, "omitted"), omitted ? omitted : "[]");
    assert_json(json_object_get(logged, "cut"), cut ? cut : "[]");
    assert_string_equal(json_string_value(json_object_get(logged, "sha256")),
                        digest_sha256(str_from(text), digest));
}

static void an_application_keeps_its_shape(void **state)
{
    (void)state;
    assert_application(
        "{\"metadata\":{\"name\":\"root\",\"namespace\":\"argocd\",\"generateName\":\"r-\","
        "\"labels\":{\"app.kubernetes.io/instance\":\"up\",\"team\":\"s3cret\"},"
        "\"annotations\":{\"argocd.argoproj.io/sync-options\":\"Prune=false\",\"note\":\"s3cret\"},"
        "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"o\",\"uid\":\"u\"}],"
        "\"finalizers\":[\"resources-finalizer.argocd.argoproj.io\"],"
        "\"deletionTimestamp\":\"2026-06-09T12:00:00Z\"},"
        "\"spec\":{\"project\":\"p\",\"info\":[{\"value\":\"s3cret\"}],"
        "\"source\":{\"repoURL\":\"https://git.example/x\",\"path\":\"a\",\"targetRevision\":null,"
        "\"directory\":{\"recurse\":true,\"jsonnet\":{\"tlas\":[{\"value\":\"s3cret\"}]}}},"
        "\"destination\":{\"name\":\"in-cluster\",\"namespace\":\"argocd\"},"
        "\"syncPolicy\":{\"automated\":{\"prune\":true,\"enabled\":false},"
        "\"syncOptions\":[\"Prune=confirm\"],\"retry\":{\"limit\":2}}},"
        "\"operation\":{\"initiatedBy\":{\"automated\":true,\"username\":\"jane\"},"
        "\"sync\":{\"prune\":true,\"revision\":\"main\",\"manifests\":[\"s3cret\"],"
        "\"resources\":[{\"group\":\"\",\"kind\":\"Secret\",\"name\":\"s\"}]}},"
        "\"status\":{\"resources\":[{\"kind\":\"Secret\",\"name\":\"s\",\"status\":\"Synced\","
        "\"requiresPruning\":true}]}}",
        "{\"metadata\":{\"name\":\"root\",\"namespace\":\"argocd\","
        "\"labels\":{\"app.kubernetes.io/instance\":\"up\"},"
        "\"annotations\":{\"argocd.argoproj.io/sync-options\":\"Prune=false\"},"
        "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"o\"}],"
        "\"finalizers\":[\"resources-finalizer.argocd.argoproj.io\"],"
        "\"deletionTimestamp\":\"2026-06-09T12:00:00Z\"},"
        "\"spec\":{\"project\":\"p\","
        "\"source\":{\"repoURL\":\"https://git.example/x\",\"path\":\"a\",\"targetRevision\":null,"
        "\"directory\":{\"recurse\":true,\"jsonnet\":{\"tlas\":\"left out (1)\"}}},"
        "\"destination\":{\"name\":\"in-cluster\",\"namespace\":\"argocd\"},"
        "\"syncPolicy\":{\"automated\":{\"prune\":true,\"enabled\":false},"
        "\"syncOptions\":[\"Prune=confirm\"]}},"
        "\"operation\":{\"initiatedBy\":{\"automated\":true},"
        "\"sync\":{\"prune\":true,\"revision\":\"main\",\"manifests\":\"left out (2)\","
        "\"resources\":[{\"group\":\"\",\"kind\":\"Secret\",\"name\":\"s\"}]}},"
        "\"status\":{\"resources\":[{\"kind\":\"Secret\",\"name\":\"s\","
        "\"requiresPruning\":true}]}}",
        "[\"/spec/source/directory/jsonnet/tlas\",\"/operation/sync/manifests\"]", NULL);
}

/* Empty options are told from others, equal ones from different ones. */
static void something_stands_for_what_is_left_out(void **state)
{
    (void)state;
    assert_application(
        "{\"spec\":{\"sources\":["
        "{\"helm\":{\"values\":\"k: argoproj.io/s3cret\",\"valuesObject\":{},\"parameters\":[],"
        "\"releaseName\":\"r\",\"valueFiles\":[\"v.yaml\",\"https://t:s3cret@h/v?token=s3cret\"],"
        "\"fileParameters\":[{\"name\":\"n\",\"path\":\"p\"}],\"new/~\":{\"k\":\"s3cret\"}}},"
        "{\"helm\":{\"valuesObject\":{\"k\":\"external-secrets.io\"},"
        "\"parameters\":[{\"name\":\"n\",\"value\":\"s3cret\"}]}},"
        "{\"kustomize\":{\"namePrefix\":\"p-\",\"images\":[\"s3cret\"],\"patches\":[\"s3cret\"],"
        "\"commonAnnotations\":{\"argocd.argoproj.io/hook\":\"Skip\",\"a\":\"s3cret\"}}},"
        "{\"plugin\":{\"name\":\"p\",\"env\":[{\"name\":\"TOKEN\",\"value\":\"s3cret\"}]}}]}}",
        "{\"spec\":{\"sources\":["
        "{\"helm\":{\"values\":\"left out (1) argoproj.io\",\"valuesObject\":{},\"parameters\":[],"
        "\"releaseName\":\"r\",\"valueFiles\":[\"v.yaml\",\"https://h/v?…\"],"
        "\"fileParameters\":[{\"name\":\"n\",\"path\":\"p\"}],\"new/~\":\"left out (2)\"}},"
        "{\"helm\":{\"valuesObject\":\"left out (3) external-secrets.io\","
        "\"parameters\":[\"left out (4)\"]}},"
        "{\"kustomize\":{\"namePrefix\":\"p-\",\"images\":\"left out (6)\","
        "\"patches\":\"left out (6)\",\"commonAnnotations\":"
        "{\"argocd.argoproj.io/hook\":\"Skip\",\"a\":\"left out (5)\"}}},"
        "{\"plugin\":{\"name\":\"p\",\"env\":\"left out (7)\"}}]}}",
        "[\"/spec/sources/0/helm/values\",\"/spec/sources/0/helm/new~1~0\","
        "\"/spec/sources/1/helm/valuesObject\",\"/spec/sources/1/helm/parameters\","
        "\"/spec/sources/2/kustomize/commonAnnotations/a\",\"/spec/sources/2/kustomize/images\","
        "\"/spec/sources/2/kustomize/patches\",\"/spec/sources/3/plugin/env\"]",
        "[\"/spec/sources/0/helm/valueFiles/1\"]");
}

static void urls_keep_what_names_the_repository(void **state)
{
    (void)state;
    assert_application(
        "{\"spec\":{\"sources\":["
        "{\"repoURL\":\"https://t:s3cret@git.example/x\"},"
        "{\"repoURL\":\"git@git.example:x/y.git\"},"
        "{\"repoURL\":\"ssh://git@git.example:22/x\"},"
        "{\"repoURL\":\"s3cret@git.example:x/y.git\"},"
        "{\"repoURL\":\"https://git.example/x?token=s3cret\"}],"
        "\"destination\":{\"server\":\"https://t:s3cret@k8s\"}}}",
        "{\"spec\":{\"sources\":["
        "{\"repoURL\":\"https://git.example/x\"},"
        "{\"repoURL\":\"git@git.example:x/y.git\"},"
        "{\"repoURL\":\"ssh://git@git.example:22/x\"},"
        "{\"repoURL\":\"git.example:x/y.git\"},"
        "{\"repoURL\":\"https://git.example/x?…\"}],"
        "\"destination\":{\"server\":\"https://k8s\"}}}",
        "[\"/spec/sources/0/repoURL\"]",
        "[\"/spec/destination/server\",\"/spec/sources/3/repoURL\",\"/spec/sources/4/repoURL\"]");
}

static void texts_are_escaped_cut_and_named(void **state)
{
    char path[402];
    char wanted[201];
    AUTO(freep) char *object = NULL;
    AUTO(freep) char *fields = NULL;

    (void)state;
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    memset(wanted, 'p', sizeof wanted - 1);
    wanted[sizeof wanted - 1] = '\0';
    object = xasprintf("{\"spec\":{\"source\":{\"path\":\"%s\",\"chart\":\"a\\nb\","
                       "\"helm\":{\"k\\n\":\"s3cret\"}}}}",
                       path);
    fields = xasprintf("{\"spec\":{\"source\":{\"path\":\"%s…\",\"chart\":\"a\\\\u{a}b\","
                       "\"helm\":{\"k\\\\u{a}\":\"left out (1)\"}}}}",
                       wanted);
    assert_application(object, fields, "[\"/spec/source/helm/k\\\\u{a}\"]",
                       "[\"/spec/source/path\",\"/spec/source/chart\","
                       "\"/spec/source/helm/k\\\\u{a}\"]");
}

/* A rule says of the wrong type which it is. */
static void wrong_types_stay_wrong(void **state)
{
    (void)state;
    assert_application("{\"metadata\":[\"s3cret\"],\"spec\":{\"project\":{\"k\":\"s3cret\"},"
                       "\"source\":\"s3cret\",\"sources\":{},\"destination\":7,"
                       "\"syncPolicy\":false},\"operation\":[]}",
                       "{\"metadata\":[\"left out (1)\"],\"spec\":"
                       "{\"project\":{\"leftOut\":\"left out (2)\"},\"source\":\"left out (3)\","
                       "\"sources\":{},\"destination\":7.0,\"syncPolicy\":false},\"operation\":[]}",
                       "[\"/metadata\",\"/spec/project\",\"/spec/source\"]", NULL);
}

static void an_external_secret_shows_no_template_data(void **state)
{
    AUTO(json_unrefp)
    json_t *line = project_pair(
        REVIEW_EXTERNAL_SECRET,
        "{\"spec\":{\"data\":[{\"remoteRef\":{\"key\":\"s3cret\"}}],\"target\":{\"name\":\"t\","
        "\"creationPolicy\":\"Merge\",\"immutable\":true,"
        "\"manifest\":{\"apiVersion\":\"v1\",\"kind\":\"Secret\"},"
        "\"template\":{\"data\":{\"k\":\"s3cret\"},\"engineVersion\":\"v2\","
        "\"templateFrom\":[{\"target\":\"Labels\",\"literal\":\"s3cret\"}],"
        "\"metadata\":{\"labels\":{\"argocd.argoproj.io/instance\":\"x\",\"l\":\"s3cret\"},"
        "\"annotations\":{\"helm.sh/resource-policy\":\"keep\",\"a\":\"s3cret\"}}}}}}",
        NULL);
    const json_t *logged = json_object_get(line, "object");

    (void)state;
    assert_json(json_object_get(logged, "fields"),
                "{\"spec\":{\"target\":{\"name\":\"t\",\"creationPolicy\":\"Merge\","
                "\"immutable\":true,\"manifest\":{\"apiVersion\":\"v1\",\"kind\":\"Secret\"},"
                "\"template\":{\"templateFrom\":[{\"target\":\"Labels\"}],"
                "\"metadata\":{\"labels\":{\"argocd.argoproj.io/instance\":\"x\"},"
                "\"annotations\":{\"helm.sh/resource-policy\":\"keep\"}}}}}}");
    assert_null(json_object_get(logged, "omitted"));
    assert_null(json_object_get(logged, "cut"));
}

static void an_update_shows_both_and_what_else_changed(void **state)
{
    static const char *const before =
        "{\"spec\":{\"info\":[1],\"source\":{\"helm\":{\"values\":\"a: s3cret\"}}}}";
    static const struct {
        const char *now;
        bool others;
        const char *values;
    } cases[] = {
        {"{\"spec\":{\"info\":[1],\"source\":{\"helm\":{\"values\":\"a: s3cret\"}}}}", false,
         "left out (1)"},
        {"{\"spec\":{\"info\":[2],\"source\":{\"helm\":{\"values\":\"a: s3cret\"}}}}", true,
         "left out (1)"},
        /* What changed can be seen by the numbers, so nothing else need be said. */
        {"{\"spec\":{\"info\":[1],\"source\":{\"helm\":{\"values\":\"a: s3cret2\"}}}}", false,
         "left out (1)"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(json_unrefp) json_t *line = project_pair(REVIEW_APPLICATION, cases[i].now, before);
        AUTO(freep) char *text = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);

        assert_int_equal(json_is_true(json_object_get(line, "otherChanges")), cases[i].others);
        assert_non_null(strstr(text, cases[i].values));
        assert_int_equal(strstr(text, "left out (2)") != NULL, i == 2);
        assert_null(strstr(text, "s3cret"));
        assert_non_null(json_object_get(line, "oldObject"));
    }
}

static void absent_unreadable_and_unchanged_are_told_apart(void **state)
{
    AUTO(json_unrefp) json_t *absent = project_pair(REVIEW_APPLICATION, NULL, NULL);
    AUTO(json_unrefp) json_t *other = project_pair(REVIEW_OTHER, "{}", NULL);
    const struct review unchanged = {
        .kind = REVIEW_APPLICATION, .operation = OPERATION_UPDATE, .unchanged = true};
    const struct review unreadable = {.kind = REVIEW_APPLICATION,
                                      .operation = OPERATION_UPDATE,
                                      .object_unreadable = "its spec is too deep"};
    AUTO(json_unrefp) json_t *same = project(&unchanged, NULL);
    AUTO(json_unrefp) json_t *broken = project(&unreadable, NULL);

    (void)state;
    assert_json(absent, "{\"object\":null}");
    assert_json(other, "{}");
    assert_json(same, "{\"unchanged\":true}");
    assert_json(broken, "{\"object\":{\"unreadable\":\"its spec is too deep\"},"
                        "\"oldObject\":null}");
}

/* Whoever sends much gets a line all the same, which says what it lacks. */
static void a_large_object_gives_a_bounded_line(void **state)
{
    enum { BIG = 16 * 1024 * 1024 };
    AUTO(buf_clearp) struct buf text = {.max = BIG};
    AUTO(json_unrefp) json_t *line = NULL;
    AUTO(freep) char *out = NULL;
    const json_t *logged;
    const json_t *sources;
    const json_t *omitted;
    struct str missing = STR_NONE;
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(facts_unrefp)
    struct facts *facts = facts_load(&(struct facts_options){.settings = settings}, 1);

    (void)state;
    buf_adds(&text, "{\"spec\":{\"sources\":[");
    for (unsigned i = 0; i < 900; i++) {
        buf_printf(&text, "%s{\"path\":\"", i ? "," : "");
        for (unsigned k = 0; k < 400; k++)
            buf_adds(&text, "\\\\"); /* doubled once more in JSON */
        buf_adds(&text, "\",\"helm\":{");
        for (unsigned k = 0; k < 60; k++)
            buf_printf(&text, "%s\"%u%0200u\":\"v%u\"", k ? "," : "", k, k, k);
        buf_adds(&text, "}}");
    }
    buf_adds(&text, "]},\"status\":{\"resources\":[");
    for (unsigned i = 0; i < 900; i++)
        buf_printf(&text, "%s{\"kind\":\"Secret\",\"name\":\"%u\"}", i ? "," : "", i);
    buf_adds(&text, "]}}");
    line = project_pair(REVIEW_APPLICATION, buf_str(&text).p, buf_str(&text).p);
    out = json_dumps(line, JSON_COMPACT);
    assert_in_range(strlen(out), 100 * 1024, 1800 * 1024);
    logged = json_object_get(line, "object");
    sources =
        json_object_get(json_object_get(json_object_get(logged, "fields"), "spec"), "sources");
    omitted = json_object_get(logged, "omitted");
    assert_in_range(json_array_size(sources), 10, SHAPE_SOURCES_MAX);
    assert_int_equal(json_array_size(omitted), PROJECTION_POINTERS_MAX);
    assert_string_equal(json_string_value(json_array_get(omitted, PROJECTION_POINTERS_MAX - 1)),
                        "/-");
    assert_int_equal(logged_check(logged, facts, &missing), LOGGED_LACKING);
    assert_string_equal(missing.p, "/-");
}

static void lists_end_and_say_where(void **state)
{
    AUTO(buf_clearp) struct buf text = {.max = LINE_MAX};
    AUTO(json_unrefp) json_t *line = NULL;
    const json_t *logged;
    const json_t *fields;

    (void)state;
    buf_adds(&text, "{\"spec\":{\"sources\":[");
    for (unsigned i = 0; i <= SHAPE_SOURCES_MAX; i++)
        buf_printf(&text, "%s{\"path\":\"%u\"}", i ? "," : "", i);
    buf_adds(&text, "]},\"status\":{\"resources\":[");
    for (unsigned i = 0; i <= SHAPE_STATUS_MAX; i++)
        buf_printf(&text, "%s{\"kind\":\"Secret\",\"name\":\"%u\"}", i ? "," : "", i);
    buf_adds(&text, "]}}");
    line = project_pair(REVIEW_APPLICATION, buf_str(&text).p, NULL);
    logged = json_object_get(line, "object");
    fields = json_object_get(logged, "fields");
    assert_int_equal(json_array_size(json_object_get(json_object_get(fields, "spec"), "sources")),
                     SHAPE_SOURCES_MAX);
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(fields, "status"), "resources")),
        SHAPE_STATUS_MAX);
    assert_json(json_object_get(logged, "omitted"),
                "[\"/spec/sources/50\",\"/status/resources/200\"]");
}

/* argocd_chart.c reads values: what stands for them answers it as they do. */
static void the_chart_argo_cd_is_asked_the_same(void **state)
{
    static const char *const options[] = {
        "{}",
        "{\"values\":\" \\n\"}",
        "{\"values\":\"configs: {secret: {createSecret: false}}\"}",
        "{\"values\":\"configs: {secret: {createSecret: true}}\"}",
        "{\"values\":\"configs: {secret: {createSecret: 's3cret'}}\"}",
        "{\"values\":\"configs: {secret: {createSecret: null}}\"}",
        "{\"values\":\"configs: [s3cret]\"}",
        "{\"values\":\"namespaceOverride: s3cret\"}",
        "{\"values\":\"{s3cret\"}",
        "{\"values\":\"- s3cret\"}",
        "{\"values\":\"s3cret\"}",
        "{\"values\":7,\"namespace\":\"n\"}",
        "{\"valuesObject\":{\"configs\":{\"secret\":{\"createSecret\":false,\"p\":\"s3cret\"}}}}",
        "{\"valuesObject\":{\"configs\":{\"secret\":{\"createSecret\":\"s3cret\"}}}}",
        "{\"valuesObject\":{\"namespaceOverride\":\"s3cret\"}}",
        "{\"valuesObject\":{\"namespaceOverride\":\"\"}}",
        "{\"valuesObject\":{\"k\":1},\"values\":\"configs: {secret: {createSecret: false}}\"}",
        "{\"parameters\":[{\"name\":\"configs.secret.createSecret\",\"value\":\"false\"}]}",
        ("{\"parameters\":[{\"name\":\"configs.secret.createSecret\",\"value\":\"false\","
         "\"forceString\":true}]}"),
        "{\"parameters\":[{\"name\":\"configs.secret.createSecret\",\"value\":\"s3cret\"}]}",
        ("{\"parameters\":[{\"name\":\"configs.secret.createSecret\",\"value\":\"true\"},"
         "{\"name\":\"o\",\"value\":\"s3cret\"},"
         "{\"name\":\"configs.secret.createSecret\",\"value\":\"false\"}]}"),
        "{\"parameters\":[{\"name\":\"o\",\"value\":\"s3cret\"}]}",
        "{\"fileParameters\":[{\"name\":\"configs.secret.createSecret\",\"path\":\"p\"}]}",
        "{\"valueFiles\":[\"v.yaml\"]}",
        "{\"valueFiles\":[],\"namespace\":\"n\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        AUTO(freep)
        char *text =
            xasprintf("{\"spec\":{\"source\":{\"repoURL\":\"https://argoproj.github.io/argo-helm\","
                      "\"chart\":\"argo-cd\",\"helm\":%s},\"destination\":{\"namespace\":\"d\"}}}",
                      options[i]);
        AUTO(json_unrefp) json_t *object = json(text);
        AUTO(json_unrefp) json_t *line = project_pair(REVIEW_APPLICATION, text, NULL);
        AUTO(freep) char *shown = json_dumps(line, JSON_COMPACT);
        json_t *fields = json_object_get(json_object_get(line, "object"), "fields");
        AUTO(application_freep) struct application *wanted = NULL;
        AUTO(application_freep) struct application *actual = NULL;
        struct err err = {0};
        struct str wanted_namespace;
        struct str actual_namespace;

        assert_true(application_parse(object, STR("n"), STR("a"), &wanted, &err));
        assert_true(application_parse(fields, STR("n"), STR("a"), &actual, &err));
        wanted_namespace = argocd_chart_namespace(&wanted->sources[0], &wanted->destination);
        actual_namespace = argocd_chart_namespace(&actual->sources[0], &actual->destination);
        if (argocd_chart_makes_secret(&wanted->sources[0]) !=
                argocd_chart_makes_secret(&actual->sources[0]) ||
            !str_eq(wanted_namespace, actual_namespace))
            fail_msg("%s is answered otherwise from %s", options[i], shown);
        if (strstr(shown, "s3cret"))
            fail_msg("%s is shown: %s", options[i], shown);
    }
}

static enum logged_state check(const char *logged, const struct facts *facts, struct str *missing)
{
    static json_t *held; /* what *missing points into */

    json_decref(held);
    held = logged ? json(logged) : NULL;
    return logged_check(held, facts, missing);
}

static void a_line_says_whether_it_can_be_judged_again(void **state)
{
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(facts_unrefp)
    struct facts *facts = facts_load(&(struct facts_options){.settings = settings}, 1);
    AUTO(json_unrefp)
    json_t *line = project_pair(REVIEW_APPLICATION,
                                "{\"spec\":{\"project\":\"p\",\"source\":{\"chart\":\"c\",\"helm\":"
                                "{\"values\":\"k: v\"}}}}",
                                NULL);
    AUTO(json_unrefp)
    json_t *in_git = project_pair(
        REVIEW_APPLICATION,
        "{\"spec\":{\"project\":\"p\",\"source\":{\"path\":\"c\",\"helm\":{\"values\":\"k: v\"}}}}",
        NULL);
    json_t *logged = json_object_get(line, "object");
    struct str missing = STR_NONE;

    (void)state;
    assert_int_equal(logged_check(logged, facts, &missing), LOGGED_WHOLE);
    assert_int_equal(logged_check(json_object_get(in_git, "object"), facts, &missing),
                     LOGGED_LACKING);
    assert_string_equal(missing.p, "/spec/source/helm/values");
    assert_int_equal(json_object_set_new(logged, "omitted", json_pack("[s]", "/spec/sources/50")),
                     0);
    assert_int_equal(logged_check(logged, facts, &missing), LOGGED_LACKING);
    assert_string_equal(missing.p, "/spec/sources/50");
    assert_int_equal(json_object_set_new(logged, "omitted", json_pack("[]")), 0);
    assert_int_equal(json_object_set_new(logged, "cut", json_pack("[s]", "/spec/project")), 0);
    assert_int_equal(logged_check(logged, facts, &missing), LOGGED_LACKING);
    assert_string_equal(missing.p, "/spec/project");
    assert_int_equal(json_object_set_new(json_object_get(json_object_get(logged, "fields"), "spec"),
                                         "project", json_string("q")),
                     0);
    assert_int_equal(logged_check(logged, facts, &missing), LOGGED_ALTERED);
    assert_int_equal(check("{\"unreadable\":\"it is\"}", facts, NULL), LOGGED_WHOLE);
    assert_int_equal(check("{\"sources\":[]}", facts, NULL), LOGGED_OLDER);
    assert_int_equal(check("{\"fields\":{}}", facts, NULL), LOGGED_OLDER);
    assert_int_equal(check(NULL, facts, NULL), LOGGED_OLDER);
}

/* A tracking label that today's configuration names was perhaps there, and not shown then. */
static void a_label_nobody_looked_for_is_missing(void **state)
{
    static const struct {
        const char *metadata;
        bool lacks;
    } cases[] = {
        {"{}", false},
        {"{\"labels\":{}}", false},
        {"{\"labels\":{\"team\":\"a\"}}", true},
        {"{\"labels\":{\"example.com/app\":\"a\"}}", true},
    };
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(facts_unrefp) struct facts *facts = NULL;

    (void)state;
    free(settings->argocd.instance_label_key);
    settings->argocd.instance_label_key = xstrdup("example.com/app");
    facts = facts_load(&(struct facts_options){.settings = settings}, 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep) char *text = xasprintf("{\"metadata\":%s}", cases[i].metadata);
        AUTO(json_unrefp) json_t *object = json(text);
        const struct review review = {.kind = REVIEW_APPLICATION, .object = object};
        AUTO(json_unrefp) json_t *then = project(&review, NULL);
        AUTO(json_unrefp) json_t *today = project(&review, facts);
        struct str missing = STR_NONE;

        assert_int_equal(logged_check(json_object_get(then, "object"), facts, &missing),
                         cases[i].lacks ? LOGGED_LACKING : LOGGED_WHOLE);
        assert_string_equal(missing.p ? missing.p : "", cases[i].lacks ? "/metadata/labels" : "");
        assert_int_equal(logged_check(json_object_get(today, "object"), facts, NULL), LOGGED_WHOLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_application_keeps_its_shape),
        cmocka_unit_test(something_stands_for_what_is_left_out),
        cmocka_unit_test(urls_keep_what_names_the_repository),
        cmocka_unit_test(texts_are_escaped_cut_and_named),
        cmocka_unit_test(wrong_types_stay_wrong),
        cmocka_unit_test(an_external_secret_shows_no_template_data),
        cmocka_unit_test(an_update_shows_both_and_what_else_changed),
        cmocka_unit_test(absent_unreadable_and_unchanged_are_told_apart),
        cmocka_unit_test(a_large_object_gives_a_bounded_line),
        cmocka_unit_test(lists_end_and_say_where),
        cmocka_unit_test(the_chart_argo_cd_is_asked_the_same),
        cmocka_unit_test(a_line_says_whether_it_can_be_judged_again),
        cmocka_unit_test(a_label_nobody_looked_for_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
