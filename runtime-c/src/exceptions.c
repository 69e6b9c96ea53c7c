// Exceptions: their objects, and what happens to one that leaves the guest.
//
// Objects lie in segments of their own, in chunks of cells of one size. One that is caught without
// a reference to it is freed there and then. The others are found by a collector that marks from
// the stack of wasm, globals, tables and the payloads of other exceptions, and takes every word
// that points into a cell for a reference: compiled code needs no maps of where its references are.
#include "../common/sys.h"
#include "runtime.h"

#include <sys/mman.h>

// Guests can hold on to as many exceptions as they like: more than this ends the program, lest one
// take all of the host's memory.
#define HEAP_SIZE (256ull << 20)
#define CHUNK_LOG 16
#define CHUNK_SIZE (1ull << CHUNK_LOG)
#define CHUNKS (HEAP_SIZE >> CHUNK_LOG)
// Cells are of 32 << class bytes; the largest holds a payload of 1,000 values.
#define CLASSES 10
#define SMALLEST_CELL_LOG 5
// Chunks in use before the first collection: what a loop that throws gets through in a moment.
#define FIRST_BUDGET 16
// Address space is reserved in segments: one for the first budget, so that a thread asks for no
// more before it has collected, then each as large as all before it together. Nine make the heap
// full; more is for those who limit address space, and get smaller ones.
#define SEGMENTS_MAX 24
// Objects that are marked and still to be scanned. If it is full, they are found by a search.
#define PENDING_MAX 1024

// A cell without an exception. The tag of an exception is never null.
struct free_cell {
  const void *tag;
  struct free_cell *next;
};

enum chunk_state { CHUNK_UNUSED, CHUNK_FREE, CHUNK_CELLS }; // CHUNK_CELLS + class

// In programs with threads all of this is each thread's own: no exception can get from one to
// another. exceptions_threads.c compiles this file for those.
#ifdef WASMAOT_THREADS
#define PER_THREAD _Thread_local
#define PENDING wasmaot_thread_exception
#define wasmaot_exception_new wasmaot_thread_exception_new
#define wasmaot_exception_release wasmaot_thread_exception_release
// What threads have together is as limited as what one may have: chunks in use, of all.
static uint64_t shared_chunks;
#else
#define PER_THREAD
#define PENDING wasmaot_exception
#endif

PER_THREAD struct wasmaot_exception *PENDING;

struct segment {
  uint8_t *start;
  uint64_t size;
  uint64_t first_chunk;
  long mapping; // that it is in, of a chunk more
};

static PER_THREAD struct segment segments[SEGMENTS_MAX];
static PER_THREAD unsigned segment_count;
// Of all segments.
static PER_THREAD uint64_t heap_chunks;
static PER_THREAD uint8_t chunk_states[CHUNKS];
static PER_THREAD uint64_t chunks_in_use;
static PER_THREAD uint64_t chunks_open;
static PER_THREAD uint64_t chunk_budget = FIRST_BUDGET;
static PER_THREAD struct free_cell *free_cells[CLASSES];

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

// Counts a chunk that is about to be used; false where there may not be one more.
static bool count_chunk(void) {
#ifdef WASMAOT_THREADS
  if (__atomic_fetch_add(&shared_chunks, 1, __ATOMIC_RELAXED) >= CHUNKS) {
    __atomic_fetch_sub(&shared_chunks, 1, __ATOMIC_RELAXED);
    return false;
  }
#endif
  chunks_in_use++;
  return true;
}

static void uncount_chunk(void) {
#ifdef WASMAOT_THREADS
  __atomic_fetch_sub(&shared_chunks, 1, __ATOMIC_RELAXED);
#endif
  chunks_in_use--;
}

