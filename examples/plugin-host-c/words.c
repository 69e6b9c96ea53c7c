// A plugin: counts words in a text that the host puts into its memory.
#define EXPORT(name) __attribute__((export_name(#name)))

static char text[65536];

EXPORT(text) char *text_address(void) { return text; }

EXPORT(count) int count(int length) {
  int words = 0;
  int inside = 0;
  for (int i = 0; i < length && i < (int)sizeof text; i++) {
    int is_space = text[i] == ' ' || text[i] == '\n';
    words += !is_space && !inside;
    inside = !is_space;
  }
  return words;
}
