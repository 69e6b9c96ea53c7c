// Modules of guests that mean harm.
#include "guest_code.h"

#include <time.h>

// As a library's function that compiled code was linked with.
static __attribute__((noinline)) void foreign_code(void) {
  struct timespec start;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do
    clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 100000000);
}

// ---- Functions: index 0 is the import ---------------------------------------------------------

WASM static void operate(uint32_t operation, SELF) {
  const struct wasmaot_runtime *runtime = self->head.runtime;
  struct wasmaot_instance *instance = &self->head;
  struct wasmaot_memory *memory = self->memory.memory;
  switch (operation) {
  case HOSTILE_TRAP:
    runtime->trap(instance, WASMAOT_TRAP_NULL_REFERENCE);
    break;
  case HOSTILE_MEMORY_GROW:
    runtime->memory_grow(instance, memory, 0);
    break;
  case HOSTILE_MEMORY_INIT:
    runtime->memory_init(instance, memory, &self->data, 0, 0, 0);
    break;
  case HOSTILE_TABLE_GROW:
    runtime->table_grow(instance, &self->table, NULL, 0);
    break;
  case HOSTILE_TABLE_FILL:
    runtime->table_fill(instance, &self->table, 0, NULL, 1);
    break;
  case HOSTILE_TABLE_COPY:
    runtime->table_copy(instance, &self->table, &self->table, 0, 1, 1);
    break;
  case HOSTILE_TABLE_INIT:
    runtime->table_init(instance, &self->table, &self->elements, 0, 0, 0);
    break;
  case HOSTILE_CALL_HOST:
    ((function_i_i *)self->host.code)(1, self->host.context);
    break;
  case HOSTILE_ATOMIC_WAIT32:
    runtime->atomic_wait32(instance, memory, 0, 1, 0);
    break;
  case HOSTILE_ATOMIC_WAIT64:
    runtime->atomic_wait64(instance, memory, 0, 1, 0);
    break;
  case HOSTILE_ATOMIC_NOTIFY:
    runtime->atomic_notify(instance, memory, 0, 1);
    break;
  case HOSTILE_EXCEPTION:
    runtime->exception_release(instance, runtime->exception_new(instance, self->tag, 16));
    break;
  case HOSTILE_MOVE:
    runtime->move(base_of(self), base_of(self) + 8, 100);
    break;
  case HOSTILE_FILL:
    runtime->fill(base_of(self), 0, 100);
    break;
  case HOSTILE_FOREIGN_CODE:
    foreign_code();
    break;
  default:
    for (;;)
      __asm__ volatile("");
  }
  NO_TAIL_CALL;
}
MAP_FUNCTION(operate, 1);

// Does it at some depth.
WASM static uint32_t deep(uint32_t depth, uint32_t operation, SELF) {
  if (depth == 0) {
    operate(operation, self);
    NO_TAIL_CALL;
    return 0;
  }
  uint32_t result = deep(depth - 1, operation, self);
  NO_TAIL_CALL;
  return result + 1;
}
MAP_FUNCTION(deep, 2);

WASM static uint32_t add_one(uint32_t argument, SELF) {
  (void)self;
  return argument + 1;
}
MAP_FUNCTION(add_one, 3);

WASM static void wide(SELF) { (void)self; }
MAP_FUNCTION(wide, 4);

// An exception that code holds a reference to.
WASM static uint32_t throw_kept(uint32_t argument, SELF) {
  struct wasmaot_exception *exception =
      self->head.runtime->exception_new(&self->head, self->tag, 16);
  uint64_t *payload = (uint64_t *)(void *)exception + 2;
  payload[0] = argument;
  payload[1] = 0;
  exception->flags |= WASMAOT_EXCEPTION_KEPT;
  *self->head.pending = exception;
  return 0;
}
MAP_FUNCTION(throw_kept, 5);

WASM static void throw_at_start(SELF) { throw_kept(1, self); }
MAP_FUNCTION(throw_at_start, 0);

// ---- Signatures -------------------------------------------------------------------------------

