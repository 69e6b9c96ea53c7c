// Function types of an engine. Types that are equal have one number, whichever module or host
// function they come from, so an indirect call across modules compares numbers. References inside a
// type name their function types by these numbers, too: comparing the strings is structural
// equality.
#include "runtime.h"

#include <stdio.h>

// ---- Value types ------------------------------------------------------------------------------

bool wasmaot_valtype_parse(const char **text, const uint32_t *numbers, uint32_t known,
                           struct valtype *type) {
  static const struct {
    char letter;
    uint8_t kind;
    bool nullable;
  } letters[] = {
      {'i', WASMAOT_I32, false},       {'I', WASMAOT_I64, false},
      {'f', WASMAOT_F32, false},       {'F', WASMAOT_F64, false},
      {'v', WASMAOT_V128, false},      {'r', WASMAOT_FUNCREF, true},
      {'R', WASMAOT_FUNCREF, false},   {'e', WASMAOT_EXTERNREF, true},
      {'E', WASMAOT_EXTERNREF, false}, {'x', WASMAOT_EXNREF, true},
      {'X', WASMAOT_EXNREF, false},
  };
  char first = *(*text)++;
  *type = (struct valtype){0};
  for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
    if (letters[i].letter == first) {
      type->kind = letters[i].kind;
      type->nullable = letters[i].nullable;
      return true;
    }
  }
  if (first != '(' && first != '[')
    return false;
  char *end;
  unsigned long signature = strtoul(*text, &end, 10);
  if (end == *text || *end != (first == '(' ? ')' : ']') || signature >= known)
    return false;
  *text = end + 1;
  type->kind = WASMAOT_FUNCREF;
  type->nullable = first == '(';
  type->function = numbers[signature];
  return true;
}

bool wasmaot_valtype_is_subtype(struct valtype a, struct valtype b) {
  return a.kind == b.kind && (!a.nullable || b.nullable) &&
         (b.function == 0 || a.function == b.function);
}

bool wasmaot_value_fits(struct wasmaot_store *store, struct valtype type,
                        const wasmaot_val *value) {
  switch (type.kind) {
  case WASMAOT_FUNCREF:
    if (!value->funcref)
      return type.nullable;
    // A function of another store runs on another thread's data.
    return wasmaot_func_store(value->funcref) == store &&
           (type.function == 0 || type.function == value->funcref->type);
  case WASMAOT_EXTERNREF:
    return type.nullable || value->externref;
  case WASMAOT_EXNREF:
    if (!value->exnref)
      return type.nullable;
    return wasmaot_exception_is_of(value->exnref, store);
  default:
    return true;
  }
}

bool wasmaot_values_pass(struct wasmaot_store *store, const struct valtype *types, uint32_t count,
                         wasmaot_val *values) {
  for (uint32_t i = 0; i < count; i++) {
    if (types[i].kind == WASMAOT_FUNCREF && values[i].funcref) {
      values[i].funcref = values[i].funcref->self;
      instance_share(wasmaot_func_owner(values[i].funcref));
    } else if (types[i].kind == WASMAOT_EXNREF && values[i].exnref &&
               !wasmaot_exception_adopt(store, values[i].exnref)) {
      return false;
    }
  }
  return true;
}

void wasmaot_values_show(const wasmaot_valkind *kinds, uint32_t count, wasmaot_val *values) {
  for (uint32_t i = 0; i < count; i++) {
    if (kinds[i] == WASMAOT_FUNCREF && values[i].funcref)
      values[i].funcref = values[i].funcref->self;
    else if (kinds[i] == WASMAOT_EXNREF && values[i].exnref)
      wasmaot_exception_show(values[i].exnref);
  }
}

// ---- The table --------------------------------------------------------------------------------

#define FIRST_BUCKETS 64u

bool wasmaot_types_start(struct type_table *table) {
  pthread_mutex_init(&table->lock, NULL);
  table->buckets = calloc(FIRST_BUCKETS, sizeof *table->buckets);
  table->bucket_count = table->buckets ? FIRST_BUCKETS : 0;
  table->count = 0;
  return table->buckets != NULL;
}

void wasmaot_types_end(struct type_table *table) {
  for (uint32_t i = 0; i < table->bucket_count; i++) {
    struct type *next;
    for (struct type *type = table->buckets[i]; type; type = next) {
      next = type->next;
      free(type);
    }
  }
  free(table->buckets);
  pthread_mutex_destroy(&table->lock);
}

static uint32_t hash(const char *key) {
  uint32_t value = 2166136261u; // FNV-1a
  for (; *key; key++)
    value = (value ^ (uint8_t)*key) * 16777619u;
  return value;
}

static void grow_buckets(struct type_table *table) {
  uint32_t count = table->bucket_count * 2;
  struct type **buckets = calloc(count, sizeof *buckets);
  if (!buckets) // slower, not wrong
    return;
  for (uint32_t i = 0; i < table->bucket_count; i++) {
    struct type *next;
    for (struct type *type = table->buckets[i]; type; type = next) {
      next = type->next;
      struct type **bucket = &buckets[hash(type->key) & (count - 1)];
      type->next = *bucket;
      *bucket = type;
    }
  }
  free(table->buckets);
  table->buckets = buckets;
  table->bucket_count = count;
}

