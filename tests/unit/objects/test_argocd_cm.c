/* test_argocd_cm.c: what argocd-cm says of health checks, of what is watched, and of tracking. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "objects/argocd_cm.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

static const char *const said[] = {"no", "yes", "not known"};
static const char *const checks[] = {"none", "present", "wants Synced", "not known"};

/* A ConfigMap of up to two keys; NULL: none. */
static struct argocd_cm *with(const char *key, const char *value, const char *other,
                              const char *other_value)
{
    AUTO(json_unrefp) json_t *object = json_pack("{s:s,s:{}}", "kind", "ConfigMap", "data");
    json_t *data = json_object_get(object, "data");

    if (key)
        assert_int_equal(json_object_set_new(data, key, json_string(value)), 0);
    if (other)
        assert_int_equal(json_object_set_new(data, other, json_string(other_value)), 0);
    return argocd_cm_parse(object);
}

#define OF_APPLICATION "resource.customizations.health.argoproj.io_Application"
#define OF_ALL "resource.customizations.health.all"
#define NESTED "resource.customizations"
/* As Argo CD documents it (docs/operator-manual/health.md): the status is copied. */
#define COPIES                                                                                     \
    "hs = {}\nhs.status = \"Progressing\"\nif obj.status ~= nil then\n"                            \
    "  if obj.status.health ~= nil then hs.status = obj.status.health.status end\nend\nreturn "    \
    "hs\n"
#define DEMANDS                                                                                    \
    "if obj.status.health.status == \"Healthy\" and obj.status.sync.status == \"Synced\" then\n"   \
    "  return {status = \"Healthy\"}\nend\nreturn {status = \"Progressing\"}\n"

