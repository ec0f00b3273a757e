#include "sample.h"
#include "base/mem.h"
#include <stdlib.h>

/* One finding at a time, so that no list of them has to be kept. */
struct found {
    enum rule_id rule;
    enum finding_verdict verdict;
    const char *target;
    const char *message;
    const char *saw; /* NULL for no evidence */
};

static struct verdict *verdict_of(const struct found *found, size_t n)
{
    struct verdict *v = xcalloc(1, sizeof *v);

    v->findings = xcalloc(n, sizeof *v->findings);
    v->n_findings = n;
    for (size_t i = 0; i < n; i++) {
        struct finding *f = &v->findings[i];

        *f = (struct finding){.rule = found[i].rule,
                              .verdict = found[i].verdict,
                              .denies = found[i].verdict == FINDING_DENY,
                              .subject = xstrdup("the subject"),
                              .target = xstrdup(found[i].target),
                              .message = xstrdup(found[i].message)};
        if (!found[i].saw)
            continue;
        f->evidence = xcalloc(1, sizeof *f->evidence);
        f->n_evidence = 1;
        f->evidence[0] = (struct evidence){xstrdup(found[i].saw), xstrdup("deploy@work tree")};
    }
    return v;
}

static void add(struct check_report *r, const char *name, const char *file, unsigned line,
                const struct found *found, size_t n)
{
    AUTO(verdict_freep) struct verdict *v = verdict_of(found, n);

    check_report_add(r,
                     &(struct review){.kind = REVIEW_APPLICATION,
                                      .kind_text = STR("Application"),
                                      .namespace = STR("argocd"),
                                      .name = str_from(name),
                                      .file = file,
                                      .line = line},
                     v);
}

static void add_exempted(struct check_report *r)
{
    static const struct found found = {RULE_MERGE_ON_PRUNED_TARGET, FINDING_EXEMPTED,
                                       "Secret team/s", "It is exempt: reason {1}.", NULL};
    AUTO(verdict_freep) struct verdict *v = verdict_of(&found, 1);

    check_report_add(r,
                     &(struct review){.kind = REVIEW_EXTERNAL_SECRET,
                                      .kind_text = STR("ExternalSecret"),
                                      .namespace = STR("team"),
                                      .name = STR("exempt")},
                     v);
}

static void add_registration(struct check_report *r)
{
    static const struct found found = {N_RULES, FINDING_DENY, "", "It locks out.", NULL};
    AUTO(verdict_freep) struct verdict *v = verdict_of(&found, 1);

    check_report_count_webhook_configuration(r);
    check_report_add_registration(r, "lockout", "ValidatingWebhookConfiguration", STR("guard"),
                                  "/tmp/w:1.yaml", 3, v);
}

#define HOSTILE "x]]>\"'&<!--\x1b\xff\u202e\uffff[go](https://evil.example)"

struct check_report *sample_report(void)
{
    static const struct found root = {RULE_SELF_REFERENCE, FINDING_DENY, "", "It syncs itself.",
                                      "apps/root.yaml:4"};
    static const struct found copy = {RULE_SELF_REFERENCE, FINDING_UNDECIDED, "",
                                      "Whether it does is not known.", NULL};
    static const struct found unsure[] = {
        {RULE_PROTECTED_SECRET_PRUNE, FINDING_UNDECIDED, "Secret argocd/argocd-secret",
         "Whether it prunes is not known.", NULL},
        {RULE_SELF_PRUNE, FINDING_WARN, "", "It would prune itself.", "spec"},
    };
    /* Rules escape names in messages; a writer that forgets markup is what is tried here. */
    static const struct found hostile = {RULE_SELF_REFERENCE, FINDING_DENY, "",
                                         "Application " HOSTILE " syncs itself.", HOSTILE};
    struct check_report *r = check_report_new();

    add(r, "unsure", "apps/unsure.yaml", 7, unsure, 2);
    add(r, "root", "copy of root.yaml", 9, &copy, 1);
    add(r, "plain", "apps/plain.yaml", 1, NULL, 0);
    add(r, "root", "apps/root.yaml", 4, &root, 1);
    add_exempted(r);
    add_registration(r);
    add(r, HOSTILE, "z/" HOSTILE, 0, &hostile, 1);
    check_report_note(r, "b&w.yaml", 3, "tab\tindentation");
    check_report_note(r, NULL, 0, "label tracking is assumed");
    return r;
}
