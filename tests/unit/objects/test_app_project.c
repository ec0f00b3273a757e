/* test_app_project.c: what a project permits its Applications, and where that is not certain. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "objects/app_project.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

static const char *const said[] = {"no", "yes", "not known"};

static json_t *from(const char *text)
{
    json_t *value = NULL;
    struct err err = {0};

    if (!json_read(str_from(text), &value, &err))
        fail_msg("%s: %s", text, err.why);
    return value;
}

#define OWN "https://kubernetes.default.svc"

/* Whether the spec permits that kind in the namespace argocd of that cluster. */
static enum tri permits(const char *spec, const char *group, const char *kind, const char *server,
                        const char *name)
{
    AUTO(freep) char *text = xasprintf("{\"spec\":%s}", spec);
    AUTO(json_unrefp) json_t *project = from(text);
    const struct identity object = {str_from(group), str_from(kind), STR("argocd"), STR("x")};
    const struct destination destination = {str_from(server), str_from(name), STR("elsewhere")};

    return app_project_permits(project, &object, &destination);
}

#define ANYWHERE "\"destinations\":[{\"server\":\"*\",\"namespace\":\"*\"}]"
#define ONLY(list) "{\"namespaceResourceWhitelist\":" list "," ANYWHERE "}"
#define NEVER(list) "{\"namespaceResourceBlacklist\":" list "," ANYWHERE "}"
#define SECRETS "{\"group\":\"\",\"kind\":\"Secret\"}"

static void kinds_are_permitted_by_lists(void **state)
{
    static const struct {
        const char *spec;
        const char *group;
        const char *kind;
        enum tri answer;
    } rows[] = {
        {"{" ANYWHERE "}", "", "Secret", TRI_YES},
        {ONLY("null"), "", "Secret", TRI_YES},
        {ONLY("[]"), "", "Secret", TRI_NO}, /* present and empty: nothing */
        {ONLY("[" SECRETS "]"), "", "Secret", TRI_YES},
        {ONLY("[" SECRETS "]"), "", "ConfigMap", TRI_NO},
        {ONLY("[" SECRETS "]"), "other.io", "Secret", TRI_NO},
        {ONLY("[{\"kind\":\"Secret\"}]"), "", "Secret", TRI_YES},
        {ONLY("[{\"group\":\"*\",\"kind\":\"*\"}]"), "", "Secret", TRI_YES},
        {ONLY("[{\"group\":\"apps\",\"kind\":\"*\"}," SECRETS "]"), "", "Secret", TRI_YES},
        {ONLY("[{\"group\":\"*.io\",\"kind\":\"*\"}]"), "external-secrets.io", "ExternalSecret",
         TRI_YES},
        {ONLY("[{\"group\":\"*.io\",\"kind\":\"*\"}]"), "", "Secret", TRI_NO},
        {ONLY("[{\"group\":\"\",\"kind\":\"[ST]ecret\"}]"), "", "Secret", TRI_NOT_KNOWN},
        {ONLY("[{\"group\":\"apps\",\"kind\":\"[ST]ecret\"}]"), "", "Secret", TRI_NO},
        {ONLY("[{\"group\":\"\",\"kind\":\"secret\"}]"), "", "Secret", TRI_NO},
        {ONLY("[{}]"), "", "Secret", TRI_NO},
        {NEVER("[]"), "", "Secret", TRI_YES},
        {NEVER("[" SECRETS "]"), "", "Secret", TRI_NO},
        {NEVER("[" SECRETS "]"), "", "ConfigMap", TRI_YES},
        {NEVER("[{\"group\":\"\",\"kind\":\"Sec*\"}]"), "", "Secret", TRI_NO},
        {NEVER("[{\"group\":\"\",\"kind\":\"Secre?\"}]"), "", "Secret", TRI_NO},
        {NEVER("[{\"group\":\"\",\"kind\":\"S[e]cret\"}]"), "", "Secret", TRI_NOT_KNOWN},
        {NEVER("[{\"group\":\"\",\"kind\":\"S[e]cret\"}," SECRETS "]"), "", "Secret", TRI_NO},
        {"{\"namespaceResourceWhitelist\":[" SECRETS "],\"namespaceResourceBlacklist\":[" SECRETS
         "]," ANYWHERE "}",
         "", "Secret", TRI_NO},
        /* Lists for objects without a namespace do not count. */
        {"{\"clusterResourceBlacklist\":[" SECRETS "],\"clusterResourceWhitelist\":[]," ANYWHERE
         "}",
         "", "Secret", TRI_YES},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum tri answer = permits(rows[i].spec, rows[i].group, rows[i].kind, OWN, NULL);

        if (answer != rows[i].answer)
            fail_msg("%s for %s/%s: expected %s, got %s", rows[i].spec, rows[i].group, rows[i].kind,
                     said[rows[i].answer], said[answer]);
    }
}

