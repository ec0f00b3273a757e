/* What a configuration file may say, and what a person reads when it says something else. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/restart.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

#define WANTED_SNAPSHOTS "a list of at least one file, as kubectl get -o json writes them"

static struct settings *parse(const char *text)
{
    struct settings *s = NULL;
    struct err err = {0};
    char message[ERR_TEXT_MAX];

    if (!config_parse(str_from(text), "syncguard.yaml", "/etc/syncguard", &s, &err)) {
        print_error("%s\n", err_text(&err, message));
        assert_true(false);
    }
    return s;
}

static void an_empty_file_means_the_defaults(void **state)
{
    static const char *const files[] = {"",
                                        "\n",
                                        "# nothing yet\n",
                                        "---\n",
                                        "{}\n",
                                        "null\n",
                                        "repositories:\nprotected:\nlisten:\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO(settings_freep) struct settings *s = parse(files[i]);

        assert_string_equal(s->listen, "0.0.0.0:8443");
        assert_int_equal(s->n_protected, 1);
        assert_int_equal(s->n_repositories, 0);
    }
}

/* The example of the design, word for word, but for what is not supported yet. */
static void the_documented_defaults_are_accepted(void **state)
{
    AUTO(settings_freep)
    struct settings *s =
        parse("listen: 0.0.0.0:8443\n"
              "admin: 127.0.0.1:8080\n"
              "tls: {certificate: tls.crt, key: tls.key, minVersion: \"1.2\", clientCA: \"\", "
              "clientNames: []}\n"
              "argocd: {namespace: argocd, applicationNamespaces: [\"*\"], thisCluster: [], "
              "version: \"\", tracking: auto, instanceLabelKey: auto, installationID: \"\"}\n"
              "cluster: {source: auto, secrets: none}\n"
              "repositories:\n"
              "- url: https://git.example.com/platform/deploy.git\n"
              "  aliases: []\n"
              "  path: /repos/deploy\n"
              "  fresh: 0s\n"
              "  heartbeat: \"\"\n"
              "protected:\n"
              "- {namespace: argocd, name: argocd-secret}\n"
              "enforce: true\n"
              "rules:\n"
              "  self-reference: {mode: deny, undecided: warn}\n"
              "  self-prune: {mode: warn}\n"
              "  merge-on-pruned-target: {mode: deny, undecided: warn, undecidedProtected: deny}\n"
              "  protected-secret-prune: {mode: deny, undecided: warn}\n"
              "exemptions:\n"
              "  list: [{rule: self-reference, namespace: argocd, name: argocd, reason: "
              "\"manages itself\", expires: 2027-06-30}]\n"
              "  annotation: {rules: [], namespaces: []}\n"
              "log: {allowed: false}\n"
              "limits: {body: 8MiB, connections: 512, requestTimeout: 10s, idleTimeout: 120s, "
              "drainDelay: 5s, drain: 15s}\n");
    AUTO(settings_freep) struct settings *defaults = settings_new();

    (void)state;
    assert_string_equal(s->tls.certificate, "/etc/syncguard/tls.crt");
    assert_string_equal(s->argocd.instance_label_key, "");
    assert_int_equal(s->n_repositories, 1);
    assert_string_equal(s->repositories[0].path, "/repos/deploy");
    assert_int_equal(s->n_protected, 1);
    assert_int_equal(s->n_exemptions, 1);
    assert_string_equal(s->exemptions[0].expires.text, "2027-06-30");
    assert_int_equal(s->exempt_annotation.n_rules, 0);
    assert_memory_equal(s->rules, defaults->rules, sizeof s->rules);
    assert_memory_equal(&s->limits, &defaults->limits, sizeof s->limits);
}

