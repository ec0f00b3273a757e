/* Any bytes as a file with a registration: they are refused with a reason and a place, or judged
 * with findings that say something, in a report that is JSON; and twice the same. */
#include "base/json.h"
#include "base/mem.h"
#include "commands/check_registration.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPORT_MAX = 64 * 1024 * 1024 };
static const int64_t now = 1767225600; /* 2026-01-01T00:00:00Z */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_finding(const json_t *finding)
{
    bool denies = json_is_true(json_object_get(finding, "denies"));

    require(str_is(json_str_at(finding, "rule"), "lockout"));
    require(str_is(json_str_at(finding, "verdict"), "deny") == denies);
    require(json_str_at(finding, "name").n > 0);
    require(json_integer_value(json_object_get(finding, "line")) > 0);
    require(json_str_at(finding, "message").n > 100);
    require(json_array_size(json_object_get(finding, "evidence")) > 0);
}

static void check_json(const struct check_report *report, struct str text)
{
    json_error_t detail;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &detail);
    size_t index;
    json_t *finding;
    bool denies = false;

    require(root != NULL);
    require(json_integer_value(
                json_object_get(json_object_get(root, "judged"), "webhookConfigurations")) > 0);
    json_array_foreach(json_object_get(root, "findings"), index, finding)
    {
        check_finding(finding);
        denies = denies || json_is_true(json_object_get(finding, "denies"));
    }
    require(denies == check_report_denies(report));
    json_decref(root);
}

static bool judged(struct str text, struct buf *out, struct err *err)
{
    AUTO(settings_freep) struct settings *settings = settings_new();
    AUTO(check_report_freep) struct check_report *report = check_report_new();
    const struct registration_basis basis = {.settings = settings, .now = now};

    free(settings->argocd.application_namespaces[0]);
    settings->argocd.application_namespaces[0] = xstrdup("team-a");
    if (!check_registration("w.yaml", text, &basis, report, err))
        return false;
    check_report_json(report, out);
    require(buf_ok(out));
    check_json(report, buf_str(out));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    AUTO(buf_clearp) struct buf first = {.max = REPORT_MAX};
    AUTO(buf_clearp) struct buf second = {.max = REPORT_MAX};
    struct err err = {0};
    struct err again = {0};

    if (judged(text, &first, &err)) {
        require(judged(text, &second, &again));
        require(str_eq(buf_str(&first), buf_str(&second)));
        return 0;
    }
    require(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
    require(err.what[0] != '\0' && strncmp(err.where, "w.yaml", 6) == 0);
    return 0;
}