#define SERVER(server, namespace) "{\"server\":\"" server "\",\"namespace\":\"" namespace "\"}"
#define NAME(name, namespace) "{\"name\":\"" name "\",\"namespace\":\"" namespace "\"}"
#define OTHER "https://10.0.0.1"

static void destinations_are_permitted_by_namespace_and_cluster(void **state)
{
    static const struct {
        const char *destinations;
        const char *server; /* of the Application */
        const char *name;
        enum tri answer;
    } rows[] = {
        {"[]", OWN, NULL, TRI_NO},
        {"null", OWN, NULL, TRI_NO},
        {"[" SERVER(OWN, "argocd") "]", OWN, NULL, TRI_YES},
        {"[" SERVER(OWN, "argocd") "]", OWN "/", NULL, TRI_YES},
        {"[" SERVER(OWN, "*") "]", OWN, NULL, TRI_YES},
        {"[" SERVER(OWN, "argo*") "]", OWN, NULL, TRI_YES},
        {"[" SERVER(OWN, "team-*") "]", OWN, NULL, TRI_NO},
        {"[" SERVER(OWN, "") "]", OWN, NULL, TRI_NO},
        {"[" SERVER(OWN, "elsewhere") "]", OWN, NULL, TRI_NO}, /* the object's counts */
        {"[" SERVER(OWN, "team-*") "," SERVER(OWN, "argocd") "]", OWN, NULL, TRI_YES},
        {"[" SERVER(OWN, "{argocd,x}") "]", OWN, NULL, TRI_NOT_KNOWN},
        {"[" SERVER(OTHER, "*") "]", OWN, NULL, TRI_NO},
        {"[" SERVER("https://*", "argocd") "]", OWN, NULL, TRI_YES},
        {"[{\"server\":\"" OWN "\"}]", OWN, NULL, TRI_NO},
        {"[{\"namespace\":\"argocd\"}]", OWN, NULL, TRI_NO},
        /* One cluster, two spellings. */
        {"[" NAME("in-cluster", "argocd") "]", OWN, NULL, TRI_YES},
        {"[" NAME("in-cluster", "team-*") "]", OWN, NULL, TRI_NO},
        {"[" SERVER(OWN, "argocd") "]", NULL, "in-cluster", TRI_YES},
        {"[" SERVER(OTHER, "argocd") "]", NULL, "in-cluster", TRI_NO},
        {"[" NAME("in-cluster", "argocd") "]", NULL, "in-cluster", TRI_YES},
        {"[" NAME("edge", "argocd") "]", NULL, "in-cluster", TRI_NO},
        /* A cluster Secret may name this one "edge". */
        {"[" NAME("edge", "argocd") "]", OWN, NULL, TRI_NOT_KNOWN},
        {"[" NAME("*", "argocd") "]", OWN, NULL, TRI_YES},
        /* The other spelling of another cluster is not seen. */
        {"[" NAME("edge", "argocd") "]", OTHER, NULL, TRI_NOT_KNOWN},
        {"[" NAME("edge", "team-*") "]", OTHER, NULL, TRI_NO},
        {"[" NAME("*", "argocd") "]", OTHER, NULL, TRI_YES},
        {"[" SERVER(OTHER, "argocd") "]", NULL, "edge", TRI_NOT_KNOWN},
        {"[" SERVER("*", "argocd") "]", NULL, "edge", TRI_YES},
        {"[" NAME("edge", "argocd") "]", NULL, "edge", TRI_YES},
        {"[" NAME("edge-*", "argocd") "]", NULL, "edge-7", TRI_YES},
        {"[" NAME("other", "argocd") "]", NULL, "edge", TRI_NO},
        {"[{\"server\":\"" OTHER "\",\"name\":\"x\",\"namespace\":\"*\"}]", OTHER, NULL, TRI_YES},
        /* Argo CD refuses both and neither. */
        {"[" SERVER("*", "*") "]", OWN, "in-cluster", TRI_NOT_KNOWN},
        {"[" SERVER("*", "*") "]", NULL, NULL, TRI_NOT_KNOWN},
        {"[" SERVER("*", "*") "]", "", "", TRI_NOT_KNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep) char *spec = xasprintf("{\"destinations\":%s}", rows[i].destinations);
        enum tri answer = permits(spec, "", "Secret", rows[i].server, rows[i].name);

        if (answer != rows[i].answer)
            fail_msg("%s for server %s, name %s: expected %s, got %s", rows[i].destinations,
                     rows[i].server ? rows[i].server : "none", rows[i].name ? rows[i].name : "none",
                     said[rows[i].answer], said[answer]);
    }
}

