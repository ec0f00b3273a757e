/* tri_logic.h: not, and, or of answers that may be not known. */
#pragma once
#include "base/tri.h"

/* What is not known stays so, unless the other side settles it alone. */
static inline enum tri tri_not(enum tri a)
{
    if (a == TRI_NOT_KNOWN)
        return a;
    return a == TRI_YES ? TRI_NO : TRI_YES;
}

static inline enum tri tri_and(enum tri a, enum tri b)
{
    if (a == TRI_NO || b == TRI_NO)
        return TRI_NO;
    return a == TRI_YES && b == TRI_YES ? TRI_YES : TRI_NOT_KNOWN;
}

static inline enum tri tri_or(enum tri a, enum tri b)
{
    return tri_not(tri_and(tri_not(a), tri_not(b)));
}
