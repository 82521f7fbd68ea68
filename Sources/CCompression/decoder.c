#include "CCompression.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>

/* The parts of the libraries' interfaces that are used here, declared here so that the libraries' headers need not be
 * installed. Each library keeps its interface stable for as long as the number in its file name stays the same.
 * Sources: zlib 1.2 (zlib.h: z_stream, inflateInit2_, inflate, inflateReset, inflateEnd); brotli 1.0 (brotli/decode.h);
 * zstd 1.4 and later (zstd.h, "stable API"; zstd_errors.h). */

struct zlib_stream {
  const uint8_t *next_in;
  unsigned int avail_in;
  unsigned long total_in;
  uint8_t *next_out;
  unsigned int avail_out;
  unsigned long total_out;
  const char *message;
  void *state;
  void *(*allocate)(void *, unsigned int, unsigned int);
  void (*release)(void *, void *);
  void *context;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
};

enum { ZLIB_OK = 0, ZLIB_STREAM_END = 1, ZLIB_MEMORY_ERROR = -4, ZLIB_BUFFER_ERROR = -5 };

struct zstd_input {
  const void *bytes;
  size_t size;
  size_t position;
};

struct zstd_output {
  void *bytes;
  size_t size;
  size_t position;
};

enum { ZSTD_WINDOW_LOG_MAX = 100 };
enum { ZSTD_WINDOW_TOO_LARGE = 16, ZSTD_NO_MEMORY = 64 };
/* 16 MiB. RFC 9659 requires encoders to stay within 8 MiB. */
static const int zstd_largest_window_log = 24;

enum { BROTLI_ERROR = 0, BROTLI_SUCCESS = 1 };
/* BROTLI_DECODER_ERROR_ALLOC_...: -21 to -30. */
enum { BROTLI_MEMORY_FIRST = -21, BROTLI_MEMORY_LAST = -30 };

struct warren_decoder {
  enum warren_format format;
  void *library;
  union {
    struct {
      struct zlib_stream stream;
      int (*inflate)(struct zlib_stream *, int);
      int (*reset)(struct zlib_stream *);
      int (*end)(struct zlib_stream *);
    } zlib;
    struct {
      void *state;
      int (*decode)(void *, size_t *, const uint8_t **, size_t *, uint8_t **, size_t *);
      int (*error)(const void *);
      void (*destroy)(void *);
    } brotli;
    struct {
      void *stream;
      size_t (*decode)(void *, struct zstd_output *, struct zstd_input *);
      unsigned int (*is_error)(size_t);
      int (*error)(size_t);
      size_t (*release)(void *);
    } zstd;
  } of;
};

#define FIND(variable, name) \
  do { \
    *(void **)&(variable) = dlsym(decoder->library, name); \
    if (!(variable)) return WARREN_OPENING_NO_FUNCTION; \
  } while (0)

static enum warren_opening open_zlib(struct warren_decoder *decoder) {
  int (*initialise)(struct zlib_stream *, int, const char *, int) = NULL;
  FIND(initialise, "inflateInit2_");
  FIND(decoder->of.zlib.inflate, "inflate");
  FIND(decoder->of.zlib.reset, "inflateReset");
  FIND(decoder->of.zlib.end, "inflateEnd");
  /* 15 for zlib, 16 more for gzip, negative for raw deflate. Of the version only the first digit counts. */
  int window = decoder->format == WARREN_FORMAT_GZIP ? 15 + 16 : decoder->format == WARREN_FORMAT_ZLIB ? 15 : -15;
  switch (initialise(&decoder->of.zlib.stream, window, "1.2.0", (int)sizeof decoder->of.zlib.stream)) {
    case ZLIB_OK: return WARREN_OPENING_DONE;
    case ZLIB_MEMORY_ERROR: decoder->of.zlib.end = NULL; return WARREN_OPENING_NO_MEMORY;
    default: decoder->of.zlib.end = NULL; return WARREN_OPENING_NO_FUNCTION;
  }
}

static enum warren_opening open_brotli(struct warren_decoder *decoder) {
  void *(*create)(void *, void *, void *) = NULL;
  FIND(create, "BrotliDecoderCreateInstance");
  FIND(decoder->of.brotli.decode, "BrotliDecoderDecompressStream");
  FIND(decoder->of.brotli.error, "BrotliDecoderGetErrorCode");
  FIND(decoder->of.brotli.destroy, "BrotliDecoderDestroyInstance");
  decoder->of.brotli.state = create(NULL, NULL, NULL);
  return decoder->of.brotli.state ? WARREN_OPENING_DONE : WARREN_OPENING_NO_MEMORY;
}

static enum warren_opening open_zstd(struct warren_decoder *decoder) {
  void *(*create)(void) = NULL;
  size_t (*set)(void *, int, int) = NULL;
  FIND(create, "ZSTD_createDStream");
  FIND(set, "ZSTD_DCtx_setParameter");
  FIND(decoder->of.zstd.decode, "ZSTD_decompressStream");
  FIND(decoder->of.zstd.is_error, "ZSTD_isError");
  FIND(decoder->of.zstd.error, "ZSTD_getErrorCode");
  FIND(decoder->of.zstd.release, "ZSTD_freeDStream");
  decoder->of.zstd.stream = create();
  if (!decoder->of.zstd.stream) return WARREN_OPENING_NO_MEMORY;
  size_t result = set(decoder->of.zstd.stream, ZSTD_WINDOW_LOG_MAX, zstd_largest_window_log);
  return decoder->of.zstd.is_error(result) ? WARREN_OPENING_NO_FUNCTION : WARREN_OPENING_DONE;
}

