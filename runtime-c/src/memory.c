// Linear memories: reserved whole at start, opened by pages, so that compiled code needs no bounds
// checks. Those that compiled code checks explicitly (WASMAOT_MEMORY_MAY_MOVE) take no more than
// their size: each has room behind it that is not mapped. memory.grow never moves anything.
#include "../common/sys.h"
#include "runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_MAYMOVE
#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#endif

static uint64_t address_of(const struct wasmaot_memory *memory) {
  return (uint64_t)(uintptr_t)memory->base;
}

static _Noreturn void refuse_reservation(const struct wasmaot_memory *memory, long error) {
  const char *reason;
  switch (-error) {
  case EPERM:
  case EACCES:
    reason = "address 0x10000 may not be mapped: set vm.mmap_min_addr to 65536 or less";
    break;
  case EEXIST:
    reason = "something else is mapped there";
    break;
  default:
    reason = "address space is limited: raise ulimit -v, or look at vm.overcommit_memory";
    break;
  }
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: cannot reserve 8 GiB of address space at ");
  wasmaot_text_add_hex(&text, address_of(memory));
  wasmaot_text_add(&text, " for a linear memory (errno ");
  wasmaot_text_add_decimal(&text, (uint64_t)-error);
  wasmaot_text_add(&text, "): ");
  wasmaot_text_add(&text, reason);
  wasmaot_text_write(&text, 2);
  wasmaot_exit(WASMAOT_EXIT_START);
}

// Makes [from, to) of the reservation readable and writable.
static bool open_pages(const struct wasmaot_memory *memory, uint64_t from, uint64_t to) {
  return from == to ||
         !sys_failed(sys3(SYS_mprotect, memory->base + from, to - from, PROT_READ | PROT_WRITE));
}

static bool may_move(const struct wasmaot_memory *memory) {
  return (memory->flags & WASMAOT_MEMORY_MAY_MOVE) != 0;
}

// ---- Memories without a reservation ------------------------------------------------------------

// What is mapped for so many bytes. (Sizes are at most 2^63, or UINT64_MAX for "too large".)
static uint64_t mapped_size(uint64_t bytes) {
  return bytes > UINT64_MAX - HOST_PAGE ? bytes : (bytes + HOST_PAGE - 1) & ~(HOST_PAGE - 1);
}

// A shared memory must not move under other threads' accesses: its maximum, which it has, is
// reserved.
static bool reserve_shared(struct wasmaot_memory *memory) {
  uint64_t size = mapped_size(memory->maximum_pages << memory->page_log2);
  if (size == 0)
    return true;
  long mapped =
      sys6(SYS_mmap, 0, (long)size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys_failed(mapped))
    return false;
  memory->base = (uint8_t *)mapped; // NOLINT: an address that mmap gave
  return true;
}

