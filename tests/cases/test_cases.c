/* test_cases.c: judges the cases of one rule's folder and compares every word of the verdicts. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "config/config.h"
#include "facts/facts.h"
#include "report/decision.h"
#include "report/logged.h"
#include "review/scan.h"
#include "rules/judge.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * A file holds `config` (configuration text), `repositories` (URL: {path: text}), `cluster` (a list
 * of live objects) and `cases`, a list of {name, decides, now, check, config, repositories,
 * cluster, snapshot, object, oldObject, operation}. A case's own repositories are laid over the
 * file's; a null text takes a file away, and {utf16: TEXT} is text in that encoding. A case's own
 * cluster replaces the file's; null takes it away. They are written as `kubectl get -o json` prints
 * them and named in cluster.source.snapshot, unless the configuration has a `cluster` of its own;
 * `snapshot` is text to write in their place. `decides` is deny, warn, undecided, exempted or
 * allow, what the verdict comes to; `now` the time it is judged at, such as "2026-01-01T00:00:00Z"
 * (else that one). The whole verdicts stand in a file of the same name ending in .want;
 * SYNCGUARD_WRITE_WANTED=1 writes it anew, to be read before it is committed. Each object is also
 * judged as `check` and `explain` read it, from its manifest: what they find is what creating it
 * would find. And each request is judged again from its line of the decision log, which comes to
 * the same.
 */
enum { FILE_MAX_BYTES = 4 * 1024 * 1024 };

static void die(const char *what, const char *detail)
{
    (void)fprintf(stderr, "%s: %s\n", what, detail);
    exit(2);
}

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *text;

    if (!file)
        return NULL;
    text = xmalloc(FILE_MAX_BYTES + 1);
    *n = fread(text, 1, FILE_MAX_BYTES, file);
    text[*n] = '\0';
    (void)fclose(file);
    return text;
}

static void write_file(const char *path, struct str text)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(text.p ? text.p : "", 1, text.n, file) != text.n || fclose(file) != 0)
        die(path, strerror(errno));
}

