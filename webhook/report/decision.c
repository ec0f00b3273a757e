#include "report/decision.h"
#include "base/json.h"
#include "base/text.h"
#include "report/json_out.h"
#include "report/projection.h"
#include <time.h>

/* A person is in a few groups; a request that names thousands must not fill the log. */
enum { GROUPS_MAX = 50 };

static void write_time(struct buf *out, int64_t now)
{
    time_t seconds = (time_t)now;
    struct tm utc;
    char text[40];

    if (gmtime_r(&seconds, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc))
        json_out_text(out, "time", str_from(text));
}

static void write_request(struct buf *out, const struct review *review)
{
    json_out_field(out, "uid", review->uid);
    json_out_field(out, "operation", review->operation_text);
    json_out_field(out, "kind", review->kind_text);
    json_out_field(out, "namespace", review->namespace);
    json_out_field(out, "name", review->name);
    if (review->sub_resource.n)
        json_out_field(out, "subResource", review->sub_resource);
    json_out_field(out, "user", review->user);
    json_out_open(out, "groups", '[');
    for (size_t i = 0; i < json_array_size(review->groups) && i < GROUPS_MAX; i++)
        json_out_field(out, NULL, json_view(json_array_get(review->groups, i)));
    json_out_close(out, ']');
    json_out_bool(out, "dryRun", review->dry_run);
}

static void write_findings(struct buf *out, const struct verdict *verdict)
{
    bool seen[N_RULES] = {false};

    json_out_text(out, "decision", verdict->allowed ? STR("allow") : STR("deny"));
    json_out_open(out, "rules", '[');
    for (size_t i = 0; i < verdict->n_findings; i++) {
        enum rule_id id = verdict->findings[i].rule;

        if (!seen[id])
            json_out_text(out, NULL, str_from(rule_id_name(id)));
        seen[id] = true;
    }
    json_out_close(out, ']');
    json_out_open(out, "findings", '[');
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct finding *f = &verdict->findings[i];

        json_out_open(out, NULL, '{');
        json_out_text(out, "rule", str_from(rule_id_name(f->rule)));
        json_out_text(out, "verdict", str_from(finding_verdict_name(f->verdict)));
        json_out_bool(out, "denies", f->denies);
        if (f->ratcheted)
            json_out_bool(out, "ratcheted", true);
        if (f->target[0])
            json_out_text(out, "target", str_from(f->target));
        json_out_text(out, "message", str_from(f->message));
        json_out_evidence(out, f);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

/* Each revision that was read, or could not be; none where one state stands for all. */
static void write_revisions(struct buf *out, const struct facts *facts, size_t index)
{
    for (size_t i = 0; i < facts_n_revisions(facts, index); i++) {
        struct facts_revision r = facts_revision_at(facts, index, i);

        json_out_open(out, NULL, '{');
        json_out_field(out, "revision", r.name);
        if (r.tag_prefix.n)
            json_out_field(out, "tagPrefix", r.tag_prefix);
        if (r.repository)
            json_out_field(out, "commit", str_from(repository_revision(r.repository)));
        else
            json_out_null(out, "commit");
        json_out_close(out, '}');
    }
}

static void write_all_revisions(struct buf *out, const struct facts *facts)
{
    const struct settings *settings = facts_settings(facts);
    bool is_first = true;

    for (size_t i = 0; i < settings->n_repositories; i++) {
        AUTO(buf_clearp) struct buf label = {0};

        if (facts_n_revisions(facts, i) == 0)
            continue;
        if (is_first)
            json_out_open(out, "revisions", '{');
        is_first = false;
        buf_init(&label, 1024); /* a field */
        text_url(&label, str_from(settings->repositories[i].url));
        json_out_open(out, buf_str(&label).p, '[');
        write_revisions(out, facts, i);
        json_out_close(out, ']');
    }
    if (!is_first)
        json_out_close(out, '}');
}

/* What the decision rests on: which state of each repository, null when it could not be read, at
 * which revisions besides, and up to which resourceVersion the cluster was seen, where it was. */
static void write_facts(struct buf *out, const struct facts *facts)
{
    const struct settings *settings = facts ? facts_settings(facts) : NULL;
    const char *version = facts ? facts_cluster_version(facts) : NULL;

    json_out_open(out, "facts", '{');
    json_out_open(out, "repositories", '{');
    for (size_t i = 0; settings && i < settings->n_repositories; i++) {
        const struct repository *r = facts_repository(facts, i);
        AUTO(buf_clearp) struct buf label = {0};

        buf_init(&label, 1024); /* a field */
        text_url(&label, str_from(settings->repositories[i].url));
        if (r)
            json_out_field(out, buf_str(&label).p, str_from(repository_revision(r)));
        else
            json_out_null(out, buf_str(&label).p);
    }
    json_out_close(out, '}');
    if (facts)
        write_all_revisions(out, facts);
    if (version)
        json_out_field(out, "cluster", str_from(version));
    if (facts && !facts_cluster_is_whole(facts))
        json_out_bool(out, "clusterIsWhole", false);
    json_out_close(out, '}');
}

void decision_write(struct buf *out, const struct review *review, const struct verdict *verdict,
                    const struct facts *facts, int64_t now, uint64_t duration_us)
{
    json_out_open(out, NULL, '{');
    write_time(out, now);
    json_out_text(out, "event", STR("decision"));
    write_request(out, review);
    write_findings(out, verdict);
    write_facts(out, facts);
    projection_write(out, review, facts);
    json_out_number(out, "durationMicroseconds", duration_us);
    json_out_close(out, '}');
    buf_addc(out, '\n');
}
