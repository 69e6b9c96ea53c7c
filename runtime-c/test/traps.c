// Exports that trap in every way, and some that don't.
#include "guest.h"

HIDDEN struct wasmaot_memory wasmaot_memory_0 = MEMORY(1, 3);
static struct wasmaot_memory *const memories[] = {&wasmaot_memory_0};

// Initial contents: a large piece, which is moved into place, and a small one, which is copied.
#define LARGE_OFFSET 8192
#define LARGE_SIZE 32768
#define SMALL_OFFSET 49152
__attribute__((section("wasmaot_image"), aligned(4096))) static uint8_t large_image[LARGE_SIZE] = {
    [0] = 'a', [LARGE_SIZE - 1] = 'z'};
__attribute__((section("wasmaot_image"), aligned(4096))) static uint8_t small_image[4096] = {'s'};
static const struct wasmaot_image images[] = {{large_image, LARGE_OFFSET, LARGE_SIZE, 0, 0},
                                              {small_image, SMALL_OFFSET, 4096, 0, 0}};

#ifdef SPLIT_IMAGE
#include <sys/mman.h>
// Before main: two mappings, which kernels before 6.17 do not move at once.
__attribute__((constructor)) static void split_image(void) {
  mprotect(large_image + LARGE_SIZE / 2, LARGE_SIZE / 2, PROT_READ);
}
#endif

// ---- Traps ------------------------------------------------------------------------------------

WASM static void trap_divide(struct wasmaot_value *values) {
  (void)values;
  CHECK_FAILS(WASMAOT_TRAP_INTEGER_DIVIDE_BY_ZERO);
}
MAP_FUNCTION(trap_divide, 0);

// The trap whose number is given, by the runtime's function.
WASM static void trap_code(struct wasmaot_value *values) { wasmaot_trap((uint32_t)values[0].low); }
MAP_FUNCTION(trap_code, 1);

WASM static void inner(uint64_t offset) {
  *(volatile uint8_t *)at(offset) = 1;
  NO_TAIL_CALL;
}
MAP_FUNCTION(inner, 2);

WASM static void middle(uint64_t offset) {
  volatile char frame[200];
  frame[offset & 127] = 1;
  inner(offset);
  NO_TAIL_CALL;
}
MAP_FUNCTION(middle, 3);

WASM static void store(struct wasmaot_value *values) {
  middle(values[0].low);
  NO_TAIL_CALL;
}
MAP_FUNCTION(store, 4);

// An instruction that the CPU refuses and that is no check of compiled code.
WASM static void refused(struct wasmaot_value *values) {
  (void)values;
  __asm__ volatile("ud2");
}

HIDDEN extern const struct wasmaot_module wasmaot_module;
// Makes a pointer of the module's tables lead elsewhere, as an error in memory safety would.
WASM static void overwrite(struct wasmaot_value *values) {
  (void)values;
  *(const void *volatile *)(uintptr_t)&wasmaot_module.memories = NULL;
}

#ifdef LACKS
// In place of the runtime's: a CPU without these features.
const char *wasmaot_cpu_lacks(uint32_t required_features);
const char *wasmaot_cpu_lacks(uint32_t required_features) {
  return (required_features & (LACKS)) != 0 ? "something" : NULL;
}
#endif

// An 8-byte load, which can straddle the memory's end.
WASM static void load(struct wasmaot_value *values) {
  values[0].low = *(volatile uint64_t *)at(values[0].low);
}
MAP_FUNCTION(load, 5);

WASM static uint64_t recurse_down(uint64_t depth) {
  volatile char frame[64];
  frame[depth & 63] = 1;
  uint64_t result = recurse_down(depth + 1) + (uint64_t)frame[0];
  return result;
}
MAP_FUNCTION(recurse_down, 6);

WASM static void recurse(struct wasmaot_value *values) { values[0].low = recurse_down(0); }
MAP_FUNCTION(recurse, 7);

// Fills the stack until only the runtime's own function can overflow it.
HIDDEN uint32_t wasmaot_wasi_poll_oneoff(uint32_t, uint32_t, uint32_t, uint32_t);
WASM static void recurse_into_runtime(struct wasmaot_value *values) {
  volatile char frame[512];
  frame[values[0].low & 511] = 1;
  wasmaot_wasi_poll_oneoff(0, 0, 1, 0);
  recurse_into_runtime(values);
  frame[0] = 2;
}
MAP_FUNCTION(recurse_into_runtime, 8);

// A fault that is no trap: an address that belongs to nobody.
WASM static void fault_elsewhere(struct wasmaot_value *values) {
  (void)values;
  uint64_t address = 0x123456789000;
  __asm__("" : "+r"(address));
  *(volatile char *)address = 1;
}
MAP_FUNCTION(fault_elsewhere, 9);

// A fault of native code inside the reservation: a bug of the runtime, not a trap of the guest's.
__attribute__((noinline)) static void native_store(uint64_t offset) {
  *(volatile char *)at(offset) = 1;
}
WASM static void fault_natively(struct wasmaot_value *values) {
  native_store(values[0].low);
  NO_TAIL_CALL;
}
MAP_FUNCTION(fault_natively, 10);

// ---- What works -------------------------------------------------------------------------------

WASM static void grow(struct wasmaot_value *values) {
  values[0].low = wasmaot_memory_grow(&wasmaot_memory_0, (uint32_t)values[0].low);
}
WASM static void image(struct wasmaot_value *values) {
  values[0].low = *(uint8_t *)at(LARGE_OFFSET);
  values[1].low = *(uint8_t *)at(LARGE_OFFSET + LARGE_SIZE - 1);
  values[2].low = *(uint8_t *)at(SMALL_OFFSET);
  values[3].low = *(uint8_t *)at(0);
}
WASM static void echo(struct wasmaot_value *values) { (void)values; }

