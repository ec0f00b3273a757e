/* lockout_reach.c: whether the API server could get an answer from a registered webhook
 * (design 3.8, row 5). */
#include "base/json.h"
#include "base/mem.h"
#include "config/nearest.h"
#include "rules/lockout_rows.h"
#include <stdio.h>

enum { NAMES_MOST = 100 }; /* Services that are compared with a mistyped name */

static struct finding *unreachable(const struct lockout *l, const char *why, const char *repair)
{
    const struct webhook *w = l->r->webhook;

    return lockout_add(
        l, w->fails ? FINDING_DENY : FINDING_WARN, "%s webhook %s %s: %s. %s",
        w->fails ? "Each write that" : "Each write passes unseen, because", lockout_name(l).text,
        w->fails ? "is asked about is refused (failurePolicy Fail), because it cannot answer"
                 : "cannot answer (failurePolicy Ignore)",
        why, repair);
}

/* The path of an absolute URL; "" without one. */
static struct str url_path(struct str url)
{
    size_t n_scheme = sizeof "https://" - 1;
    struct str rest = str_sub(url, n_scheme < url.n ? n_scheme : url.n, url.n);
    struct str path = str_sub(rest, str_find_char(rest, '/'), rest.n);

    path = str_sub(path, 0, str_find_char(path, '?'));
    return str_sub(path, 0, str_find_char(path, '#'));
}

void lockout_address(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    bool has_url = w->url.p != NULL;
    struct finding *f;

    if (has_url && !str_eq_nocase(str_sub(w->url, 0, sizeof "https://" - 1), STR("https://"))) {
        f = unreachable(l, "clientConfig.url is no https address",
                        "Give one: the API server calls nothing else.");
        lockout_saw(l, f, false, "clientConfig.url: %s", show_url(w->url).text);
        return;
    }
    if (str_is(has_url ? url_path(w->url) : w->service_path, "/validate"))
        return;
    f = unreachable(l,
                    has_url             ? "the path of clientConfig.url is another than /validate"
                    : w->service_path.p ? "clientConfig.service.path is another than /validate"
                                        : "clientConfig.service.path is absent, which calls /",
                    "Set it to /validate, the only path syncguard answers.");
    lockout_saw(l, f, false, has_url ? "clientConfig.url: %s" : "clientConfig.service.path: %s",
                has_url             ? show_url(w->url).text
                : w->service_path.p ? show(w->service_path).text
                                    : "absent");
}

/* Its ports; nothing is added for an entry without a number. */
static struct lockout_list port_list(const json_t *ports)
{
    struct lockout_list list = lockout_list_new();
    size_t index;
    json_t *entry;

    json_array_foreach(ports, index, entry)
    {
        char text[32]; /* a port has five digits */

        if (!json_is_number(json_object_get(entry, "port")))
            continue;
        (void)snprintf(text, sizeof text, "%.0f",
                       json_number_value(json_object_get(entry, "port")));
        lockout_list_add(&list, text);
    }
    return list;
}

/*
 * The API server compares numbers, whatever their protocol. It calls an ExternalName Service at any
 * port.
 * Source: Kubernetes apiserver, pkg/util/proxy/proxy.go (ResolveCluster, findServicePort).
 */
static void service_port(const struct lockout *l, const json_t *service)
{
    const struct webhook *w = l->r->webhook;
    const json_t *spec = json_object_at(service, "spec");
    const json_t *ports = json_array_at(spec, "ports");
    size_t index;
    json_t *entry;
    AUTO(lockout_list_clear) struct lockout_list exposed = {0};
    AUTO(freep) char *why = NULL;
    struct finding *f;

    if (str_is(json_str_at(spec, "type"), "ExternalName"))
        return;
    json_array_foreach(ports, index, entry) if (json_number_value(json_object_get(entry, "port")) ==
                                                w->service_port) return;
    exposed = port_list(ports);
    why = xasprintf("Service %s/%s has no port %d%s", show(w->service_namespace).text,
                    show(w->service_name).text, w->service_port,
                    w->service_port_defaulted
                        ? ", which is called where clientConfig.service.port is absent"
                        : "");
    f = unreachable(l, why,
                    "Set clientConfig.service.port to a port of the Service (spec.ports[].port); "
                    "the container's does not count.");
    lockout_saw(l, f, w->service_port_defaulted, "clientConfig.service.port: %d", w->service_port);
    lockout_saw(l, f, false, "ports of the Service: %s",
                exposed.n ? lockout_list_text(&exposed) : "none");
}

static const char *nearest_service(json_t *services, struct str name)
{
    const char *names[NAMES_MOST];
    size_t n = 0;
    const char *key;
    json_t *service;

    json_object_foreach(services, key, service)
    {
        if (n == ARRAY_LEN(names))
            break;
        names[n++] = key;
    }
    return nearest_word(name, names, n);
}

static struct lockout_list service_list(json_t *services)
{
    struct lockout_list list = lockout_list_new();
    const char *key;
    json_t *service;

    json_object_foreach(services, key, service) lockout_list_add(&list, show(str_from(key)).text);
    return list;
}

