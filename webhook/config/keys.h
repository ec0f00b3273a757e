/* keys.h: every key of the configuration file as a row of data. */
#pragma once
#include "base/str.h"
#include "config/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type {
    KEY_MAP,      /* its members are rows of their own */
    KEY_ITEMS,    /* a list of mappings, whose members are rows at "path[]" */
    KEY_TEXTS,    /* a list of texts */
    KEY_TEXT,     /* a text */
    KEY_PATH,     /* a text that names a file, relative to the configuration file */
    KEY_PATHS,    /* a list of such, at least one */
    KEY_BOOL,     /* true or false */
    KEY_CHOICE,   /* one of a few words */
    KEY_COUNT,    /* a whole number */
    KEY_DURATION, /* "1m30s", kept as milliseconds */
    KEY_SIZE,     /* "8MiB", kept as bytes */
    KEY_EXPIRY,   /* "2027-06-30", kept as a struct expiry */
};

struct choice {
    const char *name;
    unsigned value;
    bool not_yet; /* known, but this version does not act on it */
};

/* The value is looked at and kept nowhere. */
#define KEY_NOWHERE SIZE_MAX

struct key {
    const char *path; /* "tls.minVersion", "repositories[].url" */
    enum key_type type;
    bool as_bool;       /* KEY_CHOICE: the value is kept as a bool, else as an unsigned */
    bool or_map;        /* KEY_CHOICE: a mapping with rows of its own may stand in its place */
    bool may_be_empty;  /* KEY_TEXT, KEY_PATH */
    bool required;      /* of an item */
    const char *wanted; /* what a right value looks like, for messages */
    /* Where the value goes: in struct settings, or in the item for paths with "[]". For lists the
     * pointer to the first, with its count at count_offset. */
    size_t offset;
    size_t count_offset;
    size_t item_size;                 /* KEY_ITEMS */
    void (*drop)(struct settings *s); /* KEY_ITEMS: frees the default the list replaces */
    bool (*check)(struct str text);   /* KEY_TEXT, KEY_TEXTS (each): NULL takes any text */
    const char *automatic;            /* KEY_TEXT: this word is kept as "" */
    const struct choice *choices;     /* KEY_CHOICE */
    size_t n_choices;
    /* KEY_COUNT, KEY_DURATION (ms), KEY_SIZE (bytes); KEY_ITEMS, KEY_PATHS: at most max, 0 is any
     * number. */
    uint64_t min, max;
    /* Known, but this version does not act on it: only what asks for nothing is taken ("", 0, an
     * empty list). */
    bool not_yet;
    bool at_start; /* a running server cannot change it: restart.h */
};

const struct key *keys_table(size_t *n);
