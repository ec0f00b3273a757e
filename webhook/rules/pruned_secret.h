/* pruned_secret.h: whether the judged Application would delete one Secret, and how that is said. */
#pragma once
#include "rules/secret_fate.h"

/* How the Application comes to delete it. */
enum threat_cause {
    CAUSE_EXTERNAL_SECRET, /* an unowned ExternalSecret hands the Application's mark on: row 11 */
    CAUSE_LIVE_MARK,       /* the live Secret bears it: rows 5, 6, 10, 12 */
    CAUSE_STATUS,          /* Argo CD itself says that it prunes it: row 8 */
    CAUSE_LEAVES,          /* this change takes it out of what is rendered: row 10 */
    CAUSE_OWNER,           /* it prunes the ExternalSecret that owns the Secret: row 4 */
};

/* One way in which one Secret would be deleted. Row numbers: reference/argocd.md 5.4. */
struct threat {
    enum threat_cause cause;
    struct identity secret;
    const struct secret *live;        /* NULL: not seen */
    const struct external_secret *es; /* CAUSE_EXTERNAL_SECRET, CAUSE_OWNER */
    const struct rendered *rendered;  /* how the Application renders `es`; NULL: it is live */
    const struct source_output *source;
    struct pruner pruner;
    struct secret_fate fate;
};

/* What is asked of one Secret. */
struct threatened {
    struct identity secret;
    struct pruner pruner;
};

/*
 * The worst that the Application would do to the Secret; FATE_SAFE where nothing is known that it
 * would. es: where the result is about one that had to be parsed, the caller frees it with
 * external_secret_free().
 */
struct threat pruned_secret_judge(const struct context *c, const struct threatened *wanted,
                                  struct external_secret **es);
/* The same for what the ExternalSecrets alone do: those that the Application renders, and live ones
 * that it marks. */
struct threat pruned_secret_judge_es(const struct context *c, const struct threatened *wanted,
                                     struct external_secret **es);
/* What that ExternalSecret alone would do to it. rendered: how the Application renders it; NULL: it
 * is live. */
struct secret_fate pruned_secret_fate_through(const struct context *c,
                                              const struct threatened *wanted,
                                              const struct external_secret *es,
                                              const struct rendered *rendered);
/* The i-th tracking hypothesis under which the live Secret bears the judged Application's mark;
 * NULL where there is none. */
const struct tracking *pruned_secret_mark(const struct context *c, const struct secret *live,
                                          size_t i);
/* Adds the finding; the threat's fate is not FATE_SAFE. */
struct finding *pruned_secret_report(const struct context *c, const struct threat *threat,
                                     enum rule_id rule, struct findings *out);

/* The judged Application as one that prunes by automated sync or by its operation. */
struct pruner pruner_judged(const struct context *c, const struct output *output, bool prunes);
