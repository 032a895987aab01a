// What command lines are made with takes longer to compile than all that is said with it.
#include <CLI/CLI.hpp>

#include "control/pch/control.h"
