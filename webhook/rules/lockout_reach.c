/* lockout_reach.c: whether the API server could get an answer from a registered webhook
 * (design 3.8, row 5). */
#include "base/json.h"
#include "base/mem.h"
#include "rules/lockout_rows.h"

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
