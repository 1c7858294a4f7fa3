#include "trainer/ranks/ddp.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>

#include <algorithm>
#include <limits>

#include "trainer/memory/out_of_memory.h"
#include "worker/run_phase.h"

namespace tlaunch {
namespace {

constexpr std::int64_t first_bucket_bytes = 1024 * 1024;  // c10d::kDefaultFirstBucketBytes
constexpr std::int64_t bucket_bytes = 25 * 1024 * 1024;   // c10d::kDefaultBucketBytesCap

// As DistributedDataParallel starts: one bucket per dtype and device. After the first step the Reducer makes smaller
// ones, in the order in which gradients became ready.
BucketAssignment initial_buckets(const std::vector<torch::Tensor>& parameters) {
  const auto [buckets, limits] =
      c10d::compute_bucket_assignment_by_size(parameters, {std::numeric_limits<std::int64_t>::max()});
  return {buckets.rbegin(), buckets.rend()};
}

}  // namespace

DataParallel::DataParallel(const Ranks& ranks, const std::vector<NamedParameter>& parameters,
                           const BucketAssignment& buckets) {
  if (ranks.size() == 1) return;
  std::unordered_map<std::size_t, std::string> names;
  for (const auto& [name, tensor] : parameters) {
    names.emplace(parameters_.size(), name);
    parameters_.push_back(tensor);
  }
  c10d::verify_params_across_processes(ranks.process_group(), parameters_, std::nullopt);
  reducer_ = std::make_unique<c10d::Reducer>(
      parameters_, buckets.empty() ? initial_buckets(parameters_) : buckets, ranks.process_group(),
      std::vector<bool>(parameters_.size(), false), bucket_bytes, /*find_unused_parameters=*/false,
      /*gradient_as_bucket_view=*/true, names, first_bucket_bytes, /*skip_all_reduce_unused_params=*/false,
      /*use_python_reducer=*/false, std::vector<std::int64_t>{});
  watch_reduction();
}

// Our hooks run after those of the Reducer, which were added first.
void DataParallel::watch_reduction() {
  reduced_->resize(parameters_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& accumulator = accumulators_.emplace_back(torch::autograd::impl::grad_accumulator(parameters_[i]));
    accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [reduced = reduced_, i](const auto& outputs, const auto&) {
          (*reduced)[i] = true;
          note_last_gradient();  // the last so far
          return outputs;
        }));
  }
}

void DataParallel::before_forward(bool sync) {
  if (!reducer_ || !sync) return;
  reducer_->prepare_for_forward();
  try {
    reducer_->rebuild_buckets();
  } catch (const std::exception& error) {
    // The ranks exchange the order of the gradients here, which one of them cannot repeat alone.
    if (is_out_of_memory(error)) throw OutOfMemory("out of memory for the gradients alone; use a smaller model");
    throw;
  }
}

void DataParallel::before_backward(bool sync, const torch::Tensor& outputs) {
  if (!reducer_ || !sync) return;
  reducer_->prepare_for_backward({outputs});
  reducing_ = true;
  reduced_->assign(parameters_.size(), false);
}

void DataParallel::poison() {
  if (!reducer_) return;
  if (!reducing_) {
    before_forward(/*sync=*/true);  // does nothing the second time
    before_backward(/*sync=*/true, {});
  }
  torch::Tensor sum;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if ((*reduced_)[i]) continue;
    // The gradient is expanded, so it takes the parameter's memory format when it is stored.
    const auto poisoned = parameters_[i].sum() * std::numeric_limits<double>::quiet_NaN();
    sum = sum.defined() ? sum + poisoned : poisoned;
  }
  if (!sum.defined()) throw OutOfMemory("out of memory in the exchange of gradients; use a smaller train.batch_size");
  sum.backward();
}

BucketAssignment DataParallel::buckets() {
  if (!reducer_) return {};
  // The next before_forward() may change the buckets. Calling it here makes this the assignment that the next step
  // uses.
  before_forward(/*sync=*/true);
  BucketAssignment assignment;
  for (const auto& bucket : reducer_->get_grad_buckets(/*return_zero_tensors=*/false)) {
    auto& indices = assignment.emplace_back();
    for (const auto& parameter : bucket.getParameters()) {
      const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                      [&](const torch::Tensor& known) { return known.is_same(parameter); });
      indices.push_back(static_cast<std::size_t>(found - parameters_.begin()));
    }
  }
  return assignment;
}

}  // namespace tlaunch
