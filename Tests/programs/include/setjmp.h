/* Stands in for the C library's header, which wasi-libc lacks. With exceptions it is the interface
   of clang's lowering of setjmp (sjlj.c is the other half). Without them there is no unwinding: a
   program runs as usual and traps where it would have jumped. */
#pragma once

#ifdef __wasm_exception_handling__

typedef struct {
  void *invocation;
  unsigned label;
  struct {
    void *env;
    int value;
  } argument;
} jmp_buf[1];

int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);

#else

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

#endif
