#include "config/values.h"
#include "objects/names.h"
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* Cuts the digits off the front of *rest; false when there are none or they pass INT64_MAX. */
static bool cut_number(struct str *rest, uint64_t *out)
{
    int64_t n = 0;
    size_t used = 0;

    while (used < rest->n && is_digit(rest->p[used])) {
        if (__builtin_mul_overflow(n, (int64_t)10, &n) ||
            __builtin_add_overflow(n, (int64_t)(rest->p[used] - '0'), &n))
            return false;
        used++;
    }
    if (used == 0)
        return false;
    *rest = str_sub(*rest, used, rest->n);
    *out = (uint64_t)n;
    return true;
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* Cuts the longest unit that starts *rest, so that "ms" is not taken for minutes. */
static const struct unit *cut_unit(struct str *rest, const struct unit *units, size_t n_units)
{
    const struct unit *best = NULL;

    for (size_t i = 0; i < n_units; i++)
        if (str_starts(*rest, str_from(units[i].name)) &&
            (!best || strlen(units[i].name) > strlen(best->name)))
            best = &units[i];
    if (best)
        *rest = str_sub(*rest, strlen(best->name), rest->n);
    return best;
}

bool value_duration_ms(struct str text, uint64_t *ms)
{
    static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    uint64_t total = 0;

    if (str_is(text, "0")) {
        *ms = 0;
        return true;
    }
    if (text.n == 0)
        return false;
    while (text.n) {
        uint64_t n;
        const struct unit *unit;

        if (!cut_number(&text, &n))
            return false;
        unit = cut_unit(&text, units, ARRAY_LEN(units));
        if (!unit || __builtin_mul_overflow(n, unit->factor, &n) ||
            __builtin_add_overflow(total, n, &total) || total > UINT32_MAX)
            return false;
    }
    *ms = total;
    return true;
}

bool value_size_bytes(struct str text, uint64_t *bytes)
{
    static const struct unit units[] = {
        {"", 1}, {"KiB", 1024}, {"MiB", UINT64_C(1) << 20}, {"GiB", UINT64_C(1) << 30}};
    const struct unit *unit;
    uint64_t n;

    if (!cut_number(&text, &n))
        return false;
    unit = cut_unit(&text, units, ARRAY_LEN(units));
    if (text.n || __builtin_mul_overflow(n, unit->factor, &n) || n > INT64_MAX)
        return false;
    *bytes = n;
    return true;
}

/* Cuts `wanted` off the front of *rest: '0' stands for any digit, the rest for itself. The digits
 * between other characters become one number each. */
static bool cut_pattern(struct str *rest, const char *wanted, int *numbers)
{
    size_t n = strlen(wanted);

    if (rest->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = rest->p[i];

        if (wanted[i] != '0') {
            if (c != wanted[i])
                return false;
            numbers++;
            *numbers = 0;
        } else if (is_digit(c)) {
            *numbers = *numbers * 10 + (c - '0');
        } else {
            return false;
        }
    }
    *rest = str_sub(*rest, n, rest->n);
    return true;
}

/* The zone at the end of a time, as seconds east of UTC. */
static bool read_zone(struct str text, int64_t *offset)
{
    int numbers[3] = {0};
    bool west = str_starts(text, STR("-"));

    *offset = 0;
    if (str_is(text, "Z"))
        return true;
    if (!cut_pattern(&text, west ? "-00:00" : "+00:00", numbers) || text.n || numbers[1] > 23 ||
        numbers[2] > 59)
        return false;
    *offset = (west ? -60 : 60) * (int64_t)(numbers[1] * 60 + numbers[2]);
    return true;
}

/* Cuts ".123" off; true when it is more than nothing. */
static bool cut_fraction(struct str *rest)
{
    size_t n = 1;
    bool some = false;

    if (!str_starts(*rest, STR(".")))
        return false;
    while (n < rest->n && is_digit(rest->p[n]))
        some = rest->p[n++] != '0' || some;
    if (n > 1)
        *rest = str_sub(*rest, n, rest->n);
    return some;
}

bool value_expiry(struct str text, int64_t *at)
{
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, N_NUMBERS };
    int numbers[N_NUMBERS] = {0};
    struct tm day;
    int64_t seconds;
    int64_t offset;

    if (!cut_pattern(&text, "0000-00-00", numbers))
        return false;
    day = (struct tm){
        .tm_year = numbers[YEAR] - 1900, .tm_mon = numbers[MONTH] - 1, .tm_mday = numbers[DAY]};
    seconds = timegm(&day);
    /* timegm() turns the 31st of June into the 1st of July. */
    if (day.tm_mon != numbers[MONTH] - 1 || day.tm_mday != numbers[DAY])
        return false;
    if (text.n == 0) {
        *at = seconds + INT64_C(24) * 60 * 60;
        return true;
    }
    if (!cut_pattern(&text, "T00:00:00", &numbers[DAY]) || numbers[HOUR] > 23 ||
        numbers[MINUTE] > 59 || numbers[SECOND] > 59)
        return false;
    seconds += (INT64_C(60) * numbers[HOUR] + numbers[MINUTE]) * 60 + numbers[SECOND] +
               cut_fraction(&text);
    if (!read_zone(text, &offset))
        return false;
    *at = seconds - offset;
    return true;
}

static bool is_ip6(struct str text)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (text.n >= sizeof copy || memchr(text.p, '\0', text.n))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

static bool is_host(struct str text)
{
    if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        return is_ip6(str_sub(text, 1, text.n - 1));
    for (size_t i = 0; i < text.n; i++)
        if (!is_alnum(text.p[i]) && text.p[i] != '.' && text.p[i] != '-')
            return false;
    return text.n > 0 && text.n <= 253;
}

bool value_is_address(struct str text)
{
    size_t colon = text.n;
    struct str port;
    uint64_t number;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ':')
            colon = i;
    if (colon == text.n)
        return false;
    port = str_sub(text, colon + 1, text.n);
    return cut_number(&port, &number) && port.n == 0 && number <= 65535 &&
           is_host(str_sub(text, 0, colon));
}

/* 1 to 63 of [A-Za-z0-9._-], alphanumerics at both ends. */
static bool is_label_name(struct str text)
{
    if (text.n == 0 || text.n > 63 || !is_alnum(text.p[0]) || !is_alnum(text.p[text.n - 1]))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!is_alnum(text.p[i]) && (text.p[i] == '\0' || !strchr("-._", text.p[i])))
            return false;
    return true;
}

bool value_is_label_key(struct str text)
{
    size_t slash = str_find_char(text, '/');

    if (slash == text.n)
        return is_label_name(text);
    return names_is_subdomain(str_sub(text, 0, slash)) &&
           is_label_name(str_sub(text, slash + 1, text.n));
}

bool value_is_version(struct str text)
{
    unsigned n_parts = 0;
    struct str part;

    if (str_starts(text, STR("v")))
        text = str_sub(text, 1, text.n);
    while (str_split(&text, '.', &part)) {
        uint64_t number;

        if (!cut_number(&part, &number) || part.n || number > 9999)
            return false;
        n_parts++;
    }
    return n_parts == 2 || n_parts == 3;
}
