/* test_objects.c: what the typed views say of Applications, ExternalSecrets and marks. */
#include "base/json.h"
#include "objects/application.h"
#include "objects/external_secret.h"
#include "objects/tracking.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static json_t *from(const char *text)
{
    json_t *value = NULL;
    struct err err = {0};

    if (!json_read(str_from(text), &value, &err))
        fail_msg("%s: %s", text, err.why);
    return value;
}

static struct application *app_of(const char *spec)
{
    char text[2048];
    AUTO(json_unrefp) json_t *object = NULL;
    struct application *app = NULL;
    struct err err = {0};

    (void)snprintf(text, sizeof text,
                   "{\"metadata\":{\"name\":\"a\",\"namespace\":\"argocd\"},\"spec\":%s}", spec);
    object = from(text);
    if (!application_parse(object, STR_NONE, STR_NONE, &app, &err))
        fail_msg("%s: %s", spec, err.what);
    return app;
}

static void the_hydrator_wins_over_sources_and_source(void **state)
{
    struct application *app =
        app_of("{\"source\":{\"path\":\"one\"},\"sources\":[{\"path\":\"two\"}],"
               "\"sourceHydrator\":{\"drySource\":{\"repoURL\":\"r\",\"path\":\"dry\"},"
               "\"syncSource\":{\"path\":\"three\",\"targetBranch\":\"env\"}}}");

    (void)state;
    assert_true(app->hydrated);
    assert_int_equal(app->n_sources, 1);
    assert_true(str_is(app->sources[0].path, "three"));
    assert_true(str_is(app->sources[0].repo_url, "r"));
    assert_true(str_is(app->sources[0].target_revision, "env"));
    application_free(app);
}

static void an_empty_list_of_sources_counts_as_absent(void **state)
{
    struct application *app = app_of("{\"source\":{\"path\":\"one\"},\"sources\":[]}");

    (void)state;
    assert_int_equal(app->n_sources, 1);
    assert_true(str_is(app->sources[0].path, "one"));
    application_free(app);
}

