/* yaml_lines.h: the table that remembers at which line each value of a JSON tree was written. */
#pragma once
#include "base/yaml.h"

struct yaml_lines *yaml_lines_new(void);
/* The member's key and the array's item must be in place already. */
void yaml_lines_set_member(struct yaml_lines *lines, const json_t *object, const char *key,
                           unsigned line);
void yaml_lines_note_repeat(struct yaml_lines *lines, unsigned line);
void yaml_lines_note_merge(struct yaml_lines *lines);
void yaml_lines_set_item(struct yaml_lines *lines, const json_t *array, size_t index,
                         unsigned line);
