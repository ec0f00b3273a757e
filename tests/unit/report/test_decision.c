/* One line of the decision log. */
#include "base/json.h"
#include "base/mem.h"
#include "report/decision.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

enum { OUT_MAX = 64 * 1024 };

static json_t *json(const char *text)
{
    json_t *value = NULL;
    struct err err = {0};

    assert_true(json_read(str_from(text), &value, &err));
    return value;
}

static void a_denied_application_shows_what_rules_read_and_no_values(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    AUTO(json_unrefp) json_t *groups = json("[\"system:masters\",\"team\\u001b\"]");
    AUTO(json_unrefp)
    json_t *object = json(
        "{\"metadata\":{\"labels\":{\"argocd.argoproj.io/"
        "instance\":\"root\",\"secret\":\"s3cret\"},"
        "\"annotations\":{\"argocd.argoproj.io/tracking-id\":\"root:a/B:c/d\","
        "\"private\":\"s3cret\"}},"
        "\"spec\":{\"sources\":[{\"repoURL\":\"https://u:s3cret@git.example/x\",\"path\":\"apps\","
        "\"targetRevision\":\"main\",\"directory\":{\"recurse\":true,\"exclude\":\"a.yaml\"}},"
        "{\"repoURL\":\"https://charts.example\",\"chart\":\"c\","
        "\"helm\":{\"values\":\"password: s3cret\"}}],"
        "\"destination\":{\"server\":\"https://t:s3cret@k8s\",\"namespace\":\"argocd\"},"
        "\"syncPolicy\":{\"automated\":{\"prune\":true}}}}");
    char nothing[] = "";
    char target[] = "Secret argocd/argocd-secret";
    char message[] = "It would sync itself.";
    char saw[] = "apps/a.yaml:4";
    char source[] = "x@work tree";
    struct evidence evidence = {saw, source};
    struct finding findings[] = {{.rule = RULE_SELF_REFERENCE,
                                  .verdict = FINDING_DENY,
                                  .denies = true,
                                  .subject = nothing,
                                  .target = nothing,
                                  .message = message,
                                  .evidence = &evidence,
                                  .n_evidence = 1},
                                 {.rule = RULE_SELF_REFERENCE,
                                  .verdict = FINDING_WARN,
                                  .ratcheted = true,
                                  .subject = nothing,
                                  .target = target,
                                  .message = message}};
    const struct verdict verdict = {.findings = findings, .n_findings = 2};
    const struct review review = {.uid = STR("u-1"),
                                  .operation = OPERATION_CREATE,
                                  .kind = REVIEW_APPLICATION,
                                  .kind_text = STR("Application"),
                                  .operation_text = STR("CREATE"),
                                  .namespace = STR("argocd"),
                                  .name = STR("root"),
                                  .user = STR("jane\n"),
                                  .groups = groups,
                                  .dry_run = true,
                                  .object = object};

    (void)state;
    decision_write(&out, &review, &verdict, NULL, 1781006400, 1234);
    assert_string_equal(
        buf_str(&out).p,
        "{\"time\":\"2026-06-09T12:00:00Z\",\"event\":\"decision\",\"uid\":\"u-1\","
        "\"operation\":\"CREATE\",\"kind\":\"Application\",\"namespace\":\"argocd\","
        "\"name\":\"root\",\"user\":\"jane\\\\u{a}\","
        "\"groups\":[\"system:masters\",\"team\\\\u{1b}\"],\"dryRun\":true,\"decision\":\"deny\","
        "\"rules\":[\"self-reference\"],\"findings\":["
        "{\"rule\":\"self-reference\",\"verdict\":\"deny\",\"denies\":true,"
        "\"message\":\"It would sync itself.\",\"evidence\":[{\"saw\":\"apps/a.yaml:4\","
        "\"source\":\"x@work tree\"}]},"
        "{\"rule\":\"self-reference\",\"verdict\":\"warn\",\"denies\":false,\"ratcheted\":true,"
        "\"target\":\"Secret argocd/argocd-secret\",\"message\":\"It would sync itself.\","
        "\"evidence\":[]}],\"facts\":{\"repositories\":{}},"
        "\"object\":{\"sha256\":"
        "\"e22cad8336810f921d1d96a143721f55f18af8ab524fb85b8bc75c489d37934d\",\"fields\":{"
        "\"metadata\":{\"annotations\":{\"argocd.argoproj.io/tracking-id\":\"root:a/B:c/d\"},"
        "\"labels\":{\"argocd.argoproj.io/instance\":\"root\"}},"
        "\"spec\":{\"destination\":{\"namespace\":\"argocd\",\"server\":\"https://k8s\"},"
        "\"sources\":[{\"directory\":{\"exclude\":\"a.yaml\",\"recurse\":true},"
        "\"path\":\"apps\",\"repoURL\":\"https://git.example/x\",\"targetRevision\":\"main\"},"
        "{\"chart\":\"c\",\"helm\":{\"values\":\"left out (1)\"},"
        "\"repoURL\":\"https://charts.example\"}],"
        "\"syncPolicy\":{\"automated\":{\"prune\":true}}}},"
        "\"omitted\":[\"/spec/sources/0/repoURL\",\"/spec/sources/1/helm/values\"],"
        "\"cut\":[\"/spec/destination/server\"]},"
        "\"durationMicroseconds\":1234}\n");
}