// Changes the mapping from that of `old` bytes to that of `new`. Contents stay, new bytes are zero.
static bool resize(struct wasmaot_memory *memory, uint64_t old, uint64_t new) {
  uint64_t from = mapped_size(old);
  uint64_t to = mapped_size(new);
  if (from == to)
    return true;
  if (memory->flags & WASMAOT_MEMORY_SHARED)
    return open_pages(memory, from, to);
  // The filter ends a program that maps anything elsewhere.
  uint64_t end = WASMAOT_CHECKED_MEMORIES_BASE + WASMAOT_CHECKED_MEMORIES_SIZE;
  if (to > end - address_of(memory))
    return false;
  // New memory behind the old, of which the kernel makes one mapping. Not mremap: of a guest that
  // runs code of its own it would also lengthen the mapping of the program's code, over data behind
  // it in the file. NOREPLACE: what is there, such as the next memory, stays. (A kernel before 4.17
  // maps address space elsewhere then, each time, which nobody touches.)
  uint64_t start = address_of(memory) + from;
  long mapped = sys6(SYS_mmap, (long)start, (long)(to - from), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  return !sys_failed(mapped) && (uint64_t)mapped == start;
}

// With an equal share of the room for each. (Whole GiB: memories share no page of page tables, and
// huge pages fit.)
static bool start_checked(struct wasmaot_memory *memory, uint32_t index) {
  if (memory->flags & WASMAOT_MEMORY_SHARED) {
    if (!reserve_shared(memory))
      return false;
  } else {
    uint64_t share = (WASMAOT_CHECKED_MEMORIES_SIZE / wasmaot_module.memory_count) >> 30 << 30;
    uint64_t base = WASMAOT_CHECKED_MEMORIES_BASE + index * share;
    memory->base = (uint8_t *)base; // NOLINT: nothing is there yet
  }
  return resize(memory, 0, memory->bytes);
}

// ---- Start -------------------------------------------------------------------------------------

static _Noreturn void refuse_size(void) {
  wasmaot_fail(WASMAOT_EXIT_START,
               "not enough memory for the initial size of a linear memory; look at "
               "vm.overcommit_memory and ulimit -v",
               NULL, NULL);
}

static void start_memory(struct wasmaot_memory *memory, uint32_t index) {
  if (may_move(memory)) {
    if (!start_checked(memory, index))
      refuse_size();
    return;
  }
  // NOREPLACE: were something mapped there already (by a preloaded library, a sanitizer), replacing
  // it would hand it to the guest.
  long mapped =
      sys6(SYS_mmap, (long)address_of(memory), (long)WASMAOT_MEMORY32_RESERVATION, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (sys_failed(mapped))
    refuse_reservation(memory, mapped);
  if ((uint64_t)mapped != address_of(memory)) // a kernel before 4.17 takes the address for a hint
    refuse_reservation(memory, -EEXIST);
  if (!open_pages(memory, 0, memory->bytes))
    refuse_size();
}

// Puts initial contents in place by moving their pages, which reads and copies nothing: pages that
// the guest never touches never leave the disk. (Bounds were checked when the module was compiled.)
static void place_image(const struct wasmaot_image *image) {
  const struct wasmaot_memory *memory = wasmaot_module.memories[image->memory];
  uint8_t *destination = memory->base + image->offset;
  if (image->size > WASMAOT_IMAGE_COPIED) {
    if (!sys_failed(sys5(SYS_mremap, image->bytes, image->size, image->size,
                         MREMAP_MAYMOVE | MREMAP_FIXED, destination)))
      return;
    // The kernel unmaps the destination before it looks at all that can fail: such as whether there
    // is memory to promise, where it promises no more than it has.
    if (sys_failed(sys6(SYS_mmap, (long)destination, (long)image->size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)))
      refuse_size();
  }
  memcpy(destination, image->bytes, image->size);
}

void wasmaot_memory_start(void) {
  if (wasmaot_max_memory_start)
    wasmaot_max_memory_start();
  for (uint32_t i = 0; i < wasmaot_module.memory_count; i++)
    start_memory(wasmaot_module.memories[i], i);
  for (uint32_t i = 0; i < wasmaot_module.image_count; i++)
    place_image(&wasmaot_module.images[i]);
}

// Sizes of shared memories change while other threads read them.
static uint64_t size_of(const struct wasmaot_memory *memory) {
  return __atomic_load_n(&memory->bytes, __ATOMIC_ACQUIRE);
}

bool wasmaot_memory_is_out_of_bounds(uint64_t address) {
  for (uint32_t i = 0; i < wasmaot_module.memory_count; i++) {
    const struct wasmaot_memory *memory = wasmaot_module.memories[i];
    if (may_move(memory))
      continue; // checked before: a fault there is a bug
    uint64_t offset = address - address_of(memory);
    // A fault below the memory's size is something else (a truncated executable, broken hardware).
    if (offset < WASMAOT_MEMORY32_RESERVATION)
      return offset >= size_of(memory);
  }
  return false;
}

bool wasmaot_memory_has_grown_over(uint64_t address) {
  for (uint32_t i = 0; i < wasmaot_module.memory_count; i++) {
    const struct wasmaot_memory *memory = wasmaot_module.memories[i];
    if ((memory->flags & WASMAOT_MEMORY_SHARED) != 0 && !may_move(memory) &&
        address - address_of(memory) < size_of(memory))
      return true;
  }
  return false;
}

static uint64_t grow(struct wasmaot_memory *memory, uint64_t delta) {
  uint64_t old = memory->pages;
  if (delta > memory->maximum_pages - old)
    return UINT64_MAX;
  uint64_t bytes = (old + delta) << memory->page_log2;
  uint64_t more = bytes - memory->bytes;
  if (!wasmaot_take_memory(more))
    return UINT64_MAX;
  if (may_move(memory) ? !resize(memory, memory->bytes, bytes)
                       : !open_pages(memory, memory->bytes, bytes)) {
    wasmaot_give_memory_back(more);
    return UINT64_MAX;
  }
  // The pages are open before anybody can learn that they are there.
  __atomic_store_n(&memory->bytes, bytes, __ATOMIC_RELEASE);
  __atomic_store_n(&memory->pages, old + delta, __ATOMIC_SEQ_CST);
  return old;
}

uint64_t wasmaot_memory_grow(struct wasmaot_memory *memory, uint64_t delta) {
  if (!wasmaot_threads_lock)
    return grow(memory, delta);
  wasmaot_threads_lock();
  uint64_t old = grow(memory, delta);
  wasmaot_threads_unlock();
  return old;
}

void wasmaot_memory_init(struct wasmaot_memory *memory, const struct wasmaot_data_segment *segment,
                         uint64_t destination, uint64_t source, uint64_t count) {
  uint64_t bytes = size_of(memory);
  if (count > segment->size || source > segment->size - count || count > bytes ||
      destination > bytes - count)
    wasmaot_trap(WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS);
  if (count > 0)
    memcpy(memory->base + destination, segment->bytes + source, count);
}
