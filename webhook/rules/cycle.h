/* cycle.h: Applications that render one another in a ring (reference/argocd.md 3, "Cycle"). */
#pragma once
#include "rules/rule.h"

/* Longer chains are not drawn, and nobody nests Applications this deep. */
enum { CYCLE_MAX = 16 };

/* One step: who renders the Application before it. */
struct cycle_step {
    const struct known_application *parent;
    const struct renderer *renders; /* how; NULL: as the tracking mark of the child says */
    struct identity set; /* what it renders makes the child; without a name: is the child */
};
struct cycle {
    struct cycle_step steps[CYCLE_MAX]; /* from the judged Application's parent upwards */
    size_t n;
    /* How the judged Application renders the last of them; NULL: as that one's mark says. */
    const struct rendered *closing;
    const struct source_output *closing_source;
    struct identity closing_set; /* as above */
};

/*
 * A ring of Applications, all of this cluster, that leads from the judged one back to it: each is
 * certainly rendered by the next, or made by an ApplicationSet that the next certainly renders, or
 * bears the next one's mark while what that renders is not known. Bounded by the number of known
 * Applications. False when there is none.
 * through_maker  whether the ring may lead through the ApplicationSet that makes the judged one,
 *                which may then be alone in it (n is 0): the controller of ApplicationSets writes
 * the judged one again and again, whatever it is answered.
 */
bool cycle_find(const struct context *c, bool through_maker, struct cycle *out);
