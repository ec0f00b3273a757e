/* check, explain and audit from the command line: what is printed and how they exit. */
#include "base/mem.h"
#include "commands/check_registration.h"
#include "commands/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants four of the above. */
#include <cmocka.h>

enum { WORDS_MAX = 12, TEXT_MAX = 16 * 1024, FILES_MAX = 16 };

#define URL "https://git.example/deploy.git"

struct world {
    char directory[32];
    char *files[FILES_MAX];
    size_t n_files;
};

static char *put(struct world *w, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", w->directory, name);
    FILE *stream = fopen(path, "w");

    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    assert_true(w->n_files < FILES_MAX);
    w->files[w->n_files++] = path;
    return path;
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);

    (void)snprintf(w->directory, sizeof w->directory, "/tmp/syncguard-check-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < w->n_files; i++) {
        (void)unlink(w->files[i]);
        free(w->files[i]);
    }
    assert_int_equal(rmdir(w->directory), 0);
    free(w);
    return 0;
}

/* What a command wrote and how it ended. */
struct ran {
    int status;
    char out[TEXT_MAX];
    char err[TEXT_MAX];
};

static void read_back(FILE *stream, char *text)
{
    size_t n;

    rewind(stream);
    n = fread(text, 1, TEXT_MAX - 1, stream);
    text[n] = '\0';
    (void)fclose(stream);
}

/* Runs in this process: descriptors 1 and 2 point to files meanwhile. */
static void run(struct ran *r, const struct command *command, const char *const *words)
{
    char *argv[WORDS_MAX + 1];
    int argc = 0;
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    int saved_out = dup(1);
    int saved_err = dup(2);

    assert_true(out && err && saved_out >= 0 && saved_err >= 0);
    memcpy(&argv[argc++], &command->name, sizeof(char *));
    for (size_t i = 0; words[i]; i++)
        memcpy(&argv[argc++], &words[i], sizeof(char *));
    argv[argc] = NULL;
    (void)fflush(stdout);
    (void)fflush(stderr);
    assert_true(dup2(fileno(out), 1) == 1 && dup2(fileno(err), 2) == 2);
    r->status = command->run(command, argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    (void)dup2(saved_out, 1);
    (void)dup2(saved_err, 2);
    (void)close(saved_out);
    (void)close(saved_err);
    read_back(out, r->out);
    read_back(err, r->err);
}

/* An Application whose source is the repository's root, where it stands itself. */
#define APPLICATION(namespace)                                                                     \
    "apiVersion: argoproj.io/v1alpha1\n"                                                           \
    "kind: Application\n"                                                                          \
    "metadata:\n"                                                                                  \
    "  name: root\n" namespace "spec:\n"                                                           \
                               "  project: default\n"                                              \
                               "  source: {repoURL: " URL ", path: ., targetRevision: HEAD}\n"     \
                               "  destination: {server: https://kubernetes.default.svc, "          \
                               "namespace: argocd}\n"

static char *repository_option(const struct world *w, const char *url)
{
    return xasprintf("%s=%s", url, w->directory);
}

static void a_self_reference_is_denied_with_its_place(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository", repository, NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, "root.yaml:4: deny [self-reference] Application argocd/root "));
    assert_non_null(strstr(r.out, "note: tracking by label is assumed: "));
    assert_non_null(strstr(r.out, "1 denied, 0 warnings, 0 undecided in 1 Application and 0 "
                                  "ExternalSecrets; 1 note\n"));
}

static void one_directory_under_two_names_is_judged_once(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *first = repository_option(w, "https://a.example/other?x=1");
    AUTO(freep) char *second = repository_option(w, URL);
    const char *words[] = {"--repository", first, "--repository", second, "--format", "json", NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, "\"judged\":{\"applications\":1,\"externalSecrets\":0}"));
    assert_non_null(strstr(r.out, "\"rule\":\"self-reference\",\"verdict\":\"deny\""));
}

/* The namespace is the one the Application that renders it fills in. */
static void a_manifest_without_namespace_gets_the_rendered_one(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository", repository, NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION(""));
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, "deny [self-reference] Application argocd/root "));
    assert_null(strstr(r.out, "names no namespace"));
}

