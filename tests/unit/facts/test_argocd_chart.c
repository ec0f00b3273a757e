/* test_argocd_chart.c: whether the chart argo-cd makes argocd-secret, value by value. */
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "facts/argocd_chart.h"
#include "fixture.h"
#include <string.h>

#define HELM_REPOSITORY "https://argoproj.github.io/argo-helm"

static const struct {
    const char *repository;
    const char *helm; /* flow YAML */
    enum tri makes;
    const char *namespace; /* NULL: not known */
    bool annotates;
} rows[] = {
    {HELM_REPOSITORY, "{}", TRI_YES, "argocd", false},
    {"https://argoproj.github.io/argo-helm/", "{}", TRI_YES, "argocd", false},
    {"ghcr.io/argoproj/argo-helm", "{}", TRI_YES, "argocd", false},
    /* A chart of that name from elsewhere may have other defaults. */
    {"https://charts.example.com", "{}", TRI_NOT_KNOWN, "argocd", false},
    {"https://charts.example.com", "{valuesObject: {configs: {secret: {createSecret: false}}}}",
     TRI_NO, "argocd", false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: false}}}}", TRI_NO,
     "argocd", false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: true}}}}", TRI_YES,
     "argocd", false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: null}}}}", TRI_YES,
     "argocd", false},
    /* A string is true to a template, whatever it says. */
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: 'false'}}}}", TRI_YES,
     "argocd", false},
    {HELM_REPOSITORY, "{values: 'configs: {secret: {createSecret: false}}'}", TRI_NO, "argocd",
     false},
    {HELM_REPOSITORY, "{values: 'configs: {secret: {createSecret: true}}'}", TRI_YES, "argocd",
     false},
    /* valuesObject takes the place of values. */
    {HELM_REPOSITORY,
     "{values: 'configs: {secret: {createSecret: false}}', valuesObject: {server: {}}}", TRI_YES,
     "argocd", false},
    {HELM_REPOSITORY,
     "{values: 'configs: {secret: {createSecret: true}}', valuesObject: {configs: {secret: "
     "{createSecret: false}}}}",
     TRI_NO, "argocd", false},
    {HELM_REPOSITORY, "{values: 'a: ['}", TRI_NOT_KNOWN, NULL, true},
    {HELM_REPOSITORY, "{values: '  '}", TRI_YES, "argocd", false},
    /* Parameters come last, and the last of them wins. */
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.createSecret, value: 'false'}]}", TRI_NO,
     "argocd", true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'false', forceString: true}]}",
     TRI_YES, "argocd", true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'false'}, {name: "
     "configs.secret.createSecret, value: 'true'}]}",
     TRI_YES, "argocd", true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'true'}], valuesObject: {configs: "
     "{secret: {createSecret: false}}}}",
     TRI_YES, "argocd", true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'false'}], valueFiles: [v.yaml]}",
     TRI_NO, NULL, true},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.other, value: 'false'}]}", TRI_YES,
     "argocd", true},
    {HELM_REPOSITORY, "{fileParameters: [{name: configs.secret.createSecret, path: f}]}",
     TRI_NOT_KNOWN, "argocd", true},
    {HELM_REPOSITORY, "{fileParameters: [{name: other, path: f}]}", TRI_YES, "argocd", true},
    /* Value files come before inline values, which decide where they speak. */
    {HELM_REPOSITORY, "{valueFiles: [v.yaml]}", TRI_NOT_KNOWN, NULL, true},
    {HELM_REPOSITORY,
     "{valueFiles: [v.yaml], valuesObject: {configs: {secret: {createSecret: false}}}}", TRI_NO,
     NULL, true},
    {HELM_REPOSITORY, "{valueFiles: []}", TRI_YES, "argocd", false},
    {HELM_REPOSITORY, "{namespace: elsewhere}", TRI_YES, "elsewhere", false},
    {HELM_REPOSITORY, "{valuesObject: {namespaceOverride: elsewhere}}", TRI_YES, NULL, false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {annotations: {a: b}}}}}", TRI_YES,
     "argocd", true},
    {HELM_REPOSITORY, "{values: 'configs: {secret: {annotations: {a: b}}}'}", TRI_YES, "argocd",
     true},
    {HELM_REPOSITORY, "{valuesObject: {configs: {cm: {annotations: {a: b}}}}}", TRI_YES, "argocd",
     false},
};

static void the_values_decide(void **state)
{
    const struct destination d = {.namespace = STR("argocd")};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(json_unrefp) json_t *helm = NULL;
        struct source source = {.repo_url = str_from(rows[i].repository), .chart = STR("argo-cd")};
        struct err err = {0};
        enum tri makes;
        struct str namespace;
        bool annotates;

        assert_true(yaml_read(str_from(rows[i].helm), 1, &helm, NULL, &err));
        source.helm = helm;
        makes = argocd_chart_makes_secret(&source);
        namespace = argocd_chart_namespace(&source, &d);
        annotates = argocd_chart_annotates_secret(&source);
        if (makes != rows[i].makes || annotates != rows[i].annotates ||
            !(rows[i].namespace ? str_is(namespace, rows[i].namespace) : !namespace.p))
            fail_msg("%s %s: wanted %d %s %d, got %d %.*s %d", rows[i].repository, rows[i].helm,
                     rows[i].makes, rows[i].namespace ? rows[i].namespace : "(not known)",
                     rows[i].annotates, makes, STR_ARG(namespace), annotates);
    }
}

static void no_options_are_the_defaults(void **state)
{
    const struct source source = {.repo_url = STR(HELM_REPOSITORY), .chart = STR("argo-cd")};

    (void)state;
    assert_int_equal(argocd_chart_makes_secret(&source), TRI_YES);
    assert_false(argocd_chart_annotates_secret(&source));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_values_decide),
        cmocka_unit_test(no_options_are_the_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
