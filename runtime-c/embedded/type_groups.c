// Numbers for all signatures of a module, recursive ones included.
//
// A signature whose references lead to numbered types is found by its text alone (types.c).
// Signatures that refer to each other in a circle (a strongly connected component of the graph of
// references, found by Tarjan's algorithm) are found by the text of the whole circle, seen from the
// signature in question: "^k" stands for the k-th that one meets. Two with the same text unfold to
// the same infinite type.
#include "runtime.h"

#include <stdio.h>

// Every member of a circle writes all of it: characters, over all members.
#define GROUP_WORK_LIMIT ((uint64_t)64 << 20)

struct numbering {
  struct type_table *table;
  const struct wasmaot_signature *signatures;
  uint32_t count;
  uint32_t *numbers;
  const struct type **types;
  // Tarjan's: order of discovery (from 1), lowest reachable, and the stack of those without
  // component.
  uint32_t *order;
  uint32_t *low;
  uint32_t *stack;
  uint32_t stack_size;
  uint32_t discovered;
  // In place of recursion: a signature, and how far its references have been looked at.
  struct visit {
    uint32_t signature;
    const char *at;
    bool in_results;
  } *visits;
  // Of a circle: position in which a member was met (from 1), 0 for others.
  uint32_t *met;
};

// The next reference of a visited signature; false at the end. Text that makes no sense ends it,
// too, and is refused when the type is made.
static bool next_reference(const struct numbering *numbering, struct visit *visit,
                           uint32_t *signature) {
  for (;;) {
    while (*visit->at && *visit->at != '(' && *visit->at != '[')
      visit->at++;
    if (*visit->at) {
      char *end;
      unsigned long number = strtoul(visit->at + 1, &end, 10);
      visit->at = end;
      if (number >= numbering->count)
        return false;
      *signature = (uint32_t)number;
      return true;
    }
    if (visit->in_results)
      return false;
    visit->in_results = true;
    visit->at = numbering->signatures[visit->signature].results;
  }
}

static struct visit start_visit(const struct numbering *numbering, uint32_t signature) {
  return (struct visit){signature, numbering->signatures[signature].params, false};
}

static bool refers_to_itself(const struct numbering *numbering, uint32_t signature) {
  struct visit visit = start_visit(numbering, signature);
  uint32_t reference;
  while (next_reference(numbering, &visit, &reference))
    if (reference == signature)
      return true;
  return false;
}

// ---- Circles ----------------------------------------------------------------------------------

static void write_values(FILE *file, const struct numbering *numbering, const char *text,
                         uint32_t *members, uint32_t *member_count) {
  while (*text) {
    if (*text != '(' && *text != '[') {
      fputc(*text++, file);
      continue;
    }
    char *end;
    unsigned long reference = strtoul(text + 1, &end, 10);
    bool is_known = reference >= numbering->count || numbering->numbers[reference] != 0;
    fputc(*text, file);
    if (is_known) {
      fprintf(file, "%u", reference < numbering->count ? numbering->numbers[reference] : 0);
    } else {
      if (numbering->met[reference] == 0) {
        members[(*member_count)++] = (uint32_t)reference;
        numbering->met[reference] = *member_count;
      }
      fprintf(file, "^%u", numbering->met[reference] - 1);
    }
    text = end;
  }
}

// The circle as `root` sees it, or null. `members` has room for all.
static char *write_group(const struct numbering *numbering, uint32_t root, uint32_t *members) {
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (!file)
    return NULL;
  uint32_t count = 1;
  members[0] = root;
  numbering->met[root] = 1;
  for (uint32_t i = 0; i < count; i++) {
    const struct wasmaot_signature *signature = &numbering->signatures[members[i]];
    write_values(file, numbering, signature->params, members, &count);
    fputc('>', file);
    write_values(file, numbering, signature->results, members, &count);
    fputc(';', file);
  }
  for (uint32_t i = 0; i < count; i++)
    numbering->met[members[i]] = 0;
  if (fclose(file) != 0) {
    free(text);
    return NULL;
  }
  return text;
}

// The types were made when the numbers of their own circle were not known. Those that other modules
// have already are complete, and read by other threads without lock: while one was written again, a
// function of any type would pass for a typed parameter.
static void complete(const struct numbering *numbering, uint32_t signature) {
  struct type *type = (struct type *)(uintptr_t)numbering->types[signature];
  if (!type->is_incomplete)
    return;
  type->is_incomplete = false;
  struct valtype *values = (struct valtype *)(uintptr_t)type->values;
  const char *texts[2] = {numbering->signatures[signature].params,
                          numbering->signatures[signature].results};
  for (int part = 0, i = 0; part < 2; part++)
    while (*texts[part])
      wasmaot_valtype_parse(&texts[part], numbering->numbers, numbering->count, &values[i++]);
}

