#include "commands/check_registration.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "certs/certs.h"
#include "commands/console.h"
#include "objects/identity.h"
#include "objects/webhook_configuration.h"
#include "repository/decode.h"
#include "rules/lockout.h"
#include <stdlib.h>
#include <string.h>

/* A YAML document or JSON value; items of a List are views into it. */
struct document {
    json_t *tree;
    struct yaml_lines *lines; /* NULL: not known */
    unsigned line;
};

struct placed_configuration {
    struct webhook_configuration *configuration;
    const struct yaml_lines *lines;
    unsigned line;
};

/* What a file holds that matters here. */
struct registrations {
    const char *file;
    struct document *documents;
    size_t n_documents;
    size_t capacity_documents;
    struct placed_configuration *configurations;
    size_t n_configurations;
    size_t capacity_configurations;
    /* The last of a name, as it would be the one applied last. */
    json_t *namespaces; /* by name */
    json_t *services;   /* by namespace, then by name */
    struct namespace_labels *application_namespaces;
    size_t n_application_namespaces;
};

static void registrations_clear(struct registrations *r)
{
    for (size_t i = 0; i < r->n_configurations; i++)
        webhook_configuration_free(r->configurations[i].configuration);
    for (size_t i = 0; i < r->n_documents; i++) {
        json_decref(r->documents[i].tree);
        yaml_lines_free(r->documents[i].lines);
    }
    free(r->configurations);
    free(r->documents);
    free(r->application_namespaces);
    json_decref(r->namespaces);
    json_decref(r->services);
}

static bool add_configuration(struct registrations *r, json_t *object, const struct document *in,
                              unsigned line, struct err *err)
{
    struct placed_configuration placed = {NULL, in->lines, line};
    struct str name = json_str_at(json_object_at(object, "metadata"), "name");

    if (r->n_configurations == REGISTRATION_MAX_CONFIGURATIONS) {
        err_what(err, ERR_LIMIT, "it holds more than %d objects of kind %s",
                 REGISTRATION_MAX_CONFIGURATIONS, KIND_VALIDATING_WEBHOOKS);
        err_where(err, "%s", r->file);
        return false;
    }
    if (!webhook_configuration_parse(object, &placed.configuration, err)) {
        err_where(err, "%s:%u, %s%s%.*s", r->file, line, KIND_VALIDATING_WEBHOOKS,
                  name.n ? " " : "", STR_ARG(name));
        if (err->kind == ERR_INPUT)
            err_remedy(err, "the API server would refuse it; correct the field");
        return false;
    }
    r->configurations = xgrow(r->configurations, r->n_configurations, &r->capacity_configurations,
                              sizeof *r->configurations);
    r->configurations[r->n_configurations++] = placed;
    return true;
}

static void add_service(struct registrations *r, const struct identity *id, json_t *object)
{
    json_t *those = json_object_getn(r->services, id->namespace.p, id->namespace.n);

    if (!those) {
        those = json_object();
        (void)json_object_setn_new_nocheck(r->services, id->namespace.p, id->namespace.n, those);
    }
    (void)json_object_setn_nocheck(those, id->name.p, id->name.n, object);
}

static bool add_object(struct registrations *r, json_t *object, const struct document *in,
                       unsigned line, struct err *err)
{
    struct identity id;
    bool named = identity_read(object, &id);

    if (str_is(id.kind, KIND_VALIDATING_WEBHOOKS))
        return add_configuration(r, object, in, line, err);
    if (named && identity_is_kind(&id, "", "Namespace"))
        (void)json_object_setn_nocheck(r->namespaces, id.name.p, id.name.n, object);
    if (named && identity_is_kind(&id, "", "Service"))
        add_service(r, &id, object);
    return true;
}

/* As `kubectl get -o json` writes several objects. */
static bool add_list(struct registrations *r, const json_t *items, const struct document *list,
                     struct err *err)
{
    size_t index;
    json_t *item;

    json_array_foreach(items, index, item)
    {
        unsigned line = list->lines ? yaml_line_at(list->lines, items, index) : 0;

        if (!add_object(r, item, list, line ? line : list->line, err))
            return false;
    }
    return true;
}

static bool add_document(struct registrations *r, const struct document *d, struct err *err)
{
    const json_t *items = json_array_at(d->tree, "items");

    return items && str_ends(json_str_at(d->tree, "kind"), STR("List"))
               ? add_list(r, items, d, err)
               : add_object(r, d->tree, d, d->line, err);
}

static bool is_separator(struct str line)
{
    return str_starts(line, STR("---")) && (line.n == 3 || strchr(" \t\r", line.p[3]) != NULL);
}

/* The line where the document's text begins, behind comments; 0 where there is none. */
static unsigned find_content(struct str document, unsigned line)
{
    struct str rest = document;
    struct str text;

    for (; str_split(&rest, '\n', &text); line++) {
        if (is_separator(text))
            text = str_sub(text, 3, text.n);
        text = str_trim(text);
        if (text.n && text.p[0] != '#')
            return line;
    }
    return 0;
}

