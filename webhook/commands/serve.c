#include "base/mem.h"
#include "base/text.h"
#include "certs/certs.h"
#include "commands/confine.h"
#include "commands/console.h"
#include "commands/options.h"
#include "config/config.h"
#include "facts/store.h"
#include "server/facts_loader.h"
#include "server/reloader.h"
#include "server/server.h"
#include "server/watch.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* SYNCGUARD_VERSION comes from the build; a packager may add the commit. */
#ifndef SYNCGUARD_REVISION
#define SYNCGUARD_REVISION "unknown"
#endif

enum {
    PAGE_MAX = 64 * 1024, /* --help, --check-config */
    /* The server is ready by then even if facts are still loading: a repository nobody can reach
     * must not freeze a cluster (design 5). */
    FIRST_LOAD_SECONDS = 30,
    /* At the end, for a load that runs just then. */
    LOADER_WAIT_MS = 2000,
    /* Files other than connections: logs, listeners, repositories being read. */
    OTHER_FILES = 256,
};

static const struct option_row serve_options[] = {
    {"--config", "FILE", OPTION_VALUE, "the configuration file"},
    {"--check-config", NULL, OPTION_FLAG, "check configuration and certificate, then exit"},
};

/* Everything a running server consists of, in the order it is made. */
struct service {
    const char *config_file;
    struct settings *settings;
    struct certs_pair *pair;
    struct certs_clients *clients; /* NULL: anybody may call */
    struct program_log *program_log;
    struct metrics *metrics;
    struct decision_log *decision_log;
    struct facts_store *store;
    struct server *server;
    struct facts_loader *loader;
    struct reloader *reloader;
    struct watch *watch;
    const char *rule_names[N_RULES]; /* for the metrics */
};

static void add_field(struct buf *out, const char *label, const char *value)
{
    buf_printf(out, "  %-12s ", label);
    text_field(out, str_from(value));
    buf_addc(out, '\n');
}

static void add_rules(struct buf *out, const struct settings *settings)
{
    static const char *const modes[] = {
        [MODE_DENY] = "deny",
        [MODE_WARN] = "warn",
        [MODE_OFF] = "off",
    };

    for (size_t i = 0; i < N_RULES; i++)
        buf_printf(out, "  rule         %s: %s%s\n", rule_id_name((enum rule_id)i),
                   modes[settings->rules[i].mode],
                   settings->enforce || settings->rules[i].mode != MODE_DENY
                       ? ""
                       : " (only warned about: enforce is false)");
}

static int check_config(const struct service *s)
{
    AUTO(buf_clearp) struct buf out = {0};
    char expires[32] = "";
    struct tm utc;
    time_t not_after = s->pair->not_after;

    (void)gmtime_r(&not_after, &utc);
    (void)strftime(expires, sizeof expires, "%Y-%m-%d %H:%M:%S UTC", &utc);
    buf_init(&out, PAGE_MAX);
    buf_adds(&out, "configuration is good\n");
    add_field(&out, "listen", s->settings->listen);
    add_field(&out, "admin", s->settings->admin);
    add_field(&out, "certificate", s->settings->tls.certificate);
    add_field(&out, "valid until", expires);
    for (size_t i = 0; i < s->settings->tls.n_client_names; i++)
        add_field(&out, "client", s->settings->tls.client_names[i]);
    buf_printf(&out, "  %-12s %zu\n", "repositories", s->settings->n_repositories);
    for (size_t i = 0; i < s->settings->n_protected; i++) {
        buf_printf(&out, "  %-12s ", "protected");
        text_field(&out, str_from(s->settings->protected_secrets[i].namespace));
        buf_addc(&out, '/');
        text_field(&out, str_from(s->settings->protected_secrets[i].name));
        buf_addc(&out, '\n');
    }
    add_rules(&out, s->settings);
    return console_print(&command_serve, &out, EXIT_OK);
}

