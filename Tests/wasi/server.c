// Serves connections at a listener that it was given: descriptor 3, or the one after a directory.
// Prints "listening" when it does.
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static u32 listener = 3;

static u32 accept_one(uint16_t flags) {
  u32 connection = ~0u;
  EXPECT(w_sock_accept(listener, flags, ADDRESS(&connection)), OK);
  return connection;
}

static u32 receive(u32 fd, void *buffer, u32 size, u32 flags, u32 *count) {
  struct iovec32 iovec = iovec_of(buffer, size);
  uint16_t result_flags = 0xffff;
  u32 error = w_sock_recv(fd, ADDRESS(&iovec), 1, flags, ADDRESS(count), ADDRESS(&result_flags));
  if (error == OK)
    EXPECT(result_flags, 0);
  return error;
}

static u32 send_text(u32 fd, const char *text) {
  struct iovec32 iovec = iovec_of(text, strlen(text));
  u32 size;
  return w_sock_send(fd, ADDRESS(&iovec), 1, 0, ADDRESS(&size));
}

// As a C program does it: accept, read, write, close.
static void echo(void) {
  puts("listening");
  fflush(stdout);
  int connection = accept((int)listener, NULL, NULL);
  CHECK(connection >= 0);
  char buffer[64];
  ssize_t size;
  while ((size = recv(connection, buffer, sizeof buffer, 0)) > 0)
    EXPECT(send(connection, buffer, (size_t)size, 0), size);
  close(connection);
}

// The client waits for the file "listening", sends "hello", then waits for "ready", sends " world"
// and shuts its side down.
static void calls(void) {
  char buffer[64];
  u32 count;
  u64 stat[3];
  EXPECT(w_fd_fdstat_get(listener, ADDRESS(stat)), OK);
  EXPECT(stat[0] & 0xff, 6); // a stream socket
  EXPECT(w_fd_prestat_get(listener, ADDRESS(stat)), BADF);
  EXPECT(w_sock_accept(listener, 1, ADDRESS(&count)), INVAL);
  EXPECT(w_sock_accept(listener, 4 | 8, ADDRESS(&count)), INVAL);
  EXPECT(w_sock_accept(listener, 0, ~0u), FAULT);
  EXPECT(receive(listener, buffer, 1, 0, &count), NOTCAPABLE);
  EXPECT(read_bytes(listener, buffer, 1), 1000 + BADF);
  EXPECT(w_sock_shutdown(listener, 1), NOTCAPABLE);
  // Nobody is there yet: not blocking, and waiting for somebody.
  EXPECT(w_fd_fdstat_set_flags(listener, NONBLOCK), OK);
  EXPECT(w_sock_accept(listener, 0, ADDRESS(&count)), AGAIN);
  // Who sees this file may come.
  EXPECT(w_fd_close(OPEN("listening", CREAT, WRITE, 0)), OK);
  puts("listening");
  fflush(stdout);
  struct pollfd waiting = {.fd = (int)listener, .events = POLLIN};
  EXPECT(poll(&waiting, 1, -1), 1);
  CHECK(waiting.revents & POLLIN);
  EXPECT(w_fd_fdstat_set_flags(listener, 0), OK);
  u32 connection = accept_one(NONBLOCK);
  EXPECT(w_fd_fdstat_get(connection, ADDRESS(stat)), OK);
  EXPECT(stat[0] >> 16 & 0xffff, NONBLOCK);
  waiting = (struct pollfd){.fd = (int)connection, .events = POLLIN};
  EXPECT(poll(&waiting, 1, -1), 1);
  // Looked at, then read: by either call.
  EXPECT(receive(connection, buffer, 64, 1, &count), OK);
  EXPECT(count, 5);
  EXPECT(receive(connection, buffer, 2, 0, &count), OK);
  EXPECT(count, 2);
  EXPECT(memcmp(buffer, "he", 2), 0);
  EXPECT(read_bytes(connection, buffer, 64), 3);
  EXPECT(memcmp(buffer, "llo", 3), 0);
  EXPECT(receive(connection, buffer, 64, 0, &count), AGAIN);
  EXPECT(read_bytes(connection, buffer, 64), 1000 + AGAIN);
  // Waits until all is there, which comes in pieces.
  EXPECT(w_fd_fdstat_set_flags(connection, 0), OK);
  EXPECT(receive(connection, buffer, 1, 4, &count), INVAL);
  EXPECT(w_sock_send(connection, 0, 0, 1, ADDRESS(&count)), INVAL);
  EXPECT(write_text(connection, "rea"), OK);
  EXPECT(send_text(connection, "dy"), OK);
  EXPECT(receive(connection, buffer, 6, 2, &count), OK);
  EXPECT(count, 6);
  EXPECT(memcmp(buffer, " world", 6), 0);
  EXPECT(receive(connection, buffer, 6, 0, &count), OK); // the end
  EXPECT(count, 0);
  waiting.events = POLLIN;
  EXPECT(poll(&waiting, 1, -1), 1);
  CHECK(waiting.revents & POLLHUP);
  EXPECT(w_sock_shutdown(connection, 0), INVAL);
  EXPECT(w_sock_shutdown(connection, 4), INVAL);
  EXPECT(w_sock_shutdown(connection, 2), OK);
  EXPECT(send_text(connection, "x"), PIPE);
  EXPECT(write_text(connection, "x"), PIPE);
  EXPECT(w_fd_seek(connection, 0, 1, ADDRESS(stat)), SPIPE);
  EXPECT(w_fd_close(connection), OK);
  EXPECT(receive(connection, buffer, 6, 0, &count), BADF);
}

int main(int argc, char **argv) {
  static const struct test tests[] = {{"echo", echo}, {"calls", calls}, {NULL, NULL}};
  if (argc > 2)
    listener = (u32)atoi(argv[2]);
  return run_tests(tests, argc, argv);
}