/* What exists in the cluster is what kustomize makes of the file: root's own source renders it. */
static void a_renamed_application_is_judged_under_its_new_name(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository", repository, NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    (void)put(w, "kustomization.yaml", "namePrefix: prod-\nresources: [root.yaml]\n");
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(
        strstr(r.out, "root.yaml:4: deny [self-reference] Application argocd/prod-root "));
    assert_null(strstr(r.out, "Application argocd/root "));
    assert_non_null(strstr(r.out, "1 denied, 0 warnings, 0 undecided in 1 Application and 0 "));
}

static void a_namespace_of_kustomizes_is_the_one_judged(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository", repository, NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    (void)put(w, "kustomization.yaml", "namespace: team\nresources: [root.yaml]\n");
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, "deny [self-reference] Application team/root "));
    assert_non_null(strstr(r.out, "1 denied, 0 warnings, 0 undecided in 1 Application and 0 "));
}

/* root renders everything with a prefix, twice; plain renders everything as it is written. */
static void each_rendered_identity_is_judged_once(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository", repository, NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    (void)put(w, "plain.yaml",
              "apiVersion: argoproj.io/v1alpha1\n"
              "kind: Application\n"
              "metadata: {name: plain, namespace: argocd}\n"
              "spec:\n"
              "  project: default\n"
              "  sources:\n"
              "  - {repoURL: " URL ", path: ., directory: {include: '{root,plain,es}.yaml'}}\n"
              "  - {repoURL: " URL ", path: .}\n"
              "  destination: {server: https://kubernetes.default.svc, namespace: argocd}\n");
    (void)put(w, "es.yaml",
              "apiVersion: external-secrets.io/v1\n"
              "kind: ExternalSecret\n"
              "metadata: {name: es}\n"
              "spec: {secretStoreRef: {name: s}, target: {name: t}}\n");
    (void)put(w, "kustomization.yaml",
              "namePrefix: prod-\nresources: [root.yaml, plain.yaml, es.yaml]\n");
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(
        strstr(r.out, "root.yaml:4: deny [self-reference] Application argocd/prod-root "));
    assert_non_null(strstr(r.out, "deny [self-reference] Application argocd/plain "));
    assert_non_null(strstr(r.out, "deny [self-reference] Application argocd/prod-plain "));
    /* root renders prod-plain, which is plain in all but its name */
    assert_non_null(strstr(r.out, "deny [self-reference] Application argocd/root would sync itself "
                                  "through others: "));
    assert_non_null(strstr(r.out, "4 denied, 0 warnings, 0 undecided in 4 Applications and 2 "
                                  "ExternalSecrets; "));
}

/* A patch looks like an Application, and is a piece of one. */
static void a_patch_is_no_application(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository", repository, NULL};
    static const char patch[] = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
                                "metadata: {name: root, namespace: argocd}\n"
                                "spec: {source: {targetRevision: v2}}\n";
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    (void)put(w, "patch.yaml", patch);
    (void)put(w, "kustomization.yaml", "resources: [root.yaml]\npatches: [{path: patch.yaml}]\n");
    run(&r, &command_check, words);
    assert_null(strstr(r.out, "patch.yaml:3"));
    assert_non_null(strstr(r.out, " in 1 Application and 0 ExternalSecrets; "));
    /* where a kustomization lists it, too, it is what it looks like */
    (void)put(w, "kustomization.yaml",
              "resources: [root.yaml, patch.yaml]\npatches: [{path: patch.yaml}]\n");
    run(&r, &command_check, words);
    assert_non_null(strstr(r.out, " in 2 Applications and 0 ExternalSecrets; "));
}

