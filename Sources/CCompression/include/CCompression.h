#ifndef WARREN_CCOMPRESSION_H
#define WARREN_CCOMPRESSION_H

/* Streaming decoders that use zlib, brotli and zstd. A library is loaded when a decoder is opened, so a program that is
 * linked with this module does not need the libraries to be installed. */

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
  /* The library does not exist, or cannot be loaded. */
  WARREN_OPENING_NO_LIBRARY,
  /* The library lacks a function: it is a different library, or far too old. */
  WARREN_OPENING_NO_FUNCTION,
  WARREN_OPENING_NO_MEMORY
};

enum warren_step {
  /* The input is used up, or the output is full. */
  WARREN_STEP_MORE,
  /* The end of the data, which is not necessarily the end of the input. */
  WARREN_STEP_END,
  WARREN_STEP_DAMAGED,
  /* The data need more memory than the decoder allows. */
  WARREN_STEP_WINDOW,
  WARREN_STEP_NO_MEMORY
};

struct warren_decoder;

/* Opens a decoder. `library` is the file name of the format's library, such as "libz.so.1". */
enum warren_opening warren_decoder_open(enum warren_format format, const char *_Nonnull library,
                                        struct warren_decoder *_Nullable *_Nonnull decoder);

/* Decodes as much as input and room allow. Advances `input` and reduces `input_count`. `output_count` is the room
 * before the call, and the number of bytes written after it. */
enum warren_step warren_decoder_step(struct warren_decoder *_Nonnull decoder,
                                     const uint8_t *_Nonnull *_Nonnull input, size_t *_Nonnull input_count,
                                     uint8_t *_Nonnull output, size_t *_Nonnull output_count);

/* Call after WARREN_STEP_END: the next step begins with new data. Returns 0 if the format does not allow that. */
int warren_decoder_restart(struct warren_decoder *_Nonnull decoder);

void warren_decoder_close(struct warren_decoder *_Nonnull decoder);

#endif
