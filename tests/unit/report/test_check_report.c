/* What `check` prints. */
#include "report/check_report.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

enum { OUT_MAX = 64 * 1024 };

/* sources: rows, with commas between them. */
#define SUMMARY(decided, undecided, sources)                                                       \
    "\"summary\":{\"applications\":{\"decided\":" #decided ",\"undecided\":" #undecided            \
    "},\"sources\":[" sources "]}"

static char nothing[] = "";
static char message_a[] = "Application argocd/a would sync itself.";
static char message_b[] = "Whether Application argocd/b syncs itself is not known.";
static char message_c[] = "ExternalSecret argocd/c is exempt.";
static char saw[] = "apps/a.yaml:4";
static char source[] = "deploy@work tree";
static char field[] = "spec.syncPolicy";

static struct check_report *sample(void)
{
    struct check_report *r = check_report_new();
    struct evidence evidence[] = {{saw, source}, {field, nothing}};
    struct finding a = {.rule = RULE_SELF_REFERENCE,
                        .verdict = FINDING_DENY,
                        .denies = true,
                        .subject = nothing,
                        .target = nothing,
                        .message = message_a,
                        .evidence = evidence,
                        .n_evidence = 2};
    struct finding b[2] = {{.rule = RULE_SELF_REFERENCE,
                            .verdict = FINDING_UNDECIDED,
                            .subject = nothing,
                            .target = nothing,
                            .message = message_b},
                           {.rule = RULE_PROTECTED_SECRET_PRUNE,
                            .verdict = FINDING_WARN,
                            .subject = nothing,
                            .target = nothing,
                            .message = message_b}};
    struct finding c = {.rule = RULE_MERGE_ON_PRUNED_TARGET,
                        .verdict = FINDING_EXEMPTED,
                        .subject = nothing,
                        .target = nothing,
                        .message = message_c};
    const struct verdict denied = {.findings = &a, .n_findings = 1};
    const struct verdict unknown = {.allowed = true, .findings = b, .n_findings = 2};
    const struct verdict exempt = {.allowed = true, .findings = &c, .n_findings = 1};
    const struct verdict clean = {.allowed = true};
    struct review review = {.kind = REVIEW_APPLICATION,
                            .kind_text = STR("Application"),
                            .namespace = STR("argocd"),
                            .name = STR("b"),
                            .file = "apps/b.yaml",
                            .line = 7};

    /* Not in the order they are to be shown. */
    check_report_add(r, &review, &unknown);
    review.name = STR("a");
    review.file = "apps/a\033.yaml";
    review.line = 4;
    check_report_add(r, &review, &denied);
    check_report_add(r, &review, &clean);
    review = (struct review){.kind = REVIEW_EXTERNAL_SECRET,
                             .kind_text = STR("ExternalSecret"),
                             .namespace = STR("argocd"),
                             .name = STR("c")};
    check_report_add(r, &review, &exempt);
    check_report_note(r, "z.yaml", 3, "tab\tindentation");
    check_report_note(r, "b.yaml", 0, "is no YAML");
    check_report_note(r, NULL, 0, "label tracking is assumed");
    return r;
}

static void text_is_sorted_and_sums_up(void **state)
{
    AUTO(check_report_freep) struct check_report *r = sample();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    (void)state;
    check_report_text(r, &out);
    assert_string_equal(
        buf_str(&out).p,
        "exempted [merge-on-pruned-target] ExternalSecret argocd/c is exempt.\n"
        "\n"
        "apps/a\\u{1b}.yaml:4: deny [self-reference] Application argocd/a would sync itself.\n"
        "    apps/a.yaml:4 (deploy@work tree)\n"
        "    spec.syncPolicy\n"
        "\n"
        "apps/b.yaml:7: warn [protected-secret-prune] Whether Application argocd/b syncs itself is "
        "not known.\n"
        "\n"
        "apps/b.yaml:7: undecided [self-reference] Whether Application argocd/b syncs itself is "
        "not known.\n"
        "\n"
        "note: label tracking is assumed\n"
        "b.yaml: note: is no YAML\n"
        "z.yaml:3: note: tab\\u{9}indentation\n"
        "1 denied, 1 warning, 1 undecided, 1 exempted in 3 Applications and 1 ExternalSecret; 3 "
        "notes\n");
    assert_true(check_report_denies(r));
}

