/* decode.h: a file's bytes as text, decoded the way Argo CD opens manifests. */
#pragma once
#include "base/str.h"

/*
 * A byte-order mark decides between UTF-8 and UTF-16; without one the bytes are UTF-8 whose invalid
 * sequences become U+FFFD (TomOnTime/utfutil with the hint UTF8, which getObjsFromYAMLOrJSON uses).
 * Behind the mark of UTF-8 the bytes stay as they are, invalid ones too (golang.org/x/text
 * encoding/unicode, bomOverride), so that YAML is refused; otherwise the text is valid UTF-8.
 * text   a view into `bytes` where nothing changes, else into *owned.
 * owned  set to memory the caller frees, or NULL. At most three times the size of `bytes`.
 */
void decode_text(struct str bytes, struct str *text, char **owned);