ENTER static void enter_none(void *code, void *context, struct wasmaot_value *values) {
  (void)values;
  ((function_none *)code)(context);
}
ENTER static void enter_i_i(void *code, void *context, struct wasmaot_value *values) {
  values[0].low = ((function_i_i *)code)(ARGUMENT(0), context);
}
ENTER static void enter_ii_i(void *code, void *context, struct wasmaot_value *values) {
  values[0].low = ((function_ii_i *)code)(ARGUMENT(0), ARGUMENT(1), context);
}
// As large a frame as one for a thousand parameters and as many results.
ENTER static void enter_wide(void *code, void *context, struct wasmaot_value *values) {
  char frame[65536];
  (void)values;
  __asm__ volatile("movb $0, (%0)" ::"r"(frame) : "memory");
  ((function_none *)code)(context);
  __asm__ volatile("" ::"r"(frame) : "memory");
}

THUNK __attribute__((swiftcall)) static uint32_t adapt_i_i(uint32_t argument, CONTEXT) {
  struct wasmaot_value value = {argument, 0};
  (*(struct wasmaot_runtime **)context)->call_host(context, &value);
  NO_TAIL_CALL;
  return (uint32_t)value.low;
}
MAP_FUNCTION(adapt_i_i, 0xffffffff);

enum { NONE, I_I, II_I, WIDE, I };
static const struct wasmaot_signature signatures[] = {
    {"", "", enter_none, NULL},    {"i", "i", enter_i_i, (void *)adapt_i_i},
    {"ii", "i", enter_ii_i, NULL}, {"", "", enter_wide, NULL}, // an equal type
    {"i", "", enter_none, NULL},
};

// ---- The module -------------------------------------------------------------------------------

static const struct wasmaot_entity functions[] = {
    {.offset = 80, .flags = WASMAOT_ENTITY_IMPORTED, .signature = I_I},
    FUNCTION(I),
    FUNCTION(II_I),
    FUNCTION(I_I),
    FUNCTION(WIDE),
    FUNCTION(I_I),
};
static const struct wasmaot_described_function described[] = {{NULL, I_I, 0},
                                                              {(void *)deep, II_I, 2},
                                                              {(void *)add_one, I_I, 3},
                                                              {(void *)wide, WIDE, 4},
                                                              {(void *)throw_kept, I_I, 5}};
static const uint32_t described_of_function[] = {0, UINT32_MAX, 1, 2, 3, 4};
static const struct wasmaot_import imports[] = {{NAME("host"), NAME("f"), WASMAOT_EXTERN_FUNC, 0}};
static const struct wasmaot_export_entry exports[] = {
    {NAME("deep"), WASMAOT_EXTERN_FUNC, 2},     {NAME("add_one"), WASMAOT_EXTERN_FUNC, 3},
    {NAME("wide"), WASMAOT_EXTERN_FUNC, 4},     {NAME("throw_kept"), WASMAOT_EXTERN_FUNC, 5},
    {NAME("memory"), WASMAOT_EXTERN_MEMORY, 0}, {NAME("table"), WASMAOT_EXTERN_TABLE, 0},
};
static const struct wasmaot_entity memories[] = {
    {.offset = 64, .flags = WASMAOT_ENTITY_SHARED, .minimum = 1, .maximum = 5, .page_log2 = 16}};
static const struct wasmaot_entity tables[] = {
    {.offset = 144, .type = "r", .minimum = 4, .maximum = 8, .initializer = UINT32_MAX}};
static const struct wasmaot_entity tags[] = {{.offset = 120, .signature = I}};

#define COMMON                                                                                     \
  .abi_version = WASMAOT_EMBEDDED_ABI_VERSION, .size = sizeof(struct wasmaot_code),                \
  .signature_count = sizeof signatures / sizeof signatures[0], .signatures = signatures,           \
  .text_start = __start_wasmaot_text, .text_end = __stop_wasmaot_text,                             \
  .funcmap_start = __start_wasmaot_funcmap, .funcmap_end = __stop_wasmaot_funcmap

