/* test_label_selector.c: what a namespaceSelector selects, as far as the labels are known. */
#include "base/json.h"
#include "base/mem.h"
#include "objects/label_selector.h"
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

/* The selector on a namespace called ns. labels: NULL when its object is not known. */
static enum tri match(const char *selector, const char *labels, struct str *unknown)
{
    AUTO(freep) char *text = xasprintf("{\"s\":%s}", selector);
    AUTO(json_unrefp) json_t *object = from(text);
    AUTO(json_unrefp) json_t *known = labels ? from(labels) : NULL;
    const struct namespace_labels n = {
        .name = STR("ns"), .complete = labels != NULL, .labels = known};
    struct label_selector s;
    struct err err = {0};
    static char copy[64];
    enum tri found;

    if (!label_selector_read(object, "", "s", &s, &err))
        fail_msg("%s: %s", selector, err.what);
    *unknown = STR_NONE;
    found = label_selector_matches(&s, &n, unknown);
    (void)snprintf(copy, sizeof copy, "%.*s", STR_ARG(*unknown));
    *unknown = unknown->p ? str_from(copy) : STR_NONE; /* outlives the selector */
    label_selector_clear(&s);
    return found;
}

#define KEY(key, relation, values)                                                                 \
    "{\"matchExpressions\":[{\"key\":\"" key "\",\"operator\":\"" relation "\",\"values\":" values \
    "}]}"
#define NAME LABEL_NAMESPACE_NAME

static void each_operator_is_kubernetes_own(void **state)
{
    static const struct {
        const char *selector;
        const char *labels;
        enum tri matches;
    } rows[] = {
        {"null", "{}", TRI_YES},
        {"{}", "{}", TRI_YES},
        {"{\"matchLabels\":null,\"matchExpressions\":[]}", "{}", TRI_YES},
        {"{\"matchLabels\":{\"a\":\"1\"}}", "{\"a\":\"1\"}", TRI_YES},
        {"{\"matchLabels\":{\"a\":\"1\"}}", "{\"a\":\"2\"}", TRI_NO},
        {"{\"matchLabels\":{\"a\":\"1\"}}", "{\"A\":\"1\"}", TRI_NO},
        {"{\"matchLabels\":{\"a\":\"\"}}", "{\"a\":\"\"}", TRI_YES},
        {"{\"matchLabels\":{\"a\":\"\"}}", "{}", TRI_NO},
        {"{\"matchLabels\":{\"a\":\"1\",\"b\":\"2\"}}", "{\"a\":\"1\"}", TRI_NO},
        {"{\"matchLabels\":{\"a\":\"1\",\"b\":\"2\"}}", "{\"a\":\"1\",\"b\":\"2\"}", TRI_YES},
        {KEY("a", "In", "[\"1\",\"2\"]"), "{\"a\":\"2\"}", TRI_YES},
        {KEY("a", "In", "[\"1\",\"2\"]"), "{\"a\":\"3\"}", TRI_NO},
        {KEY("a", "In", "[\"1\",\"2\"]"), "{}", TRI_NO},
        {KEY("a", "NotIn", "[\"1\",\"2\"]"), "{\"a\":\"2\"}", TRI_NO},
        {KEY("a", "NotIn", "[\"1\",\"2\"]"), "{\"a\":\"3\"}", TRI_YES},
        {KEY("a", "NotIn", "[\"1\",\"2\"]"), "{}", TRI_YES}, /* an absent label is not in */
        {KEY("a", "Exists", "[]"), "{\"a\":\"\"}", TRI_YES},
        {KEY("a", "Exists", "null"), "{}", TRI_NO},
        {KEY("a", "DoesNotExist", "[]"), "{\"a\":\"\"}", TRI_NO},
        {KEY("a", "DoesNotExist", "[]"), "{}", TRI_YES},
        {KEY(NAME, "In", "[\"ns\"]"), "{}", TRI_YES},
        {KEY(NAME, "NotIn", "[\"ns\"]"), "{}", TRI_NO},
        {KEY(NAME, "NotIn", "[\"other\"]"), "{}", TRI_YES},
        {KEY(NAME, "Exists", "[]"), "{}", TRI_YES},
        {KEY(NAME, "DoesNotExist", "[]"), "{}", TRI_NO},
        /* the API server sets it, whatever the object says */
        {KEY(NAME, "In", "[\"ns\"]"), "{\"" NAME "\":\"other\"}", TRI_YES},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str unknown;

        if (match(rows[i].selector, rows[i].labels, &unknown) != rows[i].matches)
            fail_msg("%s on %s", rows[i].selector, rows[i].labels);
        assert_null(unknown.p);
    }
}

