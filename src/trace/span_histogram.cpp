#include <ensemble/flow_graph.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace ensemble {

namespace {

constexpr unsigned fine = 5; // bits of a number behind its highest one

std::size_t bucket_of(duration span) noexcept {
  const auto ns = static_cast<std::uint64_t>(std::max<duration::rep>(span.count(), 0));
  const auto width = static_cast<unsigned>(std::bit_width(ns));
  if (width <= fine + 1) return static_cast<std::size_t>(ns);
  const auto shift = width - fine - 1;
  return static_cast<std::size_t>((std::uint64_t{shift} << fine) + (ns >> shift));
}

/// The longest span that falls into the bucket.
duration longest_of(std::size_t bucket) noexcept {
  if (bucket < (std::size_t{2} << fine)) return duration(static_cast<duration::rep>(bucket));
  const auto shift = (bucket >> fine) - 1;
  const auto next = ((std::uint64_t{bucket} & 31U) | 32U) + 1;
  return duration(static_cast<duration::rep>((next << shift) - 1));
}

} // namespace

void span_histogram::add(duration span) {
  const auto bucket = bucket_of(span);
  if (buckets_.size() <= bucket) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  max_ = std::max(max_, span);
}

void span_histogram::merge(const span_histogram& other) {
  if (buckets_.size() < other.buckets_.size()) buckets_.resize(other.buckets_.size());
  for (std::size_t b = 0; b < other.buckets_.size(); ++b) buckets_[b] += other.buckets_[b];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

duration span_histogram::quantile(double share) const noexcept {
  const auto rank = std::max(1.0, std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    seen += buckets_[b];
    if (static_cast<double>(seen) >= rank) return std::min(longest_of(b), max_);
  }
  return max_;
}

span_histogram span_histogram::of(std::vector<std::uint64_t> buckets, duration max) {
  span_histogram made;
  const bool empty = buckets.empty();
  if (max < duration{} || (empty && max != duration{}) ||
      (!empty && (buckets.back() == 0 || buckets.size() != bucket_of(max) + 1)))
    throw error(errc::bad_message, "a histogram's longest span is not in its last bucket");
  for (const auto n : buckets) made.count_ += n;
  made.buckets_ = std::move(buckets);
  made.max_ = max;
  return made;
}

} // namespace ensemble
