// Runs what wasm2c made of a program of bench/suite: the few functions of WASI that these call.
// "module.h" is wasm2c's, with `bench` as the module's name.
#define _GNU_SOURCE
#include "module.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct w2c_wasi__snapshot__preview1 {
  wasm_rt_memory_t *memory;
  int argc;
  char **argv;
};
typedef struct w2c_wasi__snapshot__preview1 host;

enum { SUCCESS = 0, BADF = 8, FAULT = 21, INVAL = 28, SPIPE = 70 };

// The guest's bytes; a program that hands out others is ended.
static void *bytes(const host *h, uint32_t at, uint64_t count) {
  if (at + count > h->memory->size)
    exit(FAULT);
  return h->memory->data + at;
}

static void put(const host *h, uint32_t at, uint64_t value, int size) {
  memcpy(bytes(h, at, (uint64_t)size), &value, (size_t)size);
}

u32 w2c_wasi__snapshot__preview1_args_sizes_get(host *h, u32 count, u32 size) {
  uint64_t length = 0;
  for (int i = 0; i < h->argc; i++)
    length += strlen(h->argv[i]) + 1;
  put(h, count, (uint64_t)h->argc, 4);
  put(h, size, length, 4);
  return SUCCESS;
}

u32 w2c_wasi__snapshot__preview1_args_get(host *h, u32 pointers, u32 strings) {
  for (int i = 0; i < h->argc; i++) {
    size_t length = strlen(h->argv[i]) + 1;
    put(h, pointers + 4 * (u32)i, strings, 4);
    memcpy(bytes(h, strings, length), h->argv[i], length);
    strings += (u32)length;
  }
  return SUCCESS;
}

u32 w2c_wasi__snapshot__preview1_clock_time_get(host *h, u32 clock, u64 precision, u32 result) {
  struct timespec now;
  (void)precision;
  if (clock > 1 || clock_gettime(clock ? CLOCK_MONOTONIC : CLOCK_REALTIME, &now) != 0)
    return INVAL;
  put(h, result, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, 8);
  return SUCCESS;
}

u32 w2c_wasi__snapshot__preview1_fd_write(host *h, u32 fd, u32 vectors, u32 count, u32 result) {
  uint32_t written = 0;
  if (fd != 1 && fd != 2)
    return BADF;
  for (u32 i = 0; i < count; i++) {
    uint32_t pair[2];
    memcpy(pair, bytes(h, vectors + 8 * i, 8), 8);
    written += (uint32_t)fwrite(bytes(h, pair[0], pair[1]), 1, pair[1], fd == 1 ? stdout : stderr);
  }
  put(h, result, written, 4);
  return SUCCESS;
}

// A character device, of which nobody asks more.
u32 w2c_wasi__snapshot__preview1_fd_fdstat_get(host *h, u32 fd, u32 result) {
  if (fd > 2)
    return BADF;
  memset(bytes(h, result, 24), 0, 24);
  put(h, result, 2, 1);
  return SUCCESS;
}

u32 w2c_wasi__snapshot__preview1_fd_seek(host *h, u32 fd, u64 by, u32 whence, u32 result) {
  (void)h, (void)fd, (void)by, (void)whence, (void)result;
  return SPIPE;
}

u32 w2c_wasi__snapshot__preview1_fd_close(host *h, u32 fd) {
  (void)h, (void)fd;
  return SUCCESS;
}

void w2c_wasi__snapshot__preview1_proc_exit(host *h, u32 status) {
  (void)h;
  exit((int)status);
}

int main(int argc, char **argv) {
  w2c_bench instance;
  host h = {NULL, argc, argv};
  wasm_rt_init();
  wasm2c_bench_instantiate(&instance, &h);
  h.memory = w2c_bench_memory(&instance);
  w2c_bench_0x5Fstart(&instance);
  wasm2c_bench_free(&instance);
  wasm_rt_free();
  return 0;
}
