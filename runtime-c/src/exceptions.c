// Exceptions: their objects, and what happens to one that leaves the guest.
//
// Objects lie in a region of their own, in chunks of cells of one size. One that is caught without
// a reference to it is freed there and then. The others are found by a collector that marks from
// the stack of wasm, globals, tables and the payloads of other exceptions, and takes every word
// that points into a cell for a reference: compiled code needs no maps of where its references are.
#include "runtime.h"
#include "../common/sys.h"

#include <sys/mman.h>

// Guests can hold on to as many exceptions as they like: more than this ends the program, lest one
// take all of the host's memory. A power of two; only what is used costs more than address space.
#define REGION_SIZE (256ull << 20)
// For those who limit address space.
#define REGION_SIZE_SMALL (16ull << 20)
#define CHUNK_LOG 16
#define CHUNK_SIZE (1ull << CHUNK_LOG)
#define CHUNKS (REGION_SIZE >> CHUNK_LOG)
// Cells are of 32 << class bytes; the largest holds a payload of 1,000 values.
#define CLASSES 10
#define SMALLEST_CELL_LOG 5
// Chunks in use before the first collection: what a loop that throws gets through in a moment.
#define FIRST_BUDGET 16
// Objects that are marked and still to be scanned. If it is full, they are found by a search.
#define PENDING_MAX 1024

// A cell without an exception. The tag of an exception is never null.
struct free_cell {
  const void *tag;
  struct free_cell *next;
};

enum chunk_state { CHUNK_UNUSED, CHUNK_FREE, CHUNK_CELLS }; // CHUNK_CELLS + class

struct wasmaot_exception *wasmaot_exception;

static uint8_t *region;
static uint64_t region_chunks;
static uint8_t chunk_states[CHUNKS];
static uint64_t chunks_in_use;
static uint64_t chunk_budget = FIRST_BUDGET;
static struct free_cell *free_cells[CLASSES];

// Flags of exceptions that only the collector knows.
#define MARKED 0x80000000u
#define SCANNED 0x40000000u

// ---- Memory -----------------------------------------------------------------------------------

static unsigned class_of(uint64_t size) {
  unsigned class = 0;
  while ((32ull << class) < size)
    class ++;
  return class;
}

static _Noreturn void exhausted(void) {
  wasmaot_fail(WASMAOT_EXIT_TRAP, "trap: out of memory for exceptions", NULL, NULL);
}

static void reserve(void) {
  for (uint64_t size = REGION_SIZE; size >= REGION_SIZE_SMALL; size = REGION_SIZE_SMALL) {
    long address = sys6(SYS_mmap, 0, (long)(size + CHUNK_SIZE), PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!sys_failed(address)) {
      uint64_t start = ((uint64_t)address + CHUNK_SIZE - 1) & ~(CHUNK_SIZE - 1);
      region = (uint8_t *)start; // NOLINT: an address that mmap gave
      region_chunks = size >> CHUNK_LOG;
      return;
    }
    if (size == REGION_SIZE_SMALL)
      break;
  }
  exhausted();
}

// Makes cells of a chunk that nothing uses. False if there is none.
static bool add_chunk(unsigned class) {
  if (!region)
    reserve();
  for (uint64_t chunk = 0; chunk < region_chunks; chunk++) {
    if (chunk_states[chunk] >= CHUNK_CELLS)
      continue;
    uint8_t *start = region + (chunk << CHUNK_LOG);
    if (chunk_states[chunk] == CHUNK_UNUSED &&
        sys_failed(sys3(SYS_mprotect, start, CHUNK_SIZE, PROT_READ | PROT_WRITE)))
      return false;
    chunk_states[chunk] = (uint8_t)(CHUNK_CELLS + class);
    chunks_in_use++;
    uint64_t cell_size = 32ull << class;
    for (uint64_t offset = CHUNK_SIZE; offset > 0; offset -= cell_size) {
      struct free_cell *cell = (struct free_cell *)(void *)(start + offset - cell_size);
      cell->tag = NULL;
      cell->next = free_cells[class];
      free_cells[class] = cell;
    }
    return true;
  }
  return false;
}

