/* verdict.h: what was decided about one object, with the evidence. */
#pragma once
#include "base/attr.h"
#include "base/str.h"
#include "config/settings.h"
#include <stdbool.h>
#include <stddef.h>
struct repository;

/* FINDING_EXEMPTED: somebody let it through (design 3.5), whatever it was. */
enum finding_verdict { FINDING_DENY, FINDING_WARN, FINDING_UNDECIDED, FINDING_EXEMPTED };
const char *finding_verdict_name(enum finding_verdict v); /* "deny", "warn", "undecided", … */

/* An UPDATE is worse when its finding has a trait that the old object's lacks (design 3.6). */
enum finding_trait {
    TRAIT_PRUNES = 1,        /* the Application prunes automatically */
    TRAIT_HANGS = 2,         /* that it waits for itself for ever is proven */
    TRAIT_PROTECTED = 4,     /* the target is a protected Secret */
    TRAIT_OWN_MARK = 8,      /* the Application bears its own tracking mark */
    TRAIT_OPERATION = 16,    /* a new or changed operation prunes */
    TRAIT_BY_MARK = 64,      /* the own mark is what proves it */
    TRAIT_NEVER_DENIES = 32, /* undecided, whatever the settings ask for: the destination
                               is not known (design 3.5), or an UPDATE cannot be compared */
};

/* One thing that was seen. Plain text, already escaped for output. */
struct evidence {
    char *saw;    /* what was seen: `file:line`, a mark, a field and its value */
    char *source; /* from which document or revision: "k8s-deploy-prod@work tree", "object", … */
};

struct finding {
    enum rule_id rule;
    enum finding_verdict verdict; /* what the rule found, after modes and exemptions */
    bool denies;                  /* counts against the request: deny, or undecided in that mode */
    bool ratcheted;               /* oldObject already had it, exempted or not: never denies */
    unsigned traits;              /* what makes it worse than another one: enum finding_trait */
    char *subject;                /* "Application argocd/root": the judged object */
    char *target;                 /* what else it is about ("Secret argocd/argocd-secret"), or "" */
    char *message;                /* without the [rule] prefix; escaped */
    struct evidence *evidence;
    size_t n_evidence;
    /* What of Git it rests on; borrowed from the facts, and gone once judge() has returned. */
    const struct repository **rests_on;
    size_t n_rests_on;
};

struct verdict {
    bool allowed;
    struct finding *findings;
    size_t n_findings;
};

void verdict_free(struct verdict *v); /* NULL is fine */
void verdict_freep(struct verdict **v);
