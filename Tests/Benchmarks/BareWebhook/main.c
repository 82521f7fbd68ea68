/* The least that delivering by HTTP can cost: libcurl's multi interface alone, on one thread, with connections kept
   alive. The yardstick for webhooks. What little it shares with the other bare programs it has itself: their code
   links librabbitmq, which would be in its memory and in the way of its start. */

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* As wide as the number in webhook-id is in every request. */
enum { NUMBER_WIDTH = 12 };

typedef struct {
  char *bytes;
  long length;
} body_t;

/* A place for one request at a time; its handle and its headers serve all of them. */
typedef struct {
  CURL *easy;
  struct curl_slist *headers;
  /* Where the number and the time stand among the headers. They are written over, which costs no allocation. */
  char *number, *timestamp;
} transfer_t;

typedef struct {
  double seconds;
  struct rusage usage;
} moment_t;

static noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(CURLcode code, const char *what) {
  if (code != CURLE_OK) fail(what, curl_easy_strerror(code));
}

static void check_multi(CURLMcode code, const char *what) {
  if (code != CURLM_OK) fail(what, curl_multi_strerror(code));
}

static long number(const char *what, const char *text) {
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (errno != 0 || *end != '\0' || number < 1) fail(what, "expected a number above zero");
  return number;
}

static body_t read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot be opened");
  fseek(file, 0, SEEK_END);
  body_t body = {NULL, ftell(file)};
  rewind(file);
  if (body.length >= 0) body.bytes = malloc((size_t)body.length + 1);
  if (body.bytes == NULL || fread(body.bytes, 1, (size_t)body.length, file) != (size_t)body.length)
    fail(path, "cannot be read");
  fclose(file);
  return body;
}

static moment_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  moment_t moment = {.seconds = (double)time.tv_sec + (double)time.tv_nsec / 1e9};
  getrusage(RUSAGE_SELF, &moment.usage);
  return moment;
}

static long microseconds(struct timeval from, struct timeval to) {
  return (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_usec - from.tv_usec);
}

/* Returns the header's text in the list, which libcurl has copied. */
static char *add_header(struct curl_slist **headers, const char *text) {
  *headers = curl_slist_append(*headers, text);
  if (*headers == NULL) fail("headers", "out of memory");
  struct curl_slist *last = *headers;
  while (last->next != NULL) last = last->next;
  return last->data;
}

static size_t discard(char *data, size_t size, size_t count, void *context) {
  (void)data;
  (void)context;
  return size * count;
}

static void prepare(transfer_t *transfer, const char *url, body_t body) {
  transfer->easy = curl_easy_init();
  if (transfer->easy == NULL) fail("libcurl", "out of memory");
  transfer->headers = NULL;
  add_header(&transfer->headers, "content-type: application/json");
  /* libcurl would wait for "100 Continue" before a large body. */
  add_header(&transfer->headers, "Expect:");
  add_header(&transfer->headers, "webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=");
  transfer->number = add_header(&transfer->headers, "webhook-id: bench-000000000000") + strlen("webhook-id: bench-");
  transfer->timestamp = add_header(&transfer->headers, "webhook-timestamp: 0000000000") + strlen("webhook-timestamp: ");

  CURL *easy = transfer->easy;
  check(curl_easy_setopt(easy, CURLOPT_URL, url), "URL");
  /* Whatever the environment says of proxies: this is about the machine itself. */
  check(curl_easy_setopt(easy, CURLOPT_PROXY, ""), "proxy");
  check(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1), "HTTP version");
  check(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L), "no signal");
  check(curl_easy_setopt(easy, CURLOPT_POST, 1L), "POST");
  check(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.bytes), "body");
  check(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, body.length), "body");
  check(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers), "headers");
  check(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard), "answer");
  check(curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer), "transfer");
}

static void begin(CURLM *multi, transfer_t *transfer, long number) {
  snprintf(transfer->number, NUMBER_WIDTH + 1, "%0*ld", NUMBER_WIDTH, number);
  snprintf(transfer->timestamp, 11, "%010lld", (long long)time(NULL));
  check_multi(curl_multi_add_handle(multi, transfer->easy), "begin");
}

/* Takes a transfer that has ended out of the multi handle, once it is sure that it went well. */
static transfer_t *end(CURLM *multi, const CURLMsg *message, long *connections) {
  CURL *easy = message->easy_handle;
  check(message->data.result, "post");
  transfer_t *transfer;
  long status, opened;
  check(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer), "transfer");
  check(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status), "status");
  check(curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened), "connections");
  if (status < 200 || status > 299) {
    char text[40];
    snprintf(text, sizeof text, "answered with status %ld", status);
    fail("post", text);
  }
  *connections += opened;
  check_multi(curl_multi_remove_handle(multi, easy), "end");
  return transfer;
}

/* Returns how many connections it took. */
static long deliver(CURLM *multi, transfer_t *transfers, long in_flight, long count) {
  long begun = 0, ended = 0, connections = 0;
  while (begun < in_flight) {
    begin(multi, &transfers[begun], begun);
    begun++;
  }
  while (ended < count) {
    int running, left;
    check_multi(curl_multi_perform(multi, &running), "perform");
    long ended_before = ended;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left)) != NULL; ended++) {
      transfer_t *transfer = end(multi, message, &connections);
      if (begun < count) begin(multi, transfer, begun++);
    }
    /* What has just begun can be sent without waiting for anything. */
    if (ended == ended_before) check_multi(curl_multi_poll(multi, NULL, 0, 1000, NULL), "poll");
  }
  return connections;
}

int main(int argc, char **argv) {
  if (argc != 5) fail("usage", "bare-webhook URL COUNT IN_FLIGHT BODY_FILE");
  long count = number("COUNT", argv[2]);
  long in_flight = number("IN_FLIGHT", argv[3]);
  if (in_flight > count) in_flight = count;
  body_t body = read_file(argv[4]);
  check(curl_global_init(CURL_GLOBAL_DEFAULT), "libcurl");
  CURLM *multi = curl_multi_init();
  transfer_t *transfers = calloc((size_t)in_flight, sizeof *transfers);
  if (multi == NULL || transfers == NULL) fail("libcurl", "out of memory");
  check_multi(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight), "connections");
  for (long i = 0; i < in_flight; i++) prepare(&transfers[i], argv[1], body);

  moment_t start = now();
  long connections = deliver(multi, transfers, in_flight, count);
  moment_t stop = now();

  printf("{\"events\":%ld,\"seconds\":%.6f,\"cpu_user_us\":%ld,\"cpu_system_us\":%ld,\"max_rss_kib\":%ld,"
         "\"connections\":%ld}\n",
         count, stop.seconds - start.seconds, microseconds(start.usage.ru_utime, stop.usage.ru_utime),
         microseconds(start.usage.ru_stime, stop.usage.ru_stime), stop.usage.ru_maxrss, connections);
  for (long i = 0; i < in_flight; i++) {
    curl_easy_cleanup(transfers[i].easy);
    curl_slist_free_all(transfers[i].headers);
  }
  curl_multi_cleanup(multi);
  curl_global_cleanup();
  free(transfers);
  free(body.bytes);
  return 0;
}
