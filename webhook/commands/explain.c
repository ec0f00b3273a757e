#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "commands/console.h"
#include "commands/replay.h"
#include "commands/setup.h"
#include "repository/manifests.h"
#include "review/scan.h"
#include "rules/judge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    INPUT_MAX = 32 * 1024 * 1024, /* the largest body the server would read */
    NODES_MAX = 1000000,          /* JSON values of one file */
};
#define EXPLANATION_MAX ((size_t)64 * 1024 * 1024)

static const struct option_row explain_options[] = {SETUP_OPTIONS, REPLAY_OPTIONS};

struct explanation {
    const struct options *options;
    const struct settings *settings;
    struct facts *facts; /* owned */
    int64_t now;
    struct buf out;
    bool denies;
};

static void write_finding(struct buf *out, const struct finding *f)
{
    buf_printf(out, "  %s%s [%s] %s\n", f->denies ? "deny" : finding_verdict_name(f->verdict),
               f->ratcheted ? " (not new with this change)" : "", rule_id_name(f->rule),
               f->message);
    for (size_t i = 0; i < f->n_evidence; i++)
        buf_printf(out, "      %s%s%s%s\n", f->evidence[i].saw,
                   f->evidence[i].source[0] ? " (" : "", f->evidence[i].source,
                   f->evidence[i].source[0] ? ")" : "");
}

/* A chain of Applications on ever other branches is longer than anybody's. */
enum { JUDGE_ROUNDS_MAX = 8 };

/* With every revision read that it asks for. */
static struct verdict *judge_well(struct explanation *e, const struct review *review)
{
    struct verdict *verdict = judge(review, e->facts, e->now);

    for (unsigned i = 0;
         i < JUDGE_ROUNDS_MAX && setup_facts_again(e->options, e->settings, e->now, &e->facts);
         i++) {
        verdict_free(verdict);
        verdict = judge(review, e->facts, e->now);
    }
    return verdict;
}

static void explain_review(struct explanation *e, const char *file, const struct review *review)
{
    AUTO(verdict_freep) struct verdict *verdict = judge_well(e, review);

    text_escape(&e->out, str_from(file), 0);
    if (review->line)
        buf_printf(&e->out, ":%u", review->line);
    buf_adds(&e->out, ": ");
    text_field(&e->out, review->operation_text);
    buf_addc(&e->out, ' ');
    text_field(&e->out, review->kind_text);
    buf_addc(&e->out, ' ');
    text_field(&e->out, review->namespace);
    buf_addc(&e->out, '/');
    text_field(&e->out, review->name);
    buf_printf(&e->out, ": %s\n", verdict->allowed ? "allowed" : "denied");
    if (review->kind == REVIEW_OTHER)
        buf_adds(&e->out, "  no rule judges this kind\n");
    else if (review->unchanged)
        buf_adds(&e->out, "  nothing a rule reads has changed\n");
    else if (!verdict->n_findings)
        buf_adds(&e->out, "  no rule found anything\n");
    for (size_t i = 0; i < verdict->n_findings; i++)
        write_finding(&e->out, &verdict->findings[i]);
    buf_addc(&e->out, '\n');
    e->denies = e->denies || !verdict->allowed;
}

/* Only JSON can be a review, and only one that says so is read as one. */
static bool is_review(struct str bytes)
{
    AUTO(json_unrefp) json_t *root = NULL;
    struct err err = {0};
    struct str text = str_trim(bytes);

    return str_starts(text, STR("{")) && str_contains(text, STR("AdmissionReview")) &&
           json_read(text, &root, &err) && str_is(json_str_at(root, "kind"), "AdmissionReview");
}

static bool explain_admission(struct explanation *e, const char *file, struct str bytes,
                              struct err *err)
{
    AUTO(scan_freep) struct scan *scan = scan_new(NULL);
    AUTO(review_freep) struct review *review = NULL;

    (void)scan_feed(scan, bytes); /* scan_finish() says what was wrong */
    if (!scan_finish(scan, &review, err)) {
        err_where(err, "%s", file);
        return false;
    }
    explain_review(e, file, review);
    return true;
}

