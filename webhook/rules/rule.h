/* rule.h: what a rule is given and how it says what it found; the contract inside this room. */
#pragma once
#include "base/buf.h"
#include "facts/facts.h"
#include "review/review.h"
#include "rules/judge.h"
#include "rules/verdict.h"

/* One state of the judged object: as the request wants it, or as it was stored. */
struct subject {
    const struct application *app;    /* one of the two, the other NULL */
    const struct external_secret *es; /* */
    struct output *output;            /* what `app` renders; NULL for an ExternalSecret */
    struct output *operation_output;  /* what its operation renders, when that differs */
    /* Marks and status of a stored object are evidence; those of a CREATE may be a copy. */
    bool stored;
    /* The ApplicationSet that makes it, as its owner or the file it comes from says; without a name
     * where there is none. Views into `app` or the facts. */
    struct identity maker;
    /* operation.sync prunes and was set or changed by this request. */
    bool new_operation;
};

struct findings {
    struct finding *items;
    size_t n;
    size_t capacity;
};

struct context {
    const struct facts *facts;
    const struct review *review;
    const struct subject *subject;
    const struct subject *before; /* the stored object of an UPDATE; NULL on CREATE and when
                                     the stored object itself is being judged */
};

/* Asks questions of its facts and adds findings; pure, like judge(). */
typedef void (*rule_fn)(const struct context *c, struct findings *out);

void rule_self_reference(const struct context *c, struct findings *out);
void rule_self_prune(const struct context *c, struct findings *out);
void rule_merge_on_pruned_target(const struct context *c, struct findings *out);
void rule_prune_over_unowned(const struct context *c, struct findings *out);
void rule_protected_secret_prune(const struct context *c, struct findings *out);

/*
 * Adds a finding about the subject. `message` is taken over (its text moves into the finding and
 * the buffer is empty afterwards). target: "" or what else it is about, copied.
 * The result is valid until the next findings_add().
 */
struct finding *findings_add(struct findings *list, const struct context *c, enum rule_id rule,
                             enum finding_verdict verdict, const char *target, struct buf *message);
/* Both texts are copied. */
void finding_add_evidence(struct finding *f, const char *saw, const char *source);
/* What was seen in a repository: evidence of its revision, on which the finding rests then. */
void finding_add_place(struct finding *f, const char *saw, const struct repository *r);
/* It rests on what all sources of the output hold, or do not hold. NULL is fine. */
void finding_rests_on_output(struct finding *f, const struct output *o);
/* The known Application and where it was seen. */
void finding_add_known(struct finding *f, const struct facts *facts,
                       const struct known_application *known);
/* The facts may go before the finding does. */
void findings_forget_repositories(struct finding *f);
void findings_clear(struct findings *list);

/* The judged object: its identity. */
const struct identity *context_id(const struct context *c);

/* A field of outside text, escaped and cut, to be printed in one expression: show(x).text. */
struct shown {
    char text[256];
};
struct shown show(struct str text);
struct shown show_url(struct str url);
/* "namespace/name". */
struct shown show_id(const struct identity *id);
/* "file:line". */
struct shown show_place(const struct manifest *m);
/* Where a known Application stands: "file:line", "live", or the live ApplicationSet that makes it.
 */
struct shown show_known(const struct known_application *known);
/* "cluster@resourceVersion", or "cluster" where none was seen. */
struct shown show_cluster(const struct facts *f);
/* "label@revision" of a repository. */
struct shown show_revision(const struct repository *r);
/* The destination as its author wrote it: the server, or the name. */
struct shown show_destination(const struct destination *d);
/* An upper bound for one message; four rules' findings fit the answer's 4 KB where they are short,
 * and the answer cuts where they are not. */
enum { MESSAGE_MAX = 4000 };

/*
 * Whether the Application's own syncOptions keep the object from being pruned: Prune=false there is
 * a default since 3.4 that any Prune=… of the object overrides (reference/argocd.md 1.3, 5.4 row
 * 7).
 */
enum tri subject_keeps_all(const struct facts *f, const struct application *app,
                           const struct marks *object);
/* Whether the Application bears its own mark under the method in force: NOT_KNOWN when the
 * hypotheses differ. mark: set on YES, to the mark as it stands on the object. */
enum tri subject_own_mark(const struct facts *f, const struct application *app, struct shown *mark);
/* The same under any method at all (an object of before a migration). */
bool subject_own_mark_of_any_method(const struct facts *f, const struct application *app);
/* The ApplicationSet in the Application's ownerReferences; without a name where there is none. */
struct identity subject_owning_set(const struct application *app);