static void every_setting_can_be_changed(void **state)
{
    AUTO(settings_freep)
    struct settings *s = parse(
        "listen: \"[::1]:0\"\n"
        "admin: localhost:0\n"
        "tls: {certificate: pki/server.crt, key: /run/key, minVersion: \"1.3\", "
        "names: [a.example, 127.0.0.1]}\n"
        "argocd:\n"
        "  namespace: gitops\n"
        "  applicationNamespaces: [gitops, team-a]\n"
        "  thisCluster: [prod-1, \"https://10.0.0.1:6443\"]\n"
        "  version: v2.10.4\n"
        "  tracking: annotation+label\n"
        "  instanceLabelKey: argocd.argoproj.io/instance\n"
        "  installationID: prod\n"
        "cluster: {source: none}\n"
        "repositories:\n"
        "- {url: https://a.example/x.git, path: repos/x, aliases: [git@a.example:x.git]}\n"
        "- {url: https://a.example/y.git, path: ../y}\n"
        "protected:\n"
        "- {namespace: vault, name: root.token}\n"
        "- {namespace: argocd, name: argocd-redis}\n"
        "enforce: no\n"
        "rules:\n"
        "  self-reference: {mode: warn, undecided: allow}\n"
        "  self-prune: {mode: off, undecided: allow}\n"
        "  merge-on-pruned-target: {mode: \"off\", undecided: deny, undecidedProtected: warn}\n"
        "  protected-secret-prune: {mode: off}\n"
        "log: {allowed: true}\n"
        "limits: {body: 1048576, connections: 2, requestTimeout: 500ms, idleTimeout: 1m30s, "
        "drainDelay: 0, drain: 2s}\n");

    (void)state;
    assert_string_equal(s->listen, "[::1]:0");
    assert_string_equal(s->admin, "localhost:0");
    assert_string_equal(s->tls.certificate, "/etc/syncguard/pki/server.crt");
    assert_string_equal(s->tls.key, "/run/key");
    assert_true(s->tls.tls13_only);
    assert_int_equal(s->tls.n_names, 2);
    assert_string_equal(s->tls.names[1], "127.0.0.1");
    assert_string_equal(s->argocd.namespace, "gitops");
    assert_int_equal(s->argocd.n_application_namespaces, 2);
    assert_string_equal(s->argocd.application_namespaces[1], "team-a");
    assert_int_equal(s->argocd.n_this_cluster, 2);
    assert_string_equal(s->argocd.this_cluster[1], "https://10.0.0.1:6443");
    assert_string_equal(s->argocd.version, "v2.10.4");
    assert_int_equal(s->argocd.tracking, TRACKING_SETTING_ANNOTATION_AND_LABEL);
    assert_string_equal(s->argocd.instance_label_key, "argocd.argoproj.io/instance");
    assert_string_equal(s->argocd.installation_id, "prod");
    assert_int_equal(s->n_repositories, 2);
    assert_string_equal(s->repositories[0].url, "https://a.example/x.git");
    assert_string_equal(s->repositories[0].path, "/etc/syncguard/repos/x");
    assert_int_equal(s->repositories[0].n_aliases, 1);
    assert_string_equal(s->repositories[0].aliases[0], "git@a.example:x.git");
    assert_string_equal(s->repositories[1].path, "/etc/syncguard/../y");
    assert_int_equal(s->n_protected, 2);
    assert_true(settings_is_protected(s, STR("vault"), STR("root.token")));
    assert_false(settings_is_protected(s, STR("argocd"), STR("argocd-secret")));
    assert_false(s->enforce);
    assert_int_equal(s->rules[RULE_SELF_REFERENCE].mode, MODE_WARN);
    assert_int_equal(s->rules[RULE_SELF_REFERENCE].undecided, UNDECIDED_ALLOW);
    assert_int_equal(s->rules[RULE_SELF_PRUNE].mode, MODE_OFF);
    assert_int_equal(s->rules[RULE_SELF_PRUNE].undecided, UNDECIDED_ALLOW);
    assert_int_equal(s->rules[RULE_MERGE_ON_PRUNED_TARGET].mode, MODE_OFF);
    assert_int_equal(s->rules[RULE_MERGE_ON_PRUNED_TARGET].undecided, UNDECIDED_DENY);
    assert_int_equal(s->rules[RULE_MERGE_ON_PRUNED_TARGET].undecided_protected, UNDECIDED_WARN);
    assert_int_equal(s->rules[RULE_PROTECTED_SECRET_PRUNE].mode, MODE_OFF);
    assert_true(s->log_allowed);
    assert_int_equal(s->limits.body_bytes, 1048576);
    assert_int_equal(s->limits.connections, 2);
    assert_int_equal(s->limits.request_timeout_ms, 500);
    assert_int_equal(s->limits.idle_timeout_ms, 90000);
    assert_int_equal(s->limits.drain_delay_ms, 0);
    assert_int_equal(s->limits.drain_ms, 2000);
}

#define REASON_OF_50 "a sentence of fifty characters, no more or no less"

static void exemptions_name_one_rule_and_one_object_each(void **state)
{
    AUTO(settings_freep)
    struct settings *s = parse(
        "exemptions:\n"
        "  list:\n"
        "  - {rule: self-prune, namespace: team-a, name: root, reason: \"" REASON_OF_50 REASON_OF_50
            REASON_OF_50 REASON_OF_50 "\"}\n"
        "  - rule: merge-on-pruned-target\n"
        "    namespace: argocd\n"
        "    name: oauth.v2\n"
        "    reason: moved in the second quarter\n"
        "    expires: 2027-06-30T18:00:00+09:00\n"
        "  - {rule: protected-secret-prune, namespace: argocd, name: root, "
        "reason: \"told, twice\", expires: \"2027-06-30\"}\n"
        "  annotation: {rules: [self-reference, merge-on-pruned-target], "
        "namespaces: [team-a]}\n");

    (void)state;
    assert_int_equal(s->n_exemptions, 3);
    assert_int_equal(s->exemptions[0].rule, RULE_SELF_PRUNE);
    assert_string_equal(s->exemptions[0].namespace, "team-a");
    assert_string_equal(s->exemptions[0].name, "root");
    assert_int_equal(strlen(s->exemptions[0].reason), 200);
    assert_null(s->exemptions[0].expires.text);
    assert_int_equal(s->exemptions[1].rule, RULE_MERGE_ON_PRUNED_TARGET);
    assert_string_equal(s->exemptions[1].name, "oauth.v2");
    assert_string_equal(s->exemptions[1].expires.text, "2027-06-30T18:00:00+09:00");
    assert_int_equal(s->exemptions[1].expires.at, 1814346000);
    assert_int_equal(s->exemptions[2].rule, RULE_PROTECTED_SECRET_PRUNE);
    assert_string_equal(s->exemptions[2].reason, "told, twice");
    assert_int_equal(s->exemptions[2].expires.at, 1814400000);
    assert_true(settings_annotation_lists_rule(s, RULE_SELF_REFERENCE));
    assert_true(settings_annotation_lists_rule(s, RULE_MERGE_ON_PRUNED_TARGET));
    assert_false(settings_annotation_lists_rule(s, RULE_SELF_PRUNE));
    assert_true(settings_annotation_lists_namespace(s, STR("team-a")));
    assert_false(settings_annotation_lists_namespace(s, STR("team")));
    assert_false(settings_annotation_lists_namespace(s, STR("")));
}

