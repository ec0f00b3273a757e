#include "report/sarif.h"
#include "base/text.h"
#include "report/json_out.h"
#include "rules/lockout.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

/* What code scanning shows beside a finding. */
struct rule_text {
    const char *level; /* where nothing is configured */
    const char *brief;
    const char *full;
    const char *help;
};

enum { N_FINDERS = N_RULES + 1 }; /* with lockout */

/* All of them in every run, so that a rule keeps its index: those of enum rule_id, then lockout,
 * then the advice. */
static const struct rule_text rules[] = {
    [RULE_SELF_REFERENCE] =
        {"error", "An Application syncs itself.",
         "An Application whose source renders its own definition. It can wait for its own health "
         "for ever and block every Application it manages.",
         "Move the Application's manifest to a path that no Application syncs, or annotate it "
         "argocd.argoproj.io/hook: Skip."},
    [RULE_SELF_PRUNE] =
        {"warning", "Argo CD would prune an Application itself.",
         "An update takes an Application's own definition out of its sources while it bears its "
         "own tracking mark and prune is on, so that Argo CD deletes it.",
         "Take the tracking mark off the live Application, annotate its manifest "
         "argocd.argoproj.io/hook: Skip, or switch prune off; only then move the manifest."},
    [RULE_MERGE_ON_PRUNED_TARGET] =
        {"error", "An ExternalSecret hands an unowned Secret to an Application that prunes it.",
         "An ExternalSecret leaves its target Secret unowned (creationPolicy Merge, Orphan or "
         "CreateOrMerge) and puts the tracking mark of a pruning Application on it, which does "
         "not render the Secret and so deletes it.",
         "Add a spec.target.template without tracking marks: where a template stands, nothing is "
         "copied from the ExternalSecret. Or put the keys into a Secret of their own."},
    [RULE_PROTECTED_SECRET_PRUNE] =
        {"error", "An Application would delete a protected Secret.",
         "An Application that prunes would delete a protected Secret (argocd-secret unless "
         "configured otherwise), because the Secret bears its tracking mark while its sources do "
         "not render it.",
         "Leave prune off until the tracking mark is off the Secret and what put it there is "
         "mended; the finding names it."},
    [N_RULES] =
        {"error", "A webhook registration could lock the cluster out.",
         "A ValidatingWebhookConfiguration of syncguard that could stop what is needed to bring "
         "it back, or that leaves a hole in the guard.",
         "Change the field that the finding names, and check the registration again before it is "
         "applied."},
    [N_FINDERS + ADVICE_UNUSED_CHART] =
        {"note", "No Application uses a chart.",
         "A Helm chart of the repository that is no Application's source, no dependency of another "
         "chart and inflated by no kustomization.",
         "Remove the chart, or add the Application that was forgotten."},
    [N_FINDERS + ADVICE_SHARED_RESOURCE] =
        {"note", "Two Applications render one resource.",
         "Both apply the resource to one cluster, and each sync takes it from the other. Argo CD "
         "shows a SharedResourceWarning.",
         "Leave the resource to one of the Applications."},
    [N_FINDERS + ADVICE_DEFINITION_NOT_RENDERED] =
        {"note", "An Application's definition lies below its own source path.",
         "The source does not render the definition now. A change of its options, or of what is "
         "listed there, would make the Application sync itself.",
         "Keep Applications in a path that none of them syncs, or that their parent alone does."},
    [N_FINDERS + ADVICE_GLOB_MATCHES_NOTHING] =
        {"note", "A pattern matches no file.",
         "directory.include and directory.exclude are one glob each, held against the file's path "
         "below the source path; a list stands in braces: {a.yaml,b/*}.",
         "Write the pattern as the note says, or remove it."},
    [N_FINDERS + ADVICE_PATH_MISSING] =
        {"note", "A source path does not exist.",
         "Argo CD generates nothing for an Application one of whose sources has no directory; it "
         "neither syncs nor prunes then.",
         "Write the path as the repository has it; blanks at its ends count."},
};

