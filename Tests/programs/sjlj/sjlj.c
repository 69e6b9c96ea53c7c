/* What clang's lowering of setjmp and longjmp to exceptions calls (-mllvm -wasm-enable-sjlj). A
   call of setjmp notes the frame that it is in and its number there; longjmp throws, and every
   frame on the way that has called setjmp asks whether the exception is for one of its own. */
#include <setjmp.h>

void __wasm_setjmp(jmp_buf buffer, unsigned label, void *invocation) {
  buffer->invocation = invocation;
  buffer->label = label;
}

unsigned __wasm_setjmp_test(jmp_buf buffer, void *invocation) {
  return buffer->invocation == invocation ? buffer->label : 0;
}

_Noreturn void __wasm_longjmp(jmp_buf buffer, int value) {
  buffer->argument.env = buffer;
  buffer->argument.value = value ? value : 1;
  __builtin_wasm_throw(1, &buffer->argument);
}