static void an_external_secret_shows_its_target_and_no_template_data(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    AUTO(json_unrefp)
    json_t *object = json(
        "{\"metadata\":{\"ownerReferences\":[{}]},\"spec\":{\"target\":{\"name\":\"argocd-secret\","
        "\"creationPolicy\":\"Merge\",\"template\":{\"data\":{\"k\":\"s3cret\"},\"metadata\":"
        "{\"labels\":{\"app.kubernetes.io/instance\":\"x\",\"team\":\"s3cret\"}}}},"
        "\"data\":[{\"secretKey\":\"s3cret\"}]}}");
    const struct verdict verdict = {.allowed = true};
    const struct review review = {.uid = STR("u-2"),
                                  .kind = REVIEW_EXTERNAL_SECRET,
                                  .kind_text = STR("ExternalSecret"),
                                  .operation_text = STR("UPDATE"),
                                  .namespace = STR("argocd"),
                                  .name = STR("oauth"),
                                  .sub_resource = STR("status"),
                                  .user = STR("eso"),
                                  .object = object};

    (void)state;
    decision_write(&out, &review, &verdict, NULL, 0, 0);
    assert_string_equal(
        buf_str(&out).p,
        "{\"time\":\"1970-01-01T00:00:00Z\",\"event\":\"decision\",\"uid\":\"u-2\","
        "\"operation\":\"UPDATE\",\"kind\":\"ExternalSecret\",\"namespace\":\"argocd\","
        "\"name\":\"oauth\",\"subResource\":\"status\",\"user\":\"eso\",\"groups\":[],"
        "\"dryRun\":false,\"decision\":\"allow\",\"rules\":[],\"findings\":[],"
        "\"facts\":{\"repositories\":{}},\"object\":{\"sha256\":"
        "\"94bc78b4c10122648286f7962d295748dd2249e257eb4924b5a8457fbf551ef5\",\"fields\":{"
        "\"metadata\":{\"ownerReferences\":[{}]},"
        "\"spec\":{\"target\":{\"creationPolicy\":\"Merge\",\"name\":\"argocd-secret\","
        "\"template\":{\"metadata\":{\"labels\":{\"app.kubernetes.io/instance\":\"x\"}}}}}}},"
        "\"durationMicroseconds\":0}\n");
}