static void make_parents(char *path)
{
    for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            die(path, strerror(errno));
        *p = '/';
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* ASCII in UTF-16, little end first, behind its mark. */
static char *to_utf16(struct str text, size_t *n)
{
    char *wide = xcalloc(text.n + 1, 2);

    wide[0] = '\xFF';
    wide[1] = '\xFE';
    for (size_t i = 0; i < text.n; i++)
        wide[2 + 2 * i] = text.p[i];
    *n = 2 * (text.n + 1);
    return wide;
}

static void write_content(const char *path, const json_t *content)
{
    AUTO(freep) char *wide = NULL;
    size_t n = 0;

    if (!json_is_object(content)) {
        write_file(path, json_view(content));
        return;
    }
    wide = to_utf16(json_str_at(content, "utf16"), &n);
    write_file(path, (struct str){wide, n});
}

static void write_tree(const char *root, json_t *files, json_t *over)
{
    const char *path;
    json_t *text;
    AUTO(json_unrefp) json_t *all = json_copy(files);

    if (!all)
        all = json_object();
    if (over)
        (void)json_object_update(all, over);
    json_object_foreach(all, path, text)
    {
        AUTO(freep) char *full = xasprintf("%s/%s", root, path);

        if (json_is_null(text))
            continue;
        make_parents(full);
        write_content(full, text);
    }
}

/* The case's own member, else the file's. */
static json_t *member_of(const json_t *test, const json_t *file, const char *key)
{
    json_t *own = json_object_get(test, key);

    return own ? own : json_object_get(file, key);
}

/* What `kubectl get -o json` prints of them (kubectl prints every List with those members). */
static char *snapshot_text(json_t *objects)
{
    AUTO(json_unrefp)
    json_t *list = json_pack("{s:s, s:s, s:{s:s}, s:O}", "apiVersion", "v1", "kind", "List",
                             "metadata", "resourceVersion", "", "items", objects);

    if (!json_is_array(objects) || !list)
        die("cluster", "a list of objects is wanted");
    return json_dumps(list, JSON_INDENT(4));
}

/* Whether there is a cluster.json now. */
static bool write_snapshot(const json_t *file, const json_t *test, const char *root)
{
    const json_t *raw = json_object_get(test, "snapshot");
    json_t *objects = member_of(test, file, "cluster");
    AUTO(freep) char *path = xasprintf("%s/cluster.json", root);
    AUTO(freep) char *text = NULL;

    if (raw) {
        write_file(path, json_view(raw));
        return true;
    }
    if (!objects || json_is_null(objects))
        return false;
    text = snapshot_text(objects);
    write_file(path, str_from(text));
    return true;
}

/* The configuration with the snapshot named in it; JSON is YAML too. */
static char *name_snapshot(struct str text)
{
    AUTO(json_unrefp) json_t *config = NULL;
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    if (text.n && !yaml_read(text, 1, &config, NULL, &err))
        die("config", err_text(&err, reason));
    if (!config)
        config = json_object();
    if (!json_object_get(config, "cluster"))
        (void)json_object_set_new(config, "cluster",
                                  json_pack("{s:{s:[s]}}", "source", "snapshot", "cluster.json"));
    return json_dumps(config, JSON_COMPACT);
}

static struct settings *make_settings(const json_t *file, const json_t *test, const char *root)
{
    const json_t *written = member_of(test, file, "config");
    AUTO(freep)
    char *text = write_snapshot(file, test, root) ? name_snapshot(json_view(written))
                                                  : xstrndup(json_view(written));
    json_t *repositories = json_object_get(file, "repositories");
    const json_t *over = json_object_get(test, "repositories");
    struct settings *s = NULL;
    struct err err = {0};
    char reason[ERR_TEXT_MAX];
    const char *url;
    json_t *files;
    unsigned i = 0;

    if (!config_parse(str_from(text), "config", root, &s, &err))
        die("config", err_text(&err, reason));
    json_object_foreach(repositories, url, files)
    {
        AUTO(freep) char *directory = xasprintf("%s/%u", root, i++);

        if (mkdir(directory, 0755) != 0)
            die(directory, strerror(errno));
        write_tree(directory, files, json_object_get(over, url));
        settings_add_repository(s, str_from(url), str_from(directory));
    }
    return s;
}

static int64_t read_now(const json_t *test)
{
    const char *text = json_string_value(json_object_get(test, "now"));
    struct tm utc = {0};
    const char *end = strptime(text ? text : "2026-01-01T00:00:00Z", "%Y-%m-%dT%H:%M:%SZ", &utc);

    if (!end || *end)
        die("now", text);
    return timegm(&utc);
}

static json_t *group_kind(const char *group, const char *version, const char *key,
                          const char *value)
{
    return json_pack("{s:s, s:s, s:s}", "group", group, "version", version, key, value);
}

/* The review as the API server would send it: the request's own fields, sorted object keys. */
static char *review_text(const json_t *test)
{
    const json_t *object = json_object_get(test, "object");
    const json_t *old = json_object_get(test, "oldObject");
    const json_t *operation = json_object_get(test, "operation");
    const json_t *any = object && !json_is_null(object) ? object : old;
    const json_t *metadata = json_object_get(any, "metadata");
    struct identity id;
    bool app;
    json_t *request;
    json_t *review;
    char *text;

    if (!identity_read(any, &id))
        die("case", "the object has no apiVersion, kind or name");
    app = str_is(id.kind, "Application");
    request =
        json_pack("{s:s, s:o, s:o, s:O?, s:O?, s:s, s:{s:s, s:[s]}, s:O?, s:O?, s:b}", "uid",
                  "705ab4f5-6393-11e8-b7cc-42010a800002", "kind",
                  group_kind(app ? GROUP_ARGOPROJ : GROUP_EXTERNAL_SECRETS, app ? "v1alpha1" : "v1",
                             "kind", json_string_value(json_object_get(any, "kind"))),
                  "resource",
                  group_kind(app ? GROUP_ARGOPROJ : GROUP_EXTERNAL_SECRETS, app ? "v1alpha1" : "v1",
                             "resource", app ? "applications" : "externalsecrets"),
                  "name", json_object_get(metadata, "name"), "namespace",
                  json_object_get(metadata, "namespace"), "operation",
                  operation ? json_string_value(operation)
                  : old     ? "UPDATE"
                            : "CREATE",
                  "userInfo", "username", "kubernetes-admin", "groups", "system:authenticated",
                  "object", object, "oldObject", old, "dryRun", 0);
    if (!request)
        die("case", "the request could not be packed");
    review = json_pack("{s:s, s:s, s:o}", "kind", "AdmissionReview", "apiVersion",
                       "admission.k8s.io/v1", "request", request);
    text = json_dumps(review, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(review);
    return text;
}

static const char *decision_of(const struct verdict *v)
{
    const char *decision = "allow";

    if (!v->allowed)
        return "deny";
    for (size_t i = 0; i < v->n_findings; i++) {
        if (v->findings[i].verdict == FINDING_WARN)
            decision = "warn";
        else if (v->findings[i].verdict == FINDING_UNDECIDED && decision[0] != 'w')
            decision = "undecided";
        else if (v->findings[i].verdict == FINDING_EXEMPTED && decision[0] == 'a')
            decision = "exempted";
    }
    return decision;
}

static void describe(const char *name, const struct verdict *v, struct buf *out)
{
    buf_printf(out, "== %s: %s\n", name, v->allowed ? "allowed" : "denied");
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];

        buf_printf(out, "[%s] %s%s%s\n  %s\n", rule_id_name(f->rule),
                   finding_verdict_name(f->verdict), f->denies ? ", denies" : "",
                   f->ratcheted ? ", was so before" : "", f->message);
        buf_printf(out, "  about %s%s%s\n", f->subject, f->target[0] ? " and " : "", f->target);
        for (size_t k = 0; k < f->n_evidence; k++)
            buf_printf(out, "  saw %s in %s\n", f->evidence[k].saw, f->evidence[k].source);
    }
}

