// The modules of guest.h.
#include "guest_code.h"

// ---- Functions: index 0 is the import ---------------------------------------------------------

WASM static uint32_t load(uint32_t address, SELF) {
  return *(volatile uint32_t *)(base_of(self) + (uint64_t)address);
}
MAP_FUNCTION(load, 1);

WASM static void store(uint32_t address, uint32_t value, SELF) {
  *(volatile uint32_t *)(base_of(self) + (uint64_t)address) = value;
}
MAP_FUNCTION(store, 2);

WASM static uint32_t grow(uint32_t delta, SELF) {
  return (uint32_t)self->head.runtime->memory_grow(&self->head, self->memory.memory, delta);
}
MAP_FUNCTION(grow, 3);

WASM static void loop(SELF) {
  (void)self;
  for (;;)
    __asm__ volatile("");
}
MAP_FUNCTION(loop, 4);

WASM static uint32_t recurse(uint32_t depth, SELF) {
  volatile char frame[64];
  frame[depth & 63] = 1;
  if (depth == UINT32_MAX)
    return 0;
  return recurse(depth + 1, self) + (uint32_t)frame[0];
}
MAP_FUNCTION(recurse, 5);

WASM static uint32_t divide(uint32_t a, uint32_t b, SELF) {
  (void)self;
  if (b == 0) {
    CHECK_FAILS(WASMAOT_TRAP_INTEGER_DIVIDE_BY_ZERO);
    __builtin_unreachable();
  }
  return a / b;
}
MAP_FUNCTION(divide, 6);

// Calls the imported function of the host.
WASM static uint32_t call_host(uint32_t argument, SELF) {
  function_i_i *function = self->host.code;
  uint32_t result = function(argument, self->host.context);
  if (*self->head.pending)
    return 0;
  self->counter++;
  NO_TAIL_CALL;
  return result;
}
MAP_FUNCTION(call_host, 7);

WASM static uint32_t call_indirect(uint32_t index, uint32_t argument, SELF) {
  if (index >= self->table.size) {
    CHECK_FAILS(WASMAOT_TRAP_UNDEFINED_ELEMENT);
    __builtin_unreachable();
  }
  struct wasmaot_func_ref entry = ((struct wasmaot_func_ref *)self->table.entries)[index];
  if (entry.type != self->head.types[1])
    self->head.runtime->trap(&self->head, entry.type == 0
                                              ? WASMAOT_TRAP_UNINITIALIZED_ELEMENT
                                              : WASMAOT_TRAP_INDIRECT_CALL_TYPE_MISMATCH);
  function_i_i *function = entry.code;
  uint32_t result = function(argument, entry.context);
  NO_TAIL_CALL;
  return result;
}
MAP_FUNCTION(call_indirect, 8);

WASM static uint32_t add_one(uint32_t argument, SELF) {
  (void)self;
  return argument + 1;
}
MAP_FUNCTION(add_one, 9);

WASM static void fill(uint32_t address, uint32_t value, uint32_t size, SELF) {
  self->head.runtime->fill(base_of(self) + (uint64_t)address, (int)value, size);
}
MAP_FUNCTION(fill, 10);

WASM static void throw(uint32_t argument, SELF) {
  struct wasmaot_exception *exception =
      self->head.runtime->exception_new(&self->head, self->tag, 16);
  uint64_t *payload = (uint64_t *)(void *)exception + 2;
  payload[0] = argument;
  payload[1] = 0;
  *self->head.pending = exception;
}
MAP_FUNCTION(throw, 11);

// Fills memory again and again: most of the time is spent in the runtime.
WASM static void fill_forever(SELF) {
  for (;;)
    self->head.runtime->fill(base_of(self), 7, 65536);
}
MAP_FUNCTION(fill_forever, 12);

WASM static void nothing(SELF) { (void)self; }
MAP_FUNCTION(nothing, 13);

