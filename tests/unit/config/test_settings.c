/* The settings a person gets who configures nothing. */
#include "config/settings.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka wants the four above. */
#include <cmocka.h>

static void defaults_are_the_documented_ones(void **state)
{
    struct settings *s = settings_new();

    (void)state;
    assert_string_equal(s->listen, "0.0.0.0:8443");
    assert_string_equal(s->admin, "127.0.0.1:8080");
    assert_string_equal(s->tls.certificate, "tls.crt");
    assert_string_equal(s->tls.key, "tls.key");
    assert_false(s->tls.tls13_only);
    assert_string_equal(s->argocd.namespace, "argocd");
    assert_int_equal(s->argocd.n_application_namespaces, 1);
    assert_string_equal(s->argocd.application_namespaces[0], "*");
    assert_int_equal(s->argocd.n_this_cluster, 0);
    assert_string_equal(s->argocd.version, "");
    assert_int_equal(s->argocd.tracking, TRACKING_SETTING_AUTO);
    assert_string_equal(s->argocd.instance_label_key, "");
    assert_string_equal(s->argocd.installation_id, "");
    assert_int_equal(s->cluster.n_snapshots, 0);
    assert_null(s->cluster.snapshots);
    assert_int_equal(s->n_repositories, 0);
    assert_int_equal(s->n_protected, 1);
    assert_true(s->enforce);
    assert_false(s->log_allowed);
    assert_int_equal(s->rules[RULE_SELF_REFERENCE].mode, MODE_DENY);
    assert_int_equal(s->rules[RULE_SELF_REFERENCE].undecided, UNDECIDED_WARN);
    assert_int_equal(s->rules[RULE_SELF_PRUNE].mode, MODE_WARN);
    assert_int_equal(s->rules[RULE_MERGE_ON_PRUNED_TARGET].mode, MODE_DENY);
    assert_int_equal(s->rules[RULE_MERGE_ON_PRUNED_TARGET].undecided, UNDECIDED_WARN);
    assert_int_equal(s->rules[RULE_MERGE_ON_PRUNED_TARGET].undecided_protected, UNDECIDED_DENY);
    assert_int_equal(s->rules[RULE_PROTECTED_SECRET_PRUNE].mode, MODE_DENY);
    assert_int_equal(s->limits.body_bytes, 8 * 1024 * 1024);
    assert_int_equal(s->limits.connections, 512);
    assert_int_equal(s->limits.request_timeout_ms, 10000);
    assert_int_equal(s->limits.idle_timeout_ms, 120000);
    assert_int_equal(s->limits.drain_delay_ms, 5000);
    assert_int_equal(s->limits.drain_ms, 15000);
    settings_free(s);
}

static void argocd_secret_is_protected_and_its_neighbours_are_not(void **state)
{
    struct settings *s = settings_new();

    (void)state;
    assert_true(settings_is_protected(s, STR("argocd"), STR("argocd-secret")));
    assert_false(settings_is_protected(s, STR("argocd"), STR("argocd-secret-2")));
    assert_false(settings_is_protected(s, STR("default"), STR("argocd-secret")));
    assert_false(settings_is_protected(s, STR_NONE, STR("argocd-secret")));
    settings_free(s);
}

static void repositories_are_copied(void **state)
{
    struct settings *s = settings_new();
    char url[] = "https://git.example.com/a.git";

    (void)state;
    settings_add_repository(s, str_from(url), STR("/repos/a"));
    settings_add_repository(s, STR(""), STR("."));
    url[0] = 'X';
    assert_int_equal(s->n_repositories, 2);
    assert_string_equal(s->repositories[0].url, "https://git.example.com/a.git");
    assert_string_equal(s->repositories[0].path, "/repos/a");
    assert_string_equal(s->repositories[1].url, "");
    assert_int_equal(s->repositories[1].n_aliases, 0);
    settings_free(s);
}

static void rule_names_are_stable(void **state)
{
    (void)state;
    assert_string_equal(rule_id_name(RULE_SELF_REFERENCE), "self-reference");
    assert_string_equal(rule_id_name(RULE_SELF_PRUNE), "self-prune");
    assert_string_equal(rule_id_name(RULE_MERGE_ON_PRUNED_TARGET), "merge-on-pruned-target");
    assert_string_equal(rule_id_name(RULE_PROTECTED_SECRET_PRUNE), "protected-secret-prune");
    assert_string_equal(rule_id_name(N_RULES), "unknown-rule");
}

static void rules_are_found_by_their_names(void **state)
{
    enum rule_id found = N_RULES;

    (void)state;
    for (unsigned id = 0; id < N_RULES; id++) {
        assert_true(rule_id_find(str_from(rule_id_name((enum rule_id)id)), &found));
        assert_int_equal(found, id);
    }
    assert_false(rule_id_find(STR("lockout"), &found));
    assert_false(rule_id_find(STR("self-reference "), &found));
    assert_false(rule_id_find(STR(""), &found));
    assert_false(rule_id_find(STR_NONE, &found));
}

static void no_annotation_exempts_by_default(void **state)
{
    AUTO(settings_freep) struct settings *s = settings_new();

    (void)state;
    assert_int_equal(s->n_exemptions, 0);
    assert_false(settings_annotation_lists_rule(s, RULE_SELF_REFERENCE));
    assert_false(settings_annotation_lists_namespace(s, STR("argocd")));
}

static void nothing_is_freed_without_complaint(void **state)
{
    struct settings *s = NULL;

    (void)state;
    settings_free(NULL);
    settings_freep(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(argocd_secret_is_protected_and_its_neighbours_are_not),
        cmocka_unit_test(repositories_are_copied),
        cmocka_unit_test(rule_names_are_stable),
        cmocka_unit_test(rules_are_found_by_their_names),
        cmocka_unit_test(no_annotation_exempts_by_default),
        cmocka_unit_test(nothing_is_freed_without_complaint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
