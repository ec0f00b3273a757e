/* tri.h: the three answers a question about evidence can have. */
#pragma once

/* NOT_KNOWN is never treated as NO: whoever asks has to say what it does then. */
enum tri { TRI_NO, TRI_YES, TRI_NOT_KNOWN };