// Touches 16 pages.
WASM static void touch(SELF) {
  for (uint64_t page = 0; page < 16; page++)
    *(volatile uint8_t *)(base_of(self) + page * 4096) = 1;
}
MAP_FUNCTION(touch, 14);

WASM static void fail(SELF) {
  (void)self;
  CHECK_FAILS(WASMAOT_TRAP_UNREACHABLE);
}
MAP_FUNCTION(fail, 15);

// ---- Signatures -------------------------------------------------------------------------------

ENTER static void enter_none(void *code, void *context, struct wasmaot_value *values) {
  (void)values;
  // Long enough for interruptions to come here, too.
  for (volatile int i = 0; i < 1000; i++)
    ;
  ((function_none *)code)(context);
}
ENTER static void enter_i_i(void *code, void *context, struct wasmaot_value *values) {
  values[0].low = ((function_i_i *)code)(ARGUMENT(0), context);
}
ENTER static void enter_ii(void *code, void *context, struct wasmaot_value *values) {
  ((function_ii *)code)(ARGUMENT(0), ARGUMENT(1), context);
}
ENTER static void enter_ii_i(void *code, void *context, struct wasmaot_value *values) {
  values[0].low = ((function_ii_i *)code)(ARGUMENT(0), ARGUMENT(1), context);
}
ENTER static void enter_iii(void *code, void *context, struct wasmaot_value *values) {
  ((function_iii *)code)(ARGUMENT(0), ARGUMENT(1), ARGUMENT(2), context);
}
ENTER static void enter_i(void *code, void *context, struct wasmaot_value *values) {
  ((function_i *)code)(ARGUMENT(0), context);
}

THUNK __attribute__((swiftcall)) static uint32_t adapt_i_i(uint32_t argument, void *context
                                                           __attribute__((swift_context))) {
  struct wasmaot_value value = {argument, 0};
  (*(struct wasmaot_runtime **)context)->call_host(context, &value);
  NO_TAIL_CALL;
  return (uint32_t)value.low;
}
MAP_FUNCTION(adapt_i_i, 0xffffffff);

static const struct wasmaot_signature signatures[] = {
    {"", "", enter_none, NULL},   {"i", "i", enter_i_i, (void *)adapt_i_i},
    {"ii", "", enter_ii, NULL},   {"ii", "i", enter_ii_i, NULL},
    {"iii", "", enter_iii, NULL}, {"i", "", enter_i, NULL},
};
enum { NONE, I_I, II, II_I, III, I };
#define SIGNATURES 6

// ---- The full module --------------------------------------------------------------------------