/* One that only may exist, too: whether a generator's files stand for it is another question. */
static void what_a_set_makes_is_counted_by_its_source(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository", repository, NULL};
    struct ran r;

    (void)put(w, "set.yaml",
              "apiVersion: argoproj.io/v1alpha1\n"
              "kind: ApplicationSet\n"
              "metadata: {name: set, namespace: argocd}\n"
              "spec:\n"
              "  generators: [{list: {elements: [{env: a}, {env: b}]}}]\n"
              "  template:\n"
              "    metadata: {name: 'app-{{env}}'}\n"
              "    spec:\n"
              "      project: default\n"
              "      source: {repoURL: " URL ", path: ., directory: {include: 'x-{{env}}.yaml'}}\n"
              "      destination: {name: in-cluster, namespace: argocd}\n");
    (void)put(w, "cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n");
    run(&r, &command_check, words);
    assert_non_null(strstr(r.out, "\n  directory                    2          0\n"));
    assert_non_null(strstr(r.out, " in 2 Applications and 0 ExternalSecrets; "));
}

static void what_nothing_renders_is_judged_where_argocd_lives(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, "https://git.example/elsewhere");
    const char *words[] = {"--repository", repository, NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION(""));
    (void)put(w, "other.yaml",
              "apiVersion: example.com/v1\nkind: Application\nmetadata: {name: x}\n");
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_OK);
    assert_non_null(strstr(r.out, "root.yaml:4: note: the Application names no namespace and no "
                                  "known Application renders it: judged in Argo CD's own\n"));
    assert_non_null(strstr(r.out, "root.yaml:4: undecided [self-reference] "));
    assert_non_null(strstr(r.out, "0 denied, 0 warnings, 1 undecided in 1 Application and "));
}

static void settings_change_what_is_denied(void **state)
{
    struct world *w = *state;
    const char *words[] = {"--config", NULL, NULL};
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    words[1] = put(w, "syncguard.conf",
                   "enforce: false\nargocd: {tracking: label}\n"
                   "repositories: [{url: \"" URL "\", path: .}]\n");
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_OK);
    assert_non_null(strstr(r.out, "root.yaml:4: warn [self-reference] "));
    assert_non_null(strstr(r.out, "0 denied, 1 warning, 0 undecided in 1 Application and 0 "
                                  "ExternalSecrets; 0 notes\n"));
}

