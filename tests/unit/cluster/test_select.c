/* What is kept of an object, and what must never be. */
#include "base/mem.h"
#include "fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants three of the above. */
#include <cmocka.h>

#define ANNOTATIONS                                                                                \
    "\"annotations\":{\"argocd.argoproj.io/tracking-id\":\"t\","                                   \
    "\"argocd.argoproj.io/installation-id\":\"i\",\"argocd.argoproj.io/hook\":\"Skip\","           \
    "\"argocd.argoproj.io/sync-options\":\"Prune=false\",\"argocd.argoproj.io/sync-wave\":\"1\","  \
    "\"syncguard.dev/exempt\":\"self-prune: x\",\"helm.sh/hook\":\"h\","                           \
    "\"kubernetes.io/service-account.name\":\"s\","                                                \
    "\"helm.sh/resource-policy\":\"keep\",\"argocd.argoproj.io/refresh\":\"hard\","                \
    "\"kubectl.kubernetes.io/last-applied-configuration\":\"HIDDEN\",\"x\":\"HIDDEN\"}"
#define ANNOTATIONS_KEPT                                                                           \
    "\"annotations\":{\"argocd.argoproj.io/hook\":\"Skip\","                                       \
    "\"argocd.argoproj.io/installation-id\":\"i\","                                                \
    "\"argocd.argoproj.io/sync-options\":\"Prune=false\",\"argocd.argoproj.io/sync-wave\":\"1\","  \
    "\"argocd.argoproj.io/tracking-id\":\"t\",\"helm.sh/hook\":\"h\","                             \
    "\"helm.sh/resource-policy\":\"keep\",\"kubernetes.io/service-account.name\":\"s\","           \
    "\"syncguard.dev/exempt\":\"self-prune: x\"}"

static void assert_kept_of(const char *text, enum cluster_kind kind, const char *wanted)
{
    AUTO(cluster_freep) struct cluster *c = cluster_of(text);

    assert_notes(c, "");
    assert_kept(c, kind, wanted);
}

static void metadata_is_kept_as_far_as_rules_read_it(void **state)
{
    (void)state;
    assert_kept_of("{" API_APPLICATION ",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\","
                   "\"labels\":{\"l\":\"v\"},\"ownerReferences\":[{\"kind\":\"K\"}],"
                   "\"finalizers\":[\"f\"],\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","
                   "\"uid\":\"u\",\"generation\":7,\"creationTimestamp\":null,"
                   "\"managedFields\":[{\"manager\":\"m\"}]," ANNOTATIONS "}}",
                   CLUSTER_APPLICATION,
                   "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\","
                   "\"metadata\":{" ANNOTATIONS_KEPT
                   ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"finalizers\":[\"f\"],"
                   "\"labels\":{\"l\":\"v\"},\"name\":\"a\",\"namespace\":\"n\","
                   "\"ownerReferences\":[{\"kind\":\"K\"}]}}");
}

static void an_application_keeps_what_rules_judge(void **state)
{
    (void)state;
    assert_kept_of(
        "{" API_APPLICATION "," META(
            "n",
            "a") ",\"spec\":{\"project\":\"p\",\"info\":[{}]},"
                 "\"operation\":{\"sync\":{\"prune\":true}},\"status\":{\"history\":[1],"
                 "\"resources\":[{\"kind\":\"Deployment\"},{\"kind\":\"Secret\",\"name\":\"s\"},"
                 "{\"kind\":\"Application\"},{\"kind\":\"ExternalSecret\"},{\"kind\":\"ConfigMap\"}"
                 ",{}]}}",
        CLUSTER_APPLICATION,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\",\"metadata\":"
        "{\"name\":\"a\",\"namespace\":\"n\"},\"operation\":{\"sync\":{\"prune\":true}},"
        "\"spec\":{\"info\":[{}],\"project\":\"p\"},\"status\":{\"resources\":["
        "{\"kind\":\"Secret\",\"name\":\"s\"},{\"kind\":\"Application\"},"
        "{\"kind\":\"ExternalSecret\"}]}}");
}

static void a_set_keeps_its_spec(void **state)
{
    (void)state;
    assert_kept_of(
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"ApplicationSet\"," META(
            "n", "a") ",\"spec\":{\"generators\":[{}]},\"status\":{\"conditions\":[{}]}}",
        CLUSTER_APPLICATION_SET,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"ApplicationSet\","
        "\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},"
        "\"spec\":{\"generators\":[{}]}}");
}

static void a_project_keeps_its_spec(void **state)
{
    (void)state;
    assert_kept_of("{" API_PROJECT
                   "," META("n", "a") ",\"spec\":{\"sourceRepos\":[\"*\"]},"
                                      "\"status\":{\"jwtTokensByRole\":{\"r\":{}}}}",
                   CLUSTER_APP_PROJECT,
                   "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"AppProject\",\"metadata\":"
                   "{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{\"sourceRepos\":[\"*\"]}}");
}