static const struct wasmaot_data_segment segment = {(const uint8_t *)"segment", 7};
WASM static void memory_init(struct wasmaot_value *values) {
  wasmaot_memory_init(&wasmaot_memory_0, &segment, values[0].low, values[1].low, values[2].low);
  values[0].low = *(uint8_t *)at(values[0].low);
}

// ---- Tables -----------------------------------------------------------------------------------

static const struct wasmaot_func descriptors[] = {{0, 0, 0}, {0, 5, 1}, {0, 6, 2}};
static struct wasmaot_func table_storage[2];
HIDDEN struct wasmaot_table wasmaot_table_0 = {table_storage, 2, 2, 20, WASMAOT_TABLE_FUNCREF, 0};
static struct wasmaot_table *const tables[] = {&wasmaot_table_0};
static const struct wasmaot_func *const items[] = {&descriptors[1], 0, &descriptors[2]};
static const struct wasmaot_element_segment elements = {items, 3};

WASM static void table_grow(struct wasmaot_value *values) {
  values[0].low = wasmaot_table_grow(&wasmaot_table_0, &descriptors[2], (uint32_t)values[0].low);
}
WASM static void table_init(struct wasmaot_value *values) {
  wasmaot_table_init(&wasmaot_table_0, &elements, values[0].low, values[1].low, values[2].low);
}
WASM static void table_copy(struct wasmaot_value *values) {
  wasmaot_table_copy(&wasmaot_table_0, &wasmaot_table_0, values[0].low, values[1].low,
                     values[2].low);
}
WASM static void table_fill(struct wasmaot_value *values) {
  wasmaot_table_fill(&wasmaot_table_0, values[0].low, &descriptors[1], values[1].low);
}
// Index in the descriptors of an entry of the table; 0 is null.
WASM static void table_get(struct wasmaot_value *values) {
  if (values[0].low >= wasmaot_table_0.size)
    CHECK_FAILS(WASMAOT_TRAP_UNDEFINED_ELEMENT);
  values[0].low = ((struct wasmaot_func *)wasmaot_table_0.entries)[values[0].low].index;
}

// How many of the signals of faults have a handler.
WASM static void handlers(struct wasmaot_value *values) {
  static const int signals[] = {11, 7, 4}; // SEGV, BUS, ILL
  uint64_t count = 0;
  for (int i = 0; i < 3; i++) {
    uint64_t action[4] = {0};
    long result = 13; // SYS_rt_sigaction
    register long size __asm__("r10") = 8;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"((long)signals[i]), "S"(0L), "d"(action), "r"(size)
                     : "rcx", "r11", "memory");
    if (action[0] > 1)
      count++;
  }
  values[0].low = count;
}
MAP_FUNCTION(handlers, 11);

// What the prologue of a function with a frame of this size does.
WASM static void probe(struct wasmaot_value *values) {
  uint64_t size = values[0].low;
  __asm__ volatile("call wasmaot_stack_probe" : "+a"(size) : : "memory");
  values[0].low = size;
}
MAP_FUNCTION(probe, 12);

static const struct wasmaot_export exports[] = {
    {NAME("trap_divide"), "", "", trap_divide},
    {NAME("trap_code"), "i", "", trap_code},
    {NAME("store"), "I", "", store},
    {NAME("load"), "I", "I", load},
    {NAME("recurse"), "", "I", recurse},
    {NAME("recurse_into_runtime"), "I", "", recurse_into_runtime},
    {NAME("fault_elsewhere"), "", "", fault_elsewhere},
    {NAME("fault_natively"), "I", "", fault_natively},
    {NAME("grow"), "i", "i", grow},
    {NAME("image"), "", "iiii", image},
    {NAME("memory_init"), "iii", "i", memory_init},
    {NAME("table_grow"), "i", "i", table_grow},
    {NAME("table_init"), "iii", "", table_init},
    {NAME("table_copy"), "iii", "", table_copy},
    {NAME("table_fill"), "ii", "", table_fill},
    {NAME("table_get"), "i", "i", table_get},
    {NAME("echo_i32"), "i", "i", echo},
    {NAME("echo_i64"), "I", "I", echo},
    {NAME("echo_f32"), "f", "f", echo},
    {NAME("echo_f64"), "F", "F", echo},
    {NAME("echo_v128"), "v", "v", echo},
    {NAME("handlers"), "", "i", handlers},
    {NAME("probe"), "I", "I", probe},
    {NAME("echo_externref"), "e", "e", echo},
    {NAME(""), "i", "i", echo},
    {NAME("refused"), "", "", refused},
    {NAME("overwrite"), "", "", overwrite},
};

static const char names[] = "trap_divide"
                            "trap_code"
                            "inner"
                            "mid\033[31mdle"
                            "store"
                            "load"
                            "recurse_down"
                            "recurse"
                            "into_runtime";
static const uint32_t name_offsets[] = {0, 11, 20, 25, 36, 41, 45, 57, 64, 76, 76, 76, 76, 76};

HIDDEN const struct wasmaot_module wasmaot_module = {
    .abi_version = WASMAOT_ABI_VERSION,
#ifdef INSTANTIATION_TRAP
    .instantiation_trap = INSTANTIATION_TRAP,
#endif
    .memory_count = 1,
    .table_count = 1,
    .image_count = 2,
    .export_count = sizeof exports / sizeof exports[0],
    .function_count = 13,
#ifdef MODULE_FLAGS
    .flags = MODULE_FLAGS,
#endif
#ifdef REQUIRED_FEATURES
    .required_features = REQUIRED_FEATURES,
#endif
    .memories = memories,
    .tables = tables,
    .images = images,
    .exports = exports,
    .name_offsets = name_offsets,
    .names = names,
};