const struct wasmaot_code hostile_wasm = {COMMON,
                                          .instance_size = sizeof(struct layout),
                                          .start = UINT32_MAX,
                                          .import_count = 1,
                                          .imports = imports,
                                          .export_count = sizeof exports / sizeof exports[0],
                                          .exports = exports,
                                          .function_count = 6,
                                          .functions = functions,
                                          .table_count = 1,
                                          .tables = tables,
                                          .memory_count = 1,
                                          .memories = memories,
                                          .tag_count = 1,
                                          .tags = tags,
                                          .described_count = 5,
                                          .described_offset = 224,
                                          .described = described,
                                          .described_of_function = described_of_function};

// ---- Small modules ----------------------------------------------------------------------------

static const struct wasmaot_entity one_function[] = {FUNCTION(NONE)};
static const struct wasmaot_described_function start_described[] = {
    {(void *)throw_at_start, NONE, 0}};
static const uint32_t first_described[] = {0};
const struct wasmaot_code start_throws_wasm = {COMMON,
                                               .instance_size = sizeof(struct layout),
                                               .start = 0,
                                               .function_count = 1,
                                               .functions = one_function,
                                               .tag_count = 1,
                                               .tags = tags,
                                               .described_count = 1,
                                               .described_offset = 224,
                                               .described = start_described,
                                               .described_of_function = first_described};

static const struct wasmaot_signature circle_signatures[] = {{"(0)", "", enter_none, NULL}};
static const struct wasmaot_described_function circle_described[] = {{(void *)wide, 0, 0}};
static const struct wasmaot_entity circle_functions[] = {FUNCTION(0)};
static const struct wasmaot_export_entry circle_exports[] = {
    {NAME("circle"), WASMAOT_EXTERN_FUNC, 0}};
const struct wasmaot_code circle_wasm = {.abi_version = WASMAOT_EMBEDDED_ABI_VERSION,
                                         .size = sizeof(struct wasmaot_code),
                                         .signature_count = 1,
                                         .signatures = circle_signatures,
                                         .text_start = __start_wasmaot_text,
                                         .text_end = __stop_wasmaot_text,
                                         .instance_size = sizeof(struct layout),
                                         .start = UINT32_MAX,
                                         .function_count = 1,
                                         .functions = circle_functions,
                                         .export_count = 1,
                                         .exports = circle_exports,
                                         .described_count = 1,
                                         .described_offset = 224,
                                         .described = circle_described,
                                         .described_of_function = first_described};

static const struct wasmaot_entity sparse_memories[] = {
    {.offset = 64, .minimum = SPARSE_SIZE >> 16, .maximum = SPARSE_SIZE >> 16, .page_log2 = 16}};
static uint8_t sparse_bytes[4096] __attribute__((aligned(4096))) = {'s'};
static const struct wasmaot_image sparse_images[] = {
    {sparse_bytes, 0, 4096, 0, 0}, {sparse_bytes, SPARSE_SIZE - 4096, 4096, 0, 0}};
static const struct wasmaot_export_entry sparse_exports[] = {
    {NAME("memory"), WASMAOT_EXTERN_MEMORY, 0}};
const struct wasmaot_code sparse_wasm = {COMMON,
                                         .instance_size = sizeof(struct layout),
                                         .start = UINT32_MAX,
                                         .memory_count = 1,
                                         .memories = sparse_memories,
                                         .image_count = 2,
                                         .images = sparse_images,
                                         .export_count = 1,
                                         .exports = sparse_exports};

static const struct wasmaot_signature no_enter_signatures[] = {{"", "", NULL, NULL}};
const struct wasmaot_code no_enter_wasm = {.abi_version = WASMAOT_EMBEDDED_ABI_VERSION,
                                           .size = sizeof(struct wasmaot_code),
                                           .signature_count = 1,
                                           .signatures = no_enter_signatures,
                                           .text_start = __start_wasmaot_text,
                                           .text_end = __stop_wasmaot_text,
                                           .instance_size = sizeof(struct layout),
                                           .start = UINT32_MAX,
                                           .function_count = 1,
                                           .functions = circle_functions,
                                           .described_count = 1,
                                           .described_offset = 224,
                                           .described = circle_described,
                                           .described_of_function = first_described};