static void an_empty_list_of_protected_secrets_protects_none(void **state)
{
    AUTO(settings_freep) struct settings *s = parse("protected: []\n");

    (void)state;
    assert_int_equal(s->n_protected, 0);
    assert_false(settings_is_protected(s, STR("argocd"), STR("argocd-secret")));
}

struct refusal {
    const char *text;
    const char *message; /* err_text(), whole */
};

static void run_refusals(const struct refusal *cases, size_t n, enum err_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        struct settings *s = NULL;
        struct err err = {0};
        char message[ERR_TEXT_MAX];
        bool good = config_parse(str_from(cases[i].text), "c.yaml", "", &s, &err);

        settings_free(s);
        if (good || strcmp(err_text(&err, message), cases[i].message) != 0)
            print_error("%s\nexpected %s\n     got %s\n", cases[i].text, cases[i].message,
                        good ? "no refusal" : message);
        assert_false(good);
        assert_string_equal(message, cases[i].message);
        assert_int_equal(err.kind, kind);
    }
}

static void what_counts_at_the_start_is_kept_and_named(void **state)
{
    AUTO(settings_freep)
    struct settings *running = parse("listen: a.example:1\nlimits: {body: 2MiB, drain: 9s}\n");
    AUTO(settings_freep)
    struct settings *next =
        parse("listen: a.example:2\nadmin: '[::1]:3'\ntls: {minVersion: \"1.3\"}\nenforce: no\n"
              "limits: {body: 3MiB, connections: 9, requestTimeout: 9s, idleTimeout: 9s, "
              "drainDelay: 1s, drain: 9s}\n");
    AUTO(settings_freep)
    struct settings *same = parse("listen: a.example:1\n"
                                  "limits: {body: 2MiB, drain: 9s}\n");
    AUTO(buf_clearp) struct buf names = {0};
    AUTO(buf_clearp) struct buf none = {0};

    (void)state;
    buf_init(&names, 512);
    settings_keep_running(next, running, &names);
    assert_string_equal(buf_str(&names).p,
                        "listen, admin, tls.minVersion, limits.body, limits.connections, "
                        "limits.requestTimeout, limits.idleTimeout, limits.drainDelay");
    assert_string_equal(next->listen, "a.example:1");
    assert_string_equal(next->admin, running->admin);
    assert_false(next->tls.tls13_only);
    assert_memory_equal(&next->limits, &running->limits, sizeof next->limits);
    assert_false(next->enforce);
    buf_init(&none, 512);
    settings_keep_running(same, running, &none);
    assert_int_equal(none.n, 0);
}

static void a_configuration_is_known_by_its_text(void **state)
{
    AUTO(settings_freep) struct settings *one = parse("enforce: no\n");
    AUTO(settings_freep) struct settings *same = parse("enforce: no\n");
    AUTO(settings_freep) struct settings *other = parse("enforce:  no\n");
    const struct settings *shared = settings_ref(one);

    (void)state;
    assert_string_equal(one->digest, same->digest);
    assert_string_not_equal(one->digest, other->digest);
    settings_free(shared);
    assert_false(one->enforce);
}

