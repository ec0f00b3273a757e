/* attr.h: the compiler attributes and ownership helpers every module uses. */
#pragma once
#include <stddef.h> /* NULL, for steal() */

/* The result must be looked at; ignoring it is a bug the compiler reports. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* printf-style checking: argument `fmt` is the format, the values start at `first` (0: va_list). */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* The local is released by `fn(&local)` when its scope ends. */
#define AUTO(fn) __attribute__((cleanup(fn)))

/* Hands over what *pp owns: returns the pointer and leaves NULL behind. */
#define steal(pp)                                                                                  \
    __extension__({                                                                                \
        __typeof__(*(pp)) stolen_ = *(pp);                                                         \
        *(pp) = NULL;                                                                              \
        stolen_;                                                                                   \
    })

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
