/* cycle.h: Applications that render one another in a ring (reference/argocd.md 3, "Cycle"). */
#pragma once
#include "rules/rule.h"

/* Longer chains are not drawn, and nobody nests Applications this deep. */
enum { CYCLE_MAX = 16 };

/* One step: who renders the Application before it. */
struct cycle_step {
    const struct known_application *parent;
    const struct renderer *renders; /* how; NULL: as the tracking mark of the child says */
};
struct cycle {
    struct cycle_step steps[CYCLE_MAX]; /* from the judged Application's parent upwards */
    size_t n;
    /* How the judged Application renders the last of them; NULL: as that one's mark says. */
    const struct rendered *closing;
    const struct source_output *closing_source;
};

/*
 * A ring of at least two Applications, all of this cluster, that leads from the judged one back to
 * it: each is certainly rendered by the next, or bears its mark while what the next renders is not
 * known. Bounded by the number of known Applications. False when there is none.
 */
bool cycle_find(const struct context *c, struct cycle *out);