static void what_cannot_run_says_why(void **state)
{
    static const struct {
        const char *words[4];
        const char *message;
    } cases[] = {
        {{"--repository", "deploy"}, "syncguard check: --repository wants URL=DIR: found no '='\n"},
        {{"--repository", "=/tmp"},
         "syncguard check: --repository wants URL=DIR: found no URL before the '='\n"},
        {{"--repository", "u="},
         "syncguard check: --repository wants URL=DIR: found no directory behind the last '='\n"},
        {{"--repository", "u=/proc@"},
         "syncguard check: --repository wants URL=DIR@REVISION: found nothing behind the last "
         "'@'\n"},
        {{"--repository", "u=/proc@main"},
         "syncguard check: /proc cannot be read as a Git repository: it holds no .git, nor a HEAD, "
         "refs and objects of its own; give the top of a work tree, or a bare repository\n"},
        {{"--format", "jsno"},
         "syncguard check: --format wants text, json, sarif or junit, found jsno; did you mean "
         "json?\n"},
        {{"--format", "csv"},
         "syncguard check: --format wants text, json, sarif or junit, found csv\n"},
        {{"a", "b"},
         "syncguard check: one directory is wanted, found 2; give further ones as --repository "
         "URL=DIR\n"},
        {{"/nonexistent"}, "syncguard check: /nonexistent is no directory that can be read\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ran r;

        run(&r, &command_check, cases[i].words);
        assert_int_equal(r.status, EXIT_UNABLE);
        assert_string_equal(r.out, "");
        assert_string_equal(r.err, cases[i].message);
    }
}

#define REGISTRATION(timeout)                                                                      \
    "apiVersion: admissionregistration.k8s.io/v1\n"                                                \
    "kind: ValidatingWebhookConfiguration\n"                                                       \
    "metadata: {name: guard}\n"                                                                    \
    "webhooks:\n"                                                                                  \
    "- name: guard.example\n"                                                                      \
    "  admissionReviewVersions: [v1]\n"                                                            \
    "  sideEffects: None\n"                                                                        \
    "  failurePolicy: Ignore\n"                                                                    \
    "  timeoutSeconds: " timeout "\n"                                                              \
    "  rules:\n"                                                                                   \
    "  - apiGroups: [argoproj.io, external-secrets.io]\n"                                          \
    "    apiVersions: ['*']\n"                                                                     \
    "    operations: [CREATE, UPDATE]\n"                                                           \
    "    resources: [applications, externalsecrets]\n"                                             \
    "  clientConfig: {service: {namespace: s, name: s, path: /validate}}\n"

/* The working directory of this test is no work tree of its own: nothing else is judged. */
static void a_registration_alone_is_all_that_is_judged(void **state)
{
    struct world *w = *state;
    const char *words[] = {"--webhook-configuration", NULL, NULL};
    AUTO(freep) char *wanted = NULL;
    struct ran r;

    words[1] = put(w, "webhook.yaml", REGISTRATION("5"));
    wanted = xasprintf("%s:1: note: of 1 webhook neither the name nor the port of "
                       "clientConfig.service was looked at: the file does not hold the Service\n"
                       "0 denied, 0 warnings, 0 undecided in 0 Applications, 0 "
                       "ExternalSecrets and 1 webhook configuration; 1 note\n",
                       words[1]);
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_string_equal(r.out, wanted);
    assert_int_equal(r.status, EXIT_OK);
}

static void registrations_are_judged_beside_repositories(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    const char *words[] = {"--repository",
                           repository,
                           "--webhook-configuration",
                           NULL,
                           "--webhook-configuration",
                           NULL,
                           "--format",
                           "json",
                           NULL};
    struct ran r;

    words[3] = put(w, "slow.yaml", REGISTRATION("30"));
    words[5] = put(w, "good.yaml", REGISTRATION("5"));
    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, "\"judged\":{\"applications\":1,\"externalSecrets\":0,"
                                  "\"webhookConfigurations\":2}"));
    assert_non_null(strstr(r.out, "\"rule\":\"lockout\",\"verdict\":\"deny\",\"denies\":true,"
                                  "\"kind\":\"ValidatingWebhookConfiguration\","
                                  "\"namespace\":\"\",\"name\":\"guard\","));
    assert_non_null(strstr(r.out, "slow.yaml\",\"line\":5,"));
    assert_non_null(strstr(r.out, "\"rule\":\"self-reference\",\"verdict\":\"deny\""));
}

static void a_registration_that_cannot_be_read_ends_the_run(void **state)
{
    struct world *w = *state;
    static char text[REGISTRATION_MAX_BYTES + 2];
    const char *words[] = {"--webhook-configuration", "/nonexistent", NULL};
    AUTO(freep) char *large = NULL;
    struct ran r;

    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_string_equal(r.out, "");
    assert_string_equal(r.err, "syncguard check: /nonexistent: the file could not be read: No such "
                               "file or directory\n");
    memset(text, '#', sizeof text - 1);
    words[1] = put(w, "large.yaml", text);
    large = xasprintf("syncguard check: %s: the file is larger than 4194304 bytes\n", words[1]);
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_string_equal(r.err, large);
}

static void a_serving_certificate_belongs_to_a_registration(void **state)
{
    static const char *const alone[] = {"--serving-certificate", "/nonexistent", NULL};
    struct world *w = *state;
    const char *words[] = {"--serving-certificate", "/nonexistent", "--webhook-configuration", NULL,
                           NULL};
    struct ran r;

    words[3] = put(w, "webhook.yaml", REGISTRATION("5"));
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_string_equal(r.out, "");
    assert_non_null(strstr(r.err, "syncguard check: /nonexistent: "));
    run(&r, &command_check, alone);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_string_equal(r.err, "syncguard check: --serving-certificate goes with "
                               "--webhook-configuration\n");
}

static void a_repository_that_cannot_be_read_ends_the_run(void **state)
{
    static const char *const words[] = {"--repository", "u=/nonexistent", NULL};
    struct ran r;

    (void)state;
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_string_equal(r.out, "");
    assert_non_null(strstr(r.err, "/nonexistent"));
    assert_non_null(strstr(r.err, "No such file or directory"));
}