#define SPEC                                                                                       \
    "{\"refreshInterval\":\"1h\",\"data\":[{\"secretKey\":\"HIDDEN\"}],"                           \
    "\"dataFrom\":[{\"extract\":{\"key\":\"HIDDEN\"}}],\"target\":{\"name\":\"t\","                \
    "\"creationPolicy\":\"Merge\",\"template\":{\"mergePolicy\":\"Merge\","                        \
    "\"data\":{\"password\":\"HIDDEN\"},\"templateFrom\":[{\"target\":\"Labels\","                 \
    "\"literal\":\"HIDDEN\"}],\"metadata\":{\"labels\":{\"l\":\"v\"}}}}}"
#define SPEC_KEPT                                                                                  \
    "{\"refreshInterval\":\"1h\",\"target\":{\"creationPolicy\":\"Merge\",\"name\":\"t\","         \
    "\"template\":{\"mergePolicy\":\"Merge\",\"metadata\":{\"labels\":{\"l\":\"v\"}},"             \
    "\"templateFrom\":[{\"target\":\"Labels\"}]}}}"

static void an_external_secret_keeps_no_data_of_any_version(void **state)
{
    static const char *const versions[] = {"v1alpha1", "v1beta1", "v1", "v2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        AUTO(freep)
        char *text = xasprintf(
            "{\"apiVersion\":\"external-secrets.io/%s\",\"kind\":"
            "\"ExternalSecret\"," META("n", "a") ",\"spec\":" SPEC
                                                 ",\"status\":{\"binding\":{\"name\":\"t\"}}}",
            versions[i]);
        AUTO(freep)
        char *wanted = xasprintf("{\"apiVersion\":\"external-secrets.io/%s\",\"kind\":"
                                 "\"ExternalSecret\",\"metadata\":{\"name\":\"a\","
                                 "\"namespace\":\"n\"},\"spec\":" SPEC_KEPT "}",
                                 versions[i]);

        assert_kept_of(text, CLUSTER_EXTERNAL_SECRET, wanted);
    }
}

static void a_cluster_external_secret_keeps_where_it_is_provisioned(void **state)
{
    (void)state;
    assert_kept_of("{" API_CLUSTER_EXTERNAL ",\"metadata\":{\"name\":\"a\"},\"spec\":"
                   "{\"externalSecretName\":\"e\",\"externalSecretSpec\":" SPEC "},"
                   "\"status\":{\"provisionedNamespaces\":[\"n\",\"m\"],\"conditions\":[]}}",
                   CLUSTER_CLUSTER_EXTERNAL_SECRET,
                   "{\"apiVersion\":\"external-secrets.io/v1\",\"kind\":\"ClusterExternalSecret\","
                   "\"metadata\":{\"name\":\"a\"},\"spec\":{\"externalSecretName\":\"e\","
                   "\"externalSecretSpec\":" SPEC_KEPT "},"
                   "\"status\":{\"provisionedNamespaces\":[\"n\",\"m\"]}}");
}

static void of_config_maps_argocd_cm_alone_is_kept(void **state)
{
    AUTO(cluster_freep)
    struct cluster *c = cluster_of(LIST("{" API_CONFIG_MAP "," META(
        "n", "argocd-cmd-params-cm") "},"
                                     "{" API_CONFIG_MAP
                                     "," META("n", "argocd-cm") "},"
                                                                "{" API_CONFIG_MAP
                                                                "," META("m", "argocd-cm") "}"));

    (void)state;
    assert_notes(c, "");
    assert_objects(c, CLUSTER_CONFIG_MAP, "m/argocd-cm n/argocd-cm");
    assert_kept_of(
        "{" API_CONFIG_MAP "," META(
            "n", "argocd-cm") ",\"data\":{"
                              "\"application.resourceTrackingMethod\":\"label\",\"resource."
                              "exclusions\":\"[]\","
                              "\"installationID\":\"i\",\"globalProjects\":\"g\","
                              "\"dex.config\":\"HIDDEN\",\"resourceful\":\"HIDDEN\",\"oidc."
                              "config\":\"HIDDEN\","
                              "\"repositories\":\"HIDDEN\"},\"binaryData\":{\"x\":\"HIDDEN\"}}",
        CLUSTER_CONFIG_MAP,
        "{\"apiVersion\":\"v1\",\"data\":{"
        "\"application.resourceTrackingMethod\":\"label\",\"globalProjects\":\"g\","
        "\"installationID\":\"i\",\"resource.exclusions\":\"[]\"},\"kind\":\"ConfigMap\","
        "\"metadata\":{\"name\":\"argocd-cm\",\"namespace\":\"n\"}}");
}