static const char *rule_name(size_t index)
{
    if (index >= N_FINDERS)
        return advice_name((enum advice_id)(index - N_FINDERS));
    return index < N_RULES ? rule_id_name((enum rule_id)index) : RULE_LOCKOUT;
}

static size_t rule_index(const char *name)
{
    size_t i = 0;

    while (i < N_RULES && strcmp(rule_name(i), name) != 0)
        i++;
    return i;
}

/*
 * A message string: braces are doubled, because single ones are placeholders (SARIF 3.11.5). What
 * would make a link of a name, "[text](address)" (3.11.6), loses its parenthesis to an escape.
 */
static void write_message(struct buf *out, const char *key, const char *text)
{
    AUTO(buf_clearp) struct buf message = {.max = out->max};

    for (const char *c = text; *c; c++) {
        if (*c == '{' || *c == '}')
            buf_addc(&message, *c);
        if (*c == '(' && c > text && c[-1] == ']')
            buf_adds(&message, "\\u{{28}}");
        else
            buf_addc(&message, *c);
    }
    json_out_open(out, key, '{');
    json_out_text(out, "text", buf_str(&message));
    json_out_close(out, '}');
}

static void write_rule(struct buf *out, const char *name, const struct rule_text *rule)
{
    json_out_open(out, NULL, '{');
    json_out_text(out, "id", str_from(name));
    write_message(out, "shortDescription", rule->brief);
    write_message(out, "fullDescription", rule->full);
    write_message(out, "help", rule->help);
    json_out_open(out, "defaultConfiguration", '{');
    json_out_text(out, "level", str_from(rule->level));
    json_out_close(out, '}');
    json_out_close(out, '}');
}