static void explain_shows_findings_and_facts(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *repository = repository_option(w, URL);
    AUTO(freep) char *denied = NULL;
    const char *words[] = {"--repository", repository, NULL, NULL};
    struct ran r;

    words[2] = put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    denied = xasprintf("%s:4: CREATE Application argocd/root: denied\n  deny [self-reference] ",
                       words[2]);
    run(&r, &command_explain, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, denied));
    assert_non_null(
        strstr(r.out, "facts used:\n  repository deploy@work tree: " URL ", read from "));
    assert_non_null(strstr(r.out, ", 1 objects in 1 files, 0 notes\n"));
    assert_non_null(strstr(r.out, "  tracking by annotation, label key "));
}

/* A bare repository named deploy@x in `directory`: the self-reference is in its branch fix/@1 and
 * no longer in main. *commit is as messages show it. */
static void make_repository(const struct world *w, char commit[static 13])
{
    AUTO(freep)
    char *script = xasprintf("cd %s && export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a "
                             "GIT_AUTHOR_EMAIL=a@e GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@e && "
                             "git init -q -b main work && mv root.yaml work && cd work && "
                             "git add . && git commit -q -m 1 && git branch fix/@1 && "
                             "git rm -q root.yaml && git commit -q -m 2 && "
                             "git clone -q --bare . ../deploy@x && "
                             "git rev-parse --short=12 fix/@1 >../id",
                             w->directory);
    AUTO(freep) char *file = xasprintf("%s/id", w->directory);
    FILE *stream;

    assert_int_equal(system(script), 0); /* NOLINT(cert-env33-c): our own text */
    stream = fopen(file, "r");
    assert_non_null(stream);
    assert_int_equal(fread(commit, 1, 12, stream), 12);
    commit[12] = '\0';
    (void)fclose(stream);
}

static void remove_repository(const struct world *w)
{
    AUTO(freep) char *script = xasprintf("cd %s && rm -r work deploy@x id", w->directory);

    assert_int_equal(system(script), 0); /* NOLINT(cert-env33-c): our own text */
}

static void a_revision_is_judged_without_a_checkout(void **state)
{
    struct world *w = *state;
    AUTO(freep) char *broken = xasprintf("%s=%s/deploy@x@fix/@1", URL, w->directory);
    AUTO(freep) char *fixed = xasprintf("%s=%s/deploy@x@main", URL, w->directory);
    AUTO(freep) char *gone = xasprintf("%s=%s/deploy@x@gone", URL, w->directory);
    AUTO(freep) char *bare = xasprintf("%s=%s/deploy@x", URL, w->directory);
    AUTO(freep) char *refused = NULL;
    AUTO(freep) char *shown = NULL;
    AUTO(freep) char *used = NULL;
    const char *words[] = {"--repository", broken, NULL, NULL};
    char commit[13];
    struct ran r;

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    make_repository(w, commit);
    run(&r, &command_check, words);
    shown = xasprintf("    root.yaml:4 (deploy@%s)\n", commit);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, "root.yaml:4: deny [self-reference] Application argocd/root "));
    assert_non_null(strstr(r.out, shown));
    words[1] = fixed;
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_OK);
    assert_non_null(strstr(r.out, "0 denied, 0 warnings, 0 undecided in 0 Applications and 0 "));
    words[1] = broken;
    words[2] = put(w, "new.yaml", APPLICATION("  namespace: argocd\n"));
    run(&r, &command_explain, words);
    used =
        xasprintf("  repository deploy@%s: " URL ", read from %s/deploy@x, 1 objects in 1 files, "
                  "0 notes\n",
                  commit, w->directory);
    assert_int_equal(r.status, EXIT_DENIED);
    assert_non_null(strstr(r.out, used));
    words[2] = NULL;
    words[1] = gone;
    run(&r, &command_check, words);
    refused = xasprintf("syncguard check: revision gone of %s/deploy@x was not found: no branch, "
                        "tag or commit is called so; see git -C DIR show-ref; what only the remote "
                        "has, git fetch --tags brings\n",
                        w->directory);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_string_equal(r.err, refused);
    words[1] = bare; /* '@x' is the directory's */
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_OK); /* bare: its HEAD, which is main */
    words[2] = "--exact-revisions";
    run(&r, &command_check, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_OK);
    words[1] = fixed;
    run(&r, &command_check, words);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_non_null(strstr(
        r.err,
        "syncguard check: --exact-revisions and URL=DIR@REVISION exclude each other: found "));
    remove_repository(w);
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