// Adds a segment of this many chunks.
static bool reserve(uint64_t chunks) {
  uint64_t size = chunks << CHUNK_LOG;
  long address = sys6(SYS_mmap, 0, (long)(size + CHUNK_SIZE), PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys_failed(address))
    return false;
  uint64_t start = ((uint64_t)address + CHUNK_SIZE - 1) & ~(CHUNK_SIZE - 1);
  segments[segment_count++] = (struct segment){
      .start = (uint8_t *)start, // NOLINT: an address that mmap gave
      .size = size,
      .first_chunk = heap_chunks,
      .mapping = address,
  };
  heap_chunks += chunks;
  return true;
}

// Reserves as much again as there is, or as much of that as the system gives.
static bool grow(void) {
  if (segment_count == SEGMENTS_MAX)
    return false;
  uint64_t chunks = heap_chunks > FIRST_BUDGET ? heap_chunks : FIRST_BUDGET;
  for (; chunks >= FIRST_BUDGET; chunks /= 2) {
    if (heap_chunks + chunks <= CHUNKS && reserve(chunks))
      return true;
  }
  return false;
}

static uint8_t *start_of(uint64_t chunk) {
  const struct segment *segment = segments;
  while (chunk - segment->first_chunk >= segment->size >> CHUNK_LOG)
    segment++;
  return segment->start + ((chunk - segment->first_chunk) << CHUNK_LOG);
}

// The chunk that a word points into, or CHUNKS.
static uint64_t chunk_at(uint64_t word) {
  for (unsigned i = 0; i < segment_count; i++) {
    uint64_t offset = word - (uint64_t)(uintptr_t)segments[i].start;
    if (offset < segments[i].size)
      return segments[i].first_chunk + (offset >> CHUNK_LOG);
  }
  return CHUNKS;
}

static uint64_t cell_size_of(uint64_t chunk) {
  return 32ull << (chunk_states[chunk] - CHUNK_CELLS);
}

static uint64_t chunk_of(const void *cell) { return chunk_at((uint64_t)(uintptr_t)cell); }

// Makes a chunk accessible. It stays so, and taken from --max-memory.
static bool open_chunk(uint8_t *start) {
  if (!wasmaot_take_memory(CHUNK_SIZE))
    return false;
  if (sys_failed(sys3(SYS_mprotect, start, CHUNK_SIZE, PROT_READ | PROT_WRITE))) {
    wasmaot_give_memory_back(CHUNK_SIZE);
    return false;
  }
  chunks_open++;
  return true;
}

// A chunk that nothing uses, or CHUNKS.
static uint64_t find_chunk(void) {
  for (uint64_t chunk = 0; chunk < heap_chunks; chunk++)
    if (chunk_states[chunk] < CHUNK_CELLS)
      return chunk;
  uint64_t chunk = heap_chunks; // the first of the new ones
  return grow() ? chunk : CHUNKS;
}

// Makes cells of a chunk that nothing uses. False if there is none.
static bool add_chunk(unsigned class) {
  uint64_t chunk = find_chunk();
  if (chunk == CHUNKS || !count_chunk())
    return false;
  uint8_t *start = start_of(chunk);
  if (chunk_states[chunk] == CHUNK_UNUSED && !open_chunk(start)) {
    uncount_chunk();
    return false;
  }
  chunk_states[chunk] = (uint8_t)(CHUNK_CELLS + class);
  uint64_t cell_size = cell_size_of(chunk);
  for (uint64_t offset = CHUNK_SIZE; offset > 0; offset -= cell_size) {
    struct free_cell *cell = (struct free_cell *)(void *)(start + offset - cell_size);
    cell->tag = NULL;
    cell->next = free_cells[class];
    free_cells[class] = cell;
  }
  return true;
}

// ---- Collection -------------------------------------------------------------------------------

static PER_THREAD struct wasmaot_exception *pending[PENDING_MAX];
static PER_THREAD unsigned pending_count;
static PER_THREAD bool pending_overflowed;

