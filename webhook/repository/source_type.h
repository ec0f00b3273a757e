/* source_type.h: how Argo CD decides what kind of source a path is (reference/argocd.md 2.1). */
#pragma once
#include "repository/index.h"

/*
 * Finds the directory of request->source->path: sets path, directory and ends_in_link. False when
 * the output says why there is none.
 */
bool source_find_path(struct render *r);
/*
 * Needs source_find_path(). What override files in the path say goes into r->request first, for
 * whoever renders. SOURCE_PLUGIN and SOURCE_UNSETTLED: the output says it all.
 */
enum source_type source_find_type(struct render *r);
/* null, "", [], {} and false: an option's member that sets nothing. */
bool source_is_empty_value(const json_t *value);
