/*
 * What is asked and what must come back. The plan is a file that generator.ts writes; for each question
 *
 *   name length (1) | name, lower case, uncompressed | type (2) | rcode (1) | answers (1) | choices (1) |
 *   choices times: rdata length (1) | rdata
 *
 * big-endian, one after the other, behind the number of questions (4). A reply is right when it carries exactly
 * `answers` records of the question's name and type in its answer section, each with one of the `choices` as rdata.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 12, MAX_CHOICES = 8, MAX_POINTERS = 16, TYPE_OPT = 41, TYPE_SOA = 6, RCODE_NXDOMAIN = 3 };

struct question {
  const uint8_t *name;
  const uint8_t *choices;
  uint16_t type;
  uint8_t name_length, rcode, answers, choice_count;
};

struct plan {
  struct question *questions;
  uint32_t count;
};

/* What can be wrong with a reply; the order is that of FAULTS. */
enum fault {
  RIGHT, WRONG_ID, MALFORMED, WRONG_HEADER, WRONG_RCODE, WRONG_QUESTION, WRONG_RECORDS, WRONG_RDATA, WRONG_OPT,
  FAULT_COUNT
};
static const char *const FAULTS[FAULT_COUNT] = {
  "right", "id", "malformed", "header", "rcode", "question", "records", "rdata", "opt",
};

static uint16_t read16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static struct plan read_plan(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path);
  if (fseek(file, 0, SEEK_END) != 0) fail(path);
  long size = ftell(file);
  rewind(file);
  uint8_t *octets = malloc((size_t)size);
  if (size < 4 || octets == NULL || fread(octets, 1, (size_t)size, file) != (size_t)size) fail(path);
  fclose(file);
  struct plan plan = { .count = (uint32_t)read16(octets) << 16 | read16(octets + 2) };
  plan.questions = calloc(plan.count, sizeof *plan.questions);
  if (plan.questions == NULL) fail("memory for the plan");
  const uint8_t *at = octets + 4;
  for (uint32_t index = 0; index < plan.count; index++) {
    struct question *question = &plan.questions[index];
    question->name_length = *at++;
    question->name = at;
    at += question->name_length;
    question->type = read16(at);
    question->rcode = at[2];
    question->answers = at[3];
    question->choice_count = at[4];
    question->choices = at += 5;
    for (int choice = 0; choice < question->choice_count; choice++) at += 1 + *at;
    if (at > octets + size) { fprintf(stderr, "%s: cut off\n", path); exit(2); }
  }
  return plan;
}

static uint8_t lower(uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet; }

/*
 * Whether the name at *at is the question's, whatever its case and compression (RFC 1035 section 4.1.4); `wanted` NULL
 * takes any name. Leaves *at behind the name; 0 where it is another one, -1 where it is broken.
 */
static int read_name(const uint8_t *message, int length, int *at, const struct question *wanted) {
  int from = *at, jumps = 0, same = 1, compared = 0;
  for (;;) {
    if (from >= length) return -1;
    uint8_t octet = message[from];
    if ((octet & 0xc0) == 0xc0) {
      if (from + 1 >= length || ++jumps > MAX_POINTERS) return -1;
      if (jumps == 1) *at = from + 2;
      from = (octet & 0x3f) << 8 | message[from + 1];
      continue;
    }
    if (octet > 63 || from + 1 + octet > length) return -1;
    for (int index = 0; wanted != NULL && index <= octet; index++, compared++)
      if (compared >= wanted->name_length || lower(message[from + index]) != wanted->name[compared]) same = 0;
    from += 1 + octet;
    if (octet == 0) break;
  }
  if (jumps == 0) *at = from;
  return same;
}

/* The place of the rdata among the question's choices, or -1. */
static int choice_of(const struct question *question, const uint8_t *rdata, int length) {
  const uint8_t *choice = question->choices;
  for (int index = 0; index < question->choice_count; index++, choice += 1 + *choice)
    if (*choice == length && memcmp(choice + 1, rdata, (size_t)length) == 0) return index;
  return -1;
}

/* Judges a whole reply to `question`, asked with an OPT record or without; counts what was drawn. */
static enum fault judge(
  const uint8_t *message, int length, const struct question *question, int with_opt, uint64_t *drawn
) {
  if (length < HEADER) return MALFORMED;
  /* QR and AA, no TC, opcode 0, nothing in the reserved bit. */
  if ((message[2] & 0xfe) != 0x84 || (message[3] & 0x40) != 0) return WRONG_HEADER;
  if ((message[3] & 0x0f) != question->rcode) return WRONG_RCODE;
  int at = HEADER + question->name_length + 4;
  if (read16(message + 4) != 1 || length < at) return WRONG_QUESTION;
  if (memcmp(message + HEADER, question->name, question->name_length) != 0) return WRONG_QUESTION;
  if (read16(message + at - 4) != question->type || read16(message + at - 2) != 1) return WRONG_QUESTION;
  int answers = read16(message + 6), authority = read16(message + 8), soas = 0, opts = 0;
  if (answers != question->answers) return WRONG_RECORDS;
  int records = answers + authority + read16(message + 10);
  for (int record = 0; record < records; record++) {
    int same = read_name(message, length, &at, record < answers ? question : NULL);
    if (same < 0 || at + 10 > length) return MALFORMED;
    int type = read16(message + at), rdata = at + 10, size = read16(message + at + 8);
    if (rdata + size > length) return MALFORMED;
    if (record < answers) {
      if (!same || type != question->type || read16(message + at + 2) != 1) return WRONG_RECORDS;
      int choice = choice_of(question, message + rdata, size);
      if (choice < 0) return WRONG_RDATA;
      drawn[choice < MAX_CHOICES ? choice : MAX_CHOICES - 1]++;
    } else if (record < answers + authority) soas += type == TYPE_SOA;
    else opts += type == TYPE_OPT;
    at = rdata + size;
  }
  if (at != length) return MALFORMED;
  /* A negative answer is cached by its SOA (RFC 2308 section 3). */
  if (question->rcode == RCODE_NXDOMAIN && soas != 1) return WRONG_RECORDS;
  return opts == (with_opt ? 1 : 0) ? RIGHT : WRONG_OPT;
}