// ---- Collection -------------------------------------------------------------------------------

static struct wasmaot_exception *pending[PENDING_MAX];
static unsigned pending_count;
static bool pending_overflowed;

// The exception that a word points into, its start or behind it; null for any other word.
static struct wasmaot_exception *find(uint64_t word) {
  uint64_t offset = word - (uint64_t)(uintptr_t)region;
  if (offset >= region_chunks << CHUNK_LOG)
    return NULL;
  unsigned state = chunk_states[offset >> CHUNK_LOG];
  if (state < CHUNK_CELLS)
    return NULL;
  // Cells do not cross a chunk's end, and chunks are aligned to their size.
  uint64_t cell_size = 32ull << (state - CHUNK_CELLS);
  void *cell = region + (offset & ~(cell_size - 1));
  struct wasmaot_exception *exception = cell;
  return exception->tag ? exception : NULL;
}

static void mark(uint64_t word) {
  struct wasmaot_exception *exception = find(word);
  if (!exception || exception->flags & MARKED)
    return;
  exception->flags |= MARKED;
  if (pending_count < PENDING_MAX)
    pending[pending_count++] = exception;
  else
    pending_overflowed = true;
}

static void mark_words(const void *start, const void *end) {
  for (const uint64_t *word = start; (const void *)word < end; word++)
    mark(*word);
}

static void scan(struct wasmaot_exception *exception) {
  uint64_t offset = (uint64_t)((uint8_t *)exception - region);
  uint64_t cell_size = 32ull << (chunk_states[offset >> CHUNK_LOG] - CHUNK_CELLS);
  exception->flags |= SCANNED;
  const uint8_t *cell = (const uint8_t *)exception;
  mark_words(cell + WASMAOT_EXCEPTION_PAYLOAD, cell + cell_size);
}

// Calls `visit` for every cell of the chunk.
#define FOR_EACH_CELL(chunk, exception)                                                            \
  for (uint64_t cell_size_ = 32ull << (chunk_states[chunk] - CHUNK_CELLS), offset_ = 0;            \
       offset_ < CHUNK_SIZE; offset_ += cell_size_)                                                \
    for (struct wasmaot_exception *exception =                                                     \
             (void *)(region + ((chunk) << CHUNK_LOG) + offset_);                                  \
         exception; exception = NULL)

static void mark_reachable(void) {
  for (;;) {
    while (pending_count > 0)
      scan(pending[--pending_count]);
    if (!pending_overflowed)
      return;
    pending_overflowed = false;
    for (uint64_t chunk = 0; chunk < region_chunks; chunk++) {
      if (chunk_states[chunk] < CHUNK_CELLS)
        continue;
      FOR_EACH_CELL(chunk, exception) {
        if (exception->tag && (exception->flags & (MARKED | SCANNED)) == MARKED) {
          scan(exception);
          while (pending_count > 0)
            scan(pending[--pending_count]);
        }
      }
    }
  }
}

static __attribute__((noinline)) void mark_roots(void) {
  mark((uint64_t)(uintptr_t)wasmaot_exception);
  for (size_t i = 0; wasmaot_exception_globals[i]; i++)
    mark((uint64_t)(uintptr_t)*wasmaot_exception_globals[i]);
  for (uint32_t i = 0; i < wasmaot_module.table_count; i++) {
    const struct wasmaot_table *table = wasmaot_module.tables[i];
    if (table && table->kind == WASMAOT_TABLE_EXNREF) {
      struct wasmaot_exception *const *entries = table->entries;
      mark_words(entries, entries + table->size);
    }
  }
  // From this function's own frame upwards. What its callers' callers keep in registers they have
  // saved in theirs, or `collect` has.
  uint64_t low, high;
  wasmaot_stack_bounds(&low, &high);
  uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  if (here >= low && here < high)
    mark_words((const void *)here, (const void *)high); // NOLINT: the stack of wasm
}

