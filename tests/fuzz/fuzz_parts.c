#include "fuzz_parts.h"
#include <string.h>

struct str fuzz_next_part(struct str *text)
{
    struct str part = *text;
    size_t n = 0;

    while (n + 3 <= text->n && memcmp(text->p + n, "\n=\n", 3) != 0)
        n++;
    if (n + 3 > text->n) {
        *text = STR("");
        return part;
    }
    part = str_sub(*text, 0, n + 1);
    *text = str_sub(*text, n + 3, text->n);
    return part;
}