/* JSON is YAML but for a few escapes: what libyaml does not take is tried without lines. */
static bool read_document(const char *file, struct str text, unsigned first_line,
                          struct document *d, struct err *err)
{
    struct err yaml = {0};
    struct err json = {0};

    if (yaml_read(text, first_line, &d->tree, &d->lines, &yaml))
        return true;
    if (str_starts(str_trim(text), STR("{")) && json_read(text, &d->tree, &json))
        return true;
    err_what(err, yaml.kind, "%s", yaml.what);
    err_where(err, "%s%s%s", file, *yaml.where ? ", " : "", yaml.where);
    err_why(err, "%s", yaml.why);
    return false;
}

static bool add_text(struct registrations *r, struct str text, unsigned first_line, struct err *err)
{
    struct document d = {.line = find_content(text, first_line)};

    if (!d.line)
        return true;
    if (!read_document(r->file, text, first_line, &d, err))
        return false;
    /* Views stay valid while the registrations hold it. */
    r->documents =
        xgrow(r->documents, r->n_documents, &r->capacity_documents, sizeof *r->documents);
    r->documents[r->n_documents++] = d;
    return !json_is_object(d.tree) || add_document(r, &d, err);
}

/* Each document begins with its separator, behind which it may start on the same line. */
static bool add_stream(struct registrations *r, struct str text, struct err *err)
{
    struct str rest = text;
    struct str line;
    size_t start = 0;
    unsigned start_line = 1;

    for (unsigned n = 1; str_split(&rest, '\n', &line); n++) {
        size_t at = (size_t)(line.p - text.p);

        if (!is_separator(line))
            continue;
        if (!add_text(r, str_sub(text, start, at), start_line, err))
            return false;
        start = at;
        start_line = n;
    }
    return add_text(r, str_sub(text, start, text.n), start_line, err);
}

static struct namespace_labels find_namespace(const struct registrations *r, struct str name)
{
    const json_t *object = name.p ? json_object_getn(r->namespaces, name.p, name.n) : NULL;

    return (struct namespace_labels){
        .name = name,
        .complete = object != NULL,
        .stored = json_str_at(json_object_at(object, "metadata"), "uid").n > 0,
        .labels = json_object_at(json_object_at(object, "metadata"), "labels"),
    };
}

static void find_application_namespaces(struct registrations *r, const struct settings *settings)
{
    size_t n = settings->argocd.n_application_namespaces;

    r->application_namespaces = xcalloc(n, sizeof *r->application_namespaces);
    for (size_t i = 0; i < n; i++) {
        struct str name = str_from(settings->argocd.application_namespaces[i]);

        if (!str_is(name, "*"))
            r->application_namespaces[r->n_application_namespaces++] = find_namespace(r, name);
    }
}

/* One that names no namespace gets it from whoever applies it: it could be the one that is missing.
 */
static json_t *find_services(const struct registrations *r, const struct webhook *w)
{
    const json_t *homeless = json_object_getn(r->services, "", 0);
    json_t *those;

    if (!w->service_name.p)
        return NULL;
    those = json_object_getn(r->services, w->service_namespace.p, w->service_namespace.n);
    if (!json_object_getn(those, w->service_name.p, w->service_name.n) &&
        json_object_getn(homeless, w->service_name.p, w->service_name.n))
        return NULL;
    return those;
}

static enum registration_ca ca_of(const struct webhook *w, int64_t now)
{
    if (!w->ca_bundle.n)
        return REGISTRATION_CA_ABSENT;
    switch (certs_bundle_check(w->ca_bundle, now)) {
    case CERTS_BUNDLE_GOOD:
        return REGISTRATION_CA_GOOD;
    case CERTS_BUNDLE_NOT_BASE64:
        return REGISTRATION_CA_NOT_BASE64;
    case CERTS_BUNDLE_NO_CERTIFICATE:
        return REGISTRATION_CA_NO_CERTIFICATE;
    case CERTS_BUNDLE_NOT_VALID_NOW:
        return REGISTRATION_CA_NOT_VALID_NOW;
    case CERTS_BUNDLE_PRIVATE_KEY:
        break;
    }
    return REGISTRATION_CA_PRIVATE_KEY;
}