/* Twice the cap is what libmicrohttpd may hold (design 6). */
static void raise_open_files(const struct service *s)
{
    struct rlimit limit;
    rlim_t wanted = 2 * (rlim_t)s->settings->limits.connections + OTHER_FILES;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        program_log_event(s->program_log, LOG_WARNING, "open-files",
                          "limits.connections wants %llu open files, the system allows %llu",
                          (unsigned long long)wanted, (unsigned long long)limit.rlim_cur);
}

static void on_first_load(void *server)
{
    server_set_ready(server, true);
}

static bool start_server(struct service *s, struct err *err)
{
    s->program_log = program_log_new(STDERR_FILENO);
    s->metrics = metrics_new(SYNCGUARD_VERSION, SYNCGUARD_REVISION);
    program_log_start(s->program_log, s->metrics);
    metrics_certificate(s->metrics, "serving", s->pair->not_after);
    if (s->clients)
        metrics_certificate(s->metrics, "client-ca", certs_clients_not_after(s->clients));
    for (size_t i = 0; i < N_RULES; i++)
        s->rule_names[i] = rule_id_name((enum rule_id)i);
    metrics_rules(s->metrics, s->rule_names, N_RULES);
    s->decision_log = decision_log_new(STDOUT_FILENO, s->metrics, s->program_log);
    s->watch = watch_new();
    s->store = facts_store_new();
    /* Reviews that come before the first load has ended are judged by the settings at least. */
    facts_store_put(s->store, facts_load(&(struct facts_options){.settings = s->settings,
                                                                 .settings_alone = true},
                                         time(NULL)));
    return server_start(
        &(struct server_options){
            .settings = s->settings,
            .pair = s->pair,
            .clients = s->clients,
            .facts = s->store,
            .program_log = s->program_log,
            .decision_log = s->decision_log,
            .metrics = s->metrics,
            .facts_watch = s->watch,
        },
        &s->server, err);
}

/*
 * Waits for a signal that ends the service; ready after the first load, or when it takes too long.
 * Signals are blocked in every thread and taken here one by one, so there is no handler and no
 * flag.
 */
static int wait_for_end(struct service *s, const sigset_t *signals)
{
    const struct timespec first_load = {.tv_sec = FIRST_LOAD_SECONDS};
    bool loading = true;

    for (;;) {
        int number =
            loading ? sigtimedwait(signals, NULL, &first_load) : sigwaitinfo(signals, NULL);

        if (number == SIGTERM || number == SIGINT)
            return number;
        if (number == SIGHUP)
            reloader_ask(s->reloader);
        if (number < 0 && errno == EAGAIN) {
            loading = false;
            server_set_ready(s->server, true);
        }
    }
}

static void end(struct service *s)
{
    server_free(s->server);
    decision_log_free(s->decision_log);
    facts_store_free(s->store);
    watch_free(s->watch);
    program_log_free(s->program_log);
    metrics_free(s->metrics);
    certs_pair_free(s->pair);
    certs_clients_unref(s->clients);
    settings_free(s->settings);
}