void lockout_service(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    json_t *services = l->r->services;
    const json_t *service;
    AUTO(lockout_list_clear) struct lockout_list known = {0};
    AUTO(freep) char *why = NULL;
    AUTO(freep) char *repair = NULL;
    const char *meant;
    struct finding *f;

    if (!w->service_name.p || !services)
        return;
    service = json_object_getn(services, w->service_name.p, w->service_name.n);
    if (service) {
        service_port(l, service);
        return;
    }
    known = service_list(services);
    meant = nearest_service(services, w->service_name);
    why = xasprintf("the file holds Services of Namespace %s, and none of them is %s",
                    show(w->service_namespace).text, show(w->service_name).text);
    repair = xasprintf("%s%s%sSet clientConfig.service.name to one that exists, or put it into the "
                       "file.",
                       meant ? "Did you mean " : "", meant ? show(str_from(meant)).text : "",
                       meant ? "? " : "");
    f = unreachable(l, why, repair);
    lockout_saw(l, f, false, "clientConfig.service.name: %s", show(w->service_name).text);
    lockout_saw(l, f, false, "Services of Namespace %s: %s", show(w->service_namespace).text,
                lockout_list_text(&known));
}

/* The API server sends the first version of the list that it knows, and it knows two. */
void lockout_review_versions(const struct lockout *l)
{
    const struct webhook *w = l->r->webhook;
    bool has_v1 = webhook_list_has(w->review_versions, "v1");
    struct finding *f;

    for (size_t i = 0; i < json_array_size(w->review_versions); i++) {
        struct str version = json_view(json_array_get(w->review_versions, i));

        if (str_is(version, "v1"))
            return;
        if (str_is(version, "v1beta1"))
            break;
    }
    f = unreachable(l,
                    has_v1 ? "admissionReviewVersions name v1beta1 before v1, so that v1beta1 is "
                             "what it is sent"
                           : "admissionReviewVersions do not name v1",
                    "Set admissionReviewVersions: [v1], the only version syncguard reads.");
    lockout_saw(l, f, !w->review_versions && l->r->configuration->version == REGISTRATION_V1BETA1,
                "admissionReviewVersions %s", has_v1 ? "with v1beta1 before v1" : "without v1");
}

/* Under either policy: it need not fail to be called. */
static void private_key(const struct lockout *l)
{
    struct finding *f = lockout_add(
        l, FINDING_DENY,
        "Whoever can read the configuration of webhook %s gets a private key: with the CA's or "
        "the server's they can answer in syncguard's place. clientConfig.caBundle holds it. Put "
        "the base64 of the CA's certificate alone there, and issue new certificates if the key "
        "was ever applied or committed.",
        lockout_name(l).text);

    lockout_saw(l, f, false, "clientConfig.caBundle: with a private key");
}

void lockout_ca_bundle(const struct lockout *l)
{
    static const char repair[] = "Put the base64 of the CA's PEM file there; "
                                 "deploy/kubernetes/render does.";
    static const char *const faults[] = {
        [REGISTRATION_CA_NOT_BASE64] = "no base64 (a placeholder, or PEM as it is)",
        [REGISTRATION_CA_NO_CERTIFICATE] = "without a PEM certificate that can be read",
        [REGISTRATION_CA_NOT_VALID_NOW] = "without a certificate that is valid now",
    };
    const struct webhook *w = l->r->webhook;
    AUTO(freep) char *why = NULL;
    struct finding *f;

    switch (l->r->ca) {
    case REGISTRATION_CA_GOOD:
        return;
    case REGISTRATION_CA_PRIVATE_KEY:
        private_key(l);
        return;
    case REGISTRATION_CA_ABSENT:
        if (w->fails) {
            f = lockout_add(
                l, FINDING_WARN,
                "Each write that webhook %s is asked about is refused (failurePolicy Fail) "
                "unless a CA that the API server trusts by itself has issued its certificate. "
                "clientConfig.caBundle is absent. %s",
                lockout_name(l).text, repair);
            lockout_saw(l, f, false, "clientConfig.caBundle: absent");
        }
        return;
    case REGISTRATION_CA_NOT_BASE64:
    case REGISTRATION_CA_NO_CERTIFICATE:
    case REGISTRATION_CA_NOT_VALID_NOW:
        why = xasprintf("clientConfig.caBundle is %s", faults[l->r->ca]);
        f = unreachable(l, why, repair);
        lockout_saw(l, f, false, "clientConfig.caBundle: %s", faults[l->r->ca]);
        return;
    }
}

void lockout_serving(const struct lockout *l)
{
    static const char *const faults[] = {
        [REGISTRATION_SERVING_OTHER_CA] = "was not issued by a CA of clientConfig.caBundle",
        [REGISTRATION_SERVING_OTHER_NAME] = "is for other names",
        [REGISTRATION_SERVING_NOT_FOR_SERVERS] = "is not for TLS servers",
        [REGISTRATION_SERVING_NOT_VALID_NOW] = "or its issuer is not valid now",
    };
    const struct webhook *w = l->r->webhook;
    AUTO(freep) char *name = NULL;
    AUTO(freep) char *why = NULL;
    AUTO(freep) char *repair = NULL;
    struct finding *f;

    if (l->r->serving == REGISTRATION_SERVING_NOT_KNOWN ||
        l->r->serving == REGISTRATION_SERVING_GOOD)
        return;
    name = w->service_name.p
               ? xasprintf("%s.%s.svc", show(w->service_name).text, show(w->service_namespace).text)
               : xstrdup("the host of clientConfig.url");
    why = xasprintf("the serving certificate %s", faults[l->r->serving]);
    repair = xasprintf("Serve one that is for %s, and put the CA that issued it into caBundle: "
                       "tls.crt and ca.crt of one run of syncguard certs issue.",
                       name);
    f = unreachable(l, why, repair);
    lockout_saw(l, f, false, "serving certificate: %s", faults[l->r->serving]);
    lockout_saw(l, f, false, "called as %s", name);
}
