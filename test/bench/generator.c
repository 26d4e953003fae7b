/*
 * Asks a name server over UDP and judges every reply. generator.ts compiles and runs it:
 *
 *   generator ADDRESS PORT PLAN MODE SOCKETS WINDOW RATE MILLISECONDS COUNT SEED
 *
 * MODE `closed` keeps WINDOW questions under way on each socket, `open` asks at RATE a second whatever comes back, and
 * `sweep` asks every question of the plan once, in its order, like `closed`. It ends after so many milliseconds or
 * questions (0: no such bound), waits for what is under way, and prints one JSON object.
 *
 * Never sleeps: a reader that the kernel must wake costs the server that wakes it, and would be measured as its work.
 * Latency in the open loop counts from when a question was due, so that a stall of the server is felt by all that it
 * held up.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "generator-histogram.h"
#include "generator-plan.h"

enum {
  BATCH = 32, QUERY_SIZE = 320, REPLY_SIZE = 4096, FLIGHTS = 8192, SENT_RING = 65536, MAX_SOCKETS = 64,
  NOBODY = 0xffff, LATE = 0xfffe, ID_TRIES = 8, SAMPLE_SIZE = 160,
  RECEIVE_BUFFER = 4 << 20, EDNS_SIZE = 1232,
};
static const uint64_t GIVE_UP_NS = 300000000;

struct flight { uint64_t due; uint32_t question; uint16_t id; uint8_t with_opt, waiting; };
struct sent { uint64_t due; uint16_t flight; };

/* One socket and what is under way on it. */
struct lane {
  int fd, waiting, free_count;
  uint32_t ring_head, ring_tail;
  struct flight flights[FLIGHTS];
  uint16_t free[FLIGHTS];
  uint16_t flight_of_id[65536];
  /* In the order of sending, so that giving up needs to look at the oldest only. */
  struct sent ring[SENT_RING];
};

static struct plan plan;
static struct lane *lanes;
static int lane_count;
static enum { CLOSED, OPEN, SWEEP } mode;
static uint64_t seed, asked, replies, late, missing, unsent, faults[FAULT_COUNT], drawn[MAX_CHOICES];
static uint64_t edns_asked;
static struct histogram latency, lag;
static char sample[2 * SAMPLE_SIZE + 64];

static uint8_t out[BATCH][QUERY_SIZE], in[BATCH][REPLY_SIZE];
static struct iovec out_parts[BATCH], in_parts[BATCH];
static struct mmsghdr out_heads[BATCH], in_heads[BATCH];

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* xorshift64*: the same seed asks the same questions. */
static uint32_t draw(void) {
  seed ^= seed >> 12;
  seed ^= seed << 25;
  seed ^= seed >> 27;
  return (uint32_t)((seed * 0x2545f4914f6cdd1dULL) >> 32);
}

static uint32_t draw_below(uint32_t limit) { return (uint32_t)(((uint64_t)draw() * limit) >> 32); }

static void open_lane(struct lane *lane, const char *address, int port) {
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) { fprintf(stderr, "%s: no address\n", address); exit(2); }
  lane->fd = socket(AF_INET, SOCK_DGRAM, 0);
  int size = RECEIVE_BUFFER;
  if (lane->fd < 0) fail("socket");
  if (setsockopt(lane->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0) fail("SO_RCVBUF");
  if (connect(lane->fd, (struct sockaddr *)&to, sizeof to) != 0) fail("connect");
  memset(lane->flight_of_id, 0xff, sizeof lane->flight_of_id);
  for (int flight = 0; flight < FLIGHTS; flight++) lane->free[flight] = (uint16_t)flight;
  lane->free_count = FLIGHTS;
}

