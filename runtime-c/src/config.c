// The configuration that the compiler baked in, and the grants in it.
#include "runtime.h"

#include <string.h>

struct record {
  uint32_t kind;
  uint32_t size;
};

#define DEFAULT_STACK_SIZE (8ull << 20)

struct wasmaot_process wasmaot_process = {.stack_size = DEFAULT_STACK_SIZE};

// The record at `at`; its payload follows it.
static struct record record_at(const uint8_t *at) {
  struct record record;
  memcpy(&record, at, sizeof record); // records are packed, not aligned
  return record;
}

void wasmaot_config_read(void) {
  const uint8_t *at = wasmaot_config;
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
    case WASMAOT_CONFIG_SCRIPT:
      wasmaot_process.is_script = true;
      break;
    default: // grants are read by those who use them
      break;
    }
    at = payload + record.size;
  }
}

// The environment's own "K=V" for this K, or null.
static const char *inherited(const char *name) {
  size_t length = strlen(name);
  for (char **variable = wasmaot_process.environment; *variable; variable++)
    if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
      return *variable;
  return NULL;
}

static bool built_in_grant(const uint8_t **at, struct wasmaot_grant *grant) {
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
    case WASMAOT_CONFIG_ENV:
      grant->kind = WASMAOT_GRANT_ENV;
      grant->guest = payload;
      return true;
    case WASMAOT_CONFIG_ENV_INHERIT:
      grant->kind = WASMAOT_GRANT_ENV;
      grant->guest = inherited(payload);
      if (grant->guest)
        return true;
      break;
    default:
      break;
    }
  }
}

char *wasmaot_option_value(int *argument, const char *option) {
  char **argv = wasmaot_process.argv;
  char *given = argv[*argument];
  size_t length = strlen(option);
  if (strncmp(given, option, length) != 0)
    return NULL;
  if (given[length] == '=') {
    *argument += 1;
    return given + length + 1;
  }
  if (given[length] != 0 || !argv[*argument + 1])
    return NULL;
  *argument += 2;
  return argv[*argument - 1];
}

// Grants of the command line stand in argv[1 ..< argument_start], where grants.c has checked them.
static bool command_line_grant(int *argument, struct wasmaot_grant *grant) {
  while (*argument < wasmaot_process.argument_start) {
    char *value = wasmaot_option_value(argument, "--dir");
    if (value) {
      char *separator = strstr(value, "::");
      grant->kind = WASMAOT_GRANT_DIR;
      grant->read_only = false;
      grant->host = value;
      grant->guest = separator ? separator + 2 : value;
      if (separator)
        *separator = 0; // only the first walk looks at directories
      return true;
    }
    value = wasmaot_option_value(argument, "--env");
    if (!value)
      return false; // "--"
    grant->kind = WASMAOT_GRANT_ENV;
    grant->guest = strchr(value, '=') ? value : inherited(value);
    if (grant->guest)
      return true;
  }
  return false;
}

bool wasmaot_grant_next(struct wasmaot_grant_iterator *iterator, struct wasmaot_grant *grant) {
  if (!iterator->record) {
    iterator->record = wasmaot_config;
    iterator->argument = 1;
  }
  return built_in_grant(&iterator->record, grant) || command_line_grant(&iterator->argument, grant);
}
