/* scan_speed.c: how fast an AdmissionReview is scanned, against jansson on the whole document. */
#include "base/buf.h"
#include "base/json.h"
#include "review/scan.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What libmicrohttpd hands over at a time, and the size of the review design 8 measures. */
enum {
    CHUNK_BYTES = 32 * 1024,
    DOCUMENT_BYTES = 1400 * 1000,
    MIN_NANOSECONDS = 1000 * 1000 * 1000
};

static void add_object(struct buf *out, size_t until, const char *refreshed)
{
    buf_printf(out,
               "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Application\",\"metadata\":{"
               "\"annotations\":{\"argocd.argoproj.io/refresh\":\"%s\"},\"creationTimestamp\":"
               "\"2026-01-01T00:00:00Z\",\"generation\":7,\"labels\":{\"team\":\"platform\"},"
               "\"name\":\"root\",\"namespace\":\"argocd\"},\"spec\":{\"destination\":{"
               "\"namespace\":\"argocd\",\"server\":\"https://kubernetes.default.svc\"},"
               "\"project\":\"default\",\"source\":{\"path\":\"apps\",\"repoURL\":"
               "\"https://git.example.com/platform/deploy.git\",\"targetRevision\":\"main\"},"
               "\"syncPolicy\":{\"automated\":{\"prune\":true,\"selfHeal\":true}}},"
               "\"status\":{\"history\":[],\"resources\":[",
               refreshed);
    for (unsigned i = 0; out->n < until; i++)
        buf_printf(
            out,
            "%s{\"group\":\"apps\",\"health\":{\"message\":\"it said \\\"ready\\\" at last\","
            "\"status\":\"Healthy\"},\"kind\":\"Deployment\",\"name\":\"service-%u\","
            "\"namespace\":\"production\",\"status\":\"Synced\",\"version\":\"v1\"}",
            i ? "," : "", i);
    buf_adds(out, "],\"summary\":{}}}");
}

/* A status write of a large Application: an UPDATE in which nothing a rule reads has changed. */
static void make_review(struct buf *out, size_t n_bytes)
{
    buf_adds(out, "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\","
                  "\"request\":{\"uid\":\"9696c017-55fc-4ce8-bbbb-6186400749d7\",\"kind\":{"
                  "\"group\":\"argoproj.io\",\"version\":\"v1alpha1\",\"kind\":\"Application\"},"
                  "\"resource\":{\"group\":\"argoproj.io\",\"version\":\"v1alpha1\",\"resource\":"
                  "\"applications\"},\"name\":\"root\",\"namespace\":\"argocd\",\"operation\":"
                  "\"UPDATE\",\"userInfo\":{\"username\":\"system:serviceaccount:argocd:argocd\","
                  "\"groups\":[\"system:authenticated\"]},\"object\":");
    add_object(out, n_bytes / 2, "normal");
    buf_adds(out, ",\"oldObject\":");
    add_object(out, n_bytes, "hard");
    buf_adds(out, ",\"dryRun\":false,\"options\":{}}}");
}

static void scan_once(struct str document, enum scan_path path)
{
    AUTO(scan_freep) struct scan *s = scan_new(&(struct scan_options){.path = path});
    AUTO(review_freep) struct review *review = NULL;
    struct err err = {0};

    for (size_t at = 0; at < document.n; at += CHUNK_BYTES)
        (void)scan_feed(s, str_sub(document, at, at + CHUNK_BYTES));
    if (!scan_finish(s, &review, &err) || !review->unchanged) {
        (void)fprintf(stderr, "the review was not read: %s\n", err.what);
        exit(1);
    }
}

static void scan_best(struct str document)
{
    scan_once(document, SCAN_BEST);
}

static void scan_portable(struct str document)
{
    scan_once(document, SCAN_PORTABLE);
}

static void parse_whole(struct str document)
{
    AUTO(json_unrefp) json_t *tree = NULL;
    struct err err = {0};

    if (!json_read(document, &tree, &err))
        exit(1);
}

static const struct {
    const char *name;
    void (*run)(struct str document);
} rows[] = {
    {"SCAN_BEST", scan_best},
    {"SCAN_PORTABLE", scan_portable},
    {"jansson, whole document", parse_whole},
};

static double nanoseconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(void)
{
    static const size_t sizes[] = {4800, DOCUMENT_BYTES};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        AUTO(buf_clearp) struct buf document = {0};

        buf_init(&document, (size_t)2 * DOCUMENT_BYTES);
        make_review(&document, sizes[i]);
        (void)printf("UPDATE review of %zu bytes\n", document.n);
        for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
            double start = nanoseconds();
            double spent;
            size_t n = 0;

            do {
                rows[row].run(buf_str(&document));
                n++;
                spent = nanoseconds() - start;
            } while (spent < MIN_NANOSECONDS);
            (void)printf("  %-24s %8.0f MB/s  %10.2f us\n", rows[row].name,
                         (double)document.n * (double)n / spent * 1e3, spent / (double)n / 1e3);
        }
    }
    return 0;
}