static bool number_circle(struct numbering *numbering, const uint32_t *group, uint32_t size) {
  uint32_t *members = malloc(size * sizeof *members);
  bool is_done = members != NULL;
  uint64_t work = 0;
  for (uint32_t i = 0; i < size && is_done; i++) {
    char *key = write_group(numbering, group[i], members);
    work += key ? strlen(key) : 0;
    numbering->types[group[i]] =
        key && work < GROUP_WORK_LIMIT
            ? wasmaot_types_find(numbering->table, &numbering->signatures[group[i]],
                                 numbering->numbers, numbering->count, key)
            : NULL;
    is_done = numbering->types[group[i]] != NULL;
    free(key);
  }
  // Not before all texts are written: they show the members without number.
  for (uint32_t i = 0; i < size && is_done; i++)
    numbering->numbers[group[i]] = numbering->types[group[i]]->number;
  for (uint32_t i = 0; i < size && is_done; i++)
    complete(numbering, group[i]);
  free(members);
  return is_done;
}

// ---- Components -------------------------------------------------------------------------------

static bool number_component(struct numbering *numbering, const uint32_t *group, uint32_t size) {
  uint32_t first = group[0];
  if (size > 1 || refers_to_itself(numbering, first))
    return number_circle(numbering, group, size);
  const struct type *type = wasmaot_types_find(numbering->table, &numbering->signatures[first],
                                               numbering->numbers, numbering->count, NULL);
  numbering->types[first] = type;
  numbering->numbers[first] = type ? type->number : 0;
  return type != NULL;
}

// Numbers what `root` leads to, and it.
static bool number_from(struct numbering *numbering, uint32_t root) {
  uint32_t depth = 0;
  uint32_t next = root;
  bool enters = true;
  for (;;) {
    struct visit *visit;
    if (enters) {
      visit = &numbering->visits[depth++];
      *visit = start_visit(numbering, next);
      numbering->order[next] = numbering->low[next] = ++numbering->discovered;
      numbering->stack[numbering->stack_size++] = next;
    } else {
      visit = &numbering->visits[depth - 1];
    }
    enters = false;
    uint32_t *low = &numbering->low[visit->signature];
    uint32_t reference;
    while (!enters && next_reference(numbering, visit, &reference)) {
      if (numbering->order[reference] == 0) {
        next = reference;
        enters = true;
      } else if (numbering->numbers[reference] == 0 && numbering->order[reference] < *low) {
        *low = numbering->order[reference]; // on the stack: it has no component yet
      }
    }
    if (enters)
      continue;
    if (*low == numbering->order[visit->signature]) {
      uint32_t start = numbering->stack_size;
      while (numbering->stack[--start] != visit->signature)
        ;
      if (!number_component(numbering, &numbering->stack[start], numbering->stack_size - start))
        return false;
      numbering->stack_size = start;
    }
    if (--depth == 0)
      return true;
    uint32_t *caller_low = &numbering->low[numbering->visits[depth - 1].signature];
    if (*low < *caller_low)
      *caller_low = *low;
  }
}

bool wasmaot_types_number(struct type_table *table, const struct wasmaot_signature *signatures,
                          uint32_t count, uint32_t *numbers, const struct type **types) {
  struct numbering numbering = {.table = table,
                                .signatures = signatures,
                                .count = count,
                                .numbers = numbers,
                                .types = types,
                                .order = calloc(count + 1, sizeof(uint32_t)),
                                .low = calloc(count + 1, sizeof(uint32_t)),
                                .stack = calloc(count + 1, sizeof(uint32_t)),
                                .met = calloc(count + 1, sizeof(uint32_t)),
                                .visits = calloc(count + 1, sizeof(struct visit))};
  bool is_done =
      numbering.order && numbering.low && numbering.stack && numbering.met && numbering.visits;
  pthread_mutex_lock(&table->lock);
  for (uint32_t i = 0; i < count && is_done; i++)
    if (numbering.order[i] == 0)
      is_done = number_from(&numbering, i);
  pthread_mutex_unlock(&table->lock);
  free(numbering.order);
  free(numbering.low);
  free(numbering.stack);
  free(numbering.met);
  free(numbering.visits);
  return is_done;
}