static bool explain_manifest(struct explanation *e, const char *file, const struct manifest *m,
                             struct err *err)
{
    AUTO(review_freep) struct review *review = NULL;
    struct str namespace = m->id.namespace;

    /* As kubectl would fill it in for the one kind that has a home. */
    if (!namespace.n && identity_is_kind(&m->id, GROUP_ARGOPROJ, "Application"))
    namespace = str_from(facts_settings(e->facts)->argocd.namespace);
    if (!review_from_manifest(m->object, namespace, file, m->line, &review, err))
        return false;
    explain_review(e, file, review);
    return true;
}

static bool explain_manifests(struct explanation *e, const char *file, struct str bytes,
                              struct err *err)
{
    size_t nodes_left = NODES_MAX;
    bool is_json = str_ends(str_from(file), STR(".json"));
    struct parsed *parsed =
        manifests_parse(file, bytes, is_json ? SYNTAX_JSON : SYNTAX_YAML, &nodes_left);
    bool good = parsed->state == PARSE_OBJECTS && parsed->n > 0;

    if (!good) {
        err_what(err, ERR_INPUT, "neither an AdmissionReview nor Kubernetes manifests");
        err_where(err, "%s", file);
        if (parsed->state != PARSE_OBJECTS)
            err_why(err, "%s", parsed->why);
    }
    for (size_t i = 0; good && i < parsed->n; i++)
        good = explain_manifest(e, file, &parsed->manifests[i], err);
    parsed_free(parsed);
    return good;
}

static bool explain_file(struct explanation *e, const char *file, struct err *err)
{
    AUTO(buf_clearp) struct buf bytes = {.max = INPUT_MAX};
    const char *shown = console_shown(file);

    if (!console_read(file, &bytes, err))
        return false;
    return is_review(buf_str(&bytes)) ? explain_admission(e, shown, buf_str(&bytes), err)
                                      : explain_manifests(e, shown, buf_str(&bytes), err);
}

static size_t count_files(const struct repository *r)
{
    size_t n = 0;

    /* Manifests come in order of file. */
    for (size_t i = 0; i < repository_n_manifests(r); i++)
        n += i == 0 ||
             strcmp(repository_manifest(r, i - 1)->file, repository_manifest(r, i)->file) != 0;
    return n;
}

static void write_repository(struct buf *out, const struct repository *r)
{
    buf_adds(out, "  repository ");
    text_field(out, str_from(repository_label(r)));
    buf_addc(out, '@');
    text_field(out, str_from(repository_revision(r)));
    buf_adds(out, ": ");
    text_url(out, repository_url(r));
    buf_adds(out, ", read from ");
    text_field(out, str_from(repository_path(r)));
    buf_printf(out, ", %zu objects in %zu files, %zu notes\n", repository_n_manifests(r),
               count_files(r), repository_n_notes(r));
    for (size_t i = 0; i < repository_n_notes(r); i++) {
        const struct repository_note *note = repository_note_at(r, i);

        buf_adds(out, "    note: ");
        text_escape(out, str_from(note->file), 0);
        if (note->line)
            buf_printf(out, ":%u", note->line);
        buf_adds(out, ": ");
        text_escape(out, str_from(note->text), 0);
        buf_addc(out, '\n');
    }
}

/* Those beyond HEAD. */
static void write_revisions(struct buf *out, const struct facts *f, size_t index)
{
    for (size_t i = 0; i < facts_n_revisions(f, index); i++) {
        struct facts_revision r = facts_revision_at(f, index, i);

        if (r.repository == facts_repository(f, index) && r.repository)
            continue;
        buf_adds(out, "  revision ");
        text_field(out, r.name);
        buf_adds(out, " of ");
        text_url(out, str_from(facts_settings(f)->repositories[index].url));
        buf_adds(out, ": ");
        text_field(out, str_from(r.repository ? repository_revision(r.repository) : r.why));
        buf_addc(out, '\n');
    }
}

