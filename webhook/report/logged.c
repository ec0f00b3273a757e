#include "report/logged.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "report/log_lines.h"
#include "report/projection.h"
#include <stdlib.h>

/* RFC 6901: the value the pointer leads to. */
static const json_t *find_at(const json_t *fields, struct str pointer)
{
    AUTO(buf_clearp) struct buf key = {.max = LOG_LINE_MAX};
    struct str part;

    if (!str_starts(pointer, STR("/")))
        return NULL;
    pointer = str_sub(pointer, 1, pointer.n);
    while (fields && str_split(&pointer, '/', &part)) {
        buf_reset(&key);
        for (size_t i = 0; i < part.n; i++) {
            bool escapes = part.p[i] == '~' && i + 1 < part.n;

            i += escapes;
            buf_addc(&key, !escapes ? part.p[i] : part.p[i] == '1' ? '/' : '~');
        }
        fields = json_is_array(fields) ? json_array_get(fields, strtoull(buf_str(&key).p, NULL, 10))
                                       : json_object_getn(fields, buf_str(&key).p, key.n);
    }
    return fields;
}

/* Whether what is shown of the values says that they bring Applications along. */
static bool names_argoproj(const json_t *values)
{
    AUTO(freep)
    char *text = values ? json_dumps(values, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    return text && str_contains(str_from(text), STR(" " GROUP_ARGOPROJ));
}

/* The values of a chart: one in Git is looked at by them, any other by what of them is an
 * Application. */
static bool is_chart_value(const json_t *fields, struct str pointer)
{
    struct str rest = pointer;
    struct str part;

    while (str_split(&rest, '/', &part)) {
        struct str above = str_sub(pointer, 0, (size_t)(part.p - pointer.p) - (part.p > pointer.p));
        const json_t *source;

        if (!str_is(part, "helm") || !rest.n ||
            !(str_starts(rest, STR("values")) || str_starts(rest, STR("parameters"))))
            continue;
        source = find_at(fields, above);
        return !json_str_at(source, "chart").n ||
               str_is(json_str_at(source, "chart"), "argocd-apps") ||
               names_argoproj(find_at(fields, pointer));
    }
    return false;
}

/* What is never shown, and read all the same: what stands for it is not enough. */
static bool is_read(const json_t *fields, struct str pointer)
{
    return is_chart_value(fields, pointer) || str_contains(pointer, STR("/kustomize/patches")) ||
           str_contains(pointer, STR("/kustomize/replicas"));
}

static bool lacks(const json_t *logged, const json_t *fields, struct str *missing)
{
    const json_t *cut = json_array_at(logged, "cut");
    const json_t *omitted = json_array_at(logged, "omitted");

    for (size_t i = 0; i < json_array_size(omitted); i++) {
        *missing = json_view(json_array_get(omitted, i));
        if (!find_at(fields, *missing) || is_read(fields, *missing))
            return true;
    }
    *missing = json_view(json_array_get(cut, 0));
    return json_array_size(cut) != 0;
}

/* A label that nobody looked for when the line was written. */
static bool lacks_label(const json_t *labels, const struct facts *facts)
{
    const struct tracking_facts *tracking = facts_tracking(facts);

    for (size_t i = 0; labels && i < tracking->n; i++) {
        struct str key = tracking->hypotheses[i].label_key;

        if (!projection_is_well_known_label(key) && !json_object_getn(labels, key.p, key.n))
            return true;
    }
    return false;
}

static bool lacks_labels(const json_t *fields, const struct facts *facts, struct str *missing)
{
    const json_t *target_of = json_object_get(json_object_get(fields, "spec"), "target");
    const json_t *template_of = json_object_get(target_of, "template");

    *missing = STR("/metadata/labels");
    if (lacks_label(json_object_at(json_object_get(fields, "metadata"), "labels"), facts))
        return true;
    *missing = STR("/spec/target/template/metadata/labels");
    return lacks_label(json_object_at(json_object_get(template_of, "metadata"), "labels"), facts);
}

enum logged_state logged_check(const json_t *logged, const struct facts *facts, struct str *missing)
{
    const json_t *fields = json_object_at(logged, "fields");
    struct str wanted = json_str_at(logged, "sha256");
    AUTO(freep) char *text = NULL;
    struct str at = STR_NONE;
    char digest[DIGEST_HEX_MAX];
    bool is_lacking;

    if (!logged)
        return LOGGED_OLDER;
    if (json_is_null(logged) || json_str_at(logged, "unreadable").p)
        return LOGGED_WHOLE;
    if (!fields || !wanted.p)
        return LOGGED_OLDER;
    text = projection_text(fields);
    if (!str_is(wanted, digest_sha256(str_from(text), digest)))
        return LOGGED_ALTERED;
    is_lacking = lacks(logged, fields, &at) || lacks_labels(fields, facts, &at);
    if (is_lacking && missing)
        *missing = at;
    return is_lacking ? LOGGED_LACKING : LOGGED_WHOLE;
}
