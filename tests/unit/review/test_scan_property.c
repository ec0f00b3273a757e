/* test_scan_property.c: random AdmissionReviews, however they are chunked, read as jansson does. */
#include "base/buf.h"
#include "oracle.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_DOCUMENTS = 4000, DOCUMENT_MAX = 1024 * 1024 };

struct gen {
    uint64_t seed;
    struct buf *out;
    bool in_order; /* still sorted as Go sorts */
};

static unsigned roll(struct gen *g, unsigned n)
{
    g->seed ^= g->seed << 13;
    g->seed ^= g->seed >> 7;
    g->seed ^= g->seed << 17;
    return (unsigned)((g->seed >> 20) % n);
}

static void add_blanks(struct gen *g)
{
    while (roll(g, 12) == 0)
        buf_addc(g->out, " \t\r\n"[roll(g, 4)]);
}

static void add_string(struct gen *g)
{
    static const char *const pieces[] = {
        "a",          "Secret",   "\\\"", "\\\\", "\\\\\\\"",       "]",       "}",
        "{[",         "\\u0000",  "\\n",  "\\/",  "\\ud83d\\ude00", "\u00e9",  "\u20ac",
        "\U0001F600", "argoproj", ":,",   " ",    "\x7f",           "\\u00e9", "0123456789abcdef",
    };

    buf_addc(g->out, '"');
    for (unsigned n = roll(g, 8); n; n--)
        buf_adds(g->out, pieces[roll(g, ARRAY_LEN(pieces))]);
    buf_addc(g->out, '"');
}

static void add_value(struct gen *g, unsigned depth)
{
    static const char *const tokens[] = {
        "null", "true", "false", "0", "-1", "1.5", "1e9", "-0.0", "12345678901234567890123"};
    unsigned kind = roll(g, depth ? 8 : 5);

    if (kind < 2) {
        buf_adds(g->out, tokens[roll(g, ARRAY_LEN(tokens))]);
    } else if (kind < 5) {
        add_string(g);
    } else {
        bool is_array = kind == 5;

        buf_addc(g->out, is_array ? '[' : '{');
        for (unsigned i = 0, n = roll(g, 5); i < n; i++) {
            if (i)
                buf_addc(g->out, ',');
            add_blanks(g);
            if (!is_array)
                buf_printf(g->out, "\"k%u\":", i);
            add_value(g, depth - 1);
            add_blanks(g);
        }
        buf_addc(g->out, is_array ? ']' : '}');
    }
}

/* A key, now and then with a letter escaped. */
static void add_key(struct gen *g, const char *key, bool *first)
{
    unsigned escaped = roll(g, 10) == 0 ? roll(g, (unsigned)strlen(key)) : UINT32_MAX;

    if (!*first)
        buf_addc(g->out, ',');
    *first = false;
    add_blanks(g);
    buf_addc(g->out, '"');
    for (unsigned i = 0; key[i]; i++) {
        if (i == escaped)
            buf_printf(g->out, "\\u%04x", (unsigned char)key[i]);
        else
            buf_addc(g->out, key[i]);
    }
    buf_adds(g->out, "\"");
    add_blanks(g);
    buf_adds(g->out, ":");
    add_blanks(g);
}

/* The same seed gives the same value: that is how object and oldObject come to be equal. */
static void add_seeded(struct gen *g, uint64_t seed)
{
    struct gen own = {.seed = seed | 1, .out = g->out};

    for (unsigned i = 0; i < 8; i++)
        (void)roll(&own, 2);
    add_value(&own, 3);
}

static void add_fields(struct gen *g, const char *const *keys, size_t n, uint64_t seed,
                       unsigned change, bool *first)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t own = seed * 31 + i * 0x9E3779B97F4A7C15u;

        if (change && roll(g, change) == 0)
            own += 77;
        if ((own >> 33) % 3 == 0)
            continue;
        add_key(g, keys[i], first);
        add_seeded(g, own);
    }
}

static void add_resources(struct gen *g)
{
    static const char *const kinds[] = {"Secret", "Application", "Deployment", "Secr\\u0065t",
                                        "ExternalSecret"};

    buf_addc(g->out, '[');
    for (unsigned i = 0, n = roll(g, 6); i < n; i++) {
        if (i)
            buf_addc(g->out, ',');
        add_blanks(g);
        if (roll(g, 6) == 0) {
            add_value(g, 2);
        } else { /* one roll a statement: the order of arguments is the compiler's */
            const char *kind = kinds[roll(g, 4)];
            const char *name = roll(g, 2) ? "root" : "child";

            buf_printf(g->out, "{\"kind\":\"%s\",\"name\":\"%s\",\"n\":%u}", kind, name, i);
        }
    }
    buf_addc(g->out, ']');
}