static const struct wasmaot_entity functions[] = {
    {.offset = 80, .flags = WASMAOT_ENTITY_IMPORTED, .signature = I_I},
    FUNCTION(I_I),
    FUNCTION(II),
    FUNCTION(I_I),
    FUNCTION(NONE),
    FUNCTION(I_I),
    FUNCTION(II_I),
    FUNCTION(I_I),
    FUNCTION(II_I),
    FUNCTION(I_I),
    FUNCTION(III),
    FUNCTION(I),
    FUNCTION(NONE),
};
static const struct wasmaot_described_function described[DESCRIBED] = {
    {NULL, I_I, 0},
    {(void *)load, I_I, 1},
    {(void *)store, II, 2},
    {(void *)grow, I_I, 3},
    {(void *)loop, NONE, 4},
    {(void *)recurse, I_I, 5},
    {(void *)divide, II_I, 6},
    {(void *)call_host, I_I, 7},
    {(void *)call_indirect, II_I, 8},
    {(void *)add_one, I_I, 9},
    {(void *)fill, III, 10},
    {(void *) throw, I, 11},
    {(void *)fill_forever, NONE, 12},
};
static const uint32_t described_of_function[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static const struct wasmaot_import imports[] = {{NAME("host"), NAME("f"), WASMAOT_EXTERN_FUNC, 0}};
static const struct wasmaot_export_entry exports[] = {
    {NAME("load"), WASMAOT_EXTERN_FUNC, 1},       {NAME("store"), WASMAOT_EXTERN_FUNC, 2},
    {NAME("grow"), WASMAOT_EXTERN_FUNC, 3},       {NAME("loop"), WASMAOT_EXTERN_FUNC, 4},
    {NAME("recurse"), WASMAOT_EXTERN_FUNC, 5},    {NAME("divide"), WASMAOT_EXTERN_FUNC, 6},
    {NAME("call_host"), WASMAOT_EXTERN_FUNC, 7},  {NAME("call_indirect"), WASMAOT_EXTERN_FUNC, 8},
    {NAME("add_one"), WASMAOT_EXTERN_FUNC, 9},    {NAME("fill"), WASMAOT_EXTERN_FUNC, 10},
    {NAME("throw"), WASMAOT_EXTERN_FUNC, 11},     {NAME("fill_forever"), WASMAOT_EXTERN_FUNC, 12},
    {NAME("host"), WASMAOT_EXTERN_FUNC, 0},       {NAME("memory"), WASMAOT_EXTERN_MEMORY, 0},
    {NAME("table"), WASMAOT_EXTERN_TABLE, 0},     {NAME("counter"), WASMAOT_EXTERN_GLOBAL, 0},
    {NAME("constant"), WASMAOT_EXTERN_GLOBAL, 1}, {NAME("tag"), WASMAOT_EXTERN_TAG, 0},
};
#define EXPORTS 18

static const struct wasmaot_entity full_memory[] = {
    {.offset = 64, .minimum = 2, .maximum = 5, .page_log2 = 16}};
static const struct wasmaot_entity large_memory[] = {
    {.offset = 64, .minimum = 4, .maximum = 5, .page_log2 = 16}};
static const struct wasmaot_entity small_memory[] = {
    {.offset = 64, .minimum = 1, .maximum = 5, .page_log2 = 16}};
static const struct wasmaot_entity moving_memory[] = {
    {.offset = 64, .flags = WASMAOT_ENTITY_MAY_MOVE, .minimum = 2, .maximum = 5, .page_log2 = 16}};
static const struct wasmaot_entity tables[] = {
    {.offset = 144, .type = "r", .minimum = 4, .maximum = 8, .initializer = UINT32_MAX}};
static const struct wasmaot_entity globals[] = {
    {.offset = 112, .flags = WASMAOT_ENTITY_MUTABLE, .type = "i", .initializer = 0},
    {.offset = UINT32_MAX, .type = "I", .initializer = 2},
};
static const struct wasmaot_entity tags[] = {{.offset = 120, .signature = I}};
static const struct wasmaot_expression expressions[] = {
    {WASMAOT_EXPRESSION_CONST, 100}, {WASMAOT_EXPRESSION_END, 0}, // 0
    {WASMAOT_EXPRESSION_CONST, 40},                               // 2: 40 + 2
    {WASMAOT_EXPRESSION_CONST, 2},   {WASMAOT_EXPRESSION_I64_ADD, 0},
    {WASMAOT_EXPRESSION_END, 0},     {WASMAOT_EXPRESSION_CONST, 0},      // 6
    {WASMAOT_EXPRESSION_END, 0},     {WASMAOT_EXPRESSION_CONST, 131070}, // 8
    {WASMAOT_EXPRESSION_END, 0},
};
// The table: host, add_one, null, divide (of another type).
static const uint32_t items[] = {0, 9, UINT32_MAX, 6};
static const struct wasmaot_element_init elements[] = {
    {.table = 0, .offset = UINT32_MAX, .destination = 6, .count = 4, .functions = items}};
static uint8_t image_bytes[IMAGE_SIZE]
    __attribute__((aligned(4096))) = {[0] = 'a', [IMAGE_SIZE - 1] = 'z'};
static const struct wasmaot_image images[] = {{image_bytes, IMAGE_OFFSET, IMAGE_SIZE, 0, 0}};
static const struct wasmaot_data_init bad_data[] = {{.memory = 0,
                                                     .offset = UINT32_MAX,
                                                     .destination = 6,
                                                     .bytes = (const uint8_t *)"kept",
                                                     .count = 4},
                                                    {.memory = 0,
                                                     .offset = UINT32_MAX,
                                                     .destination = 8,
                                                     .bytes = (const uint8_t *)"long",
                                                     .count = 4}};

static const char names[] =
    "hostloadstoregrowlooprecursedividecall_hostcall_indirectadd_onefillthrow"
    "fill_forever";
static const uint32_t name_offsets[] = {0, 4, 8, 13, 17, 21, 28, 34, 43, 56, 63, 67, 72, 84};

#define COMMON                                                                                     \
  .abi_version = WASMAOT_EMBEDDED_ABI_VERSION, .size = sizeof(struct wasmaot_code),                \
  .signature_count = SIGNATURES, .signatures = signatures, .start = UINT32_MAX,                    \
  .expressions = expressions, .text_start = __start_wasmaot_text, .text_end = __stop_wasmaot_text, \
  .funcmap_start = __start_wasmaot_funcmap, .funcmap_end = __stop_wasmaot_funcmap
#define FULL                                                                                       \
  COMMON, .instance_size = sizeof(struct layout), .interface_hash = 0x1234, .import_count = 1,     \
      .imports = imports, .export_count = EXPORTS, .exports = exports, .function_count = 13,       \
      .functions = functions, .table_count = 1, .tables = tables, .memory_count = 1,               \
      .global_count = 2, .globals = globals, .tag_count = 1, .tags = tags,                         \
      .described_count = DESCRIBED, .described_offset = 224, .described = described,               \
      .described_of_function = described_of_function, .element_count = 1, .elements = elements,    \
      .name_offsets = name_offsets, .names = names

const struct wasmaot_code full_wasm = {FULL, .memories = full_memory, .image_count = 1,
                                       .images = images};
const struct wasmaot_code large_wasm = {FULL, .memories = large_memory};
const struct wasmaot_code small_wasm = {FULL, .memories = small_memory};
const struct wasmaot_code moving_wasm = {FULL, .memories = moving_memory, .image_count = 1,
                                         .images = images};
const struct wasmaot_code bad_segment_wasm = {FULL, .memories = full_memory, .data_count = 2,
                                              .data = bad_data};

// ---- Small modules ----------------------------------------------------------------------------

struct small_layout {
  struct wasmaot_instance head;
  struct wasmaot_memory_slot memory;    // 64
  struct wasmaot_func_ref described[1]; // 80
};
static const struct wasmaot_entity one_function[] = {FUNCTION(NONE)};
static const uint32_t first_described[] = {0};
static const uint32_t first_described_two[] = {0, 1};
static const struct wasmaot_described_function nothing_described[] = {{(void *)nothing, NONE, 0}};
static const struct wasmaot_described_function fail_described[] = {{(void *)fail, NONE, 0}};
static const struct wasmaot_export_entry nothing_export[] = {
    {NAME("nothing"), WASMAOT_EXTERN_FUNC, 0}};
#define SMALL                                                                                      \
  COMMON, .instance_size = sizeof(struct small_layout), .export_count = 1,                         \
      .exports = nothing_export, .function_count = 1, .functions = one_function,                   \
      .described_count = 1, .described_offset = 80, .described_of_function = first_described

const struct wasmaot_code empty_wasm = {SMALL, .described = nothing_described};

static const struct wasmaot_export_entry program_export[] = {
    {NAME("_start"), WASMAOT_EXTERN_FUNC, 0}};
const struct wasmaot_code program_wasm = {COMMON,
                                          .instance_size = sizeof(struct small_layout),
                                          .export_count = 1,
                                          .exports = program_export,
                                          .function_count = 1,
                                          .functions = one_function,
                                          .described_count = 1,
                                          .described_offset = 80,
                                          .described_of_function = first_described,
                                          .described = nothing_described};

#undef COMMON
#define START                                                                                      \
  .abi_version = WASMAOT_EMBEDDED_ABI_VERSION, .size = sizeof(struct wasmaot_code),                \
  .signature_count = SIGNATURES, .signatures = signatures, .start = 0,                             \
  .text_start = __start_wasmaot_text, .text_end = __stop_wasmaot_text,                             \
  .funcmap_start = __start_wasmaot_funcmap, .funcmap_end = __stop_wasmaot_funcmap
#define COMMON START
const struct wasmaot_code bad_start_wasm = {SMALL, .described = fail_described};

// ---- A module that imports all that the full one exports --------------------------------------

struct linked_layout {
  struct wasmaot_instance head;
  struct wasmaot_memory_slot memory; // 64
  struct wasmaot_table *table;       // 80
  uint64_t *counter;                 // 88
  const void *tag;                   // 96
  uint64_t padding;
  struct wasmaot_func_ref add_one;      // 112
  struct wasmaot_func_ref described[2]; // 144
};

WASM static uint32_t linked_call(uint32_t argument,
                                 struct linked_layout *self __attribute__((swift_context))) {
  function_i_i *function = self->add_one.code;
  uint32_t result = function(argument, self->add_one.context);
  *self->counter += 1;
  *(uint32_t *)(void *)self->memory.base = result;
  NO_TAIL_CALL;
  return result;
}
MAP_FUNCTION(linked_call, 1);

static const struct wasmaot_import linked_imports[] = {
    {NAME("full"), NAME("memory"), WASMAOT_EXTERN_MEMORY, 0},
    {NAME("full"), NAME("table"), WASMAOT_EXTERN_TABLE, 0},
    {NAME("full"), NAME("counter"), WASMAOT_EXTERN_GLOBAL, 0},
    {NAME("full"), NAME("tag"), WASMAOT_EXTERN_TAG, 0},
    {NAME("full"), NAME("add_one"), WASMAOT_EXTERN_FUNC, 0},
};
static const struct wasmaot_entity linked_functions[] = {
    {.offset = 112, .flags = WASMAOT_ENTITY_IMPORTED, .signature = I_I}, FUNCTION(I_I)};
static const struct wasmaot_entity linked_memories[] = {
    {.offset = 64, .flags = WASMAOT_ENTITY_IMPORTED, .minimum = 2, .maximum = 6, .page_log2 = 16}};
static const struct wasmaot_entity linked_tables[] = {{.offset = 80,
                                                       .flags = WASMAOT_ENTITY_IMPORTED,
                                                       .type = "r",
                                                       .minimum = 4,
                                                       .maximum = 8,
                                                       .initializer = UINT32_MAX}};
static const struct wasmaot_entity linked_globals[] = {
    {.offset = 88,
     .flags = WASMAOT_ENTITY_IMPORTED | WASMAOT_ENTITY_MUTABLE,
     .type = "i",
     .initializer = UINT32_MAX}};
static const struct wasmaot_entity linked_tags[] = {
    {.offset = 96, .flags = WASMAOT_ENTITY_IMPORTED, .signature = I}};
static const struct wasmaot_described_function linked_described[] = {{NULL, I_I, 0},
                                                                     {(void *)linked_call, I_I, 1}};
static const struct wasmaot_export_entry linked_exports[] = {
    {NAME("add_one"), WASMAOT_EXTERN_FUNC, 0},   {NAME("call"), WASMAOT_EXTERN_FUNC, 1},
    {NAME("memory"), WASMAOT_EXTERN_MEMORY, 0},  {NAME("table"), WASMAOT_EXTERN_TABLE, 0},
    {NAME("counter"), WASMAOT_EXTERN_GLOBAL, 0}, {NAME("tag"), WASMAOT_EXTERN_TAG, 0}};
// Writes its own function to the other module's table.
static const uint32_t linked_items[] = {1};
static const struct wasmaot_expression linked_expressions[] = {{WASMAOT_EXPRESSION_CONST, 2},
                                                               {WASMAOT_EXPRESSION_END, 0}};
static const struct wasmaot_element_init linked_elements[] = {
    {.table = 0, .offset = UINT32_MAX, .destination = 0, .count = 1, .functions = linked_items}};
#undef COMMON
#define COMMON                                                                                     \
  .abi_version = WASMAOT_EMBEDDED_ABI_VERSION, .size = sizeof(struct wasmaot_code),                \
  .signature_count = SIGNATURES, .signatures = signatures, .start = UINT32_MAX,                    \
  .text_start = __start_wasmaot_text, .text_end = __stop_wasmaot_text,                             \
  .funcmap_start = __start_wasmaot_funcmap, .funcmap_end = __stop_wasmaot_funcmap
const struct wasmaot_code linked_wasm = {COMMON,
                                         .instance_size = sizeof(struct linked_layout),
                                         .import_count = 5,
                                         .imports = linked_imports,
                                         .export_count = 6,
                                         .exports = linked_exports,
                                         .function_count = 2,
                                         .functions = linked_functions,
                                         .memory_count = 1,
                                         .memories = linked_memories,
                                         .table_count = 1,
                                         .tables = linked_tables,
                                         .global_count = 1,
                                         .globals = linked_globals,
                                         .tag_count = 1,
                                         .tags = linked_tags,
                                         .described_count = 2,
                                         .described_offset = 144,
                                         .described = linked_described,
                                         .described_of_function = first_described_two,
                                         .expressions = linked_expressions,
                                         .element_count = 1,
                                         .elements = linked_elements};

// ---- Exceptions that hold functions ------------------------------------------------------------

struct exception_layout {
  struct wasmaot_instance head;
  const void *tag;                      // 64, then its identity
  void *identity[2];                    // 72
  uint64_t padding;                     // 88
  struct wasmaot_func_ref described[2]; // 96
};
typedef __attribute__((swiftcall)) struct wasmaot_exception *function_x(CONTEXT);

WASM static struct wasmaot_exception *make(struct exception_layout *self
                                           __attribute__((swift_context))) {
  struct wasmaot_exception *exception =
      self->head.runtime->exception_new(&self->head, self->tag, 16);
  exception->flags |= WASMAOT_EXCEPTION_KEPT;
  uint64_t *payload = (uint64_t *)(void *)exception + 2;
  payload[0] = (uintptr_t)&self->described[0];
  payload[1] = 0;
  return exception;
}
MAP_FUNCTION(make, 1);

ENTER static void enter_x(void *code, void *context, struct wasmaot_value *values) {
  values[0].low = (uintptr_t)((function_x *)code)(context);
}

static const struct wasmaot_signature exception_signatures[] = {
    {"i", "i", enter_i_i, (void *)adapt_i_i}, {"", "x", enter_x, NULL}, {"r", "", NULL, NULL}};
static const struct wasmaot_entity exception_functions[] = {
    {.offset = UINT32_MAX, .flags = WASMAOT_ENTITY_IMPORTED, .signature = 0}, FUNCTION(1)};
static const struct wasmaot_described_function exception_described[] = {{NULL, 0, 0},
                                                                        {(void *)make, 1, 1}};
static const struct wasmaot_entity exception_tags[] = {{.offset = 64, .signature = 2}};
static const struct wasmaot_export_entry make_export[] = {{NAME("make"), WASMAOT_EXTERN_FUNC, 1}};
const struct wasmaot_code exception_wasm = {.abi_version = WASMAOT_EMBEDDED_ABI_VERSION,
                                            .size = sizeof(struct wasmaot_code),
                                            .start = UINT32_MAX,
                                            .text_start = __start_wasmaot_text,
                                            .text_end = __stop_wasmaot_text,
                                            .funcmap_start = __start_wasmaot_funcmap,
                                            .funcmap_end = __stop_wasmaot_funcmap,
                                            .signature_count = 3,
                                            .signatures = exception_signatures,
                                            .instance_size = sizeof(struct exception_layout),
                                            .import_count = 1,
                                            .imports = imports,
                                            .export_count = 1,
                                            .exports = make_export,
                                            .function_count = 2,
                                            .functions = exception_functions,
                                            .tag_count = 1,
                                            .tags = exception_tags,
                                            .described_count = 2,
                                            .described_offset = 96,
                                            .described = exception_described,
                                            .described_of_function = first_described_two};

// ---- Recursive types --------------------------------------------------------------------------

struct recursive_layout {
  struct wasmaot_instance head;
  struct wasmaot_func_ref described[3]; // 64
};
#define RECURSIVE(params, results) {params, results, enter_none, NULL}
static const struct wasmaot_signature recursive_signatures[] = {
    RECURSIVE("(0)", "i"), RECURSIVE("(2)", ""), RECURSIVE("(1)", "i")};
static const struct wasmaot_signature other_signatures[] = {
    RECURSIVE("(1)", "i"), RECURSIVE("(0)", ""), RECURSIVE("(2)", "i")};
static const struct wasmaot_entity recursive_functions[] = {FUNCTION(0), FUNCTION(1), FUNCTION(2)};
static const struct wasmaot_entity recursive_imported[] = {
    {.offset = UINT32_MAX, .flags = WASMAOT_ENTITY_IMPORTED, .signature = 0},
    {.offset = UINT32_MAX, .flags = WASMAOT_ENTITY_IMPORTED, .signature = 1},
    {.offset = UINT32_MAX, .flags = WASMAOT_ENTITY_IMPORTED, .signature = 2}};
static const struct wasmaot_described_function recursive_described[] = {
    {(void *)nothing, 0, 0}, {(void *)nothing, 1, 1}, {(void *)nothing, 2, 2}};
static const uint32_t three_described[] = {0, 1, 2};
static const struct wasmaot_export_entry recursive_exports[] = {
    {NAME("f0"), WASMAOT_EXTERN_FUNC, 0},
    {NAME("f1"), WASMAOT_EXTERN_FUNC, 1},
    {NAME("f2"), WASMAOT_EXTERN_FUNC, 2}};
static const struct wasmaot_import recursive_imports[] = {
    {NAME("r"), NAME("f2"), WASMAOT_EXTERN_FUNC, 0},
    {NAME("r"), NAME("f1"), WASMAOT_EXTERN_FUNC, 1},
    {NAME("r"), NAME("f0"), WASMAOT_EXTERN_FUNC, 2}};

#define RECURSIVE_COMMON                                                                           \
  .abi_version = WASMAOT_EMBEDDED_ABI_VERSION, .size = sizeof(struct wasmaot_code),                \
  .instance_size = sizeof(struct recursive_layout), .signature_count = 3, .start = UINT32_MAX,     \
  .function_count = 3, .text_start = __start_wasmaot_text, .text_end = __stop_wasmaot_text
const struct wasmaot_code recursive_wasm = {RECURSIVE_COMMON,
                                            .signatures = recursive_signatures,
                                            .functions = recursive_functions,
                                            .described_count = 3,
                                            .described_offset = 64,
                                            .described = recursive_described,
                                            .described_of_function = three_described,
                                            .export_count = 3,
                                            .exports = recursive_exports};
const struct wasmaot_code recursive_import_wasm = {RECURSIVE_COMMON, .signatures = other_signatures,
                                                   .functions = recursive_imported,
                                                   .import_count = 3, .imports = recursive_imports};
