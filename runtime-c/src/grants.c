// Apps built with --runtime-grants take grants and limits on their own command line:
//
//   app [--dir HOST[::GUEST][:ro] | --env NAME[=VALUE] | --listen ADDRESS:PORT | …]... [--]
//       ARGUMENT...
//
// Everything from the first argument that is none of these options belongs to the guest, untouched;
// one "--" right there is dropped, so that a guest can be given arguments that look like them.
#include "runtime.h"

#include <string.h>

_Noreturn void wasmaot_usage(const char *problem, const char *option) {
  wasmaot_fail(WASMAOT_EXIT_USAGE, problem, option,
               "; usage: [--dir HOST[::GUEST][:ro] | --env NAME[=VALUE] | --listen ADDRESS:PORT | "
               "--raw-terminal | --timeout DURATION | --max-memory SIZE | --max-stack SIZE | "
               "--fuel N | --sandbox=off|auto|require]... [--] ARGUMENT...");
}

// The value of `--option VALUE` or `--option=VALUE` at argv[*argument], which moves past it; null
// where another argument stands there, or no value follows.
static char *option_value(int *argument, const char *option) {
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

// ---- Directories ------------------------------------------------------------------------------

// The parts of HOST[::GUEST][:ro], by the rules of Sources/Driver/Grants.swift. Without a guest
// path `guest` is null.
struct directory {
  size_t host_size;
  char *guest;
  size_t guest_size;
  bool read_only;
};

static bool ends_in(const char *text, size_t size, const char *end) {
  size_t length = strlen(end);
  return size >= length && memcmp(text + size - length, end, length) == 0;
}

static struct directory split(char *value) {
  struct directory result = {0};
  char *separator = strstr(value, "::");
  char *last = separator ? separator + 2 : value;
  size_t size = strlen(last);
  result.read_only = ends_in(last, size, ":ro");
  if (result.read_only)
    size -= 3;
  result.host_size = separator ? (size_t)(separator - value) : size;
  result.guest = separator ? last : NULL;
  result.guest_size = size;
  return result;
}

static void check_directory(char *value) {
  struct directory directory = split(value);
  const char *last = directory.guest ? directory.guest : value;
  if (directory.host_size == 0 || directory.guest_size == 0)
    wasmaot_usage("--dir lacks a path: ", value);
  if (ends_in(last, directory.guest_size, ":readonly") ||
      ends_in(last, directory.guest_size, ":rw"))
    wasmaot_usage("only ':ro' can follow the paths of --dir: ", value);
  // Other engines' GUEST:HOST would silently grant another directory than was meant.
  if (!directory.guest && memchr(value, ':', directory.host_size))
    wasmaot_usage("'::' separates the paths of --dir: ", value);
  if (directory.guest && strstr(directory.guest, "::"))
    wasmaot_usage("--dir has more than one '::': ", value);
}

static void check_variable(char *value) {
  if (value[0] == 0 || value[0] == '=')
    wasmaot_usage("the variable has no name: ", value);
}

// ---- Options ----------------------------------------------------------------------------------

static void check_address(char *value) {
  (void)value; // whoever listens there says what is wrong with it
}

static void set_raw_terminal(char *value) {
  (void)value;
  wasmaot_process.raw_terminal = true;
}

// Whoever starts the program decides what it may touch: so also how it is confined.
static void set_sandbox(char *mode) {
  static const char *const modes[] = {[WASMAOT_SANDBOX_OFF] = "off",
                                      [WASMAOT_SANDBOX_AUTO] = "auto",
                                      [WASMAOT_SANDBOX_REQUIRE] = "require"};
  for (uint8_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    if (strcmp(mode, modes[i]) == 0) {
      wasmaot_process.sandbox.mode = i;
      return;
    }
  }
  wasmaot_usage("there is no such mode of the sandbox: ", mode);
}

static const struct {
  const char *name;
  void (*take)(char *value);
  bool is_alone; // without a value
} options[] = {
    {"--dir", check_directory, false},           {"--env", check_variable, false},
    {"--listen", check_address, false},          {"--raw-terminal", set_raw_terminal, true},
    {"--timeout", wasmaot_limit_timeout, false}, {"--max-memory", wasmaot_limit_memory, false},
    {"--max-stack", wasmaot_limit_stack, false}, {"--stack-size", wasmaot_limit_stack, false},
    {"--fuel", wasmaot_limit_fuel, false},       {"--sandbox", set_sandbox, false},
};
enum { DIR, ENV, LISTEN, OPTIONS = sizeof options / sizeof options[0] };

// The value of the option at argv[*argument] (the option itself where it has none), which moves
// past it, and which one it is; null at the first argument of the guest.
static char *next_option(int *argument, int *option) {
  for (*option = 0; *option < OPTIONS; ++*option) {
    char *given = wasmaot_process.argv[*argument];
    if (!options[*option].is_alone) {
      char *value = option_value(argument, options[*option].name);
      if (value)
        return value;
    } else if (strcmp(given, options[*option].name) == 0) {
      *argument += 1;
      return given;
    }
  }
  return NULL;
}

static bool is_guest_path(const char *path, size_t size, char *value) {
  struct directory directory = split(value);
  const char *guest = directory.guest ? directory.guest : value;
  return directory.guest_size == size && memcmp(guest, path, size) == 0;
}

// Two directories under one name: only one of them would be seen.
static void check_guest_paths(void) {
  int argument = 1;
  while (argument < wasmaot_process.argument_start) {
    int option;
    char *value = next_option(&argument, &option);
    if (!value)
      return; // "--"
    if (option != DIR)
      continue;
    bool is_twice = false;
    const uint8_t *record = wasmaot_note.records;
    struct wasmaot_grant grant;
    while (wasmaot_grant_built_in(&record, &grant))
      if (grant.kind == WASMAOT_GRANT_DIR)
        is_twice |= is_guest_path(grant.guest, strlen(grant.guest), value);
    struct directory directory = split(value);
    const char *guest = directory.guest ? directory.guest : value;
    for (int other = argument; other < wasmaot_process.argument_start;) {
      char *next = next_option(&other, &option);
      if (!next)
        break;
      if (option == DIR)
        is_twice |= is_guest_path(guest, directory.guest_size, next);
    }
    if (is_twice)
      wasmaot_usage("another directory is granted under the path of --dir ", value);
  }
}

void wasmaot_grants_parse(void) {
  int argument = 1;
  while (argument < wasmaot_process.argc) {
    const char *given = wasmaot_process.argv[argument];
    if (strcmp(given, "--") == 0) {
      argument++;
      break;
    }
    int option;
    char *value = next_option(&argument, &option);
    if (value) {
      options[option].take(value);
      continue;
    }
    for (option = 0; option < OPTIONS; option++)
      if (strcmp(given, options[option].name) == 0)
        wasmaot_usage("a value must follow ", given);
    break;
  }
  wasmaot_process.argument_start = argument;
  check_guest_paths();
}

// Grants stand in argv[1 ..< argument_start], and have been checked.
bool wasmaot_grant_of_arguments(int *argument, struct wasmaot_grant *grant) {
  while (*argument < wasmaot_process.argument_start) {
    int option;
    char *value = next_option(argument, &option);
    if (!value)
      return false; // "--"
    if (option == DIR) {
      struct directory directory = split(value);
      grant->kind = WASMAOT_GRANT_DIR;
      grant->read_only = directory.read_only;
      grant->host = value;
      grant->guest = directory.guest ? directory.guest : value;
      // Only the first walk, at start, looks at directories.
      value[directory.host_size] = 0;
      if (directory.guest)
        directory.guest[directory.guest_size] = 0;
      return true;
    }
    if (option == LISTEN) {
      grant->kind = WASMAOT_GRANT_LISTEN;
      grant->host = value;
      return true;
    }
    if (option != ENV)
      continue;
    grant->kind = WASMAOT_GRANT_ENV;
    grant->guest = strchr(value, '=') ? value : wasmaot_variable_inherited(value);
    if (grant->guest)
      return true;
  }
  return false;
}
