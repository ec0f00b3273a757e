#include "server/reloader.h"
#include "base/buf.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/restart.h"
#include "server/clock.h"
#include "server/steady.h"
#include "server/watch.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    /* Between two looks: a directory in which much else happens costs no more than that. */
    REST_MS = 100,
    NAMES_MAX = 512,
    STATE_MAX = ERR_TEXT_MAX + 1024,
    PAIR_MAX = 2 * DIGEST_HEX_MAX, /* a pair's digests */
};

/* What is exchanged, and how it is called in the log and in the metrics. */
enum thing { THING_CONFIGURATION, THING_CERTIFICATE, THING_CLIENT_CA, N_THINGS };
static const char *const things[N_THINGS] = {"configuration", "certificate", "client-ca"};

struct reloader {
    struct reloader_options options;
    pthread_t thread;
    struct watch *watch;
    atomic_bool asked;
    atomic_bool stopping;
    /* The thread's own from here: */
    const struct settings *settings; /* in use */
    struct certs_clients *clients;   /* in use, or NULL */
    char pair[PAIR_MAX];             /* what is served: the digests of its parts */
    struct steady steady[N_THINGS];
    bool follows;   /* the configuration is a file, and no pipe that was read at the start */
    bool at_once;   /* of this look: somebody has asked for it */
    bool unsettled; /* the same: the next one is due soon */
};

/* What the files offer: all of it loaded, or an err that says why not. */
struct offer {
    struct certs_pair *pair;
    struct certs_clients *clients;
    struct err err;
};

static void offer_clear(struct offer *o)
{
    certs_pair_free(o->pair);
    certs_clients_unref(o->clients);
}

static void describe_pair(const struct certs_pair *pair, char out[static PAIR_MAX])
{
    char certificate[DIGEST_HEX_MAX];
    char key[DIGEST_HEX_MAX];

    (void)snprintf(out, PAIR_MAX, "%s %s",
                   digest_sha256(str_from(pair->certificate_pem), certificate),
                   digest_sha256(str_from(pair->key_pem), key));
}

