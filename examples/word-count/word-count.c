#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

// Counts the words of a file and appends a line to a report.
int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: word-count TEXT REPORT\n");
    return 2;
  }
  FILE *text = fopen(argv[1], "r");
  if (!text) {
    fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  long words = 0;
  int previous = ' ';
  for (int c; (c = getc(text)) != EOF; previous = c)
    words += isspace(previous) && !isspace(c);
  fclose(text);

  FILE *report = fopen(argv[2], "a");
  if (!report) {
    fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
    return 1;
  }
  fprintf(report, "%s: %ld words\n", argv[1], words);
  return fclose(report) != 0;
}