static void health_checks_are_told_from_their_text(void **state)
{
    static const struct {
        const char *lua;
        enum application_health_check check;
    } rows[] = {
        {"", APPLICATION_HEALTH_NONE},
        {" ", APPLICATION_HEALTH_PRESENT},
        {COPIES, APPLICATION_HEALTH_PRESENT},
        {DEMANDS, APPLICATION_HEALTH_WANTS_SYNCED},
        {"local s = obj.status.sync\nif s.status ~= 'Synced' then return w end",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"local s = obj.status; return s.sync.status == \"Synced\"",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"return obj[\"status\"]['sync'][\"status\"] == \"Synced\"",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"return obj . status -- the state\n . sync.status == [[x]] or 'Synced'",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"if \"Synced\" == obj.status.sync.status then end", APPLICATION_HEALTH_WANTS_SYNCED},
        {"x = \"--\" if obj.status.sync.status == \"Synced\" then end",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"x = \"\\\"--\" if obj.status.sync.status == \"Synced\" then end",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"--[[ old\n ]] return obj.status.sync.status == \"Synced\"",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"--[==[ ]] ]= ]===] x\n ]==] return obj.status.sync.status == \"Synced\"",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {"return obj.status\t.\r\nsync\t==\r'Synced'", APPLICATION_HEALTH_WANTS_SYNCED},
        {"return get(obj)[ 'status' ] [ 'sync' ] == 'Synced'", APPLICATION_HEALTH_WANTS_SYNCED},
        {"return (obj.status or {}).sync.status == 'Synced'", APPLICATION_HEALTH_WANTS_SYNCED},
        /* Comments and texts are not code. */
        {"--[==[ x==] obj.status.sync == \"Synced\" ]==] return hs", APPLICATION_HEALTH_PRESENT},
        {"--[==[ a\n obj.status.sync == \"Synced\" ]==] return hs", APPLICATION_HEALTH_PRESENT},
        {"-- obj.status.sync.status == \"Synced\"\nreturn hs", APPLICATION_HEALTH_PRESENT},
        {"return hs -- obj.status.sync.status == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"--[[ obj.status.sync.status\n == \"Synced\" ]] return hs", APPLICATION_HEALTH_PRESENT},
        {"--[==[ ]] obj.status.sync.status == \"Synced\" ]==] return hs",
         APPLICATION_HEALTH_PRESENT},
        {"hs.message = \"obj.status.sync is not Synced\"", APPLICATION_HEALTH_PRESENT},
        {"hs.message = [[obj.status.sync.status == \"Synced\"]]", APPLICATION_HEALTH_PRESENT},
        /* Only one of both, or another field. */
        {"return obj.status.sync.status", APPLICATION_HEALTH_PRESENT},
        {"hs.message = \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return obj.status.sync.status == \"OutOfSync\"", APPLICATION_HEALTH_PRESENT},
        {"return obj.status.syncResult == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return obj.status.sync_2 == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return pick('status', 'sync') == 'Synced'", APPLICATION_HEALTH_PRESENT},
        {"return t[obj.status].sync == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return f(obj.status).sync == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return obj.operation.sync.revision == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return obj.status[sync] == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return status, sync == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"return status .. sync == \"Synced\"", APPLICATION_HEALTH_PRESENT},
        /* Cut off anywhere. */
        {"obj.status.sync.status == \"Synced", APPLICATION_HEALTH_WANTS_SYNCED},
        {"--[[ obj.status.sync \"Synced\"", APPLICATION_HEALTH_PRESENT},
        {"obj.status.", APPLICATION_HEALTH_PRESENT},
        {"obj[\"status\"", APPLICATION_HEALTH_PRESENT},
        {"\"\\", APPLICATION_HEALTH_PRESENT},
        {"[==", APPLICATION_HEALTH_PRESENT},
        {"--", APPLICATION_HEALTH_PRESENT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(argocd_cm_freep)
        struct argocd_cm *cm = with(OF_APPLICATION, rows[i].lua, NULL, NULL);

        if (cm->application_health != rows[i].check)
            fail_msg("%s: expected %s, got %s", rows[i].lua, checks[rows[i].check],
                     checks[cm->application_health]);
    }
}

#define ENTRY(key, lua) "\"" key "\":\n  health.lua: \"" lua "\"\n"
#define WANTS "return obj.status.sync.status == 'Synced'"

static void the_check_in_force_is_found(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        const char *other;
        const char *other_value;
        enum application_health_check check;
    } rows[] = {
        {NULL, NULL, NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, ENTRY("argoproj.io/Application", "return 1"), NULL, NULL,
         APPLICATION_HEALTH_PRESENT},
        {NESTED, "argoproj.io/Application:\n  health.lua: |\n    " WANTS "\n", NULL, NULL,
         APPLICATION_HEALTH_WANTS_SYNCED},
        {NESTED, ENTRY("argoproj.io/Application", ""), NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, "argoproj.io/Application:\n  actions: x\n", NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, "argoproj.io/Application:\n", NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, ENTRY("argoproj.io/Rollout", WANTS), NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, ENTRY("Application", WANTS), NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, "", NULL, NULL, APPLICATION_HEALTH_NONE},
        /* Keys that are no checks. */
        {"resource.customizations.useOpenLibs.argoproj.io_Application", "true", NULL, NULL,
         APPLICATION_HEALTH_NONE},
        {"resource.customizations.actions.argoproj.io_Application", WANTS, NULL, NULL,
         APPLICATION_HEALTH_NONE},
        {"resource.customizations.health.argoproj.io_AppProject", WANTS, NULL, NULL,
         APPLICATION_HEALTH_NONE},
        /* The key of its own replaces the nested one, even by nothing. */
        {NESTED, ENTRY("argoproj.io/Application", "return 1"), OF_APPLICATION, WANTS,
         APPLICATION_HEALTH_WANTS_SYNCED},
        {NESTED, ENTRY("argoproj.io/Application", WANTS), OF_APPLICATION, "return 1",
         APPLICATION_HEALTH_PRESENT},
        {NESTED, ENTRY("argoproj.io/Application", WANTS), OF_APPLICATION, "",
         APPLICATION_HEALTH_NONE},
        /* Wildcards, behind the exact key. */
        {NESTED, ENTRY("argoproj.io/*", WANTS), NULL, NULL, APPLICATION_HEALTH_WANTS_SYNCED},
        {NESTED, ENTRY("*", "return 1"), NULL, NULL, APPLICATION_HEALTH_PRESENT},
        {NESTED, ENTRY("*/*", WANTS), NULL, NULL, APPLICATION_HEALTH_WANTS_SYNCED},
        {NESTED, ENTRY("*.crossplane.io/*", WANTS), NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, ENTRY("argoproj.io/*", ""), NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, ENTRY("argoproj.io/*", WANTS), OF_APPLICATION, "return 1",
         APPLICATION_HEALTH_PRESENT},
        {NESTED, ENTRY("argoproj.io/*", WANTS), OF_APPLICATION, "",
         APPLICATION_HEALTH_WANTS_SYNCED},
        {NESTED, ENTRY("{argoproj.io/*,x}", WANTS), NULL, NULL, APPLICATION_HEALTH_NOT_KNOWN},
        {NESTED, ENTRY("[a]", ""), NULL, NULL, APPLICATION_HEALTH_NONE},
        {NESTED, ENTRY("argoproj.io/*", WANTS) ENTRY("*/*", "return 1"), NULL, NULL,
         APPLICATION_HEALTH_NOT_KNOWN},
        {NESTED, ENTRY("argoproj.io/*", "return 2") ENTRY("*/*", "return 1"), NULL, NULL,
         APPLICATION_HEALTH_PRESENT},
        {OF_ALL, WANTS, NULL, NULL, APPLICATION_HEALTH_WANTS_SYNCED},
        {NESTED, ENTRY("*/*", "return 1"), OF_ALL, WANTS, APPLICATION_HEALTH_WANTS_SYNCED},
        {NESTED, ENTRY("*/*", WANTS), OF_ALL, "", APPLICATION_HEALTH_NONE},
        {NESTED, ENTRY("argoproj.io/*", "return 1"), OF_ALL, WANTS, APPLICATION_HEALTH_NOT_KNOWN},
        /* What Argo CD cannot read. */
        {NESTED, "\tx", NULL, NULL, APPLICATION_HEALTH_NOT_KNOWN},
        {NESTED, "- a\n", NULL, NULL, APPLICATION_HEALTH_NOT_KNOWN},
        {NESTED, "argoproj.io/Application: text\n", NULL, NULL, APPLICATION_HEALTH_NOT_KNOWN},
        {NESTED, "argoproj.io/Application:\n  health.lua: [a]\n", NULL, NULL,
         APPLICATION_HEALTH_NOT_KNOWN},
        {NESTED, "\"*\": 1\n", NULL, NULL, APPLICATION_HEALTH_NOT_KNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(argocd_cm_freep)
        struct argocd_cm *cm = with(rows[i].key, rows[i].value, rows[i].other, rows[i].other_value);

        if (cm->application_health != rows[i].check)
            fail_msg("row %zu (%s): expected %s, got %s", i, rows[i].value ? rows[i].value : "",
                     checks[rows[i].check], checks[cm->application_health]);
    }
}

#define OWN "https://kubernetes.default.svc"
#define EXCLUSIONS "resource.exclusions"
#define INCLUSIONS "resource.inclusions"
#define SECRETS "- apiGroups: ['']\n  kinds: [Secret]\n"

static void what_is_watched_follows_the_filters(void **state)
{
    static const struct {
        const char *exclusions;
        const char *inclusions;
        const char *group;
        const char *kind;
        const char *cluster;
        enum tri answer;
    } rows[] = {
        {NULL, NULL, "", "Secret", OWN, TRI_YES},
        {"", "", "", "Secret", OWN, TRI_YES},
        {"[]", "[]", "", "Secret", OWN, TRI_YES},
        {"# nothing\n", NULL, "", "Secret", OWN, TRI_YES},
        /* Compiled into Argo CD. */
        {NULL, NULL, "", "Event", OWN, TRI_NO},
        {NULL, NULL, "events.k8s.io", "Event", OWN, TRI_NO},
        {NULL, NULL, "metrics.k8s.io", "PodMetrics", OWN, TRI_NO},
        {NULL, NULL, "coordination.k8s.io", "Lease", OWN, TRI_NO},
        {NULL, NULL, "coordination.k8s.io", "Other", OWN, TRI_YES},
        {"\tbroken", "- kinds: [Event]\n", "", "Event", OWN, TRI_NO},
        {SECRETS, NULL, "", "Secret", OWN, TRI_NO},
        {SECRETS, NULL, "", "ConfigMap", OWN, TRI_YES},
        {SECRETS, NULL, "other.io", "Secret", OWN, TRI_YES},
        {"- kinds: [Secret]\n", NULL, "", "Secret", OWN, TRI_NO},
        {"- apiGroups: [external-secrets.io]\n", NULL, "external-secrets.io", "ExternalSecret", OWN,
         TRI_NO},
        {"- apiGroups: ['*.io']\n", NULL, "external-secrets.io", "ExternalSecret", OWN, TRI_NO},
        {"- apiGroups: ['*.io']\n", NULL, "", "Secret", OWN, TRI_YES},
        {"- apiGroups: ['*']\n  kinds: ['*']\n", NULL, "", "Secret", OWN, TRI_NO},
        {"- apiGroups: ['*']\n  kinds: ['Sec*']\n", NULL, "", "Secret", OWN, TRI_YES}, /* no glob */
        {"- apiGroups: ['{,apps}']\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- apiGroups: ['{,apps}']\n  kinds: [Pod]\n", NULL, "", "Secret", OWN, TRI_YES},
        {"- {}\n", NULL, "", "Secret", OWN, TRI_NO}, /* three empty lists */
        {"- apigroups: ['']\n  Kinds: [Secret]\n", NULL, "", "Secret", OWN, TRI_NO},
        {"- kinds: null\n  apiGroups: [apps]\n", NULL, "apps", "Deployment", OWN, TRI_NO},
        {"[{kinds: [Pod]}, {kinds: [Secret]}]", NULL, "", "Secret", OWN, TRI_NO},
        /* Clusters. */
        {"- kinds: [Secret]\n  clusters: ['*']\n", NULL, "", "Secret", OWN, TRI_NO},
        {"- kinds: [Secret]\n  clusters: ['" OWN "']\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- kinds: [Pod]\n  clusters: ['" OWN "']\n", NULL, "", "Secret", OWN, TRI_YES},
        {"- kinds: [Secret]\n  clusters: ['https://10.*']\n", NULL, "", "Secret",
         "https://10.0.0.1", TRI_NO},
        {"- kinds: [Secret]\n  clusters: ['https://10.*']\n", NULL, "", "Secret",
         "https://11.0.0.1", TRI_YES},
        {"- kinds: [Secret]\n  clusters: ['https://10.*']\n", NULL, "", "Secret", "",
         TRI_NOT_KNOWN},
        /* Inclusions, and both. */
        {NULL, SECRETS, "", "Secret", OWN, TRI_YES},
        {NULL, SECRETS, "", "ConfigMap", OWN, TRI_NO},
        {NULL, "- {}\n", "", "Secret", OWN, TRI_YES},
        {SECRETS, SECRETS, "", "Secret", OWN, TRI_NO},
        {"- kinds: [Pod]\n", SECRETS, "", "Secret", OWN, TRI_YES},
        {NULL, "- kinds: [Pod]\n  clusters: [https://a]\n", "", "Secret", "https://a", TRI_NO},
        {NULL, "- kinds: [Pod]\n  clusters: [https://a]\n", "", "Secret", "https://b", TRI_YES},
        {NULL, "- kinds: [Pod]\n  clusters: [https://a]\n", "", "Secret", OWN, TRI_NOT_KNOWN},
        {NULL, "- kinds: [Secret]\n  clusters: [https://a]\n", "", "Secret", "https://a", TRI_YES},
        {NULL, "- apiGroups: ['[a]']\n", "", "Secret", OWN, TRI_NOT_KNOWN},
        /* What cannot be read. */
        {"\tbroken", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {NULL, "\tbroken", "", "Secret", OWN, TRI_NOT_KNOWN},
        {"text", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"a: b", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- text\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- null\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- kinds: Secret\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- kinds: [1]\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- apiGroups: {a: b}\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- clusters: [[x]]\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
        {"- kinds: [Pod]\n  Kinds: [Secret]\n", NULL, "", "Secret", OWN, TRI_NOT_KNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(argocd_cm_freep)
        struct argocd_cm *cm = with(rows[i].exclusions ? EXCLUSIONS : NULL, rows[i].exclusions,
                                    rows[i].inclusions ? INCLUSIONS : NULL, rows[i].inclusions);
        enum tri answer = argocd_cm_watches(cm, str_from(rows[i].group), str_from(rows[i].kind),
                                            str_from(rows[i].cluster));

        if (answer != rows[i].answer)
            fail_msg("row %zu (%s): expected %s, got %s", i,
                     rows[i].exclusions ? rows[i].exclusions : rows[i].inclusions,
                     said[rows[i].answer], said[answer]);
    }
}

static void texts_are_read(void **state)
{
    AUTO(argocd_cm_freep)
    struct argocd_cm *cm = with("application.resourceTrackingMethod", "annotation+label",
                                "application.instanceLabelKey", "argocd.argoproj.io/instance");
    AUTO(argocd_cm_freep)
    struct argocd_cm *other = with("installationID", "one", "globalProjects", "- projectName: x\n");

    (void)state;
    argocd_cm_free(NULL);
    assert_true(str_is(cm->method, "annotation+label"));
    assert_true(str_is(cm->label_key, "argocd.argoproj.io/instance"));
    assert_null(cm->installation_id.p);
    assert_false(cm->has_global_projects || cm->filters_unreadable);
    assert_null(cm->exclusions);
    assert_null(cm->inclusions);
    assert_true(str_is(other->installation_id, "one"));
    assert_true(other->has_global_projects);
    assert_null(other->method.p);
    assert_null(other->label_key.p);
}

static void wrong_types_are_survived(void **state)
{
    static const struct {
        const char *text;
        enum application_health_check check;
        bool unreadable;
    } rows[] = {
        {"{}", APPLICATION_HEALTH_NONE, false},
        {"[]", APPLICATION_HEALTH_NONE, false},
        {"{\"data\":[]}", APPLICATION_HEALTH_NONE, false},
        {"{\"data\":null}", APPLICATION_HEALTH_NONE, false},
        {"{\"data\":{\"" NESTED "\":{}}}", APPLICATION_HEALTH_NOT_KNOWN, false},
        {"{\"data\":{\"" OF_APPLICATION "\":[\"x\"]}}", APPLICATION_HEALTH_NONE, false},
        {"{\"data\":{\"" EXCLUSIONS "\":[{\"kinds\":[\"Secret\"]}]}}", APPLICATION_HEALTH_NONE,
         true},
        {"{\"data\":{\"" INCLUSIONS "\":1,\"installationID\":{},\"globalProjects\":[1],"
         "\"application.instanceLabelKey\":true,\"application.resourceTrackingMethod\":[]}}",
         APPLICATION_HEALTH_NONE, true},
        {"{\"data\":{\"" EXCLUSIONS "\":null}}", APPLICATION_HEALTH_NONE, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *object = NULL;
        struct argocd_cm *cm;
        struct err err = {0};

        assert_true(json_read(str_from(rows[i].text), &object, &err));
        cm = argocd_cm_parse(object);
        json_decref(object);
        if (cm->application_health != rows[i].check || cm->filters_unreadable != rows[i].unreadable)
            fail_msg("%s: expected %s, %d, got %s, %d", rows[i].text, checks[rows[i].check],
                     rows[i].unreadable, checks[cm->application_health], cm->filters_unreadable);
        assert_null(cm->method.p);
        assert_null(cm->label_key.p);
        assert_null(cm->installation_id.p);
        assert_false(cm->has_global_projects);
        assert_int_equal(argocd_cm_watches(cm, STR(""), STR("Secret"), STR(OWN)),
                         rows[i].unreadable ? TRI_NOT_KNOWN : TRI_YES);
        argocd_cm_free(cm);
    }
}

enum { LONG = 100 * 1024 };

static void repeat(struct buf *b, const char *piece)
{
    size_t n = strlen(piece);

    for (size_t i = 0; i + n <= LONG; i += n)
        buf_adds(b, piece);
}

static void long_texts_and_deep_ones_end(void **state)
{
    static const struct {
        const char *key;
        const char *piece; /* repeated to 100 KiB */
        enum application_health_check check;
        bool unreadable;
    } rows[] = {
        {OF_APPLICATION, "[", APPLICATION_HEALTH_PRESENT, false},
        {OF_APPLICATION, "[=", APPLICATION_HEALTH_PRESENT, false},
        {OF_APPLICATION, "--[==[ ]=", APPLICATION_HEALTH_PRESENT, false},
        {OF_APPLICATION, "\"", APPLICATION_HEALTH_PRESENT, false},
        {OF_APPLICATION, "\\", APPLICATION_HEALTH_PRESENT, false},
        {OF_APPLICATION, "a.", APPLICATION_HEALTH_PRESENT, false},
        {OF_APPLICATION, "status.sync 'Synced'\n", APPLICATION_HEALTH_WANTS_SYNCED, false},
        {NESTED, "[", APPLICATION_HEALTH_NOT_KNOWN, false},
        {NESTED, "{a: ", APPLICATION_HEALTH_NOT_KNOWN, false},
        {NESTED, "- ", APPLICATION_HEALTH_NOT_KNOWN, false},
        {EXCLUSIONS, "[", APPLICATION_HEALTH_NONE, true},
        {EXCLUSIONS, "- ", APPLICATION_HEALTH_NONE, true},
        {EXCLUSIONS, "- kinds: [Pod]\n", APPLICATION_HEALTH_NONE, false},
        {EXCLUSIONS, "- kinds: [Pod]\n  Kinds: [Job]\n", APPLICATION_HEALTH_NONE, true},
        {INCLUSIONS, "{a: ", APPLICATION_HEALTH_NONE, true},
        {INCLUSIONS, "a", APPLICATION_HEALTH_NONE, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(buf_clearp) struct buf b = {0};
        AUTO(argocd_cm_freep) struct argocd_cm *cm = NULL;

        buf_init(&b, LONG + 1);
        repeat(&b, rows[i].piece);
        assert_true(buf_ok(&b));
        cm = with(rows[i].key, b.p, NULL, NULL);
        if (cm->application_health != rows[i].check || cm->filters_unreadable != rows[i].unreadable)
            fail_msg("%s of %s: expected %s, %d, got %s, %d", rows[i].key, rows[i].piece,
                     checks[rows[i].check], rows[i].unreadable, checks[cm->application_health],
                     cm->filters_unreadable);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_checks_are_told_from_their_text),
        cmocka_unit_test(the_check_in_force_is_found),
        cmocka_unit_test(what_is_watched_follows_the_filters),
        cmocka_unit_test(texts_are_read),
        cmocka_unit_test(wrong_types_are_survived),
        cmocka_unit_test(long_texts_and_deep_ones_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