static void prune_needs_an_automated_policy_that_is_enabled(void **state)
{
    static const struct {
        const char *policy;
        bool automated;
        bool prunes;
    } rows[] = {
        {"{}", false, false},
        {"null", false, false},
        {"{\"automated\":null}", false, false},
        {"{\"automated\":{}}", true, false},
        {"{\"automated\":{\"prune\":false}}", true, false},
        {"{\"automated\":{\"prune\":true}}", true, true},
        {"{\"automated\":{\"prune\":true,\"enabled\":true}}", true, true},
        {"{\"automated\":{\"prune\":true,\"enabled\":null}}", true, true},
        {"{\"automated\":{\"prune\":true,\"enabled\":false}}", false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char spec[256];
        struct application *app;

        (void)snprintf(spec, sizeof spec, "{\"syncPolicy\":%s}", rows[i].policy);
        app = app_of(spec);
        assert_int_equal(app->automated, rows[i].automated);
        assert_int_equal(app->prunes, rows[i].prunes);
        application_free(app);
    }
}

static void a_field_of_the_wrong_type_is_named(void **state)
{
    static const struct {
        const char *object;
        const char *what;
    } rows[] = {
        {"{\"spec\":[]}", "/spec is a list, not an object"},
        {"{\"spec\":{\"source\":\"x\"}}", "/spec/source is a string, not an object"},
        {"{\"spec\":{\"source\":{\"path\":1}}}", "/spec/source/path is a number, not a string"},
        {"{\"spec\":{\"sources\":{}}}", "/spec/sources is an object, not a list"},
        {"{\"spec\":{\"sources\":[1]}}", "/spec/sources/0 is not an object"},
        {"{\"spec\":{\"source\":{\"directory\":{\"recurse\":\"yes\"}}}}",
         "/spec/source/directory/recurse is a string, not a boolean"},
        {"{\"spec\":{\"syncPolicy\":{\"automated\":true}}}",
         "/spec/syncPolicy/automated is a boolean, not an object"},
        {"{\"operation\":{\"sync\":[]}}", "/operation/sync is a list, not an object"},
        {"{\"metadata\":{\"finalizers\":\"x\"}}", "/metadata/finalizers is a string, not a list"},
        {"{\"status\":{\"resources\":{}}}", "/status/resources is an object, not a list"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(json_unrefp) json_t *object = from(rows[i].object);
        struct application *app = NULL;
        struct err err = {0};

        assert_false(application_parse(object, STR("argocd"), STR("a"), &app, &err));
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.what, rows[i].what);
        assert_null(app);
    }
}

static void the_request_names_the_application(void **state)
{
    AUTO(json_unrefp)
    json_t *object = from("{\"metadata\":{\"name\":\"liar\",\"namespace\":\"elsewhere\"}}");
    AUTO(application_freep) struct application *app = NULL;
    struct err err = {0};

    (void)state;
    assert_true(application_parse(object, STR("argocd"), STR("root"), &app, &err));
    assert_true(str_is(app->id.namespace, "argocd"));
    assert_true(str_is(app->id.name, "root"));
}

static void repositories_are_compared_as_argo_cd_compares_them(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"https://h/p.git", "https://h/p", true},
        {" https://H/P ", "https://h/p", true},
        {"git@h:o/r.git", "ssh://git@h/o/r", true},
        {"git@h:o/r", "https://h/o/r", false},
        {"https://h/p", "http://h/p", false},
        {"https://h/p", "https://h/p/q", false},
        {"https://user:t%40k@h/p", "https://h/p", true},
        {"https://a@b@h/p", "https://h/p", true},
        {"https://h:443/p.git", "https://h/p", true},
        {"http://h:80/p", "http://h/p", true},
        {"https://h:8443/p", "https://h/p", false},
        {"https://h:80/p", "https://h/p", false},
        {"https://h/a@b", "https://h/b", false},
        {"https://:443/p", "https:///p", false},
        {"https://", "https://@", true},
        /* the forms of SSH */
        {"git@h:o/r", "git@h/o/r", true},
        {"git@h:o/r.git", "git@h/o/r", true},
        {"GIT@H:O/R", "git@h:o/r", true},
        {"ssh://git@h/o/r.git", "git@h:o/r.git", true},
        {"ssh://git@h:22/o/r", "git@h:o/r", false},
        {"ssh://git@h:22/o/r", "ssh://git@h:22/o/r.git", true},
        {"ssh://git@h:o/r", "git@h:o/r", false}, /* no URL: Argo CD compares it as it is */
        {"git@h:22/o/r", "git@h/22/o/r", true},
        {"bot@h:o/r", "git@h:o/r", false},
        {"ssh://h/o/r", "ssh://git@h/o/r", false},
        {"h:o/r", "git@h:o/r", false},
        /* what only looks alike */
        {"https://h/o/r", "https://h/o/r?ref=x", false},
        {"https://h/o/r", "https://h/o/R.git.git", false},
        {"https://h/o/r.git/", "https://h/o/r", true},
        {"https://h/o/r/", "https://h/o/r", true},
        {"https://h/o/r.git/", "https://h/o/r.git", true},
        {"https://h/", "https://h", true},
        /* hosts whose two forms are one repository */
        {"git@github.com:o/r.git", "https://github.com/o/r", true},
        {"git@github.com/o/r", "https://github.com/o/r/", true},
        {"ssh://git@gitlab.com/g/s/r.git", "https://bot:t@gitlab.com/g/s/r.git", true},
        {"git@bitbucket.org:o/r", "http://bitbucket.org/o/r", true},
        {"git@github.com:o/r", "https://github.com/o/s", false},
        {"git@github.com:o/r", "https://gitlab.com/o/r", false},
        {"git@github.com.evil:o/r", "https://github.com/o/r", false},
        {"git@github.company:o/r", "https://github.company/o/r", false},
        {"ssh://git@github.com:22/o/r", "https://github.com/o/r", false},
        {"bot@github.com:o/r", "https://github.com/o/r", false},
        {"", "", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(repo_url_eq(str_from(rows[i].a), str_from(rows[i].b)), rows[i].same);
}

static void urls_resemble_each_other_whatever_asks_and_how(void **state)
{
    static const struct {
        const char *a, *b;
        bool resemble;
    } rows[] = {
        {"git@h:o/r.git", "https://h/o/r", true},
        {"ssh://git@h:2222/o/r.git", "https://h/O/R/", true},
        {"https://h:8443/o/r", "http://bot:t@h/o/r.git", true},
        {"h:o/r", "git@h:o/r", false},                 /* a path of this machine, to Argo CD */
        {"https://h/o/r", "https://h/o/r.git", false}, /* equal */
        {"git@h:o/r", "https://h/o/s", false},
        {"git@h:o/r", "https://g/o/r", false},
        {"https://h/o/r", "https://h/o/r?ref=x", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str a = str_from(rows[i].a);
        struct str b = str_from(rows[i].b);

        assert_int_equal(repo_url_resembles(a, b), rows[i].resemble);
        assert_int_equal(repo_url_resembles(b, a), rows[i].resemble);
    }
}

static void empty_and_absent_options_are_the_same_source(void **state)
{
    struct application *a = app_of("{\"source\":{\"path\":\"p\",\"directory\":{},\"helm\":{}}}");
    struct application *b = app_of("{\"source\":{\"path\":\"p\",\"kustomize\":null}}");
    struct application *other = app_of("{\"source\":{\"path\":\"p\",\"kustomize\":{\"a\":1}}}");

    (void)state;
    assert_true(source_same(&a->sources[0], &b->sources[0]));
    assert_false(source_same(&a->sources[0], &other->sources[0]));
    application_free(a);
    application_free(b);
    application_free(other);
}

static void an_entry_of_the_status_is_found_by_identity(void **state)
{
    AUTO(json_unrefp)
    json_t *object =
        from("{\"status\":{\"resources\":[{\"kind\":\"Secret\",\"version\":\"v1\",\"namespace\":"
             "\"argocd\",\"name\":\"argocd-secret\",\"requiresPruning\":true}, 7, null]}}");
    AUTO(application_freep) struct application *app = NULL;
    struct identity id = {STR(""), STR("Secret"), STR("argocd"), STR("argocd-secret")};
    struct err err = {0};

    (void)state;
    assert_true(application_parse(object, STR("argocd"), STR("a"), &app, &err));
    assert_true(json_bool_at(application_find_resource(app, &id), "requiresPruning", false));
    id.group = STR("argoproj.io");
    assert_null(application_find_resource(app, &id));
}

static struct application *app_with(const char *operation)
{
    char text[1024];
    AUTO(json_unrefp) json_t *object = NULL;
    struct application *app = NULL;
    struct err err = {0};

    (void)snprintf(text, sizeof text, "{\"spec\":{},\"operation\":%s}", operation);
    object = from(text);
    if (!application_parse(object, STR("argocd"), STR("a"), &app, &err))
        fail_msg("%s: %s", operation, err.what);
    return app;
}

static void an_operation_prunes_what_it_lists(void **state)
{
    static const struct {
        const char *operation;
        bool prunes;
    } rows[] = {
        {"null", false},
        {"{\"sync\":{}}", false},
        {"{\"sync\":{\"prune\":true}}", true},
        {"{\"sync\":{\"prune\":true,\"dryRun\":true}}", false},
        {"{\"sync\":{\"prune\":true,\"resources\":[]}}", true},
        {"{\"sync\":{\"prune\":true,\"resources\":[{\"kind\":\"Secret\",\"name\":\"s\"}]}}", true},
        {"{\"sync\":{\"prune\":true,\"resources\":[{\"kind\":\"Secret\",\"name\":\"s\","
         "\"namespace\":\"other\"}]}}",
         false},
        {"{\"sync\":{\"prune\":true,\"resources\":[{\"group\":\"apps\",\"kind\":\"Deployment\","
         "\"name\":\"s\"}]}}",
         false},
    };
    struct identity secret = {STR(""), STR("Secret"), STR("argocd"), STR("s")};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct application *app = app_with(rows[i].operation);

        assert_int_equal(application_operation_prunes(app, &secret), rows[i].prunes);
        application_free(app);
    }
}

static void a_prune_is_new_when_it_reaches_something_else(void **state)
{
    static const struct {
        const char *before;
        const char *now;
        bool is_new;
    } rows[] = {
        {"null", "{\"sync\":{\"prune\":true}}", true},
        {"{\"sync\":{\"prune\":false}}", "{\"sync\":{\"prune\":true}}", true},
        {"{\"sync\":{\"prune\":true}}", "{\"sync\":{\"prune\":true}}", false},
        {"{\"sync\":{\"prune\":true}}", "{\"retry\":{},\"sync\":{\"prune\":true}}", false},
        {"{\"sync\":{\"prune\":true}}", "{\"sync\":{\"prune\":true,\"revision\":\"b\"}}", true},
        {"{\"sync\":{\"prune\":true}}", "{\"sync\":{\"prune\":true,\"source\":null}}", false},
        {"{\"sync\":{\"prune\":true}}", "null", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct application *before = app_with(rows[i].before);
        struct application *now = app_with(rows[i].now);

        assert_int_equal(application_is_new_prune(now, before), rows[i].is_new);
        application_free(before);
        application_free(now);
    }
}

static void a_tracking_id_has_exactly_its_parts(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"root:argoproj.io/Application:argocd/root", true},
        {"config:/Secret:argocd/argocd-secret", true},
        {"ns_app:apps/Deployment:a/b", true},
        {"", false},
        {"root", false},
        {"root:argoproj.io/Application", false},
        {"root:Application:argocd/root", false},
        {"root:a/b/c:argocd/root", false},
        {"root:a/b:argocd", false},
        {"root:a/b:argocd/x/y", false},
    };
    struct tracking_id id;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(tracking_id_parse(str_from(rows[i].text), &id), rows[i].good);
    assert_true(tracking_id_parse(STR("a:g/K:n/o:p"), &id));
    assert_true(str_is(id.object.name, "o:p"));
}

