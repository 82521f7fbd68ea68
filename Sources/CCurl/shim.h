#ifndef WARREN_CCURL_SHIM_H
#define WARREN_CCURL_SHIM_H

/* curl's type-checking macros need options that are constant at compile time. */
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

/* The caller must notice if libcurl rejects an option. */
#define WARREN_CHECKED __attribute__((warn_unused_result))

/* Variadic C functions cannot be called from Swift: one wrapper for each type of argument. */

WARREN_CHECKED
static inline CURLcode warren_curl_set_number(CURL *_Nonnull handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

WARREN_CHECKED
static inline CURLcode warren_curl_set_text(CURL *_Nonnull handle, CURLoption option, const char *_Nullable value) {
  return curl_easy_setopt(handle, option, value);
}

WARREN_CHECKED
static inline CURLcode warren_curl_set_pointer(CURL *_Nonnull handle, CURLoption option, const void *_Nullable value) {
  return curl_easy_setopt(handle, option, value);
}

/* libcurl copies the bytes. */
WARREN_CHECKED
static inline CURLcode warren_curl_set_blob(CURL *_Nonnull handle, CURLoption option, const void *_Nullable bytes,
                                            size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(handle, option, &blob);
}

WARREN_CHECKED
static inline CURLcode warren_curl_set_body_size(CURL *_Nonnull handle, int64_t size) {
  return curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
}

/* For CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION. */
WARREN_CHECKED
static inline CURLcode warren_curl_set_receiver(
    CURL *_Nonnull handle, CURLoption option,
    size_t (*_Nonnull receiver)(char *_Nullable bytes, size_t size, size_t count, void *_Nullable context)) {
  return curl_easy_setopt(handle, option, receiver);
}

WARREN_CHECKED
static inline CURLcode warren_curl_set_socket_opener(
    CURL *_Nonnull handle,
    curl_socket_t (*_Nonnull opener)(void *_Nullable context, curlsocktype purpose,
                                     struct curl_sockaddr *_Nullable address)) {
  return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, opener);
}

WARREN_CHECKED
static inline CURLcode warren_curl_set_request_check(
    CURL *_Nonnull handle,
    int (*_Nonnull check)(void *_Nullable context, char *_Nullable remote, char *_Nullable local, int remote_port,
                          int local_port)) {
  return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, check);
}

static inline long warren_curl_number(CURL *_Nonnull handle, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(handle, info, &value);
  return value;
}

/* Returns microseconds. */
static inline int64_t warren_curl_time(CURL *_Nonnull handle, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(handle, info, &value);
  return (int64_t)value;
}

static inline void *_Nullable warren_curl_context(CURL *_Nonnull handle) {
  char *value = NULL;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &value);
  return value;
}

WARREN_CHECKED
static inline CURLMcode warren_curl_multi_set_number(CURLM *_Nonnull multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

/* The result is in an unnamed union, which Swift imports under a made-up name. */
static inline CURLcode warren_curl_message_result(const CURLMsg *_Nonnull message) { return message->data.result; }

#endif