static void write_tool(struct buf *out, const char *version)
{
    json_out_open(out, "tool", '{');
    json_out_open(out, "driver", '{');
    json_out_text(out, "name", STR("syncguard"));
    json_out_text(out, "version", str_from(version));
    json_out_open(out, "rules", '[');
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        write_rule(out, rule_name(i), &rules[i]);
    json_out_close(out, ']');
    json_out_close(out, '}');
    json_out_close(out, '}');
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

/* A path as a URI reference: every byte that is neither unreserved nor a '/' is encoded, a colon
 * too, which in the first segment would end a scheme. Source: RFC 3986, 2.1, 2.3, 4.2. */
static void add_uri(struct buf *uri, const char *path)
{
    if (path[0] == '/')
        buf_adds(uri, "file://");
    for (; *path; path++) {
        if (*path == '/' || is_unreserved(*path))
            buf_addc(uri, *path);
        else
            buf_printf(uri, "%%%02X", (unsigned)(unsigned char)*path);
    }
}

static void write_locations(struct buf *out, const char *file, unsigned line)
{
    AUTO(buf_clearp) struct buf uri = {.max = out->max};

    if (!file[0])
        return;
    add_uri(&uri, file);
    json_out_open(out, "locations", '[');
    json_out_open(out, NULL, '{');
    json_out_open(out, "physicalLocation", '{');
    json_out_open(out, "artifactLocation", '{');
    json_out_text(out, "uri", buf_str(&uri));
    if (file[0] != '/')
        json_out_text(out, "uriBaseId", STR("%SRCROOT%"));
    json_out_close(out, '}');
    if (line) {
        json_out_open(out, "region", '{');
        json_out_number(out, "startLine", line);
        json_out_close(out, '}');
    }
    buf_adds(out, "}}]");
}

/* FNV-1a, 64 bits: nobody's security hangs on it, and it needs no library. `text` goes in with its
 * NUL, so that no two lists of texts run together. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    size_t n = strlen(text) + 1;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void write_hash(struct buf *out, const char *const *parts, size_t n)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    char text[17];

    for (size_t i = 0; i < n; i++)
        hash = hash_text(hash, parts[i]);
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    json_out_open(out, "partialFingerprints", '{');
    json_out_text(out, "syncguardFinding/v1", str_from(text));
    json_out_close(out, '}');
}

/* What a finding is about, wherever it stands and however it is worded. */
static void write_fingerprint(struct buf *out, const struct checked_finding *c)
{
    const char *const parts[] = {c->rule,         c->object->kind,    c->object->namespace,
                                 c->object->name, c->finding.subject, c->finding.target};

    write_hash(out, parts, ARRAY_LEN(parts));
}

static const char *level(const struct finding *f)
{
    if (f->denies)
        return "error";
    return f->verdict == FINDING_EXEMPTED ? "note" : "warning";
}

/* Each result has the member: all of a run or none must (SARIF 3.27.23). The configuration or an
 * annotation exempts, which is not a comment in the source: external. */
static void write_suppressions(struct buf *out, const struct finding *f)
{
    json_out_open(out, "suppressions", '[');
    if (f->verdict == FINDING_EXEMPTED && !f->denies) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "kind", STR("external"));
        json_out_text(out, "status", STR("accepted"));
        json_out_text(out, "justification", str_from(f->message));
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

static void write_result(struct buf *out, const struct checked_finding *c)
{
    const struct finding *f = &c->finding;

    json_out_open(out, NULL, '{');
    json_out_text(out, "ruleId", str_from(c->rule));
    json_out_number(out, "ruleIndex", rule_index(c->rule));
    json_out_text(out, "level", str_from(level(f)));
    write_message(out, "message", f->message);
    write_locations(out, c->object->file, c->object->line);
    write_fingerprint(out, c);
    write_suppressions(out, f);
    json_out_close(out, '}');
}

static void write_advice(struct buf *out, const struct checked_note *note)
{
    const char *const parts[] = {advice_name(note->id), note->file, note->about};

    json_out_open(out, NULL, '{');
    json_out_text(out, "ruleId", str_from(parts[0]));
    json_out_number(out, "ruleIndex", (unsigned long long)N_FINDERS + note->id);
    json_out_text(out, "level", STR("note"));
    write_message(out, "message", note->text);
    write_locations(out, note->file, note->line);
    write_hash(out, parts, ARRAY_LEN(parts));
    buf_adds(out, ",\"suppressions\":[]}");
}

static void write_invocation(struct buf *out, const struct check_view *v)
{
    json_out_open(out, "invocations", '[');
    json_out_open(out, NULL, '{');
    json_out_bool(out, "executionSuccessful", true);
    json_out_open(out, "toolExecutionNotifications", '[');
    for (size_t i = 0; i < v->n_notes; i++) {
        if (v->notes[i]->is_advice)
            continue;
        json_out_open(out, NULL, '{');
        json_out_text(out, "level", STR("note"));
        write_message(out, "message", v->notes[i]->text);
        write_locations(out, v->notes[i]->file, v->notes[i]->line);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    json_out_close(out, '}');
    json_out_close(out, ']');
}

void sarif_write(const struct check_report *report, const char *version, struct buf *out)
{
    AUTO(check_view_freep) struct check_view *v = check_view_new(report);

    json_out_open(out, NULL, '{');
    json_out_text(out, "version", STR("2.1.0"));
    json_out_text(out, "$schema", STR(SCHEMA));
    json_out_open(out, "runs", '[');
    json_out_open(out, NULL, '{');
    write_tool(out, version);
    write_invocation(out, v);
    json_out_open(out, "results", '[');
    for (size_t i = 0; i < v->n_findings; i++)
        write_result(out, v->findings[i]);
    for (size_t i = 0; i < v->n_notes; i++)
        if (v->notes[i]->is_advice)
            write_advice(out, v->notes[i]);
    json_out_close(out, ']');
    check_sources_json(check_report_sources(report), "properties", out);
    buf_adds(out, "}]}\n");
}
