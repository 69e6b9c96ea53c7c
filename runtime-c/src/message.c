#include "../common/sys.h"
#include "runtime.h"

static void add_byte(struct wasmaot_text *text, char byte) {
  if (text->length < sizeof text->bytes - 1) // the line's end
    text->bytes[text->length++] = byte;
}

void wasmaot_text_add(struct wasmaot_text *text, const char *string) {
  while (*string)
    add_byte(text, *string++);
}

void wasmaot_text_add_untrusted(struct wasmaot_text *text, const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    // C0 controls and DEL; C1 controls as UTF-8 are 0xc2 0x80 to 0xc2 0x9f.
    bool is_control = byte < 0x20 || byte == 0x7f ||
                      (byte >= 0x80 && byte < 0xa0 && i > 0 && (unsigned char)bytes[i - 1] == 0xc2);
    add_byte(text, is_control ? '?' : (char)byte);
  }
}

static void add_number(struct wasmaot_text *text, uint64_t value, unsigned base) {
  char digits[20];
  size_t count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (count > 0)
    add_byte(text, digits[--count]);
}

void wasmaot_text_add_decimal(struct wasmaot_text *text, uint64_t value) {
  add_number(text, value, 10);
}

void wasmaot_text_add_hex(struct wasmaot_text *text, uint64_t value) {
  wasmaot_text_add(text, "0x");
  add_number(text, value, 16);
}

long wasmaot_write(int descriptor, const char *bytes, size_t size) {
  for (;;) {
    long count = sys3(SYS_write, descriptor, bytes, size);
    if (count <= 0 || (size_t)count == size)
      return count;
    bytes += count;
    size -= (size_t)count;
  }
}

void wasmaot_text_write(struct wasmaot_text *text, int descriptor) {
  text->bytes[text->length++] = '\n';
  // A failed write to standard error has nowhere to be reported.
  wasmaot_write(descriptor, text->bytes, text->length);
  text->length = 0;
}

_Noreturn void wasmaot_fail(int status, const char *a, const char *b, const char *c) {
  if (wasmaot_threads_end)
    wasmaot_threads_end(true);
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: ");
  const char *parts[] = {a, b, c};
  for (int i = 0; i < 3 && parts[i]; i++) {
    size_t size = 0;
    while (parts[i][size])
      size++;
    wasmaot_text_add_untrusted(&text, parts[i], size);
  }
  wasmaot_text_write(&text, 2);
  wasmaot_exit(status);
}