// The exception that a word points into, its start or behind it; null for any other word.
static struct wasmaot_exception *find(uint64_t word) {
  uint64_t chunk = chunk_at(word);
  if (chunk == CHUNKS || chunk_states[chunk] < CHUNK_CELLS)
    return NULL;
  // Cells do not cross a chunk's end, and chunks are aligned to their size.
  // NOLINTNEXTLINE: an address in a chunk
  struct wasmaot_exception *exception = (void *)(word & ~(cell_size_of(chunk) - 1));
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
  exception->flags |= SCANNED;
  const uint8_t *cell = (const uint8_t *)exception;
  mark_words(cell + WASMAOT_EXCEPTION_PAYLOAD, cell + cell_size_of(chunk_of(cell)));
}

// Calls `visit` for every cell of the chunk.
#define FOR_EACH_CELL(chunk, exception)                                                            \
  for (uint8_t *cell_ = start_of(chunk), *end_ = cell_ + CHUNK_SIZE; cell_ < end_;                 \
       cell_ += cell_size_of(chunk))                                                               \
    for (struct wasmaot_exception *exception = (void *)cell_; exception; exception = NULL)

static void mark_reachable(void) {
  for (;;) {
    while (pending_count > 0)
      scan(pending[--pending_count]);
    if (!pending_overflowed)
      return;
    pending_overflowed = false;
    for (uint64_t chunk = 0; chunk < heap_chunks; chunk++) {
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

static void mark_table(struct wasmaot_table *table) {
  if (table->kind == WASMAOT_TABLE_EXNREF) {
    struct wasmaot_exception *const *entries = table->entries;
    mark_words(entries, entries + table->size);
  }
}

static void mark_global(struct wasmaot_exception **global) { mark((uint64_t)(uintptr_t)*global); }

static void mark_globals_and_tables(void) {
#ifdef WASMAOT_THREADS
  wasmaot_thread_exceptions(mark_global);
  wasmaot_thread_tables(mark_table);
#else
  for (size_t i = 0; wasmaot_exception_globals[i]; i++)
    mark_global(wasmaot_exception_globals[i]);
  for (uint32_t i = 0; i < wasmaot_module.table_count; i++)
    if (wasmaot_module.tables[i])
      mark_table(wasmaot_module.tables[i]);
#endif
}

static __attribute__((noinline)) void mark_roots(void) {
  mark((uint64_t)(uintptr_t)PENDING);
  mark_globals_and_tables();
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
  for (uint64_t chunk = 0; chunk < heap_chunks; chunk++) {
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
      uncount_chunk();
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
  unsigned class = chunk_states[chunk_of(exception)] - CHUNK_CELLS;
  struct free_cell *cell = (void *)exception;
  cell->tag = NULL;
  cell->next = free_cells[class];
  free_cells[class] = cell;
}

// ---- An exception that nothing caught ---------------------------------------------------------

bool wasmaot_exception_take(void) {
  bool is_pending = PENDING != NULL;
  PENDING = NULL;
  return is_pending;
}

void wasmaot_exception_check(void) {
  if (!PENDING)
    return;
  if (wasmaot_threads_end)
    wasmaot_threads_end(true);
  const struct wasmaot_static_tag *tag = PENDING->tag;
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
  wasmaot_text_add(&text, "\n thrown in:");
  wasmaot_text_write(&text, 2);
  uint64_t origin = (uint64_t)(uintptr_t)__start_wasmaot_text + PENDING->origin;
  wasmaot_trap_print_frame(0, origin - 1);
  wasmaot_exit(WASMAOT_EXIT_TRAP);
}

// ---- The end of a thread -----------------------------------------------------------------------

#ifdef WASMAOT_THREADS
void wasmaot_thread_exceptions_end(void) {
  __atomic_fetch_sub(&shared_chunks, chunks_in_use, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < segment_count; i++)
    sys2(SYS_munmap, segments[i].mapping, segments[i].size + CHUNK_SIZE);
  wasmaot_give_memory_back(chunks_open * CHUNK_SIZE);
}
#endif
