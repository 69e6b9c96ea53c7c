// Linear memories. Those of modules that check no bounds live in a slot of 8 GiB (pool.c), where
// every address that an access can name is either the memory's or traps. Those with
// WASMAOT_MEMORY_MAY_MOVE have a mapping of their size, and the code checks.
#include "runtime.h"

#include <sys/mman.h>

uint64_t wasmaot_memory_page_limit(const struct wasmaot_entity *type) {
  uint64_t limit = (uint64_t)1 << (32 - (type->page_log2 < 32 ? type->page_log2 : 32));
  if (type->page_log2 == 0)
    limit = UINT32_MAX; // memory.size must fit an i32
  if ((type->flags & WASMAOT_ENTITY_64) != 0)
    limit = (type->flags & WASMAOT_ENTITY_MAY_MOVE) != 0 ? (uint64_t)1 << (47 - type->page_log2)
                                                         : RESERVATION >> type->page_log2;
  return type->maximum < limit ? type->maximum : limit;
}

static bool is_within_limit(const struct wasmaot_store *store, uint64_t bytes) {
  return store->max_memory == 0 || (store->memory_bytes <= store->max_memory &&
                                    bytes <= store->max_memory - store->memory_bytes);
}

// Makes room for `bytes`, at another place if need be.
static bool resize_mapping(struct memory *memory, uint64_t bytes) {
  uint64_t size = round_to_pages(bytes);
  if (size == memory->mapped)
    return true;
  void *base = memory->mapped == 0 ? mmap(NULL, size, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                                   : mremap(memory->abi.base, memory->mapped, size, MREMAP_MAYMOVE);
  if (base == MAP_FAILED)
    return false;
  memory->abi.base = base;
  memory->mapped = size;
  return true;
}

bool wasmaot_memory_start(struct wasmaot_store *store, struct memory *memory,
                          const struct wasmaot_entity *type, struct image *image) {
  uint64_t maximum = wasmaot_memory_page_limit(type);
  uint64_t bytes = type->minimum << type->page_log2;
  if (type->minimum > maximum || !is_within_limit(store, bytes) ||
      (store->max_memories != 0 && store->memory_count >= store->max_memories))
    return false;
  *memory = (struct memory){
      .store = store,
      .type_maximum = type->maximum,
      .is_64 = (type->flags & WASMAOT_ENTITY_64) != 0,
      .abi = {.pages = type->minimum,
              .bytes = bytes,
              .maximum_pages = maximum,
              .page_log2 = type->page_log2,
              .flags = (type->flags & WASMAOT_ENTITY_SHARED) != 0 ? WASMAOT_MEMORY_SHARED : 0}};
  if ((type->flags & WASMAOT_ENTITY_MAY_MOVE) != 0) {
    memory->abi.flags |= WASMAOT_MEMORY_MAY_MOVE;
    if (!resize_mapping(memory, bytes))
      return false;
  } else {
    memory->slot = wasmaot_pool_take(&store->engine->pool, image, bytes);
    if (!memory->slot)
      return false;
    memory->abi.base = memory->slot->base;
  }
  store->memory_bytes += bytes;
  store->memory_count++;
  memory->next = store->memories;
  memory->link = &store->memories;
  if (memory->next)
    memory->next->link = &memory->next;
  store->memories = memory;
  return true;
}

void wasmaot_memory_end(struct memory *memory) {
  *memory->link = memory->next;
  if (memory->next)
    memory->next->link = memory->link;
  memory->store->memory_bytes -= memory->abi.bytes;
  memory->store->memory_count--;
  if (memory->slot)
    wasmaot_pool_give(&memory->store->engine->pool, memory->slot);
  else if (memory->mapped > 0)
    munmap(memory->abi.base, memory->mapped);
}

static bool resize(struct memory *memory, uint64_t bytes) {
  if (!memory->slot)
    return resize_mapping(memory, bytes);
  return wasmaot_slot_resize(memory->slot, bytes);
}

static uint64_t grow(struct memory *memory, uint64_t delta) {
  uint64_t old = memory->abi.pages;
  if (delta > memory->abi.maximum_pages - old)
    return UINT64_MAX;
  uint64_t bytes = (old + delta) << memory->abi.page_log2;
  if (memory->store && !is_within_limit(memory->store, bytes - memory->abi.bytes))
    return UINT64_MAX;
  if (!resize(memory, bytes))
    return UINT64_MAX;
  if (memory->store)
    memory->store->memory_bytes += bytes - memory->abi.bytes;
  // The pages are open before anybody can learn that they are there.
  __atomic_store_n(&memory->abi.bytes, bytes, __ATOMIC_RELEASE);
  __atomic_store_n(&memory->abi.pages, old + delta, __ATOMIC_SEQ_CST);
  return old;
}

uint64_t wasmaot_memory_do_grow(struct memory *memory, uint64_t delta) {
  if (!memory->shared)
    return grow(memory, delta);
  pthread_mutex_lock(&memory->shared->lock);
  uint64_t old = grow(memory, delta);
  pthread_mutex_unlock(&memory->shared->lock);
  return old;
}

enum access wasmaot_memory_explain(const struct wasmaot_store *store, uint64_t address) {
  for (const struct memory *memory = store->memories; memory; memory = memory->next) {
    uint64_t offset = address - (uint64_t)(uintptr_t)memory->abi.base;
    // A fault below the memory's size is something else (broken hardware, a bug).
    if (memory->slot && offset < RESERVATION)
      return offset >= memory->abi.bytes ? ACCESS_OUT_OF_BOUNDS : ACCESS_UNEXPLAINED;
  }
  for (uint32_t i = 0; i < store->shared_count; i++) {
    const struct wasmaot_memory *memory = &store->shared[i]->memory.abi;
    uint64_t offset = address - (uint64_t)(uintptr_t)memory->base;
    if (offset < RESERVATION)
      return offset >= memory_bytes(memory) ? ACCESS_OUT_OF_BOUNDS : ACCESS_RETRY;
  }
  return ACCESS_UNEXPLAINED;
}

// ---- The host's side --------------------------------------------------------------------------

// What a memory of the host's may be.
static bool are_limits(wasmaot_limits pages) {
  return pages.minimum <= 65536 && pages.minimum <= pages.maximum;
}

static wasmaot_error *wrong_limits(void) {
  return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "limits of a memory make no sense");
}

