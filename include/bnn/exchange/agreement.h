#pragma once
// How processes that train together begin and end as one: work that fails in one of them fails in
// all, and what must be the same everywhere is compared by name.

#include <functional>
#include <span>
#include <string>

#include "bnn/core/error.h"
#include "bnn/exchange/exchange.h"

namespace bnn {

/// An error that every process knows of. The first one says it, and all end with its code. Any
/// other exception is that of one process, which the others do not know of.
class AgreedError : public Error {
 public:
  using Error::Error;
};

/// Does `work` in every process and waits for all. Where it throws an Error in any process, throws
/// AgreedError in all of them: of the lowest rank that failed, and with that process's place if it
/// is not the first. Alone, errors pass as they are. Other exceptions pass at once.
void together(Exchange& exchange, const std::function<void()>& work);

/// The same work in the first process alone; the others wait for it.
void first_alone(Exchange& exchange, const std::function<void()>& work);

/// Something that must be the same in all processes.
struct SharedFact {
  std::string name;  // "the data"
  std::string value;
};

/// Throws AgreedError(config) in all processes, naming the first fact that differs, and where.
void require_same(Exchange& exchange, std::span<const SharedFact> facts);

}  // namespace bnn