static void marks_are_read_under_the_method_in_force(void **state)
{
    AUTO(json_unrefp)
    json_t *metadata =
        from("{\"labels\":{\"k\":\"by-label\"},\"annotations\":{\"argocd.argoproj.io/tracking-id\":"
             "\"by-id:/Secret:n/s\",\"argocd.argoproj.io/installation-id\":\"one\"}}");
    struct marks marks = marks_read(metadata);
    struct identity secret = {STR(""), STR("Secret"), STR("n"), STR("s")};
    struct identity other = {STR(""), STR("Secret"), STR("n"), STR("t")};
    struct tracking t = {.method = TRACKING_LABEL, .label_key = STR("k")};
    bool names_itself = false;

    (void)state;
    assert_true(str_is(tracking_instance(&t, &marks, &secret, &names_itself), "by-label"));
    assert_true(names_itself);
    t.label_key = STR("other");
    assert_null(tracking_instance(&t, &marks, &secret, &names_itself).p);
    t.method = TRACKING_ANNOTATION_AND_LABEL;
    assert_true(str_is(tracking_instance(&t, &marks, &secret, &names_itself), "by-id"));
    assert_true(names_itself);
    assert_true(str_is(tracking_instance(&t, &marks, &other, &names_itself), "by-id"));
    assert_false(names_itself);
    t.installation_id = STR("one");
    assert_true(str_is(tracking_instance(&t, &marks, &secret, &names_itself), "by-id"));
    t.installation_id = STR("two");
    assert_null(tracking_instance(&t, &marks, &secret, &names_itself).p);
}