static void json_keeps_its_schema(void **state)
{
    AUTO(check_report_freep) struct check_report *r = sample();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    (void)state;
    check_report_json(r, &out);
    assert_string_equal(
        buf_str(&out).p,
        "{\"schema\":\"syncguard.check/v1\",\"judged\":{\"applications\":3,\"externalSecrets\":1},"
        "\"findings\":["
        "{\"rule\":\"merge-on-pruned-target\",\"verdict\":\"exempted\",\"denies\":false,"
        "\"kind\":\"ExternalSecret\",\"namespace\":\"argocd\",\"name\":\"c\",\"file\":null,"
        "\"line\":null,\"message\":\"ExternalSecret argocd/c is exempt.\",\"evidence\":[]},"
        "{\"rule\":\"self-reference\",\"verdict\":\"deny\",\"denies\":true,"
        "\"kind\":\"Application\",\"namespace\":\"argocd\",\"name\":\"a\","
        "\"file\":\"apps/a\\\\u{1b}.yaml\",\"line\":4,"
        "\"message\":\"Application argocd/a would sync itself.\",\"evidence\":["
        "{\"saw\":\"apps/a.yaml:4\",\"source\":\"deploy@work tree\"},"
        "{\"saw\":\"spec.syncPolicy\",\"source\":\"\"}]},"
        "{\"rule\":\"protected-secret-prune\",\"verdict\":\"warn\",\"denies\":false,"
        "\"kind\":\"Application\",\"namespace\":\"argocd\",\"name\":\"b\","
        "\"file\":\"apps/b.yaml\",\"line\":7,"
        "\"message\":\"Whether Application argocd/b syncs itself is not known.\",\"evidence\":[]},"
        "{\"rule\":\"self-reference\",\"verdict\":\"undecided\",\"denies\":false,"
        "\"kind\":\"Application\",\"namespace\":\"argocd\",\"name\":\"b\","
        "\"file\":\"apps/b.yaml\",\"line\":7,"
        "\"message\":\"Whether Application argocd/b syncs itself is not known.\",\"evidence\":[]}"
        "],\"notes\":["
        "{\"file\":null,\"line\":null,\"text\":\"label tracking is assumed\"},"
        "{\"file\":\"b.yaml\",\"line\":null,\"text\":\"is no YAML\"},"
        "{\"file\":\"z.yaml\",\"line\":3,\"text\":\"tab\\\\u{9}indentation\"}]," SUMMARY(0, 0,
                                                                                         "") "}\n");
}

static void nothing_found_is_said_too(void **state)
{
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};

    (void)state;
    check_report_text(r, &out);
    assert_string_equal(buf_str(&out).p,
                        "0 denied, 0 warnings, 0 undecided in 0 Applications and 0 "
                        "ExternalSecrets; 0 notes\n");
    assert_false(check_report_denies(r));
    buf_reset(&out);
    check_report_json(r, &out);
    assert_string_equal(
        buf_str(&out).p,
        "{\"schema\":\"syncguard.check/v1\",\"judged\":{\"applications\":0,"
        "\"externalSecrets\":0},\"findings\":[],\"notes\":[]," SUMMARY(0, 0, "") "}\n");
}

