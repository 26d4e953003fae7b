/* Durations in nanoseconds, in buckets of at most 1/64 of their size: 64 for each power of two. */
#include <stdint.h>

enum { PARTS_LOG2 = 6, PARTS = 1 << PARTS_LOG2, BUCKETS = (65 - PARTS_LOG2) * PARTS };

struct histogram {
  uint64_t counts[BUCKETS];
  uint64_t total, largest;
};

static int bucket_of(uint64_t value) {
  if (value < PARTS) return (int)value;
  int shift = 63 - __builtin_clzll(value) - PARTS_LOG2;
  return (shift << PARTS_LOG2) + (int)(value >> shift);
}

static void add_to(struct histogram *histogram, uint64_t value) {
  histogram->counts[bucket_of(value)]++;
  histogram->total++;
  if (value > histogram->largest) histogram->largest = value;
}

/* The upper edge of the bucket that holds the value at that share of all, 0.99 for p99; 0 where nothing was added. */
static uint64_t quantile(const struct histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)(share * (double)histogram->total), seen = 0;
  for (int bucket = 0; bucket < BUCKETS; bucket++) {
    seen += histogram->counts[bucket];
    if (seen <= wanted) continue;
    if (bucket < PARTS) return (uint64_t)bucket;
    int shift = (bucket >> PARTS_LOG2) - 1;
    uint64_t edge = ((uint64_t)(bucket - (shift << PARTS_LOG2)) + 1) << shift;
    return edge < histogram->largest ? edge : histogram->largest;
  }
  return histogram->largest;
}
