/* source_type.h: how Argo CD decides what kind of source a path is (reference/argocd.md 2.1). */
#pragma once
#include "repository/index.h"

enum source_type {
    SOURCE_DIRECTORY,
    SOURCE_KUSTOMIZE,
    SOURCE_HELM,
    SOURCE_DECIDED, /* the output says it all: it fails, or the type is not known */
};

/*
 * Finds the directory of request->source->path: sets path, directory and ends_in_link. False when
 * the output says why there is none.
 */
bool source_find_path(struct render *r);
/* Needs source_find_path(). */
enum source_type source_find_type(struct render *r);
/* null, "", [], {} and false: an option's member that sets nothing. */
bool source_is_empty_value(const json_t *value);
