/* clock.h: the two clocks of the server room, in the units it uses. */
#pragma once
#include <stdint.h>

int64_t clock_us(void);           /* monotonic, microseconds */
int64_t clock_ms(void);           /* monotonic, milliseconds */
int64_t clock_unix_seconds(void); /* the wall clock, for judging and logs */