static int write_query(uint8_t *at, const struct question *question, uint16_t id, int opt_kind) {
  static const uint8_t opt[11] = { 0, 0, TYPE_OPT, EDNS_SIZE >> 8, EDNS_SIZE & 0xff, 0, 0, 0, 0, 0, 0 };
  memset(at, 0, HEADER);
  at[0] = (uint8_t)(id >> 8);
  at[1] = (uint8_t)id;
  at[5] = 1;
  at[11] = opt_kind > 0;
  uint8_t *end = at + HEADER;
  memcpy(end, question->name, question->name_length);
  end += question->name_length;
  *end++ = (uint8_t)(question->type >> 8);
  *end++ = (uint8_t)question->type;
  *end++ = 0;
  *end++ = 1;
  if (opt_kind == 0) return (int)(end - at);
  memcpy(end, opt, sizeof opt);
  if (opt_kind == 2) end[7] = 0x80; /* DNSSEC OK */
  return (int)(end - at) + (int)sizeof opt;
}

/* An id that nothing is under way with, and that nothing given up may still come back with. */
static uint16_t free_id(struct lane *lane) {
  uint16_t id = 0;
  for (int tries = 0; tries < ID_TRIES; tries++) {
    id = (uint16_t)draw();
    if (lane->flight_of_id[id] == NOBODY) return id;
  }
  while (lane->flight_of_id[id] < LATE) id++;
  return id;
}

/* Takes back what the kernel did not take. */
static void take_back(struct lane *lane, uint16_t flight) {
  lane->flight_of_id[lane->flights[flight].id] = NOBODY;
  lane->flights[flight].waiting = 0;
  lane->free[lane->free_count++] = flight;
  lane->waiting--;
  lane->ring_tail--;
}

/* Asks up to `wanted` questions in one system call, the first due at `due`, one each `step` ns: how many were sent. */
static int ask(struct lane *lane, int wanted, uint64_t due, uint64_t step) {
  uint16_t used[BATCH];
  int ready = 0;
  for (; ready < wanted && ready < BATCH; ready++) {
    if (lane->free_count == 0 || lane->ring_tail - lane->ring_head == SENT_RING) break;
    uint16_t place = lane->free[--lane->free_count];
    struct flight *flight = &lane->flights[place];
    /* A quarter without EDNS, a quarter with DO. */
    uint32_t kind = draw() >> 30;
    flight->question = mode == SWEEP ? (uint32_t)(asked + (uint64_t)ready) : draw_below(plan.count);
    flight->id = free_id(lane);
    flight->due = due + step * (uint64_t)ready;
    flight->with_opt = kind != 0;
    flight->waiting = 1;
    lane->flight_of_id[flight->id] = place;
    lane->ring[lane->ring_tail++ % SENT_RING] = (struct sent){ flight->due, place };
    lane->waiting++;
    out_parts[ready].iov_len = (size_t)write_query(
      out[ready], &plan.questions[flight->question], flight->id, kind == 0 ? 0 : kind == 1 ? 2 : 1);
    used[ready] = place;
  }
  int sent = ready == 0 ? 0 : sendmmsg(lane->fd, out_heads, (unsigned)ready, 0);
  if (sent < 0) sent = 0;
  for (int index = ready - 1; index >= sent; index--) take_back(lane, used[index]);
  for (int index = 0; index < sent; index++) edns_asked += lane->flights[used[index]].with_opt;
  asked += (uint64_t)sent;
  return sent;
}

static void note_fault(enum fault fault, const struct question *question, const uint8_t *reply, int length) {
  faults[fault]++;
  if (sample[0] != 0) return;
  char *at = sample + sprintf(sample, "%s: question ", FAULTS[fault]);
  for (int index = 0; question != NULL && index < question->name_length && index < 40; index++) {
    uint8_t octet = question->name[index];
    *at++ = octet > 32 && octet < 127 && octet != '"' && octet != '\\' ? (char)octet : '.';
  }
  at += sprintf(at, ", reply ");
  for (int index = 0; index < length && index < SAMPLE_SIZE / 2; index++) at += sprintf(at, "%02x", reply[index]);
}

