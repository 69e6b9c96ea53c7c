// A plugin that turns text to capitals, and then on its host.
#define EXPORT(name) __attribute__((export_name(#name)))

__attribute__((import_module("host"), import_name("log"))) void host_log(const char *text,
                                                                         int size);

static char text[65536];

EXPORT(text) char *text_address(void) { return text; }

EXPORT(shout) void shout(int size) {
  for (int i = 0; i < size && i < (int)sizeof text; i++)
    if (text[i] >= 'a' && text[i] <= 'z')
      text[i] -= 'a' - 'A';
  host_log(text, size);
}

EXPORT(trap) int trap(void) { return *(volatile int *)0xfffffff0; }

EXPORT(loop) void loop(void) {
  for (;;)
    __asm__ volatile("");
}

EXPORT(exhaust) void exhaust(void) {
  while (__builtin_wasm_memory_grow(0, 1) != (unsigned long)-1)
    ;
  __builtin_trap();
}