static void an_instance_outside_argo_cds_namespace_carries_its_own(void **state)
{
    struct identity here = {STR("argoproj.io"), STR("Application"), STR("argocd"), STR("root")};
    struct identity team = {STR("argoproj.io"), STR("Application"), STR("team"), STR("root")};

    (void)state;
    assert_true(tracking_instance_is(STR("root"), STR("argocd"), &here));
    assert_false(tracking_instance_is(STR("argocd_root"), STR("argocd"), &here));
    assert_true(tracking_instance_is(STR("team_root"), STR("argocd"), &team));
    assert_false(tracking_instance_is(STR("root"), STR("argocd"), &team));
    assert_false(tracking_instance_is(STR("team_roof"), STR("argocd"), &team));
}

static void options_are_trimmed_parts_between_commas(void **state)
{
    AUTO(json_unrefp)
    json_t *metadata =
        from("{\"annotations\":{\"argocd.argoproj.io/sync-options\":\"Validate=false , "
             "Prune=false\",\"argocd.argoproj.io/hook\":\"Sync, Skip\"}}");
    AUTO(json_unrefp)
    json_t *skipped = from("{\"annotations\":{\"argocd.argoproj.io/hook\":\" Skip \"}}");
    AUTO(json_unrefp) json_t *crd = from("{\"annotations\":{\"helm.sh/hook\":\"crd-install\"}}");
    struct marks marks = marks_read(metadata);
    struct marks skip = marks_read(skipped);
    struct marks install = marks_read(crd);
    struct marks none = marks_read(NULL);

    (void)state;
    assert_true(marks_has_sync_option(&marks, "Prune=false"));
    assert_false(marks_has_sync_option(&marks, "Prune"));
    assert_false(marks_has_sync_option(&none, "Prune=false"));
    assert_true(marks_has_prune_option(&marks));
    assert_false(marks_has_prune_option(&none));
    /* Skip has to stand alone (gitops-engine, hook.Skip). */
    assert_false(marks_is_hook_skip(&marks));
    assert_true(marks_is_hook(&marks));
    assert_true(marks_is_hook_skip(&skip));
    assert_true(marks_is_hook(&skip));
    assert_false(marks_is_hook(&install));
    assert_false(marks_is_hook(&none));
}

