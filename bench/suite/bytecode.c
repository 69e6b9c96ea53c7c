// An interpreter of a small stack machine, one switch in a loop. Its program counts primes with a
// sieve.
#include "kernel.h"

enum { LIMIT = SIZE(150000, 600, 150) };
enum op { PUSH, GET, SET, LOAD, STORE, ADD, MULTIPLY, LESS, JUMP, JUMP_IF, JUMP_IF_NOT, HALT };
enum { I, J, FOUND, SUM, LOCALS };
ARRAY(int32_t, memory, LIMIT, )
static int32_t code[128];
static int length;

// MARK: The program

static void emit(enum op op) { code[length++] = op; }

static int emit_with(enum op op, int32_t operand) {
  emit(op);
  code[length] = operand;
  return length++;
}

// The jump whose operand is there leads to what is emitted next.
static void target_here(int operand) { code[operand] = length; }

// for (i = 2; i < LIMIT; i++)
//   if (!memory[i]) {
//     found++;
//     sum = sum * 3 + i;
//     for (j = i; j < LIMIT; j += i) memory[j] = 1;
//   }
static void setup(void) {
  emit_with(PUSH, 2);
  emit_with(SET, I);
  int numbers = length;
  emit_with(GET, I);
  emit_with(PUSH, LIMIT);
  emit(LESS);
  int end = emit_with(JUMP_IF_NOT, 0);
  emit_with(GET, I);
  emit(LOAD);
  int composite = emit_with(JUMP_IF, 0);
  emit_with(GET, FOUND);
  emit_with(PUSH, 1);
  emit(ADD);
  emit_with(SET, FOUND);
  emit_with(GET, SUM);
  emit_with(PUSH, 3);
  emit(MULTIPLY);
  emit_with(GET, I);
  emit(ADD);
  emit_with(SET, SUM);
  emit_with(GET, I);
  emit_with(SET, J);
  int multiples = length;
  emit_with(GET, J);
  emit_with(PUSH, LIMIT);
  emit(LESS);
  int done = emit_with(JUMP_IF_NOT, 0);
  emit_with(PUSH, 1);
  emit_with(GET, J);
  emit(STORE);
  emit_with(GET, J);
  emit_with(GET, I);
  emit(ADD);
  emit_with(SET, J);
  emit_with(JUMP, multiples);
  target_here(composite);
  target_here(done);
  emit_with(GET, I);
  emit_with(PUSH, 1);
  emit(ADD);
  emit_with(SET, I);
  emit_with(JUMP, numbers);
  target_here(end);
  emit(HALT);
}

// MARK: The machine

KERNEL void interpret(const int32_t *at, int32_t locals[LOCALS]) {
  int32_t stack[16], *top = stack;
  for (;;) {
    switch ((enum op) * at++) {
    case PUSH:
      *top++ = *at++;
      break;
    case GET:
      *top++ = locals[*at++];
      break;
    case SET:
      locals[*at++] = *--top;
      break;
    case LOAD:
      top[-1] = memory[top[-1]];
      break;
    case STORE:
      top -= 2;
      memory[top[1]] = top[0];
      break;
    case ADD:
      top--;
      top[-1] = (int32_t)((uint32_t)top[-1] + (uint32_t)top[0]);
      break;
    case MULTIPLY:
      top--;
      top[-1] = (int32_t)((uint32_t)top[-1] * (uint32_t)top[0]);
      break;
    case LESS:
      top--;
      top[-1] = top[-1] < top[0];
      break;
    case JUMP:
      at = &code[*at];
      break;
    case JUMP_IF:
      at = *--top ? &code[*at] : at + 1;
      break;
    case JUMP_IF_NOT:
      at = *--top ? at + 1 : &code[*at];
      break;
    case HALT:
      return;
    }
  }
}

static uint32_t total;

KERNEL void run(void) {
  int32_t locals[LOCALS] = {0};
  for (int i = 0; i < LIMIT; i++)
    memory[i] = 0;
  locals[SUM] = (int32_t)total;
  interpret(code, locals);
  total = (uint32_t)(locals[SUM] + locals[FOUND]);
}

MEASURE("bytecode", SIZE(8, 1), run(), total)