enum warren_opening warren_decoder_open(enum warren_format format, const char *library,
                                        struct warren_decoder **result) {
  *result = NULL;
  struct warren_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return WARREN_OPENING_NO_MEMORY;
  decoder->format = format;
  /* dlopen counts references. RTLD_NODELETE keeps the library loaded: else closing the last decoder would unload it for
   * every event. */
  decoder->library = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  enum warren_opening opening = WARREN_OPENING_NO_LIBRARY;
  if (decoder->library) {
    switch (format) {
      case WARREN_FORMAT_GZIP:
      case WARREN_FORMAT_ZLIB:
      case WARREN_FORMAT_RAW_DEFLATE: opening = open_zlib(decoder); break;
      case WARREN_FORMAT_BROTLI: opening = open_brotli(decoder); break;
      case WARREN_FORMAT_ZSTD: opening = open_zstd(decoder); break;
    }
  }
  if (opening == WARREN_OPENING_DONE) {
    *result = decoder;
  } else {
    warren_decoder_close(decoder);
  }
  return opening;
}

static enum warren_step step_zlib(struct warren_decoder *decoder, const uint8_t **input, size_t *input_count,
                                  uint8_t *output, size_t *output_count) {
  struct zlib_stream *stream = &decoder->of.zlib.stream;
  unsigned int given = *input_count > UINT_MAX ? UINT_MAX : (unsigned int)*input_count;
  unsigned int room = *output_count > UINT_MAX ? UINT_MAX : (unsigned int)*output_count;
  stream->next_in = *input;
  stream->avail_in = given;
  stream->next_out = output;
  stream->avail_out = room;
  int result = decoder->of.zlib.inflate(stream, 0);
  *input += given - stream->avail_in;
  *input_count -= given - stream->avail_in;
  *output_count = room - stream->avail_out;
  switch (result) {
    case ZLIB_OK:
    case ZLIB_BUFFER_ERROR: return WARREN_STEP_MORE;
    case ZLIB_STREAM_END: return WARREN_STEP_END;
    case ZLIB_MEMORY_ERROR: return WARREN_STEP_NO_MEMORY;
    default: return WARREN_STEP_DAMAGED;
  }
}

static enum warren_step step_brotli(struct warren_decoder *decoder, const uint8_t **input, size_t *input_count,
                                    uint8_t *output, size_t *output_count) {
  size_t room = *output_count;
  uint8_t *next = output;
  int result = decoder->of.brotli.decode(decoder->of.brotli.state, input_count, input, &room, &next, NULL);
  *output_count = (size_t)(next - output);
  if (result == BROTLI_SUCCESS) return WARREN_STEP_END;
  if (result != BROTLI_ERROR) return WARREN_STEP_MORE;
  int error = decoder->of.brotli.error(decoder->of.brotli.state);
  int is_memory = error <= BROTLI_MEMORY_FIRST && error >= BROTLI_MEMORY_LAST;
  return is_memory ? WARREN_STEP_NO_MEMORY : WARREN_STEP_DAMAGED;
}

static enum warren_step step_zstd(struct warren_decoder *decoder, const uint8_t **input, size_t *input_count,
                                  uint8_t *output, size_t *output_count) {
  struct zstd_input in = {*input, *input_count, 0};
  struct zstd_output out = {output, *output_count, 0};
  size_t result = decoder->of.zstd.decode(decoder->of.zstd.stream, &out, &in);
  *input += in.position;
  *input_count -= in.position;
  *output_count = out.position;
  if (!decoder->of.zstd.is_error(result)) return result == 0 ? WARREN_STEP_END : WARREN_STEP_MORE;
  switch (decoder->of.zstd.error(result)) {
    case ZSTD_WINDOW_TOO_LARGE: return WARREN_STEP_WINDOW;
    case ZSTD_NO_MEMORY: return WARREN_STEP_NO_MEMORY;
    default: return WARREN_STEP_DAMAGED;
  }
}

enum warren_step warren_decoder_step(struct warren_decoder *decoder, const uint8_t **input, size_t *input_count,
                                     uint8_t *output, size_t *output_count) {
  switch (decoder->format) {
    case WARREN_FORMAT_GZIP:
    case WARREN_FORMAT_ZLIB:
    case WARREN_FORMAT_RAW_DEFLATE: return step_zlib(decoder, input, input_count, output, output_count);
    case WARREN_FORMAT_BROTLI: return step_brotli(decoder, input, input_count, output, output_count);
    case WARREN_FORMAT_ZSTD: return step_zstd(decoder, input, input_count, output, output_count);
  }
  return WARREN_STEP_DAMAGED;
}

int warren_decoder_restart(struct warren_decoder *decoder) {
  switch (decoder->format) {
    /* Members may follow one another (RFC 1952, section 2.2). */
    case WARREN_FORMAT_GZIP: return decoder->of.zlib.reset(&decoder->of.zlib.stream) == ZLIB_OK;
    /* Frames may follow one another (RFC 8878, section 3); the library continues with the next frame on its own. */
    case WARREN_FORMAT_ZSTD: return 1;
    default: return 0;
  }
}

void warren_decoder_close(struct warren_decoder *decoder) {
  switch (decoder->format) {
    case WARREN_FORMAT_GZIP:
    case WARREN_FORMAT_ZLIB:
    case WARREN_FORMAT_RAW_DEFLATE:
      if (decoder->of.zlib.end) decoder->of.zlib.end(&decoder->of.zlib.stream);
      break;
    case WARREN_FORMAT_BROTLI:
      if (decoder->of.brotli.state) decoder->of.brotli.destroy(decoder->of.brotli.state);
      break;
    case WARREN_FORMAT_ZSTD:
      if (decoder->of.zstd.stream) decoder->of.zstd.release(decoder->of.zstd.stream);
      break;
  }
  if (decoder->library) dlclose(decoder->library);
  free(decoder);
}
