#include "bnn/output/metric_values_output.h"

namespace bnn {

void add_values(Json& object, std::span<const NamedMetric> list, const MetricValues& values) {
  for (const NamedMetric& metric : list) object[metric.name] = values.*metric.value;
}

}  // namespace bnn
