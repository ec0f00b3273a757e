#include "review/token.h"
#include <stddef.h>

/* Source: RFC 8259, section 6 (number) and 3 (literal names). */
enum token_state {
    STATE_LITERAL,
    STATE_MINUS,
    STATE_ZERO,
    STATE_DIGITS,
    STATE_POINT,
    STATE_FRACTION,
    STATE_E,
    STATE_E_SIGN,
    STATE_EXPONENT,
};

/* What each kind of byte leads to; a missing column is STATE_LITERAL (0) and means "not here". */
struct step {
    unsigned char zero, digit, point, e, sign;
};
static const struct step steps[] = {
    [STATE_MINUS] = {.zero = STATE_ZERO, .digit = STATE_DIGITS},
    [STATE_ZERO] = {.point = STATE_POINT, .e = STATE_E},
    [STATE_DIGITS] = {.zero = STATE_DIGITS,
                      .digit = STATE_DIGITS,
                      .point = STATE_POINT,
                      .e = STATE_E},
    [STATE_POINT] = {.zero = STATE_FRACTION, .digit = STATE_FRACTION},
    [STATE_FRACTION] = {.zero = STATE_FRACTION, .digit = STATE_FRACTION, .e = STATE_E},
    [STATE_E] = {.zero = STATE_EXPONENT, .digit = STATE_EXPONENT, .sign = STATE_E_SIGN},
    [STATE_E_SIGN] = {.zero = STATE_EXPONENT, .digit = STATE_EXPONENT},
    [STATE_EXPONENT] = {.zero = STATE_EXPONENT, .digit = STATE_EXPONENT},
};

bool token_begin(struct token *t, char c)
{
    t->state = STATE_LITERAL;
    t->rest = NULL;
    if (c == 't')
        t->rest = "rue";
    else if (c == 'f')
        t->rest = "alse";
    else if (c == 'n')
        t->rest = "ull";
    else if (c == '-')
        t->state = STATE_MINUS;
    else if (c == '0')
        t->state = STATE_ZERO;
    else if (c >= '1' && c <= '9')
        t->state = STATE_DIGITS;
    else
        return false;
    return true;
}

bool token_take(struct token *t, char c)
{
    const struct step *step;
    unsigned char next = 0;

    if (t->state == STATE_LITERAL) {
        if (!*t->rest || *t->rest != c)
            return false;
        t->rest++;
        return true;
    }
    step = &steps[t->state];
    if (c == '0')
        next = step->zero;
    else if (c >= '1' && c <= '9')
        next = step->digit;
    else if (c == '.')
        next = step->point;
    else if (c == 'e' || c == 'E')
        next = step->e;
    else if (c == '+' || c == '-')
        next = step->sign;
    if (!next)
        return false;
    t->state = next;
    return true;
}

bool token_is_whole(const struct token *t)
{
    switch (t->state) {
    case STATE_LITERAL:
        return *t->rest == '\0';
    case STATE_ZERO:
    case STATE_DIGITS:
    case STATE_FRACTION:
    case STATE_EXPONENT:
        return true;
    default:
        return false;
    }
}