static void a_directory_is_one_repository_for_each_of_its_revisions(void **state)
{
    static const struct {
        const char *first;
        const char *second; /* another URL's */
        size_t n;
    } cases[] = {
        {"main", "main", 1},
        {"main", "fix/@1", 2},
        {"main", "HEAD", 2}, /* the same commit, asked for by names that may part */
    };
    struct world *w = *state;
    char commit[13];

    (void)put(w, "root.yaml", APPLICATION("  namespace: argocd\n"));
    make_repository(w, commit);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(freep)
        char *first = xasprintf("%s=%s/deploy@x@%s", URL, w->directory, cases[i].first);
        AUTO(freep) char *second = xasprintf("u=%s/deploy@x@%s", w->directory, cases[i].second);
        AUTO(freep) char *again = xasprintf("u=%s/work", w->directory);
        const char *words[] = {"--repository", first, "--repository", second,
                               NULL,           NULL,  NULL,           NULL};
        struct ran r;

        words[4] = put(w, "new.yaml", APPLICATION("  namespace: argocd\n"));
        run(&r, &command_explain, words);
        assert_string_equal(r.err, "");
        assert_int_equal(count(r.out, "\n  repository "), cases[i].n);
        /* what is typed last wins, its revision included */
        words[5] = "--repository";
        words[6] = again;
        if (cases[i].n == 2) {
            run(&r, &command_explain, words);
            assert_non_null(strstr(r.out, "@work tree: u, read from "));
        }
    }
    remove_repository(w);
}

static void explain_reads_admission_reviews(void **state)
{
    struct world *w = *state;
    const char *words[] = {NULL, NULL};
    struct ran r;

    words[0] = put(
        w, "review.json",
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{"
        "\"uid\":\"u\",\"kind\":{\"group\":\"argoproj.io\",\"version\":\"v1alpha1\","
        "\"kind\":\"Application\"},\"resource\":{\"group\":\"argoproj.io\","
        "\"version\":\"v1alpha1\",\"resource\":\"applications\"},\"name\":\"root\","
        "\"namespace\":\"argocd\",\"operation\":\"DELETE\",\"userInfo\":{\"username\":\"jane\"},"
        "\"object\":null,\"oldObject\":null}}");
    run(&r, &command_explain, words);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_OK);
    assert_non_null(strstr(r.out, "review.json: DELETE Application argocd/root: allowed\n"));
    assert_non_null(strstr(r.out, "facts used:\n  no repository: "));
}

static void explain_refuses_what_is_neither(void **state)
{
    struct world *w = *state;
    const char *words[] = {NULL, NULL};
    struct ran r;

    words[0] = put(w, "notes.txt", "just text\n");
    run(&r, &command_explain, words);
    assert_int_equal(r.status, EXIT_UNABLE);
    assert_non_null(strstr(r.err, "neither an AdmissionReview nor Kubernetes manifests"));
}

#define DENIAL(time)                                                                               \
    "{\"time\":\"" time "\",\"event\":\"decision\",\"uid\":\"u\",\"kind\":\"Application\","        \
    "\"namespace\":\"argocd\",\"name\":\"root\",\"user\":\"jane\",\"dryRun\":false,"               \
    "\"decision\":\"deny\",\"findings\":[{\"rule\":\"self-reference\",\"verdict\":\"deny\","       \
    "\"denies\":true,\"message\":\"It would sync itself.\"}]}\n"