static void take_reply(struct lane *lane, const uint8_t *reply, int length, uint64_t at) {
  if (length < 2) return note_fault(MALFORMED, NULL, reply, length);
  uint16_t id = read16(reply), place = lane->flight_of_id[id];
  if (place == LATE) {
    lane->flight_of_id[id] = NOBODY;
    late++;
    return;
  }
  if (place == NOBODY) return note_fault(WRONG_ID, NULL, reply, length);
  struct flight *flight = &lane->flights[place];
  const struct question *question = &plan.questions[flight->question];
  enum fault fault = judge(reply, length, question, flight->with_opt, drawn);
  if (fault == RIGHT) {
    replies++;
    add_to(&latency, at - flight->due);
  } else note_fault(fault, question, reply, length);
  lane->flight_of_id[id] = NOBODY;
  flight->waiting = 0;
  lane->free[lane->free_count++] = place;
  lane->waiting--;
}

static void take_replies(struct lane *lane) {
  int taken;
  do {
    taken = recvmmsg(lane->fd, in_heads, BATCH, MSG_DONTWAIT, NULL);
    uint64_t at = taken > 0 ? now() : 0;
    for (int index = 0; index < taken; index++) take_reply(lane, in[index], (int)in_heads[index].msg_len, at);
  } while (taken == BATCH);
}

/* Forgets what was answered and gives up what is too old. */
static void age(struct lane *lane, uint64_t at) {
  for (; lane->ring_head != lane->ring_tail; lane->ring_head++) {
    struct sent *oldest = &lane->ring[lane->ring_head % SENT_RING];
    struct flight *flight = &lane->flights[oldest->flight];
    if (!flight->waiting || flight->due != oldest->due) continue;
    if (at < oldest->due + GIVE_UP_NS) return;
    missing++;
    lane->flight_of_id[flight->id] = LATE;
    flight->waiting = 0;
    lane->free[lane->free_count++] = oldest->flight;
    lane->waiting--;
  }
}

static uint64_t smaller(uint64_t one, uint64_t other) { return one < other ? one : other; }

/* Asks what may be asked on all lanes by now. */
static void ask_all(int window, uint64_t *scheduled, uint64_t start, double step, uint64_t count) {
  static int turn = 0;
  for (int index = 0; mode != OPEN && index < lane_count; index++) {
    struct lane *lane = &lanes[index];
    uint64_t left = count == 0 ? BATCH : count - asked;
    uint64_t room = smaller((uint64_t)(window - lane->waiting), left);
    if (room > 0) ask(lane, (int)room, now(), 0);
  }
  if (mode != OPEN) return;
  uint64_t at = now(), due_by_now = (uint64_t)((double)(at - start) / step) + 1;
  if (count > 0 && due_by_now > count) due_by_now = count;
  while (*scheduled < due_by_now) {
    uint64_t due = start + (uint64_t)((double)*scheduled * step);
    int wanted = (int)smaller(due_by_now - *scheduled, BATCH);
    add_to(&lag, now() - due);
    int sent = ask(&lanes[turn++ % lane_count], wanted, due, (uint64_t)step);
    *scheduled += (uint64_t)wanted;
    unsent += (uint64_t)(wanted - sent);
    if (wanted == BATCH) return; /* Far behind: look at the replies in between. */
  }
}

static int under_way(void) {
  int waiting = 0;
  for (int index = 0; index < lane_count; index++) waiting += lanes[index].waiting;
  return waiting;
}

/* How long this thread has been ready to run while others had its core: the second figure of its schedstat. */
static uint64_t waited_ns(void) {
  unsigned long ran = 0, waited = 0;
  FILE *file = fopen("/proc/self/schedstat", "r");
  if (file == NULL || fscanf(file, "%lu %lu", &ran, &waited) != 2) waited = 0;
  if (file != NULL) fclose(file);
  return waited;
}

