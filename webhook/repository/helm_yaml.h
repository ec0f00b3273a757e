/* helm_yaml.h: writes what is known of a value as YAML, as toYaml does. */
#pragma once
#include "base/buf.h"
#include <jansson.h>
#include <stdbool.h>

/*
 * Block style, keys in order, no newline at the end; it reads back as the same value, although not
 * every byte is Helm's. What is not known becomes an action: `key: {{ ? }}`. Text with actions of
 * its own, which `tpl` would run, keeps them.
 * False where it cannot be written down like that: an open map, for instance.
 */
bool helm_yaml_write(struct buf *out, const json_t *value);