// Puts unmarked cells on the free lists, and gives chunks back that have no others.
static void sweep(void) {
  for (unsigned class = 0; class < CLASSES; class ++)
    free_cells[class] = NULL;
  for (uint64_t chunk = 0; chunk < region_chunks; chunk++) {
    if (chunk_states[chunk] < CHUNK_CELLS)
      continue;
    unsigned class = chunk_states[chunk] - CHUNK_CELLS;
    struct free_cell *before = free_cells[class];
    bool is_empty = true;
    FOR_EACH_CELL(chunk, exception) {
      if (exception->tag && exception->flags & MARKED) {
        exception->flags &= ~(MARKED | SCANNED);
        is_empty = false;
      } else {
        struct free_cell *cell = (void *)exception;
        cell->tag = NULL;
        cell->next = free_cells[class];
        free_cells[class] = cell;
      }
    }
    if (is_empty) {
      free_cells[class] = before;
      chunk_states[chunk] = CHUNK_FREE;
      chunks_in_use--;
    }
  }
}

static __attribute__((noinline)) void collect(void) {
  // Registers that compiled code may keep references in across a call.
  uint64_t registers[6];
  __asm__ volatile("mov %%rbx, 0(%0)\n mov %%rbp, 8(%0)\n mov %%r12, 16(%0)\n"
                   "mov %%r13, 24(%0)\n mov %%r14, 32(%0)\n mov %%r15, 40(%0)"
                   :
                   : "r"(registers)
                   : "memory");
  mark_words(registers, registers + 6);
  mark_roots();
  mark_reachable();
  sweep();
  // As much again as is live may be added before the next time: the work is in proportion to it.
  chunk_budget = 2 * chunks_in_use > FIRST_BUDGET ? 2 * chunks_in_use : FIRST_BUDGET;
}

static void add_cells(unsigned class) {
  if (chunks_in_use >= chunk_budget) {
    collect();
    if (free_cells[class])
      return;
  }
  if (!add_chunk(class)) {
    collect();
    if (!free_cells[class] && !add_chunk(class))
      exhausted();
  }
}

// ---- What compiled code calls -----------------------------------------------------------------

struct wasmaot_exception *wasmaot_exception_new(const void *tag, uint32_t size) {
  unsigned class = class_of(WASMAOT_EXCEPTION_PAYLOAD + (uint64_t)size);
  if (!free_cells[class])
    add_cells(class);
  struct free_cell *cell = free_cells[class];
  free_cells[class] = cell->next;
  struct wasmaot_exception *exception = (void *)cell;
  exception->tag = tag;
  uint64_t origin = (uint64_t)(uintptr_t)__builtin_return_address(0);
  exception->origin = (uint32_t)(origin - (uint64_t)(uintptr_t)__start_wasmaot_text);
  exception->flags = 0;
  return exception;
}

void wasmaot_exception_release(struct wasmaot_exception *exception) {
  if (exception->flags & WASMAOT_EXCEPTION_KEPT)
    return;
  uint64_t offset = (uint64_t)((uint8_t *)exception - region);
  unsigned class = chunk_states[offset >> CHUNK_LOG] - CHUNK_CELLS;
  struct free_cell *cell = (void *)exception;
  cell->tag = NULL;
  cell->next = free_cells[class];
  free_cells[class] = cell;
}

// ---- An exception that nothing caught ---------------------------------------------------------

bool wasmaot_exception_take(void) {
  bool is_pending = wasmaot_exception != NULL;
  wasmaot_exception = NULL;
  return is_pending;
}

void wasmaot_exception_check(void) {
  if (!wasmaot_exception)
    return;
  const struct wasmaot_static_tag *tag = wasmaot_exception->tag;
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: uncaught exception: tag ");
  if (tag->name) {
    size_t length = 0;
    while (tag->name[length])
      length++;
    // Room for what follows a long name.
    wasmaot_text_add_untrusted(&text, tag->name, length < 400 ? length : 400);
  } else {
    wasmaot_text_add_decimal(&text, tag->index);
  }
  wasmaot_text_add(&text, "\n thrown in:\n");
  wasmaot_text_write(&text, 2);
  uint64_t origin = (uint64_t)(uintptr_t)__start_wasmaot_text + wasmaot_exception->origin;
  wasmaot_trap_print_frame(0, origin - 1);
  wasmaot_exit(WASMAOT_EXIT_TRAP);
}
