// JSON: a document is parsed into a tree, changed, and printed again. Recursion, branches by byte,
// lists in an arena, numbers and escapes.
#include "kernel.h"
#include <string.h>

enum { RECORDS = SIZE(6000, 60, 20), TEXT = RECORDS * 256, NODES = RECORDS * 24 };

enum kind { NONE, TRUE, FALSE, NUMBER, STRING, LIST, OBJECT };
struct node {
  enum kind kind;
  double number;
  const char *string;
  // Of a member its name; the value of one is a node as any other.
  const char *name;
  struct node *first, *next;
};
ARRAY(struct node, nodes, NODES, )
ARRAY(char, text, TEXT, )
ARRAY(char, strings, TEXT, )
static uint32_t used_nodes;
static char *string_end;
static const char *at;
static char *out;

// MARK: Printing

static void print_text(const char *string) {
  while (*string)
    *out++ = *string++;
}

static void print_string(const char *string) {
  *out++ = '"';
  for (; *string; string++) {
    switch (*string) {
    case '"':
    case '\\':
      *out++ = '\\';
      *out++ = *string;
      break;
    case '\n':
      *out++ = '\\';
      *out++ = 'n';
      break;
    default:
      *out++ = *string;
    }
  }
  *out++ = '"';
}

// With three digits behind the point, as all numbers of the document have at most.
static void print_number(double number) {
  if (number < 0) {
    *out++ = '-';
    number = -number;
  }
  uint64_t thousandths = (uint64_t)(number * 1000 + 0.5), whole = thousandths / 1000;
  uint32_t rest = (uint32_t)(thousandths % 1000);
  char digits[24];
  int count = 0;
  do {
    digits[count++] = (char)('0' + whole % 10);
    whole /= 10;
  } while (whole != 0);
  while (count > 0)
    *out++ = digits[--count];
  if (rest == 0)
    return;
  *out++ = '.';
  for (uint32_t unit = 100; rest != 0; unit /= 10) {
    *out++ = (char)('0' + rest / unit);
    rest %= unit;
  }
}

static void print(const struct node *node) {
  switch (node->kind) {
  case NONE:
    print_text("null");
    break;
  case TRUE:
    print_text("true");
    break;
  case FALSE:
    print_text("false");
    break;
  case NUMBER:
    print_number(node->number);
    break;
  case STRING:
    print_string(node->string);
    break;
  case LIST:
  case OBJECT:
    *out++ = node->kind == LIST ? '[' : '{';
    for (const struct node *child = node->first; child; child = child->next) {
      if (child != node->first)
        *out++ = ',';
      if (child->name) {
        print_string(child->name);
        *out++ = ':';
      }
      print(child);
    }
    *out++ = node->kind == LIST ? ']' : '}';
    break;
  }
}

// MARK: Parsing

static struct node *new_node(enum kind kind) {
  if (used_nodes == NODES)
    abort();
  struct node *node = &nodes[used_nodes++];
  *node = (struct node){.kind = kind};
  return node;
}

static void skip_space(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
    at++;
}

static void expect(const char *word) {
  size_t length = strlen(word);
  if (strncmp(at, word, length) != 0)
    abort();
  at += length;
}

static const char *parse_string(void) {
  const char *start = string_end;
  expect("\"");
  while (*at != '"') {
    char c = *at++;
    if (c == '\\') {
      c = *at++;
      c = c == 'n' ? '\n' : c;
    }
    *string_end++ = c;
  }
  at++;
  *string_end++ = 0;
  return start;
}

static double parse_number(void) {
  double sign = 1, number = 0, unit = 1;
  if (*at == '-') {
    sign = -1;
    at++;
  }
  for (; *at >= '0' && *at <= '9'; at++)
    number = number * 10 + (*at - '0');
  if (*at == '.')
    for (at++; *at >= '0' && *at <= '9'; at++) {
      number = number * 10 + (*at - '0');
      unit *= 10;
    }
  return sign * number / unit;
}

static struct node *parse(void);

static struct node *parse_children(enum kind kind, char end) {
  struct node *node = new_node(kind), **last = &node->first;
  at++;
  for (skip_space(); *at != end; skip_space()) {
    if (*at == ',') {
      at++;
      skip_space();
    }
    const char *name = NULL;
    if (kind == OBJECT) {
      name = parse_string();
      skip_space();
      expect(":");
    }
    *last = parse();
    (*last)->name = name;
    last = &(*last)->next;
  }
  at++;
  return node;
}

static struct node *parse(void) {
  struct node *node;
  skip_space();
  switch (*at) {
  case '{':
    return parse_children(OBJECT, '}');
  case '[':
    return parse_children(LIST, ']');
  case '"':
    node = new_node(STRING);
    node->string = parse_string();
    return node;
  case 't':
    expect("true");
    return new_node(TRUE);
  case 'f':
    expect("false");
    return new_node(FALSE);
  case 'n':
    expect("null");
    return new_node(NONE);
  default:
    node = new_node(NUMBER);
    node->number = parse_number();
    return node;
  }
}

// MARK: The document

static void print_word(uint32_t *seed) {
  *out++ = '"';
  for (uint32_t count = 3 + next_below(seed, 12); count > 0; count--)
    *out++ = (char)('a' + next_below(seed, 26));
  if (next_below(seed, 8) == 0)
    print_text("\\n\\\"");
  *out++ = '"';
}

static void setup(void) {
  uint32_t seed = 1;
  out = text;
  print_text("[");
  for (int i = 0; i < RECORDS; i++) {
    print_text(i ? ",\n  {\"name\": " : "{\"name\": ");
    print_word(&seed);
    print_text(", \"price\": ");
    print_number(next_below(&seed, 10000000) * 0.001);
    print_text(next_below(&seed, 2) ? ", \"sold\": true" : ", \"sold\": null");
    print_text(", \"tags\": [");
    for (uint32_t count = 1 + next_below(&seed, 4); count > 0; count--) {
      print_word(&seed);
      print_text(count > 1 ? ", " : "], \"size\": {\"x\": ");
    }
    print_number(next_below(&seed, 1000));
    print_text(", \"y\": -");
    print_number(1 + next_below(&seed, 1000));
    print_text("}}");
  }
  print_text("]");
  *out = 0;
}

static uint32_t total;

KERNEL void run(void) {
  used_nodes = 0;
  string_end = strings;
  at = text;
  struct node *root = parse();
  for (struct node *record = root->first; record; record = record->next)
    for (struct node *member = record->first; member; member = member->next)
      if (member->kind == NUMBER && strcmp(member->name, "price") == 0)
        member->number += 0.125;
  // Over the text: all strings of the tree have been copied.
  out = text;
  print(root);
  *out = 0;
  total = total * 31 + hash_bytes(text, (size_t)(out - text));
}

MEASURE("json", SIZE(24, 1), run(), total)
