#include "server/timeout.h"
#include "base/attr.h"
#include "base/str.h"
#include <ctype.h>
#include <stddef.h>

/* No webhook waits a day; the sum stays far from overflowing. */
static const double MAX_MS = 24.0 * 60 * 60 * 1000;

struct unit {
    struct str name;
    double ms;
};

/* Longer names first, so that "ms" is not read as "m". */
static const struct unit units[] = {
    {{"ns", 2}, 1e-6}, {{"us", 2}, 1e-3}, {{"\xC2\xB5s", 3}, 1e-3}, {{"\xCE\xBCs", 3}, 1e-3},
    {{"ms", 2}, 1},    {{"s", 1}, 1000},  {{"m", 1}, 60000},        {{"h", 1}, 3600000},
};

/* Cuts "12", "1.5", ".5" off *rest. */
static bool number(struct str *rest, double *value)
{
    double scale = 1;
    bool digits = false;
    bool fraction = false;
    size_t i = 0;

    *value = 0;
    for (; i < rest->n; i++) {
        char c = rest->p[i];

        if (c == '.' && !fraction) {
            fraction = true;
        } else if (isdigit((unsigned char)c)) {
            digits = true;
            if (fraction)
                *value += (c - '0') * (scale /= 10);
            else
                *value = *value * 10 + (c - '0');
        } else {
            break;
        }
    }
    *rest = str_sub(*rest, i, rest->n);
    return digits;
}

static bool unit(struct str *rest, double *ms)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_starts(*rest, units[i].name)) {
            *rest = str_sub(*rest, units[i].name.n, rest->n);
            *ms = units[i].ms;
            return true;
        }
    return false;
}

bool timeout_parse(const char *text, unsigned *out_ms)
{
    struct str rest = str_from(text);
    double total = 0;

    if (rest.n == 0)
        return false;
    while (rest.n) {
        double value;
        double ms;

        if (!number(&rest, &value) || !unit(&rest, &ms))
            return false;
        total += value * ms;
        if (total > MAX_MS)
            return false;
    }
    if (total <= 0)
        return false;
    *out_ms = total < 1 ? 1 : (unsigned)total;
    return true;
}