static void applications_are_counted_by_their_source(void **state)
{
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    struct finding open = {
        .verdict = FINDING_UNDECIDED, .subject = nothing, .target = nothing, .message = message_b};
    const struct verdict undecided = {.findings = &open, .n_findings = 1};
    const struct verdict decided = {.allowed = true};

    (void)state;
    for (unsigned i = 0; i < 12; i++)
        check_report_count_source(r, SOURCE_KIND_KUSTOMIZE, &decided);
    check_report_count_source(r, SOURCE_KIND_KUSTOMIZE, &undecided);
    check_report_count_source(r, SOURCE_KIND_PLUGIN, &undecided);
    check_report_text(r, &out);
    assert_string_equal(buf_str(&out).p,
                        "Applications by source   decided  undecided\n"
                        "  kustomize                   12          1\n"
                        "  plugin                       0          1\n"
                        "0 denied, 0 warnings, 0 undecided in 0 Applications and 0 "
                        "ExternalSecrets; 0 notes\n");
    buf_reset(&out);
    check_report_json(r, &out);
    assert_non_null(
        strstr(buf_str(&out).p, SUMMARY(12, 2,
                                        "{\"source\":\"kustomize\",\"decided\":12,\"undecided\":1},"
                                        "{\"source\":\"plugin\",\"decided\":0,\"undecided\":1}")));
}

static void advice_bears_its_name(void **state)
{
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    const struct advice advice = {ADVICE_UNUSED_CHART, "c/Chart.yaml", 0, message_a, field};

    (void)state;
    check_report_advise(r, &advice);
    assert_false(check_report_denies(r));
    check_report_text(r, &out);
    assert_string_equal(buf_str(&out).p,
                        "c/Chart.yaml: note [unused-chart] Application argocd/a would sync itself."
                        "\n0 denied, 0 warnings, 0 undecided in 0 Applications and 0 "
                        "ExternalSecrets; 1 note\n");
    buf_reset(&out);
    check_report_json(r, &out);
    assert_non_null(strstr(buf_str(&out).p, "\"notes\":[{\"file\":\"c/Chart.yaml\",\"line\":null,"
                                            "\"id\":\"unused-chart\",\"text\":"));
}

/* Its rule is no enum rule_id: the report carries its name. */
static void a_registration_is_a_finding_like_others(void **state)
{
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    struct evidence evidence = {field, nothing};
    struct finding denied = {.rule = N_RULES,
                             .verdict = FINDING_DENY,
                             .denies = true,
                             .subject = nothing,
                             .target = nothing,
                             .message = message_a,
                             .evidence = &evidence,
                             .n_evidence = 1};
    const struct verdict verdict = {.findings = &denied, .n_findings = 1};

    (void)state;
    check_report_count_webhook_configuration(r);
    check_report_count_webhook_configuration(r);
    check_report_add_registration(r, "lockout", "ValidatingWebhookConfiguration", STR("w\033"),
                                  "w.yaml", 12, &verdict);
    check_report_text(r, &out);
    assert_string_equal(buf_str(&out).p,
                        "w.yaml:12: deny [lockout] Application argocd/a would sync itself.\n"
                        "    spec.syncPolicy\n"
                        "\n"
                        "1 denied, 0 warnings, 0 undecided in 0 Applications, 0 ExternalSecrets "
                        "and 2 webhook configurations; 0 notes\n");
    assert_true(check_report_denies(r));
    buf_reset(&out);
    check_report_json(r, &out);
    assert_string_equal(
        buf_str(&out).p,
        "{\"schema\":\"syncguard.check/v1\",\"judged\":{\"applications\":0,\"externalSecrets\":0,"
        "\"webhookConfigurations\":2},\"findings\":["
        "{\"rule\":\"lockout\",\"verdict\":\"deny\",\"denies\":true,"
        "\"kind\":\"ValidatingWebhookConfiguration\",\"namespace\":\"\","
        "\"name\":\"w\\\\u{1b}\",\"file\":\"w.yaml\",\"line\":12,"
        "\"message\":\"Application argocd/a would sync itself.\",\"evidence\":["
        "{\"saw\":\"spec.syncPolicy\",\"source\":\"\"}]}"
        "],\"notes\":[]," SUMMARY(0, 0, "") "}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_sorted_and_sums_up),
        cmocka_unit_test(json_keeps_its_schema),
        cmocka_unit_test(nothing_found_is_said_too),
        cmocka_unit_test(applications_are_counted_by_their_source),
        cmocka_unit_test(advice_bears_its_name),
        cmocka_unit_test(a_registration_is_a_finding_like_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
