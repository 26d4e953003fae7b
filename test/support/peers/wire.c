/*
 * A wire that loses what it is told to, as a TUN device of the network namespace that it runs in: whatever is sent to
 * 10.9.0.2 comes back as if that host had sent it to 10.9.0.1, for addresses are swapped and sums do not mind. So a server
 * that listens on 10.9.0.1 is reached at 10.9.0.2 over this wire, and nothing else.
 *
 *   standard input   lose PORT    of ten connections to the port the second, fifth and eighth get nothing through at all
 *                    cut PORT     nothing passes to the port any more
 *   standard output  ready, then a line «lost PORT» for each connection that is lost
 *
 * A connection is told by its first packet (SYN without ACK) with a sequence number that its port had not before, so a
 * packet that is sent again is not taken for another connection.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PORTS = 65536, PACKET_MAX = 65536, RULES_MAX = 16, IP_HEADER_MIN = 20, PROTOCOL_TCP = 6 };

struct rule {
  int port;
  int is_cut;
  unsigned connections;
  uint32_t first_sequence[PORTS];
  uint8_t is_known[PORTS];
  uint8_t is_lost[PORTS];
};

static struct rule *rules[RULES_MAX];

static struct rule *rule_of(int port, int make) {
  for (int at = 0; at < RULES_MAX; at++) {
    if (rules[at] != NULL && rules[at]->port == port) return rules[at];
    if (rules[at] == NULL && make) {
      rules[at] = calloc(1, sizeof(struct rule));
      if (rules[at] == NULL) exit(1);
      rules[at]->port = port;
      return rules[at];
    }
  }
  return NULL;
}

static unsigned read16(const uint8_t *from) { return (unsigned)from[0] << 8 | from[1]; }
static uint32_t read32(const uint8_t *from) { return (uint32_t)read16(from) << 16 | read16(from + 2); }

static int passes(const uint8_t *packet, int length) {
  int header = (packet[0] & 15) * 4;
  if (length < header + IP_HEADER_MIN || packet[9] != PROTOCOL_TCP) return 1;
  const uint8_t *tcp = packet + header;
  unsigned from = read16(tcp), to = read16(tcp + 2);
  struct rule *rule = rule_of((int)to, 0);
  if (rule == NULL) return 1;
  if (rule->is_cut) return 0;
  int opens = (tcp[13] & 0x12) == 0x02;
  uint32_t sequence = read32(tcp + 4);
  if (opens && (!rule->is_known[from] || rule->first_sequence[from] != sequence)) {
    unsigned place = rule->connections++ % 10;
    rule->is_known[from] = 1;
    rule->first_sequence[from] = sequence;
    rule->is_lost[from] = place == 1 || place == 4 || place == 7;
    if (rule->is_lost[from]) printf("lost %u\n", to);
  }
  return !rule->is_lost[from];
}

static void obey(void) {
  static char line[256];
  static size_t held = 0;
  ssize_t got = read(0, line + held, sizeof line - 1 - held);
  if (got <= 0) exit(0);
  held += (size_t)got;
  line[held] = 0;
  for (char *end; (end = strchr(line, '\n')) != NULL;) {
    int port;
    if (sscanf(line, "lose %d", &port) == 1) rule_of(port, 1);
    struct rule *rule;
    if (sscanf(line, "cut %d", &port) == 1 && (rule = rule_of(port, 1)) != NULL) rule->is_cut = 1;
    held -= (size_t)(end + 1 - line);
    memmove(line, end + 1, held + 1);
  }
}

int main(void) {
  static uint8_t packet[PACKET_MAX];
  struct ifreq request;
  int tun = open("/dev/net/tun", O_RDWR);
  memset(&request, 0, sizeof request);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strcpy(request.ifr_name, "wire");
  if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0) {
    perror("cannot make a wire");
    return 1;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  struct pollfd polled[] = {{.fd = tun, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  while (poll(polled, 2, -1) >= 0) {
    if (polled[1].revents != 0) obey();
    if ((polled[0].revents & POLLIN) == 0) continue;
    ssize_t length = read(tun, packet, sizeof packet);
    if (length < IP_HEADER_MIN || packet[0] >> 4 != 4 || !passes(packet, (int)length)) continue;
    uint8_t source[4];
    memcpy(source, packet + 12, 4);
    memcpy(packet + 12, packet + 16, 4);
    memcpy(packet + 16, source, 4);
    if (write(tun, packet, (size_t)length) < 0) continue;
  }
  return 1;
}
