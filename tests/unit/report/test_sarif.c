/* What `check --format sarif` prints. */
#include "base/json.h"
#include "report/sarif.h"
#include "sample.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

enum { OUT_MAX = 64 * 1024 };

static json_t *sarif_of(const struct check_report *r)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    json_error_t detail;
    json_t *log;

    sarif_write(r, "1.2.3", &out);
    assert_true(buf_ok(&out));
    log = json_loadb(buf_str(&out).p, buf_str(&out).n, JSON_REJECT_DUPLICATES, &detail);
    assert_non_null(log);
    return log;
}

static const json_t *run_of(const json_t *log)
{
    assert_int_equal(json_array_size(json_object_get(log, "runs")), 1);
    return json_array_get(json_object_get(log, "runs"), 0);
}

static void assert_json(const json_t *value, const char *wanted)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static void it_says_which_standard_and_which_tool(void **state)
{
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(json_unrefp) json_t *log = sarif_of(r);
    const json_t *driver = json_object_get(json_object_get(run_of(log), "tool"), "driver");

    (void)state;
    assert_string_equal(json_str_at(log, "version").p, "2.1.0");
    assert_string_equal(json_str_at(log, "$schema").p,
                        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                        "sarif-schema-2.1.0.json");
    assert_string_equal(json_str_at(driver, "name").p, "syncguard");
    assert_string_equal(json_str_at(driver, "version").p, "1.2.3");
    assert_json(json_object_get(run_of(log), "results"), "[]");
    assert_json(json_object_get(run_of(log), "invocations"),
                "[{\"executionSuccessful\":true,\"toolExecutionNotifications\":[]}]");
}

/* A rule that is added to enum rule_id without texts fails here. */
static void every_rule_is_described(void **state)
{
    static const char *const texts[] = {"shortDescription", "fullDescription", "help"};
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(json_unrefp) json_t *log = sarif_of(r);
    const json_t *driver = json_object_get(json_object_get(run_of(log), "tool"), "driver");
    const json_t *rules = json_object_get(driver, "rules");

    (void)state;
    assert_int_equal(json_array_size(rules), N_RULES + 1 + N_ADVICE);
    for (size_t i = 0; i < N_RULES + 1 + N_ADVICE; i++) {
        const json_t *rule = json_array_get(rules, i);

        assert_string_equal(json_str_at(rule, "id").p,
                            i < N_RULES    ? rule_id_name((enum rule_id)i)
                            : i == N_RULES ? "lockout"
                                           : advice_name((enum advice_id)(i - N_RULES - 1)));
        for (size_t k = 0; k < ARRAY_LEN(texts); k++)
            assert_true(json_str_at(json_object_get(rule, texts[k]), "text").n > 20);
        assert_json(json_object_get(rule, "defaultConfiguration"),
                    i > N_RULES            ? "{\"level\":\"note\"}"
                    : i == RULE_SELF_PRUNE ? "{\"level\":\"warning\"}"
                                           : "{\"level\":\"error\"}");
    }
}

static void outcomes_have_levels_places_and_suppressions(void **state)
{
    AUTO(check_report_freep) struct check_report *r = sample_report();
    AUTO(json_unrefp) json_t *log = sarif_of(r);
    json_t *results = json_object_get(run_of(log), "results");
    static const char *const wanted[] = {
        "{\"ruleId\":\"merge-on-pruned-target\",\"ruleIndex\":2,\"level\":\"note\","
        "\"message\":{\"text\":\"It is exempt: reason {{1}}.\"},\"suppressions\":[{"
        "\"kind\":\"external\",\"status\":\"accepted\","
        "\"justification\":\"It is exempt: reason {1}.\"}]}",
        "{\"ruleId\":\"lockout\",\"ruleIndex\":4,\"level\":\"error\","
        "\"message\":{\"text\":\"It locks out.\"},\"locations\":[{\"physicalLocation\":{"
        "\"artifactLocation\":{\"uri\":\"file:///tmp/w%3A1.yaml\"},"
        "\"region\":{\"startLine\":3}}}],\"suppressions\":[]}",
        "{\"ruleId\":\"self-reference\",\"ruleIndex\":0,\"level\":\"error\","
        "\"message\":{\"text\":\"It syncs itself.\"},\"locations\":[{\"physicalLocation\":{"
        "\"artifactLocation\":{\"uri\":\"apps/root.yaml\",\"uriBaseId\":\"%SRCROOT%\"},"
        "\"region\":{\"startLine\":4}}}],\"suppressions\":[]}",
        "{\"ruleId\":\"protected-secret-prune\",\"ruleIndex\":3,\"level\":\"warning\","
        "\"message\":{\"text\":\"Whether it prunes is not known.\"},\"locations\":[{"
        "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"apps/unsure.yaml\","
        "\"uriBaseId\":\"%SRCROOT%\"},\"region\":{\"startLine\":7}}}],\"suppressions\":[]}",
        "{\"ruleId\":\"self-prune\",\"ruleIndex\":1,\"level\":\"warning\","
        "\"message\":{\"text\":\"It would prune itself.\"},\"locations\":[{"
        "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"apps/unsure.yaml\","
        "\"uriBaseId\":\"%SRCROOT%\"},\"region\":{\"startLine\":7}}}],\"suppressions\":[]}",
        "{\"ruleId\":\"self-reference\",\"ruleIndex\":0,\"level\":\"warning\","
        "\"message\":{\"text\":\"Whether it does is not known.\"},\"locations\":[{"
        "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"copy%20of%20root.yaml\","
        "\"uriBaseId\":\"%SRCROOT%\"},\"region\":{\"startLine\":9}}}],\"suppressions\":[]}",
        /* A byte that is no UTF-8 is escaped by the JSON writer, as everywhere. */
        "{\"ruleId\":\"self-reference\",\"ruleIndex\":0,\"level\":\"error\",\"message\":{\"text\":"
        "\"Application x]]>\\\"'&<!--\\u001B\\\\u{ff}\u202e\uffff[go]\\\\u{{28}}"
        "https://evil.example) syncs itself.\"},\"locations\":[{\"physicalLocation\":{"
        "\"artifactLocation\":{\"uri\":\"z/x%5D%5D%3E%22%27%26%3C%21--%1B%FF%E2%80%AE%EF%BF%BF"
        "%5Bgo%5D%28https%3A//evil.example%29\",\"uriBaseId\":\"%SRCROOT%\"}}}],"
        "\"suppressions\":[]}",
    };

    (void)state;
    assert_int_equal(json_array_size(results), ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        json_t *result = json_array_get(results, i);

        assert_int_equal(json_object_size(json_object_get(result, "partialFingerprints")), 1);
        (void)json_object_del(result, "partialFingerprints");
        assert_json(result, wanted[i]);
    }
}

