#include "config/run_config.h"

#include <stdexcept>

namespace tlaunch {

const char* to_string(Precision value) {
  switch (value) {
    case Precision::fp32: return "off";
    case Precision::fp16: return "fp16";
    case Precision::bf16: return "bf16";
  }
  throw std::logic_error("no such Precision");
}

const char* to_string(FloatType value) {
  switch (value) {
    case FloatType::float32: return "float32";
    case FloatType::float64: return "float64";
  }
  throw std::logic_error("no such FloatType");
}

const char* to_string(OptimizerKind value) {
  switch (value) {
    case OptimizerKind::sgd: return "sgd";
    case OptimizerKind::adam: return "adam";
    case OptimizerKind::adamw: return "adamw";
  }
  throw std::logic_error("no such OptimizerKind");
}

const char* to_string(ScheduleKind value) {
  switch (value) {
    case ScheduleKind::cosine: return "cosine";
    case ScheduleKind::step: return "step";
    case ScheduleKind::constant: return "constant";
  }
  throw std::logic_error("no such ScheduleKind");
}

const char* to_string(MonitorMode value) {
  switch (value) {
    case MonitorMode::min: return "min";
    case MonitorMode::max: return "max";
  }
  throw std::logic_error("no such MonitorMode");
}

const char* to_string(OnNan value) {
  switch (value) {
    case OnNan::stop: return "stop";
    case OnNan::skip: return "skip";
    case OnNan::rollback: return "rollback";
  }
  throw std::logic_error("no such OnNan");
}

const char* to_string(NumaBinding value) {
  switch (value) {
    case NumaBinding::none: return "none";
    case NumaBinding::node: return "node";
  }
  throw std::logic_error("no such NumaBinding");
}

}  // namespace tlaunch
