/* decode.h: a file's bytes as UTF-8 text, decoded the way Argo CD opens manifests. */
#pragma once
#include "base/str.h"

/*
 * A byte-order mark decides between UTF-8 and UTF-16; without one the bytes are UTF-8 whose invalid
 * sequences become U+FFFD (TomOnTime/utfutil with the hint UTF8, which getObjsFromYAMLOrJSON uses).
 * text   a view into `bytes` where nothing changes, else into *owned.
 * owned  set to memory the caller frees, or NULL. At most three times the size of `bytes`.
 */
void decode_text(struct str bytes, struct str *text, char **owned);