static void notes_are_notifications(void **state)
{
    AUTO(check_report_freep) struct check_report *r = sample_report();
    AUTO(json_unrefp) json_t *log = sarif_of(r);

    (void)state;
    assert_json(json_object_get(run_of(log), "invocations"),
                "[{\"executionSuccessful\":true,\"toolExecutionNotifications\":["
                "{\"level\":\"note\",\"message\":{\"text\":\"label tracking is assumed\"}},"
                "{\"level\":\"note\",\"message\":{\"text\":\"tab\\\\u{{9}}indentation\"},"
                "\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{"
                "\"uri\":\"b%26w.yaml\",\"uriBaseId\":\"%SRCROOT%\"},"
                "\"region\":{\"startLine\":3}}}]}]}]");
}

/* The fingerprint of one finding, to be freed. */
static char *fingerprint(enum rule_id rule, const char *name, const char *target, const char *file,
                         unsigned line)
{
    char subject[] = "Application argocd/a";
    char message[] = "text";
    char *target_copy = strdup(target);
    struct finding f = {.rule = rule,
                        .denies = true,
                        .subject = subject,
                        .target = target_copy,
                        .message = message};
    const struct verdict v = {.findings = &f, .n_findings = 1};
    AUTO(check_report_freep) struct check_report *r = check_report_new();
    AUTO(json_unrefp) json_t *log = NULL;
    const json_t *result;
    char *text;

    check_report_add(r,
                     &(struct review){.kind = REVIEW_APPLICATION,
                                      .kind_text = STR("Application"),
                                      .namespace = STR("argocd"),
                                      .name = str_from(name),
                                      .file = file,
                                      .line = line},
                     &v);
    log = sarif_of(r);
    result = json_array_get(json_object_get(run_of(log), "results"), 0);
    text = strdup(
        json_str_at(json_object_get(result, "partialFingerprints"), "syncguardFinding/v1").p);
    free(target_copy);
    return text;
}

static void a_fingerprint_follows_the_finding_not_the_line(void **state)
{
    char *texts[] = {
        fingerprint(RULE_SELF_REFERENCE, "a", "", "a.yaml", 1),
        fingerprint(RULE_SELF_REFERENCE, "a", "", "b.yaml", 77),
        fingerprint(RULE_SELF_PRUNE, "a", "", "a.yaml", 1),
        fingerprint(RULE_SELF_REFERENCE, "b", "", "a.yaml", 1),
        fingerprint(RULE_SELF_REFERENCE, "a", "Secret a/b", "a.yaml", 1),
    };

    (void)state;
    /* Kept from release to release: code scanning would take every finding for a new one. */
    assert_string_equal(texts[0], "8e75d6585e636842");
    assert_string_equal(texts[0], texts[1]);
    for (size_t i = 2; i < ARRAY_LEN(texts); i++)
        for (size_t k = 1; k < i; k++)
            assert_string_not_equal(texts[i], texts[k]);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_which_standard_and_which_tool),
        cmocka_unit_test(every_rule_is_described),
        cmocka_unit_test(outcomes_have_levels_places_and_suppressions),
        cmocka_unit_test(notes_are_notifications),
        cmocka_unit_test(a_fingerprint_follows_the_finding_not_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
