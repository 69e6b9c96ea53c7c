// Apps built with --runtime-grants take grants on their own command line:
//
//   app [--dir HOST[::GUEST] | --env NAME=VALUE | --env NAME]... [--] ARGUMENT...
//
// Everything from the first argument that is neither option belongs to the guest, untouched; one
// "--" right there is dropped, so that a guest can be given arguments that look like these options.
#include "runtime.h"

#include <string.h>

static _Noreturn void usage(const char *problem, const char *option) {
  wasmaot_fail(WASMAOT_EXIT_USAGE, problem, option,
               "; usage: [--dir HOST[::GUEST] | --env NAME[=VALUE]]... [--] ARGUMENT...");
}

void wasmaot_grants_parse(void) {
  static const char *const options[] = {"--dir", "--env"};
  int argument = 1;
  while (argument < wasmaot_process.argc) {
    const char *given = wasmaot_process.argv[argument];
    if (strcmp(given, "--") == 0) {
      argument++;
      break;
    }
    const char *value = NULL;
    for (int i = 0; i < 2 && !value; i++) {
      if (strcmp(given, options[i]) == 0 && argument + 1 == wasmaot_process.argc)
        usage("a value must follow ", options[i]);
      value = wasmaot_option_value(&argument, options[i]);
    }
    if (!value)
      break;
    if (value[0] == 0 || value[0] == '=' || value[0] == ':')
      usage("the value has no name: ", given);
  }
  wasmaot_process.argument_start = argument;
}