static void print_result(uint64_t elapsed, uint64_t in_time, uint64_t waited) {
  printf("{\"asked\":%lu,\"withEdns\":%lu,\"replies\":%lu,\"repliesInTime\":%lu,\"elapsedNs\":%lu,", asked, edns_asked,
    replies, in_time, elapsed);
  printf("\"missing\":%lu,\"late\":%lu,\"unsent\":%lu,\"faults\":{", missing, late, unsent);
  for (int fault = RIGHT + 1; fault < FAULT_COUNT; fault++)
    printf("%s\"%s\":%lu", fault > RIGHT + 1 ? "," : "", FAULTS[fault], faults[fault]);
  printf("},\"firstFault\":\"%s\",\"drawn\":[", sample);
  for (int choice = 0; choice < MAX_CHOICES; choice++) printf("%s%lu", choice > 0 ? "," : "", drawn[choice]);
  printf("],\"p50Ns\":%lu,\"p99Ns\":%lu,\"p999Ns\":%lu,\"maxNs\":%lu,\"lagP99Ns\":%lu,", quantile(&latency, 0.5),
    quantile(&latency, 0.99), quantile(&latency, 0.999), latency.largest, quantile(&lag, 0.99));
  printf("\"waitedNs\":%lu}\n", waited);
}

static void run(int window, double rate, uint64_t limit_ns, uint64_t count) {
  uint64_t waited = waited_ns(), start = now(), end = start + limit_ns, scheduled = 0, in_time = 0, at = start;
  int asking = 1;
  double step = rate > 0 ? 1e9 / rate : 0;
  while (asking || (under_way() > 0 && at < end + 2 * GIVE_UP_NS)) {
    at = now();
    uint64_t done = mode == OPEN ? scheduled : asked;
    if (asking && ((limit_ns > 0 && at >= end) || (count > 0 && done >= count))) {
      asking = 0;
      in_time = replies;
      end = at;
    }
    if (asking) ask_all(window, &scheduled, start, step, count);
    for (int index = 0; index < lane_count; index++) {
      take_replies(&lanes[index]);
      age(&lanes[index], at);
    }
  }
  print_result(end - start, in_time, waited_ns() - waited);
}

int main(int count_of_words, char **words) {
  if (count_of_words != 11) {
    fprintf(stderr, "usage: generator ADDRESS PORT PLAN MODE SOCKETS WINDOW RATE MILLISECONDS COUNT SEED\n");
    return 2;
  }
  plan = read_plan(words[3]);
  mode = strcmp(words[4], "open") == 0 ? OPEN : strcmp(words[4], "sweep") == 0 ? SWEEP : CLOSED;
  lane_count = atoi(words[5]);
  int window = atoi(words[6]);
  double rate = atof(words[7]);
  uint64_t limit_ns = strtoull(words[8], NULL, 10) * 1000000u, count = strtoull(words[9], NULL, 10);
  if (mode == SWEEP && (count == 0 || count > plan.count)) count = plan.count;
  seed = strtoull(words[10], NULL, 10) * 2 + 1;
  if (lane_count < 1 || lane_count > MAX_SOCKETS || window < 1 || plan.count == 0 || (limit_ns == 0 && count == 0) ||
      (mode == OPEN && rate <= 0)) {
    fprintf(stderr, "generator: a word is out of its bounds\n");
    return 2;
  }
  lanes = calloc((size_t)lane_count, sizeof *lanes);
  if (lanes == NULL) fail("memory for the sockets");
  for (int index = 0; index < lane_count; index++) open_lane(&lanes[index], words[1], atoi(words[2]));
  for (int index = 0; index < BATCH; index++) {
    out_parts[index].iov_base = out[index];
    in_parts[index] = (struct iovec){ in[index], REPLY_SIZE };
    out_heads[index].msg_hdr = (struct msghdr){ .msg_iov = &out_parts[index], .msg_iovlen = 1 };
    in_heads[index].msg_hdr = (struct msghdr){ .msg_iov = &in_parts[index], .msg_iovlen = 1 };
  }
  run(window, rate, limit_ns, count);
  return 0;
}