/* One that is written anew, with the same fault, is another. */
static void add_identity(struct buf *out, const char *file)
{
    struct stat st;

    if (file[0] && stat(file, &st) == 0)
        buf_printf(out, " %ju.%ju.%jd.%jd.%ld", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
                   (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* How what was seen of a thing is told apart from what is seen of it later. */
static void add_state(struct buf *out, const struct reloader *r, const struct settings *s,
                      const struct err *err, const char *good)
{
    char text[ERR_TEXT_MAX];

    buf_adds(out, err->kind == ERR_NONE ? good : err_text(err, text));
    if (err->kind == ERR_NONE)
        return;
    add_identity(out, r->options.file);
    add_identity(out, s->tls.certificate);
    add_identity(out, s->tls.key);
    add_identity(out, s->tls.client_ca);
}

static bool is_due(struct reloader *r, enum thing thing, const struct settings *s,
                   const struct err *err, const char *good)
{
    AUTO(buf_clearp) struct buf state = {0};
    char digest[DIGEST_HEX_MAX];
    enum sight sight;

    buf_init(&state, STATE_MAX);
    add_state(&state, r, s, err, good);
    sight = steady_look(&r->steady[thing], digest_sha256(buf_str(&state), digest), clock_ms(),
                        r->at_once);
    r->unsettled = r->unsettled || sight == SIGHT_NEW;
    return sight == SIGHT_STEADY;
}

static void refuse(struct reloader *r, enum thing thing, const struct err *err)
{
    char text[ERR_TEXT_MAX];
    struct err told = *err;

    if (r->options.confined && strcmp(err->why, strerror(EACCES)) == 0)
        err_remedy(&told, "what lies in a directory that was not configured at the start can be "
                          "read after a restart");
    program_log_event(r->options.program_log, LOG_ERROR, "reload-refused",
                      "the %s on disk is not used, what is in use stays: %s", things[thing],
                      err_text(&told, text));
    metrics_reload(r->options.metrics, things[thing], "failure");
}

static void load_pair(const struct settings *s, int64_t now, struct offer *o)
{
    if (!certs_pair_load(s->tls.certificate, s->tls.key, now, &o->pair, &o->err))
        return;
    if (certs_pair_check_names(o->pair, s->tls.certificate, s->tls.names, s->tls.n_names, &o->err))
        return;
    certs_pair_free(steal(&o->pair));
}

/* False where they cannot be loaded; without a CA there are none, which is no failure. */
static bool load_clients(const struct settings *s, int64_t now, struct offer *o)
{
    return !s->tls.client_ca[0] ||
           certs_clients_load(s->tls.client_ca, s->tls.client_names, s->tls.n_client_names, now,
                              &o->clients, &o->err);
}

static void say_until(char out[static 32], int64_t not_after)
{
    time_t t = (time_t)not_after;
    struct tm utc;

    if (!gmtime_r(&t, &utc) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        out[0] = '\0';
}

/* False where GnuTLS does not take it. file: for the message. */
static bool use_pair(struct reloader *r, const struct certs_pair *pair, const char *file,
                     struct err *err)
{
    char until[32];

    if (!server_use_pair(r->options.server, pair, err)) {
        err_where(err, "%s", file);
        return false;
    }
    describe_pair(pair, r->pair);
    say_until(until, pair->not_after);
    program_log_event(r->options.program_log, LOG_INFO, "reloaded",
                      "new connections are served with the new certificate, valid until %s", until);
    if (pair->note)
        program_log_event(r->options.program_log, LOG_WARNING, "certificate", "%s", pair->note);
    metrics_certificate(r->options.metrics, "serving", pair->not_after);
    metrics_reload(r->options.metrics, things[THING_CERTIFICATE], "success");
    return true;
}

static void use_clients(struct reloader *r, struct certs_clients *clients)
{
    char until[32];

    server_use_clients(r->options.server, clients);
    certs_clients_unref(r->clients);
    r->clients = certs_clients_ref(clients);
    metrics_certificate(r->options.metrics, "client-ca",
                        clients ? certs_clients_not_after(clients) : 0);
    metrics_reload(r->options.metrics, things[THING_CLIENT_CA], "success");
    if (!clients) {
        program_log_event(r->options.program_log, LOG_WARNING, "reloaded",
                          "no client certificate is asked for any more");
        return;
    }
    say_until(until, certs_clients_not_after(clients));
    program_log_event(r->options.program_log, LOG_INFO, "reloaded",
                      "clients are verified by the new client CA, valid until %s, and "
                      "tls.clientNames",
                      until);
}

static bool same_texts(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
    for (size_t i = 0; i < n_a && n_a == n_b; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return n_a == n_b;
}

static bool same_tls(const struct settings *a, const struct settings *b)
{
    return strcmp(a->tls.certificate, b->tls.certificate) == 0 &&
           strcmp(a->tls.key, b->tls.key) == 0 && strcmp(a->tls.client_ca, b->tls.client_ca) == 0 &&
           same_texts(a->tls.names, a->tls.n_names, b->tls.names, b->tls.n_names) &&
           same_texts(a->tls.client_names, a->tls.n_client_names, b->tls.client_names,
                      b->tls.n_client_names);
}

/*
 * The file as it is now. An empty one is where somebody has begun to write; at the start it would
 * stand for the defaults. A FIFO would hold up this thread for ever.
 */
static bool read_configuration(const char *file, struct settings **out, struct err *err)
{
    struct stat st;

    if (stat(file, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size == 0)) {
        err_what(err, ERR_CONFIG, "the configuration is %s",
                 S_ISREG(st.st_mode) ? "empty" : "no regular file");
        err_where(err, "%s", file);
        return false;
    }
    return config_load(file, out, err);
}

/* Everything that the new configuration rests on has been loaded. */
static void use_configuration(struct reloader *r, struct settings *next, const struct offer *o,
                              struct err *err)
{
    AUTO(buf_clearp) struct buf kept = {0};
    char pair[PAIR_MAX] = "";

    if (o->pair)
        describe_pair(o->pair, pair);
    if (o->pair && strcmp(pair, r->pair) != 0 &&
        !use_pair(r, o->pair, next->tls.certificate, err)) {
        refuse(r, THING_CONFIGURATION, err);
        return;
    }
    if (o->pair && !certs_clients_same(o->clients, r->clients))
        use_clients(r, o->clients);
    buf_init(&kept, NAMES_MAX);
    settings_keep_running(next, r->settings, &kept);
    settings_free(r->settings);
    r->settings = settings_ref(next);
    server_log_allowed(r->options.server, next->log_allowed);
    facts_loader_use(r->options.loader, next);
    if (kept.n)
        program_log_event(r->options.program_log, LOG_WARNING, "restart-needed",
                          "the configuration changes what a running server keeps until it is "
                          "restarted: %s",
                          buf_str(&kept).p);
    program_log_event(r->options.program_log, LOG_INFO, "reloaded",
                      "the new configuration is in use once the facts have been loaded with it");
    metrics_reload(r->options.metrics, things[THING_CONFIGURATION], "success");
}

static void look_at_configuration(struct reloader *r, int64_t now)
{
    AUTO(settings_freep) struct settings *next = NULL;
    AUTO(offer_clear) struct offer o = {0};

    if (!r->follows && !r->at_once)
        return;
    if (read_configuration(r->options.file, &next, &o.err)) {
        if (strcmp(next->digest, r->settings->digest) == 0) {
            steady_clear(&r->steady[THING_CONFIGURATION]);
            if (r->at_once)
                program_log_event(r->options.program_log, LOG_INFO, "reload-unchanged",
                                  "the configuration is as it was");
            return;
        }
        if (!same_tls(next, r->settings)) {
            load_pair(next, now, &o);
            if (o.pair)
                (void)load_clients(next, now, &o);
        }
    }
    if (!is_due(r, THING_CONFIGURATION, next ? next : r->settings, &o.err,
                next ? next->digest : ""))
        return;
    if (!next || o.err.kind != ERR_NONE)
        refuse(r, THING_CONFIGURATION, &o.err);
    else
        use_configuration(r, next, &o, &o.err);
}

static void look_at_pair(struct reloader *r, int64_t now)
{
    AUTO(offer_clear) struct offer o = {0};
    char pair[PAIR_MAX] = "";

    load_pair(r->settings, now, &o);
    if (o.pair)
        describe_pair(o.pair, pair);
    if (o.pair && strcmp(pair, r->pair) == 0)
        steady_clear(&r->steady[THING_CERTIFICATE]);
    else if (is_due(r, THING_CERTIFICATE, r->settings, &o.err, pair) &&
             (!o.pair || !use_pair(r, o.pair, r->settings->tls.certificate, &o.err)))
        refuse(r, THING_CERTIFICATE, &o.err);
}

static void look_at_clients(struct reloader *r, int64_t now)
{
    AUTO(offer_clear) struct offer o = {0};
    bool loaded = load_clients(r->settings, now, &o);

    if (loaded && certs_clients_same(o.clients, r->clients))
        steady_clear(&r->steady[THING_CLIENT_CA]);
    else if (!is_due(r, THING_CLIENT_CA, r->settings, &o.err,
                     o.clients ? certs_clients_digest(o.clients) : ""))
        return;
    else if (loaded)
        use_clients(r, o.clients);
    else
        refuse(r, THING_CLIENT_CA, &o.err);
}

static void watch_directory_of(struct watch *w, const char *file)
{
    const char *slash = strrchr(file, '/');
    AUTO(freep)
    char *directory = !slash          ? xstrdup(".")
                      : slash == file ? xstrdup("/")
                                      : xstrndup((struct str){file, (size_t)(slash - file)});

    if (file[0])
        watch_add(w, directory);
}

/* Before they are looked at: what changes in between is told then. */
static void watch_files(struct reloader *r)
{
    watch_clear(r->watch);
    watch_directory_of(r->watch, r->options.file);
    watch_directory_of(r->watch, r->settings->tls.certificate);
    watch_directory_of(r->watch, r->settings->tls.key);
    watch_directory_of(r->watch, r->settings->tls.client_ca);
}

/* The configuration first: it names the other files. */
static void look(struct reloader *r)
{
    int64_t now = clock_unix_seconds();

    r->at_once = atomic_exchange(&r->asked, false);
    r->unsettled = false;
    watch_files(r);
    look_at_configuration(r, now);
    look_at_pair(r, now);
    look_at_clients(r, now);
}

static void rest(void)
{
    const struct timespec t = {.tv_nsec = REST_MS * INT64_C(1000000)};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static void *run(void *p)
{
    struct reloader *r = p;

    while (!atomic_load(&r->stopping)) {
        look(r);
        rest();
        if (!atomic_load(&r->stopping))
            watch_wait(r->watch, r->unsettled ? STEADY_MS : RELOADER_POLL_SECONDS * 1000);
    }
    return NULL;
}

struct reloader *reloader_start(const struct reloader_options *options)
{
    struct reloader *r = xcalloc(1, sizeof *r);
    struct stat st;

    r->options = *options;
    r->options.pair = NULL;
    r->settings = settings_ref(options->settings);
    r->clients = certs_clients_ref(options->clients);
    describe_pair(options->pair, r->pair);
    r->follows = stat(options->file, &st) == 0 && S_ISREG(st.st_mode);
    r->watch = watch_new();
    atomic_init(&r->asked, false);
    atomic_init(&r->stopping, false);
    xthread(&r->thread, run, r);
    return r;
}

void reloader_ask(struct reloader *r)
{
    atomic_store(&r->asked, true);
    watch_wake(r->watch);
}

void reloader_stop(struct reloader *r)
{
    if (!r)
        return;
    atomic_store(&r->stopping, true);
    watch_wake(r->watch);
    (void)pthread_join(r->thread, NULL);
    watch_free(r->watch);
    certs_clients_unref(r->clients);
    settings_free(r->settings);
    free(r);
}