/* The object as it lies in a file: what is left out there is not the author's to write (design 5).
 */
static json_t *as_manifest(const json_t *object)
{
    json_t *manifest = json_deep_copy(object);
    json_t *metadata = json_object_get(manifest, "metadata");

    (void)json_object_del(manifest, "status");
    (void)json_object_del(metadata, "ownerReferences");
    (void)json_object_del(metadata, "deletionTimestamp");
    return manifest;
}

static struct review *scan_review(const json_t *test, const char *name)
{
    AUTO(scan_freep) struct scan *scan = scan_new(NULL);
    AUTO(freep) char *text = review_text(test);
    struct review *review = NULL;
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    (void)scan_feed(scan, str_from(text));
    if (!scan_finish(scan, &review, &err))
        die(name, err_text(&err, reason));
    return review;
}

static void judge_and_describe(const struct review *review, const struct facts *f, int64_t now,
                               const char *name, struct buf *out)
{
    AUTO(verdict_freep) struct verdict *v = judge(review, f, now);

    describe(name, v, out);
}

static bool is_same_from_manifest(const json_t *test, const struct facts *f, int64_t now,
                                  const char *name)
{
    AUTO(json_unrefp) json_t *manifest = as_manifest(json_object_get(test, "object"));
    AUTO(json_unrefp) json_t *creation = json_pack("{s:O}", "object", manifest);
    struct str namespace = json_str_at(json_object_get(manifest, "metadata"), "namespace");
    AUTO(review_freep) struct review *requested = scan_review(creation, name);
    AUTO(review_freep) struct review *read = NULL;
    AUTO(buf_clearp) struct buf webhook = {.max = FILE_MAX_BYTES};
    AUTO(buf_clearp) struct buf check = {.max = FILE_MAX_BYTES};
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    if (!review_from_manifest(manifest, namespace, NULL, 0, &read, &err))
        die(name, err_text(&err, reason));
    judge_and_describe(requested, f, now, name, &webhook);
    judge_and_describe(read, f, now, name, &check);
    if (str_eq(buf_str(&webhook), buf_str(&check)))
        return true;
    (void)printf("FAIL %s: the webhook finds\n%s  and check\n%s", name, webhook.p, check.p);
    return false;
}

static bool is_whole(const json_t *line, const char *key, const struct facts *f)
{
    const json_t *logged = json_object_get(line, key);

    return !logged || logged_check(logged, f, NULL) == LOGGED_WHOLE;
}

/* From the line of the decision log, where that shows the whole request. */
static bool is_same_from_line(const struct review *review, const struct verdict *v,
                              const struct facts *f, int64_t now, const char *name)
{
    AUTO(buf_clearp) struct buf text = {.max = FILE_MAX_BYTES};
    AUTO(buf_clearp) struct buf wanted = {.max = FILE_MAX_BYTES};
    AUTO(buf_clearp) struct buf actual = {.max = FILE_MAX_BYTES};
    AUTO(json_unrefp) json_t *line = NULL;
    AUTO(review_freep) struct review *again = NULL;
    struct err err = {0};
    char reason[ERR_TEXT_MAX];

    decision_write(&text, review, v, f, now, 1);
    if (!json_read(buf_str(&text), &line, &err) || !review_from_line(line, &again, &err))
        die(name, err_text(&err, reason));
    if (!is_whole(line, "object", f) || !is_whole(line, "oldObject", f)) {
        (void)printf("note %s: its line does not show the whole request\n", name);
        return true;
    }
    describe(name, v, &wanted);
    judge_and_describe(again, f, now, name, &actual);
    if (str_eq(buf_str(&wanted), buf_str(&actual)))
        return true;
    (void)printf("FAIL %s: the request gives\n%s  and its line\n%s  of %s\n", name, wanted.p,
                 actual.p, text.p);
    return false;
}

