/* secret_fate.h: what becomes of a Secret that bears an Application's mark (reference/argocd.md 5.1
 * to 5.4, reference/external-secrets.md 3.2). */
#pragma once
#include "rules/rule.h"

/* Worst last: where several answers are possible the greatest counts. */
enum fate { FATE_SAFE, FATE_RISK, FATE_NOT_KNOWN, FATE_DELETED };

struct secret_fate {
    enum fate fate;
    /* FATE_RISK: what happens; FATE_NOT_KNOWN: what is missing. Static, or of the pruner's output.
     */
    const char *why;
    bool destination_only; /* nothing but the destination is missing: never denied (design 3.5) */
};

/* The Application whose mark it is. */
struct pruner {
    const struct application *app;
    const struct output *output; /* of the Application, or of its operation */
    bool prunes;                 /* by automated sync, or by the operation that is judged */
    /* How it would prune although it does not now: a phrase. NULL: cascade deletion is all that is
     * left. */
    const char *later;
    /* Whose status.resources is Argo CD's word on what these sources render; NULL: nobody's. */
    const struct application *compared;
    const char *doubt; /* why it may not be there as it stands here; NULL */
};
/* One that the facts know, and that marks an ExternalSecret or Secret: rows 4 and 15. */
struct pruner pruner_of_known(const struct known_application *known);

/*
 * The marks that the Secret bears once the ExternalSecret has written it (3.2): the template's or
 * its own, and beneath them what the live Secret has and the ExternalSecret did not put there.
 */
struct effective_marks {
    struct marks marks;
    struct marks live; /* what is beneath */
    json_t *labels;    /* of `live`; owned */
    json_t *annotations;
};
/* live, before (the stored state of the ExternalSecret): NULL where there is none. The result is
 * cleared with effective_marks_clear() and must not be moved. */
void effective_marks_init(struct effective_marks *e, const struct external_secret *es,
                          const struct secret *live, const struct external_secret *before);
void effective_marks_clear(struct effective_marks *e);

/* The Secret as it is looked at. */
struct marked_secret {
    const struct identity *id;
    const struct marks *marks;        /* as they will be */
    const struct secret *live;        /* NULL: not seen */
    const struct external_secret *es; /* that writes it; NULL */
};
/* It bears the pruner's mark. */
struct secret_fate secret_fate(const struct facts *f, const struct pruner *p,
                               const struct marked_secret *s);
/* It bears the pruner's mark by a copied tracking-id: prune skips it, cascade deletion does not. */
struct secret_fate secret_fate_by_cascade(const struct facts *f, const struct pruner *p,
                                          const struct marked_secret *s);

/*
 * Whether something known writes the Secret and would own it, so that Argo CD leaves it alone once
 * it does: another ExternalSecret with creationPolicy Owner, or a SealedSecret of the Secret's
 * name. Where the Secret itself was not seen, that is not known to have happened.
 * except  the ExternalSecret that is asked about; NULL.
 */
bool secret_has_owning_writer(const struct facts *f, const struct identity *secret,
                              const struct identity *except);
#define OWNING_WRITER_WHY                                                                          \
    "something else that would own it writes the same Secret (another ExternalSecret with "        \
    "creationPolicy Owner, or a SealedSecret), and whether it owns it is not seen"

/* Whether the template fills in the mark at run time: {{ … }}, or templateFrom with metadata. */
bool template_fills_in_mark(const struct external_secret *es, const struct tracking *t);
