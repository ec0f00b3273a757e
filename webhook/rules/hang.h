/* hang.h: whether an Application that syncs itself certainly waits for itself for ever
 * (reference/argocd.md 6.1, 6.2). */
#pragma once
#include "rules/rule.h"

/*
 * Proven where argocd-cm's health check of Applications demands that they be Synced, and the same
 * sync has a wave behind the Application's own: it cannot be Synced before that wave, which waits
 * for it. Any other check, or none, leaves it open.
 * self   the Application's own definition, as its source renders it.
 * later  set to the object of the later wave, where proven.
 */
bool hang_is_proven(const struct context *c, const struct rendered *self,
                    const struct source_output *by, const struct rendered **later,
                    const struct source_output **later_by);
/* The wave an object is synced in; false where its annotation is no number, or a kustomization may
 * give it another. */
bool hang_wave(const struct rendered *object, const struct source_output *by, long *wave);