// One allocation: the structure, value types, kinds, key.
static struct type *make_type(const char *key, const struct valtype *values, uint32_t param_count,
                              uint32_t result_count) {
  uint32_t count = param_count + result_count;
  size_t key_size = strlen(key) + 1;
  size_t kinds_size = count * sizeof(wasmaot_valkind);
  size_t values_size = count * sizeof(struct valtype);
  struct type *type = malloc(sizeof *type + values_size + kinds_size + key_size);
  if (!type)
    return NULL;
  struct valtype *own_values = (struct valtype *)(type + 1);
  wasmaot_valkind *kinds = (wasmaot_valkind *)(void *)((char *)own_values + values_size);
  char *own_key = (char *)kinds + kinds_size;
  memcpy(own_key, key, key_size);
  *type = (struct type){.key = own_key,
                        .param_count = param_count,
                        .result_count = result_count,
                        .values = own_values,
                        .kinds = kinds};
  for (uint32_t i = 0; i < count; i++) {
    own_values[i] = values[i];
    kinds[i] = (wasmaot_valkind)values[i].kind;
    type->has_references |= values[i].kind >= WASMAOT_FUNCREF;
  }
  return type;
}

// With the table's lock.
static struct type *intern(struct type_table *table, const char *key, const struct valtype *values,
                           uint32_t param_count, uint32_t result_count, bool is_incomplete) {
  uint32_t code = hash(key);
  struct type *type = table->buckets[code & (table->bucket_count - 1)];
  while (type && strcmp(type->key, key) != 0)
    type = type->next;
  if (type || table->count == UINT32_MAX)
    return type;
  type = make_type(key, values, param_count, result_count);
  if (!type)
    return NULL;
  if (table->count >= table->bucket_count)
    grow_buckets(table);
  struct type **bucket = &table->buckets[code & (table->bucket_count - 1)];
  type->next = *bucket;
  type->number = ++table->count;
  type->is_incomplete = is_incomplete;
  *bucket = type;
  return type;
}

// A letter, or a bracket with ten digits and a sign.
#define KEY_SIZE (2 * MAX_VALUES * 13 + 2)

struct scratch {
  struct valtype values[2 * MAX_VALUES];
  char key[KEY_SIZE];
};

// Appends values to the key: a letter of the descriptors' each, references to functions with their
// numbers.
static char *write_key(char *key, const struct valtype *values, uint32_t count) {
  static const char nullable[] = "iIfFvrex";
  static const char not_null[] = "iIfFvREX";
  for (uint32_t i = 0; i < count; i++) {
    if (values[i].function != 0)
      key += sprintf(key, values[i].nullable ? "(%u)" : "[%u]", values[i].function);
    else
      *key++ = (values[i].nullable ? nullable : not_null)[values[i].kind];
  }
  return key;
}

// The scratch's values must hold parameters, then results.
static struct type *find(struct type_table *table, struct scratch *scratch, const char *key,
                         uint32_t param_count, uint32_t result_count) {
  bool is_incomplete = key != NULL;
  if (!key) {
    char *end = write_key(scratch->key, scratch->values, param_count);
    *end++ = '>';
    end = write_key(end, scratch->values + param_count, result_count);
    *end = 0;
    key = scratch->key;
  }
  return intern(table, key, scratch->values, param_count, result_count, is_incomplete);
}

struct type *wasmaot_types_find(struct type_table *table, const struct wasmaot_signature *signature,
                                const uint32_t *numbers, uint32_t count, const char *key) {
  struct scratch *scratch = malloc(sizeof *scratch);
  if (!scratch)
    return NULL;
  const char *texts[2] = {signature->params, signature->results};
  uint32_t counts[2] = {0, 0};
  uint32_t total = 0;
  bool is_valid = true;
  for (int part = 0; part < 2; part++) {
    while (is_valid && *texts[part]) {
      is_valid = counts[part]++ < MAX_VALUES &&
                 wasmaot_valtype_parse(&texts[part], numbers, count, &scratch->values[total++]);
    }
  }
  struct type *type = is_valid ? find(table, scratch, key, counts[0], counts[1]) : NULL;
  free(scratch);
  return type;
}

const struct type *wasmaot_types_find_kinds(struct type_table *table,
                                            const wasmaot_functype *type) {
  if (type->param_count > MAX_VALUES || type->result_count > MAX_VALUES)
    return NULL;
  struct scratch *scratch = malloc(sizeof *scratch);
  if (!scratch)
    return NULL;
  bool is_valid = true;
  for (size_t i = 0; i < type->param_count + type->result_count; i++) {
    wasmaot_valkind kind =
        i < type->param_count ? type->params[i] : type->results[i - type->param_count];
    is_valid &= (unsigned)kind <= WASMAOT_EXNREF;
    scratch->values[i] =
        (struct valtype){.kind = (uint8_t)kind, .nullable = kind >= WASMAOT_FUNCREF};
  }
  const struct type *found = NULL;
  if (is_valid) {
    pthread_mutex_lock(&table->lock);
    found = find(table, scratch, NULL, (uint32_t)type->param_count, (uint32_t)type->result_count);
    pthread_mutex_unlock(&table->lock);
  }
  free(scratch);
  return found;
}

wasmaot_functype wasmaot_functype_of(const struct type *type) {
  return (wasmaot_functype){.params = type->kinds,
                            .param_count = type->param_count,
                            .results = type->kinds + type->param_count,
                            .result_count = type->result_count};
}
