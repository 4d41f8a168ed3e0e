#pragma once
// How many of the evaluated images each class has: a sentence, and a table with bars.

#include "bnn/infer/evaluation.h"
#include "bnn/report/markup.h"

namespace bnn {

/// Both are empty without examples and for less than two classes.
Markup class_balance_sentence(const Evaluation& evaluation);
Markup class_balance_table(const Evaluation& evaluation);

}  // namespace bnn