static struct external_secret *es_of(const char *spec)
{
    char text[2048];
    AUTO(json_unrefp) json_t *object = NULL;
    struct external_secret *es = NULL;
    struct err err = {0};

    (void)snprintf(text, sizeof text,
                   "{\"metadata\":{\"name\":\"es\",\"namespace\":\"n\",\"labels\":{\"k\":\"own\"}},"
                   "\"spec\":%s}",
                   spec);
    object = from(text);
    if (!external_secret_parse(object, STR_NONE, STR_NONE, &es, &err))
        fail_msg("%s: %s", spec, err.what);
    return es;
}

static void a_policy_decides_who_owns_the_target(void **state)
{
    static const struct {
        const char *spec;
        enum creation_policy policy;
        bool unowned;
    } rows[] = {
        {"{}", CREATION_OWNER, false},
        {"{\"target\":{}}", CREATION_OWNER, false},
        {"{\"target\":{\"creationPolicy\":\"Owner\"}}", CREATION_OWNER, false},
        {"{\"target\":{\"creationPolicy\":\"Orphan\"}}", CREATION_ORPHAN, true},
        {"{\"target\":{\"creationPolicy\":\"Merge\"}}", CREATION_MERGE, true},
        {"{\"target\":{\"creationPolicy\":\"CreateOrMerge\"}}", CREATION_CREATE_OR_MERGE, true},
        {"{\"target\":{\"creationPolicy\":\"None\"}}", CREATION_NONE, false},
        {"{\"target\":{\"creationPolicy\":\"merge\"}}", CREATION_OTHER, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct external_secret *es = es_of(rows[i].spec);

        assert_int_equal(es->creation_policy, rows[i].policy);
        assert_int_equal(external_secret_leaves_unowned(es), rows[i].unowned);
        external_secret_free(es);
    }
}

static void the_presence_of_a_template_decides_what_is_copied(void **state)
{
    struct external_secret *bare = es_of("{\"target\":{\"template\":null}}");
    struct external_secret *empty = es_of("{\"target\":{\"template\":{}}}");
    struct external_secret *from_map =
        es_of("{\"target\":{\"template\":{\"templateFrom\":[{\"target\":\"Data\"},{\"target\":"
              "\"Annotations\"}]}}}");

    (void)state;
    assert_true(str_is(marks_label(external_secret_effective_marks(bare), STR("k")), "own"));
    assert_null(marks_label(external_secret_effective_marks(empty), STR("k")).p);
    assert_false(empty->template_metadata_from);
    assert_true(from_map->template_metadata_from);
    assert_true(str_is(bare->target_name, "es"));
    external_secret_free(bare);
    external_secret_free(empty);
    external_secret_free(from_map);
}

static void an_identity_needs_a_kind_and_a_name(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"}}", true},
        {"{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"}}", true},
        {"{\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\"}}", false},
        {"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":false}}", false},
        {"{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(json_unrefp) json_t *object = from(rows[i].text);
        struct identity id;

        assert_int_equal(identity_read(object, &id), rows[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hydrator_wins_over_sources_and_source),
        cmocka_unit_test(an_empty_list_of_sources_counts_as_absent),
        cmocka_unit_test(prune_needs_an_automated_policy_that_is_enabled),
        cmocka_unit_test(a_field_of_the_wrong_type_is_named),
        cmocka_unit_test(the_request_names_the_application),
        cmocka_unit_test(repositories_are_compared_as_argo_cd_compares_them),
        cmocka_unit_test(urls_resemble_each_other_whatever_asks_and_how),
        cmocka_unit_test(empty_and_absent_options_are_the_same_source),
        cmocka_unit_test(an_entry_of_the_status_is_found_by_identity),
        cmocka_unit_test(an_operation_prunes_what_it_lists),
        cmocka_unit_test(a_prune_is_new_when_it_reaches_something_else),
        cmocka_unit_test(a_tracking_id_has_exactly_its_parts),
        cmocka_unit_test(marks_are_read_under_the_method_in_force),
        cmocka_unit_test(an_instance_outside_argo_cds_namespace_carries_its_own),
        cmocka_unit_test(options_are_trimmed_parts_between_commas),
        cmocka_unit_test(a_policy_decides_who_owns_the_target),
        cmocka_unit_test(the_presence_of_a_template_decides_what_is_copied),
        cmocka_unit_test(an_identity_needs_a_kind_and_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