static void a_label_that_is_not_known_is_named(void **state)
{
    static const struct {
        const char *selector;
        enum tri matches;
        const char *unknown; /* NULL: nothing had to be known */
    } rows[] = {
        {"{}", TRI_YES, NULL},
        {KEY(NAME, "NotIn", "[\"ns\"]"), TRI_NO, NULL},
        {KEY(NAME, "In", "[\"ns\"]"), TRI_YES, NULL},
        {KEY("a", "In", "[\"1\"]"), TRI_NOT_KNOWN, "a"},
        {KEY("a", "NotIn", "[\"1\"]"), TRI_NOT_KNOWN, "a"},
        {KEY("a", "Exists", "[]"), TRI_NOT_KNOWN, "a"},
        {KEY("a", "DoesNotExist", "[]"), TRI_NOT_KNOWN, "a"},
        {"{\"matchLabels\":{\"a\":\"1\"}}", TRI_NOT_KNOWN, "a"},
        {"{\"matchExpressions\":[{\"key\":\"b\",\"operator\":\"Exists\"},"
         "{\"key\":\"c\",\"operator\":\"Exists\"}]}",
         TRI_NOT_KNOWN, "b"},
        /* one requirement that fails decides, before or behind one that is not known */
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"},"
         "{\"key\":\"" NAME "\",\"operator\":\"NotIn\",\"values\":[\"ns\"]}]}",
         TRI_NO, NULL},
        {"{\"matchLabels\":{\"" NAME "\":\"other\"},"
         "\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}",
         TRI_NO, NULL},
        {"{\"matchLabels\":{\"" NAME "\":\"ns\"},"
         "\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}",
         TRI_NOT_KNOWN, "a"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str unknown;
        enum tri matches = match(rows[i].selector, NULL, &unknown);

        if (matches != rows[i].matches)
            fail_msg("%s", rows[i].selector);
        if (matches == TRI_NOT_KNOWN)
            assert_true(str_is(unknown, rows[i].unknown));
    }
}

static void what_the_api_server_refuses_is_refused(void **state)
{
    static const struct {
        const char *selector;
        const char *what;
    } rows[] = {
        {"[]", "/w/s is a list, not an object"},
        {"{\"matchLabels\":[]}", "/w/s/matchLabels is a list, not an object"},
        {"{\"matchLabels\":{\"a\":true}}", "/w/s/matchLabels holds a value that is not a string"},
        {"{\"matchExpressions\":{}}", "/w/s/matchExpressions is an object, not a list"},
        {"{\"matchExpressions\":[null]}", "/w/s/matchExpressions/0 is not an object"},
        {KEY("a", "Gt", "[\"1\"]"), "/w/s/matchExpressions/0/operator is none of In, NotIn, Exists "
                                    "and DoesNotExist"},
        {"{\"matchExpressions\":[{\"key\":\"a\"}]}",
         "/w/s/matchExpressions/0/operator is none of In, NotIn, Exists and DoesNotExist"},
        {"{\"matchExpressions\":[{\"operator\":\"Exists\"}]}",
         "/w/s/matchExpressions/0/key is missing"},
        {KEY("a", "In", "[]"), "/w/s/matchExpressions/0/values may not be empty with operator In"},
        {KEY("a", "Exists", "[\"1\"]"),
         "/w/s/matchExpressions/0/values must be empty with operator Exists"},
        {KEY("a", "NotIn", "[\"1\",2]"), "/w/s/matchExpressions/0/values/1 is not a string"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep) char *text = xasprintf("{\"s\":%s}", rows[i].selector);
        AUTO(json_unrefp) json_t *object = from(text);
        struct label_selector s;
        struct err err = {0};

        assert_false(label_selector_read(object, "/w", "s", &s, &err));
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.what, rows[i].what);
        label_selector_clear(&s);
    }
}

static void a_selector_has_a_limit(void **state)
{
    AUTO(json_unrefp) json_t *object = json_object();
    json_t *labels = json_object();
    struct label_selector s;
    struct err err = {0};

    (void)state;
    for (int i = 0; i <= LABEL_REQUIREMENTS_MAX; i++) {
        char key[16];

        (void)snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(json_object_set_new(labels, key, json_string("v")), 0);
    }
    assert_int_equal(json_object_set_new(object, "s", json_pack("{s:o}", "matchLabels", labels)),
                     0);
    assert_false(label_selector_read(object, "", "s", &s, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.what, "/s has more than 1000 requirements");
    label_selector_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operator_is_kubernetes_own),
        cmocka_unit_test(a_label_that_is_not_known_is_named),
        cmocka_unit_test(what_the_api_server_refuses_is_refused),
        cmocka_unit_test(a_selector_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
