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
    const char *helm;      /* flow YAML */
    const char *namespace; /* NULL: not known */
    enum tri makes;
    bool annotates;
} rows[] = {
    {HELM_REPOSITORY, "{}", "argocd", TRI_YES, false},
    {"https://argoproj.github.io/argo-helm/", "{}", "argocd", TRI_YES, false},
    {"ghcr.io/argoproj/argo-helm", "{}", "argocd", TRI_YES, false},
    /* A chart of that name from elsewhere may have other defaults. */
    {"https://charts.example.com", "{}", "argocd", TRI_NOT_KNOWN, false},
    {"https://charts.example.com", "{valuesObject: {configs: {secret: {createSecret: false}}}}",
     "argocd", TRI_NO, false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: false}}}}", "argocd",
     TRI_NO, false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: true}}}}", "argocd",
     TRI_YES, false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: null}}}}", "argocd", TRI_NO,
     false},
    /* A string is true to a template, whatever it says. */
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: 'false'}}}}", "argocd",
     TRI_YES, false},
    {HELM_REPOSITORY, "{values: 'configs: {secret: {createSecret: false}}'}", "argocd", TRI_NO,
     false},
    {HELM_REPOSITORY, "{values: 'configs: {secret: {createSecret: true}}'}", "argocd", TRI_YES,
     false},
    /* valuesObject takes the place of values. */
    {HELM_REPOSITORY,
     "{values: 'configs: {secret: {createSecret: false}}', valuesObject: {server: {}}}", "argocd",
     TRI_YES, false},
    {HELM_REPOSITORY,
     "{values: 'configs: {secret: {createSecret: true}}', valuesObject: {configs: {secret: "
     "{createSecret: false}}}}",
     "argocd", TRI_NO, false},
    {HELM_REPOSITORY, "{values: 'a: ['}", NULL, TRI_NOT_KNOWN, true},
    {HELM_REPOSITORY, "{values: '  '}", "argocd", TRI_YES, false},
    /* Parameters come last, and the last of them wins. */
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.createSecret, value: 'false'}]}",
     "argocd", TRI_NO, true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'false', forceString: true}]}",
     "argocd", TRI_YES, true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'false'}, {name: "
     "configs.secret.createSecret, value: 'true'}]}",
     "argocd", TRI_YES, true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'true'}], valuesObject: {configs: "
     "{secret: {createSecret: false}}}}",
     "argocd", TRI_YES, true},
    {HELM_REPOSITORY,
     "{parameters: [{name: configs.secret.createSecret, value: 'false'}], valueFiles: [v.yaml]}",
     NULL, TRI_NOT_KNOWN, true},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.other, value: 'false'}]}", "argocd",
     TRI_YES, true},
    {HELM_REPOSITORY, "{fileParameters: [{name: configs.secret.createSecret, path: f}]}", "argocd",
     TRI_NOT_KNOWN, true},
    {HELM_REPOSITORY, "{fileParameters: [{name: other, path: f}]}", "argocd", TRI_YES, true},
    /* Value files come before inline values, which decide where they speak. */
    {HELM_REPOSITORY, "{valueFiles: [v.yaml]}", NULL, TRI_NOT_KNOWN, true},
    {HELM_REPOSITORY,
     "{valueFiles: [v.yaml], valuesObject: {configs: {secret: {createSecret: false}}}}", NULL,
     TRI_NOT_KNOWN, true},
    /* extraObjects may hold a Secret of that name: what is not made is not all. */
    {HELM_REPOSITORY,
     "{valuesObject: {configs: {secret: {createSecret: false}}, extraObjects: [{kind: Secret}]}}",
     "argocd", TRI_NOT_KNOWN, false},
    {HELM_REPOSITORY,
     "{valuesObject: {configs: {secret: {createSecret: false}}, extraObjects: []}}", "argocd",
     TRI_NO, false},
    {HELM_REPOSITORY, "{valuesObject: {extraObjects: [{kind: Secret}]}}", "argocd", TRI_YES, false},
    /* What Helm and its templates take for false. */
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: 0}}}}", "argocd", TRI_NO,
     false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {createSecret: ''}}}}", "argocd", TRI_NO,
     false},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.createSecret, value: 'FALSE'}]}",
     "argocd", TRI_NO, true},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.createSecret, value: 'null'}]}",
     "argocd", TRI_NO, true},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.createSecret, value: '0'}]}", "argocd",
     TRI_NO, true},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.createSecret, value: ''}]}", "argocd",
     TRI_NO, true},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret.createSecret, value: '00'}]}", "argocd",
     TRI_YES, true},
    /* A parameter may set more than its name says. */
    {HELM_REPOSITORY, "{parameters: [{name: 'a=1,configs.secret.createSecret', value: 'x'}]}",
     "argocd", TRI_NOT_KNOWN, true},
    {HELM_REPOSITORY, "{parameters: [{name: configs.secret, value: 'null'}]}", "argocd",
     TRI_NOT_KNOWN, true},
    {HELM_REPOSITORY, "{parameters: [{name: 'extraObjects[0].kind', value: Secret}]}", "argocd",
     TRI_NOT_KNOWN, true},
    {"https://charts.example.com/argoproj.github.io/argo-helm", "{}", "argocd", TRI_NOT_KNOWN,
     false},
    {HELM_REPOSITORY, "{valueFiles: []}", "argocd", TRI_YES, false},
    {HELM_REPOSITORY, "{namespace: elsewhere}", "elsewhere", TRI_YES, false},
    {HELM_REPOSITORY, "{valuesObject: {namespaceOverride: elsewhere}}", NULL, TRI_YES, false},
    {HELM_REPOSITORY, "{valuesObject: {configs: {secret: {annotations: {a: b}}}}}", "argocd",
     TRI_YES, true},
    {HELM_REPOSITORY, "{values: 'configs: {secret: {annotations: {a: b}}}'}", "argocd", TRI_YES,
     true},
    {HELM_REPOSITORY, "{valuesObject: {configs: {cm: {annotations: {a: b}}}}}", "argocd", TRI_YES,
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