static int run_until_signal(struct service *s, const sigset_t *signals)
{
    struct sandbox_files files;
    struct err err = {0};
    int number;

    if (!confine_files(s->settings, s->config_file, &files, &err) || !start_server(s, &err))
        return console_unable(&command_serve, &err);
    raise_open_files(s);
    if (s->pair->note)
        program_log_event(s->program_log, LOG_WARNING, "certificate", "%s", s->pair->note);
    s->loader = facts_loader_start(&(struct facts_loader_options){
        .settings = s->settings,
        .store = s->store,
        .program_log = s->program_log,
        .metrics = s->metrics,
        .watch = s->watch,
        .first_load_ended = on_first_load,
        .closure = s->server,
    });
    s->reloader = reloader_start(&(struct reloader_options){
        .confined = files.landlock > 0,
        .file = s->config_file,
        .settings = s->settings,
        .pair = s->pair,
        .clients = s->clients,
        .server = s->server,
        .loader = s->loader,
        .program_log = s->program_log,
        .metrics = s->metrics,
    });
    /* From here on the key is GnuTLS's alone. */
    certs_pair_free(steal(&s->pair));
    confine_calls(&files, s->program_log);
    number = wait_for_end(s, signals);
    reloader_stop(s->reloader);
    server_drain(s->server, sigdescr_np(number));
    if (!facts_loader_stop(s->loader, LOADER_WAIT_MS)) {
        /* It still reads a repository and uses what end() would free. */
        decision_log_free(s->decision_log);
        program_log_stop(s->program_log);
        _exit(EXIT_OK);
    }
    program_log_event(s->program_log, LOG_INFO, "stopped", "the listeners are closed");
    return EXIT_OK;
}

/* Before the first thread starts, so that all of them inherit it. A client or a log reader that
 * goes away is an error of one write, not the end of the process. */
static void block_signals(sigset_t *signals)
{
    (void)sigemptyset(signals);
    (void)sigaddset(signals, SIGTERM);
    (void)sigaddset(signals, SIGINT);
    (void)sigaddset(signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* A descriptor 0, 1 or 2 that came closed would be given to the first file or socket that is
 * opened, and a log would write into it. */
static void open_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        (void)close(fd);
}

/* What TLS needs: loaded and verified. */
static bool load_tls(struct service *s, struct err *err)
{
    const struct settings *settings = s->settings;
    int64_t now = time(NULL);

    return certs_pair_load(settings->tls.certificate, settings->tls.key, now, &s->pair, err) &&
           certs_pair_check_names(s->pair, settings->tls.certificate, settings->tls.names,
                                  settings->tls.n_names, err) &&
           (!settings->tls.client_ca[0] ||
            certs_clients_load(settings->tls.client_ca, settings->tls.client_names,
                               settings->tls.n_client_names, now, &s->clients, err));
}

static int serve(const struct options *o)
{
    struct service s = {0};
    struct err err = {0};
    sigset_t signals;
    int status;

    open_standard();
    s.config_file = options_value(o, "--config");
    if (!options_value(o, "--config") || options_n_arguments(o) != 0) {
        err_what(&err, ERR_CONFIG, "one option is needed: --config FILE");
        err_remedy(&err, "see syncguard serve --help");
        return console_unable(&command_serve, &err);
    }
    if (!sandbox_drop_privileges(&err) ||
        !config_load(options_value(o, "--config"), &s.settings, &err) || !load_tls(&s, &err)) {
        end(&s);
        return console_unable(&command_serve, &err);
    }
    if (options_has(o, "--check-config")) {
        status = check_config(&s);
    } else {
        block_signals(&signals);
        status = run_until_signal(&s, &signals);
    }
    end(&s);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    AUTO(options_freep) struct options *o = NULL;
    struct err err = {0};

    if (!options_parse(command, argc, argv, &o, &err))
        return console_unable(&command_serve, &err);
    if (options_has(o, "--help"))
        return console_help(command);
    return serve(o);
}

const struct command command_serve = {
    .name = "serve",
    .synopsis = "--config FILE [--check-config]",
    .says = "answer AdmissionReviews over HTTPS",
    .details = "Serves POST /validate over HTTPS, and /healthz, /readyz and /metrics in plain HTTP "
               "on the admin address. Decisions go to standard output, one JSON object a line; "
               "everything else goes to standard error. The configuration, the certificate, the "
               "clients' CA and the facts are read again when they change, at once on SIGHUP. "
               "SIGTERM and SIGINT drain: what is in "
               "flight is answered, then the status is 0; a second one "
               "changes nothing, the drain ends by itself within limits.drain.",
    .options = serve_options,
    .n_options = ARRAY_LEN(serve_options),
    .run = run,
};