static void audit_counts_what_stands_in_its_files(void **state)
{
    struct world *w = *state;
    char *a = put(w, "a.log", DENIAL("2026-06-09T00:00:00Z"));
    char *b = put(w, "b.log", DENIAL("2026-06-08T23:59:59Z") "something else\n");
    const char *const all[] = {a, b, NULL};
    const char *const day[] = {"--since", "2026-06-09", a, b, NULL};
    const char *const time[] = {"--since=2026-06-09T00:00:01Z", "--format=json", a, b, NULL};
    const char *const hours[] = {"--since", "24h", a, NULL};
    struct ran r;

    run(&r, &command_audit, all);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, EXIT_OK);
    assert_non_null(strstr(r.out, "          2  2026-06-08T23:59:59Z  2026-06-09T00:00:00Z  "
                                  "Application argocd/root [self-reference] by jane\n"));
    assert_non_null(strstr(r.out, "\n2 denied, 0 warned, 0 undecided, 0 exempted in 2 decisions; 1 "
                                  "line skipped\n"));
    run(&r, &command_audit, day);
    assert_int_equal(r.status, EXIT_OK);
    assert_non_null(strstr(r.out, "\n1 denied, 0 warned, 0 undecided, 0 exempted in 1 decision; 1 "
                                  "earlier, 1 line skipped\n"));
    run(&r, &command_audit, time);
    assert_int_equal(r.status, EXIT_OK);
    assert_non_null(strstr(r.out, "{\"schema\":\"syncguard.audit/v1\","
                                  "\"since\":\"2026-06-09T00:00:01Z\",\"requests\":[],"));
    run(&r, &command_audit, hours);
    assert_int_equal(r.status, EXIT_OK);
    assert_string_equal(r.out, "0 denied, 0 warned, 0 undecided, 0 exempted in 0 decisions; 1 "
                               "earlier, 0 lines skipped\n");
}

static void audit_says_why_it_cannot_run(void **state)
{
    static const struct {
        const char *words[4];
        const char *message;
    } cases[] = {
        {{"--format", "jsn"},
         "syncguard audit: --format wants text or json, found jsn; did you mean json?\n"},
        {{"--since", "yesterday"},
         "syncguard audit: --since wants a day, a time or how long ago, found yesterday; for "
         "instance 2026-06-09, 2026-06-09T12:00:00Z or 24h (49 days at most)\n"},
        {{"--since", "2026-02-30"},
         "syncguard audit: --since wants a day, a time or how long ago, found 2026-02-30; for "
         "instance 2026-06-09, 2026-06-09T12:00:00Z or 24h (49 days at most)\n"},
        {{"/nonexistent"},
         "syncguard audit: /nonexistent: the file could not be read: No such file or directory\n"},
        {{"/"}, "syncguard audit: /: the file could not be read: Is a directory\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ran r;

        run(&r, &command_audit, cases[i].words);
        assert_string_equal(r.err, cases[i].message);
        assert_int_equal(r.status, EXIT_UNABLE);
        assert_string_equal(r.out, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_self_reference_is_denied_with_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_directory_under_two_names_is_judged_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_manifest_without_namespace_gets_the_rendered_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_renamed_application_is_judged_under_its_new_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_namespace_of_kustomizes_is_the_one_judged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_rendered_identity_is_judged_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_set_makes_is_counted_by_its_source, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_patch_is_no_application, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nothing_renders_is_judged_where_argocd_lives, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(settings_change_what_is_denied, set_up, tear_down),
        cmocka_unit_test(what_cannot_run_says_why),
        cmocka_unit_test(a_repository_that_cannot_be_read_ends_the_run),
        cmocka_unit_test_setup_teardown(a_registration_alone_is_all_that_is_judged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(registrations_are_judged_beside_repositories, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_serving_certificate_belongs_to_a_registration, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_registration_that_cannot_be_read_ends_the_run, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(explain_shows_findings_and_facts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_revision_is_judged_without_a_checkout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_is_one_repository_for_each_of_its_revisions,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(explain_reads_admission_reviews, set_up, tear_down),
        cmocka_unit_test_setup_teardown(explain_refuses_what_is_neither, set_up, tear_down),
        cmocka_unit_test_setup_teardown(audit_counts_what_stands_in_its_files, set_up, tear_down),
        cmocka_unit_test(audit_says_why_it_cannot_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