static bool run_case(const json_t *file, const json_t *test, const char *root, struct buf *out)
{
    AUTO(settings_freep) struct settings *s = make_settings(file, test, root);
    struct facts_options options = {.settings = s,
                                    .assume_label_tracking = json_bool_at(test, "check", false)};
    const char *name = json_string_value(json_object_get(test, "name"));
    int64_t now = read_now(test);
    AUTO(facts_unrefp) struct facts *f = facts_load(&options, now);
    AUTO(review_freep) struct review *review = scan_review(test, name);
    AUTO(verdict_freep) struct verdict *v = judge(review, f, now);
    struct str decides = json_str_at(test, "decides");
    bool same = !json_object_get(test, "object") || is_same_from_manifest(test, f, now, name);

    same = is_same_from_line(review, v, f, now, name) && same;
    describe(name, v, out);
    if (str_is(decides, decision_of(v)))
        return same;
    (void)printf("FAIL %s: wanted %.*s, got %s\n", name, STR_ARG(decides), decision_of(v));
    return false;
}

/* Shows the first line that differs. */
static void show_difference(const char *wanted, const char *actual)
{
    unsigned line = 1;

    while (*wanted && *wanted == *actual) {
        line += *wanted == '\n';
        wanted++;
        actual++;
    }
    (void)printf("  line %u: wanted …%.300s\n           actual …%.300s\n", line, wanted, actual);
}

static bool compare_wanted(const char *path, const struct buf *actual)
{
    AUTO(freep) char *want_path = xasprintf("%.*s.want", (int)(strlen(path) - 5), path);
    AUTO(freep) char *wanted = NULL;
    size_t n = 0;

    if (getenv("SYNCGUARD_WRITE_WANTED")) {
        write_file(want_path, buf_str(actual));
        return true;
    }
    wanted = read_file(want_path, &n);
    if (!wanted) {
        (void)printf("FAIL %s is missing\n", want_path);
        return false;
    }
    if (str_eq((struct str){wanted, n}, buf_str(actual)))
        return true;
    (void)printf("FAIL %s differs\n", want_path);
    show_difference(wanted, buf_str(actual).p);
    return false;
}

static unsigned run_file(const char *path, unsigned *n_cases)
{
    size_t n = 0;
    AUTO(freep) char *text = read_file(path, &n);
    AUTO(json_unrefp) json_t *file = NULL;
    const json_t *cases;
    unsigned n_failed = 0;
    struct err err = {0};
    char reason[ERR_TEXT_MAX];
    struct buf out;

    buf_init(&out, FILE_MAX_BYTES);
    if (!text || !yaml_read((struct str){text, n}, 1, &file, NULL, &err))
        die(path, text ? err_text(&err, reason) : strerror(errno));
    cases = json_array_at(file, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        char root[] = "/tmp/syncguard-case-XXXXXX";

        if (!mkdtemp(root))
            die(root, strerror(errno));
        n_failed += !run_case(file, json_array_get(cases, i), root, &out);
        ++*n_cases;
        (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    n_failed += !compare_wanted(path, &out);
    buf_clear(&out);
    return n_failed;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    unsigned n_failed = 0;
    unsigned n_cases = 0;
    int n;

    if (argc != 2)
        die("usage", "test_cases FOLDER");
    n = scandir(argv[1], &entries, NULL, alphasort);
    if (n < 0)
        die(argv[1], strerror(errno));
    for (int i = 0; i < n; i++) {
        AUTO(freep) char *path = xasprintf("%s/%s", argv[1], entries[i]->d_name);

        if (str_ends(str_from(path), STR(".yaml")))
            n_failed += run_file(path, &n_cases);
        free(entries[i]);
    }
    free(entries);
    (void)printf("%s: %u cases, %u failed\n", argv[1], n_cases, n_failed);
    return n_failed || !n_cases;
}
