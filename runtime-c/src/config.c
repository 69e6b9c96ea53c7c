// The configuration that the compiler baked in, and the grants in it.
#include "runtime.h"

#include <string.h>

struct record {
  uint32_t kind;
  uint32_t size;
};

#define DEFAULT_STACK_SIZE (8ull << 20)

struct wasmaot_process wasmaot_process = {
    .stack_size = DEFAULT_STACK_SIZE, .max_memory = UINT64_MAX, .fuel = INT64_MAX};

// The record at `at`; its payload follows it.
static struct record record_at(const uint8_t *at) {
  struct record record;
  memcpy(&record, at, sizeof record); // records are packed, not aligned
  return record;
}

void wasmaot_config_read(void) {
  const uint8_t *at = wasmaot_note.records;
  for (;;) {
    struct record record = record_at(at);
    const uint8_t *payload = at + sizeof record;
    switch (record.kind) {
    case WASMAOT_CONFIG_END:
      return;
    case WASMAOT_CONFIG_PROGRAM_NAME:
      wasmaot_process.program_name = (const char *)payload;
      break;
    case WASMAOT_CONFIG_RUNTIME_GRANTS:
      wasmaot_process.takes_grants = true;
      break;
    case WASMAOT_CONFIG_INVOKE:
      wasmaot_process.invoke = (const char *)payload;
      break;
    case WASMAOT_CONFIG_STACK_SIZE:
      memcpy(&wasmaot_process.stack_size, payload, sizeof wasmaot_process.stack_size);
      break;
    case WASMAOT_CONFIG_MAX_MEMORY:
      memcpy(&wasmaot_process.max_memory, payload, sizeof wasmaot_process.max_memory);
      break;
    case WASMAOT_CONFIG_TIMEOUT:
      memcpy(&wasmaot_process.timeout, payload, sizeof wasmaot_process.timeout);
      break;
    case WASMAOT_CONFIG_FUEL:
      memcpy(&wasmaot_process.fuel, payload, sizeof wasmaot_process.fuel);
      if (wasmaot_process.fuel > INT64_MAX)
        wasmaot_process.fuel = INT64_MAX;
      wasmaot_process.reports_fuel =
          (payload[sizeof wasmaot_process.fuel] & WASMAOT_CONFIG_FUEL_REPORT) != 0;
      break;
    case WASMAOT_CONFIG_RAW_TERMINAL:
      wasmaot_process.raw_terminal = true;
      break;
    case WASMAOT_CONFIG_PROFILE:
      wasmaot_process.profile = (const char *)payload;
      break;
    case WASMAOT_CONFIG_SCRIPT:
      wasmaot_process.is_script = true;
      break;
    case WASMAOT_CONFIG_SANDBOX:
      wasmaot_process.sandbox.mode = payload[0];
      wasmaot_process.sandbox.flags = payload[1];
      break;
    case WASMAOT_CONFIG_SECCOMP:
      wasmaot_process.sandbox.filter = payload;
      wasmaot_process.sandbox.filter_length = record.size / WASMAOT_FILTER_INSTRUCTION_SIZE;
      break;
    default: // grants are read by those who use them
      break;
    }
    at = payload + record.size;
  }
}

// The environment's own "K=V" for this K, or null.
const char *wasmaot_variable_inherited(const char *name) {
  for (char **variable = wasmaot_process.environment; *variable; variable++) {
    size_t same = 0;
    while (name[same] && (*variable)[same] == name[same])
      same++;
    if (!name[same] && (*variable)[same] == '=')
      return *variable;
  }
  return NULL;
}

bool wasmaot_grant_built_in(const uint8_t **at, struct wasmaot_grant *grant) {
  for (;;) {
    struct record record = record_at(*at);
    const char *payload = (const char *)*at + sizeof record;
    if (record.kind == WASMAOT_CONFIG_END)
      return false;
    *at += sizeof record + record.size;
    switch (record.kind) {
    case WASMAOT_CONFIG_DIR:
      grant->kind = WASMAOT_GRANT_DIR;
      grant->read_only = (payload[0] & (int)WASMAOT_CONFIG_DIR_READ_ONLY) != 0;
      grant->host = payload + 1;
      grant->guest = grant->host + strlen(grant->host) + 1;
      return true;
    case WASMAOT_CONFIG_LISTEN:
      grant->kind = WASMAOT_GRANT_LISTEN;
      grant->host = payload;
      return true;
    case WASMAOT_CONFIG_ENV:
      grant->kind = WASMAOT_GRANT_ENV;
      grant->guest = payload;
      return true;
    case WASMAOT_CONFIG_ENV_INHERIT:
      grant->kind = WASMAOT_GRANT_ENV;
      grant->guest = wasmaot_variable_inherited(payload);
      if (grant->guest)
        return true;
      break;
    default:
      break;
    }
  }
}

bool wasmaot_grant_next(struct wasmaot_grant_iterator *iterator, struct wasmaot_grant *grant) {
  if (!iterator->record) {
    iterator->record = wasmaot_note.records;
    iterator->argument = 1;
  }
  return wasmaot_grant_built_in(&iterator->record, grant) ||
         (wasmaot_grant_of_arguments && wasmaot_grant_of_arguments(&iterator->argument, grant));
}
