/* request.c: the AdmissionReview that asks about two states, and the verdict on it. */
#include "base/json.h"
#include "base/mem.h"
#include "property.h"
#include "review/scan.h"
#include "rules/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024 * 1024 };

void request_clear(struct request *q)
{
    json_decref(q->object);
    json_decref(q->old_object);
    *q = (struct request){0};
}

static json_t *group_kind(const json_t *any, const char *key, const char *value)
{
    struct str version = json_str_at(any, "apiVersion");
    struct str group = STR_NONE;

    (void)str_split(&version, '/', &group);
    return json_pack("{s:s%, s:s%, s:s}", "group", group.p, group.n, "version", version.p,
                     version.n, key, value);
}

static json_t *request_tree(const struct request *q)
{
    const json_t *any = q->object ? q->object : q->old_object;
    const json_t *metadata = json_object_get(any, "metadata");
    const char *kind = q->kind ? q->kind : json_string_value(json_object_get(any, "kind"));
    json_t *request = json_pack(
        "{s:s, s:o, s:o, s:O?, s:O?, s:s, s:{s:s, s:[s]}, s:O?, s:O?, s:b}", "uid",
        "705ab4f5-6393-11e8-b7cc-42010a800002", "kind", group_kind(any, "kind", kind), "resource",
        group_kind(any, "resource", is_application(any) ? "applications" : "externalsecrets"),
        "name", json_object_get(metadata, "name"), "namespace",
        json_object_get(metadata, "namespace"), "operation", q->operation, "userInfo", "username",
        "alice", "groups", "dev", "object", q->object, "oldObject", q->old_object, "dryRun", 0);

    if (q->sub_resource[0])
        (void)json_object_set_new(request, "subResource", json_string(q->sub_resource));
    return json_pack("{s:s, s:s, s:o}", "kind", "AdmissionReview", "apiVersion",
                     "admission.k8s.io/v1", "request", request);
}

static void add_blanks(struct rng *r, struct buf *out)
{
    while (rng_chance(r, 12))
        buf_addc(out, " \t\r\n"[rng_below(r, 4)]);
}

/* Some characters as escapes, which JSON leaves free. */
static void add_string(struct rng *r, const char *text, size_t n, struct buf *out)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == '"' || c == '\\' || (c < 0x7f && rng_chance(r, 3)))
            buf_printf(out, rng_chance(r, 50) ? "\\u%04x" : "\\u%04X", c);
        else if (c == '/' && rng_chance(r, 10))
            buf_adds(out, "\\/");
        else
            buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}

/*
 * Whether the order of this object's members has to stay as Go sorts them: the scanner reads
 * status.resources of the stored object only once it has seen what comes before it in that order,
 * and says so (webhook/review/scan.c). Every API server sorts.
 */
static bool keeps_order(unsigned depth)
{
    return depth < 3;
}

static void add_value(struct rng *r, json_t *value, unsigned depth, struct buf *out);

static void add_members(struct rng *r, json_t *object, unsigned depth, struct buf *out)
{
    const char *keys[256];
    size_t n = 0;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value) if (n < ARRAY_LEN(keys)) keys[n++] = key;
    for (size_t i = 1; i < n; i++) /* sorted, so that the order hangs on the seed alone */
        for (size_t k = i; k && strcmp(keys[k - 1], keys[k]) > 0; k--) {
            const char *swap = keys[k];

            keys[k] = keys[k - 1];
            keys[k - 1] = swap;
        }
    for (size_t i = n; i > 1 && !keeps_order(depth); i--) {
        unsigned other = rng_below(r, (unsigned)i);
        const char *swap = keys[i - 1];

        keys[i - 1] = keys[other];
        keys[other] = swap;
    }
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(out, ',');
        add_blanks(r, out);
        add_string(r, keys[i], strlen(keys[i]), out);
        add_blanks(r, out);
        buf_addc(out, ':');
        add_value(r, json_object_get(object, keys[i]), depth + 1, out);
    }
}

static void add_value(struct rng *r, json_t *value, unsigned depth, struct buf *out)
{
    add_blanks(r, out);
    if (json_is_object(value)) {
        buf_addc(out, '{');
        add_members(r, value, depth, out);
        buf_addc(out, '}');
    } else if (json_is_array(value)) {
        buf_addc(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i)
                buf_addc(out, ',');
            add_value(r, json_array_get(value, i), depth + 1, out);
        }
        buf_addc(out, ']');
    } else if (json_is_string(value)) {
        add_string(r, json_string_value(value), json_string_length(value), out);
    } else {
        AUTO(freep) char *text = json_dumps(value, JSON_ENCODE_ANY);

        buf_adds(out, text);
    }
    add_blanks(r, out);
}

char *request_text(struct rng *r, const struct request *q, enum style style)
{
    AUTO(json_unrefp) json_t *review = request_tree(q);
    struct buf out;

    if (style == STYLE_API_SERVER)
        return json_dumps(review, JSON_SORT_KEYS | JSON_COMPACT);
    buf_init(&out, TEXT_MAX);
    add_value(r, review, 0, &out);
    return buf_take(&out);
}

struct verdict *judge_text(struct rng *r, const struct facts *f, const char *text)
{
    static const unsigned sizes[] = {1, 7, 64, 500, 4096, TEXT_MAX};
    AUTO(scan_freep) struct scan *scan = scan_new(NULL);
    AUTO(review_freep) struct review *review = NULL;
    unsigned most = sizes[rng_below(r, ARRAY_LEN(sizes))];
    struct str rest = str_from(text);
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    while (rest.n) {
        size_t n = 1 + rng_below(r, most);

        (void)scan_feed(scan, str_sub(rest, 0, n));
        rest = str_sub(rest, n, rest.n);
    }
    if (!scan_finish(scan, &review, &err)) {
        (void)fprintf(stderr, "%s\n%s\n", err_text(&err, reason), text);
        exit(2);
    }
    return judge(review, f, PROPERTY_NOW);
}

struct verdict *judge_request(struct rng *r, const struct facts *f, const struct request *q)
{
    AUTO(freep) char *text = request_text(r, q, STYLE_API_SERVER);

    return judge_text(r, f, text);
}

void describe_verdict(const struct verdict *v, struct buf *out)
{
    buf_printf(out, "%s\n", v->allowed ? "allowed" : "denied");
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];

        buf_printf(out, "[%s] %s%s%s, traits %u\n  %s\n", rule_id_name(f->rule),
                   finding_verdict_name(f->verdict), f->denies ? ", denies" : "",
                   f->ratcheted ? ", was so before" : "", f->traits, f->message);
        buf_printf(out, "  about %s and %s\n", f->subject, f->target);
        for (size_t k = 0; k < f->n_evidence; k++)
            buf_printf(out, "  saw %s in %s\n", f->evidence[k].saw, f->evidence[k].source);
    }
}
