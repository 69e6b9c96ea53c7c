// A plugin that does what it can to take its host down.
#define EXPORT(name) __attribute__((export_name(#name)))

__attribute__((import_module("host"), import_name("log"))) void host_log(const char *text,
                                                                         int size);

// Reads what is not its own.
EXPORT(trap) int trap(void) { return *(volatile int *)0xfffffff0; }

// Recurses without end; through a pointer, lest the compiler make a loop of it.
int overflow(void);
static int (*volatile again)(void) = overflow;
EXPORT(overflow) int overflow(void) { return again() + 1; }

// Never returns.
EXPORT(loop) void loop(void) {
  for (;;)
    __asm__ volatile("");
}

// Takes all the memory that it can get, and uses it.
EXPORT(exhaust) int exhaust(void) {
  int pages = 0;
  for (; __builtin_wasm_memory_grow(0, 1) != (unsigned long)-1; pages++)
    *(volatile char *)((__builtin_wasm_memory_size(0) - 1) * 65536) = 1;
  return pages;
}

// Makes the host read what is not the plugin's.
EXPORT(cheat) void cheat(void) { host_log((const char *)0xffff0000, 1 << 20); }
