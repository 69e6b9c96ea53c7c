// What the remote cache needs of libcurl. The library is loaded when it is needed first: it brings
// two dozen others, which no build without a remote cache should wait for, or need.
#ifndef WASMAOT_CCURL_H
#define WASMAOT_CCURL_H

#include <stddef.h>
#include <stdint.h>

struct ccurl_request {
  const char *url;
  // Complete lines, `Name: value`.
  const char *const *headers;
  size_t header_count;
  // What to PUT; NULL: GET.
  const uint8_t *body;
  size_t body_size;
  // Most bytes of an answer.
  size_t limit;
  // Milliseconds for all of it, and to connect.
  long timeout;
  long connect_timeout;
  const char *user_agent;
  // A file of certificates to believe; NULL: the system's.
  const char *certificates;
};

struct ccurl_response {
  // HTTP's; 0 where none came.
  long status;
  // To be freed by ccurl_free.
  uint8_t *bytes;
  size_t size;
  // The answer was larger than the limit, and was cut off.
  int is_too_large;
  // Why there is no answer.
  char error[256];
};

// Loads the library; NULL, or why that fails. Once in a process, on any thread.
const char *ccurl_load(void);

// A session keeps its connection. It is used by one thread at a time.
void *ccurl_session_new(void);
void ccurl_session_free(void *session);
// 0, or an error that the response describes.
int ccurl_perform(void *session, const struct ccurl_request *request,
                  struct ccurl_response *response);
void ccurl_free(struct ccurl_response *response);

#endif
