#ifndef WARREN_CCOMPRESSION_H
#define WARREN_CCOMPRESSION_H

/* Streaming decoders of zlib, brotli and zstd. The libraries are loaded when a decoder is opened, so that nothing which
 * is linked with this module needs them to be installed. */

#include <stddef.h>
#include <stdint.h>

enum warren_format {
  WARREN_FORMAT_GZIP,
  WARREN_FORMAT_ZLIB,
  WARREN_FORMAT_RAW_DEFLATE,
  WARREN_FORMAT_BROTLI,
  WARREN_FORMAT_ZSTD
};

enum warren_opening {
  WARREN_OPENING_DONE,
  /* There is no such library, or it cannot be loaded. */
  WARREN_OPENING_NO_LIBRARY,
  /* The library lacks a function: it is another one, or far too old. */
  WARREN_OPENING_NO_FUNCTION,
  WARREN_OPENING_NO_MEMORY
};

enum warren_step {
  /* There is no more input, or no more room for output. */
  WARREN_STEP_MORE,
  /* The end of the data, which is not necessarily the end of the input. */
  WARREN_STEP_END,
  WARREN_STEP_DAMAGED,
  /* The data asks for more memory than it is given. */
  WARREN_STEP_WINDOW,
  WARREN_STEP_NO_MEMORY
};

struct warren_decoder;

/* Opens a decoder. `library` is the file name of the format's library, such as "libz.so.1". */
enum warren_opening warren_decoder_open(enum warren_format format, const char *_Nonnull library,
                                        struct warren_decoder *_Nullable *_Nonnull decoder);

/* Decodes as much as there is input and room for. Moves `input` and takes from `input_count`. `output_count` is the
 * room before, and what was written afterwards. */
enum warren_step warren_decoder_step(struct warren_decoder *_Nonnull decoder,
                                     const uint8_t *_Nonnull *_Nonnull input, size_t *_Nonnull input_count,
                                     uint8_t *_Nonnull output, size_t *_Nonnull output_count);

/* After WARREN_STEP_END: the next step begins with new data. Returns 0 where the format has no such thing. */
int warren_decoder_restart(struct warren_decoder *_Nonnull decoder);

void warren_decoder_close(struct warren_decoder *_Nonnull decoder);

#endif
