/* config.h: the configuration file, read into settings. */
#pragma once
#include "base/attr.h"
#include "base/err.h"
#include "config/settings.h"

enum { CONFIG_MAX_BYTES = 1024 * 1024 }; /* a configuration is written by hand */

/*
 * Reads the YAML file of design 5. Every key is known: an unknown key, a wrong type or a value out
 * of range fails with ERR_CONFIG and `where` "file:line", `what` naming the key, `why` found and
 * wanted. A key whose value asks for something this version does not act on is refused with
 * "not supported yet". A key without a value ("repositories:") counts as left out. Relative paths
 * become relative to the file's directory. out  owned by the caller (settings_free()).
 */
bool config_load(const char *file, struct settings **out, struct err *err) MUST_CHECK;
/* The same from text; `name` stands for the file in messages, `directory` resolves paths. */
bool config_parse(struct str text, const char *name, const char *directory, struct settings **out,
                  struct err *err) MUST_CHECK;