static enum registration_serving serving_of(const struct webhook *w,
                                            const struct registration_basis *basis)
{
    static const enum registration_serving found[] = {
        [CERTS_TRUST_OTHER_CA] = REGISTRATION_SERVING_OTHER_CA,
        [CERTS_TRUST_NOT_FOR_SERVERS] = REGISTRATION_SERVING_NOT_FOR_SERVERS,
        [CERTS_TRUST_NOT_VALID_NOW] = REGISTRATION_SERVING_NOT_VALID_NOW,
        [CERTS_TRUST_OTHER_NAME] = REGISTRATION_SERVING_OTHER_NAME,
        [CERTS_TRUST_GOOD] = REGISTRATION_SERVING_GOOD,
    };
    AUTO(freep) char *name = NULL;

    if (!basis->serving || ca_of(w, basis->now) != REGISTRATION_CA_GOOD)
        return REGISTRATION_SERVING_NOT_KNOWN;
    if (w->service_name.p)
        name = xasprintf("%.*s.%.*s.svc", STR_ARG(w->service_name), STR_ARG(w->service_namespace));
    return found[certs_serving_verify(basis->serving, w->ca_bundle, str_from(name), basis->now)];
}

static void note_conditions(const struct registrations *r, const struct webhook *w, unsigned line,
                            struct check_report *report)
{
    struct str name = str_sub(w->name, 0, TEXT_FIELD_MAX);
    AUTO(freep) char *text = NULL;

    if (!w->n_match_conditions)
        return;
    text =
        xasprintf("webhook %.*s: its matchConditions (%zu) were not evaluated; an expression that "
                  "fails %s",
                  STR_ARG(name), w->n_match_conditions,
                  w->fails ? "refuses the request under failurePolicy Fail"
                           : "skips the webhook under failurePolicy Ignore, and refuses the "
                             "request under Fail");
    check_report_note(report, r->file, line, text);
}

static void note_services(const struct registrations *r, const struct placed_configuration *placed,
                          struct check_report *report)
{
    const struct webhook_configuration *c = placed->configuration;
    size_t n = 0;
    AUTO(freep) char *text = NULL;

    for (size_t i = 0; i < c->n_webhooks; i++)
        n += c->webhooks[i].service_name.p && !find_services(r, &c->webhooks[i]);
    if (!n)
        return;
    text =
        xasprintf("of %zu %s neither the name nor the port of clientConfig.service was looked at: "
                  "the file does not hold the Service",
                  n, n == 1 ? "webhook" : "webhooks");
    check_report_note(report, r->file, placed->line, text);
}

static void judge_configuration(const struct registrations *r,
                                const struct placed_configuration *placed,
                                const struct registration_basis *basis, struct check_report *report)
{
    const struct webhook_configuration *c = placed->configuration;
    const json_t *entries = json_array_at(c->object, "webhooks");

    check_report_count_webhook_configuration(report);
    if (!c->n_webhooks)
        check_report_note(report, r->file, placed->line, "the configuration holds no webhook");
    for (size_t i = 0; i < c->n_webhooks; i++) {
        const struct webhook *w = &c->webhooks[i];
        const struct registration registration = {
            .configuration = c,
            .webhook = w,
            .ca = ca_of(w, basis->now),
            .serving = serving_of(w, basis),
            .own = find_namespace(r, w->service_namespace),
            .argocd = find_namespace(r, str_from(basis->settings->argocd.namespace)),
            .application_namespaces = r->application_namespaces,
            .n_application_namespaces = r->n_application_namespaces,
            .services = find_services(r, w),
        };
        AUTO(verdict_freep) struct verdict *verdict = lockout_judge(&registration);
        unsigned line = placed->lines ? yaml_line_at(placed->lines, entries, i) : 0;

        line = line ? line : placed->line;
        check_report_add_registration(report, RULE_LOCKOUT, KIND_VALIDATING_WEBHOOKS, c->name,
                                      r->file, line, verdict);
        note_conditions(r, w, line, report);
    }
    note_services(r, placed, report);
}

bool check_registration(const char *file, struct str text, const struct registration_basis *basis,
                        struct check_report *report, struct err *err)
{
    AUTO(registrations_clear)
    struct registrations r = {.file = file, .namespaces = json_object(), .services = json_object()};
    AUTO(freep) char *owned = NULL;
    struct str utf8;

    decode_text(text, &utf8, &owned);
    if (!add_stream(&r, utf8, err))
        return false;
    if (!r.n_configurations) {
        err_what(err, ERR_INPUT, "it holds no %s", KIND_VALIDATING_WEBHOOKS);
        err_where(err, "%s", file);
        err_remedy(err, "give the manifest that registers the webhook, or what kubectl get "
                        "validatingwebhookconfigurations -o json prints");
        return false;
    }
    find_application_namespaces(&r, basis->settings);
    for (size_t i = 0; i < r.n_configurations; i++)
        judge_configuration(&r, &r.configurations[i], basis, report);
    return true;
}

bool check_registration_load(const char *file, const struct registration_basis *basis,
                             struct check_report *report, struct err *err)
{
    AUTO(buf_clearp) struct buf text = {.max = REGISTRATION_MAX_BYTES};

    if (!console_read(file, &text, err))
        return false;
    return check_registration(console_shown(file), buf_str(&text), basis, report, err);
}