static void a_secret_keeps_its_metadata_alone(void **state)
{
    (void)state;
    assert_kept_of(
        "{" API_SECRET ",\"type\":\"Opaque\",\"immutable\":true,\"data\":{\"k\":\"HIDDEN\"},"
        "\"stringData\":{\"k\":\"HIDDEN\"},\"HIDDEN\":\"HIDDEN\",\"metadata\":{\"name\":\"a\","
        "\"namespace\":\"n\"," ANNOTATIONS ",\"managedFields\":[{\"manager\":\"m\","
        "\"operation\":\"Apply\",\"apiVersion\":\"v1\",\"time\":\"t\",\"fieldsType\":\"FieldsV1\","
        "\"subresource\":\"s\",\"fieldsV2\":{\"f:data\":\"HIDDEN\"},\"fieldsV1\":{"
        "\"f:data\":{\"f:HIDDEN\":{}},\"f:stringData\":{\"f:HIDDEN\":{}},\"f:type\":{},"
        "\"f:metadata\":{\"f:labels\":{\"f:l\":{}}}}},{\"manager\":\"o\"}]}}",
        CLUSTER_SECRET,
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{" ANNOTATIONS_KEPT
        ",\"managedFields\":[{\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{"
        "\"f:metadata\":{\"f:labels\":{\"f:l\":{}}},\"f:type\":{}},\"manager\":\"m\","
        "\"operation\":\"Apply\",\"subresource\":\"s\",\"time\":\"t\"},{\"manager\":\"o\"}],"
        "\"name\":\"a\",\"namespace\":\"n\"},\"type\":\"Opaque\"}");
}

/* However broken the Secret is, what it hides is nowhere. */
static void what_a_secret_hides_is_in_no_note(void **state)
{
    static const char *const texts[] = {
        "{" API_SECRET "," META("n", "a") ",\"data\":{\"k\":HIDDEN}}",
        "{" API_SECRET "," META("n", "a") ",\"data\":{\"HIDDEN\":1,\"HIDDEN\":2}}",
        "{" API_SECRET "," META("n", "a") ",\"data\":\"HIDDEN",
        "{" API_SECRET "," META("n", "a") ",\"type\":{\"x\":\"HIDDEN\"}}",
        "{" API_SECRET "," META("n", "a") ",\"data\":{\"k\":\"HIDDEN\\q\"}}",
        "{" API_SECRET ",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"managedFields\":"
        "[{\"fieldsV1\":\"HIDDEN\"}]}}",
        "{" API_SECRET ",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"managedFields\":"
        "[\"HIDDEN\"]}}",
        "{" API_SECRET ",\"metadata\":[\"HIDDEN\"]}",
        LIST("{" API_SECRET "," META("n", "a") ",\"data\":{\"k\":\"HIDDEN\"}},HIDDEN"),
        LIST("{" API_SECRET "," META("n", "a") ",\"data\":{\"k\":\"HIDDEN\"}},\"HIDDEN\""),
        "HIDDEN",
        "{HIDDEN}",
        "{\"HIDDEN\"}",
        "{\"HIDDEN\":HIDDEN}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(cluster_freep) struct cluster *c = cluster_of(texts[i]);
        AUTO(freep) char *all = everything(c);

        assert_true(cluster_n_notes(c) > 0);
        if (strstr(all, "HIDDEN"))
            print_error("text %zu: %s\n", i, all);
        assert_null(strstr(all, "HIDDEN"));
    }
}

#define WITH(field) ",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"," field "}"

static void wrong_types_are_left_out_with_a_note(void **state)
{
    static const struct {
        const char *text;
        const char *note;
    } cases[] = {
        {API_APPLICATION WITH("\"labels\":[]"),
         "Application is left out: /metadata/labels is a list, not an object"},
        {API_PROJECT WITH("\"labels\":{\"l\":1}"),
         "AppProject is left out: /metadata/labels holds something else than strings"},
        {API_SECRET WITH("\"annotations\":\"x\""),
         "Secret is left out: /metadata/annotations is a string, not an object"},
        {API_SECRET WITH("\"annotations\":{\"helm.sh/hook\":true}"),
         "Secret is left out: /metadata/annotations holds something else than strings"},
        {API_SECRET WITH("\"ownerReferences\":{}"),
         "Secret is left out: /metadata/ownerReferences is an object, not a list"},
        {API_SECRET WITH("\"ownerReferences\":[null]"),
         "Secret is left out: /metadata/ownerReferences holds something else than objects"},
        {API_EXTERNAL WITH("\"finalizers\":[1]"),
         "ExternalSecret is left out: /metadata/finalizers holds something else than strings"},
        {API_CONFIG_MAP ",\"metadata\":{\"name\":\"argocd-cm\",\"namespace\":\"n\"},\"data\":7",
         "ConfigMap is left out: /data is a number, not an object"},
        {API_CONFIG_MAP ",\"metadata\":{\"name\":\"argocd-cm\",\"namespace\":\"n\","
                        "\"deletionTimestamp\":1}",
         "ConfigMap is left out: /metadata/deletionTimestamp is a number, not a string"},
        {API_CONFIG_MAP ",\"metadata\":{\"name\":\"argocd-cm\",\"namespace\":\"n\"},"
                        "\"data\":{\"installationID\":false}",
         "ConfigMap is left out: /data holds something else than strings"},
        {API_APPLICATION WITH("\"x\":1") ",\"spec\":\"s\"",
         "Application is left out: /spec is a string, not an object"},
        {API_APPLICATION WITH("\"x\":1") ",\"spec\":{\"source\":{\"path\":1}}",
         "Application is left out: /spec/source/path is a number, not a string"},
        {API_APPLICATION WITH("\"x\":1") ",\"operation\":[]",
         "Application is left out: /operation is a list, not an object"},
        {API_APPLICATION WITH("\"x\":1") ",\"status\":[]",
         "Application is left out: /status is a list, not an object"},
        {API_APPLICATION WITH("\"x\":1") ",\"status\":{\"resources\":{}}",
         "Application is left out: /status/resources is an object, not a list"},
        {API_APPLICATION WITH("\"x\":1") ",\"status\":{\"resources\":[\"Secret\"]}",
         "Application is left out: /status/resources holds something else than objects"},
        {API_PROJECT WITH("\"x\":1") ",\"spec\":true",
         "AppProject is left out: /spec is a boolean, not an object"},
        {API_EXTERNAL WITH("\"x\":1") ",\"spec\":{\"target\":{\"name\":{}}}",
         "ExternalSecret is left out: /spec/target/name is an object, not a string"},
        {API_SECRET WITH("\"x\":1") ",\"type\":1",
         "Secret is left out: /type is a number, not a string"},
        {API_SECRET WITH("\"managedFields\":{}"),
         "Secret is left out: /metadata/managedFields is an object, not a list"},
        {API_SECRET WITH("\"managedFields\":[{\"fieldsV1\":1}]"),
         "Secret is left out: /metadata/managedFields/fieldsV1 is a number, not an object"},
        {API_CLUSTER_EXTERNAL ",\"metadata\":{\"name\":\"a\"},\"spec\":1",
         "ClusterExternalSecret is left out: /spec is a number, not an object"},
        {API_CLUSTER_EXTERNAL ",\"metadata\":{\"name\":\"a\"},\"spec\":{\"externalSecretSpec\":[]}",
         "ClusterExternalSecret is left out: /spec/externalSecretSpec is a list, not an object"},
        {API_CLUSTER_EXTERNAL ",\"metadata\":{\"name\":\"a\"},\"spec\":{\"externalSecretSpec\":"
                              "{\"target\":{\"creationPolicy\":1}}}",
         "ClusterExternalSecret is left out: as an ExternalSecret of externalSecretSpec: "
         "/spec/target/creationPolicy is a number, not a string"},
        {API_CLUSTER_EXTERNAL
         ",\"metadata\":{\"name\":\"a\"},\"status\":{\"provisionedNamespaces\":[1]}",
         "ClusterExternalSecret is left out: /status/provisionedNamespaces holds something else "
         "than strings"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep) char *object = xasprintf("{%s}", cases[i].text);
        AUTO(freep) char *wanted = xasprintf(FILE_NAME ": %s\n", cases[i].note);
        AUTO(cluster_freep) struct cluster *c = cluster_of(object);

        assert_notes(c, wanted);
        assert_true(cluster_is_whole(c));
        for (unsigned kind = 0; kind < N_CLUSTER_KINDS; kind++)
            assert_objects(c, (enum cluster_kind)kind, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_is_kept_as_far_as_rules_read_it),
        cmocka_unit_test(an_application_keeps_what_rules_judge),
        cmocka_unit_test(a_set_keeps_its_spec),
        cmocka_unit_test(a_project_keeps_its_spec),
        cmocka_unit_test(an_external_secret_keeps_no_data_of_any_version),
        cmocka_unit_test(a_cluster_external_secret_keeps_where_it_is_provisioned),
        cmocka_unit_test(of_config_maps_argocd_cm_alone_is_kept),
        cmocka_unit_test(a_secret_keeps_its_metadata_alone),
        cmocka_unit_test(what_a_secret_hides_is_in_no_note),
        cmocka_unit_test(wrong_types_are_left_out_with_a_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
