/// Checks that an expression throws the driver's Error with a text and an exit code.
#pragma once

#include <string>

#include "error.hpp"
#include "tests/check.hpp"

/// Holds when `expression` throws Error whose message or hint contains `text`.
#define CHECK_ERROR(expression, text)                                                                                          \
  do {                                                                                                                         \
    std::string thrown = "nothing was thrown";                                                                                 \
    try {                                                                                                                      \
      static_cast<void>(expression);                                                                                           \
    } catch (const ::profiler::core::Error& error) {                                                                           \
      thrown = std::string(error.what()) + " | " + error.hint();                                                               \
    }                                                                                                                          \
    ::profiler::plugins::test::checks().that(thrown.find(text) != std::string::npos, #expression, __FILE__, __LINE__, thrown); \
  } while (false)
