/* Stands in for the C library's header, which wasi-libc lacks: there is no unwinding without
   exceptions. A program compiled with it runs as usual and traps where it would have jumped. */
#pragma once

typedef int jmp_buf[1];

static inline int setjmp(jmp_buf buffer) {
  (void)buffer;
  return 0;
}

_Noreturn static inline void longjmp(jmp_buf buffer, int value) {
  (void)buffer;
  (void)value;
  __builtin_trap();
}
