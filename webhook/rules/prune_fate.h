/* prune_fate.h: what becomes of a Secret that bears an Application's mark and has no owner. */
#pragma once
#include "rules/rule.h"

/* Worst last: where several answers are possible the greatest counts. */
enum fate { FATE_SAFE, FATE_RISK, FATE_NOT_KNOWN, FATE_DELETED };

struct prune_fate {
    enum fate fate;
    const char *why; /* FATE_RISK: what happens; FATE_NOT_KNOWN: what is missing. Static text. */
};

/*
 * The Secret bears the Application's mark and is not among its targets; `effective` are the marks
 * it gets (reference/external-secrets.md 3.2). Hooks, Prune=false, Prune=confirm and Delete=false
 * decide, the object's own before the Application's; without them it is deleted.
 * pruned  whether the Application prunes it at all; else cascade deletion is what is left.
 */
struct prune_fate prune_fate_of_mark(const struct facts *f, const struct application *app,
                                     const struct marks *effective, bool pruned);

/* Deleting the Application deletes what bears its mark, even by a copied id (reference/argocd.md
 * 5.3): FATE_RISK with a resources finalizer, unless Delete=false. */
struct prune_fate prune_fate_by_cascade(const struct application *app,
                                        const struct marks *effective);

/* Whether the template fills in the mark at run time: {{ … }}, or templateFrom with metadata. */
bool prune_fate_is_filled_in(const struct external_secret *es, const struct tracking *t);
