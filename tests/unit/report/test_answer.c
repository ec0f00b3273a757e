/* What the API server is told. */
#include "base/json.h"
#include "base/mem.h"
#include "report/answer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

enum { OUT_MAX = 64 * 1024 };

/* The verdict's texts are literals here; judge() owns its own. */
static struct finding finding(enum rule_id rule, enum finding_verdict verdict, bool denies,
                              char *message)
{
    static char nothing[] = "";

    return (struct finding){.rule = rule,
                            .verdict = verdict,
                            .denies = denies,
                            .subject = nothing,
                            .target = nothing,
                            .message = message};
}

static const struct review review = {.uid = {"705ab4f5-6393-11e8-b7cc-42010a800002", 36}};

static void an_answer_without_findings_is_short(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    const struct verdict verdict = {.allowed = true};

    (void)state;
    answer_write(&out, &review, &verdict);
    assert_string_equal(buf_str(&out).p,
                        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                        "\"response\":{\"uid\":\"705ab4f5-6393-11e8-b7cc-42010a800002\","
                        "\"allowed\":true}}");
}

static void a_denial_carries_every_denying_finding(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    char first[] = "one \"quoted\" sentence.";
    char second[] = "another sentence.";
    char warned[] = "not so\nbad.";
    char old[] = "an old sin.";
    struct finding findings[] = {
        finding(RULE_SELF_REFERENCE, FINDING_DENY, true, first),
        finding(RULE_SELF_PRUNE, FINDING_WARN, false, warned),
        finding(RULE_PROTECTED_SECRET_PRUNE, FINDING_UNDECIDED, true, second),
        finding(RULE_SELF_REFERENCE, FINDING_WARN, false, old),
    };
    const struct verdict verdict = {.findings = findings, .n_findings = 4};

    (void)state;
    findings[3].ratcheted = true;
    answer_write(&out, &review, &verdict);
    assert_string_equal(
        buf_str(&out).p,
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
        "\"response\":{\"uid\":\"705ab4f5-6393-11e8-b7cc-42010a800002\",\"allowed\":false,"
        "\"status\":{\"code\":403,\"reason\":\"Forbidden\",\"message\":"
        "\"[self-reference] one \\\"quoted\\\" sentence.\\u000a"
        "[protected-secret-prune] another sentence.\"},"
        "\"warnings\":[\"[self-prune] not so bad.\","
        "\"[self-reference] not new with this change, so allowed: an old sin.\"],"
        "\"auditAnnotations\":{\"decision\":\"deny\","
        "\"rules\":\"self-reference,self-prune,protected-secret-prune\","
        "\"uid\":\"705ab4f5-6393-11e8-b7cc-42010a800002\"}}}");
}

/* Its message gives the reason why it is allowed: somebody's word, not the ratchet. */
static void what_is_exempted_is_one_warning(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    static char text[] = "Exempted by the configuration (on purpose): an old sin.";
    struct finding findings[] = {finding(RULE_SELF_REFERENCE, FINDING_EXEMPTED, false, text)};
    const struct verdict verdict = {.allowed = true, .findings = findings, .n_findings = 1};

    (void)state;
    findings[0].ratcheted = true;
    answer_write(&out, &review, &verdict);
    assert_string_equal(
        buf_str(&out).p,
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
        "\"response\":{\"uid\":\"705ab4f5-6393-11e8-b7cc-42010a800002\",\"allowed\":true,"
        "\"warnings\":[\"[self-reference] Exempted by the configuration (on purpose): an old "
        "sin.\"],\"auditAnnotations\":{\"decision\":\"allow\",\"rules\":\"self-reference\","
        "\"uid\":\"705ab4f5-6393-11e8-b7cc-42010a800002\"}}}");
}

/* The rules escape what they quote; what one of them forgot still forges no line, and what they did
 * escape stays as it is. */
