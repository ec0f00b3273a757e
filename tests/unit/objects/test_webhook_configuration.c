/* test_webhook_configuration.c: the defaults of both versions, and what its rules take in. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/webhook_configuration.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

static json_t *from(const char *text)
{
    json_t *value = NULL;
    struct err err = {0};

    if (!json_read(str_from(text), &value, &err))
        fail_msg("%s: %s", text, err.why);
    return value;
}

enum { LIST_MAX = 1024 * 1024 };

#define CLIENT "\"clientConfig\":{\"service\":{\"namespace\":\"n\",\"name\":\"s\"}}"

static struct webhook_configuration *parsed(const char *version, const char *fields)
{
    AUTO(freep)
    char *text = xasprintf("{\"apiVersion\":\"admissionregistration.k8s.io/%s\",\"kind\":\"x\","
                           "\"metadata\":{\"name\":\"c\"},"
                           "\"webhooks\":[{\"name\":\"w.example\"%s," CLIENT "}]}",
                           version, fields);
    AUTO(json_unrefp) json_t *object = from(text);
    struct webhook_configuration *c = NULL;
    struct err err = {0};

    if (!webhook_configuration_parse(object, &c, &err))
        fail_msg("%s: %s", text, err.what);
    return c;
}

static void v1_fails_after_ten_seconds_by_default(void **state)
{
    AUTO(webhook_configuration_freep) struct webhook_configuration *c = parsed("v1", "");
    const struct webhook *w = &c->webhooks[0];

    (void)state;
    assert_int_equal(c->version, REGISTRATION_V1);
    assert_int_equal(c->n_webhooks, 1);
    assert_true(w->fails && w->failure_policy_defaulted);
    assert_true(w->timeout_seconds == 10 && w->timeout_defaulted);
    assert_true(!w->matches_exactly && w->match_policy_defaulted);
    assert_true(str_is(w->side_effects, "Unknown") && w->side_effects_defaulted);
    assert_int_equal(w->namespace_selector.n + w->object_selector.n + w->n_rules, 0);
    assert_true(str_is(w->service_namespace, "n") && !w->service_path.p && !w->url.p);
    assert_true(w->service_port == 443 && w->service_port_defaulted);
    assert_int_equal(w->ca_bundle.n, 0);
    assert_null(w->review_versions);
}

static void v1beta1_ignores_after_thirty_by_default(void **state)
{
    AUTO(webhook_configuration_freep) struct webhook_configuration *c = parsed("v1beta1", "");
    const struct webhook *w = &c->webhooks[0];

    (void)state;
    assert_int_equal(c->version, REGISTRATION_V1BETA1);
    assert_true(!w->fails && w->failure_policy_defaulted);
    assert_true(w->timeout_seconds == 30 && w->timeout_defaulted);
    assert_true(w->matches_exactly && w->match_policy_defaulted);
    assert_true(str_is(w->side_effects, "Unknown") && w->side_effects_defaulted);
}

static void what_is_written_replaces_defaults(void **state)
{
    AUTO(webhook_configuration_freep)
    struct webhook_configuration *c =
        parsed("v1beta1", ",\"failurePolicy\":\"Fail\",\"timeoutSeconds\":5,"
                          "\"matchPolicy\":\"Equivalent\",\"sideEffects\":\"None\","
                          "\"matchConditions\":[{},{}]");
    const struct webhook *w = &c->webhooks[0];

    (void)state;
    assert_true(w->fails && !w->failure_policy_defaulted);
    assert_true(w->timeout_seconds == 5 && !w->timeout_defaulted);
    assert_true(!w->matches_exactly && !w->match_policy_defaulted);
    assert_true(str_is(w->side_effects, "None") && !w->side_effects_defaulted);
    assert_int_equal(w->n_match_conditions, 2);
}

static void wildcards_take_in_what_the_api_server_sends(void **state)
{
    static const struct {
        const char *groups;
        const char *resources;
        const char *scope;
        bool takes;
    } rows[] = {
        {"[\"argoproj.io\"]", "[\"applications\"]", "*", true},
        {"[\"argoproj.io\"]", "[\"applications\"]", "Namespaced", true},
        {"[\"argoproj.io\"]", "[\"applications\"]", "Cluster", false},
        {"[\"*\"]", "[\"*\"]", "*", true},
        {"[\"*\"]", "[\"*/*\"]", "*", true},
        {"[\"\",\"argoproj.io\"]", "[\"applications/*\"]", "*", true},
        {"[\"argoproj.io\"]", "[\"applications/status\"]", "*", false},
        {"[\"argoproj.io\"]", "[\"*/status\"]", "*", false},
        {"[\"argoproj.io\"]", "[\"applicationsets\"]", "*", false},
        {"[\"argoproj.io\"]", "[\"Applications\"]", "*", false},
        {"[\"*.io\"]", "[\"applications\"]", "*", false},
        {"[\"\"]", "[\"applications\"]", "*", false},
        {"[]", "[\"applications\"]", "*", false},
        {"[\"*\"]", "[]", "*", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep)
        char *fields =
            xasprintf(",\"rules\":[{\"apiGroups\":%s,\"resources\":%s,\"scope\":\"%s\"}]",
                      rows[i].groups, rows[i].resources, rows[i].scope);
        AUTO(webhook_configuration_freep) struct webhook_configuration *c = parsed("v1", fields);

        if (webhook_rule_takes(&c->webhooks[0].rules[0], "argoproj.io", "applications") !=
            rows[i].takes)
            fail_msg("%s", fields);
    }
}

/* `count` times the same item in a list. */
static char *repeated(size_t count, const char *item)
{
    struct buf b;

    buf_init(&b, LIST_MAX);
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s", i ? "," : "", item);
    return buf_take(&b);
}

static void counts_have_limits(void **state)
{
    AUTO(freep) char *webhooks = repeated(WEBHOOKS_MAX + 1, "{\"name\":\"w\"," CLIENT "}");
    AUTO(freep) char *rules = repeated(WEBHOOK_RULES_MAX + 1, "{}");
    AUTO(freep) char *one = xasprintf("{\"name\":\"w\",\"rules\":[%s]," CLIENT "}", rules);
    const struct {
        const char *entries;
        const char *what;
    } rows[] = {
        {webhooks, "/webhooks has more than 100 entries"},
        {one, "/webhooks/0/rules has more than 1000 entries"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep)
        char *text = xasprintf("{\"apiVersion\":\"admissionregistration.k8s.io/v1\","
                               "\"metadata\":{\"name\":\"c\"},\"webhooks\":[%s]}",
                               rows[i].entries);
        AUTO(json_unrefp) json_t *object = from(text);
        struct webhook_configuration *c = NULL;
        struct err err = {0};

        assert_false(webhook_configuration_parse(object, &c, &err));
        assert_null(c);
        assert_int_equal(err.kind, ERR_LIMIT);
        assert_string_equal(err.what, rows[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v1_fails_after_ten_seconds_by_default),
        cmocka_unit_test(v1beta1_ignores_after_thirty_by_default),
        cmocka_unit_test(what_is_written_replaces_defaults),
        cmocka_unit_test(wildcards_take_in_what_the_api_server_sends),
        cmocka_unit_test(counts_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
