// The one unit that holds main() and the engine of CAF's test framework.
#include <caf/test/unit_test_impl.hpp>
