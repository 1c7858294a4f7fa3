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

// As DistributedDataParallel begins: one bucket a dtype and device; the Reducer makes smaller ones after the first
// step, in the order in which gradients became ready.
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

// Hooks of ours behind the Reducer's own, which were added first.
void DataParallel::watch_reduction() {
  reduced_->resize(parameters_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& accumulator = accumulators_.emplace_back(torch::autograd::impl::grad_accumulator(parameters_[i]));
    accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [reduced = reduced_, i](const auto& outputs, const auto&) {
          (*reduced)[i] = true;
          note_last_gradient();  // until the next one
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
    // It exchanges the order among the ranks, which cannot be done again by one of them.
    if (is_out_of_memory(error)) throw OutOfMemory("memory ran out for the gradients alone; a smaller model helps");
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
    before_forward(/*sync=*/true);  // nothing the second time
    before_backward(/*sync=*/true, {});
  }
  torch::Tensor sum;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if ((*reduced_)[i]) continue;
    // An expanded gradient: it takes the parameter's memory format as it is stored.
    const auto poisoned = parameters_[i].sum() * std::numeric_limits<double>::quiet_NaN();
    sum = sum.defined() ? sum + poisoned : poisoned;
  }
  if (!sum.defined())
    throw OutOfMemory("memory ran out in the exchange of gradients; a smaller train.batch_size helps");
  sum.backward();
}

BucketAssignment DataParallel::buckets() {
  if (!reducer_) return {};
  // What the next before_forward() would do; done here, so that the assignment seen is the one the next step uses.
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
