/* check_registration.h: the other thing check judges: a file with the webhook's registration. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "config/settings.h"
#include "report/check_report.h"
#include <stdint.h>
struct certs_serving;

enum {
    /* etcd takes 1.5 MiB an object; a List of a cluster's configurations stays below this. */
    REGISTRATION_MAX_BYTES = 4 * 1024 * 1024,
    REGISTRATION_MAX_CONFIGURATIONS = 100,
};

/* What a registration is judged by. */
struct registration_basis {
    const struct settings *settings;
    int64_t now;                         /* Unix seconds, for the certificates */
    const struct certs_serving *serving; /* NULL: not known */
};

/*
 * Judges each webhook of each ValidatingWebhookConfiguration in `text`, as a registration of
 * syncguard. Namespace objects are evidence for its selectors, Services for its address, and a note
 * says where none was there; other kinds are passed over.
 * file  for messages and findings.
 * text  YAML documents, JSON, or a List of objects.
 * Fails with ERR_INPUT or ERR_LIMIT, `where` naming the place, and adds nothing then: a document
 * that cannot be read, a configuration that the API server would refuse (see
 * webhook_configuration_parse()), or none at all. Whoever named the file wants it judged.
 */
bool check_registration(const char *file, struct str text, const struct registration_basis *basis,
                        struct check_report *report, struct err *err) MUST_CHECK;
/* The same for a file; "-" is standard input. Fails with ERR_SYSTEM when it cannot be read. */
bool check_registration_load(const char *file, const struct registration_basis *basis,
                             struct check_report *report, struct err *err) MUST_CHECK;
