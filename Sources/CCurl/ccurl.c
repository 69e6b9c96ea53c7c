#include "ccurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every function of libcurl that is called.
#define FUNCTIONS(X)                                                                               \
  X(curl_global_init)                                                                              \
  X(curl_easy_init)                                                                                \
  X(curl_easy_cleanup)                                                                             \
  X(curl_easy_setopt)                                                                              \
  X(curl_easy_perform)                                                                             \
  X(curl_easy_getinfo)                                                                             \
  X(curl_easy_strerror)                                                                            \
  X(curl_easy_reset)                                                                               \
  X(curl_slist_append)                                                                             \
  X(curl_slist_free_all)

// Headers that check types define macros with these names.
#undef curl_easy_setopt
#undef curl_easy_getinfo

static struct {
#define DECLARE(name) __typeof__(name) *name;
  FUNCTIONS(DECLARE)
} curl;

static pthread_once_t loading = PTHREAD_ONCE_INIT;
static const char *load_error = "libcurl is not loaded";

static void load(void) {
  // One ABI, whichever library for TLS it was built with.
  static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
  void *library = NULL;
  for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    load_error = "libcurl.so.4 is not installed (Debian, Ubuntu: package libcurl4)";
    return;
  }
#define FIND(name)                                                                                 \
  *(void **)&curl.name = dlsym(library, #name);                                                    \
  if (!curl.name) {                                                                                \
    load_error = "libcurl has no " #name;                                                          \
    return;                                                                                        \
  }
  FUNCTIONS(FIND)
  if (curl.curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
    load_error = "libcurl does not start";
    return;
  }
  load_error = NULL;
}

const char *ccurl_load(void) {
  pthread_once(&loading, load);
  return load_error;
}

void *ccurl_session_new(void) { return curl.curl_easy_init(); }

void ccurl_session_free(void *session) { curl.curl_easy_cleanup(session); }

struct sink {
  struct ccurl_response *response;
  size_t limit;
  size_t capacity;
};

static size_t receive(char *bytes, size_t size, size_t count, void *context) {
  struct sink *sink = context;
  struct ccurl_response *response = sink->response;
  size *= count;
  if (size > sink->limit - response->size) {
    response->is_too_large = 1;
    return 0; // Ends the transfer.
  }
  if (size > sink->capacity - response->size) {
    // The header's word for the size is not trusted: what is reserved follows what has come.
    size_t capacity = sink->capacity ? 2 * sink->capacity : 1 << 14;
    if (capacity < response->size + size)
      capacity = response->size + size;
    if (capacity > sink->limit)
      capacity = sink->limit;
    uint8_t *larger = realloc(response->bytes, capacity);
    if (!larger)
      return 0;
    response->bytes = larger;
    sink->capacity = capacity;
  }
  memcpy(response->bytes + response->size, bytes, size);
  response->size += size;
  return size;
}

struct source {
  const uint8_t *bytes;
  size_t size;
  size_t position;
};

static size_t send_body(char *buffer, size_t size, size_t count, void *context) {
  struct source *source = context;
  size *= count;
  if (size > source->size - source->position)
    size = source->size - source->position;
  memcpy(buffer, source->bytes + source->position, size);
  source->position += size;
  return size;
}

// Servers that close a connection that was kept want the body once more, on another.
static int rewind_body(void *context, curl_off_t offset, int origin) {
  struct source *source = context;
  if (origin != SEEK_SET || offset < 0 || (size_t)offset > source->size)
    return CURL_SEEKFUNC_FAIL;
  source->position = (size_t)offset;
  return CURL_SEEKFUNC_OK;
}

int ccurl_perform(void *session, const struct ccurl_request *request,
                  struct ccurl_response *response) {
  memset(response, 0, sizeof *response);
  struct sink sink = {response, request->limit, 0};
  struct source source = {request->body, request->body_size, 0};
  struct curl_slist *headers = NULL;
  for (size_t i = 0; i < request->header_count; i++) {
    struct curl_slist *longer = curl.curl_slist_append(headers, request->headers[i]);
    if (!longer) {
      // Without all of them it would be another request.
      curl.curl_slist_free_all(headers);
      snprintf(response->error, sizeof response->error, "no memory for headers");
      return 1;
    }
    headers = longer;
  }

  // Keeps connections, drops all options.
  curl.curl_easy_reset(session);
  // Nothing is sent unless all of them are in force.
  CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
  (code = code == CURLE_OK ? curl.curl_easy_setopt(session, option, value) : code)
  char error[CURL_ERROR_SIZE] = "";
  SET(CURLOPT_ERRORBUFFER, error);
  SET(CURLOPT_URL, request->url);
  // Nothing else, whatever the URL says, and no way on to another server: credentials go with
  // requests.
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_HTTPHEADER, headers);
  SET(CURLOPT_USERAGENT, request->user_agent);
  // There are other threads: no signals.
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_TIMEOUT_MS, request->timeout);
  SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout);
  if (request->certificates) {
    SET(CURLOPT_CAINFO, request->certificates);
    // The folder of the system's would be believed as well. Not all libraries for TLS have one.
    SET(CURLOPT_CAPATH, NULL);
    if (code == CURLE_NOT_BUILT_IN)
      code = CURLE_OK;
  }
  SET(CURLOPT_WRITEFUNCTION, receive);
  SET(CURLOPT_WRITEDATA, &sink);
  if (request->body) {
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
    SET(CURLOPT_READFUNCTION, send_body);
    SET(CURLOPT_READDATA, &source);
    SET(CURLOPT_SEEKFUNCTION, rewind_body);
    SET(CURLOPT_SEEKDATA, &source);
  }
  if (code == CURLE_OK)
    code = curl.curl_easy_perform(session);
  curl.curl_easy_getinfo(session, CURLINFO_RESPONSE_CODE, &response->status);
  curl.curl_easy_setopt(session, CURLOPT_ERRORBUFFER, NULL);
  curl.curl_slist_free_all(headers);
  if (code != CURLE_OK)
    snprintf(response->error, sizeof response->error, "%s",
             error[0] ? error : curl.curl_easy_strerror(code));
  return code == CURLE_OK ? 0 : 1;
}

void ccurl_free(struct ccurl_response *response) {
  free(response->bytes);
  response->bytes = NULL;
}