static void clients_need_a_ca_and_names(void **state)
{
    static const struct refusal cases[] = {
        {"tls:\n  clientCA: ca.crt\n",
         "c.yaml:2: tls.clientCA needs tls.clientNames: whoever holds any certificate of that CA "
         "could call; list the names that the API server's client certificate bears"},
        {"tls: {clientCA: ca.crt,\n  clientNames: []}\n",
         "c.yaml:1: tls.clientCA needs tls.clientNames: whoever holds any certificate of that CA "
         "could call; list the names that the API server's client certificate bears"},
        {"tls:\n  clientNames: [apiserver]\n",
         "c.yaml:2: tls.clientNames needs tls.clientCA: nothing says which CA issues their "
         "certificates; name the file of that CA, or leave the names out"},
    };
    AUTO(settings_freep)
    struct settings *s = parse("tls: {clientCA: clients/ca.crt, clientNames: [a, b]}\n");

    (void)state;
    assert_string_equal(s->tls.client_ca, "/etc/syncguard/clients/ca.crt");
    assert_int_equal(s->tls.n_client_names, 2);
    assert_string_equal(s->tls.client_names[1], "b");
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void unknown_keys_are_named_with_their_line(void **state)
{
    static const struct refusal cases[] = {
        {"enforce: true\ntls:\n  minVerson: \"1.2\"\n",
         "c.yaml:3: unknown key tls.minVerson: found minVerson, wanted one of certificate, key, "
         "minVersion, names, clientCA, clientNames; did you mean minVersion?"},
        {"certificate: tls.crt\n",
         "c.yaml:1: unknown key certificate: found certificate, wanted one of listen, admin, tls, "
         "argocd, cluster, repositories, protected, enforce, rules, exemptions, log, limits; did "
         "you mean tls.certificate?"},
        {"log:\n  colour: blue\n",
         "c.yaml:2: unknown key log.colour: found colour, wanted one of allowed"},
        {"repositories:\n- url: https://a.example/x.git\n  path: /x\n- url: https://b.example/y\n"
         "  paht: /y\n",
         "c.yaml:5: unknown key repositories[1].paht: found paht, wanted one of url, aliases, "
         "path, "
         "fresh, heartbeat; did you mean path?"},
        {"rules:\n  self-refrence: {mode: deny}\n",
         "c.yaml:2: unknown key rules.self-refrence: found self-refrence, wanted one of "
         "self-reference, self-prune, merge-on-pruned-target, protected-secret-prune; did you mean "
         "self-reference?"},
        {"rules:\n  self-reference: {undecidedProtected: deny}\n",
         "c.yaml:2: unknown key rules.self-reference.undecidedProtected: found undecidedProtected, "
         "wanted one of mode, undecided; did you mean "
         "rules.merge-on-pruned-target.undecidedProtected?"},
        {"\"\": 1\n", "c.yaml:1: unknown key : found , wanted one of listen, admin, tls, argocd, "
                      "cluster, repositories, protected, enforce, rules, exemptions, log, limits"},
        {"rules.self-prune: {}\n",
         "c.yaml:1: unknown key rules.self-prune: found rules.self-prune, wanted one of listen, "
         "admin, tls, argocd, cluster, repositories, protected, enforce, rules, exemptions, log, "
         "limits"},
    };

    (void)state;
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void wrong_types_say_what_was_found(void **state)
{
    static const struct refusal cases[] = {
        {"- listen\n",
         "c.yaml:1: the configuration has the wrong type: found a list, wanted a mapping"},
        {"just text\n",
         "c.yaml:1: the configuration has the wrong type: found \"just text\", wanted a mapping"},
        {"\ntls: [a]\n", "c.yaml:2: tls has the wrong type: found a list, wanted a mapping"},
        {"listen: 8443\n",
         "c.yaml:1: listen has the wrong type: found the number 8443, wanted host:port, such as "
         "0.0.0.0:8443 or [::1]:8443 (port 0 takes a free one); put the value in quotes"},
        {"argocd: {version: 2.10}\n",
         "c.yaml:1: argocd.version has the wrong type: found the number 2.1, wanted a version such "
         "as \"2.10\" or \"v3.1.4\", in quotes; put the value in quotes"},
        {"argocd: {namespace: no}\n",
         "c.yaml:1: argocd.namespace has the wrong type: found false, wanted the name of a "
         "namespace; put the value in quotes"},
        {"tls: {minVersion: 1.3}\n",
         "c.yaml:1: tls.minVersion has the wrong type: found the number 1.3, wanted \"1.2\" or "
         "\"1.3\", in quotes; put the value in quotes"},
        {"enforce: \"true\"\n",
         "c.yaml:1: enforce has the wrong type: found \"true\", wanted true or false"},
        {"limits: {connections: \"512\"}\n",
         "c.yaml:1: limits.connections has the wrong type: found \"512\", wanted a whole number "
         "from 1 to 65536"},
        {"limits: {drain: {}}\n",
         "c.yaml:1: limits.drain has the wrong type: found a mapping, wanted a duration from 0s to "
         "10m, such as 15s"},
        {"argocd: {thisCluster: prod}\n",
         "c.yaml:1: argocd.thisCluster has the wrong type: found \"prod\", wanted a list"},
        {"argocd:\n  thisCluster:\n  - prod\n  -\n",
         "c.yaml:4: argocd.thisCluster[1] has the wrong type: found nothing, wanted names or URLs "
         "of this cluster"},
        {"repositories: {}\n",
         "c.yaml:1: repositories has the wrong type: found a mapping, wanted a list"},
        {"repositories: [/repos/x]\n",
         "c.yaml:1: repositories[0] has the wrong type: found \"/repos/x\", wanted a mapping"},
        {"rules: {self-reference: {mode: true}}\n",
         "c.yaml:1: rules.self-reference.mode has the wrong type: found true, wanted deny, warn or "
         "off; put the value in quotes"},
    };

    (void)state;
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void wrong_values_say_what_is_wanted(void **state)
{
    static const struct refusal cases[] = {
        {"listen: \"8443\"\n",
         "c.yaml:1: listen has a wrong value: found \"8443\", wanted host:port, such as "
         "0.0.0.0:8443 or [::1]:8443 (port 0 takes a free one)"},
        {"tls: {minVersion: \"1.1\"}\n",
         "c.yaml:1: tls.minVersion has a wrong value: found \"1.1\", wanted \"1.2\" or \"1.3\", in "
         "quotes"},
        {"tls: {key: \"\"}\n", "c.yaml:1: tls.key has a wrong value: found \"\", wanted a file"},
        {"rules: {self-prune: {mode: deny}}\n",
         "c.yaml:1: rules.self-prune.mode has a wrong value: found \"deny\", wanted warn or off "
         "(this rule never denies)"},
        {"rules: {self-prune: {undecided: deny}}\n",
         "c.yaml:1: rules.self-prune.undecided has a wrong value: found \"deny\", wanted warn or "
         "allow (this rule never denies)"},
        {"rules: {self-reference: {undecided: off}}\n",
         "c.yaml:1: rules.self-reference.undecided has a wrong value: found false, wanted deny, "
         "warn or allow"},
        {"argocd:\n  applicationNamespaces:\n  - argocd\n  - team-*\n",
         "c.yaml:4: argocd.applicationNamespaces[1] has a wrong value: found \"team-*\", wanted "
         "names of namespaces, or \"*\" for all (other patterns are not supported yet)"},
        {"argocd: {version: latest}\n",
         "c.yaml:1: argocd.version has a wrong value: found \"latest\", wanted a version such as "
         "\"2.10\" or \"v3.1.4\", in quotes"},
        {"argocd: {tracking: labels}\n",
         "c.yaml:1: argocd.tracking has a wrong value: found \"labels\", wanted auto, label, "
         "annotation or annotation+label"},
        {"argocd: {instanceLabelKey: a b}\n",
         "c.yaml:1: argocd.instanceLabelKey has a wrong value: found \"a b\", wanted auto or a "
         "label key such as app.kubernetes.io/instance"},
        {"argocd: {namespace: \"\"}\n",
         "c.yaml:1: argocd.namespace has a wrong value: found \"\", wanted the name of a "
         "namespace"},
        {"limits: {body: 8MB}\n",
         "c.yaml:1: limits.body has a wrong value: found \"8MB\", wanted a size from 1KiB to "
         "32MiB, such as 8MiB"},
        {"limits: {body: 33MiB}\n",
         "c.yaml:1: limits.body is out of range: found \"33MiB\", wanted a size from 1KiB to "
         "32MiB, such as 8MiB"},
        {"limits: {body: 1e300}\n",
         "c.yaml:1: limits.body has a wrong value: found the number 1e+300, wanted a size from "
         "1KiB to 32MiB, such as 8MiB"},
        {"limits: {connections: 0}\n",
         "c.yaml:1: limits.connections is out of range: found the number 0, wanted a whole number "
         "from 1 to 65536"},
        {"limits: {connections: -1}\n",
         "c.yaml:1: limits.connections has a wrong value: found the number -1, wanted a whole "
         "number from 1 to 65536"},
        {"limits: {connections: 1.5}\n",
         "c.yaml:1: limits.connections has a wrong value: found the number 1.5, wanted a whole "
         "number from 1 to 65536"},
        {"limits:\n  drainDelay: 4s\n  drain: 5s\n",
         "c.yaml:3: limits.drain leaves too little time after limits.drainDelay: found 5000 ms and "
         "4000 ms, wanted drain at least 2000 ms longer than drainDelay; raise limits.drain or "
         "lower limits.drainDelay"},
        {"limits: {drainDelay: 14s}\n",
         "c.yaml:1: limits.drain leaves too little time after limits.drainDelay: found 15000 ms "
         "and 14000 ms, wanted drain at least 2000 ms longer than drainDelay; raise limits.drain "
         "or lower limits.drainDelay"},
        {"limits:\n  drain: 15\n",
         "c.yaml:2: limits.drain has a wrong value: found the number 15, wanted a duration from 0s "
         "to 10m, such as 15s"},
        {"limits: {requestTimeout: 31s}\n",
         "c.yaml:1: limits.requestTimeout is out of range: found \"31s\", wanted a duration from "
         "100ms to 30s, such as 10s"},
        {"protected: [{namespace: argocd, name: Secret}]\n",
         "c.yaml:1: protected[0].name has a wrong value: found \"Secret\", wanted the name of a "
         "Secret"},
        {"protected:\n- {namespace: a, name: b}\n- {namespace: argocd}\n",
         "c.yaml:3: protected[1] has no name: found no name, wanted the name of a Secret"},
        {"repositories:\n- url: https://a.example/x\n",
         "c.yaml:2: repositories[0] has no path: found no path, wanted a directory"},
        {"repositories:\n- path: /x\n  url:\n",
         "c.yaml:2: repositories[0] has no url: found no url, wanted the URL Applications write"},
        {"listen: \"a\\0b\"\n",
         "c.yaml:1: listen holds a NUL character: found \"a\", wanted host:port, such as "
         "0.0.0.0:8443 or [::1]:8443 (port 0 takes a free one)"},
        {"tls: {certificate: \"a\\eb\", key: [\"x\"]}\n",
         "c.yaml:1: tls.key has the wrong type: found a list, wanted a file"},
        {"cluster: {source: \"\\e[31m\"}\n",
         "c.yaml:1: cluster.source has a wrong value: found \"\\u{1b}[31m\", wanted auto, none or "
         "{snapshot: [FILE]}"},
        {"cluster: {secrets: data}\n",
         "c.yaml:1: cluster.secrets has a wrong value: found \"data\", wanted none or metadata"},
        {"cluster:\n  source:\n    snapshot: []\n",
         "c.yaml:3: cluster.source.snapshot is empty: found a list, wanted " WANTED_SNAPSHOTS},
        {"cluster: {source: {snapshot: a.json}}\n",
         "c.yaml:1: cluster.source.snapshot has the wrong type: found \"a.json\", wanted a list"},
        {"cluster:\n  source:\n    snapshot:\n    - a.json\n    - \"\"\n",
         "c.yaml:5: cluster.source.snapshot[1] has a wrong value: found \"\", "
         "wanted " WANTED_SNAPSHOTS},
        {"cluster: {source: {snapshot: [1]}}\n",
         "c.yaml:1: cluster.source.snapshot[0] has the wrong type: found the number 1, "
         "wanted " WANTED_SNAPSHOTS "; put the value in quotes"},
        {"cluster: {source: {snapshot: [\"a\\0b\"]}}\n",
         "c.yaml:1: cluster.source.snapshot[0] holds a NUL character: found \"a\", "
         "wanted " WANTED_SNAPSHOTS},
    };

    (void)state;
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void snapshots_are_files_beside_the_configuration(void **state)
{
    AUTO(settings_freep)
    struct settings *s = parse("cluster:\n"
                               "  source:\n"
                               "    snapshot: [state/apps.json, /var/lib/secrets.json, ../x.json]\n"
                               "  secrets: metadata\n");

    (void)state;
    assert_int_equal(s->cluster.n_snapshots, 3);
    assert_string_equal(s->cluster.snapshots[0], "/etc/syncguard/state/apps.json");
    assert_string_equal(s->cluster.snapshots[1], "/var/lib/secrets.json");
    assert_string_equal(s->cluster.snapshots[2], "/etc/syncguard/../x.json");
}

static void a_hundred_snapshots_are_enough(void **state)
{
    struct buf text;
    struct settings *s = NULL;
    struct err err = {0};
    char message[ERR_TEXT_MAX];

    (void)state;
    buf_init(&text, 4096);
    buf_adds(&text, "cluster: {source: {snapshot: [");
    for (int i = 0; i < 101; i++)
        buf_printf(&text, "f%d.json,", i);
    buf_adds(&text, "]}}\n");
    assert_true(buf_ok(&text));
    assert_false(config_parse(buf_str(&text), "c.yaml", "", &s, &err));
    assert_string_equal(err_text(&err, message), "c.yaml:1: cluster.source.snapshot has too many "
                                                 "items: found 101, wanted at most 100");
    buf_clear(&text);
}

static void what_is_not_acted_on_is_refused_not_ignored(void **state)
{
    static const struct refusal cases[] = {
        {"cluster: {source: in-cluster}\n",
         "c.yaml:1: cluster.source is not supported yet: found \"in-cluster\", wanted auto, "
         "none or {snapshot: [FILE]}"},
        {"cluster:\n  source:\n    kubeconfig: k.yaml\n",
         "c.yaml:3: cluster.source.kubeconfig is not supported yet: found \"k.yaml\", wanted "
         "\"\""},
        {"cluster: {source: {kubeconfg: k.yaml}}\n",
         "c.yaml:1: unknown key cluster.source.kubeconfg: found kubeconfg, wanted one of "
         "kubeconfig, snapshot; did you mean kubeconfig?"},
        {"cluster: {source: {}}\n",
         "c.yaml:1: cluster.source has a wrong value: found a mapping, wanted auto, none or "
         "{snapshot: [FILE]}"},
        {"cluster: {source: {kubeconfig: \"\", snapshot: }}\n",
         "c.yaml:1: cluster.source has a wrong value: found a mapping, wanted auto, none or "
         "{snapshot: [FILE]}"},
        {"repositories:\n- {url: u, path: /p, fresh: soon}\n",
         "c.yaml:2: repositories[0].fresh has a wrong value: found \"soon\", wanted a duration "
         "from "
         "0s to 168h, such as 5m"},
        {"repositories:\n- {url: u, path: /p, fresh: 169h}\n",
         "c.yaml:2: repositories[0].fresh is out of range: found \"169h\", wanted a duration from "
         "0s "
         "to 168h, such as 5m"},
        {"repositories:\n- {url: u, path: /p, heartbeat: 5}\n",
         "c.yaml:2: repositories[0].heartbeat has the wrong type: found the number 5, wanted a "
         "file, or \"\"; put the value in quotes"},
    };

    (void)state;
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

#define WANTED_RULE "self-reference, self-prune, merge-on-pruned-target or protected-secret-prune"
#define WANTED_EXPIRY                                                                              \
    "a day such as 2027-06-30 (its end in UTC) or a time such as 2027-06-30T18:00:00Z"

static void an_exemption_that_says_too_little_is_refused(void **state)
{
    static const struct refusal cases[] = {
        {"exemptions:\n  list:\n  - {rule: self-reference, name: root}\n",
         "c.yaml:3: exemptions.list[0] has no namespace: found no namespace, wanted the name of a "
         "namespace (no pattern)"},
        {"exemptions: {list: [{namespace: a, name: b, reason: c}]}\n",
         "c.yaml:1: exemptions.list[0] has no rule: found no rule, wanted " WANTED_RULE},
        {"exemptions: {list: [{rule: self-reference, namespace: a, name: b}]}\n",
         "c.yaml:1: exemptions.list[0] has no reason: found no reason, wanted why, in at most 200 "
         "bytes"},
        {"exemptions: {list: [{rule: self-reference, namespace: a, reason: c}]}\n",
         "c.yaml:1: exemptions.list[0] has no name: found no name, wanted the name of an "
         "Application or ExternalSecret (no pattern)"},
        {"exemptions:\n  list:\n  - rule: self-reference\n    reason: \"\"\n",
         "c.yaml:4: exemptions.list[0].reason has a wrong value: found \"\", wanted why, in at "
         "most 200 bytes"},
        {"exemptions: {list: [{reason: \"  \"}]}\n",
         "c.yaml:1: exemptions.list[0].reason has a wrong value: found \"  \", wanted why, in at "
         "most 200 bytes"},
        {"exemptions: {list: [{reason: \"" REASON_OF_50 REASON_OF_50 REASON_OF_50 REASON_OF_50
         "1\"}]}\n",
         "c.yaml:1: exemptions.list[0].reason has a wrong value: found a text of 201 bytes, "
         "wanted why, in at most 200 bytes"},
        {"exemptions: {list: [{rule: lockout}]}\n",
         "c.yaml:1: exemptions.list[0].rule has a wrong value: found \"lockout\", "
         "wanted " WANTED_RULE},
        {"exemptions: {list: [{namespace: \"team-*\"}]}\n",
         "c.yaml:1: exemptions.list[0].namespace has a wrong value: found \"team-*\", wanted the "
         "name of a namespace (no pattern)"},
        {"exemptions: {list: [{name: \"*\"}]}\n",
         "c.yaml:1: exemptions.list[0].name has a wrong value: found \"*\", wanted the name of an "
         "Application or ExternalSecret (no pattern)"},
        {"exemptions: {list: [{expires: 2027-06-31}]}\n",
         "c.yaml:1: exemptions.list[0].expires has a wrong value: found \"2027-06-31\", "
         "wanted " WANTED_EXPIRY},
        {"exemptions: {list: [{expires: 20270630}]}\n",
         "c.yaml:1: exemptions.list[0].expires has the wrong type: found the number 20270630, "
         "wanted " WANTED_EXPIRY "; put the value in quotes"},
        {"exemptions:\n  list:\n  - rule: self-reference\n    until: 2027-06-30\n",
         "c.yaml:4: unknown key exemptions.list[0].until: found until, wanted one of rule, "
         "namespace, name, reason, expires"},
        {"exemptions: {list: [self-reference]}\n",
         "c.yaml:1: exemptions.list[0] has the wrong type: found \"self-reference\", wanted a "
         "mapping"},
        {"exemptions:\n  annotation:\n    rules: [protected-secret-prune]\n",
         "c.yaml:3: exemptions.annotation.rules[0] has a wrong value: found "
         "\"protected-secret-prune\", wanted self-reference, self-prune or merge-on-pruned-target "
         "(no annotation exempts from protected-secret-prune)"},
        {"exemptions: {annotation: {rules: [self-prune, self-refrence]}}\n",
         "c.yaml:1: exemptions.annotation.rules[1] has a wrong value: found \"self-refrence\", "
         "wanted self-reference, self-prune or merge-on-pruned-target (no annotation exempts from "
         "protected-secret-prune)"},
        {"exemptions: {annotation: {namespaces: [\"*\"]}}\n",
         "c.yaml:1: exemptions.annotation.namespaces[0] has a wrong value: found \"*\", wanted "
         "names of namespaces (no pattern)"},
        {"exemptions: {annotations: {}}\n",
         "c.yaml:1: unknown key exemptions.annotations: found annotations, wanted one of list, "
         "annotation; did you mean annotation?"},
    };

    (void)state;
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void exemptions_have_a_limit(void **state)
{
    static const char item[] = "  - {rule: self-prune, namespace: a, name: b, reason: c}\n";
    AUTO(settings_freep) struct settings *s = NULL;
    struct err err = {0};
    char message[ERR_TEXT_MAX];
    struct buf text;

    (void)state;
    buf_init(&text, CONFIG_MAX_BYTES);
    buf_adds(&text, "enforce: true\nexemptions:\n  list:\n");
    for (unsigned i = 0; i < 1000; i++)
        buf_adds(&text, item);
    assert_true(config_parse(buf_str(&text), "c.yaml", "", &s, &err));
    assert_int_equal(s->n_exemptions, 1000);
    settings_free(steal(&s));
    buf_adds(&text, item);
    assert_false(config_parse(buf_str(&text), "c.yaml", "", &s, &err));
    assert_string_equal(err_text(&err, message),
                        "c.yaml:3: exemptions.list has too many items: found 1001, wanted at most "
                        "1000");
    buf_clear(&text);
}

static void one_repository_twice_is_refused(void **state)
{
    static const struct refusal cases[] = {
        {"repositories:\n"
         "- {url: https://a.example/x.git, path: /x}\n"
         "- {url: https://b.example/y, path: /y}\n"
         "- {url: https://A.example/x, path: /z}\n",
         "c.yaml:4: repositories[2] names the repository of repositories[0] again: found its url "
         "or an alias in both, wanted each repository once; keep one entry and list other "
         "spellings as its aliases"},
        {"repositories:\n"
         "- {url: https://a.example/x, path: /x, aliases: [git@a.example:x]}\n"
         "- {url: https://b.example/y, path: /y, aliases: [https://c.example, "
         "ssh://git@a.example/x]}\n",
         "c.yaml:3: repositories[1] names the repository of repositories[0] again: found its url "
         "or an alias in both, wanted each repository once; keep one entry and list other "
         "spellings as its aliases"},
    };

    (void)state;
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void passwords_in_urls_stay_out_of_messages(void **state)
{
    static const struct refusal cases[] = {
        {"listen: https://user:hunter2@host\n",
         "c.yaml:1: listen has a wrong value: found \"…@host\", wanted host:port, such as "
         "0.0.0.0:8443 or [::1]:8443 (port 0 takes a free one)"},
    };

    (void)state;
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void a_repeated_key_is_not_lost_in_silence(void **state)
{
    static const struct refusal cases[] = {
        {"listen: a:1\nenforce: true\nenforce: false\n",
         "c.yaml:3: the configuration has a key twice in one mapping: of the two the last would "
         "count; keep one"},
        {"rules:\n  self-prune: {mode: off}\nlisten: a:1\nrules:\n  self-prune: {mode: warn}\n",
         "c.yaml:4: the configuration has a key twice in one mapping: of the two the last would "
         "count; keep one"},
        {"limits: {body: 1MiB, body: 2MiB}\nlog: {}\nlog: {}\n",
         "c.yaml:1: the configuration has a key twice in one mapping: of the two the last would "
         "count; keep one"},
    };
    AUTO(settings_freep)
    struct settings *s = parse("rules: {self-reference: &r {mode: warn, undecided: allow},\n"
                               "        protected-secret-prune: {<<: *r, undecided: warn}}\n");

    (void)state;
    assert_int_equal(s->rules[RULE_PROTECTED_SECRET_PRUNE].mode, MODE_WARN);
    assert_int_equal(s->rules[RULE_PROTECTED_SECRET_PRUNE].undecided, UNDECIDED_WARN);
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void a_second_document_is_not_lost_in_silence(void **state)
{
    static const struct refusal cases[] = {
        {"listen: a:1\n---\nadmin: b:1\n",
         "c.yaml:2: the configuration is more than one YAML document: found a second \"---\", "
         "wanted one document"},
        {"---\n# first\nlisten: a:1\r\n---\r\n",
         "c.yaml:4: the configuration is more than one YAML document: found a second \"---\", "
         "wanted one document"},
        {"---\n--- {listen: a:1}\n",
         "c.yaml:2: the configuration is more than one YAML document: found a second \"---\", "
         "wanted one document"},
    };
    AUTO(settings_freep) struct settings *s = parse("# one\n---\nlisten: \"a----b:1\"\n");

    (void)state;
    assert_string_equal(s->listen, "a----b:1");
    run_refusals(cases, ARRAY_LEN(cases), ERR_CONFIG);
}

static void broken_yaml_names_its_place(void **state)
{
    struct settings *s = NULL;
    struct err err = {0};

    (void)state;
    assert_false(config_parse(STR("listen: a:1\ntls: {\n"), "c.yaml", "", &s, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.what, "the configuration is no YAML"));
    assert_non_null(strstr(err.where, "c.yaml, line "));
}

static void files_are_read_and_paths_follow_them(void **state)
{
    char directory[] = "/tmp/syncguard-config-XXXXXX";
    AUTO(settings_freep) struct settings *s = NULL;
    struct err err = {0};
    char message[ERR_TEXT_MAX];
    char *file;
    char *key;
    FILE *stream;

    (void)state;
    assert_non_null(mkdtemp(directory));
    file = xasprintf("%s/syncguard.yaml", directory);
    key = xasprintf("%s/tls.key", directory);
    stream = fopen(file, "w");
    assert_non_null(stream);
    assert_true(fputs("tls: {key: tls.key}\nenforce: false\n", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    assert_true(config_load(file, &s, &err));
    assert_string_equal(s->tls.key, key);
    assert_false(s->enforce);

    settings_free(steal(&s));
    assert_int_equal(truncate(file, CONFIG_MAX_BYTES + 1), 0);
    assert_false(config_load(file, &s, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.what, "the configuration is larger than 1048576 bytes");

    err_clear(&err);
    assert_int_equal(unlink(file), 0);
    assert_false(config_load(file, &s, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_non_null(strstr(err_text(&err, message), "No such file or directory"));

    err_clear(&err);
    assert_false(config_load(directory, &s, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_string_equal(err.why, "Is a directory");
    assert_int_equal(rmdir(directory), 0);
    free(file);
    free(key);
}

/* The default certificate lies beside the file as well. */
static void default_paths_follow_the_file(void **state)
{
    AUTO(settings_freep) struct settings *s = parse("tls: {minVersion: \"1.3\"}\n");

    (void)state;
    assert_string_equal(s->tls.certificate, "/etc/syncguard/tls.crt");
    assert_string_equal(s->tls.key, "/etc/syncguard/tls.key");
}

static bool can_be_exempted_from(enum rule_id id)
{
    AUTO(freep)
    char *text = xasprintf("exemptions: {list: [{rule: %s, namespace: a, name: b, reason: c}]}\n",
                           rule_id_name(id));
    AUTO(settings_freep) struct settings *s = parse(text);

    return s->n_exemptions == 1 && s->exemptions[0].rule == id;
}

static void every_rule_has_its_rows(void **state)
{
    size_t n_keys;
    const struct key *keys = keys_table(&n_keys);

    (void)state;
    for (unsigned id = 0; id < N_RULES; id++) {
        AUTO(freep) char *path = xasprintf("rules.%s.mode", rule_id_name((enum rule_id)id));
        bool found = false;

        for (size_t i = 0; i < n_keys; i++)
            found = found || strcmp(keys[i].path, path) == 0;
        assert_true(found);
        assert_true(can_be_exempted_from((enum rule_id)id));
    }
}

/* A row without words would make a message that ends in "wanted (null)". */
static void every_row_says_what_it_wants(void **state)
{
    size_t n_keys;
    const struct key *keys = keys_table(&n_keys);

    (void)state;
    for (size_t i = 0; i < n_keys; i++)
        if (keys[i].type != KEY_MAP && keys[i].type != KEY_BOOL &&
            (keys[i].type != KEY_ITEMS || keys[i].not_yet))
            assert_non_null(keys[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_means_the_defaults),
        cmocka_unit_test(the_documented_defaults_are_accepted),
        cmocka_unit_test(every_setting_can_be_changed),
        cmocka_unit_test(exemptions_name_one_rule_and_one_object_each),
        cmocka_unit_test(an_exemption_that_says_too_little_is_refused),
        cmocka_unit_test(exemptions_have_a_limit),
        cmocka_unit_test(an_empty_list_of_protected_secrets_protects_none),
        cmocka_unit_test(what_counts_at_the_start_is_kept_and_named),
        cmocka_unit_test(a_configuration_is_known_by_its_text),
        cmocka_unit_test(clients_need_a_ca_and_names),
        cmocka_unit_test(unknown_keys_are_named_with_their_line),
        cmocka_unit_test(wrong_types_say_what_was_found),
        cmocka_unit_test(wrong_values_say_what_is_wanted),
        cmocka_unit_test(snapshots_are_files_beside_the_configuration),
        cmocka_unit_test(a_hundred_snapshots_are_enough),
        cmocka_unit_test(what_is_not_acted_on_is_refused_not_ignored),
        cmocka_unit_test(one_repository_twice_is_refused),
        cmocka_unit_test(passwords_in_urls_stay_out_of_messages),
        cmocka_unit_test(a_repeated_key_is_not_lost_in_silence),
        cmocka_unit_test(a_second_document_is_not_lost_in_silence),
        cmocka_unit_test(broken_yaml_names_its_place),
        cmocka_unit_test(files_are_read_and_paths_follow_them),
        cmocka_unit_test(default_paths_follow_the_file),
        cmocka_unit_test(every_rule_has_its_rows),
        cmocka_unit_test(every_row_says_what_it_wants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