/* Vectors worked by hand along isDestinationMatched of v2.10.0 and v3.0.0. */
static void negations_deny(void **state)
{
    static const struct {
        const char *destinations;
        enum tri answer;
    } rows[] = {
        {"[" SERVER(OWN, "!argocd") "]", TRI_NO},
        {"[" SERVER(OWN, "!kube-system") "]", TRI_YES},
        {"[" SERVER(OWN, "!kube-*") "]", TRI_YES},
        {"[" SERVER(OWN, "!argo*") "," SERVER(OWN, "*") "]", TRI_NO},
        {"[" SERVER(OWN, "*") "," SERVER(OWN, "!argo*") "]", TRI_NO},
        {"[" SERVER(OWN, "*") "," SERVER(OWN, "!kube-*") "]", TRI_YES},
        /* Another cluster's ! did deny before 3.0. */
        {"[" SERVER(OWN, "*") "," SERVER(OTHER, "!argocd") "]", TRI_NOT_KNOWN},
        {"[" SERVER(OWN, "*") "," SERVER("!" OWN, "*") "]", TRI_NO},
        {"[" SERVER(OWN, "*") "," SERVER("!" OWN, "team-*") "]", TRI_NOT_KNOWN},
        {"[" SERVER(OWN, "*") "," SERVER("!" OTHER, "team-*") "]", TRI_YES},
        {"[" SERVER("!" OTHER, "*") "]", TRI_YES},
        {"[" SERVER("!" OWN, "*") "]", TRI_NO},
        /* By the name that a cluster Secret may change. */
        {"[" SERVER(OWN, "*") "," NAME("!in-cluster", "*") "]", TRI_NOT_KNOWN},
        {"[" SERVER(OWN, "*") "," NAME("!edge", "*") "]", TRI_YES},
        {"[" SERVER(OWN, "!{a,b}") "]", TRI_NOT_KNOWN},
        {"[" SERVER(OWN, "*") "," SERVER(OWN, "![a]") "]", TRI_NOT_KNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(freep) char *spec = xasprintf("{\"destinations\":%s}", rows[i].destinations);
        enum tri answer = permits(spec, "", "Secret", OWN, NULL);

        if (answer != rows[i].answer)
            fail_msg("%s: expected %s, got %s", rows[i].destinations, said[rows[i].answer],
                     said[answer]);
    }
    assert_int_equal(
        permits("{\"destinations\":[" SERVER("*", "*") "," NAME("!in-cluster", "*") "]}", "",
                "Secret", NULL, "in-cluster"),
        TRI_NO);
}

static void project_scoped_clusters_are_not_seen(void **state)
{
    (void)state;
    assert_int_equal(
        permits("{\"permitOnlyProjectScopedClusters\":true," ANYWHERE "}", "", "Secret", OWN, NULL),
        TRI_NOT_KNOWN);
    assert_int_equal(permits("{\"permitOnlyProjectScopedClusters\":false," ANYWHERE "}", "",
                             "Secret", OWN, NULL),
                     TRI_YES);
    assert_int_equal(permits("{\"permitOnlyProjectScopedClusters\":true}", "", "Secret", OWN, NULL),
                     TRI_NO);
    assert_int_equal(permits("{\"permitOnlyProjectScopedClusters\":true,"
                             "\"namespaceResourceBlacklist\":[" SECRETS "]," ANYWHERE "}",
                             "", "Secret", OWN, NULL),
                     TRI_NO);
}

static void what_has_a_wrong_type_is_not_known(void **state)
{
    static const char *const specs[] = {
        "null",
        "[]",
        "\"x\"",
        "{\"destinations\":{}}",
        "{\"destinations\":\"*\"}",
        "{\"destinations\":[1]}",
        "{\"destinations\":[null]}",
        "{\"destinations\":[{\"server\":1,\"namespace\":\"*\"}]}",
        "{\"destinations\":[{\"name\":[],\"namespace\":\"*\"}]}",
        "{\"destinations\":[{\"server\":\"*\",\"namespace\":{}}]}",
        "{\"namespaceResourceWhitelist\":{}," ANYWHERE "}",
        "{\"namespaceResourceWhitelist\":[\"Secret\"]," ANYWHERE "}",
        "{\"namespaceResourceBlacklist\":[{\"kind\":1}]," ANYWHERE "}",
        "{\"namespaceResourceBlacklist\":7," ANYWHERE "}",
        "{\"permitOnlyProjectScopedClusters\":\"x\"," ANYWHERE "}",
    };
    const struct identity object = {STR(""), STR("Secret"), STR(""), STR("x")};
    const struct destination destination = {STR(OWN), STR_NONE, STR_NONE};
    AUTO(json_unrefp) json_t *project = from("{\"spec\":{" ANYWHERE "}}");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        enum tri answer = permits(specs[i], "", "Secret", OWN, NULL);

        if (answer != TRI_NOT_KNOWN)
            fail_msg("%s: expected not known, got %s", specs[i], said[answer]);
    }
    assert_int_equal(app_project_permits(NULL, &object, &destination), TRI_NOT_KNOWN);
    /* An object without a namespace is not what is asked about. */
    assert_int_equal(app_project_permits(project, &object, &destination), TRI_NOT_KNOWN);
}