static void no_control_character_gets_through(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    char denied[] = "a\nb\x7f \xc2\x9b \xe2\x80\xa8 \xe2\x80\xae \xff \\u{1b} \\\\u{a} \\";
    char warned[] = "a\nb\x7f \xc2\x9b \xe2\x80\xa8 \xe2\x80\xae \xff \\u{1b} \\\\u{a} \\";
    struct finding findings[] = {
        finding(RULE_SELF_REFERENCE, FINDING_DENY, true, denied),
        finding(RULE_SELF_PRUNE, FINDING_WARN, false, warned),
    };
    const struct verdict verdict = {.findings = findings, .n_findings = 2};

    (void)state;
    answer_write(&out, &review, &verdict);
    assert_non_null(strstr(out.p,
                           "\"message\":\"[self-reference] a b\\\\u{7f} \\\\u{9b} \\\\u{2028} "
                           "\\\\u{202e} \\\\u{ff} \\\\u{1b} \\\\\\\\u{a} \\\\\"}"));
    assert_non_null(strstr(out.p, "\"warnings\":[\"[self-prune] a b\\\\u{7f} \\\\u{9b} \\\\u{2028} "
                                  "\\\\u{202e} \\\\u{ff} \\\\u{1b} \\\\\\\\u{a} \\\\\"]"));
}

static void a_message_stays_within_4_kib_and_whole_characters(void **state)
{
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    char *text = xmalloc(9001);
    char word[] = "short.";
    struct finding findings[3];
    const struct verdict verdict = {.findings = findings, .n_findings = 3};

    (void)state;
    for (size_t i = 0; i < 9000; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3); /* the euro sign: three bytes */
    text[9000] = '\0';
    findings[0] = finding(RULE_SELF_REFERENCE, FINDING_DENY, true, text);
    findings[1] = finding(RULE_SELF_PRUNE, FINDING_DENY, true, word);
    findings[2] = finding(RULE_SELF_PRUNE, FINDING_DENY, true, text);
    answer_message(&out, &verdict);
    assert_true(out.n <= ANSWER_MESSAGE_MAX);
    assert_true(out.n > ANSWER_MESSAGE_MAX - 150);
    assert_memory_equal(out.p, "[self-reference] \xe2\x82\xac", 20);
    assert_non_null(strstr(out.p, "\xe2\x82\xac…\n… and 2 more denials: the decision log has them "
                                  "all"));
    free(text);
}

static size_t count_runes(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

static void warnings_stay_within_the_api_servers_limits(void **state)
{
    enum { N = 12 };
    AUTO(buf_clearp) struct buf out = {.max = OUT_MAX};
    AUTO(json_unrefp) json_t *root = NULL;
    char *text = xmalloc(6001);
    struct finding findings[N];
    const struct verdict verdict = {.allowed = true, .findings = findings, .n_findings = N};
    struct err err = {0};
    const json_t *warnings;
    size_t total = 0;
    size_t n;

    (void)state;
    for (size_t i = 0; i < 6000; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    text[6000] = '\0';
    for (size_t i = 0; i < N; i++)
        findings[i] = finding(RULE_SELF_REFERENCE, FINDING_UNDECIDED, false, text);
    answer_write(&out, &review, &verdict);
    assert_true(json_read(buf_str(&out), &root, &err));
    warnings = json_array_at(json_object_at(root, "response"), "warnings");
    n = json_array_size(warnings);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        size_t runes = count_runes(json_view(json_array_get(warnings, i)));

        assert_true(runes <= ANSWER_WARNING_RUNES);
        total += runes;
    }
    assert_true(total <= ANSWER_WARNINGS_RUNES);
    assert_int_equal(count_runes(json_view(json_array_get(warnings, 0))), ANSWER_WARNING_RUNES);
    assert_true(str_ends(json_view(json_array_get(warnings, 0)), STR("…")));
    assert_string_equal(json_string_value(json_array_get(warnings, 3)),
                        "… and 9 more warnings: the decision log has them all");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_without_findings_is_short),
        cmocka_unit_test(a_denial_carries_every_denying_finding),
        cmocka_unit_test(what_is_exempted_is_one_warning),
        cmocka_unit_test(no_control_character_gets_through),
        cmocka_unit_test(a_message_stays_within_4_kib_and_whole_characters),
        cmocka_unit_test(warnings_stay_within_the_api_servers_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