static void repositories_name_what_was_read_of_them(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    AUTO(json_unrefp) json_t *root = NULL;
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(facts_unrefp) struct facts *facts = NULL;
    const struct verdict verdict = {.allowed = true};
    const struct review review = {.uid = STR("u-3"), .kind = REVIEW_OTHER};
    const json_t *repositories;
    struct err err = {0};

    (void)state;
    settings_add_repository(settings, STR("https://u:p@git.example/x"), STR("cases"));
    settings_add_repository(settings, STR("https://git.example/gone"), STR("/nonexistent"));
    facts = facts_load(&(struct facts_options){.settings = settings}, 1);
    decision_write(&out, &review, &verdict, facts, 1, 1);
    assert_true(json_read(buf_str(&out), &root, &err));
    repositories = json_object_at(json_object_at(root, "facts"), "repositories");
    assert_string_equal(json_string_value(json_object_get(repositories, "https://git.example/x")),
                        "work tree");
    assert_true(json_is_null(json_object_get(repositories, "https://git.example/gone")));
    assert_null(json_object_get(root, "object"));
}

static void revisions_are_named_by_what_they_led_to(void **state)
{
    char path[] = "/tmp/syncguard-decision-XXXXXX";
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    AUTO(json_unrefp) json_t *root = NULL;
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(facts_unrefp) struct facts *facts = NULL;
    AUTO(freep) char *script = NULL;
    const struct verdict verdict = {.allowed = true};
    const struct review review = {.uid = STR("u-4"), .kind = REVIEW_OTHER};
    const json_t *revisions;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(path));
    script = xasprintf("git init -q -b main %s && cd %s && git -c user.name=a -c user.email=a@e "
                       "commit -q --allow-empty -m x && test -d .git",
                       path, path);
    assert_int_equal(system(script), 0); /* NOLINT(cert-env33-c): the test's own text */
    settings_add_repository(settings, STR("https://git.example/x"), str_from(path));
    facts = facts_load(&(struct facts_options){.settings = settings, .exact_revisions = true}, 1);
    decision_write(&out, &review, &verdict, facts, 1, 1);
    free(script);
    script = xasprintf("rm -rf %s", path);
    assert_int_equal(system(script), 0); /* NOLINT(cert-env33-c): the test's own text */
    assert_true(json_read(buf_str(&out), &root, &err));
    revisions = json_array_at(json_object_at(json_object_at(root, "facts"), "revisions"),
                              "https://git.example/x");
    assert_int_equal(json_array_size(revisions), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(revisions, 0), "revision")), "HEAD");
    assert_int_equal(
        strlen(json_string_value(json_object_get(json_array_get(revisions, 0), "commit"))), 12);
}

static void the_cluster_is_named_by_what_was_seen_last_of_it(void **state)
{
    char path[] = "/tmp/syncguard-decision-XXXXXX";
    int file = mkstemp(path);
    static const char snapshot[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"v1\",\"kind\":"
        "\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":\"b\",\"resourceVersion\":\"41\"}}"
        "]}";
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    AUTO(json_unrefp) json_t *root = NULL;
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(facts_unrefp) struct facts *facts = NULL;
    const struct verdict verdict = {.allowed = true};
    const struct review review = {.uid = STR("u-4"), .kind = REVIEW_OTHER};
    struct err err = {0};

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, snapshot, sizeof snapshot - 1), sizeof snapshot - 1);
    assert_int_equal(close(file), 0);
    settings->cluster.snapshots = xcalloc(1, sizeof(char *));
    settings->cluster.snapshots[0] = xstrdup(path);
    settings->cluster.n_snapshots = 1;
    facts = facts_load(&(struct facts_options){.settings = settings}, 1);
    assert_int_equal(unlink(path), 0);
    decision_write(&out, &review, &verdict, facts, 1, 1);
    assert_true(json_read(buf_str(&out), &root, &err));
    assert_string_equal(
        json_string_value(json_object_get(json_object_at(root, "facts"), "cluster")), "41");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cluster_is_named_by_what_was_seen_last_of_it),
        cmocka_unit_test(a_denied_application_shows_what_rules_read_and_no_values),
        cmocka_unit_test(an_external_secret_shows_its_target_and_no_template_data),
        cmocka_unit_test(repositories_name_what_was_read_of_them),
        cmocka_unit_test(revisions_are_named_by_what_they_led_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