static wasmaot_error *no_memory(void) {
  return wasmaot_error_fixed(WASMAOT_ERROR_RESOURCE,
                             "no memory or address space for a linear memory, or the store's "
                             "limit is reached");
}

static wasmaot_error *make_memory(wasmaot_store *store, wasmaot_limits pages, uint32_t flags,
                                  wasmaot_memory **result) {
  if (!are_limits(pages))
    return wrong_limits();
  struct memory *memory = malloc(sizeof *memory);
  struct wasmaot_entity type = {
      .minimum = pages.minimum, .maximum = pages.maximum, .page_log2 = 16, .flags = flags};
  if (!memory || !wasmaot_memory_start(store, memory, &type, NULL)) {
    free(memory);
    return no_memory();
  }
  *result = &memory->abi;
  return NULL;
}

wasmaot_error *wasmaot_memory_new(wasmaot_store *store, wasmaot_limits pages,
                                  wasmaot_memory **result) {
  return make_memory(store, pages, 0, result);
}

wasmaot_error *wasmaot_memory64_new(wasmaot_store *store, wasmaot_limits pages,
                                    wasmaot_memory **result) {
  return make_memory(store, pages, WASMAOT_ENTITY_64, result);
}

wasmaot_error *wasmaot_shared_memory_new(wasmaot_engine *engine, wasmaot_limits pages,
                                         wasmaot_memory **result) {
  // The type of a shared memory always has a maximum.
  if (!are_limits(pages) || pages.maximum > 65536)
    return wrong_limits();
  struct wasmaot_entity type = {.minimum = pages.minimum,
                                .maximum = pages.maximum,
                                .page_log2 = 16,
                                .flags = WASMAOT_ENTITY_SHARED};
  struct shared_memory *shared = wasmaot_shared_memory_make(engine, &type);
  if (!shared)
    return no_memory();
  *result = &shared->memory.abi;
  return NULL;
}

void wasmaot_shared_memory_delete(wasmaot_memory *memory) {
  if (memory && memory_of(memory)->shared)
    wasmaot_shared_memory_release(memory_of(memory)->shared);
}

uint8_t *wasmaot_memory_data(const wasmaot_memory *memory) { return memory->base; }
uint64_t wasmaot_memory_size(const wasmaot_memory *memory) { return memory_bytes(memory); }
uint64_t wasmaot_memory_pages(const wasmaot_memory *memory) {
  return __atomic_load_n(&memory->pages, __ATOMIC_SEQ_CST);
}
bool wasmaot_memory_is_shared(const wasmaot_memory *memory) {
  return (memory->flags & WASMAOT_MEMORY_SHARED) != 0;
}

wasmaot_limits wasmaot_memory_limits(const wasmaot_memory *memory) {
  return (wasmaot_limits){wasmaot_memory_pages(memory), memory_of(memory)->type_maximum};
}

bool wasmaot_memory_grow(wasmaot_memory *memory, uint64_t pages, uint64_t *old_pages) {
  uint64_t old = wasmaot_memory_do_grow(memory_of(memory), pages);
  if (old == UINT64_MAX)
    return false;
  if (old_pages)
    *old_pages = old;
  return true;
}

void *wasmaot_memory_range(const wasmaot_memory *memory, uint64_t offset, uint64_t size) {
  uint64_t bytes = memory_bytes(memory);
  if (size > bytes || offset > bytes - size)
    return NULL;
  return memory->base + offset;
}

bool wasmaot_memory_read(const wasmaot_memory *memory, uint64_t offset, void *to, size_t size) {
  const void *from = wasmaot_memory_range(memory, offset, size);
  if (!from && (size > 0 || offset > memory_bytes(memory)))
    return false;
  if (size > 0)
    memcpy(to, from, size);
  return true;
}

bool wasmaot_memory_write(wasmaot_memory *memory, uint64_t offset, const void *from, size_t size) {
  void *to = wasmaot_memory_range(memory, offset, size);
  if (!to && (size > 0 || offset > memory_bytes(memory)))
    return false;
  if (size > 0)
    memcpy(to, from, size);
  return true;
}
