/* spot.h: one value of the configuration file, where it stands, and how a plain one is kept. */
#pragma once
#include "base/err.h"
#include "config/keys.h"
#include <jansson.h>

enum { SPOT_PATH_MAX = 256 }; /* of a key in messages; longer ones were never ours */

/* What all values of one file share. Everything is borrowed. */
struct reader {
    struct settings *settings;
    const char *file;
    const char *directory; /* paths are relative to it; "" leaves them as they are */
    const struct yaml_lines *lines;
    struct err *err;
};

struct spot {
    const struct key *key;
    json_t *value;
    void *base; /* key->offset counts from here */
    unsigned line;
    char path[SPOT_PATH_MAX]; /* "repositories[1].url" */
};

/* Fills the reader's err with ERR_CONFIG, "PATH COMPLAINT", "FILE:LINE", "found …, wanted …". All
 * return false, to be returned. */
bool spot_refuse(const struct reader *r, const struct spot *spot, const char *complaint,
                 const char *wanted);
bool spot_wrong_type(const struct reader *r, const struct spot *spot, const char *wanted);
bool spot_wrong_value(const struct reader *r, const struct spot *spot);
bool spot_not_yet(const struct reader *r, const struct spot *spot);

/* A text that a C string can hold, or a refusal. *out is a view into the value. */
bool spot_text(const struct reader *r, const struct spot *spot, struct str *out);

/* `path` as seen from `directory`, freed by the caller: "tls.crt" in "/etc" is "/etc/tls.crt". */
char *spot_resolve(const char *directory, struct str path);

/* Where the row says the value goes, and a list's count. */
void *spot_slot(const struct spot *spot);
size_t *spot_count(const struct spot *spot);

/* Each checks the value against its row and keeps it, or refuses. One per scalar key_type. */
bool spot_set_text(const struct reader *r, const struct spot *spot);
bool spot_set_path(const struct reader *r, const struct spot *spot);
bool spot_set_bool(const struct reader *r, const struct spot *spot);
bool spot_set_choice(const struct reader *r, const struct spot *spot);
bool spot_set_expiry(const struct reader *r, const struct spot *spot);
bool spot_set_size(const struct reader *r, const struct spot *spot);
bool spot_set_count(const struct reader *r, const struct spot *spot); /* durations as well */