enum { HOSTILE_MAX = 4 * 1024 * 1024, STARS = 50 * 1024 };

static void long_lists_and_patterns_are_read(void **state)
{
    AUTO(buf_clearp) struct buf b = {0};

    (void)state;
    buf_init(&b, HOSTILE_MAX);
    buf_adds(&b, "{\"destinations\":[");
    for (size_t i = 0; i < 10000; i++)
        buf_adds(&b, SERVER(OTHER, "*a*a*a*a*a*a*a*a*b") ",");
    buf_adds(&b, SERVER(OWN, "argocd") "]}");
    assert_true(buf_ok(&b));
    assert_int_equal(permits(b.p, "", "Secret", OWN, NULL), TRI_YES);
    buf_reset(&b);
    buf_adds(&b, "{\"destinations\":[{\"server\":\"*\",\"namespace\":\"");
    for (size_t i = 0; i < STARS; i++)
        buf_adds(&b, "*a");
    buf_adds(&b, "\"}]}");
    assert_true(buf_ok(&b));
    assert_int_equal(permits(b.p, "", "Secret", OWN, NULL), TRI_NOT_KNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_permitted_by_lists),
        cmocka_unit_test(destinations_are_permitted_by_namespace_and_cluster),
        cmocka_unit_test(negations_deny),
        cmocka_unit_test(project_scoped_clusters_are_not_seen),
        cmocka_unit_test(what_has_a_wrong_type_is_not_known),
        cmocka_unit_test(long_lists_and_patterns_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
