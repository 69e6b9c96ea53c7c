// What guests write to terminals. Escape sequences make a terminal do things: change what was
// written before, set its title, answer as if the user had typed, write to the clipboard. So
// control characters become '?', one byte for one: the guest's counts stay right.
#include "internal.h"

#include <errno.h>
#include <sys/uio.h>

// struct termios is larger with some C libraries than the kernel's.
#define TERMINAL_ATTRIBUTES_SIZE 64
#define IOCTL_TCGETS 0x5401

bool wasmaot_wasi_is_terminal(int host) {
  char attributes[TERMINAL_ATTRIBUTES_SIZE];
  return !sys_failed(sys3(SYS_ioctl, host, IOCTL_TCGETS, attributes));
}

// What may follow the first byte of a character of UTF-8. The C1 control characters are 0xc2 0x80
// to 0xc2 0x9f; longer forms of characters are refused because some decoders take them.
static void begin(struct wasmaot_terminal *terminal, uint8_t first) {
  terminal->expected = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  terminal->low = first == 0xc2 || first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  terminal->high = first == 0xf4 ? 0x8f : 0xbf;
}

static uint8_t filter(struct wasmaot_terminal *terminal, uint8_t byte) {
  if (terminal->expected > 0 && byte >= terminal->low && byte <= terminal->high) {
    terminal->expected--;
    terminal->low = 0x80;
    terminal->high = 0xbf;
    return byte;
  }
  terminal->expected = 0;
  if (byte == '\n' || byte == '\r' || byte == '\t' || (byte >= 0x20 && byte < 0x7f))
    return byte;
  if (byte < 0xc2 || byte > 0xf4) // a control character, or out of place
    return '?';
  begin(terminal, byte);
  return byte;
}

// ---- Writing ----------------------------------------------------------------------------------

#define CHUNK 1024u

// Where a transfer is in the guest's buffers.
struct position {
  const struct iovec *buffers;
  uint32_t count;
  size_t offset; // in the first of them
};

// Copies bytes out, from where other threads of the guest could still change them.
static size_t take(struct position *position, uint8_t *chunk) {
  size_t size = 0;
  while (position->count > 0 && size < CHUNK) {
    const struct iovec *buffer = position->buffers;
    size_t left = buffer->iov_len - position->offset;
    size_t count = left < CHUNK - size ? left : CHUNK - size;
    memcpy(chunk + size, (const uint8_t *)buffer->iov_base + position->offset, count);
    size += count;
    position->offset += count;
    if (count == left) {
      position->buffers++;
      position->count--;
      position->offset = 0;
    }
  }
  return size;
}

// Filters and writes. The state is that behind what was written, should that be less.
static long write_chunk(const struct wasmaot_descriptor *descriptor,
                        struct wasmaot_terminal *terminal, uint8_t *chunk, size_t size) {
  uint8_t filtered[CHUNK];
  struct wasmaot_terminal before = *terminal;
  for (size_t i = 0; i < size; i++)
    filtered[i] = filter(terminal, chunk[i]);
  const struct iovec buffer = {filtered, size};
  long written = wasmaot_wasi_writev(descriptor, &buffer, 1);
  if (written == (long)size)
    return written;
  terminal->expected = before.expected;
  terminal->low = before.low;
  terminal->high = before.high;
  for (long i = 0; i < written; i++)
    filter(terminal, chunk[i]);
  return written;
}

// The buffers stay as they are: where the terminal takes nothing, this is called again with them.
long wasmaot_wasi_write_terminal(const struct wasmaot_descriptor *descriptor,
                                 const struct iovec *buffers, uint32_t count) {
  struct wasmaot_wasi *wasi = descriptor->wasi;
  // One state for all of a guest's terminals, and with the lock until the bytes are out: standard
  // output and standard error are usually the same one, on which a character of one could be cut in
  // two by the other, with 0x9b out of place behind it.
  struct wasmaot_terminal *terminal = &wasi->terminal;
  struct position position = {buffers, count, 0};
  uint8_t chunk[CHUNK];
  long total = 0;
  wasmaot_wasi_lock(wasi, &terminal->lock);
  for (size_t size; (size = take(&position, chunk)) > 0;) {
    long written = write_chunk(descriptor, terminal, chunk, size);
    if (!sys_failed(written))
      total += written;
    else if (total == 0)
      total = written;
    if (written != (long)size)
      break;
  }
  wasmaot_wasi_unlock(wasi, &terminal->lock);
  return total;
}