static void write_tracking(struct buf *out, const struct tracking_facts *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct tracking *one = &t->hypotheses[i];

        buf_printf(out, "  tracking by %s, label key ", tracking_method_name(one->method));
        text_field(out, one->label_key);
        if (one->installation_id.n) {
            buf_adds(out, ", installation ");
            text_field(out, one->installation_id);
        }
        buf_adds(out, t->n > 1 ? " (one of several that are possible)\n" : "\n");
    }
    if (t->why)
        buf_printf(out, "    %s\n", t->why);
}

static void write_cluster(struct buf *out, const struct facts *f)
{
    const char *version = facts_cluster_version(f);

    if (!version)
        return;
    buf_printf(out, "  cluster%s%.60s: %zu live objects\n", version[0] ? "@" : "", version,
               facts_n_live_objects(f));
}

static void write_facts(struct buf *out, const struct facts *f)
{
    buf_adds(out, "facts used:\n");
    for (size_t i = 0; i < facts_n_repositories(f); i++) {
        if (facts_repository(f, i))
            write_repository(out, facts_repository(f, i));
        write_revisions(out, f, i);
    }
    if (!facts_n_repositories(f))
        buf_adds(out, "  no repository: what it would render is not known\n");
    write_cluster(out, f);
    write_tracking(out, facts_tracking(f));
    for (size_t i = 0; i < facts_n_notes(f); i++)
        buf_printf(out, "  note: %s: %s\n", facts_note_at(f, i)->where, facts_note_at(f, i)->text);
}

/* Options that say how a log is read, and no log to read. */
static bool check_options(const struct options *o, struct err *err)
{
    static const char *const of_replay[] = {"--since", "--format", "--verbose"};

    for (size_t i = 0; i < ARRAY_LEN(of_replay); i++) {
        if (!options_has(o, of_replay[i]))
            continue;
        err_what(err, ERR_CONFIG, "%s goes with --replay", of_replay[i]);
        return false;
    }
    if (options_n_arguments(o))
        return true;
    err_what(err, ERR_CONFIG, "at least one file is wanted (- is standard input)");
    return false;
}

static int run_explain(const struct command *command, int argc, char **argv)
{
    AUTO(options_freep) struct options *o = NULL;
    AUTO(settings_freep) struct settings *settings = NULL;
    struct explanation e = {.now = time(NULL), .out = {.max = EXPLANATION_MAX}};
    struct err err = {0};
    int status;

    if (!options_parse(command, argc, argv, &o, &err))
        return console_unable(command, &err);
    if (options_has(o, "--help"))
        return console_help(command);
    if (options_has(o, "--replay"))
        return replay_run(command, o);
    if (!check_options(o, &err))
        return console_unable(command, &err);
    if (!setup_settings(o, &settings, &err) ||
        !setup_facts(o, settings, false, e.now, &e.facts, &err))
        return console_unable(command, &err);
    e.options = o;
    e.settings = settings;
    status = EXIT_OK;
    /* One bad file does not hide the others. */
    for (size_t i = 0; i < options_n_arguments(o); i++) {
        err_clear(&err);
        if (!explain_file(&e, options_argument(o, i), &err))
            status = console_unable(command, &err);
    }
    write_facts(&e.out, e.facts);
    if (status == EXIT_OK && e.denies)
        status = EXIT_DENIED;
    status = console_print(command, &e.out, status);
    buf_clear(&e.out);
    facts_unref(e.facts);
    return status;
}

const struct command command_explain = {
    .name = "explain",
    .synopsis = "[--config FILE] [--repository URL=DIR[@REVISION]]... [--exact-revisions]\n"
                "                         FILE...|-\n"
                "                         --replay [--since TIME] [--format text|json] [--verbose] "
                "[LOG]...",
    .says = "judge AdmissionReviews or manifests, with the evidence and the facts used",
    .details = "A file holds one AdmissionReview in JSON, or manifests, each judged as if it were "
               "created now. Exits 0 when nothing is denied, 1 when something is, 2 when "
               "something could not be read. "
               "With --replay, reads decision logs (standard input without LOG, or for -), judges "
               "each decision again by today's settings, facts and clock, and shows those that "
               "would be decided otherwise now. Exits 0 when there is none, 1 when there is, 2 "
               "when it could not run.",
    .options = explain_options,
    .n_options = ARRAY_LEN(explain_options),
    .run = run_explain,
};
