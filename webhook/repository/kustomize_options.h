/* kustomize_options.h: what an Application's own Kustomize options make of its kustomization. */
#pragma once
#include "base/attr.h"
#include "base/tri.h"
#include <jansson.h>

/*
 * Argo CD runs `kustomize edit` on a checkout before it builds (reference/argocd.md 2.4): names and
 * namespace replace those of the kustomization, patches and components are appended, labels and
 * annotations added.
 * document  the kustomization, as kustomize_text_compile() made it; not changed.
 * options   spec.source.kustomize; NULL and empty are none.
 * out       the caller's; set on YES only.
 * *why      set on NO (the edit fails) and NOT_KNOWN: a phrase that the caller frees.
 */
enum tri kustomize_options_apply(const json_t *document, const json_t *options, json_t **out,
                                 char **why) MUST_CHECK;