/* change: one field in so many differs from what the seed says; 0: none. */
static void add_object(struct gen *g, uint64_t seed, unsigned change)
{
    static const char *const metadata[] = {"creationTimestamp",
                                           "deletionTimestamp",
                                           "finalizers",
                                           "generateName",
                                           "labels",
                                           "managedFields",
                                           "name",
                                           "ownerReferences"};
    static const char *const annotations[] = {"argocd.argoproj.io/hook",
                                              "argocd.argoproj.io/installation-id",
                                              "argocd.argoproj.io/refresh",
                                              "argocd.argoproj.io/tracking-id",
                                              "helm.sh/hook",
                                              "zzz"};
    static const char *const others[] = {"operation", "spec"};
    bool first = true;
    bool inner = true;
    bool innermost = true;

    if (roll(g, 40) == 0) {
        add_value(g, 2);
        return;
    }
    buf_addc(g->out, '{');
    if (roll(g, 30) == 0) { /* not as Go sorts */
        g->in_order = false;
        add_key(g, "status", &first);
        buf_adds(g->out, "{\"resources\":");
        add_resources(g);
        buf_addc(g->out, '}');
    }
    add_key(g, "metadata", &first);
    if (roll(g, 40) == 0) {
        add_value(g, 1);
    } else {
        buf_addc(g->out, '{');
        add_key(g, "annotations", &inner);
        buf_addc(g->out, '{');
        add_fields(g, annotations, ARRAY_LEN(annotations), seed + 1, change, &innermost);
        buf_addc(g->out, '}');
        add_fields(g, metadata, ARRAY_LEN(metadata), seed + 2, change, &inner);
        buf_addc(g->out, '}');
    }
    add_fields(g, others, ARRAY_LEN(others), seed + 3, change, &first);
    if (g->in_order && roll(g, 4)) {
        bool first_status = true;

        add_key(g, "status", &first);
        buf_addc(g->out, '{');
        add_key(g, "history", &first_status);
        add_value(g, 2);
        add_key(g, "resources", &first_status);
        add_resources(g);
        buf_addc(g->out, '}');
    }
    buf_addc(g->out, '}');
}

static void add_review(struct gen *g)
{
    static const char *const operations[] = {"CREATE", "DELETE", "UPDATE", "UPDATE", "UPDATE"};
    uint64_t seed = (uint64_t)roll(g, UINT32_MAX) << 16 | 1;
    bool first = true;
    bool inner = true;

    buf_addc(g->out, '{');
    add_key(g, "kind", &first);
    buf_adds(g->out, "\"AdmissionReview\"");
    add_key(g, "apiVersion", &first);
    buf_adds(g->out, "\"admission.k8s.io/v1\"");
    add_key(g, "request", &first);
    buf_addc(g->out, '{');
    add_key(g, "uid", &inner);
    buf_adds(g->out, "\"u-\\u00311\"");
    add_key(g, "kind", &inner);
    buf_adds(g->out, "{\"group\":\"argoproj.io\",\"version\":\"v1\",\"kind\":\"Application\"}");
    add_key(g, "requestKind", &inner);
    add_value(g, 2);
    add_key(g, "name", &inner);
    buf_adds(g->out, roll(g, 5) ? "\"root\"" : "\"ro\\u006ft\"");
    add_key(g, "operation", &inner);
    buf_printf(g->out, "\"%s\"", operations[roll(g, ARRAY_LEN(operations))]);
    add_key(g, "userInfo", &inner);
    buf_adds(g->out, "{\"username\":\"\u00e9\",\"groups\":[\"a\",\"b\"]}");
    add_key(g, "object", &inner);
    add_object(g, seed, 0);
    add_key(g, "oldObject", &inner);
    add_object(g, seed, roll(g, 2) ? 0 : 6);
    add_key(g, "dryRun", &inner);
    buf_adds(g->out, roll(g, 2) ? "true" : "false");
    add_key(g, "options", &inner);
    add_value(g, 4);
    buf_adds(g->out, "}}");
    add_blanks(g);
}

/* Breaks a byte here and there, keeping most of the document plausible. */
static void damage(struct gen *g)
{
    static const char bytes[] = "\"\\{}[]:,0-etn \x01\x80\xFF";

    for (unsigned n = 1 + roll(g, 2); n; n--) {
        unsigned at = roll(g, (unsigned)g->out->n);

        if (roll(g, 4) == 0)
            g->out->n = at; /* cut short */
        else
            g->out->p[at] = bytes[roll(g, sizeof bytes - 1)];
        if (g->out->n == 0)
            return;
    }
}

static void random_reviews_are_read_as_jansson_reads_them(void **state)
{
    struct gen g = {.seed = 0x5EED2026};
    AUTO(buf_clearp) struct buf text = {0};
    unsigned n_unchanged = 0;
    unsigned n_refused = 0;

    (void)state;
    print_message("seed %llx, %d documents\n", (unsigned long long)g.seed, N_DOCUMENTS);
    buf_init(&text, DOCUMENT_MAX);
    g.out = &text;
    for (unsigned i = 0; i < N_DOCUMENTS; i++) {
        AUTO(review_freep) struct review *r = NULL;
        struct err err = {0};
        char complaint[COMPLAINT_MAX] = "";
        bool damaged = i % 3 == 2;

        buf_reset(&text);
        g.in_order = true;
        add_review(&g);
        assert_true(buf_ok(&text));
        if (damaged)
            damage(&g);
        if (!oracle_holds(
                buf_str(&text),
                (struct oracle_options){.seed = g.seed, .in_order = g.in_order && !damaged},
                complaint))
            fail_msg("document %u: %s\n%.*s", i, complaint, STR_ARG(buf_str(&text)));
        if (feed(buf_str(&text), (struct feeding){.chunk = 4096}, &r, &err))
            n_unchanged += r->unchanged;
        else
            n_refused++;
        if (!r && !damaged)
            fail_msg("document %u was refused: %s", i, err.what);
    }
    /* The generator reaches both ends. */
    assert_true(n_unchanged > N_DOCUMENTS / 20);
    assert_true(n_refused > N_DOCUMENTS / 20);
    print_message("%u unchanged, %u refused\n", n_unchanged, n_refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_reviews_are_read_as_jansson_reads_them),
    };

    return cmocka_run_group_tests_name("scan property", tests, NULL, NULL);
}
